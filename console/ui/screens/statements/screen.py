"""Statements: what takes the server's time, over the last minute or since the reset; and slow ones as they run."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from textual.app import ComposeResult
from textual.containers import Vertical

from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.server.query import Read
from console.server.session import Session
from console.sql.layout import formatted
from console.statements import read
from console.statements.records import Key, Ranked, SlowStatement, StatementText
from console.ui.bindings import bindings
from console.ui.frame import ConsoleScreen
from console.ui.screens.statements import views
from console.ui.screens.statements.actions import StatementActions, Subject
from console.ui.screens.statements.slow_pane import SlowPane
from console.ui.screens.statements.state import MORE_ROWS, ROWS_AT_FIRST, TEXT_CHARACTERS, StatementsState
from console.ui.screens.statements.statement_pane import StatementPane
from console.ui.screens.statements.statement_table import StatementTable
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.statement_preview import StatementPreview
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view.statements import ranking as ranking_view
from console.view.statements import setup, slow
from console.view.statements.text import beginning

WITHIN_S = 10.0
OWN_ACTIONS = ("back", "window", "columns", "group", "own", "plan", "original", "hand", "slow", "reset")


class StatementsScreen(ConsoleScreen):
    """Two views, the ranking and the slow ones, each with a pane about one statement."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#statements"
    BINDINGS = bindings("statements")

    def __init__(self) -> None:
        super().__init__()
        self.state = StatementsState()
        self.actions = StatementActions(self, self.state)

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield TabBar(id="views")
        yield Lines(id="note")
        with Vertical(id="tables"):
            yield StatementTable(id="statements", sort="total_ms", descending=True)
            yield RecordTable(id="slow")
            yield Paper(id="settings")
            yield StatementPreview(id="preview")
        yield StatementPane(id="statement")
        yield SlowPane(id="slow-pane")

    def on_mount(self) -> None:
        super().on_mount()
        self.state.journal = self.connection.statements

    @property
    def statements(self) -> StatementTable:
        return self.query_one("#statements", StatementTable)

    @property
    def slow(self) -> RecordTable:
        return self.query_one("#slow", RecordTable)

    @property
    def pane(self) -> StatementPane:
        return self.query_one(StatementPane)

    @property
    def subject(self) -> Subject | None:
        """What keys are about: the pane's, else the row's under the cursor."""
        row = (self.slow if self.state.shows_slow else self.statements).row
        return self.state.subject(row.record if row is not None else None)

    @property
    def _resettable(self) -> Key | None:
        """The one statement that could be reset."""
        subject = self.subject
        return subject[0] if isinstance(subject, tuple) and len(subject) == 1 else None

    # reading

    def sampled(self, snapshot: Snapshot) -> None:
        if self.state.shows_slow:
            self._show_slow()
        self._show_tabs()

    async def sample(self, session: Session) -> None:
        await self._read_counters(session)
        await self._read_own(session)
        if self.state.wanted_query is not None:
            self._open_wanted()
        self._figure()
        await self.read_texts(session)
        self.show_all()

    async def _read_counters(self, session: Session) -> None:
        """The counters, the names of new databases and roles, and what is missing where there are none."""
        state = self.state
        counters = read.counters(session.info)
        wanted: list[Read[Any]] = [Read(read.STANDING), Read(counters)]
        if state.shows_slow and state.settings is None:
            wanted.append(Read(read.LOGGING_SETTINGS))
        readings = await session.refresh(*wanted, within_s=WITHIN_S)
        state.settings = readings.rows(read.LOGGING_SETTINGS) or state.settings
        state.take(readings, counters)
        if state.lacks_names():
            names = (await session.refresh(Read(read.NAMES), within_s=WITHIN_S)).rows(read.NAMES)
            state.take_names(names or ())
        if state.why is not None:
            availability = await session.refresh(Read(read.AVAILABILITY), within_s=WITHIN_S)
            state.availability = availability.first(read.AVAILABILITY)
            await session.renew()  # for the extension may be made at any moment

    async def _read_own(self, session: Session) -> None:
        """Which of new statements are consoles' own."""
        now_s = console_app(self).clock.monotonic()
        if self.state.why is None and self.state.lacks_own(now_s):
            found = await session.refresh(Read(read.OWN_STATEMENTS), within_s=WITHIN_S)
            self.state.take_own(found.rows(read.OWN_STATEMENTS), now_s)

    def failed(self, error: ConsoleError) -> None:
        self.query_one("#verdict", StatusLine).show(((f" {error.summary}", "critical"),))

    def _figure(self) -> None:
        table = self.statements
        self.state.figure(table.needle, table.sort_key, descending=table.descending)

    async def read_texts(self, session: Session) -> None:
        """The texts of what is on the screen, and of all where a filter or the grouping needs them, unless known."""
        state = self.state
        needs_all = self._needs_all_texts
        figures = state.figures(state.window)[0] if needs_all else {}
        keys = state.lacking(figures if needs_all else self._on_screen())
        if keys and not needs_all and state.ranking is not None:  # the server reads all of them for any
            keys = state.lacking([*state.selected[:1], *(row.keys[0] for row in state.ranking.rows)])
        if keys:
            texts = read.texts(keys, TEXT_CHARACTERS)
            found = (await session.refresh(texts, within_s=WITHIN_S)).rows(texts.query)
            if found is not None:
                state.take_texts(keys, found)
        if state.grouping == "shape":
            await asyncio.to_thread(state.find_shapes, list(figures))
        if needs_all:
            self._figure()

    @property
    def _needs_all_texts(self) -> bool:
        return bool(self.statements.needle) or self.state.grouping == "shape"

    def _on_screen(self) -> list[Key]:
        table = self.statements
        return self.state.keys_shown(table.first_row, max(table.page, 20))

    def ask_texts(self) -> None:
        """Reads the texts that the screen lacks, without another sample at the counters."""
        if self._needs_all_texts or self.state.lacking(self._on_screen()):
            self.run_worker(self._ask_texts(), group="texts", exclusive=True, exit_on_error=False)

    async def _ask_texts(self) -> None:
        try:
            async with self.connection.session() as session:
                await self.read_texts(session)
        except ConsoleError as error:
            self.failed(error)
        self.show_all()

    # showing

    def show_all(self) -> None:
        """Everything, as it was read last."""
        self._show_tabs()
        self._show_verdict()
        if self.state.shows_slow:
            self._show_slow()
        elif (table := views.table(self.state, self.connection.info)) is not None:
            self.statements.show(table)
            self.show_pane()
        self._show_preview()

    def _show_preview(self) -> None:
        subject = self.subject
        found = subject.session.query if isinstance(subject, SlowStatement) else self.state.known_text(subject) \
            if subject is not None else None
        words = found.text if isinstance(found, StatementText) else found
        self.query_one(StatementPreview).show_statement(beginning(words) if words else "")

    def _show_tabs(self) -> None:
        titles = views.tabs(self.connection.slow.log)
        self.query_one("#views", TabBar).show_tabs([(title, True) for title in titles], int(self.state.shows_slow))

    def _show_verdict(self) -> None:
        self.query_one("#verdict", StatusLine).show(
            views.verdict(self.state, self.connection.info, self.connection.slow.log, self.size.width))
        self.query_one("#note", Lines).show(views.note(self.state))

    def show_pane(self) -> None:
        """The pane's figures and time series; its text and tables come by themselves."""
        if lines := views.facts(self.state, self.connection.info):
            self.pane.show_facts(lines)
            series = self.state.journal.time_series(self.state.selected)
            self.pane.show_time_series(*ranking_view.time_series(series))

    def _show_slow(self) -> None:
        watch = self.connection.slow
        planned = {slow.key(statement) for statement in watch.log.statements
                   if watch.plan_of(statement) is not None and not isinstance(watch.plan_of(statement), str)}
        self.slow.show(slow.table(watch.log.statements, planned, watch.log.threshold_s))
        self.query_one("#settings", Paper).show_paragraphs(setup.settings(self.state.settings), stay=True)
        self._show_verdict()
        if (before := self.state.slow_statement) is not None:
            now = next((statement for statement in watch.log.statements if slow.key(statement) == slow.key(before)),
                       before)
            self.state.slow_statement = now
            self.query_one(SlowPane).show(now, watch.plan_of(now))

    # moving about

    def receive(self, subject: object) -> None:
        """A query's number: its statement, whoever ran it."""
        if isinstance(subject, int):
            self.state.wanted_query, self.state.window = subject, "reset"
            if self.state.shows_slow:
                self.action_slow()
            self.refresh_now()

    def _open_wanted(self) -> None:
        wanted, self.state.wanted_query = self.state.wanted_query, None
        keys = self.state.of_query(wanted) if wanted is not None else ()
        if keys:
            self.select(keys)
            self.statements.select(ranking_view.row_key(keys[0]))
        elif self.state.why is None:
            console_app(self).tell("pg_stat_statements has no such statement: it may have been evicted, or still run")

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if isinstance(event.row.record, Ranked):
            self.select(event.row.record.keys)
        elif isinstance(event.row.record, SlowStatement):
            self.state.slow_statement = event.row.record
            self.add_class("-slow-one")
            self._show_slow()
            if self.has_class("-narrow"):
                self.set_focus(self.query_one("#slow-text"))
        self.refresh_bindings()

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        record = event.row.record if event.row is not None else None
        if event.table is self.slow and self.state.slow_statement is not None and isinstance(record, SlowStatement):
            self.state.slow_statement = record
            self._show_slow()
        elif event.table is self.statements and isinstance(record, Ranked):
            if self.state.selected and record.keys != self.state.selected:
                self.select(record.keys)
            self._have_more_rows()
            self.ask_texts()
        self._show_preview()
        self.refresh_bindings()

    def _have_more_rows(self) -> None:
        """More of the thousands become rows when the cursor comes near to the last of these."""
        table, ranking = self.statements, self.state.ranking
        rows = len(table.table.rows)
        if ranking is not None and rows < ranking.number and table.cursor >= rows - table.page:
            self.state.limit += MORE_ROWS
            self._figure()
            self.show_all()

    def on_statement_table_asked(self, event: StatementTable.Asked) -> None:
        self._ask()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if bool(event.index) != self.state.shows_slow:
            self.action_slow()

    def select(self, keys: tuple[Key, ...]) -> None:
        """Opens the pane on these statements, or puts others into it."""
        is_new = self.state.select(keys)
        self.add_class("-statement")
        if is_new:
            self.pane.begin()
            self.actions.describe(keys)
        self.show_pane()
        if self.has_class("-narrow"):
            self.set_focus(self.pane.query_one("#text"))
        self.refresh_bindings()

    def leave_pane(self) -> None:
        self.state.leave()
        self.remove_class("-statement", "-slow-one")
        self.set_focus(self.slow if self.state.shows_slow else self.statements)
        self.refresh_bindings()

    # what actions say

    def on_statement_actions_described(self, event: StatementActions.Described) -> None:
        if event.keys != self.state.selected:
            return
        self.state.text, self.state.beside = event.text, event.beside
        self.show_pane()
        if event.text is not None and event.text.text:
            self._show_text()
            return
        why = "the server has no text of it" if event.keys[0].query_id is not None else "hidden from this role"
        self.pane.show_text("", f"-- {why}")
        self.pane.show_tables((), (), why)

    def on_statement_actions_touched(self, event: StatementActions.Touched) -> None:
        if event.keys == self.state.selected:
            self.pane.show_tables(event.tables, event.indexes, event.why)

    def on_statement_actions_reset(self) -> None:
        self.refresh_now()

    def _show_text(self) -> None:
        """The text as it was written, or laid out."""
        self.run_worker(self._lay_out(), group="format", exclusive=True, exit_on_error=False)

    async def _lay_out(self) -> None:
        text = self.state.text
        if text is None or text.text is None:
            return
        shown = text.text if self.state.is_original else await asyncio.to_thread(formatted, text.text)
        if text is self.state.text:
            self.pane.show_text(text.text, shown, "… there is more of it" if text.is_cut else "")

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready or (self.has_class("-waiting") and action in OWN_ACTIONS):
            return False
        state = self.state
        match action:
            case "window" | "columns" | "group" | "own":
                return not state.shows_slow
            case "plan" | "hand":
                return self.subject is not None
            case "original":
                return bool(state.selected)
            case "reset":
                return not state.shows_slow and state.why is None and (
                    parameters == ("all",) or self._resettable is not None)
            case "back":
                return bool(state.selected) or state.slow_statement is not None or state.shows_slow
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        if self.state.selected or self.state.slow_statement is not None:
            self.leave_pane()
        elif self.state.shows_slow:
            self.action_slow()

    def action_slow(self) -> None:
        """The slow statements that were seen; the same key again goes back."""
        shows = self.state.shows_slow = not self.state.shows_slow
        self.leave_pane()
        self.FOCUS = "#slow" if shows else "#statements"
        self.set_class(shows, "-slow")
        self.set_focus(self.slow if shows else self.statements)
        self.show_all()
        self.refresh_now()
        self.refresh_bindings()

    def _ask(self) -> None:
        self.state.limit = ROWS_AT_FIRST
        self._figure()
        self.show_all()
        self.ask_texts()
        self.refresh_bindings()

    def action_window(self) -> None:
        self.state.next_window()
        self._ask()

    def action_columns(self) -> None:
        self.state.next_columns()
        self._ask()

    def action_own(self) -> None:
        """Shows what consoles ask by themselves, and counts it in shares, or leaves it out again."""
        self.state.with_own = not self.state.with_own
        self._ask()

    def action_group(self) -> None:
        self.state.next_grouping()
        self.leave_pane()
        self.statements.action_edge(-1)
        self._ask()

    def action_original(self) -> None:
        self.state.is_original = not self.state.is_original
        self._show_text()

    def action_plan(self) -> None:
        self.actions.plan(self.subject)

    def action_hand(self, name: str) -> None:
        self.actions.hand(self.subject, name)

    def action_reset(self, what: Literal["one", "all"]) -> None:
        if what == "all" or self._resettable is not None:
            self.actions.reset(None if what == "all" else self._resettable)

    def export_name(self, table: RecordTable) -> str:
        return f"statements {self.state.columns}" if table is self.statements else super().export_name(table)
