"""The recorder beside a sampler: what it asks for, what it keeps, and where that goes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from console import log
from console.activity.read import SESSIONS
from console.activity.summary.read import SESSION_COUNTS
from console.config import Config
from console.errors import ConsoleError, Unreachable
from console.metrics.reads.counters import DATABASE_SIZE
from console.recorder import format as recorder_format
from console.recorder.reads import ALONG, MOST_TEXTS, Schedule, statement_texts
from console.recorder.recorder import NOT_RECORDED, Recorder
from console.recorder.recording import Recording
from console.recorder.records import Origin
from console.recorder.ring import Ring
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.session import Readings
from console.server.target import Target
from console.statements.read import counters
from console.statements.records import StatementEntry
from tests.support import builders
from tests.support.activity import backend
from tests.support.fake_clock import FakeClock
from tests.support.fake_session import FakePool
from tests.support.waiting import until


class World:
    """A sampler on a fake server, with its recorder."""

    def __init__(self, *, memory: bool) -> None:
        self.clock = FakeClock()
        target = Target(name="staging", environment="staging")
        answers = builders.answers(self.clock) | {"sessions": [backend(4711)]}
        self.pool = FakePool(target, builders.info(), answers, self.clock)
        self.sampler = Sampler(cast(Pool, self.pool), Config(), builders.services(), self.clock)
        self.recorder = Recorder(self.sampler, target, self.clock, memory=Ring() if memory else None)
        self.heard = 0
        self.sampler.listeners.append(self._hear)

    def _hear(self, _: object) -> None:
        self.heard += 1

    async def rests(self) -> None:
        """Waits until the sampler waits for the clock."""
        await until(lambda: any(not future.done() for _, future in self.clock._sleepers))

    async def tick(self, number: int = 1, seconds: float = 2.0) -> None:
        """Lets so many samples come."""
        for _ in range(number):
            await self.rests()
            before = self.heard
            self.clock.advance(seconds)
            await until(lambda before=before: self.heard > before)  # type: ignore[misc]
        await self.rests()


@asynccontextmanager
async def recording(*, memory: bool = True) -> AsyncIterator[World]:
    world = World(memory=memory)
    running = asyncio.create_task(world.sampler.run())
    try:
        await world.rests()
        yield world
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await world.recorder.close()


async def test_the_last_minutes_are_saved_after_the_fact(tmp_path: Path) -> None:
    async with recording() as world:
        await world.tick(5)
        saved = await world.recorder.save(tmp_path / "a")
        with pytest.raises(ConsoleError, match="is there already"):
            await world.recorder.save(tmp_path / "a")
    assert saved.samples >= 6
    with Recording(tmp_path / "a") as found:
        assert len(found) == saved.samples
        last = found.sample(len(found) - 1)
        assert last.origin is not None and last.origin.target == "staging"
        assert [service.name for service in last.origin.services] == list(builders.NAMES)
        assert last.rows(SESSIONS) == [backend(4711)] and last.rows(SESSION_COUNTS) == [builders.sessions()]
        assert last.rows(DATABASE_SIZE)
        assert last.series()["transactions_per_s"] == pytest.approx(1240, rel=0.01)


async def test_sessions_are_asked_seldom_for_memory_and_always_for_a_file(tmp_path: Path) -> None:
    async with recording() as world:
        await world.tick(5)
        assert world.pool.only.asked.count("sessions") == 2  # at 0 and at 10 seconds
        world.recorder.start(tmp_path / "a")
        await until(lambda: world.pool.only.asked.count("sessions") == 3)  # at once
        await world.tick(4)
        assert world.pool.only.asked.count("sessions") == 7
        written = await world.recorder.stop()
        assert written.samples >= 4 and world.recorder.path is None
        await world.tick(1)
        assert world.pool.only.asked.count("sessions") == 7
    with Recording(tmp_path / "a") as found:
        assert len(found) == written.samples


async def test_what_a_screen_has_read_is_not_asked_again(tmp_path: Path) -> None:
    async with recording() as world:
        for number in range(8):
            world.recorder.overhear(Readings({SESSIONS.name: [backend(number)]}))
            await world.tick(1)
        assert world.pool.only.asked.count("sessions") == 1
        await world.recorder.save(tmp_path / "a")
        await world.tick(6)
        assert world.pool.only.asked.count("sessions") == 2
        await world.recorder.save(tmp_path / "b")
    with Recording(tmp_path / "a") as found:
        pids = [found.sample(number).rows(SESSIONS)[0].pid for number in range(len(found))]
        assert pids == [4711, *range(8)]
    with Recording(tmp_path / "b") as found:
        assert found.sample(len(found) - 1).rows(SESSIONS) == [backend(4711)]


async def test_without_memory_nothing_is_asked_until_there_is_a_file(tmp_path: Path) -> None:
    async with recording(memory=False) as world:
        await world.tick(3)
        assert "sessions" not in world.pool.only.asked and not world.recorder.remembered.samples
        with pytest.raises(ConsoleError, match="nothing has been recorded"):
            await world.recorder.save(tmp_path / "a")
        assert not (tmp_path / "a").exists()


async def test_a_sample_that_cannot_be_recorded_is_a_gap_that_says_so(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    log.forget()
    describe, broken = recorder_format.describe, [True]

    def fails_once(origin: Origin) -> dict[str, Any]:
        if broken.pop():
            broken.append(False)
            raise TypeError("no such kind of value")
        broken.append(False)
        return describe(origin)

    monkeypatch.setattr(recorder_format, "describe", fails_once)
    async with recording() as world:
        await world.tick(3)
        saved = await world.recorder.save(tmp_path / "a")
    with Recording(tmp_path / "a") as found:
        assert [found.sample(number).error for number in range(3)] == [NOT_RECORDED, None, None]
        assert len(found) == saved.samples and found.sample(1).rows(SESSIONS)
    (sentence,) = log.forget()
    assert "TypeError" in sentence


async def test_a_server_that_goes_away_is_a_gap_with_its_reason(tmp_path: Path) -> None:
    async with recording() as world:
        world.recorder.start(tmp_path / "a")
        await world.tick(2)
        world.pool.fail(Unreachable("the server went away"))
        await world.tick(2, seconds=60.0)
        world.pool.recover()
        await world.tick(3, seconds=60.0)
        await world.recorder.stop()
    with Recording(tmp_path / "a") as found:
        errors = [found.sample(number).error for number in range(len(found))]
        assert None in errors and "the server went away" in errors
        assert errors[0] is None and errors[-1] is None


async def test_a_file_that_cannot_be_written_ends_the_recording_alone(tmp_path: Path) -> None:
    async with recording() as world:
        told: list[str] = []
        world.recorder.changed = lambda: told.append("changed")
        world.recorder.start(tmp_path / "a")
        await world.tick(1)
        writer = world.recorder._writer
        assert writer is not None
        os.close(writer._descriptor)
        world.clock.advance(2.0)
        await until(lambda: told)
        assert world.recorder.path is None and "Bad file descriptor" in str(world.recorder.error)
        await world.tick(2)
        assert (await world.recorder.save(tmp_path / "b")).samples > 3


async def test_a_recording_can_be_read_while_it_goes_on(tmp_path: Path) -> None:
    async with recording() as world:
        world.recorder.start(tmp_path / "a")
        await world.tick(1)
        await until(lambda: world.recorder.written.samples >= 1)
        with Recording(tmp_path / "a") as found:
            assert len(found) >= 1 and found.lost_bytes == 0
        with pytest.raises(ConsoleError, match="already recording"):
            world.recorder.start(tmp_path / "b")


def test_every_pace_is_kept_by_the_clock() -> None:
    schedule = Schedule()
    info = builders.info()
    rows = {counters(info).name: [StatementEntry(1, 2, True, 3, "1 2 3")]}
    everything = [read for paced in ALONG for read in paced.reads(info, rows)]
    assert schedule.due(100.0, info, rows, to_file=False) == everything
    assert schedule.due(102.0, info, rows, to_file=False) == []
    assert [read.query for read in schedule.due(110.0, info, rows, to_file=False)] == [SESSIONS]
    assert SESSIONS in [read.query for read in schedule.due(112.0, info, rows, to_file=True)]
    schedule.restart()
    assert schedule.due(112.5, info, rows, to_file=True) == everything


def test_texts_are_asked_of_the_statements_that_took_most() -> None:
    info = builders.info()
    entries = [StatementEntry(1, 2, True, number, f"7 {number % 1000}.5 3") for number in range(3000)]
    assert statement_texts(info, {}) == []
    (asked,) = statement_texts(info, {counters(info).name: entries})
    assert asked.params is not None and len(asked.params["query_ids"]) == MOST_TEXTS
    assert min(number % 1000 for number in asked.params["query_ids"]) >= 933
