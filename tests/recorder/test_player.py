"""Playing a recording: where it stands, what is known there, and how fast it goes on."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.activity.read import SESSION_LOCKS, SESSION_TEXT, SESSIONS
from console.config import Config
from console.errors import ConsoleError, Missing, Unreachable
from console.metrics.records.counters import ServerClock
from console.recorder.recording import NOT_RECORDED, Recording
from console.recorder.records import Sample
from console.recorder.replay.clock import ReplayClock
from console.recorder.replay.player import SPEEDS, ReplaySampler
from console.recorder.replay.pool import ReplayPool
from console.sampler.records import Snapshot
from console.server.connection import connect
from console.server.query import Query, Read
from console.server.target import Target
from tests.support import builders
from tests.support.activity import backend, idle
from tests.support.recordings import BEGAN, sample, write
from tests.support.waiting import until

TARGET = Target(name="staging", is_recording=True)


def samples(number: int, lost: tuple[int, ...] = ()) -> list[Sample]:
    made = []
    for found in range(number):
        at = BEGAN + dt.timedelta(seconds=2 * found)
        if found in lost:
            made.append(sample(found, error="the server went away"))
            continue
        made.append(sample(found, {
            "server_clock": [ServerClock(at, at)], "session_counts": [builders.sessions(active=found)],
            "sessions": [backend(4711, query="x" * 300), backend(4802, 4711), idle(6000), idle(6001, user=None)]},
            series={"active": float(found), "transactions_per_s": 100.0 + found}))
    return made


class Played:
    """A player with what it published."""

    def __init__(self, recording: Recording, **options: Any) -> None:
        self.clock = ReplayClock(recording.at(0))
        self.pool = ReplayPool(recording, TARGET, self.clock)
        self.sampler = ReplaySampler(self.pool, Config(), self.clock, **options)
        self.heard: list[Snapshot] = []
        self.sampler.listeners.append(self.heard.append)

    async def at(self, number: int) -> Snapshot:
        """The snapshot of that sample, when it is published."""
        await until(lambda: self.sampler.number == number and self.heard
                         and self.heard[-1].monotonic_s == self.clock.monotonic())
        return self.heard[-1]


@asynccontextmanager
async def playing(path: Path, made: list[Sample], *, paused: bool = True, **options: Any) -> AsyncIterator[Played]:
    with Recording(write(path / "a", made)) as recording:
        played = Played(recording, **options)
        played.sampler.paused = paused
        task = asyncio.create_task(played.sampler.run())
        try:
            yield played
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_steps_show_each_sample_with_its_time(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(10)) as played:
        first = await played.at(0)
        assert first.taken_at == BEGAN and first.sessions == builders.sessions(active=0)
        played.sampler.step(1)
        second = await played.at(1)
        assert second.sessions == builders.sessions(active=1) and second.transactions_per_s == 101.0
        assert played.clock.now() == BEGAN + dt.timedelta(seconds=2)
        played.sampler.step(-5)
        assert (await played.at(0)).sessions == builders.sessions(active=0)


async def test_a_jump_brings_the_history_that_leads_there_and_nothing_after_it(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(600)) as played:
        await played.at(0)
        for number in (500, 20, 21, 300):
            played.sampler.jump(BEGAN + dt.timedelta(seconds=2 * number + 1))
            found = await played.at(number)
            assert found.sessions == builders.sessions(active=number)
            assert played.sampler.history.values("active") == [float(item) for item in range(number + 1)]
            assert played.sampler.history.times(1) == [2.0 * number]


async def test_it_plays_to_the_end_and_then_from_the_beginning(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(200), paused=False, speed=SPEEDS[-1]) as played:
        await until(lambda: played.sampler.is_at_end)
        found = await played.at(199)
        assert played.sampler.history.values("active") == [float(number) for number in range(200)]
        assert found.measures["active"] == 199.0
        played.sampler.paused = False
        await until(lambda: played.sampler.number < 199)
        assert played.sampler.position_s < played.sampler.length_s


async def test_speed_has_a_fastest_and_a_slowest(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(3)) as played:
        assert [played.sampler.change_speed(1) for _ in range(9)][-1] == SPEEDS[-1]
        assert [played.sampler.change_speed(-1) for _ in range(9)][-1] == SPEEDS[0]


async def test_it_begins_where_it_is_told_to(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(50), begin_at=BEGAN + dt.timedelta(seconds=61)) as played:
        await played.at(30)
        assert len(played.sampler.history) == 31


async def test_a_lost_server_is_shown_as_lost(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(6, lost=(2, 3))) as played:
        await played.at(0)
        played.sampler.jump_to(2.0)
        await played.at(1)
        played.sampler.step(1)
        await until(lambda: played.heard[-1].error is not None)
        assert played.heard[-1].sessions == builders.sessions(active=1)
        async with played.pool.session() as session:
            with pytest.raises(Unreachable, match="the server went away"):
                await session.refresh(Read(SESSIONS, {"with_idle": True, "with_background": True, "also": []}))
        played.sampler.jump_to(10.0)
        assert (await played.at(5)).error is None
        assert played.sampler.history.values("active") == [0.0, 1.0, None, None, 4.0, 5.0]


async def test_a_session_answers_as_the_server_would(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(2)) as played:
        await played.at(0)
        async with played.pool.session() as session:
            async def pids(**params: Any) -> list[int]:
                given = {"with_idle": False, "with_background": False, "also": []} | params
                return [item.pid for item in await session.fetch(SESSIONS, given)]

            assert await pids() == [4711, 4802]
            assert await pids(also=[6001]) == [4711, 4802, 6001]
            assert await pids(with_idle=True) == [4711, 4802, 6000, 6001]
            who = backend(4711)
            (text,) = await session.fetch(SESSION_TEXT, {"pid": 4711, "backend_start": who.backend_start})
            assert text.query == "x" * 300 + "\n-- recorded up to here"
            readings = await session.refresh(Read(SESSION_LOCKS, {"pid": 4711}))
            assert readings.rows(SESSION_LOCKS) is None and readings.why(SESSION_LOCKS) == NOT_RECORDED
            with pytest.raises(Missing, match=NOT_RECORDED):
                await session.fetch(Query("relations", object, ()))
            with pytest.raises(ConsoleError, match="is a recording"):
                assert session.connection


async def test_nobody_connects_to_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    with pytest.raises(ConsoleError, match="there is no server to ask"):
        await connect(TARGET)


async def test_sleepers_wake_with_every_move(tmp_path: Path) -> None:
    async with playing(tmp_path, samples(5)) as played:
        await played.at(0)
        sleeping = asyncio.create_task(played.clock.sleep(1e6))
        await asyncio.sleep(0)
        played.sampler.step(1)
        async with asyncio.timeout(20):
            await sleeping
        assert played.clock.monotonic() == 2.0
