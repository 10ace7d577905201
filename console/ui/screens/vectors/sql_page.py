"""The SQL tab: what is run, with its settings, to be copied or opened in Query."""

from __future__ import annotations

from textual.app import ComposeResult

from console.sql.elide import elided
from console.sql.quoting import literal
from console.ui.keymap import key
from console.ui.screens.vectors.pages import VectorPage, VectorsState
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.vectors.search import compose


class SqlPage(VectorPage):
    """Long vectors are shown in short and copied whole."""

    FOCUS = "#sql"

    def compose(self) -> ComposeResult:
        yield CodePane(id="sql")

    def show(self, state: VectorsState) -> None:
        pane = self.query_one(CodePane)
        text = script(state)
        if text is None:
            words = f"no search yet: {key('vectors.ask')} asks for one"
            pane.show_text("", [((words, "dim"),)])
        elif text != pane.text:
            pane.show_text(text, sql_lines(elided(text)))


def statement(state: VectorsState) -> str | None:
    """The search alone, with the vector in it."""
    if state.result is not None:
        return state.result.sql
    return compose(state.request).readable if state.request is not None else None


def settings(state: VectorsState) -> list[str]:
    """The SET LOCAL of each setting that this search has and the server hasn't."""
    if state.request is None:
        return []
    found = state.result.settings if state.result is not None else compose(state.request).settings
    return [f"SET LOCAL {name} = {literal(value)}" for name, value in found.items()]


def script(state: VectorsState) -> str | None:
    """The transaction as psql would run it."""
    search = statement(state)
    if search is None:
        return None
    lines = ["BEGIN READ ONLY", *settings(state), search, "COMMIT"]
    return ";\n".join(lines) + ";"
