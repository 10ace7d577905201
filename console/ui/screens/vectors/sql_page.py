"""The SQL tab: what is run, with its settings, to be copied or opened in Query."""

from __future__ import annotations

from textual.app import ComposeResult

from console.sql.elide import elided
from console.ui.keymap import key
from console.ui.screens.vectors import views
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.widgets.code_pane import CodePane, sql_lines


class SqlPage(VectorPage):
    """Long vectors are shown in short and copied whole."""

    FOCUS = "#sql"

    def compose(self) -> ComposeResult:
        yield CodePane(id="sql")

    def show(self, state: VectorsState) -> None:
        pane = self.query_one(CodePane)
        text = views.script(state)
        if text is None:
            words = f"no search yet: {key('vectors.ask')} asks for one"
            pane.show_text("", [((words, "dim"),)])
        elif text != pane.text:
            pane.show_text(text, sql_lines(elided(text)))
