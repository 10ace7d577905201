"""The Health tab: what is in the column, what an index can't see of it, and what to do about it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.worker import Worker

from console.errors import ConsoleError
from console.ui.bindings import bindings
from console.ui.keymap import key
from console.ui.screens.vectors.health_state import HealthState
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.paper import Paper
from console.view.vectors import health as view
from console.view.vectors.findings import column_words


class ColumnHealthPage(VectorPage):
    """Looks at a column once, when the tab is shown; again when a person asks for it."""

    FOCUS = "#health"
    IS_WHOLE = True
    BINDINGS = bindings("vector_health")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = HealthState()
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="health-line")
        yield Paper(id="health")

    def show(self, state: VectorsState) -> None:
        if self.state.take(state):
            self._look()
        self._paint()

    def leave(self) -> None:
        if self.is_looking and self._worker is not None:
            self._worker.cancel()
            self._worker = None

    @property
    def is_looking(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _look(self) -> None:
        self._worker = self.run_worker(self._read(), group="health", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        pool = console_app(self).connection.pool
        try:
            if pool is None:
                raise ConsoleError("not connected")
            await self.state.read(pool)
        except ConsoleError as error:
            self.state.error = error
        self._worker = None
        self._paint()

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        line, paper = self.query_one(SummaryLines), self.query_one(Paper)
        state = self.state
        if state.error is not None:
            line.show(((f" {state.error.summary}", "critical"),))
            paper.say(*((text, "") for text in state.error.lines()[1:]),
                      (f"{key('vector_health.again')} looks again", "dim"))
        elif state.found is None:
            line.show(((" looking at the column…" if self.is_looking else
                        f" {key('vector_health.again')} looks at the column", "dim"),))
            paper.say()
        else:
            column = state.found.column
            line.show(view.verdict(state.found, state.findings), (
                (" column ", "dim"), (column.label, "strong"), (f"  {column_words(column)}", "")))
            paper.show_paragraphs(view.lines(state.found, state.findings), stay=True)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "again":
                return self.state.shown.subject is not None and not self.is_looking
            case "copy_fix":
                return any(finding.fix for finding in self.state.findings)
        return super().check_action(action, parameters)

    def action_again(self) -> None:
        self.state.forget()
        self._look()
        self._paint()

    def action_copy_fix(self) -> None:
        console_app(self).copy(next(finding.fix for finding in self.state.findings if finding.fix))
