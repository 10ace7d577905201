"""The Indexes tab: what indexes the column has and how they are, and building, rebuilding and dropping them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from textual.app import ComposeResult
from textual.worker import Worker

from console.errors import ConsoleError
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.dialogs import unlock
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.jobs import Job
from console.ui.keymap import key
from console.ui.screens.vectors import building
from console.ui.screens.vectors.building import BuildStatus
from console.ui.screens.vectors.create_dialog import CreateDialog
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.screens.vectors.summary import Told
from console.ui.widgets.painting import console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.vectors import actions, ddl, read
from console.vectors.ddl import Order
from console.vectors.prepare import SuggestedSql, build_facts, column_advice, version_advice
from console.vectors.records import IndexFacts, VectorColumn, VectorRelationFacts
from console.vectors.search import default_metric
from console.view.table import Line, Table, Tone
from console.view.vectors import indexes as view
from console.view.vectors.findings import index_details

PAINT_EVERY_S = 0.5


class IndexReading(Struct, frozen=True):
    """What was read about a column's indexes; `building` are pids by index."""

    column: VectorColumn
    indexes: tuple[IndexFacts, ...]
    facts: VectorRelationFacts
    building: Mapping[int, int]
    advice: tuple[SuggestedSql, ...]
    versions: tuple[SuggestedSql, ...] = ()


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
        self._state = VectorsState()
        self._found: IndexReading | None = None
        self._reader: Worker[None] | None = None
        self._told: Line = ()
        self._shown: Line = ()

    def compose(self) -> ComposeResult:
        yield Told(id="index-line")
        yield RecordTable(id="indexes")
        yield Paper(id="index-notes")

    def on_mount(self) -> None:
        self.set_interval(PAINT_EVERY_S, self._tick)
        console_app(self).runs.listeners.append(self._hear)

    def on_unmount(self) -> None:
        console_app(self).runs.listeners.remove(self._hear)

    # what it shows

    def show(self, state: VectorsState) -> None:
        before, self._state = self._state.subject, state
        about = state.subject
        if about is not None and (before is None or before.column != about.column or self._found is None):
            self._told = ()
            self._read()
        self._paint()

    def leave(self) -> None:
        self._found = None  # read anew when it is shown again

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
            self._paint_line()
            self.query_one("#index-notes", Paper).say(*self._notes())

    def _hear(self, run: Job) -> None:
        self.call_later(self._run_changed, run)  # the run is a task of its own, and widgets are this page's

    def _run_changed(self, run: Job) -> None:
        if not self.is_mounted or not isinstance(run.standing, BuildStatus):
            return
        if run.is_over:
            self.post_message(self.Rebuilt())
        if self.display:
            if run.is_over:
                self._told = ()
                self._read()
            self._paint()

    def _paint(self) -> None:
        if not self.is_mounted:
            return
        found, table = self._found, self.query_one("#indexes", RecordTable)
        table.show(view.table(found.indexes, found.facts, found.building, key) if found else Table((), (), "reading…"))
        self.query_one("#index-notes", Paper).say(*self._notes())
        self._paint_line()
        self.refresh_bindings()

    def _paint_line(self) -> None:
        if (line := self._line()) != self._shown:
            self._shown = line
            self.query_one(Told).show(line)

    def _line(self) -> Line:
        run, found = self.run_here, self._found
        if run is not None and not run.is_over:
            elapsed_s = console_app(self).runs.elapsed_s(run)
            elsewhere = "" if run.target == console_app(self).connection.label else f" on {run.target}"
            return view.step_line(run.title + elsewhere, run.standing.step, elapsed_s)
        if self._told:
            return self._told
        if found is None:
            return ()
        return view.verdict(found.column, found.indexes, found.building,
                            [version.sentence for version in found.versions], key)

    def _notes(self) -> list[tuple[str, Tone]]:
        """What the build said and how it ended, then advice about the column."""
        run, found = self.run_here, self._found
        words: list[tuple[str, Tone]] = []
        if run is not None:
            words += run.standing.told[-6:]
            if not run.is_over and run.standing.step is not None:
                words += [(f"waits for {view.blocker_words(blocker)}", "warning")
                          for blocker in run.standing.step.blockers]
            if run.is_over:
                words += [(f"{run.title}: {run.log.outcome[0][0]}", run.log.outcome[0][1]), *run.log.outcome[1:3]]
            words.append(("", ""))
        if found is not None:
            for version in (*found.versions, *found.advice):
                words.append((f"{version.sentence}.", ""))
                if version.sql:
                    words.append((f"  {version.sql}", "accent"))
            reasons = list(dict.fromkeys(index.why_not for index in found.indexes if index.why_not))
            words += [(f"Unknown: {reason}", "dim") for reason in reasons[:2]]
        return words

    # reading

    def _read(self) -> None:
        about = self._state.subject
        if about is not None:
            self._reader = self.run_worker(self._read_all(about.column), group="indexes", exclusive=True,
                                           exit_on_error=False)

    async def _read_all(self, column: VectorColumn) -> None:
        pool = console_app(self).connection.pool
        if pool is None:
            return
        try:
            async with pool.session() as session:
                every = await read.indexes(session, column.relation_oid)
                mine = read.serving(every, column) + [index for index in every
                                                      if index.relation_oid != column.relation_oid]
                facts = await read.relation_facts(session, column.relation_oid, column.position)
                busy = {building.index_oid: building.pid for building in await session.fetch(actions.BUILDING)}
                known = [await read.index_facts(session, index) for index in mine]
                versions = version_advice(session)
        except ConsoleError as error:
            self._told = ((f" {error.summary}", "critical"), (f": {error.hint}" if error.hint else "", ""))
            self._paint()
            return
        metric = self._state.setup.metric or (default_metric(self._state.subject) if self._state.subject else None)
        advice = column_advice(column, mine, facts, metric) if metric else ()
        self._found = IndexReading(column, tuple(known), facts, busy, advice, versions)
        self._paint()

    def action_again(self) -> None:
        self._told = ()
        self._read()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        runs = console_app(self).runs
        match action:
            case "build":
                return self._found is not None and runs.current is None
            case "rebuild" | "drop":
                return self.chosen is not None and runs.current is None
            case "prewarm":
                return self.chosen is not None and bool(self.chosen.index.size_bytes)
            case "abort":
                return runs.current is not None and isinstance(runs.current.standing, BuildStatus)
        return super().check_action(action, parameters)

    def action_build(self) -> None:
        if (found := self._found) is not None:
            self.run_worker(self._prepare(found.column), group="prepare", exclusive=True, exit_on_error=False)

    async def _prepare(self, column: VectorColumn) -> None:
        app, about = console_app(self), self._state.subject
        pool, target = app.connection.pool, app.connection.target
        if pool is None or target is None or about is None:
            return
        try:
            async with pool.session() as session:
                facts = await build_facts(session, column)
        except ConsoleError as error:
            app.show_error(error)
            return
        metric = self._state.setup.metric or default_metric(about)
        app.push_screen(CreateDialog(target, column, metric, facts, unlock.obstacle(app)), self._confirm)

    def action_rebuild(self) -> None:
        if (index := self.chosen) is not None:
            self._confirm(ddl.reindex(index.index))

    def action_drop(self) -> None:
        if (index := self.chosen) is not None:
            self._confirm(ddl.drop(index.index), "" if index.index.is_usable
                          else "It is not valid: no search goes by it.")

    def _confirm(self, order: Order | None, means: str = "") -> None:
        """Asks, with the statement and what it means, and begins."""
        app = console_app(self)
        target = app.connection.target
        if order is None or target is None or not unlock.is_allowed(app):
            return

        def answered(yes: bool | None) -> None:
            if yes and building.begin(app, order) is None:
                app.tell("another run goes on: one at a time")
            self._paint()

        words: list[tuple[str, Tone]] = [(order.sql, "accent"), ("", ""), (means or _MEANS[order.action], "")]
        words += [(f"SET {name} = {value}", "dim") for name, value in order.settings.values().items()
                  if name not in ("statement_timeout",)]
        app.push_screen(ConfirmDialog(f"{order.title[:1].upper()}{order.title[1:]} on {target.label}?", words,
                                      typed=unlock.word_to_type(target)), answered)

    def action_abort(self) -> None:
        app = console_app(self)
        run = self.run_here
        if run is None:
            return

        def answered(yes: bool | None) -> None:
            if yes and app.runs.current is run:
                app.runs.abort()

        app.push_screen(ConfirmDialog("Cancel the build?", (
            (run.title, "strong"), ("", ""), ("The statement is cancelled; the half-built index, which is not valid, "
                                              "is dropped where nobody is in the way.", ""))), answered)

    def action_prewarm(self) -> None:
        if (index := self.chosen) is not None:
            self._told = ((f" reading {index.index.name} into the cache…", ""),)
            self._paint_line()
            self.run_worker(self._prewarm(index), group="prewarm", exclusive=True, exit_on_error=False)

    async def _prewarm(self, index: IndexFacts) -> None:
        pool = console_app(self).connection.pool
        if pool is None:
            return
        try:
            async with pool.session() as session:
                pages = await actions.prewarm(session, index.index)
            self._told = ((f" {index.index.name}: {fmt.count(pages)} pages read into the cache", "ok"),)
        except ConsoleError as error:
            self._told = ((f" {error.summary}", "warning"), (f": {error.hint}" if error.hint else "", ""))
        self._read()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        event.stop()
        index: IndexFacts = event.row.record
        self.app.push_screen(IndexDialog(index.index.name, view.facts_lines(index, index_details(index))))


_MEANS = {
    "create": "It reads the whole table, twice, and waits for transactions that are older than it; rows can be read "
              "and written all the while.",
    "reindex": "The index serves until the new one is ready; both are on disk for a while. It waits for transactions "
               "that are older than it.",
    "drop": "Searches that went by it are exact, and slow, from then on. It waits for transactions that use the table.",
}
