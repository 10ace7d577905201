"""The watch of a target's PgBouncer: one connection to its console while the target is open, one sample a tick.

It feeds the screen, the join that finds the true client of a session, and the checks. It knows no screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from console import log
from console.clock import Clock
from console.errors import ConsoleError, PasswordNeeded, ServerError
from console.metrics.history import SampleHistory, TimeSeries
from console.metrics.rates import LATE_FACTOR, interval_s
from console.pooler import actions
from console.pooler.actions import PoolerCommand
from console.pooler.rates import rates
from console.pooler.read import CLIENTS, SERVERS, read_info, read_sample
from console.pooler.records import Pending, PoolerInfo, PoolerReading, PoolerSample, Rates
from console.pooler.saturation import CONSOLE
from console.server.admin_console import Console, admin_console
from console.server.breaker import Breaker
from console.server.handshake import forget_refusals
from console.server.target import Target
from console.waiting import woken

SERIES = ("clients_waiting", "maxwait_s", "servers_active", "xacts_per_s", "queries_per_s")
POOL_SERIES = ("clients_waiting", "maxwait_s", "servers_active")
POOL_SAMPLES = 1_800
"""Samples that are kept of each pool: an hour at one every two seconds, 36 kB."""
MOST_POOLS = 200
"""Pools that have a history of their own."""
INFO_EVERY_S = 30.0
LEAST_S = 1.0
"""Over less than this no rate is formed, unless samples are that frequent."""

OpenConsole = Callable[[Target, str | None], AbstractAsyncContextManager[Console]]


class PoolerWatch:
    """Looks at the pooler for as long as `run` runs, waiting `every_s` seconds after each sample.

    `sample` and `info` are the last ones,
    also while `error` says why there is no newer one. `history` holds SERIES of the whole pooler and `pool_history`
    POOL_SERIES by pool, at times of `clock.monotonic()`, with gaps while it didn't answer. Listeners are called in the
    event loop after every sample, failure, and answer to a command.
    """

    def __init__(self, target: Target, clock: Clock, every_s: float = 2.0,
                 open_console: OpenConsole = admin_console) -> None:
        self.target = target
        self.sample: PoolerSample | None = None
        self.info: PoolerInfo | None = None
        self.error: ConsoleError | None = None
        self.rates: tuple[Rates, ...] = ()
        self.every_s = every_s
        self.breaker = Breaker(clock=clock)
        self.history = SampleHistory(SERIES)
        self.pool_history: dict[str, SampleHistory] = {}
        self.pending: Pending | None = None
        self.is_paused_by_us = False
        """Whether our own PAUSE of the whole pooler holds: before 1.19 it doesn't say so itself."""
        self.listeners: list[Callable[[], None]] = []
        self._clock = clock
        self._open = open_console
        self._password: str | None = None
        self._paused = False
        self._counted: PoolerSample | None = None
        """The sample that the rates end with: one that a key has brought forward is too near for any."""
        self._wants: dict[object, frozenset[str]] = {}
        self._wake = asyncio.Event()
        self._command: asyncio.Task[str] | None = None

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        self._paused = value
        self._wake.set()

    def reading(self) -> PoolerReading:
        """What there is for the checks."""
        return PoolerReading(self.sample, self.error, self.info.version if self.info else None)

    def want(self, who: object, *names: str, at_once: bool = True) -> None:
        """What `who` needs now: SHOWs by name, asked beside the pools; a new one `at_once`, or with the next look."""
        before = self._wanted
        self._wants[who] = frozenset(names)
        if at_once and not self._wanted <= before:
            self.wake()

    @property
    def _wanted(self) -> frozenset[str]:
        return frozenset().union(*self._wants.values())

    def wake(self) -> None:
        """Looks now; while the pooler is away, tries it now."""
        self.breaker.retry_now()
        self._wake.set()

    def use_password(self, password: str) -> None:
        """Connects with a password that a person typed; it stays in memory."""
        self._password = password
        forget_refusals()
        self.wake()

    async def run(self) -> None:
        """Endless; cancel it to stop."""
        try:
            while True:
                self.breaker.admits()
                try:
                    async with self._open(self.target, self._password) as console:
                        await self._watch(console)
                except ConsoleError as error:
                    self._lost(error)
                except Exception as error:  # A mistake of ours must not look like a pooler that is slow to answer.
                    logging.getLogger(__name__).exception("the watch of %s's PgBouncer failed", self.target.label)
                    self._lost(ConsoleError(f"PgBouncer: {type(error).__name__}: {error}", hint="please report this"))
                # A refused password isn't tried again: that would lock the role out.
                await self._wait(None if isinstance(self.error, PasswordNeeded) else self.breaker.seconds_to_retry)
        finally:
            await self._leave_command()

    async def _watch(self, console: Console) -> None:
        renew_s = self._clock.monotonic()
        unknown: dict[str, str] = {}
        while True:
            if self._clock.monotonic() >= renew_s:
                self.info = await read_info(console)
                renew_s = self._clock.monotonic() + INFO_EVERY_S
            wanted = self._wanted
            self._take(await read_sample(console, ("STATE", *sorted(wanted)), self._clock.monotonic(), unknown))
            if self._wanted <= wanted:
                await self._wait(self.every_s)

    def _take(self, sample: PoolerSample) -> None:
        self.sample, self.error = sample, None
        self.breaker.succeeded()
        before = self._counted
        if before is None or sample.taken_s - before.taken_s >= min(LEAST_S, self.every_s / 2):
            self._counted = sample
            seconds = interval_s(before.taken_s if before else None, sample.taken_s, self.every_s)
            self.rates = rates(before.totals if before else (), sample.totals, seconds)
        pools = [pool for pool in sample.pools if pool.database != CONSOLE]
        passed = [rate for rate in self.rates if rate.database != CONSOLE]
        self.history.append(sample.taken_s, {
            "clients_waiting": sum(pool.cl_waiting for pool in pools),
            "maxwait_s": max((pool.maxwait_s for pool in pools), default=0.0),
            "servers_active": sum(pool.sv_active for pool in pools),
            "xacts_per_s": _sum([rates.xacts_per_s for rates in passed]),
            "queries_per_s": _sum([rates.queries_per_s for rates in passed])})
        now = {pool.key: pool for pool in pools}
        for key in now.keys() - self.pool_history.keys():
            if len(self.pool_history) < MOST_POOLS:
                self.pool_history[key] = SampleHistory(POOL_SERIES, POOL_SAMPLES)
        for key, history in self.pool_history.items():
            use = now.get(key)
            history.append(sample.taken_s, {} if use is None else {
                "clients_waiting": use.cl_waiting, "maxwait_s": use.maxwait_s, "servers_active": use.sv_active})
        self._tell()

    def _lost(self, error: ConsoleError) -> None:
        self.error = error
        self.is_paused_by_us = False
        self.breaker.failed()
        now_s = self._clock.monotonic()
        for history in (self.history, *self.pool_history.values()):
            history.append(now_s, {})
        self._tell()

    def time_series(self, series: str, seconds: float, pool: str | None = None) -> TimeSeries:
        """How a series went in the last `seconds`: of the whole pooler, or one of POOL_SERIES of a pool."""
        history = self.history if pool is None else self.pool_history.get(pool, self.history)
        last = history.samples_since(self._clock.monotonic() - seconds)
        return TimeSeries(history.times(last), history.values(series, last), max(LATE_FACTOR * self.every_s, 5.0))

    # commands

    async def command(self, command: PoolerCommand) -> str | None:
        """Runs one on a connection of its own, with `pending` set until it is answered; one at a time.

        Returns what PgBouncer said, None after `give_up`. Raises ConsoleError. Cancelling it leaves the pooler in the
        state that it has begun.
        """
        if self.pending is not None:
            raise ServerError(f"{self.pending.command} has not been answered yet")
        self.pending = Pending(command.text, self._clock.monotonic())
        self._command = asyncio.create_task(actions.run(self.target, command, self._password))
        self._tell()
        try:
            said = await self._command
            if command.subject is None and command.verb in ("PAUSE", "RESUME"):
                self.is_paused_by_us = command.verb == "PAUSE"
            return said
        except asyncio.CancelledError:
            if self._command.cancelled():
                return None
            self._command.cancel()
            raise
        finally:
            self.pending = self._command = None
            self.wake()
            self._tell()

    async def give_up(self, command: PoolerCommand) -> None:
        """Waits no longer for the answer to `command`. A PAUSE would go on, so RESUME ends it, on another connection:
        PgBouncer never answers the first one then. Raises ConsoleError; then it is still waited for.
        """
        if (undo := command.undo) is not None:
            await actions.run(self.target, undo, self._password)
            self.is_paused_by_us = False
        await self._leave_command()

    async def _leave_command(self) -> None:
        task = self._command
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConsoleError):
                await task

    def _tell(self) -> None:
        for listener in list(self.listeners):
            try:
                listener()
            except Exception as error:  # as of the sampler's
                log.failed(error)

    async def _wait(self, seconds: float | None) -> None:
        """Until the time (None: never) is over or somebody wakes us; while paused, until then."""
        self._wake.clear()
        for_ever = seconds is None or (self._paused and self.error is None)
        await woken(self._wake, None if for_ever else self._clock.sleep(max(0.1, seconds or 0.0)))


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


WANTED_FOR_CLIENTS = frozenset({CLIENTS, SERVERS})
"""What the join of sessions with their true clients needs."""
