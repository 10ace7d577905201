"""What a person does with SQL: run it on a connection of the screen's own, end transactions, explain, export."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from textual.message import Message
from textual.worker import Worker

from console.errors import ConsoleError, ServerError, UsageError
from console.server.effects import Acts
from console.server.explain import ExplainRequest
from console.server.interactive import Interactive, QueryResult
from console.sql import dialects, statements
from console.sql.statements import Piece
from console.text import format as fmt
from console.ui.dialogs import allow
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.open_plan import open_plan
from console.ui.dialogs.unlock import word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.keymap import key
from console.ui.plan_page import PlanPage
from console.ui.screens.query.dialogs import SweepDialog, history_dialog
from console.ui.screens.query.exporting import of_outcome
from console.ui.screens.query.history import StatementHistory
from console.ui.screens.query.state import QueryOutcome, QueryState
from console.ui.widgets.painting import console_app
from console.view.table import Table

TIME_LIMITS_MS = (1_000, 5_000, 30_000, 300_000, 1_800_000, 0)
LEAST_FOR_A_PLAN_MS = 30_000
TITLE_CHARACTERS = 200
READ_ONLY_SQL_TRANSACTION = "25006"


class QueryActions:
    """The actions of one screen. They write what is answered into `state`, work through the screen's host, and answer
    by messages."""

    class Begun(Message):
        """Statements are run from now on."""

    class Progressed(Message):
        """Something else runs, was answered or is in force: the state has changed."""

    class Wrong(Message):
        """A statement has failed at this place of the text, in characters from its start."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class CatalogChanged(Message):
        """A statement may have changed which names there are."""

    class Recalled(Message):
        """A statement of the past was chosen."""

        def __init__(self, sql: str) -> None:
            super().__init__()
            self.sql = sql

    def __init__(self, screen: ConsoleScreen, state: QueryState) -> None:
        self.work: Worker[None] | None = None
        """The last run of statements."""
        self._screen = screen
        self._state = state
        self._known_history: StatementHistory | None = None

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    @property
    def _history(self) -> StatementHistory:
        if self._known_history is None:
            self._known_history = StatementHistory(self._screen.connection.label)
        return self._known_history

    # the connection

    @property
    def is_read_only(self) -> bool:
        connection = self._screen.connection
        return connection.read_only or (connection.info is not None and connection.info.is_standby)

    @property
    def timeout_ms(self) -> int:
        """The time limit of a statement; 0 for none."""
        if self._state.sql is not None:
            return self._state.sql.timeout_ms
        target = self._screen.connection.target
        return target.statement_timeout_ms if target is not None else 0

    def _interactive(self) -> Interactive:
        """The connection of this screen's own. Raises ConsoleError while there is no target."""
        connection = self._screen.connection
        if connection.playback is not None:
            raise ConsoleError("this is a recording: there is no server behind it")
        if connection.target is None:
            raise ConsoleError(f"{connection.label}: not connected yet")
        if self._state.sql is None:
            self._state.sql = Interactive(connection.target)
        self._state.sql.read_only = self.is_read_only
        return self._state.sql

    async def close(self) -> None:
        """Ends the connection, and with it what is open on it."""
        if self._state.sql is not None:
            await self._state.sql.close()

    # running

    def run(self, pieces: Sequence[Piece], base: int = 0) -> None:
        """Runs these one after the other, to the first that fails. `base`: where in the text their offsets begin."""
        if pieces and self._state.running is None:
            self._screen.post_message(self.Begun())
            self.work = self._screen.run_worker(self._run(pieces, base), group="run", exclusive=True,
                                                exit_on_error=False)

    def cancel(self) -> None:
        """Cancels the statement on the server; what is left of a script isn't run."""
        if self.work is not None:
            self.work.cancel()

    def _progressed(self) -> None:
        self._screen.post_message(self.Progressed())

    async def _run(self, pieces: Sequence[Piece], base: int) -> None:
        self._state.begin()
        self._progressed()
        try:
            for number, piece in enumerate(pieces, 1):
                if piece.sweeps and not self.is_read_only and not await self._agrees(piece):
                    return
                outcome = await self._run_one(piece)
                if outcome.error is not None:
                    outcome.not_run = len(pieces) - number
                    position = getattr(outcome.error, "position", None)
                    if position is not None:
                        self._screen.post_message(self.Wrong(base + piece.offset + position - 1))
                    return
        finally:
            self._state.running = None
            self._progressed()

    async def _agrees(self, piece: Piece) -> bool:
        target = self._screen.connection.target
        assert target is not None
        with self._asking():
            word = word_to_type(self._screen.connection)
            answer = await SweepDialog(piece, target.label, word).ask(self._screen.app)
        return answer is True

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """While this lasts nothing runs, and nothing says so; the time of what comes then begins anew."""
        self._state.is_asking = True
        self._progressed()
        try:
            yield
        finally:
            self._state.is_asking, self._state.running_since_s = False, time.monotonic()
            self._progressed()

    async def _run_one(self, piece: Piece) -> QueryOutcome:
        outcome = QueryOutcome(piece)
        self._state.running, self._state.running_since_s = piece, time.monotonic()
        self._progressed()
        try:
            if piece.refusal:
                raise UsageError(piece.refusal)
            outcome.result = await self._answer(piece)
            outcome.take(outcome.result.rows)
            outcome.more = outcome.result.more
        except ConsoleError as error:
            outcome.error = error
            await self._explain_error(error, piece)
        except Exception as error:  # a mistake of ours must not look like a statement that was cancelled
            logging.getLogger(__name__).exception("running a statement")
            outcome.error = ConsoleError(f"{type(error).__name__}: {error}", hint="please report this")
        finally:
            self._state.add(outcome)
            self._progressed()
        elapsed_ms = outcome.result.elapsed_ms if outcome.result is not None else None
        self._history.add(piece.text, elapsed_ms, worked=outcome.error is None)
        if not piece.command.is_query and outcome.error is None:
            self._screen.post_message(self.CatalogChanged())
        return outcome

    async def _answer(self, piece: Piece) -> QueryResult:
        """What the server answers. What acts although it is read-only is run once where a person allows it."""
        sql = self._interactive()
        try:
            return await sql.run(piece.command)
        except Acts as refusal:
            with self._asking():
                names = await allow.allowed(self._screen.app, refusal, sql.target, piece.text)
            return await sql.run(piece.command, names)

    async def _explain_error(self, error: ConsoleError, piece: Piece) -> None:
        """Adds what may help: another database's syntax by name, how to write where only reading is allowed."""
        if isinstance(error, ServerError):
            await asyncio.to_thread(dialects.explain_syntax, error, piece.text)
            if error.sqlstate == READ_ONLY_SQL_TRANSACTION and self.is_read_only:
                error.hint = f"{key('app.unlock')} unlocks the target for writing, after a question"

    def read_more(self) -> None:
        """Reads more rows of what is shown, where there are any and they may be held."""
        outcome = self._state.outcome
        if outcome is not None and self._state.wants_more:
            outcome.is_reading = True
            self._screen.run_worker(self._read_more(outcome), group="more", exclusive=True, exit_on_error=False)

    async def _read_more(self, outcome: QueryOutcome) -> None:
        sql = self._state.sql
        assert sql is not None
        try:
            outcome.take(await sql.more())
            outcome.more = sql.has_more
        except ConsoleError as error:
            outcome.is_given_up, outcome.more = True, False
            self._host.show_error(error)
        finally:
            outcome.is_reading = False
            self._progressed()

    # transactions and limits

    def end(self, how: Literal["commit", "rollback"]) -> None:
        """Ends the transaction."""
        self.run(statements.pieces("COMMIT" if how == "commit" else "ROLLBACK"))

    def switch_mode(self) -> None:
        """Autocommit, or transactions that the person ends."""
        try:
            sql = self._interactive()
            if sql.transaction != "none":
                raise ConsoleError("a transaction is open", hint=(
                    f"{key('query.commit')} commits it, {key('query.rollback')} rolls it back"))
        except ConsoleError as error:
            self._host.show_error(error)
            return
        sql.manual = not sql.manual
        ends = f"{key('query.commit')} or {key('query.rollback')}"
        self._host.tell(f"statements stay in a transaction until {ends}" if sql.manual else
                        "each statement is its own transaction")
        self._progressed()

    def choose_limit(self) -> None:
        """Asks for another time limit."""
        def chosen(choice: str | None) -> None:
            if choice is not None:
                try:
                    self._interactive().timeout_ms = int(choice)
                except ConsoleError as error:
                    self._host.show_error(error)
                self._progressed()

        offered = [Choice(str(number), fmt.duration(number / 1000) if number else "none") for number in
                   sorted({*TIME_LIMITS_MS, self.timeout_ms}, key=lambda ms: ms or 1 << 40)]
        self._host.push_screen(
            ChooseDialog("Time limit of a statement", offered, current=str(self.timeout_ms)), chosen)

    # elsewhere

    def recall(self) -> None:
        """Offers the statements of the past."""
        entries = list(self._history.entries)

        def chosen(choice: str | None) -> None:
            if choice is not None:
                self._screen.post_message(self.Recalled(entries[int(choice)].sql))

        self._host.push_screen(history_dialog(entries), chosen)

    def explain(self, piece: Piece) -> None:
        """Shows the plan; ANALYZE where the statement says so itself."""
        text, is_run = statements.explained(piece.text)
        sql = self._state.sql
        request = ExplainRequest(statement=text, analyze=is_run, timeout_ms=max(self.timeout_ms, LEAST_FOR_A_PLAN_MS),
                                 settings=sql.settings if sql is not None else {})
        self._host.push_screen(PlanPage(request, text[:TITLE_CHARACTERS]))

    def open_plan(self) -> None:
        open_plan(self._host)

    def export(self, shown: Table) -> None:
        """Writes all rows of what is shown to a file; `shown` are those that are here."""
        if (outcome := self._state.outcome) is not None:
            self._host.push_screen(of_outcome(self._screen.connection.session, outcome, shown, self._state.sql))
