"""Query: a person's own SQL, run on a connection of its own, read-only until the target is unlocked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.worker import Worker

from console.errors import ConsoleError, ServerError, UsageError
from console.server.explain import ExplainRequest
from console.server.interactive import Interactive
from console.sql import dialects, statements
from console.sql.layout import formatted
from console.sql.statements import Piece
from console.text import format as fmt
from console.ui.bindings import TABS, bindings
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.open_plan import open_plan
from console.ui.dialogs.unlock import word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key
from console.ui.plan_page import PlanPage
from console.ui.screens.query.completing import Completer
from console.ui.screens.query.dialogs import SweepDialog, history_dialog
from console.ui.screens.query.editor import Offered, SqlEditor
from console.ui.screens.query.exporting import of_outcome
from console.ui.screens.query.history import StatementHistory
from console.ui.screens.query.results import QueryOutcome, Results, ResultTable
from console.ui.screens.schemas.values import RowDialog
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view import query

TIME_LIMITS_MS = (1_000, 5_000, 30_000, 300_000, 1_800_000, 0)
CLOCK_EVERY_S = 0.5
READ_ONLY_SQL_TRANSACTION = "25006"


class QueryScreen(ConsoleScreen):
    """An editor above, below it what the statements answered."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#editor"
    BINDINGS = bindings("query", borrow=TABS, words={"tabs.previous": "results"})

    def __init__(self) -> None:
        super().__init__()
        self.sql: Interactive | None = None
        self.history: StatementHistory | None = None
        self.running: Piece | None = None
        self._running_since_s = 0.0
        self._work: Worker[None] | None = None

    def body(self) -> ComposeResult:
        offered = Offered()
        yield StatusLine(id="status")
        yield SqlEditor(Completer(self.connection.session), offered, id="editor")
        yield Results(id="results")
        yield offered

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(CLOCK_EVERY_S, self._tick)
        self.query_one(Results).show()

    async def on_unmount(self) -> None:
        console_app(self).held.pop("query", None)
        if self.sql is not None:
            await self.sql.close()

    @property
    def editor(self) -> SqlEditor:
        return self.query_one(SqlEditor)

    @property
    def results(self) -> Results:
        return self.query_one(Results)

    def receive(self, subject: object) -> None:
        """SQL from another screen, not run: below what is there already, unless it is among that."""
        if isinstance(subject, str):
            if (place := self.editor.text.find(subject.strip())) >= 0:
                self.editor.move_cursor(self.editor.location_of(place))
                self.editor.focus()
                return
            before = self.editor.text.rstrip()
            if before and not before.endswith(";"):
                before += ";"
            self.editor.set_text(f"{before}\n\n{subject}" if before else subject)
            self.editor.focus()

    # showing

    def show_state(self) -> None:
        super().show_state()
        if self.is_ready:
            self._show_status()

    def _tick(self) -> None:
        if self.is_current and (self.running is not None or (self.sql is not None and self.sql.transaction != "none")):
            self._show_status()

    def _show_status(self) -> None:
        sql = self.sql
        transaction = sql.transaction if sql is not None else "none"
        held = console_app(self).held
        if transaction == "none":
            held.pop("query", None)
        elif sql is not None and not sql.is_in_read_only_transaction:
            held["query"] = "A transaction is open on the Query screen: what it has done will be rolled back."
        running_s = None if self.running is None else time.monotonic() - self._running_since_s
        self.query_one("#status", StatusLine).show(query.status(
            read_only=self._is_read_only, manual=sql is not None and sql.manual, transaction=transaction,
            is_old_read_only=sql is not None and sql.is_in_read_only_transaction,
            open_s=time.monotonic() - sql.began_s if sql is not None else 0.0,
            timeout_ms=self._timeout_ms, running_s=running_s,
            statement=self.running.text if self.running is not None else "", key=key))

    @property
    def _is_read_only(self) -> bool:
        info = self.connection.info
        return self.connection.read_only or (info is not None and info.is_standby)

    @property
    def _timeout_ms(self) -> int:
        if self.sql is not None:
            return self.sql.timeout_ms
        return self.connection.target.statement_timeout_ms if self.connection.target is not None else 0

    # running

    def _interactive(self) -> Interactive:
        """The connection of this screen's own. Raises ConsoleError while there is no target."""
        target = self.connection.target
        if self.connection.playback is not None:
            raise ConsoleError("this is a recording: there is no server behind it")
        if target is None:
            raise ConsoleError(f"{self.connection.label}: not connected yet")
        if self.sql is None:
            self.sql = Interactive(target)
        self.sql.read_only = self._is_read_only
        return self.sql

    @property
    def _history(self) -> StatementHistory:
        if self.history is None:
            self.history = StatementHistory(self.connection.label)
        return self.history

    def action_run(self) -> None:
        """The statement that the cursor is on; of a selection, all that is in it."""
        editor = self.editor
        if selected := editor.selected_text.strip():
            start = min(editor.selection.start, editor.selection.end)
            base = sum(len(editor.document.get_line(line)) + 1 for line in range(start[0])) + start[1]
            lead = len(editor.selected_text) - len(editor.selected_text.lstrip())
            self._start(statements.pieces(selected), base + lead)
        elif (piece := statements.at(statements.pieces(editor.text), editor.offset_of_cursor)) is not None:
            self._start((piece,), 0)

    def action_run_all(self) -> None:
        """All statements, one after the other, to the first that fails."""
        self._start(statements.pieces(self.editor.text), 0)

    def _start(self, pieces: Sequence[Piece], base: int) -> None:
        if pieces and self.running is None:
            self.editor.hide_offered()
            self._work = self.run_worker(self._run(pieces, base), group="run", exclusive=True, exit_on_error=False)

    async def _run(self, pieces: Sequence[Piece], base: int) -> None:
        self.editor.show_wrong(None)
        self.results.begin()
        try:
            for number, piece in enumerate(pieces, 1):
                if piece.sweeps and not self._is_read_only and not await self._agrees(piece):
                    return
                outcome = await self._run_one(piece)
                if outcome.error is not None:
                    outcome.not_run = len(pieces) - number
                    if self.is_mounted:
                        self.results.show()
                    position = getattr(outcome.error, "position", None)
                    if position is not None:
                        self.editor.show_wrong(base + piece.offset + position - 1)
                    return
        finally:
            self.running = None
            if self.is_mounted:
                self._show_status()
                self.refresh_bindings()

    async def _agrees(self, piece: Piece) -> bool:
        target = self.connection.target
        assert target is not None
        answer: bool | None = await self.app.push_screen_wait(SweepDialog(piece, target.label, word_to_type(target)))
        return answer is True

    async def _run_one(self, piece: Piece) -> QueryOutcome:
        outcome = QueryOutcome(piece)
        self.running, self._running_since_s = piece, time.monotonic()
        self._show_status()
        self.refresh_bindings()
        try:
            if piece.refusal:
                raise UsageError(piece.refusal)
            outcome.result = await self._interactive().run(piece.command)
            outcome.take(outcome.result.rows)
            outcome.more = outcome.result.more
        except ConsoleError as error:
            outcome.error = error
            if isinstance(error, ServerError):
                await asyncio.to_thread(dialects.explain_syntax, error, piece.text)
                if error.sqlstate == READ_ONLY_SQL_TRANSACTION and self._is_read_only:
                    error.hint = f"{key('app.unlock')} unlocks the target for writing, after a question"
        except Exception as error:  # a mistake of ours must not look like a statement that was cancelled
            logging.getLogger(__name__).exception("running a statement")
            outcome.error = ConsoleError(f"{type(error).__name__}: {error}", hint="please report this")
        finally:
            self._forget_older()
            if self.is_mounted:
                self.results.add(outcome)
        elapsed_ms = outcome.result.elapsed_ms if outcome.result is not None else None
        self._history.add(piece.text, elapsed_ms, worked=outcome.error is None)
        if not piece.command.is_query and outcome.error is None:
            self.editor.completer.forget()
        return outcome

    def _forget_older(self) -> None:
        """What older results had left to read has been given up."""
        for outcome in self.results.outcomes:
            outcome.is_given_up, outcome.more = outcome.is_given_up or outcome.more, False

    async def on_result_table_near_end(self, event: ResultTable.NearEnd) -> None:
        outcome = self.results.outcome
        if outcome is not None and outcome.more and not outcome.is_full and not outcome.is_reading \
                and self.running is None and self.sql is not None:
            outcome.is_reading = True
            self.run_worker(self._read_more(outcome), group="more", exclusive=True, exit_on_error=False)

    async def _read_more(self, outcome: QueryOutcome) -> None:
        assert self.sql is not None
        try:
            outcome.take(await self.sql.more())
            outcome.more = self.sql.has_more
        except ConsoleError as error:
            outcome.is_given_up, outcome.more = True, False
            console_app(self).show_error(error)
        finally:
            outcome.is_reading = False
        if self.results.outcome is outcome:
            self.results.show()

    # transactions

    def action_end(self, how: str) -> None:
        text = "COMMIT" if how == "commit" else "ROLLBACK"
        self._start(statements.pieces(text), 0)

    def action_mode(self) -> None:
        """Autocommit, or transactions that the person ends."""
        try:
            sql = self._interactive()
        except ConsoleError as error:
            console_app(self).show_error(error)
            return
        if sql.transaction != "none":
            console_app(self).show_error(ConsoleError("a transaction is open", hint=(
                f"{key('query.commit')} commits it, {key('query.rollback')} rolls it back")))
            return
        sql.manual = not sql.manual
        ends = f"{key('query.commit')} or {key('query.rollback')}"
        console_app(self).tell(f"statements stay in a transaction until {ends}" if sql.manual else
                               "each statement is its own transaction")
        self._show_status()

    def action_limit(self) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                try:
                    self._interactive().timeout_ms = int(key)
                except ConsoleError as error:
                    console_app(self).show_error(error)
                self._show_status()

        offered = [Choice(str(number), fmt.duration(number / 1000) if number else "none") for number in
                   sorted({*TIME_LIMITS_MS, self._timeout_ms}, key=lambda ms: ms or 1 << 40)]
        self.app.push_screen(ChooseDialog("Time limit of a statement", offered, current=str(self._timeout_ms)), chosen)

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if action == "cancel":
            return self.running is not None and self.app.screen is self
        waiting = self.has_class("-waiting")
        match action:
            case "run" | "run_all" | "explain" | "format" | "open_plan" | "history" | "limit":
                return not waiting and self.running is None
            case "mode":
                return not waiting and self.running is None and (self.sql is None or self.sql.transaction == "none")
            case "edit":
                return self.focused is not self.editor
            case "end":
                return self.running is None and self.sql is not None and self.sql.transaction != "none"
            case "move_tab":
                return len(self.results.outcomes) > 1
            case "filter":
                return self.focused is not self.editor and self.results.table.display
            case "export":
                outcome = self.results.outcome
                return self.focused is not self.editor and outcome is not None and bool(outcome.columns)
        return super().check_action(action, parameters)

    def action_cancel(self) -> None:
        """Cancels the statement on the server; what is left of a script isn't run."""
        if self._work is not None:
            self._work.cancel()

    def action_edit(self) -> None:
        self.editor.focus()

    def on_sql_editor_left(self, event: SqlEditor.Left) -> None:
        results = self.results
        (results.table if results.table.display else results.messages).focus()

    def action_move_tab(self, step: int) -> None:
        count = len(self.results.outcomes)
        self.results.activate((self.results.active + step) % count)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.results.activate(event.index)

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        outcome = self.results.outcome
        if event.table is self.results.table and outcome is not None:
            number = int(event.row.key)
            self.app.push_screen(RowDialog(f"row {fmt.count(number)}", outcome, outcome.whole(number)))

    def action_format(self) -> None:
        """Lays out the statement that the cursor is on, where that changes nothing but its looks."""
        editor = self.editor
        piece = statements.at(statements.pieces(editor.text), editor.offset_of_cursor)
        if piece is None:
            return
        laid_out = formatted(piece.text)
        if laid_out == piece.text:
            console_app(self).tell("it stays as it is")
            return
        editor.put(laid_out, editor.location_of(piece.offset), editor.location_of(piece.end))

    def action_history(self) -> None:
        entries = list(self._history.entries)

        def chosen(key: str | None) -> None:
            if key is not None:
                self.receive(entries[int(key)].sql)

        self.app.push_screen(history_dialog(entries), chosen)

    def action_explain(self) -> None:
        piece = statements.at(statements.pieces(self.editor.text), self.editor.offset_of_cursor)
        if piece is not None:
            text, is_run = statements.explained(piece.text)
            request = ExplainRequest(statement=text, analyze=is_run, timeout_ms=max(self._timeout_ms, 30_000),
                                     settings=self.sql.settings if self.sql is not None else {})
            self.app.push_screen(PlanPage(request, text[:200]))

    def action_open_plan(self) -> None:
        open_plan(console_app(self))

    def action_export(self) -> None:
        if (outcome := self.results.outcome) is not None:
            self.app.push_screen(of_outcome(self.connection.session, outcome, self.results.table.table, self.sql))
