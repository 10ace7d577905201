"""One run at a time in a database.

A dedicated connection holds `pg_try_advisory_xact_lock` in an open READ COMMITTED transaction. Taken as a literal by
the simple protocol it leaves no snapshot behind, so CREATE INDEX CONCURRENTLY isn't kept waiting; in a transaction it
survives a transaction pooler; and it is gone when its connection is. Waiters poll: a session that sleeps inside
pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY would wait for it for ever.

Each file's transaction holds a second key for its own length. When a runner dies in the midst of a file its lock is
gone at once, but the server may still be executing what was sent: the next runner waits for that key to be free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext

from console import waiting
from console.errors import ConsoleError, Unreachable
from console.migrate.events import Listener, LockWaiting, Peer
from console.migrate.faults import MigrationError
from console.server.preamble import SET_SAFE_PATH
from console.server.query import load
from console.server.script import ScriptSession, script_session
from console.server.target import Target
from console.text import format as fmt

RUN_KEY = int.from_bytes(b"dbconsol", "big")
FILE_KEY = RUN_KEY + 1
POLL_S = (0.1, 1.0)
HEARTBEAT_S = 2.0
ANSWER_TIMEOUT_S = 10.0

_HOLDERS = load("console.migrate", "lock_holders", Peer)


class RunLock:
    """The lock while it is held."""

    def __init__(self, session: ScriptSession) -> None:
        self._session = session

    async def until_lost(self) -> None:
        """Returns never; raises MigrationError when the connection that holds the lock is gone."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await asyncio.wait_for(self._session.execute("SELECT 1"), ANSWER_TIMEOUT_S)
            except (ConsoleError, TimeoutError) as error:
                raise self._lost(str(error) or "no answer to the heartbeat") from error

    @property
    def is_pooled(self) -> bool:
        """Whether it is held by way of a pooler."""
        return self._session.info.is_pooled

    def check(self) -> None:
        """The same between two files, without asking the server. Raises MigrationError."""
        if not self._session.connection.lock.locked():
            try:
                self._session.check_alive()
            except ConsoleError as error:
                raise self._lost(error.detail or error.summary) from error

    def _lost(self, reason: str) -> MigrationError:
        return MigrationError("the connection that holds the migration lock was lost: the run stops here",
                              detail=reason, hint="what is committed stays; see migrate status, then run again")


@asynccontextmanager
async def run_lock(target: Target, *, wait_s: float, on_event: Listener) -> AsyncIterator[RunLock]:
    """The lock for as long as the block lasts. Raises MigrationError when others hold it for `wait_s` seconds."""
    async with script_session(target, purpose="migrate lock") as session:
        started = time.monotonic()
        pause_s = POLL_S[0]
        while not await _try(session):
            waited_s = time.monotonic() - started
            holders = tuple(await session.fetch(_HOLDERS, {"key": RUN_KEY}))
            if waited_s >= wait_s:
                raise _held_by_others(holders, wait_s)
            on_event(LockWaiting(holders, waited_s, wait_s))
            await asyncio.sleep(waiting.jittered(pause_s))
            pause_s = min(pause_s * 1.5, POLL_S[1])
        # On a connection that is inside a transaction only execute() may be used; a failed statement would lose it.
        while await _file_in_progress(session):
            waited_s = time.monotonic() - started
            if waited_s >= wait_s:
                raise MigrationError("the server still executes a file of a run that has ended",
                                     hint="wait for it, or end its session: migrate status and Activity show it")
            on_event(LockWaiting((), waited_s, wait_s))
            await asyncio.sleep(POLL_S[0])
        yield RunLock(session)
        await session.execute("COMMIT")


@asynccontextmanager
async def locked_session(target: Target, *, wait_s: float, on_event: Listener
                         ) -> AsyncIterator[tuple[RunLock, ScriptSession]]:
    """The lock, and the connection beside it that does the work. Raises MigrationError as `run_lock` does, and where a
    pooler has none to give within `wait_s`."""
    async with run_lock(target, wait_s=wait_s, on_event=on_event) as lock, AsyncExitStack() as stack:
        with _one_more(target, 1, wait_s) if lock.is_pooled else nullcontext():
            session = await stack.enter_async_context(script_session(target, purpose="migrate"))
        yield lock, session


async def check_one_more(target: Target, held: int, wait_s: float) -> None:
    """For a program that connects through a pooler, beside `held` connections of the run: it would wait without a word.
    Raises MigrationError where there is none to give within `wait_s`."""
    with _one_more(target, held, wait_s):
        async with script_session(target, purpose="migrate"):
            pass


@contextmanager
def _one_more(target: Target, held: int, wait_s: float) -> Iterator[None]:
    """A pooler whose connections are all held by the run would have it wait for itself."""
    has, more = ("one connection, which holds the lock", "second") if held == 1 else \
        ("two connections, for the lock and the ledger", "third")
    started = time.monotonic()
    try:
        with waiting.waiting_for(f"the pooler of {target.label} to give a {more} connection, beside "
                                 f"{'the lock' if held == 1 else 'the run'}'s"), \
                waiting.limited(min(wait_s, waiting.limit_s() or wait_s)):
            yield
    except Unreachable as error:
        raise MigrationError(
            f"the pooler gave the run {has}, and no {more} one in {fmt.duration(time.monotonic() - started)}",
            detail=error.summary,
            hint=f"direct_dsn of the target goes around the pooler; or a pool_size of {held + 1} and more there"
        ) from error


async def _try(session: ScriptSession) -> bool:
    """Begins a transaction and takes the lock in it; without it, the transaction ends again, so a waiter holds none."""
    settings = ["idle_in_transaction_session_timeout", "statement_timeout"]
    if session.info.major >= 17:
        settings.append("transaction_timeout")
    rows = await session.execute("BEGIN ISOLATION LEVEL READ COMMITTED",
                                 *(f"SET LOCAL {name} = 0" for name in settings), SET_SAFE_PATH,
                                 f"SELECT pg_catalog.pg_try_advisory_xact_lock({RUN_KEY})")
    if rows[0][0]:
        return True
    await session.execute("ROLLBACK")
    return False


async def _file_in_progress(session: ScriptSession) -> bool:
    text = _HOLDERS.text(session.info) % {"key": FILE_KEY}
    return bool(await session.execute(f"SELECT pid FROM ({text}) AS holders"))


def _held_by_others(holders: tuple[Peer, ...], wait_s: float) -> MigrationError:
    who = "; ".join(f"pid {holder.pid}, {holder.application or 'unnamed'}, user {holder.user or 'unknown'}"
                    + (f", since {holder.since.astimezone():%Y-%m-%d %H:%M:%S}" if holder.since else "")
                    for holder in holders)
    return MigrationError(
        f"another run has held the migration lock for all of {wait_s:g} s", detail=who or None,
        hint="wait for it to end; if its session is dead: "
             + (f"SELECT pg_terminate_backend({holders[0].pid})" if holders else "--lock-wait waits longer"))
