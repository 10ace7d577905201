"""The Recall tab: how much of what is nearest a search finds, how long that takes, and what to set."""

from __future__ import annotations

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container
from textual.worker import Worker

from console.server.effects import Acts
from console.sql.quoting import identifier
from console.ui.bindings import bindings
from console.ui.dialogs import allow
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.screens.vectors import views
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.recall_dialog import RecallDialog
from console.ui.screens.vectors.recall_state import RecallSetup, RecallState
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.chart import Chart
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.vectors import recall
from console.vectors.records import Point
from console.vectors.search import default_metric
from console.view.table import Line
from console.view.vectors import recall as view

PAINT_EVERY_S = 0.2


class RecallPage(VectorPage):
    """Measures in a worker that goes on while another tab or screen is looked at; `esc` stops it at once."""

    FOCUS = "#points"
    BINDINGS = bindings("recall")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = RecallState()
        self._worker: Worker[None] | None = None
        self._line: Line = ()

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="recall-line")
        with Container(id="recall-body"):
            yield Chart(id="recall-chart")
            yield RecordTable(id="points")
        yield Lines(id="recall-notes")

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._paint_progress)

    # what it shows

    def show(self, state: VectorsState) -> None:
        self.state.take(state)
        self._paint()

    @property
    def is_measuring(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        found, chart, table = self.state.recalled, self.query_one(Chart), self.query_one("#points", RecordTable)
        if found is None:
            chart.show_plane(None)
            table.show(views.nothing_measured())
            self.query_one("#recall-notes", Lines).show()
        else:
            done = found.done
            best = recall.pareto([point for point in done.points if not point.is_exact], recall.tail_ms)
            chosen = done.recommendation.point
            chart.show_plane(view.plane(done.points, done.exact, best, chosen))
            table.show(view.table(done.points, done.exact, best, chosen, done.recommendation.equal))
            self.query_one("#recall-notes", Lines).show(*views.recall_notes(done, self.state.setup.sample))
        self.query_one("#recall-body").set_class(found is None, "-empty")
        self._paint_progress()
        self.refresh_bindings()

    def _paint_progress(self) -> None:
        if not self.is_mounted or not self.display:
            return
        clock = console_app(self).clock
        line = views.recall_line(self.state, clock.monotonic(), clock.now())
        if line != self._line:
            self._line = line
            self.query_one(SummaryLines).show(line)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return self.is_measuring
            case "measure" | "choose":
                return not self.is_measuring and self.state.shown.subject is not None
            case "chart":
                return self.screen.has_class("-narrow") and self.state.recalled is not None
            case "copy_sql":
                return (found := self.state.recalled) is not None and bool(found.done.recommendation.sql)
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._worker = None
        self.state.stop()
        self._paint()

    def action_choose(self) -> None:
        about = self.state.shown.subject
        if about is None:
            return
        metric = self.state.shown.setup.metric or default_metric(about)

        def answered(setup: RecallSetup | None) -> None:
            if setup is not None:
                self.state.setup = setup
                self.action_measure()

        self.app.push_screen(RecallDialog(self.state.setup, self.state.way(about, metric), self.state.shown.columns,
                                          about.column), answered)

    def action_measure(self) -> None:
        if self.state.shown.subject is None or self.is_measuring:
            return
        self.state.begin(console_app(self).clock.monotonic())
        self._worker = self.run_worker(self._measure(self.state.shown), group="recall", exclusive=True,
                                       exit_on_error=False)
        self._paint()

    async def _measure(self, shown: VectorsState) -> None:
        app = console_app(self)
        pool = app.connection.pool
        if pool is None:
            return

        async def allowed(refusal: Acts, where: str) -> frozenset[str]:
            return await allow.allowed(self.app, refusal, pool.target, where)

        done = await self.state.measure(pool, Engine(app.connection, app.config).embedder_for, allowed)
        if done is not None:
            shown.recalls.add(done, app.clock.now())
            self.post_message(self.Measured())
        self._worker = None
        self._paint()

    def action_chart(self) -> None:
        """Where there is room for one of them: the chart instead of the table, or the table again."""
        self.query_one("#recall-body").toggle_class("-chart")

    def action_copy_sql(self) -> None:
        if (found := self.state.recalled) is not None:
            console_app(self).copy(";\n".join(found.done.recommendation.sql) + ";")

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        point = event.row.record
        if isinstance(point, Point) and point.parameter is not None and self.state.recalled is not None:
            event.stop()
            self._apply(point)

    def _apply(self, point: Point) -> None:
        """What may be done with a point: search at its settings, or copy the SQL that sets them."""
        info = console_app(self).connection.info
        settings = recall.settings_of(point)
        choices = [Choice("here", "search here at these settings")]
        for how, words in (("SET LOCAL", "copy for a query"), ("ALTER ROLE", "copy for the role"),
                           ("ALTER DATABASE", "copy for the database")) if settings else ():
            subject = "" if how == "SET LOCAL" or info is None else \
                f" {info.quoted_user if how == 'ALTER ROLE' else identifier(info.database)} SET"
            choices.append(Choice("; ".join(f"{how}{subject} {name} = {value}" for name, value in settings), words,
                                  f"{how}{subject}"))

        def answered(key: str | None) -> None:
            if key == "here":
                setup = self.state.shown.setup.options
                name = "ef_search" if point.parameter == "hnsw.ef_search" else "probes"
                setup = replace(setup, **{name: point.setting})
                self.post_message(self.Adopted(replace(setup, iterative_scan=point.mode, exact=False,
                                                       oversampling=point.oversampling)))
            elif key is not None:
                console_app(self).copy(f"{key};")

        usual = f"{point.oversampling} candidates a row ranked again" if point.oversampling else \
            "the server's own settings"
        title = " and ".join(f"{name} = {value}" for name, value in settings) or usual
        self.app.push_screen(ChooseDialog(title, choices), answered)
