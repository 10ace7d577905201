"""The Recall tab: how much of what is nearest a search finds, how long that takes, and what to set."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.containers import Container
from textual.worker import Worker

from console.errors import ConsoleError
from console.server.effects import Acts
from console.sql.quoting import identifier
from console.ui.bindings import bindings
from console.ui.dialogs import allow
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.keymap import key
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.recall_dialog import RecallDialog, RecallSetup
from console.ui.screens.vectors.recalls import Recalled, where_of
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import Told
from console.ui.widgets.chart import Chart
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.vectors import recall
from console.vectors.measure import Measurement, MeasurementPlan, MeasurementProgress, TruthCache, measure, of_texts
from console.vectors.query_source import lines_of, vectors_of
from console.vectors.records import Point, VectorColumn
from console.vectors.search import SearchableColumn, default_metric, fitting
from console.vectors.values import QueryVector
from console.view.table import Line, Table
from console.view.vectors import recall as view

PAINT_EVERY_S = 0.2


class RecallPage(VectorPage):
    """Measures in a worker that goes on while another tab or screen is looked at; `esc` stops it at once."""

    FOCUS = "#points"
    BINDINGS = bindings("recall")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.setup = RecallSetup()
        self._state = VectorsState()
        self._cache = TruthCache()
        self._worker: Worker[None] | None = None
        self._progress: MeasurementProgress | None = None
        self._began_s = 0.0
        self._failed: ConsoleError | None = None
        self._is_stopped = False
        self._line: Line = ()

    def compose(self) -> ComposeResult:
        yield Told(id="recall-line")
        with Container(id="recall-body"):
            yield Chart(id="recall-chart")
            yield RecordTable(id="points")
        yield Lines(id="recall-notes")

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._paint_progress)

    # what it shows

    def show(self, state: VectorsState) -> None:
        about = self._state.subject
        if state.subject is not None and (about is None or about.column != state.subject.column):
            self._failed, self._is_stopped = None, False
        self._state = state
        self._paint()

    @property
    def recalled(self) -> Recalled | None:
        """What was measured for searches like the screen's."""
        about = self._state.subject
        try:
            return None if about is None else self._state.recalls.of(about, self._state.setup)
        except ConsoleError:
            return None  # a condition on a column that the table doesn't have

    @property
    def is_measuring(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        found, chart, table = self.recalled, self.query_one(Chart), self.query_one("#points", RecordTable)
        if found is None:
            chart.show_plane(None)
            table.show(Table((), (), "nothing measured yet for this column, metric, k and condition: "
                             f"{key('recall.measure')} measures, {key('recall.options')} says what"))
            self.query_one("#recall-notes", Lines).show()
        else:
            done = found.done
            best = recall.pareto([point for point in done.points if not point.is_exact], recall.tail_ms)
            chosen = done.recommendation.point
            chart.show_plane(view.plane(done.points, done.exact, best, chosen))
            table.show(view.table(done.points, done.exact, best, chosen))
            self.query_one("#recall-notes", Lines).show(*self._notes(done))
        self.query_one("#recall-body").set_class(found is None, "-empty")
        self._paint_progress()
        self.refresh_bindings()

    def _paint_progress(self) -> None:
        if not self.is_mounted or not self.display:
            return
        now = console_app(self).clock
        line: Line
        if self.is_measuring and self._progress is not None:
            progress = self._progress
            line = view.progress_line(progress.phase, progress.done, progress.total, now.monotonic() - self._began_s,
                                      key)
        elif self._failed is not None:
            hint = f": {self._failed.hint}" if self._failed.hint else ""
            line = ((f" {self._failed.summary}", "critical"), (hint, ""))
        elif self._is_stopped:
            line = ((" stopped", "warning"), (f": {key('recall.measure')} measures again", "dim"))
        elif (found := self.recalled) is not None:
            line = view.headline(found.done.recommendation, found.at, now.now())
        else:
            line = ((f" recall@{self._state.setup.k}", "strong"), (self._what(), "dim"))
        if line != self._line:
            self._line = line
            self.query_one(Told).show(line)

    def _what(self) -> str:
        setup = self.setup
        return f" of {setup.queries} queries, {setup.sample}, target {setup.target:g}"

    def _notes(self, done: Measurement) -> list[Line]:
        index = done.index.name if done.index else "no index"
        plan = done.plan
        cached = ", truth from the cache" if done.is_truth_cached else ""
        lines: list[Line] = [((f" {done.queries} queries ({self.setup.sample}), seed {plan.seed}, {index}; one client, "
                               f"warm cache, timed here{cached}", "dim"),)]
        lines += [((f" {sql};", "accent"),) for sql in done.recommendation.sql[:3]]
        lines += [((f" {words}", "warning" if "left the index" in words or "fewer than" in words else "dim"),)
                  for words in done.warnings[:2]]
        return lines

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        match action:
            case "stop":
                return self.is_measuring
            case "measure" | "choose":
                return not self.is_measuring and self._state.subject is not None
            case "chart":
                return self.screen.has_class("-narrow") and self.recalled is not None
            case "copy_sql":
                return (found := self.recalled) is not None and bool(found.done.recommendation.sql)
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        if self._worker is not None:
            self._worker.cancel()
        self._worker, self._progress, self._is_stopped = None, None, True
        self._paint()

    def action_choose(self) -> None:
        about = self._state.subject
        if about is None:
            return
        metric = self._state.setup.metric or default_metric(about)

        def answered(setup: RecallSetup | None) -> None:
            if setup is not None:
                self.setup = setup
                self.action_measure()

        self.app.push_screen(RecallDialog(self.setup, fitting(about, metric), self._state.columns, about.column),
                             answered)

    def action_measure(self) -> None:
        about = self._state.subject
        if about is None or self.is_measuring:
            return
        self._began_s = console_app(self).clock.monotonic()
        self._failed, self._is_stopped, self._progress = None, False, MeasurementProgress("sampling", 0,
                                                                                          self.setup.queries)
        self._worker = self.run_worker(self._measure(about, self._state), group="recall", exclusive=True,
                                       exit_on_error=False)
        self._paint()

    def action_chart(self) -> None:
        """Where there is room for one of them: the chart instead of the table, or the table again."""
        self.query_one("#recall-body").toggle_class("-chart")

    def action_copy_sql(self) -> None:
        if (found := self.recalled) is not None:
            console_app(self).copy(";\n".join(found.done.recommendation.sql) + ";")

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        point = event.row.record
        if isinstance(point, Point) and point.parameter is not None and (found := self.recalled) is not None:
            event.stop()
            self._apply(point, found.done)

    def _apply(self, point: Point, done: Measurement) -> None:
        """What may be done with a point: search at its settings, or copy the SQL that sets them."""
        info = console_app(self).connection.info
        settings = recall.settings_of(point)
        choices = [Choice("here", "search here at these settings")]
        for how, words in (("SET LOCAL", "copy for a query"), ("ALTER ROLE", "copy for the role"),
                           ("ALTER DATABASE", "copy for the database")):
            subject = "" if how == "SET LOCAL" or info is None else \
                f" {info.quoted_user if how == 'ALTER ROLE' else identifier(info.database)} SET"
            choices.append(Choice("; ".join(f"{how}{subject} {name} = {value}" for name, value in settings), words,
                                  f"{how}{subject}"))

        def answered(key: str | None) -> None:
            if key == "here":
                setup = self._state.setup.options
                if point.parameter == "hnsw.ef_search":
                    setup = replace(setup, ef_search=point.setting)
                else:
                    setup = replace(setup, probes=point.setting)
                self.post_message(self.Adopted(replace(setup, iterative_scan=point.mode, exact=False)))
            elif key is not None:
                console_app(self).copy(f"{key};")

        self.app.push_screen(ChooseDialog(" and ".join(f"{name} = {value}" for name, value in settings)
                                          or "the server's own settings", choices), answered)

    # the work

    async def _measure(self, about: SearchableColumn, state: VectorsState) -> None:
        pool = console_app(self).connection.pool
        if pool is None:
            return
        try:
            plan = await self._plan(about, state)
            try:
                done = await measure(pool.session, plan, self._tell, self._cache)
            except Acts as refusal:
                names = await allow.allowed(self.app, refusal, pool.target, plan.where or "")
                done = await measure(pool.session, replace(plan, allowed=names), self._tell, self._cache)
        except ConsoleError as error:
            self._failed = error
        else:
            state.recalls.add(done, console_app(self).clock.now())
            self.post_message(self.Measured())
        finally:
            self._progress = None
        self._worker = None
        self._paint()

    def _tell(self, progress: MeasurementProgress) -> None:
        self._progress = progress

    async def _plan(self, about: SearchableColumn, state: VectorsState) -> MeasurementPlan:
        setup, metric = self.setup, state.setup.metric or default_metric(about)
        held_out = next((column for column in state.columns if column.label == setup.given), None) \
            if setup.sample == "held-out column" else None
        given: tuple[QueryVector, ...] = ()
        if setup.sample == "vectors of a file":
            given = await asyncio.to_thread(vectors_of, setup.given, about.column.type_name)
        elif setup.sample == "texts of a file":
            texts = (await asyncio.to_thread(lines_of, setup.given))[:setup.queries]
            question = state.setup.question
            engine = Engine(console_app(self).connection, console_app(self).config)
            embedder = engine.embedder_for(about.column, question.embedder if question else None)
            given = await of_texts(embedder, texts, about.column, self._tell)
        return MeasurementPlan(
            about, metric, state.setup.k, setup.queries, setup.seed, where_of(about, state.setup),
            sweep=setup.settings(fitting(about, metric)), modes=setup.modes, target=setup.target,
            connections=setup.connections, given=given, held_out=_place(held_out), force_index=setup.force_index)


def _place(column: VectorColumn | None) -> tuple[str, str, str] | None:
    return None if column is None else (column.schema, column.relation, column.name)
