"""Statements: what takes the server's time, over the last minute or since the reset; and slow ones as they run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.server.query import Read
from console.server.session import Session
from console.statements import read
from console.statements.records import Key, LoggingSetting, Ranked, Ranking, SlowStatement, StatementText
from console.ui.bindings import bindings
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key, letter
from console.ui.screens.statements import actions
from console.ui.screens.statements.slow_pane import SlowPane
from console.ui.screens.statements.state import TEXT_CHARACTERS, StatementsState
from console.ui.screens.statements.statement_pane import StatementPane
from console.ui.screens.statements.statement_table import StatementTable
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view.statements import ranking as view
from console.view.statements import setup, slow

WITHIN_S = 10.0
ROWS_AT_FIRST = 200
"""So many of thousands become rows; more when the cursor comes near their end."""

MORE_ROWS = 200
OWN_ACTIONS = ("back", "window", "columns", "group", "plan", "original", "hand", "slow", "reset")


class StatementsScreen(ConsoleScreen):
    """See SCREENS.md, 5 Statements."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#statements"
    BINDINGS = bindings("statements")

    def __init__(self) -> None:
        super().__init__()
        self.seen = StatementsState()
        self.window: view.WindowName = "minute"
        self.grouping: view.Grouping = "statement"
        self.columns = "overview"
        self.shows_slow = False
        self.selected: tuple[Key, ...] = ()
        """The statements that the pane is about; none while it is closed."""
        self.text: StatementText | None = None
        """The whole text of the first of them, once it is read."""
        self.is_original = False
        self.slow_one: SlowStatement | None = None
        self.settings: Sequence[LoggingSetting] | None = None
        self.ranking: Ranking | None = None
        self._limit = ROWS_AT_FIRST
        self._seconds: float | None = None
        self._wanted_query: int | None = None
        self._empty = "reading…"

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield TabBar(id="views")
        yield Lines(id="note")
        with Vertical(id="tables"):
            yield StatementTable(id="statements", sort="total_ms", descending=True)
            yield RecordTable(id="slow")
            yield Paper(id="settings")
        yield StatementPane(id="statement")
        yield SlowPane(id="slow-pane")

    @property
    def statements(self) -> StatementTable:
        return self.query_one("#statements", StatementTable)

    @property
    def slow(self) -> RecordTable:
        return self.query_one("#slow", RecordTable)

    @property
    def pane(self) -> StatementPane:
        return self.query_one(StatementPane)

    # reading

    def sampled(self, snapshot: Snapshot) -> None:
        if self.shows_slow:
            self._show_slow()
        self._show_tabs()

    async def sample(self, session: Session) -> None:
        counters = read.counters(session.info)
        wanted: list[Read[Any]] = [Read(read.STANDING), Read(counters)]
        if self.shows_slow and self.settings is None:
            wanted.append(Read(read.LOGGING_SETTINGS))
        readings = await session.refresh(*wanted, within_s=WITHIN_S)
        self.settings = readings.rows(read.LOGGING_SETTINGS) or self.settings
        self.seen.take(readings, counters)
        if self.seen.lacks_names():
            names = (await session.refresh(Read(read.NAMES), within_s=WITHIN_S)).rows(read.NAMES)
            self.seen.take_names(names or ())
        if self.seen.why is not None:
            availability = (await session.refresh(Read(read.AVAILABILITY), within_s=WITHIN_S)).first(read.AVAILABILITY)
            self._empty = setup.what_to_do(session.info, availability, self.seen.why)
            await session.renew()  # for the extension may be made at any moment
        else:
            self._empty = f"no statement has run in this time: {key('statements.window')} shows another"
        if self._wanted_query is not None:
            self._open_wanted()
        self._figure()
        await self.read_texts(session)
        self.show_all()

    def failed(self, error: ConsoleError) -> None:
        self.query_one("#verdict", StatusLine).show(((f" {error.summary}", "critical"),))

    def _figure(self) -> None:
        """Ranks what is known, as it is asked for."""
        table = self.statements
        self.ranking, self._seconds = self.seen.ranking(
            self.window, table.needle, self.grouping, table.sort_key, descending=table.descending, limit=self._limit)

    async def read_texts(self, session: Session) -> None:
        """The texts of what is on the screen, and of all where a filter or the grouping needs them, unless known."""
        needs_all = bool(self.statements.needle) or self.grouping == "shape"
        figures = self.seen.figures(self.window)[0] if needs_all else {}
        keys = self.seen.lacking(figures if needs_all else self._on_screen())
        if keys and not needs_all and self.ranking is not None:  # the server reads all of them for any
            keys = self.seen.lacking([*self.selected[:1], *(row.keys[0] for row in self.ranking.rows)])
        if keys:
            texts = read.texts(keys, TEXT_CHARACTERS)
            found = (await session.refresh(texts, within_s=WITHIN_S)).rows(texts.query)
            if found is not None:
                self.seen.take_texts(keys, found)
        if self.grouping == "shape":
            await asyncio.to_thread(self.seen.find_shapes, list(figures))
        if needs_all:
            self._figure()

    def _on_screen(self) -> list[Key]:
        """The statements whose rows are seen."""
        rows, table = self.ranking.rows if self.ranking is not None else (), self.statements
        shown = rows[table.first_row:table.first_row + max(table.page, 20)]
        return [*self.selected[:1], *(ranked.keys[0] for ranked in shown)]

    def ask_texts(self) -> None:
        """Reads the texts that the screen lacks, without another look at the counters."""
        async def read_them() -> None:
            try:
                async with self.connection.session() as session:
                    await self.read_texts(session)
            except ConsoleError as error:
                self.failed(error)
            self.show_all()

        if self.statements.needle or self.grouping == "shape" or self.seen.lacking(self._on_screen()):
            self.run_worker(read_them(), group="texts", exclusive=True, exit_on_error=False)

    # showing

    @property
    def shown(self) -> view.StatisticsBasis:
        standing, info = self.seen.standing, self.connection.info
        return view.StatisticsBasis(
            self._seconds, standing.block_bytes if standing else 8192, self.seen.names, self.seen.texts, self.grouping,
            info.quoted_user if info else "", has_levels=standing is not None and standing.track == "all",
            has_users=len(self.seen.users) > 1, has_databases=len(self.seen.databases) > 1)

    def show_all(self) -> None:
        """Everything, as it was seen last."""
        self._show_tabs()
        self._show_verdict()
        if self.shows_slow:
            self._show_slow()
            return
        standing = self.seen.standing
        if self.ranking is None or (standing is None and self.seen.why is None):
            return
        ranking = self.ranking if standing is not None else Ranking((), 0, 0.0, ())
        self.statements.show(view.table(ranking, self.columns, self.shown, self._empty))
        self.show_pane()

    def _show_tabs(self) -> None:
        running = len(self.connection.slow.log.running)
        titles = ["Statements", f"{letter('statements.slow')} Slow{f' {running}' if running else ''}".lstrip()]
        self.query_one("#views", TabBar).show_tabs([(title, True) for title in titles], int(self.shows_slow))

    def _show_verdict(self) -> None:
        line, note = self.query_one("#verdict", StatusLine), self.query_one("#note", Lines)
        log = self.connection.slow.log
        if self.shows_slow:
            line.show(slow.verdict(log.statements, log.threshold_s))
            note.show()
            return
        standing, ranking = self.seen.standing, self.ranking
        if standing is None or ranking is None or self.seen.why is not None:
            line.show(((f" {self._empty}" if self.seen.why else " reading…", "warning" if self.seen.why else "dim"),))
            note.show()
            return
        anew = self.seen.journal.why_anew if not self.seen.journal.has_interval else None
        line.show(view.verdict(ranking, standing, len(self.seen.journal), self.window, self._seconds, anew=anew,
                               width=self.size.width))
        words = view.notes(standing, self.columns)
        note.show(((f" {words}", "warning"),) if words else view.what_is_shown(ranking, self.columns, self.grouping))

    def show_pane(self) -> None:
        """The pane's figures and course; its text and tables come by themselves."""
        if not self.selected or self.ranking is None:
            return
        ranked = self.seen.together(self.selected, self.window, self.ranking.total_ms)
        self.pane.show_facts(view.facts(ranked, self.shown, self.window if self._seconds else "reset"))
        self.pane.show_time_series(*view.time_series(self.seen.journal.time_series(self.selected)))

    def _show_slow(self) -> None:
        watch = self.connection.slow
        planned = {slow.key(statement) for statement in watch.log.statements
                   if watch.plan_of(statement) is not None and not isinstance(watch.plan_of(statement), str)}
        self.slow.show(slow.table(watch.log.statements, planned, watch.log.threshold_s))
        self.query_one("#settings", Paper).show_paragraphs(setup.settings(self.settings), stay=True)
        self._show_verdict()
        if self.slow_one is not None:
            name = slow.key(self.slow_one)
            now = next((statement for statement in watch.log.statements if slow.key(statement) == name), self.slow_one)
            self.slow_one = now
            self.query_one(SlowPane).show(now, watch.plan_of(now))

    # moving about

    def receive(self, subject: object) -> None:
        """A query's number: its statement, whoever ran it."""
        if isinstance(subject, int):
            self._wanted_query, self.window = subject, "reset"
            if self.shows_slow:
                self.action_slow()
            self.refresh_now()

    def _open_wanted(self) -> None:
        wanted, self._wanted_query = self._wanted_query, None
        keys = self.seen.of_query(wanted) if wanted is not None else ()
        if keys:
            self.select(keys)
            self.statements.select(view.row_key(keys[0]))
        elif self.seen.why is None:
            console_app(self).tell("pg_stat_statements has no such statement: it may have been evicted, or still run")

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if isinstance(event.row.record, Ranked):
            self.select(event.row.record.keys)
        elif isinstance(event.row.record, SlowStatement):
            self.slow_one = event.row.record
            self.add_class("-slow-one")
            self._show_slow()
            if self.has_class("-narrow"):
                self.set_focus(self.query_one("#slow-text"))
        self.refresh_bindings()

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        record = event.row.record if event.row is not None else None
        if event.table is self.slow and self.slow_one is not None and isinstance(record, SlowStatement):
            self.slow_one = record
            self._show_slow()
        elif event.table is self.statements and isinstance(record, Ranked):
            if self.selected and record.keys != self.selected:
                self.select(record.keys)
            rows = self.statements.table.rows
            if self.ranking is not None and len(rows) < self.ranking.number and \
                    self.statements.cursor >= len(rows) - self.statements.page:
                self._limit += MORE_ROWS
                self._figure()
                self.show_all()
            self.ask_texts()
        self.refresh_bindings()

    def on_statement_table_asked(self, event: StatementTable.Asked) -> None:
        self._ask()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if bool(event.index) != self.shows_slow:
            self.action_slow()

    def select(self, keys: tuple[Key, ...]) -> None:
        """Opens the pane on these statements, or puts others into it."""
        is_new = keys != self.selected
        self.selected = keys
        self.add_class("-statement")
        if is_new:
            self.text, self.is_original = None, False
            self.pane.begin()
            self.run_worker(actions.describe(self, keys), group="describe", exclusive=True, exit_on_error=False)
        self.show_pane()
        if self.has_class("-narrow"):
            self.set_focus(self.pane.query_one("#text"))
        self.refresh_bindings()

    def leave_pane(self) -> None:
        self.selected, self.slow_one, self.text = (), None, None
        self.remove_class("-statement", "-slow-one")
        self.set_focus(self.slow if self.shows_slow else self.statements)
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.selected or self.slow_one is not None:
            self.leave_pane()
        elif self.shows_slow:
            self.action_slow()

    def action_slow(self) -> None:
        """The slow statements that were seen; the same key again goes back."""
        self.leave_pane()
        self.shows_slow = not self.shows_slow
        self.FOCUS = "#slow" if self.shows_slow else "#statements"
        self.set_class(self.shows_slow, "-slow")
        self.set_focus(self.slow if self.shows_slow else self.statements)
        self.show_all()
        self.refresh_now()
        self.refresh_bindings()

    def _ask(self) -> None:
        self._limit = ROWS_AT_FIRST
        self._figure()
        self.show_all()
        self.ask_texts()
        self.refresh_bindings()

    def action_window(self) -> None:
        self.window = view.WINDOWS[(view.WINDOWS.index(self.window) + 1) % len(view.WINDOWS)]
        self._ask()

    def action_columns(self) -> None:
        names = list(view.COLUMN_GROUPS)
        self.columns = names[(names.index(self.columns) + 1) % len(names)]
        self._ask()

    def action_group(self) -> None:
        names = list(view.GROUPINGS)
        self.grouping = names[(names.index(self.grouping) + 1) % len(names)]
        self.leave_pane()
        self.statements.action_edge(-1)
        self._ask()

    def action_original(self) -> None:
        self.is_original = not self.is_original
        actions.show_text(self)

    def action_plan(self) -> None:
        actions.plan(self)

    def action_hand(self, name: str) -> None:
        actions.hand(self, name)

    def action_reset(self, what: str) -> None:
        actions.ask_reset(self, everything=what == "all")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if self.has_class("-waiting") and action in OWN_ACTIONS:
            return False
        match action:
            case "window" | "columns" | "group":
                return not self.shows_slow
            case "plan" | "hand":
                return actions.has_subject(self)
            case "original":
                return bool(self.selected)
            case "reset":
                return not self.shows_slow and self.seen.why is None and (
                    parameters == ("all",) or actions.one_key(self) is not None)
            case "back":
                return bool(self.selected) or self.slow_one is not None or self.shows_slow
        return super().check_action(action, parameters)

    def export_name(self, table: RecordTable) -> str:
        return f"statements {self.columns}" if table is self.statements else super().export_name(table)
