"""The engine: runs the steps of a plan under the lock, one after the other, and reports what happens.

A file is one transaction with its ledger row, sent in one pipeline: BEGIN, the settings, the statements, the ledger,
COMMIT. Whatever ends it, both are there or neither is. A file that says `no-transaction` is run by console.migrate.
stepwise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Collection, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from msgspec import Struct

from console import waiting
from console.errors import ConsoleError
from console.migrate import baseline, callbacks, ledger, migration_plan, mirror, refusal, repeatable, state, tenants
from console.migrate.directives import Requirement
from console.migrate.events import (
    Failed,
    FileFinished,
    FileStarted,
    Held,
    Listener,
    Notice,
    Retrying,
    RunStarted,
    StatementFinished,
    StatementStarted,
    ignore,
)
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks import claims
from console.migrate.identity import settle
from console.migrate.migration_plan import MigrationPlan, PlannedStep
from console.migrate.mirror import Mirrors
from console.migrate.prepare import Prepared
from console.migrate.records import (
    LedgerRow,
    MigrationFile,
    MigrationState,
    RunOptions,
    RunRange,
    RunReport,
    ServiceStatus,
    Step,
)
from console.migrate.run_lock import FILE_KEY, RunLock, locked_session
from console.migrate.run_plan import confirmed
from console.migrate.version import VersionKey, version_key
from console.migrate.watch import Running, Watcher
from console.server.script import ScriptCommand, ScriptFault, ScriptSession, StatementOutcome
from console.server.target import Target
from console.services import Service
from console.sql.splitter import ScriptStatement
from console.sql.transactions import sets_session

T = TypeVar("T")

RETRIED = ("55P03", "40P01")
"""lock_not_available and deadlock_detected: nothing is wrong with the file, another moment may do."""
RETRY_DELAY_S = (0.5, 10.0)
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
RESETS = ("RESET SESSION AUTHORIZATION", "RESET ROLE", "RESET ALL")
NOT_PREPARED = "26000"
"""invalid_sql_statement_name: the script has deallocated our prepared statements."""
RECORD_TIMEOUT_S = 5.0
_RESETS = tuple(map(ScriptCommand, RESETS))
_COMMIT = ScriptCommand("COMMIT")


async def run(target: Target, plan: MigrationPlan, on_event: Listener = ignore,
              options: RunOptions = RunOptions()) -> RunReport:
    """Runs exactly the steps of `plan`, by way of the target's direct connection where it has one.

    `on_event` is called for everything that happens, in order, from this task's loop. Raises PlanChanged, before
    anything is run, when under the lock the steps would be others; MigrationError (FileError where a file is to blame)
    when a step can't be done: what was committed before stays, and the ledger says so. Cancelling the task rolls the
    running file back.
    """
    return await _run(target, plan.services, plan.asked, plan, on_event, options)


async def plan_and_run(target: Target, services: Sequence[Service], asked: RunRange = RunRange(),
                       on_event: Listener = ignore, options: RunOptions = RunOptions()) -> RunReport:
    """Plans under the lock what is `asked` and runs it at once: for what shows its plan to nobody. Raises as `run`."""
    return await _run(target, services, asked, None, on_event, options)


async def _run(target: Target, services: Sequence[Service], asked: RunRange, shown: MigrationPlan | None,
               on_event: Listener, options: RunOptions) -> RunReport:
    started = time.perf_counter()
    target = target.direct()
    async with locked_session(target, wait_s=options.lock_wait_s, on_event=on_event) as (lock, session):
        await ledger.ensure(session)
        rows = await ledger.read_with_runs(session)
        services = await asyncio.to_thread(settle, await tenants.expanded(session, services), rows)
        await claims.check(session, services, rows, shown.beside if shown is not None else ())
        making = asyncio.to_thread(migration_plan.make, services, asked, rows, session.info.extensions, shown)
        plan = await (making if shown is None else confirmed(shown, making, session))
        mirrors = Mirrors.of(await mirror.read(session), plan.statuses)
        notes = (*(f"{status.service.name}: {note}" for status in plan.statuses for note in status.notes),
                 *mirrors.notes)
        on_event(RunStarted(tuple(planned.step for planned in plan.steps), plan.held, notes))
        await ledger.prepare(session, asked.direction)
        if any(planned.step.migration.is_repeatable for planned in plan.steps):
            await ledger.ensure_table(session, "repeatable")
        runner = Runner(target, session, options, on_event, plan.statuses, rows)
        runner.mirrors = mirrors
        async with whole_run(session):
            done = await guarded(lock, runner, runner.run_all(plan.steps, lock))
        return RunReport(tuple(done), tuple(runner.held), (time.perf_counter() - started) * 1000, notes,
                         tuple(runner.failed))


async def guarded(lock: RunLock, runner: Runner, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the lock is lost; the watcher lives as long."""
    watching = asyncio.ensure_future(runner.watcher.watch())
    try:
        return await waiting.while_lasting(work, lock.until_lost())
    finally:
        await waiting.ended(watching)


@asynccontextmanager
async def whole_run(session: ScriptSession) -> AsyncIterator[None]:
    """Holds the files' own key between them too, so that files may be sent ahead; a pooler's session can't."""
    if session.info.is_pooled:
        yield
        return
    with waiting.limited(None):  # until the server is done with what a run that was killed has left behind
        await session.execute(f"SELECT pg_catalog.pg_advisory_lock({FILE_KEY})")
    try:
        yield
    finally:
        await session.abandon()
        with suppress(ConsoleError):  # a connection that is lost has let go of it
            await session.execute(f"SELECT pg_catalog.pg_advisory_unlock({FILE_KEY})")


class Turn(Struct, frozen=True, eq=False):
    """Statements of a script as one transaction: `commands`, of which those before `before` set it up.

    `foreign` are those that come from callbacks, by their numbers.
    """

    step: Step
    script: Prepared
    statements: Sequence[ScriptStatement]
    first: int
    commands: Sequence[ScriptCommand]
    asked_pid: int
    before: int
    foreign: Mapping[int, tuple[Prepared, ScriptStatement]]


class Runner:
    """One run on one connection."""

    def __init__(self, target: Target, session: ScriptSession, options: RunOptions, on_event: Listener,
                 statuses: Sequence[ServiceStatus] = (), rows: Sequence[LedgerRow] = ()) -> None:
        self.target = target
        self.session = session
        self.options = options
        self.on_event = on_event
        self.held: list[MigrationState] = []
        self.failed: list[tuple[Step, FileError]] = []
        self.watcher = Watcher(target, on_event)
        self.pid = session.info.backend_pid
        self.mirrors = mirror.NONE
        self._committed: Turn | None = None
        self._begun: dict[str, set[str]] = {}
        self._extensions: Collection[str] = session.info.extensions
        self._services = {status.service.name: status.service for status in statuses}
        self._states = {(migration.service, migration.key): migration for status in statuses
                        for migration in status.migrations}
        self._applied: set[tuple[str, VersionKey]] = {(row.service, row.key) for row in rows if row.state == "applied"}
        self._places = baseline.places(statuses)

    async def run_all(self, chosen: Sequence[PlannedStep], lock: RunLock) -> list[Step]:
        """The steps that were done, in order."""
        done: list[Step] = []
        ahead: Turn | None = None
        for number, planned in enumerate(chosen, 1):
            step, script = planned.step, planned.script
            lock.check()
            if any(given_up.migration.service == step.migration.service for given_up, _ in self.failed):
                continue
            if step.direction == "up" and (reason := await self._waits_for(step)):
                self._hold(step, reason)
                await self._call_after(step, chosen[number:])
                continue
            try:
                await self.call_before(step)
                self.on_event(FileStarted(step, number, len(chosen), len(script.statements)))
                turn, ahead = ahead or await self.whole(step, script), None
                following = chosen[number] if number < len(chosen) else None
                if turn is not None and following is not None and self._may_follow(step, following.step):
                    ahead = await self.whole(following.step, following.script)
                elapsed_ms = await self.timed(step, self._perform(step, script, turn, ahead))
                node = (step.migration.service, step.migration.key)
                (self._applied.add if step.direction == "up" else self._applied.discard)(node)
                done.append(step)
                self.on_event(FileFinished(step, number, len(chosen), elapsed_ms))
                await self._call_after(step, chosen[number:])
            except FileError as error:
                if not self._goes_on_after(step):
                    raise
                self.failed.append((step, error))
                ahead = None
        return done

    async def call_before(self, step: Step) -> bool:
        """Runs the callbacks that come before this step and have not been run yet; whether there were any."""
        if not step.migration.callbacks:
            return False
        begun = self._begun.setdefault(step.migration.service, set())
        scripts = callbacks.before(step, begun)
        begun.update(callbacks.begins(step))
        await self._call(step, scripts)
        return bool(scripts)

    async def _call_after(self, step: Step, later: Sequence[PlannedStep]) -> None:
        service = step.migration.service
        if service in self._begun and all(planned.step.migration.service != service for planned in later):
            await self.call_after(step)

    async def call_after(self, step: Step) -> None:
        """Runs the callbacks that come after a service's last step, which this is."""
        begun = self._begun.get(step.migration.service, ())
        await self._call(step, callbacks.after(step.migration, step.direction, begun))

    async def _call(self, step: Step, scripts: Sequence[Prepared]) -> None:
        for script in scripts:
            path = script.script.path
            called = Step(MigrationFile(step.migration.service, path.stem, "", script.script, None,
                                        step.migration.tenant), "up")
            turn = self.turn(called, script, (), wraps=False)
            await self.timed(called, self.with_retries(turn))
            self.on_event(Notice(called, "NOTE", f"the callback {path.name} was run"))

    def _goes_on_after(self, step: Step) -> bool:
        """Whether the other tenants are still migrated where one's file has failed."""
        return (self.options.keep_going and step.migration.tenant is not None
                and not self.session.connection.closed)

    async def timed(self, step: Step, work: Awaitable[None]) -> float:
        """Does the work of one file and tells how many milliseconds it took, or what failed."""
        started = time.perf_counter()
        self.session.on_notice = lambda notice: self.on_event(Notice(step, notice.severity, notice.message))
        try:
            await work
        except FileError as error:
            self.on_event(Failed(step, error))
            raise
        finally:
            self.watcher.running = None
        return (time.perf_counter() - started) * 1000

    async def _perform(self, step: Step, script: Prepared, turn: Turn | None, ahead: Turn | None) -> None:
        if turn is not None:
            await self.with_retries(turn, ahead)
        else:
            from console.migrate import stepwise

            self.session.forget_prepared()
            await stepwise.run(self, step, script)

    async def whole(self, step: Step, script: Prepared, checks: Sequence[ScriptCommand] = ()) -> Turn | None:
        """The file as one transaction with its ledger row; None when it says no-transaction."""
        if not script.in_transaction:
            return None
        if step.direction == "down":
            records: Sequence[ScriptCommand] = ledger.reverted(step)
        elif step.migration.is_repeatable:
            before = await repeatable.look(self.session, script)
            records = repeatable.record(step, script, before, self._stale(step))
        else:
            records = ledger.applied(step, len(script.statements))
        return self.turn(step, script, (*checks, *records, *self.mirrors.commands(step)))

    def _stale(self, step: Step) -> Sequence[MigrationState]:
        """The repeatable files that are to be run again when this one is through."""
        file = step.migration
        mine = [each for each in self._states.values() if each.service == file.service]
        return repeatable.dependents(self._states[file.service, file.key], mine) if mine else ()

    def _may_follow(self, step: Step, following: Step) -> bool:
        """Whether `following` may be sent while `step` still runs: nothing has to be found out between them."""
        if self.session.info.is_pooled or step.migration.callbacks or following.migration.callbacks:
            return False
        if following.direction == "down":
            return True
        if following.migration.is_repeatable:
            return False
        file, before = following.migration, (step.migration.service, step.migration.key)
        needed = map(self._needed, file.up.directives.requires)
        return (not state.unmet_extensions(file, self._services[file.service].extensions, self._extensions)
                and all(pair == before or pair in self._applied for pair in needed))

    async def _waits_for(self, step: Step) -> str | None:
        """Why the file is left for later; an earlier file of this run may have made what it needs."""
        file, service = step.migration, self._services[step.migration.service]
        if state.unmet_extensions(file, service.extensions, self._extensions):
            rows = await self.session.execute("SELECT extname::pg_catalog.text FROM pg_catalog.pg_extension")
            self._extensions = [row[0] for row in rows]
        if missing := state.unmet_extensions(file, service.extensions, self._extensions):
            return state.waits_for(missing)
        for needed in file.up.directives.requires:
            if self._needed(needed) not in self._applied:
                return f"requires {needed.service}/{needed.version}, which is not applied"
        return None

    def _needed(self, needed: Requirement) -> tuple[str, VersionKey]:
        """What stands for it, where its own file is gone."""
        node = needed.service, version_key(needed.version)
        return self._places.get(node, node)

    def _hold(self, step: Step, reason: str) -> None:
        file = step.migration
        self.held.append(MigrationState(file.service, file.version, file.name, "held", file, step.row, reason))
        self.on_event(Held(step, reason))

    async def with_retries(self, turn: Turn, ahead: Turn | None = None) -> None:
        """The whole transaction again when it couldn't get a lock; nobody queues behind us meanwhile."""
        step, attempt = turn.step, 1
        while True:
            try:
                await self.perform(turn, ahead)
                break
            except FileError as error:
                if error.sqlstate == NOT_PREPARED and self.session.forget_prepared():
                    continue
                if not self.retries(error, attempt):
                    await self.record(ledger.event(step.migration, "failed", "\n".join(error.lines())))
                    raise
                await self.pause(step, error, attempt)
                attempt += 1
            except asyncio.CancelledError:
                if self._committed is not turn:
                    await self.record(ledger.event(step.migration, "interrupted",
                                                   f"{step.direction}: the run was stopped; the file was rolled back"))
                raise
        for statement in (statement for statement in turn.statements if sets_session(statement.sql)):
            self.on_event(Notice(step, "NOTE", f"line {statement.line}: {statement.summary}: lasts to the end of this "
                                               "file, then the session is as before"))

    def retries(self, error: FileError, attempt: int) -> bool:
        """Whether another try may help, and there is one left."""
        return error.sqlstate in RETRIED and attempt < self.options.attempts

    async def pause(self, step: Step, error: FileError, attempt: int) -> None:
        """Waits before the next try: twice as long each time, with jitter."""
        delay_s = waiting.jittered(waiting.backoff_s(attempt, *RETRY_DELAY_S))
        self.watcher.running = None
        self.on_event(Retrying(step, error.message, attempt + 1, self.options.attempts, delay_s))
        await asyncio.sleep(delay_s)

    def turn(self, step: Step, script: Prepared, records: Sequence[ScriptCommand],
             statements: Sequence[ScriptStatement] | None = None, first: int = 0,
             preceding: Sequence[ScriptStatement] = (), *, wraps: bool = True) -> Turn:
        """`statements` (None: all), of which the first is number `first` of the script, with their `records`.

        `preceding` set up the session for them; `wraps`: with the callbacks that stand around each migration.
        """
        called = callbacks.around(step) if wraps and step.migration.callbacks else ((), ())
        foreign: dict[int, tuple[Prepared, ScriptStatement]] = {}

        def call(scripts: Sequence[Prepared]) -> None:
            for callback in scripts:
                for statement in callback.statements:
                    foreign[len(commands)] = callback, statement
                    commands.append(ScriptCommand(statement.sql, None, True))

        statements = script.statements if statements is None else statements
        commands = [ScriptCommand(BEGIN), *self._settings(step, script)]
        asked_pid = len(commands) - 1
        commands += [ScriptCommand(statement.sql) for statement in preceding]
        call(called[0])
        before = len(commands)
        commands += [ScriptCommand(statement.sql, None, True) for statement in statements]
        call(called[1])
        commands += [*_RESETS, *records, _COMMIT]
        return Turn(step, script, statements, first, commands, asked_pid, before, foreign)

    async def transaction(self, step: Step, script: Prepared, statements: Sequence[ScriptStatement], first: int,
                          records: Sequence[ScriptCommand], preceding: Sequence[ScriptStatement] = ()) -> None:
        """Some statements of a script and what is to be recorded, or nothing at all. See `turn` and `perform`."""
        await self.perform(self.turn(step, script, records, statements, first, preceding))

    async def perform(self, turn: Turn, ahead: Turn | None = None) -> None:
        """One transaction; `ahead` is sent along with it and must be the next that is performed.

        Raises FileError where a statement, the ledger or the commit is refused.
        """
        step, statements, commands = turn.step, turn.statements, turn.commands
        total = len(turn.script.statements)
        began = time.perf_counter()

        def start(index: int) -> None:
            nonlocal began
            if index < len(statements):
                began = time.perf_counter()
                self.begin(step, statements[index], turn.first + index, total)

        def on_outcome(index: int, outcome: StatementOutcome) -> None:
            if index == turn.asked_pid:
                self.pid = int(outcome.rows[0][0] or 0)
            elif index == len(commands) - 1:
                self._committed = turn
            index -= turn.before
            if 0 <= index < len(statements):
                self.finish(step, statements[index], turn.first + index, total, outcome, began)
                start(index + 1)

        start(0)
        try:
            await self.session.transaction(commands, on_outcome, ahead.commands if ahead else None)
        except ScriptFault as fault:
            if fault.index in turn.foreign:
                callback, statement = turn.foreign[fault.index]
                raise refusal.of_statement(callback, statement, fault, self.watcher.last_waiting) from fault
            index = fault.index - turn.before
            if 0 <= index < len(statements):
                raise refusal.of_statement(turn.script, statements[index], fault, self.watcher.last_waiting) from fault
            from_end = len(commands) - 1 - fault.index
            raise refusal.of_ours(turn.script, fault, from_end if index < 0 else min(from_end, 2)) from fault
        finally:
            self.watcher.running = None

    def _settings(self, step: Step, script: Prepared) -> Iterator[ScriptCommand]:
        """The timeouts and the file's own lock, for the transaction alone; the last answers with the backend's pid.

        idle_in_transaction_session_timeout has no say inside a pipeline.
        """
        lock_ms = script.directives.lock_timeout_ms
        lock_ms = self.options.lock_timeout_ms if lock_ms is None else lock_ms
        yield ScriptCommand(f"SET LOCAL lock_timeout = {lock_ms:d}")
        yield ScriptCommand(f"SET LOCAL statement_timeout = {script.directives.statement_timeout_ms or 0:d}")
        if self.session.info.major >= 17:
            yield ScriptCommand("SET LOCAL transaction_timeout = 0")
        if step.migration.tenant is not None:
            yield ScriptCommand(tenants.search_path(step.migration.tenant, local=True))
        yield ScriptCommand(f"SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_advisory_xact_lock({FILE_KEY})", None,
                      self.session.info.is_pooled)

    def begin(self, step: Step, statement: ScriptStatement, index: int, total: int) -> None:
        """A statement is on its way."""
        self.watcher.running = Running(step, statement, self.pid, time.monotonic())
        self.on_event(StatementStarted(step, statement, index, total))

    def finish(self, step: Step, statement: ScriptStatement, index: int, total: int, outcome: StatementOutcome,
               began: float) -> None:
        """A statement is through."""
        self.on_event(StatementFinished(step, statement, index, total, outcome.tag, outcome.rows_affected,
                                        (time.perf_counter() - began) * 1000))

    async def undo_settings(self) -> None:
        """Takes back what was set for a statement outside a transaction."""
        await waiting.finish(self._undo())

    async def _undo(self) -> None:
        for reset in RESETS:
            await self.session.execute(reset)

    async def record(self, command: ScriptCommand) -> None:
        """Writes to the event log what happened to a file that was rolled back; losing that line is no error."""
        await waiting.finish(self._write(command))

    async def _write(self, command: ScriptCommand) -> None:
        try:
            await asyncio.wait_for(ledger.write(self.session, command), RECORD_TIMEOUT_S)
        except (ScriptFault, ConsoleError, TimeoutError):
            pass


__all__ = ["MigrationError", "Runner", "guarded", "plan_and_run", "run"]
