"""The console on a recording, and the flight recorder's key in a console on a server."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from console.activity.summary.records import BlockedSession
from console.config import Config
from console.metrics.records.counters import ServerClock
from console.recorder.recorder import Recorder
from console.recorder.recording import Recording
from console.recorder.replay.player import ReplaySampler
from console.recorder.ring import Ring
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.dialogs.recorder import RecorderDialog
from console.ui.replay_app import JumpDialog, ReplayApp
from console.ui.replaying import replay_sources
from console.ui.screens import ENTRIES
from tests.support import builders
from tests.support.activity import backend, idle, idle_in_transaction
from tests.support.fake_clock import FakeClock
from tests.support.recordings import BEGAN, origin, sample, write
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import ENTRIES as FEW
from tests.ui.conftest import ENVIRONMENT, World, live, ticks

TWO = tuple(entry for entry in ENTRIES if entry.name in ("overview", "activity"))
SAMPLES = 120
BLOCKED_FROM = 30


def recorded(path: Path, **changes: Any) -> Path:
    """Four minutes of a busy server; from the first minute on two sessions wait for another."""
    clock, samples = FakeClock(), []
    for number in range(SAMPLES):
        clock.elapsed_s = 2.0 * number
        at = BEGAN + dt.timedelta(seconds=2 * number)
        rows = {name: answer(None) if callable(answer) else answer for name, answer in builders.answers(clock).items()}
        rows |= {"server_clock": [ServerClock(at, at)], "session_counts": [builders.sessions(active=number)]}
        waiting = 2.0 * (number - BLOCKED_FROM)
        rows["sessions"] = [idle(6000), backend(4900, query="SELECT 1", transaction_age_s=1.0)] if waiting < 0 else [
            idle(6000), idle_in_transaction(4711), backend(4802, 4711, lock_wait_s=waiting),
            backend(4810, 4711, lock_wait_s=waiting / 2)]
        rows["blocked_sessions"] = [] if waiting < 0 else [
            BlockedSession(pid, seconds, "transactionid", "ShareLock", [4711], 2, 1.5 * waiting)
            for pid, seconds in ((4802, waiting), (4810, waiting / 2))]
        rows |= {name: [] for name in ("prepared_holders", "progress_vacuum")}
        samples.append(sample(number, rows, series={
            "transactions_per_s": 1000.0 + number, "active": float(number), "connections": 42.0,
            "cache_hit_percent": 99.0, "wal_bytes_per_s": 1e6, "rtt_ms": 0.4}))
    return write(path, samples, origin(**changes))


@asynccontextmanager
async def replay(path: Path, *, size: tuple[int, int] = (120, 36), entries: Any = ENTRIES
                 ) -> AsyncIterator[tuple[ReplayApp, Pilot[int], ReplaySampler]]:
    """The console on the recording, paused at its first sample."""
    with Recording(path) as recording:
        sources = replay_sources(recording, Config())
        app = ReplayApp(sources.names()[0], sources, entries=entries, environment=ENVIRONMENT)
        app.connection.paused = True
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                app.connection.paused = False
                await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
                player = app.connection.playback
                assert player is not None and player.paused and player.number == 0
                yield app, pilot, player
        finally:
            await app.connection.close()


async def shows(app: ConsoleApp, pilot: Pilot[int], *words: str) -> None:
    def there() -> bool:
        text = screen_text(app)
        return all(word in text for word in words)

    try:
        await until(there, pilot)
    except TimeoutError:
        raise AssertionError(f"{words} not in:\n{screen_text(app)}") from None


async def jump(app: ConsoleApp, pilot: Pilot[int], to: str) -> None:
    await pilot.press("J")
    await until(lambda: isinstance(app.screen, JumpDialog), pilot)
    app.screen.query_one(Input).value = to
    await pilot.press("enter")


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_recording_in_text(tmp_path: Path, size: tuple[int, int]) -> None:
    async with replay(recorded(tmp_path / "a"), size=size, entries=TWO) as (app, pilot, _):
        await pilot.press("4", "b")
        await jump(app, pilot, "12:01:30")
        await shows(app, pilot, "RECORDING", "12:01:30", "4802")
        await until_golden(app, pilot, f"replay_{size[0]}x{size[1]}")


async def test_the_overview_of_then(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a"), entries=FEW) as (app, pilot, player):
        await shows(app, pilot, "transactions/s", "1 000")
        await jump(app, pilot, "end")
        await until(lambda: player.is_at_end, pilot)
        await shows(app, pilot, "12:03:58", "1 119", "analytics")


async def test_what_was_wrong_then_comes_first(tmp_path: Path) -> None:
    """Also after a jump back, when nothing was wrong yet."""
    async with replay(recorded(tmp_path / "a"), entries=TWO) as (app, pilot, player):
        await jump(app, pilot, "end")
        await until(lambda: player.is_at_end, pilot)
        await shows(app, pilot, "report (pid 4711, app_rw) is idle in a transaction for 14 min and blocks 2 sessions")
        await jump(app, pilot, "12:00:30")
        await shows(app, pilot, "12:00:30", "All well")
        assert "4711" not in screen_text(app)


async def test_the_blocking_tree_of_then_is_shown(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a")) as (app, pilot, player):
        await pilot.press("4")
        await shows(app, pilot, "4900", "nobody waits for a lock")
        await jump(app, pilot, "12:01:30")
        await shows(app, pilot, "4711", "4802", "12:01:30")
        await pilot.press("b")
        await shows(app, pilot, "30 s", "4810", "idle in transaction")
        await pilot.press("comma")
        await shows(app, pilot, "12:01:28", "28 s")
        await pilot.press("full_stop", "full_stop")
        await shows(app, pilot, "12:01:32", "32 s", "01:32 of 03:58")
        await pilot.press("less_than_sign")
        await shows(app, pilot, "12:00:32")
        assert player.number == 16 and player.paused


async def test_it_plays_pauses_and_changes_its_speed(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a"), entries=FEW) as (app, pilot, player):
        await shows(app, pilot, "‖ paused 00:00 of 03:58")
        for _ in range(6):
            await pilot.press("plus")
        assert player.speed == 300.0
        await pilot.press("space")
        await until(lambda: player.is_at_end, pilot)
        await shows(app, pilot, "■ end 03:58 of 03:58")
        await pilot.press("minus")
        await until(lambda: player.speed == 60.0, pilot)
        await pilot.press("space")
        await until(lambda: not player.paused and player.number < SAMPLES - 1, pilot)
        await pilot.press("space")
        await until(lambda: player.paused, pilot)


async def test_a_wrong_time_is_said_and_a_right_one_taken(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a"), entries=FEW) as (app, pilot, player):
        await jump(app, pilot, "soon")
        await shows(app, pilot, "soon is no time")
        app.screen.query_one(Input).value = "+1min"
        await pilot.press("enter")
        await until(lambda: player.number == 30, pilot)


@pytest.mark.parametrize("key", ["r", "t", "D", "W", "F"])
async def test_keys_that_need_a_server_say_that_there_is_none(tmp_path: Path, key: str) -> None:
    async with replay(recorded(tmp_path / "a"), entries=FEW) as (app, pilot, _):
        await pilot.press(key)
        await shows(app, pilot, "this is a recording")
        assert app.connection.read_only


async def test_no_session_of_then_is_signalled(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a")) as (app, pilot, _):
        await pilot.press("4")
        await shows(app, pilot, "4900")
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        await shows(app, pilot, "staging is a recording", "nothing to change")


async def test_every_screen_opens_on_a_recording(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a")) as (app, pilot, player):
        for entry in ENTRIES:
            app.show_screen(entry.name)
            await until(lambda entry=entry: app.screen_name == entry.name and app.screen.is_ready,  # type: ignore[misc]
                        pilot)
            player.step(1)
            await until(lambda: player.position_s == app.clock.monotonic(), pilot)
            await shows(app, pilot, "RECORDING")
            app.close_dialogs()
        assert app.is_running and app.connection.state is ConnectionState.LIVE


async def test_the_palette_offers_what_the_keys_do(tmp_path: Path) -> None:
    async with replay(recorded(tmp_path / "a"), entries=FEW) as (app, pilot, player):
        await pilot.press("ctrl+p")
        await pilot.press(*"jump")
        await shows(app, pilot, "Jump to a time")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, JumpDialog), pilot)
        await pilot.press("escape", "ctrl+p")
        await pilot.press(*"sample", "space", "on")
        await shows(app, pilot, "One sample on")
        await pilot.press("enter")
        await until(lambda: player.number == 1, pilot)


async def test_about_says_whose_recording_it_is(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a", version="9.9.9", environment="production")
    path.write_bytes(path.read_bytes()[:-5])
    async with replay(path, entries=FEW) as (app, pilot, _):
        await shows(app, pilot, "PRODUCTION", "RECORDING")
        assert not app.connection.target_is_production  # nothing can be harmed: no danger colour
        app.action_about()  # type: ignore[attr-defined]
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        await shows(app, pilot, "dbconsole 9.9.9", "119 samples", "cut short")


@asynccontextmanager
async def with_recorder(world: World) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
    """The console on a fake server, with a flight recorder."""
    sources = replace(world.sources(), recorder_for=lambda sampler, target: Recorder(
        sampler, target, world.clock, memory=Ring()))  # type: ignore[arg-type]
    app = ConsoleApp("staging", sources, environment=ENVIRONMENT, entries=FEW)
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await live(app, pilot)
            await until(lambda: app.connection.recorder is not None, pilot)
            await ticks(world, app, pilot)
            yield app, pilot
    finally:
        await app.connection.close()


async def typed(app: ConsoleApp, pilot: Pilot[int], path: Path, key: str) -> None:
    await pilot.press("F")
    await until(lambda: isinstance(app.screen, RecorderDialog), pilot)
    app.screen.query_one(Input).value = str(path)
    await pilot.press(key)


async def test_a_key_records_and_stops(world: World, tmp_path: Path) -> None:
    async with with_recorder(world) as (app, pilot):
        recorder = app.connection.recorder
        assert recorder is not None
        await typed(app, pilot, tmp_path / "a", "enter")
        await ticks(world, app, pilot)
        await until(lambda: recorder.written.samples >= 1, pilot)
        await shows(app, pilot, "● REC")
        await pilot.press("F")
        await shows(app, pilot, "Recording to", "enter stop recording")
        await pilot.press("enter")
        await until(lambda: recorder.path is None and not isinstance(app.screen, RecorderDialog), pilot)
        assert "● REC" not in screen_text(app)
    with Recording(tmp_path / "a") as found:
        assert len(found) >= 1


async def test_what_happened_is_saved_after_the_fact(world: World, tmp_path: Path) -> None:
    async with with_recorder(world) as (app, pilot):
        recorder = app.connection.recorder
        assert recorder is not None
        await until(lambda: recorder.remembered.samples, pilot)
        await typed(app, pilot, tmp_path / "a", "ctrl+s")
        await shows(app, pilot, "saved to")
        await typed(app, pilot, tmp_path / "a", "ctrl+s")
        await shows(app, pilot, "choose another name")
        app.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await shows(app, pilot, "Type the name of a file")
    with Recording(tmp_path / "a") as found:
        assert found.sample(0).origin is not None


async def test_leaving_the_console_ends_the_recording_whole(world: World, tmp_path: Path) -> None:
    async with with_recorder(world) as (app, pilot):
        await typed(app, pilot, tmp_path / "a", "enter")
        await ticks(world, app, pilot)
        await until(lambda: app.connection.recorder and app.connection.recorder.written.samples, pilot)
    with Recording(tmp_path / "a") as found:
        assert len(found) and found.lost_bytes == 0


async def test_a_recording_that_ends_or_waits_says_so(world: World, tmp_path: Path) -> None:
    async with with_recorder(world) as (app, pilot):
        await typed(app, pilot, tmp_path / "a", "enter")
        await ticks(world, app, pilot)
        await until(lambda: app.connection.recorder and app.connection.recorder.written.samples, pilot)
        await pilot.press("space")
        await shows(app, pilot, "paused: nothing is recorded until it goes on")
        await pilot.press("F")
        await shows(app, pilot, "The console is paused: nothing is recorded until it goes on.", "Recording to")
        await app.open_target("prod")
        await shows(app, pilot, "the recording of staging ended")
    with Recording(tmp_path / "a") as found:
        assert len(found) and found.lost_bytes == 0
