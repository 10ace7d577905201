"""The sampler of a recording: publishes its samples one after the other, as fast as a person wants."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast

from msgspec.structs import replace

from console.check.evaluation import reads_of
from console.check.records import CheckContext, CheckResult, Status
from console.config import Config
from console.errors import ConsoleError
from console.recorder.reads import ALONG, JUDGED
from console.recorder.recording import NOT_RECORDED, RecordedSample, Unreadable
from console.recorder.replay.clock import ReplayClock
from console.recorder.replay.pool import ReplayPool, ReplaySession
from console.sampler.observation import OWN_READS, seldom_read
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.query import Read

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0)

SHORTEST_STEP_S = 0.2
"""Screens are not shown more often; when playing is faster, samples between are in the charts alone."""

LONGEST_STEP_S = 10.0
"""Nobody waits longer for the next sample where the recording has a gap, at speed 1."""

FED_S = 6 * 3600.0
"""How much of what was before comes into the history after a jump."""

FED_AT_ONCE = 250


class ReplaySampler(Sampler):
    """A sampler whose samples come from a recording; `run` begins with the first one and plays.

    `number` is the sample that is shown. `paused`, `speed`, `step` and `jump` may be set and called at any time.
    """

    def __init__(self, pool: ReplayPool, config: Config, clock: ReplayClock, *, begin_at: dt.datetime | None = None,
                 speed: float = 1.0) -> None:
        origin = pool.sample.origin
        super().__init__(cast(Pool, pool), config, origin.services if origin else (), clock, pool.sample.every_s)
        self.recording = pool.recording
        self.number = -1
        self._config = config
        self._replay_pool = pool
        self._replay_clock = clock
        self._speed = speed
        self._goal: int | None = None if begin_at is None else self.recording.number_at(begin_at)
        self._commanded = asyncio.Event()

    # what a person does

    @property
    def paused(self) -> bool:
        return self._paused

    @paused.setter
    def paused(self, value: bool) -> None:
        if not value and self.is_at_end:
            self._goal = 0  # once more from the beginning
        self._paused = value
        self._commanded.set()

    @property
    def speed(self) -> float:
        """How many times as fast as it was recorded."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._speed = value
        self._commanded.set()

    def change_speed(self, steps: int) -> float:
        """The next faster or slower one of SPEEDS."""
        near = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - self._speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, near + steps))]
        return self.speed

    def step(self, samples: int) -> None:
        """So many samples on, or back; it pauses."""
        self._paused = True
        self._go((self.number if self._goal is None else self._goal) + samples)

    def jump(self, at: dt.datetime) -> None:
        """To the last sample that was taken by then."""
        self._go(self.recording.number_at(at))

    def jump_to(self, seconds: float) -> None:
        """To the last sample that was taken so long after the first one."""
        self._go(self.recording.number_after(seconds))

    def wake(self) -> None:
        """There is nothing newer to be read."""

    @property
    def is_at_end(self) -> bool:
        return self.number == len(self.recording) - 1

    @property
    def position_s(self) -> float:
        """Seconds from the first sample to the one that is shown."""
        return self.recording.seconds(max(0, self.number))

    @property
    def length_s(self) -> float:
        return self.recording.extent.seconds

    def _go(self, number: int) -> None:
        self._goal = max(0, min(len(self.recording) - 1, number))
        self._commanded.set()

    # playing

    async def run(self) -> None:
        """Endless; cancel it to stop."""
        loop = asyncio.get_running_loop()
        await self._show(self._goal or 0)
        shown_s = loop.time()
        self._goal = None
        while True:
            self._commanded.clear()
            goal, self._goal = self._goal, None
            if goal is None and not self._paused and not self.is_at_end:
                goal, wait_s = self._next()
                try:
                    async with asyncio.timeout_at(shown_s + wait_s):
                        await self._commanded.wait()
                    continue
                except TimeoutError:
                    pass
            elif goal is None:
                await self._commanded.wait()
                shown_s = loop.time()
                continue
            shown_s = loop.time()
            await self._show(goal)

    def _next(self) -> tuple[int, float]:
        """What is shown next while playing, and how many seconds after what is shown now."""
        gap_s = self.recording.seconds(self.number + 1) - self.position_s
        wait_s = min(gap_s, LONGEST_STEP_S) / self._speed
        if wait_s >= SHORTEST_STEP_S:
            return self.number + 1, wait_s
        reached = self.recording.number_after(self.position_s + SHORTEST_STEP_S * self._speed)
        return max(self.number + 1, reached), SHORTEST_STEP_S

    async def _show(self, number: int) -> None:
        """Publishes sample `number`, with the history that leads to it."""
        if number == self.number:
            return
        if number != self.number + 1:
            await self._lead_to(number)
        self.number = number
        self._replay_pool.stand(number)
        self._replay_clock.set(self.recording.seconds(number))
        self._every_s = self._replay_pool.sample.every_s
        try:
            await self._look(ReplaySession(self._replay_pool))
        except ConsoleError as error:
            self._lost(error)
        self._replay_clock.wake()

    async def _look(self, session: ReplaySession) -> None:
        """Takes a sample as the live sampler does, but all of it. What was measured is not measured again."""
        observation, now_s = self._observation, self._clock.monotonic()
        sample = self._replay_pool.sample
        context = CheckContext(session.info, session.target, self.services)
        wanted = {query.name: query for query in (*reads_of(self.checks, context), *OWN_READS, *seldom_read())}.values()
        readings = await session.refresh(*map(Read, wanted))
        observation.take(wanted, readings, context, now_s)
        await self._take_along(session, context, now_s)
        observation.measure(readings, context, self._every_s)
        await asyncio.to_thread(observation.judge, wanted, context, now_s)
        measures = sample.series()
        told = measures.keys() & Snapshot.__struct_fields__
        snapshot = observation.snapshot(context, now_s)
        snapshot = replace(
            snapshot, measures=measures, why_no_host=NOT_RECORDED, results=_as_judged(snapshot.results, sample),
            **{name: measures[name] for name in told})
        self._keep(snapshot, sample.is_seldom)
        self._publish(snapshot)

    async def _take_along(self, session: ReplaySession, context: CheckContext, now_s: float) -> None:
        """What the recorder had read besides, of which the diagnosis is made."""
        rows: dict[str, Sequence[Any]] = {}
        for _ in range(2):  # the texts of the statements by their counters
            reads = [read for paced in ALONG for read in paced.reads(session.info, rows)
                     if read.query.name not in rows]
            found = await session.refresh(*reads)
            rows |= found.rows_by_name
            self._observation.take([read.query for read in reads if read.query.name in found.rows_by_name], found,
                                   context, now_s)

    async def _lead_to(self, number: int) -> None:
        """Forgets what comes after, and puts what was measured before into the histories."""
        first = self.number + 1
        if number < first or self.recording.seconds(number) - self.position_s > FED_S:
            self._forget()
            first = self.recording.number_after(self.recording.seconds(number) - FED_S)
        for found in range(first, number):
            sample = self.recording.sample(found)
            self._keep(Snapshot(monotonic_s=self.recording.seconds(found), measures=sample.series()), sample.is_seldom)
            if found % FED_AT_ONCE == 0:
                await asyncio.sleep(0)

    def _forget(self) -> None:
        kept = self.listeners, self.latest, self._paused
        super().__init__(self.pool, self._config, self.services, self._clock, self._every_s)
        self.listeners, self.latest, self._paused = kept


def _as_judged(results: Iterable[CheckResult], sample: RecordedSample) -> tuple[CheckResult, ...]:
    """The results, with what was found then where a check has no reads that were recorded."""
    try:
        then = {judged.name: judged for judged in sample.rows(JUDGED)}
    except Unreadable:
        then = {}
    return tuple(
        replace(result, status=Status[found.status], summary=found.summary, value=found.value, hint=found.hint)
        if (found := then.get(result.name)) is not None and found.status in Status.__members__ else result
        for result in results)
