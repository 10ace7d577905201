"""What a statement waits for while it runs, seen from a connection of its own.

Opened only when a statement takes long, so that quick runs never pay for it. Not the lock's connection: there a failed
query would lose the lock.
"""

from __future__ import annotations

import asyncio
import time

from msgspec import Struct

from console.errors import ConsoleError
from console.migrate.events import Listener, Peer, StatementProgress, Waiting
from console.migrate.records import Step
from console.server.query import Read, load
from console.server.script import script_session
from console.server.target import Target
from console.sql.splitter import ScriptStatement
from console.waiting import limited

AFTER_S = 0.4
EVERY_S = 1.0


class BuildRow(Struct, frozen=True):
    """sql/index_progress.sql as it comes."""

    phase: str
    done: int
    total: int
    unit: str


class Running(Struct, frozen=True):
    """The statement that runs now, in which backend, since when (monotonic seconds)."""

    step: Step
    statement: ScriptStatement
    pid: int
    since: float


_WAITS = load("console.migrate", "lock_waits", Peer)
_BUILD = load("console.migrate", "index_progress", BuildRow)


class Watcher:
    """Reports on `running` for as long as `watch` runs; the engine sets it before and clears it after a statement."""

    def __init__(self, target: Target, on_event: Listener) -> None:
        self.running: Running | None = None
        self.last_waiting: Waiting | None = None
        self._target = target
        self._on_event = on_event

    async def watch(self) -> None:
        """Returns never. A server that admits no further connection is not asked again: the run doesn't need this."""
        while True:
            await asyncio.sleep(AFTER_S / 2)
            if not self._too_short():
                break
        try:
            with limited(None):  # a run is not to end because nobody can be asked how it goes
                await self._look()
        except ConsoleError:
            await asyncio.Event().wait()

    async def _look(self) -> None:
        async with script_session(self._target, purpose="migrate watch") as session:
            while True:
                if not self._too_short() and (now := self.running) is not None:
                    params = {"pid": now.pid}
                    readings = await session.refresh(Read(_WAITS, params), Read(_BUILD, params))
                    if now is self.running:
                        self._tell(now, readings.rows(_WAITS) or [], readings.first(_BUILD))
                await asyncio.sleep(EVERY_S if self.running else AFTER_S / 2)

    def _too_short(self) -> bool:
        return self.running is None or time.monotonic() - self.running.since < AFTER_S

    def _tell(self, now: Running, peers: list[Peer], build: BuildRow | None) -> None:
        elapsed_s = time.monotonic() - now.since
        blockers = tuple(peer for peer in peers if peer.role == "blocker")
        if blockers:
            queue = tuple(peer for peer in peers if peer.role == "queued")
            self.last_waiting = Waiting(now.step, now.statement, elapsed_s, blockers, queue)
            self._on_event(self.last_waiting)
        elif build is not None:
            self._on_event(StatementProgress(now.step, now.statement, elapsed_s, build.phase, build.done, build.total,
                                         build.unit))
