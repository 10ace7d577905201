"""The Hybrid tab: what a text finds by its words and by its vector, fused, with both ranks and the SQL."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message
from textual.worker import Worker

from console.errors import ConsoleError
from console.server.effects import Acts
from console.sql.elide import elided
from console.ui.bindings import bindings
from console.ui.dialogs import allow
from console.ui.frame import ConsoleScreen
from console.ui.screens.vectors import views
from console.ui.screens.vectors.dialogs import PromptDialog
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.hybrid_dialog import HybridDialog
from console.ui.screens.vectors.hybrid_state import HybridSetup, HybridState
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.table import Table
from console.view.vectors import fused as view


class FusedTable(RecordTable):
    """The fused rows; while there are none, enter asks for the words."""

    BINDINGS = bindings(borrow={"hybrid.begin": "begin", "table.choose": "choose", "table.sort": "sort",
                                "table.copy": "copy"},
                        words={"table.choose": "row", "table.sort": "", "table.copy": ""})

    class Begun(Message):
        """A person wants to say the words."""

    can_begin = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "begin":
                return self.can_begin and not self.table.rows
            case "choose" | "copy":
                return self.row is not None
        return super().check_action(action, parameters)

    def action_begin(self) -> None:
        self.post_message(self.Begun())


class HybridPage(VectorPage):
    """Searches when a person has said the words, and again with each change of weights."""

    FOCUS = "#fused"
    IS_WHOLE = True
    BINDINGS = bindings("hybrid", without=("hybrid.begin",))

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = HybridState()
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="hybrid-line")
        with Container(id="hybrid-body"):
            yield FusedTable(id="fused")
            yield CodePane(id="hybrid-sql")

    @property
    def engine(self) -> Engine:
        app = console_app(self)
        return Engine(cast(ConsoleScreen, self.screen).connection, app.config)

    # what it shows

    def show(self, state: VectorsState) -> None:
        self.state.take(state)
        if state.subject is not None and self.state.columns is None and not self.is_searching:
            self._begin(search=False)
        self._paint()

    def leave(self) -> None:
        if self._worker is not None and not self._worker.is_finished:
            self._worker.cancel()
        self._worker = None

    @property
    def is_searching(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        state, table, pane = self.state, self.query_one(FusedTable), self.query_one(CodePane)
        self.query_one(SummaryLines).show(*views.hybrid_lines(state, is_searching=self.is_searching))
        table.can_begin = state.shown.subject is not None
        if state.result is None:
            table.show(Table((), (), views.how_to_begin_hybrid(state) if not self.is_searching else " "))
            pane.show_text("", ())
        else:
            table.show(view.table(state.result))
            if state.result.sql != pane.text:
                pane.show_text(state.result.sql, sql_lines(elided(state.result.sql)))
        self.query_one("#hybrid-body").set_class(state.result is None, "-empty")
        self.refresh_bindings()

    # searching

    def _begin(self, *, search: bool = True) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self.state.error, self.state.is_stopped = None, False
        self._worker = self.run_worker(self._work(search=search), group="hybrid", exclusive=True, exit_on_error=False)
        self._paint()

    async def _work(self, *, search: bool) -> None:
        worker, state, engine = self._worker, self.state, self.engine

        async def allowed(refusal: Acts, where: str) -> frozenset[str]:
            target = engine.target
            return frozenset() if target is None else await allow.allowed(self.app, refusal, target, where)

        try:
            await (state.search(engine, allowed) if search else state.read_columns(engine))
        except ConsoleError as error:
            state.error, state.result = error, None
        if worker is self._worker:
            self._worker = None
        self._paint()

    def _take(self, setup: HybridSetup) -> None:
        self.state.setup = setup
        if setup.words.strip():
            self._begin()
        else:
            self._paint()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        state = self.state
        match action:
            case "stop":
                return self.is_searching
            case "ask" | "choose":
                return state.shown.subject is not None
            case "again" | "lean":
                return bool(state.setup.words.strip())
            case "sql":
                return state.result is not None and self.screen.has_class("-narrow")
            case "copy_sql":
                return state.result is not None
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        self.leave()
        self.state.is_stopped = True
        self._paint()

    def action_ask(self) -> None:
        """Asks for the words."""
        setup = self.state.setup
        self.app.push_screen(
            PromptDialog("Words to search for", setup.words, check=lambda words: None if words.strip() else
                         "the text is empty: there is nothing to search for",
                         hint='as for a web search: "in this order", OR, -without; the same words are made a vector'),
            lambda words: None if words is None else self._take(views.with_words(self.state.setup, words)))

    def on_fused_table_begun(self, event: FusedTable.Begun) -> None:
        if self.state.shown.subject is not None:
            self.action_ask()

    def action_choose(self) -> None:
        def answered(setup: HybridSetup | None) -> None:
            if setup is not None:
                self._take(setup)

        self.app.push_screen(HybridDialog(self.state), answered)

    def action_again(self) -> None:
        self._begin()

    def action_lean(self, step: int) -> None:
        """More weight on the words, or on the vector."""
        leaning = self.state.setup.leaning(step)
        if leaning != self.state.setup:
            self._take(leaning)

    def action_sql(self) -> None:
        """Where there is room for one of them: the SQL instead of the rows, or the rows again."""
        self.query_one("#hybrid-body").toggle_class("-sql")

    def action_copy_sql(self) -> None:
        if (text := self.query_text()) is not None:
            console_app(self).copy(text)

    def query_text(self) -> str | None:
        found = self.state.result
        return None if found is None else views.transaction(found.sql, found.settings)
