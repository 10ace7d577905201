"""The Load tab: how many searches a second the server answers, and how fast, when several clients search at once."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.worker import Worker

from console.server.effects import Acts
from console.server.single import single_session
from console.server.target import Target
from console.ui.bindings import bindings
from console.ui.dialogs import allow
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.unlock import name_to_type
from console.ui.screens.vectors import views
from console.ui.screens.vectors.load_dialog import LoadDialog
from console.ui.screens.vectors.load_state import LoadSetup, LoadState
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.table import Line, Table
from console.view.vectors import load as view

PAINT_EVERY_S = 0.2


class LoadTable(RecordTable):
    """The points: there is nothing more to a row than what it shows."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "choose" and super().check_action(action, parameters)


class SearchLoadPage(VectorPage):
    """Nothing is put on a server unasked: the load is asked about each time, on production by typing its name. It is
    ended when another tab or screen is looked at."""

    FOCUS = "#load-points"
    IS_WHOLE = True
    BINDINGS = bindings("load")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = LoadState()
        self._worker: Worker[None] | None = None
        self._lines: list[Line] = []

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="load-line")
        yield LoadTable(id="load-points")

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._paint_progress)

    # what it shows

    def show(self, state: VectorsState) -> None:
        self.state.take(state)
        self._paint()

    def leave(self) -> None:
        if self.is_measuring:
            self.action_stop()

    @property
    def is_measuring(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        done = self.state.done
        self.query_one(LoadTable).show(Table((), (), views.how_to_load(self.state)) if done is None else
                                         view.table(done.points))
        self._paint_progress()
        self.refresh_bindings()

    def _paint_progress(self) -> None:
        if not self.is_mounted or not self.display:
            return
        lines = views.load_lines(self.state, console_app(self).clock.monotonic())
        if lines != self._lines:
            self._lines = lines
            self.query_one(SummaryLines).show(*lines)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return self.is_measuring
            case "measure":
                return not self.is_measuring and self.state.shown.subject is not None
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._worker = None
        self.state.stop()
        self._paint()

    def action_measure(self) -> None:
        """Asks which load, on production also by its name."""
        connection = console_app(self).connection
        target = connection.target
        if target is None or self.state.shown.subject is None:
            return

        def answered(setup: LoadSetup | None) -> None:
            if setup is None:
                return
            self.state.setup = setup
            if (word := name_to_type(target)) is None:
                self._begin(target)
                return
            self.app.push_screen(ConfirmDialog(
                f"Load {target.label} with searches of up to {max(setup.clients)} clients?",
                (("This is production." if target.is_production else "No environment is configured for it.",
                  "critical" if target.is_production else "warning"),
                 ("Others on the server will feel it.", "")), typed=word),
                lambda yes: self._begin(target) if yes else None)

        info = connection.info
        self.app.push_screen(LoadDialog(self.state, target.label, info.max_connections if info else None), answered)

    def _begin(self, target: Target) -> None:
        self.state.begin(console_app(self).clock.monotonic())
        self._worker = self.run_worker(self._measure(target), group="load", exclusive=True, exit_on_error=False)
        self._paint()

    async def _measure(self, target: Target) -> None:
        async def allowed(refusal: Acts, where: str) -> frozenset[str]:
            return await allow.allowed(self.app, refusal, target, where)

        worker = self._worker
        await self.state.measure(lambda: single_session(target), allowed)
        if worker is self._worker:
            self._worker = None
        self._paint()
