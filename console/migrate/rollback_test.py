"""One scratch database in which migrations are proved one after the other: up, down and up again, with the catalog read
after each. What goes wrong is told and undone by building the database anew, so that the next file stands on what it
should.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate import differences, ledger, repeatable, state, stepwise
from console.migrate.apply import NOT_PREPARED, Runner, Turn
from console.migrate.cluster_objects import CHANGED, ClusterGuard, needs_own_cluster
from console.migrate.differences import CatalogComparison
from console.migrate.events import ignore
from console.migrate.faults import FileError, MigrationError
from console.migrate.fingerprint import Fingerprint, RepeatedFingerprint
from console.migrate.prepare import Prepared, prepare
from console.migrate.records import MigrationFile, RunOptions, Step
from console.migrate.scratch_setup import AGE, make_ready
from console.migrate.version import VersionKey, version_key
from console.server.script import ScriptCommand, ScriptFault, ScriptSession, script_session
from console.server.target import Target
from console.services import Service
from console.sql.quoting import identifier, literal

Status = Literal["proved", "differs", "failed", "skipped"]
Node = tuple[str, VersionKey]
STATEMENT_TIMEOUT_MS = 120_000
_FAILED = "failed"


class Proof(Struct, frozen=True):
    """What came of one migration. `differences` are sentences, of a failed one the server's message with its place.

    `reason` says why it was skipped, `is_accepted` that the file itself says so; `notes` are worth a word and no
    failure: rows that the down loses, columns in another order. `where` is the place of the proof, in words.
    """

    file: MigrationFile
    status: Status
    differences: tuple[str, ...] = ()
    reason: str = ""
    is_accepted: bool = False
    notes: tuple[str, ...] = ()
    where: str = ""
    duration_ms: float = 0.0


class NeedsOwnCluster(Exception):
    """The file changes what the cluster shares, and this place is in a cluster of somebody's."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Place(Struct, frozen=True):
    """Where to prove: `fresh` makes the database that the files stand on, `drop` removes one of those.

    `is_shared`: others use the cluster, so nothing that belongs to all of it may change.
    """

    words: str
    is_shared: bool
    fresh: Callable[[], Awaitable[Target]]
    drop: Callable[[Target], Awaitable[None]]


OwnCluster = Callable[[], AbstractAsyncContextManager[Target]]
"""Starts a throwaway cluster that is gone after the block."""


@asynccontextmanager
async def apart(own_cluster: OwnCluster) -> AsyncIterator[Place]:
    """A place of our own: one throwaway cluster after the other, since roles outlive a database. The last is gone after
    the block."""
    async with AsyncExitStack() as stack:
        async def fresh() -> Target:
            await stack.aclose()
            return await stack.enter_async_context(own_cluster())

        async def drop(target: Target) -> None:
            await stack.aclose()

        yield Place("a throwaway cluster", False, fresh, drop)


class ScratchRun(Struct):
    """A scratch database with what is applied in it. To be closed before it is cloned or dropped."""

    place: Place
    services: Mapping[str, Service]
    """By name: they know which extensions a service as a whole needs, what a database needs before their files, and
    whether every file needs a way down."""
    made_by_files: frozenset[str] = frozenset()
    """The extensions that a file creates, at its turn; all others may be created as soon as a file waits for them."""
    is_copy: bool = False
    """Whether what `place.fresh` makes is a copy of a database that was made ready already."""
    done: list[MigrationFile] = field(default_factory=list)
    missing: dict[Node, str] = field(default_factory=dict)
    """What isn't there though its turn has come, with the reason."""
    target: Target | None = None
    current: Fingerprint | None = None
    """The catalog as it is; None: to be read when it is asked for."""
    _before: int = 0
    _runner: Runner | None = None
    _fingerprint: RepeatedFingerprint | None = None
    _guard: ClusterGuard | None = None
    _ahead: tuple[MigrationFile, Prepared, Turn] | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self) -> None:
        """Makes the database and connects. Raises ConsoleError."""
        self._before = len(self.done)
        await self._connect()
        self.current = None

    async def close(self) -> None:
        """Disconnects; the database stays."""
        await self._stack.aclose()
        self._runner = None

    async def rebuild(self) -> None:
        """The same files in a new database. Raises ConsoleError."""
        old, again = self.target, self.done[self._before:]
        await self.close()
        if old is not None:
            await self.place.drop(old)
        self.target = None
        await self._connect()
        for file in again:
            await self.provide(file)
            await self.run(file, "up")
        self.current = None

    async def _connect(self) -> None:
        if self.target is None:
            self.target = await self.place.fresh()
        target = replace(self.target, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
        session = await self._stack.enter_async_context(script_session(target, purpose="migrate verify"))
        await ledger.ensure(session)
        if not self.is_copy:
            await make_ready(session, {name: service.verify_setup for name, service in self.services.items()
                                       if service.verify_setup},
                             wants_age=AGE not in self.made_by_files, is_shared=self.place.is_shared)
        self._fingerprint = RepeatedFingerprint(session, shared=not self.place.is_shared)
        self._runner = Runner(target, session, RunOptions(lock_timeout_ms=0), ignore)
        self._ahead = None
        if self.place.is_shared:
            self._guard = ClusterGuard(session)
            await self._guard.make()
        await ledger.prepare(session, "up")

    @property
    def runner(self) -> Runner:
        assert self._runner is not None
        return self._runner

    @property
    def session(self) -> ScriptSession:
        return self.runner.session

    async def read_catalog(self) -> Fingerprint:
        """The schema as it is now."""
        assert self._fingerprint is not None
        return await self._fingerprint.read()

    async def provide(self, file: MigrationFile) -> None:
        """Creates the extensions that the file waits for and that are somebody's to create by hand, as far as the
        server has them and the role may; and a tenant's schema."""
        if file.tenant is not None and await self.make_schema(file.tenant):
            self.current = None
        if await self._call(file):
            self.current = None
        for name in await self._absent(file):
            if name not in self.made_by_files:
                with suppress(ScriptFault):  # then the file waits for it, which is said
                    await self.session.statement(f"CREATE EXTENSION {identifier(name)} CASCADE")
                    self.current = None

    async def _call(self, file: MigrationFile) -> bool:
        """Runs the callbacks that come before it and have not been run here; whether there were any."""
        for scripts in file.callbacks.values():
            for script in scripts:
                if self.place.is_shared and (what := needs_own_cluster(prepare(script))):
                    raise NeedsOwnCluster(what)
        return await self.runner.call_before(Step(file, "up"))

    async def call_after(self, files: Sequence[MigrationFile]) -> None:
        """Runs the callbacks that come after the last of each service's `files`. Raises FileError."""
        for file in {file.service: file for file in files if file.callbacks}.values():
            await self.runner.call_after(Step(file, "up"))

    async def make_schema(self, name: str) -> bool:
        """Makes a tenant's schema, which isn't the files' to make; whether it wasn't there."""
        rows = await self.session.execute(
            f"SELECT WHERE pg_catalog.to_regnamespace({literal(identifier(name))}) IS NOT NULL")
        if not rows:
            await self.session.statement(f"CREATE SCHEMA {identifier(name)}")
        return not rows

    async def _absent(self, file: MigrationFile) -> list[str]:
        """The extensions that the file needs and that aren't here."""
        service = self.services.get(file.service)
        wanted = (*(service.extensions if service is not None else ()), *file.up.directives.extensions)
        if not wanted:
            return []
        rows = await self.session.execute("SELECT extname::pg_catalog.text FROM pg_catalog.pg_extension")
        return [name for name in wanted if name not in {row[0] for row in rows}]

    async def run(self, file: MigrationFile, direction: Literal["up", "down"],
                  following: MigrationFile | None = None) -> None:
        """One script, by the engine's own means. Raises FileError, NeedsOwnCluster.

        `following` is the one to go up next; it is sent ahead where nothing has to be found out before.
        """
        step = Step(file, direction)
        if self._ahead is not None and self._ahead[0] is file and direction == "up":
            _, script, turn = self._ahead
        else:
            script, turn = repeatable.prepared(step), None
        if self.place.is_shared and turn is None and (what := needs_own_cluster(script)):
            raise NeedsOwnCluster(what)
        if file.is_repeatable:
            await ledger.ensure_table(self.session, "repeatable")
        self._ahead = None
        try:
            try:
                await self._guarded(step, script, turn, following)
            except FileError as error:
                if not script.in_transaction or not self._may_do_again(error):
                    raise
                await self._guarded(step, script)
        except FileError as error:
            if error.sqlstate == CHANGED:
                raise NeedsOwnCluster("roles or tablespaces") from error
            raise

    def _may_do_again(self, error: FileError) -> bool:
        """Whether it may be no fault of the file's, but of what we know or keep on the server."""
        if error.sqlstate == NOT_PREPARED:
            return self.session.forget_prepared()
        return self._guard is not None and self._guard.may_be_amiss(error.sqlstate)

    async def _guarded(self, step: Step, script: Prepared, turn: Turn | None = None,
                       following: MigrationFile | None = None) -> None:
        checks = await self._checks(script)
        if (turn := turn or await self.runner.whole(step, script, checks)) is None:
            self.session.forget_prepared()
            await stepwise.run(self.runner, step, script, checks)
            return
        ahead = await self._sent_ahead(step.migration, following) if following is not None else None
        await self.runner.perform(turn, ahead[2] if ahead is not None else None)
        self._ahead = ahead

    async def _checks(self, script: Prepared) -> tuple[ScriptCommand, ...]:
        if self._guard is None:
            return ()
        return (await self._guard.command() if script.in_transaction else await self._guard.look(),)

    async def _sent_ahead(self, file: MigrationFile,
                          following: MigrationFile) -> tuple[MigrationFile, Prepared, Turn] | None:
        """The next file's transaction, None where something has to be looked at before it."""
        service = self.services.get(following.service)
        if (self.session.info.is_pooled or following.is_repeatable or following.tenant is not None
                or file.callbacks or following.callbacks or following.up.directives.extensions
                or (service is not None and service.extensions)):
            return None
        step = Step(following, "up")
        try:
            script = prepare(following.up)
        except FileError:  # which is told at its turn
            return None
        if self.place.is_shared and needs_own_cluster(script):
            return None
        turn = await self.runner.whole(step, script, await self._checks(script)) if script.in_transaction else None
        return (following, script, turn) if turn is not None else None

    async def with_way_down(self, file: MigrationFile) -> tuple[MigrationFile, str]:
        """The file with its way down, which of a repeatable one that has run the ledger keeps, or why there is none."""
        if not file.is_repeatable:
            return file, ""
        rows = await ledger.with_runs(self.session, await self.session.fetch(ledger.ROWS))
        row = next(row for row in rows if (row.service, row.key) == (file.service, file.key))
        return repeatable.with_way_back(file, row), f" ({row.runs[0].reason})"

    async def apply(self, file: MigrationFile) -> Proof | None:
        """Only up, as a step to what follows; a proof when that can't be. Raises NeedsOwnCluster."""
        await self.provide(file)
        if reason := await self.waits_for(file):
            self.missing[file.service, file.key] = reason
            return Proof(file, "skipped", reason=reason, where=self.place.words)
        try:
            await self.run(file, "up")
        except FileError as error:
            self.missing[file.service, file.key] = _FAILED if self.place.is_shared else \
                f"{_FAILED} in {self.place.words}: {error.message}"
            await self.rebuild()
            return Proof(file, "failed", _told("up", error), where=self.place.words)
        self.done.append(file)
        self.current = None
        return None

    async def make(self, file: MigrationFile) -> None:
        """Only up, as what others stand on. Raises MigrationError where that can't be, NeedsOwnCluster."""
        if (proof := await self.apply(file)) is not None:
            raise MigrationError(f"{file.label} can't be run in {self.place.words}: "
                                 f"{proof.reason or '; '.join(proof.differences)}")

    async def prove(self, file: MigrationFile) -> Proof:
        """Up, down, up. Raises NeedsOwnCluster, with the database as it was before the file."""
        began = time.perf_counter()
        await self.provide(file)
        before = self.current if self.current is not None else await self.read_catalog()
        try:
            proof = await self.apply(file)
            if proof is None:
                proof = await self._there_and_back(file, before)
        except NeedsOwnCluster:
            if self.done and self.done[-1] is file:
                self.done.pop()
            await self.rebuild()
            raise
        return replace(proof, where=self.place.words, duration_ms=(time.perf_counter() - began) * 1000)

    async def _there_and_back(self, file: MigrationFile, before: Fingerprint) -> Proof:
        self.current = after_up = await self.read_catalog()
        if reason := irreversible(file):
            return Proof(file, "skipped", reason=f"irreversible: {reason}", is_accepted=True)
        there, why = await self.with_way_down(file)
        if there.down is None:
            if (service := self.services.get(file.service)) is not None and service.require_down:
                return Proof(file, "failed", (f"has no way down{why}, and the service has require_down = true: write "
                                              "one, or say in the file: -- dbconsole: irreversible: reason",))
            return Proof(file, "skipped", reason=f"has no way down{why}: nothing is proved")
        try:
            await self.run(there, "down")
        except FileError as error:
            await self.rebuild()
            return Proof(file, "failed", _told("down", error))
        down = differences.compare(before, await self.read_catalog(), differences.AFTER_DOWN)
        try:
            await self.run(file, "up")
            if file.is_repeatable:
                await self.run(file, "up")  # upon itself, as whenever its text has changed
        except FileError as error:
            await self.rebuild()
            told = _told("the second up", error)
            if down.is_equal:
                return Proof(file, "failed", told, notes=_notes(down))
            return Proof(file, "differs", down.differences, notes=(*_notes(down), *told))
        self.current = await self.read_catalog()
        again = differences.compare(after_up, self.current, differences.AFTER_UP_AGAIN)
        if not again.is_equal:
            await self.rebuild()
        if down.is_equal and again.is_equal:
            return Proof(file, "proved", notes=(*_notes(down), *_notes(again)))
        if down.is_equal:
            return Proof(file, "differs", again.differences, notes=(*_notes(down), *_notes(again)))
        return Proof(file, "differs", down.differences, notes=(*_notes(down), *again.differences))

    async def waits_for(self, file: MigrationFile) -> str:
        """Why the file can't be applied here, "" when it can."""
        if absent := await self._absent(file):
            return state.waits_for(absent)
        for needed in file.up.directives.requires:
            if why := self.missing.get((needed.service, version_key(needed.version))):
                return f"requires {needed.service}/{needed.version}, which {why}"
        earlier = [(key, why) for (service, key), why in self.missing.items()
                   if service == file.service and why.startswith(_FAILED)]
        return f"comes after {file.service}/{_version(earlier[0][0])}, which {earlier[0][1]}" if earlier else ""


def irreversible(file: MigrationFile) -> str:
    """Why there is no way back, as the file itself says; "" where it says nothing."""
    scripts = [script for script in (file.up, file.down) if script is not None]
    return next((script.directives.irreversible for script in scripts if script.directives.irreversible), "")


def _told(what: str, error: ConsoleError) -> tuple[str, ...]:
    return (f"{what}: {'; '.join(line for line in error.lines() if line)}",)


def _notes(comparison: CatalogComparison) -> tuple[str, ...]:
    return (*comparison.renamed, *comparison.order)


def _version(key: VersionKey) -> str:
    return ".".join(word or str(number) for _, number, word in key)
