"""The target that the console is on: its pool and its one sampler, from opening to closing. Knows no widget."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from console import waiting
from console.clock import Clock
from console.config import Config
from console.errors import ConsoleError, PasswordNeeded
from console.ui import choices

if TYPE_CHECKING:
    from console.diagnosis.watch import Diagnosis
    from console.recorder.recorder import Recorder
    from console.recorder.replay.player import ReplaySampler
    from console.sampler.pooler_watch import PoolerWatch
    from console.sampler.records import Snapshot
    from console.sampler.sampler import Sampler
    from console.server.info import ServerInfo
    from console.server.pool import Pool
    from console.server.session import Session
    from console.server.target import Target
    from console.statements.deltas import Journal
    from console.ui.active_sessions import ActiveSessions
    from console.ui.slow_watch import SlowWatch

RECORD_AFTER_S = 2.0
"""When the recorder begins: it needs the records of all features, and the first screen a tenth of them."""

CLOSE_WITHIN_S = 1.5
"""How long a target may take to be left; a server that is gone must not keep anybody."""


class Sources(Struct, frozen=True):
    """What the console is made of; the command line gives the real things, tests give theirs.

    `open_target(name, tell)` is a context manager that yields the Target of that name and may start what it needs
    (the demo server), telling its progress; leaving it ends what it started. `names` are the targets to choose from.
    `pool_for` and `sampler_for` make a target's pool and sampler; `services_for` says which services it has.
    `pooler_for` makes the watch of its PgBouncer, where one is configured.
    `recorder_for` makes its flight recorder, where there is to be one.
    """

    config: Config
    clock: Clock
    names: Callable[[], list[str]]
    open_target: Callable[[str, Callable[[str], None]], AbstractAsyncContextManager[Target]]
    services_for: Callable[[Target], Any]
    pool_for: Callable[[Target], Pool]
    sampler_for: Callable[[Pool, Any, float], Sampler]
    pooler_for: Callable[[Target, float], PoolerWatch] | None = None
    recorder_for: Callable[[Sampler, Target], Recorder] | None = None


class ConnectionState(Enum):
    """Opening: the target is being prepared. Failed: never connected. Lost: was connected, isn't now."""

    OPENING = "opening"
    CONNECTING = "connecting"
    LIVE = "live"
    FAILED = "failed"
    LOST = "lost"


def _nobody_asks() -> None:
    """What `Connection.changed` calls before there is a screen."""


class Connection:
    """One target with what belongs to it.

    `changed` is called whenever there is something new to show. `every_s` None: as remembered, or as configured.
    """

    def __init__(self, name: str, sources: Sources, *, every_s: float | None = None,
                 database: str | None = None) -> None:
        self.name = name
        self.changed: Callable[[], object] = _nobody_asks
        self.every_s = every_s or choices.load().refresh_s or float(sources.config.console.refresh)
        self.target: Target | None = None
        self.pool: Pool | None = None
        self.sampler: Sampler | None = None
        self.pooler: PoolerWatch | None = None
        self.recorder: Recorder | None = None
        self.playback: ReplaySampler | None = None
        """The sampler, where the target is a recording."""
        self.diagnosis: Diagnosis | None = None
        """What is wrong, from the second sample on; None before."""
        self._slow: SlowWatch | None = None
        self._active_sessions: ActiveSessions | None = None
        self._statements: Journal | None = None
        self._standing: Sequence[Any] = ()
        self.services: Any = ()
        self.progress: str = ""
        self.paused = False
        self._read_only = True
        self.is_named = False
        """Whether a person has typed what confirms a write here: that is asked once, until the target is locked."""
        self.opened_at = sources.clock.monotonic()
        self._sources = sources
        self._database = database
        self._password: str | None = None
        self._rung = 0
        self._first_at: dt.datetime | None = None
        self._error: ConsoleError | None = None
        self._task: asyncio.Task[None] | None = None

    # what is so

    @property
    def state(self) -> ConnectionState:
        if self._error is not None:
            return ConnectionState.FAILED
        if self.pool is None:
            return ConnectionState.OPENING
        latest = self.sampler.latest if self.sampler is not None else None
        if latest is None:
            return ConnectionState.CONNECTING
        if latest.error is not None:
            return ConnectionState.FAILED if latest.taken_at is None else ConnectionState.LOST
        return ConnectionState.LIVE

    @property
    def error(self) -> ConsoleError | None:
        """Why there is no connection."""
        latest = self.sampler.latest if self.sampler is not None else None
        return self._error or (latest.error if latest is not None else None)

    @property
    def info(self) -> ServerInfo | None:
        return self.pool.info if self.pool else None

    @property
    def configuration(self) -> Path | None:
        """The file that the targets come from; None where there is none."""
        return self._sources.config.path

    @property
    def label(self) -> str:
        return self.target.label if self.target else self.name

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed here, by a person's statements either."""
        return self._read_only

    @read_only.setter
    def read_only(self, read_only: bool) -> None:
        self._read_only = read_only
        self.is_named = self.is_named and not read_only
        if self.pool is not None:
            self.pool.is_guarded = read_only

    @property
    def target_is_production(self) -> bool:
        return self.target is not None and self.target.is_production and not self.target.is_recording

    @property
    def has_given_up(self) -> bool:
        """Whether nothing is tried again until a person says so: the target can't be opened, or wants a password."""
        return self._error is not None

    @property
    def needs_password(self) -> bool:
        return isinstance(self.error, PasswordNeeded)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A session of this target. Raises ConsoleError, at once while the breaker is open."""
        if self.pool is None:
            raise self._error or ConsoleError(f"{self.label}: not connected yet")
        async with self.pool.session() as session:
            yield session

    @property
    def slow(self) -> SlowWatch:
        """The slow statements of this target's life; imported when the first sample of them is there."""
        if self._slow is None:
            from console.ui.slow_watch import SlowWatch

            self._slow = SlowWatch(self._sources.config.console.slow_query, self.session)
        return self._slow

    @property
    def active_sessions(self) -> ActiveSessions:
        """What the active sessions of this target's life did."""
        if self._active_sessions is None:
            from console.ui.active_sessions import ActiveSessions

            self._active_sessions = ActiveSessions()
        return self._active_sessions

    @property
    def statements(self) -> Journal:
        """What pg_stat_statements counted in this target's life: gathered while no screen shows it, too."""
        if self._statements is None:
            from console.statements.deltas import Journal

            self._statements = Journal()
        return self._statements

    def rings(self) -> bool:
        """Whether the terminal's bell is to ring for an alert; True once for each time."""
        notifier = self.sampler.notifier if self.sampler is not None else None
        before, self._rung = self._rung, notifier.rings if notifier is not None else 0
        return self._rung > before

    # what a person does

    def start(self) -> None:
        """Opens the target and samples it until `close`, unless it does so already."""
        if self._task is not None:
            return
        self._error = None
        self._task = asyncio.create_task(self._run(), name=f"connection {self.name}")

    def retry_now(self) -> None:
        """Tries at once instead of when the breaker would."""
        if self._error is not None:
            self._restart()
        elif self.pool is not None and self.sampler is not None:
            self.sampler.wake()

    def use_password(self, password: str) -> None:
        """Connects anew with a password that a person typed; it stays in memory."""
        self._password = password
        self._restart()

    def set_every(self, every_s: float) -> None:
        self.every_s = every_s
        if self.sampler is not None:
            self.sampler.every_s = every_s
        if self.pooler is not None:
            self.pooler.every_s = every_s

    def set_paused(self, paused: bool) -> None:
        self.paused = paused
        if self.sampler is not None:
            self.sampler.paused = paused
        if self.pooler is not None:
            self.pooler.paused = paused

    async def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Ends the sampler and closes the pool, in `within_s` seconds at most; a recording to a file is ended first."""
        if self.recorder is not None and self.recorder.path is not None:
            await asyncio.wait({asyncio.ensure_future(self.recorder.close())}, timeout=CLOSE_WITHIN_S)
        task, self._task = self._task, None
        await waiting.ended(task, within_s=within_s)

    def _restart(self) -> None:
        async def anew() -> None:
            await self.close()
            self.pool = self.sampler = self.pooler = self.recorder = self.diagnosis = None
            self.start()
            self.changed()

        self._restarting = asyncio.create_task(anew())

    async def _run(self) -> None:
        try:
            async with self._sources.open_target(self.name, self._tell) as target:
                if self._database is not None:
                    target = target.with_database(self._database)
                if self._password is not None:
                    target = target.with_password(self._password)
                from console.server.handshake import forget_refusals

                forget_refusals()  # it is a person who has us connect
                self.target, self.read_only = target, target.starts_read_only
                self.services = self._sources.services_for(target)
                self.pool = self._sources.pool_for(target)
                self.pool.is_guarded = self.read_only
                self.sampler = self._sources.sampler_for(self.pool, self.services, self.every_s)
                self.sampler.paused = self.paused
                self.sampler.listeners += [
                    self._look_for_slow, self._keep_active_sessions, self._diagnose, self._keep_statements,
                    self._sampled]
                if target.is_recording:
                    self.playback = cast("ReplaySampler", self.sampler)
                self.changed()
                recording = asyncio.get_running_loop().call_later(RECORD_AFTER_S, self._begin_recording, target)
                watching = self._watch_pooler(target)
                try:
                    await self.sampler.run()
                finally:
                    recording.cancel()
                    if self.recorder is not None:
                        await self.recorder.close()
                    await waiting.ended(watching)
                    if self._slow is not None:
                        await self._slow.close()
                    with contextlib.suppress(ConsoleError):
                        await self.pool.close()
        except ConsoleError as error:
            self._error = error
            self.changed()
        except Exception as error:  # A mistake of ours must not look like a server that is slow to answer.
            logging.getLogger(__name__).exception("the connection to %s ended", self.label)
            self._error = ConsoleError(f"{self.label}: {type(error).__name__}: {error}", hint="please report this")
            self.changed()

    def _watch_pooler(self, target: Target) -> asyncio.Future[None]:
        """Watches the target's PgBouncer, where it has one, beside the server: either may be gone without the other."""
        if target.pgbouncer_conninfo is None or self._sources.pooler_for is None:
            return asyncio.get_running_loop().create_future()
        self.pooler = pooler = self._sources.pooler_for(target, self.every_s)
        pooler.paused = self.paused
        if self.sampler is not None:
            self.sampler.pooler = pooler.reading
        return asyncio.create_task(pooler.run(), name=f"pooler of {self.label}")

    def _begin_recording(self, target: Target) -> None:
        if self.playback is None and self.sampler is not None and self._sources.recorder_for is not None:
            self.recorder = self._sources.recorder_for(self.sampler, target)
            self.recorder.changed = self._recording_ended
            if self.pooler is not None:
                self.recorder.watch(self.pooler)

    def _recording_ended(self) -> None:
        self.changed()

    def _look_for_slow(self, snapshot: Snapshot) -> None:
        if "statements.slow_sessions" in snapshot.readings.rows_by_name:
            self.slow.add_sample(snapshot)

    def _diagnose(self, snapshot: Snapshot) -> None:
        """Finds out what is wrong. Not with the first sample: the screen that shows it waits for nothing else."""
        if snapshot.taken_at is None or snapshot.error is not None:
            return
        self._first_at = self._first_at or snapshot.taken_at
        if self.diagnosis is None:
            if snapshot.taken_at == self._first_at and self.playback is None:
                return
            from console.diagnosis.watch import Diagnosis

            self.diagnosis = Diagnosis()
        self.diagnosis.take(snapshot, self.active_sessions.changes.found,
                            self.pooler.sample if self.pooler is not None else None)
        if self.pooler is not None:
            wanted = ("CLIENTS", "SERVERS") if self.diagnosis.names_sessions else ()
            self.pooler.want(self.diagnosis, *wanted, at_once=False)

    def _keep_active_sessions(self, snapshot: Snapshot) -> None:
        self.active_sessions.take_snapshot(snapshot, self.pooler.sample if self.pooler is not None else None)

    def _keep_statements(self, snapshot: Snapshot) -> None:
        """What the recorder had read of pg_stat_statements, unless a screen has read it since."""
        standing: Sequence[Any] = snapshot.readings.rows_by_name.get("statements.standing", ())
        if not standing or standing is self._standing or snapshot.info is None or self.playback is not None:
            return
        self._standing = standing
        from console.statements.read import counters

        entries = snapshot.readings.rows(counters(snapshot.info))
        before = self.statements.standing
        if entries is not None and (before is None or standing[0].now_s > before.now_s):
            self.statements.take(entries, standing[0])

    def _sampled(self, snapshot: Snapshot) -> None:
        """Passes it on. A password that was refused isn't tried again: that would lock the role out."""
        if isinstance(snapshot.error, PasswordNeeded) and self._task is not None:
            self._error = snapshot.error
            self._task.cancel()
        self.changed()

    def _tell(self, progress: str) -> None:
        self.progress = progress
        self.changed()
