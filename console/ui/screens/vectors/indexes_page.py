"""The Indexes tab: what indexes the column has and how they are, and building, rebuilding and dropping them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.errors import ConsoleError
from console.ui.bindings import bindings
from console.ui.dialogs import unlock
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.jobs import Job
from console.ui.keymap import key
from console.ui.screens.vectors import building, views
from console.ui.screens.vectors.building import BuildStatus
from console.ui.screens.vectors.create_dialog import CreateDialog
from console.ui.screens.vectors.indexes_state import IndexesState
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import SummaryLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.vectors import ddl
from console.vectors.ddl import Order
from console.vectors.records import IndexFacts, VectorColumn
from console.vectors.search import default_metric
from console.view.table import Line, Table, Tone
from console.view.vectors import indexes as view
from console.view.vectors.findings import index_details

PAINT_EVERY_S = 0.5


class IndexDialog(Dialog[None]):
    """All that is known of an index."""

    width = 100

    def __init__(self, name: str, lines: Sequence[tuple[str, Tone]]) -> None:
        super().__init__(name)
        self._lines = lines

    def body(self) -> ComposeResult:
        yield Words(*self._lines)


class VectorIndexesPage(VectorPage):
    """Reads when it appears, after a build, and by R."""

    FOCUS = "#indexes"
    BINDINGS = bindings("vector_indexes")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = IndexesState()
        self._shown: Line = ()

    def compose(self) -> ComposeResult:
        yield SummaryLines(id="index-line")
        yield RecordTable(id="indexes")
        yield Paper(id="index-notes")

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._tick)
        console_app(self).runs.listeners.append(self._hear)

    def on_unmount(self) -> None:
        console_app(self).runs.listeners.remove(self._hear)

    # what it shows

    def show(self, state: VectorsState) -> None:
        if self.state.take(state):
            self.state.told = ()
            self._read()
        self._paint()

    def leave(self) -> None:
        self.state.found = None  # read anew when it is shown again

    @property
    def run_here(self) -> Job | None:
        """The latest index build of this console, on whatever target."""
        run = console_app(self).runs.latest
        return run if run is not None and isinstance(run.standing, BuildStatus) else None

    @property
    def chosen(self) -> IndexFacts | None:
        """The index under the cursor."""
        row = self.query_one("#indexes", RecordTable).row if self.is_mounted else None
        return row.record if row is not None else None

    def _tick(self) -> None:
        run = self.run_here
        if self.display and run is not None and not run.is_over:
            self._paint_run()

    def _hear(self, run: Job) -> None:
        self.call_later(self._run_changed, run)  # the run is a task of its own, and widgets are this page's

    def _run_changed(self, run: Job) -> None:
        if not self.is_mounted or not isinstance(run.standing, BuildStatus):
            return
        if run.is_over:
            self.post_message(self.Rebuilt())
        if self.display:
            if run.is_over:
                self.state.told = ()
                self._read()
            self._paint()

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        found, table = self.state.found, self.query_one("#indexes", RecordTable)
        table.show(view.table(found.indexes, found.facts, found.building, key) if found else Table((), (), "reading…"))
        self._paint_run()
        self.refresh_bindings()

    def _paint_run(self) -> None:
        """The line above the table, and what the build and the column's facts say below it."""
        run = self.run_here
        self.query_one("#index-notes", Paper).say(*views.index_notes(self.state.found, run))
        if (line := views.index_line(self.state, run, console_app(self))) != self._shown:
            self._shown = line
            self.query_one(SummaryLines).show(line)

    # reading

    def _read(self) -> None:
        if (about := self.state.shown.subject) is not None:
            self.run_worker(self._read_all(about.column), group="indexes", exclusive=True, exit_on_error=False)

    async def _read_all(self, column: VectorColumn) -> None:
        if (pool := console_app(self).connection.pool) is not None:
            try:
                await self.state.read(pool, column)
            except ConsoleError as error:
                self.state.told = views.error_line(error)
            self._paint()

    def action_again(self) -> None:
        self.state.told = ()
        self._read()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        runs = console_app(self).runs
        match action:
            case "build":
                return self.state.found is not None and runs.current is None
            case "rebuild" | "drop":
                return self.chosen is not None and runs.current is None
            case "prewarm":
                return self.chosen is not None and bool(self.chosen.index.size_bytes)
            case "abort":
                return runs.current is not None and isinstance(runs.current.standing, BuildStatus)
        return super().check_action(action, parameters)

    def action_build(self) -> None:
        if (found := self.state.found) is not None:
            self.run_worker(self._prepare(found.column), group="prepare", exclusive=True, exit_on_error=False)

    async def _prepare(self, column: VectorColumn) -> None:
        app, about = console_app(self), self.state.shown.subject
        pool, target = app.connection.pool, app.connection.target
        if pool is None or target is None or about is None:
            return
        try:
            facts = await self.state.build_facts(pool, column)
        except ConsoleError as error:
            app.show_error(error)
            return
        metric = self.state.shown.setup.metric or default_metric(about)
        app.push_screen(CreateDialog(target, column, metric, facts, unlock.obstacle(app)), self._confirm)

    def action_rebuild(self) -> None:
        if (index := self.chosen) is not None:
            self._confirm(ddl.reindex(index.index))

    def action_drop(self) -> None:
        if (index := self.chosen) is not None:
            self._confirm(ddl.drop(index.index), "" if index.index.is_usable
                          else "It is not valid: no search goes by it.")

    def _confirm(self, order: Order | None, means: str = "") -> None:
        if order is not None:
            building.ask_to_begin(console_app(self), order, means, self._paint)

    def action_abort(self) -> None:
        if (run := self.run_here) is not None:
            building.ask_to_cancel(console_app(self), run)

    def action_prewarm(self) -> None:
        if (index := self.chosen) is not None:
            self.state.told = ((f" reading {index.index.name} into the cache…", ""),)
            self._paint_run()
            self.run_worker(self._prewarm(index), group="prewarm", exclusive=True, exit_on_error=False)

    async def _prewarm(self, index: IndexFacts) -> None:
        if (pool := console_app(self).connection.pool) is not None:
            try:
                await self.state.prewarm(pool, index)
            except ConsoleError as error:
                self.state.told = views.error_line(error, "warning")
            self._read()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        event.stop()
        index: IndexFacts = event.row.record
        self.app.push_screen(IndexDialog(index.index.name, view.facts_lines(index, index_details(index))))
