"""The sampler: the only thing that polls a target all the time. It knows no screen; whoever listens gets snapshots."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from console import log
from console.check.evaluation import unreachable
from console.check.records import CheckContext, Status
from console.check.registry import configured
from console.check.runner import in_order
from console.clock import Clock
from console.config import Config
from console.errors import ConsoleError, PasswordNeeded
from console.metrics.history import SampleHistory, TimeSeries
from console.metrics.rates import LATE_FACTOR
from console.metrics.reads.counters import SERVER_CLOCK
from console.sampler.alerts import Alerts
from console.sampler.notify import Notifier
from console.sampler.observation import SLOW_S, Observation
from console.sampler.records import Snapshot
from console.sampler.series import SLOW_SERIES, TICK_SERIES
from console.server.breaker import BreakerState
from console.server.info import ServerInfo
from console.server.pool import Pool
from console.server.query import Read
from console.server.session import PgSession
from console.services import Service
from console.waiting import backoff_s, woken

if TYPE_CHECKING:
    from console.pooler.records import PoolerReading

TICK_WITHIN_S = 10.0
"""A server that is silent for so long is taken for gone; a read is cancelled after half of it at the latest."""

SIZES_WITHIN_S = 4.0
"""The same for sizes, which are asked apart from the rest: slow ones are left out with their reason."""

SLOW_CAPACITY = 2_880
"""A day of what is sampled twice a minute."""

SHORTEST_WAIT_S = 0.2
LONGEST_WAIT_S = 30.0

Listener = Callable[[Snapshot], None]

ExtraReads = Callable[[ServerInfo, float], Sequence[Read[Any]]]
"""What is to be read along in a tick's round trip, given the server's facts and the monotonic time."""


class Sampler:
    """Samples one target for as long as `run` runs.

    It waits `every_s` seconds *after* each sample, so that a slow server is asked less often. `every_s` and `paused`
    may be set at any time; `latest` is None until something is known. Listeners are called in the event loop with
    every snapshot: of a tick, again when sizes came after it, and of a failure. What `extra_reads` ask for besides is
    in `Snapshot.readings`. `history` holds series.TICK_SERIES, `slow_history` series.SLOW_SERIES by
    `clock.monotonic()`; `time_series` reads both.
    `alerts` are what the checks' results raise; while `run` runs, they are told of as the configuration says.
    Raises ConfigError when the configuration's checks are wrong.
    """

    def __init__(self, pool: Pool, config: Config, services: Sequence[Service], clock: Clock,
                 every_s: float = 2.0) -> None:
        self.pool = pool
        # what looks itself takes longer than a tick may: it is --check's
        self.checks = tuple(check for check in configured(config) if check.check.probe is None)
        self.services = tuple(services)
        self.latest: Snapshot | None = None
        self.history = SampleHistory(TICK_SERIES)
        self.slow_history = SampleHistory(SLOW_SERIES, SLOW_CAPACITY)
        self.alerts = Alerts()
        self.notifier: Notifier | None = None
        self.listeners: list[Listener] = []
        self.pooler: Callable[[], PoolerReading] | None = None
        self.extra_reads: list[ExtraReads] = []
        self._config = config
        self._clock = clock
        self._every_s = every_s
        self._paused = False
        self._wake = asyncio.Event()
        self._asked_for = False
        self._failures = 0
        self._observation = Observation(self.checks, self.services)

    @property
    def every_s(self) -> float:
        return self._every_s

    @every_s.setter
    def every_s(self, seconds: float) -> None:
        self._every_s = seconds
        self._wake.set()

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        self._paused = value
        self._wake.set()

    def wake(self) -> None:
        """Samples now, also while paused; while the server is away, tries it now."""
        self.pool.breaker.retry_now()
        self._asked_for = True
        self._wake.set()

    async def run(self) -> None:
        """Endless; cancel it to stop. One connection is kept from tick to tick."""
        target = self.pool.target
        self.notifier = Notifier(self._config.alerts, target.label, target.environment, self._clock)
        try:
            await self._run()
        finally:
            await self.notifier.close()

    async def _run(self) -> None:
        while True:
            try:
                async with self.pool.session() as session:
                    renew_s = self._clock.monotonic() + SLOW_S
                    while True:
                        if self._clock.monotonic() >= renew_s:
                            self.pool.info = await session.renew()
                            renew_s = self._clock.monotonic() + SLOW_S
                        await self._sample(session)
                        await self._wait(self._every_s)
            except ConsoleError as error:
                self._lost(error)
                if isinstance(error, PasswordNeeded):
                    # Trying a refused password over and over locks accounts: somebody has to wake us.
                    await self._wait(None)
                    continue
            await self._wait(self._seconds_to_retry())

    def _seconds_to_retry(self) -> float:
        """The breaker's wait; it knows failures to connect only, so who admits us and drops us has one of ours."""
        if self.pool.breaker.state is not BreakerState.CLOSED:
            return max(SHORTEST_WAIT_S, self.pool.breaker.seconds_to_retry)
        return backoff_s(self._failures, SHORTEST_WAIT_S, LONGEST_WAIT_S)

    async def _sample(self, session: PgSession) -> None:
        observation, now_s = self._observation, self._clock.monotonic()
        context = CheckContext(session.info, session.target, self.services, self.pooler() if self.pooler else None)
        quick, sizes = observation.due(context, now_s)
        along = [read for extra in self.extra_reads for read in extra(session.info, now_s) if read.query not in quick]
        *first, clock = in_order(quick, context)  # what rides along can't keep the checks waiting
        readings = await session.refresh(*first, *along, clock, within_s=TICK_WITHIN_S)
        told = readings.first(SERVER_CLOCK)
        if told is not None and told.is_standby is not None and told.is_standby != session.info.is_standby:
            self.pool.info = await session.renew()  # it has just been promoted
        observation.take([*quick, *(read.query for read in along)], readings, context, now_s)
        observation.measure(readings, context, self._every_s)
        is_seldom = observation.measure_seldom(readings, context, self._every_s)
        # In a thread: the check of the migrations reads their files, and this machine's state is in files too.
        await asyncio.to_thread(observation.consider, quick, context, now_s)
        self._failures = 0
        taken_s = self._clock.monotonic()
        snapshot = observation.snapshot(context, taken_s)
        self._keep(snapshot, is_seldom)
        self._publish(snapshot)
        if sizes:
            answers = await session.refresh(*in_order(sizes, context), within_s=SIZES_WITHIN_S)
            observation.take(sizes, answers, context, now_s)
            observation.judge(sizes, context, now_s)
            self._publish(observation.snapshot(context, taken_s))

    def time_series(self, series: str, seconds: float) -> TimeSeries:
        """How a series went in the last `seconds`. Raises KeyError for an unknown one."""
        is_slow = series in SLOW_SERIES
        history = self.slow_history if is_slow else self.history
        last = history.samples_since(self._clock.monotonic() - seconds)
        interval_s = max(self._every_s, SLOW_S) if is_slow else self._every_s
        return TimeSeries(history.times(last), history.values(series, last), max(LATE_FACTOR * interval_s, 5.0))

    def _keep(self, snapshot: Snapshot, is_seldom: bool) -> None:
        known = snapshot.measures.get
        self.history.append(snapshot.monotonic_s, {name: known(name) for name in TICK_SERIES})
        if is_seldom:
            self.slow_history.append(snapshot.monotonic_s, {name: known(name) for name in SLOW_SERIES})

    def _lost(self, error: ConsoleError) -> None:
        """What was known stays, with the error; the history gets a gap."""
        self._failures += 1
        self._observation.lose()
        now_s = self._clock.monotonic()
        if self.latest is None or self.latest.taken_at is None:
            self._publish(Snapshot(monotonic_s=now_s, error=error, results=unreachable(self.checks, error)))
        else:
            self._publish(replace(self.latest, error=error))
        self.history.append(now_s, {})

    def _raise_alerts(self, snapshot: Snapshot) -> None:
        """By the server's clock: while it is away, by ours from where its stood."""
        at, results = snapshot.taken_at, snapshot.results
        if snapshot.error is not None:
            results = tuple(result for result in unreachable(self.checks, snapshot.error)
                            if result.status is Status.CRITICAL)
            gone_s = self._clock.monotonic() - snapshot.monotonic_s
            at = at + dt.timedelta(seconds=gone_s) if at is not None else self._clock.now()
        if at is not None:
            events = self.alerts.add_sample(results, at)
            if events and self.notifier is not None:
                self.notifier.take(events)

    def _publish(self, snapshot: Snapshot) -> None:
        self._raise_alerts(snapshot)
        self.latest = snapshot
        for listener in list(self.listeners):
            try:
                listener(snapshot)
            except Exception as error:  # the others go on; a person is told of it at the end
                log.failed(error)

    async def _wait(self, seconds: float | None) -> None:
        """Until the time (None: never) is over or somebody wakes us; while paused, until somebody wakes or resumes."""
        while not self._asked_for:
            self._wake.clear()
            await woken(self._wake, None if seconds is None or self._paused else self._clock.sleep(seconds))
            if not self._paused:
                break
        self._asked_for = False
