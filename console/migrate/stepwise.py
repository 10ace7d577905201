"""A file without a transaction: statement by statement, with the progress in the ledger.

Where a file's own BEGIN and COMMIT part it, each of its transactions is one with its progress. Elsewhere a statement
that can run in a transaction gets one of its own together with its progress, so both are done or neither.
The others (CREATE INDEX CONCURRENTLY, VACUUM, CALL...) run bare and their progress follows; should the runner die in
between, the retry finds out about indexes and repeats anything else. What a file sets for the session (search_path,
role) is set anew before each of its later statements and undone after each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from console.errors import ConsoleError
from console.migrate import batches, ledger, refusal
from console.migrate.events import Notice
from console.migrate.faults import FileError
from console.migrate.indexes import ConcurrentIndex, concurrent_index, indexes_of, relation_oid
from console.migrate.prepare import Prepared, runs_bare
from console.migrate.records import Step
from console.migrate.run_lock import check_one_more
from console.migrate.tenants import search_path
from console.server.preamble import undisturbed
from console.server.query import load
from console.server.script import ScriptCommand, ScriptFault, StatementOutcome
from console.sql.splitter import ScriptStatement
from console.sql.transactions import sets_session

if TYPE_CHECKING:
    from console.migrate.apply import Runner


class HashesRow(Struct, frozen=True):
    """sql/statement_hashes.sql as it comes."""

    hashes: list[str]
    duration_ms: float


_HASHES = load("console.migrate", "statement_hashes", HashesRow)


async def run(runner: Runner, step: Step, script: Prepared, checks: Sequence[ScriptCommand] = ()) -> None:
    """Runs the statements that are not done yet, those that can be in a transaction with `checks` before its commit.

    Raises FileError; the ledger then says failed and how far it came.
    """
    await _Progress(runner, step, script, checks).run()


class _Progress:
    def __init__(self, runner: Runner, step: Step, script: Prepared, checks: Sequence[ScriptCommand]) -> None:
        self.runner = runner
        self.session = runner.session
        self.step = step
        self.script = script
        self.checks = tuple(checks)
        self.hashes: list[str] = []
        self.total = len(script.statements)
        self.began = time.perf_counter()
        self.earlier_ms = 0.0
        self.resumes = step.row is not None and step.row.state != "applied"

    async def run(self) -> None:
        is_code = self.script.directives.command is not None
        if is_code and self.session.info.is_pooled:  # before the ledger says that it runs
            await check_one_more(self.runner.target, 2, self.runner.options.lock_wait_s)
        if self.resumes:
            await self._take_up()
        how = f"{self.step.direction}: " + (f"resumed after statement {len(self.hashes)} of {self.total}"
                                            if self.resumes else f"{self.total} statements")
        await self._write(self._record("running"), ledger.event(self.step.migration, "started", how))
        if self.script.blocks:
            self._say(f"its own COMMITs make {len(self.script.blocks)} transactions of it: what one has committed "
                      "stays where a later one fails")
        try:
            for end in self._ends():
                if end > len(self.hashes):
                    await self._block(len(self.hashes), end)
                    self.resumes = False
            if is_code:
                from console.migrate import code_step

                await code_step.run(self.runner, self.step)
            if not self.total:
                await self._write(*self._done())
        except FileError as error:
            message = "\n".join(error.lines())
            await self.runner.record(self._record("failed", message))
            await self.runner.record(ledger.event(self.step.migration, "failed", message))
            raise
        except asyncio.CancelledError:
            message = f"{self.step.direction}: the run was stopped at statement {len(self.hashes) + 1} of {self.total}"
            await self.runner.record(self._record("failed", message))
            await self.runner.record(ledger.event(self.step.migration, "interrupted", message))
            raise

    async def _take_up(self) -> None:
        """The hashes of what is done. Raises FileError when the file no longer begins with these statements."""
        row = self.step.row
        assert row is not None
        for found in await self.session.fetch(_HASHES, {"service": row.service, "version": row.version}):
            self.hashes, self.earlier_ms = found.hashes, found.duration_ms
        for number, digest in enumerate(self.hashes):
            if number >= self.total or self.script.statements[number].digest != digest:
                line = self.script.statements[number].line if number < self.total else None
                raise FileError(
                    self.script.script.path, f"statement {number + 1} is done, but the file has another one now",
                    line=line, hint="put the old statement back (what failed may be changed), or: "
                    "dbconsole migrate repair --help")

    def _ends(self) -> Iterator[int]:
        """Where each transaction ends: after every statement, or after those that the file's own COMMITs end."""
        return accumulate(self.script.blocks) if self.script.blocks else iter(range(1, self.total + 1))

    async def _block(self, index: int, end: int) -> None:
        statements = self.script.statements[index:end]
        statement = statements[0]
        preceding = tuple(statement for statement in self.script.statements[:index] if sets_session(statement.sql))
        if len(statements) == 1 and runs_bare(statement):
            await self._bare(statement, index, preceding)
            self.hashes.append(statement.digest)
            await self._write(*self._next(end))
            return
        self.hashes += [statement.digest for statement in statements]
        try:
            if self.script.directives.batches is not None:
                await batches.run(self.runner, self.step, self.script, (*self.checks, *self._next(end)))
                return
            for attempt in range(1, self.runner.options.attempts + 1):
                try:
                    await self.runner.transaction(self.step, self.script, statements, index,
                                                  (*self.checks, *self._next(end)), preceding)
                    return
                except FileError as error:
                    if not self.runner.retries(error, attempt):
                        raise
                    await self.runner.pause(self.step, error, attempt)
        except BaseException:
            del self.hashes[index:]
            raise

    async def _bare(self, statement: ScriptStatement, index: int, preceding: Sequence[ScriptStatement]) -> None:
        """Outside a transaction; only a connection of our own can be given timeouts, and takes them back afterwards."""
        runner = self.runner
        is_ours = not self.session.info.is_pooled
        if self.step.migration.tenant is not None and not is_ours:
            raise FileError(self.script.script.path, "runs without a transaction in a tenant's schema, which holds for "
                            "nothing behind a pooler", line=statement.line, hint="give the target a direct_dsn")
        if preceding and not is_ours:
            raise FileError(self.script.script.path, f"{preceding[0].summary}: holds for nothing behind a pooler",
                            line=preceding[0].line, hint="qualify the names, or give the target a direct_dsn")
        began = time.perf_counter()
        runner.begin(self.step, statement, index, self.total)
        built = concurrent_index(statement)
        try:
            if is_ours:
                await self.session.execute(*self._limits(statement),
                                           *(script_statement.sql for script_statement in preceding))
            if built is not None and await self._is_done(built, statement):
                outcome = StatementOutcome("found done", None)
            else:
                outcome = await self.session.statement(statement.sql)
            if built is not None and built.action == "create":
                await self._check_valid(built, statement)
        except ScriptFault as fault:
            refused = refusal.of_statement(self.script, statement, fault, runner.watcher.last_waiting)
            raise await self._explained(refused, built) from fault
        except FileError:
            raise
        except ConsoleError as error:
            raise refusal.of_statement(self.script, statement, ScriptFault(0, error), None) from error
        finally:
            runner.watcher.running = None
            if is_ours and not self.session.connection.closed:
                await runner.undo_settings()
        runner.finish(self.step, statement, index, self.total, outcome, began)

    def _limits(self, statement: ScriptStatement) -> tuple[str, ...]:
        """A lock_timeout inside a concurrent build would leave it half done: there is none."""
        given = self.script.directives.lock_timeout_ms
        lock_ms = self.runner.options.lock_timeout_ms if given is None else given
        if "CONCURRENTLY" in statement.words:
            lock_ms = 0
        statement_ms = self.script.directives.statement_timeout_ms or 0
        limits = [("lock_timeout", lock_ms), ("statement_timeout", statement_ms)]
        tenant = self.step.migration.tenant
        return (*undisturbed(self.session.info.major), *(f"SET {name} = {value:d}" for name, value in limits),
                *((search_path(tenant, local=False),) if tenant is not None else ()))

    async def _is_done(self, built: ConcurrentIndex, statement: ScriptStatement) -> bool:
        """Clears away what an earlier try left; whether that try had come to its end."""
        if built.action == "drop":
            return self.resumes and await relation_oid(self.session, built.relation) is None
        found = await indexes_of(self.session, built.relation)
        deadline = time.monotonic() + self.runner.options.lock_wait_s
        while builder := next((row for row in found if built.is_leftover(row) and row.builder_pid), None):
            if time.monotonic() > deadline:
                raise FileError(self.script.script.path, f"the index {builder.quoted} is being built at this moment",
                                line=statement.line, hint=f"by pid {builder.builder_pid}: wait for it, or end it")
            self._say(f"waits for pid {builder.builder_pid}, which is building {builder.quoted}")
            await asyncio.sleep(1)
            found = await indexes_of(self.session, built.relation)
        for index in filter(built.is_leftover, found):
            self._say(f"the index {index.quoted} is not valid, a try that failed has left it: it is dropped and built "
                      "anew")
            await self.session.statement(f"DROP INDEX CONCURRENTLY {index.quoted}")
        return self.resumes and built.action == "create" and any(
            row.is_valid and row.name == built.name for row in found)

    async def _check_valid(self, built: ConcurrentIndex, statement: ScriptStatement) -> None:
        found = await indexes_of(self.session, built.relation)
        if wrong := next((row for row in found if built.is_leftover(row)), None):
            raise FileError(self.script.script.path, f"the index {wrong.quoted} is not valid after its build",
                            line=statement.line, hint="run up again: it is dropped and built anew")

    async def _explained(self, error: FileError, built: ConcurrentIndex | None) -> FileError:
        """The error, with the name of the invalid index that the statement has left."""
        if built is None or built.action == "drop" or self.session.connection.closed:
            return error
        try:
            left = [row.quoted for row in await indexes_of(self.session, built.relation) if built.is_leftover(row)]
        except ConsoleError:
            return error
        if not left:
            return error
        return FileError(error.path, error.message, line=error.line, column=error.column, sqlstate=error.sqlstate,
                         detail=f"{error.detail}\nit left the invalid index {', '.join(left)}",
                         hint="put right what the message says and run again: the index is dropped and built anew")

    def _next(self, end: int) -> tuple[ScriptCommand, ...]:
        return self._done() if end == self.total else (self._record("running"),)

    def _done(self) -> tuple[ScriptCommand, ...]:
        mirrored = self.runner.mirrors.commands(self.step)
        if self.step.direction == "down":
            return (*ledger.reverted(self.step), *mirrored)
        return (self._record("applied"), ledger.event(self.step.migration, "applied", None, self._elapsed_ms,
                                                      self.step.migration.up.checksum), *mirrored)

    @property
    def _elapsed_ms(self) -> float:
        return self.earlier_ms + (time.perf_counter() - self.began) * 1000

    def _record(self, state: str, error: str | None = None) -> ScriptCommand:
        return ledger.progress(self.step, state, self.hashes, self.total, self._elapsed_ms, error)

    async def _write(self, *commands: ScriptCommand) -> None:
        try:
            await ledger.write(self.session, *commands)
        except ScriptFault as fault:
            raise FileError(self.script.script.path, f"while writing the ledger: {fault.fault.summary}",
                            sqlstate=fault.sqlstate, detail=fault.fault.detail, hint=fault.fault.hint) from fault

    def _say(self, message: str) -> None:
        self.runner.on_event(Notice(self.step, "NOTE", message))
