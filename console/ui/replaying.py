"""What the console is made of when it shows a recording. Imports no widget."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from console.config import Config, Environment
from console.errors import UsageError
from console.recorder.recording import Recording
from console.recorder.replay.clock import ReplayClock
from console.recorder.replay.moment import parse
from console.recorder.replay.player import ReplaySampler
from console.recorder.replay.pool import ReplayPool
from console.recorder.replay.pooler import ReplayPoolerWatch, has_pooler
from console.sampler.pooler_watch import PoolerWatch
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.ui.connection import Sources


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole replay`."""
    parser.add_argument("file", metavar="FILE", type=Path, help="what dbconsole record or F has written")
    parser.add_argument("--at", metavar="TIME", help="begin there: 14:02:31, a date and time, or +10min from its start")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="play N times as fast (default 1)")
    parser.add_argument("--config", metavar="FILE", help="configuration file (TOML): thresholds and looks")
    common(parser)


class Asked(Protocol):
    """What was asked on the command line."""

    @property
    def options(self) -> argparse.Namespace: ...
    @property
    def config(self) -> Config: ...


def run(asked: Asked) -> int:
    """Opens the console on the recording and returns the exit status when it is left. Raises ConsoleError."""
    options, config = asked.options, asked.config
    if not 0.1 <= options.speed <= 1000:
        raise UsageError(f"--speed {options.speed:g}: must be from 0.1 to 1000")
    with Recording(options.file) as recording:
        first, last = recording.at(0), recording.at(len(recording) - 1)
        begin_at = None if options.at is None else parse(options.at, first=first, last=last, now=first)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError("the console needs a terminal", hint="dbconsole replay shows a recording in one")
        from console.ui.start import run_console

        sources = replay_sources(recording, config, begin_at=begin_at, speed=options.speed)
        return run_console(sources.names()[0], sources, is_replay=True)


def replay_target(recording: Recording) -> Target:
    """What was recorded, as a target that nobody can connect to."""
    origin = recording.sample(0).origin
    environment = origin.environment if origin else "unknown"
    known = environment if environment in ("production", "staging", "development") else "unknown"
    # No pooler is asked at that place: nobody connects to a recording.
    pooler = "dbname=pgbouncer" if has_pooler(recording) else None
    return Target(name=origin.target if origin else recording.path.name, environment=cast(Environment, known),
                  read_only=True, pgbouncer_conninfo=pooler, is_recording=True)


def replay_sources(recording: Recording, config: Config, *, begin_at: dt.datetime | None = None,
                   speed: float = 1.0) -> Sources:
    """Sources for a console on `recording`, which begins there and plays as many times as fast."""
    clock = ReplayClock(recording.at(0))
    only = replay_target(recording)
    pools: list[ReplayPool] = []

    @asynccontextmanager
    async def open_target(name: str, tell: Callable[[str], None]) -> AsyncIterator[Target]:
        yield only

    def pool_for(target: Target) -> Pool:
        pools.append(ReplayPool(recording, target, clock))
        return cast(Pool, pools[-1])

    def pooler_for(target: Target, every_s: float) -> PoolerWatch:
        return ReplayPoolerWatch(target, pools[-1], clock, every_s)

    def sampler_for(pool: Pool, services: Any, every_s: float) -> Sampler:
        return ReplaySampler(cast(ReplayPool, pool), config, clock, begin_at=begin_at, speed=speed)

    return Sources(
        config=config, clock=clock, names=lambda: [only.label], open_target=open_target,
        services_for=lambda target: origin.services if (origin := recording.sample(0).origin) else (),
        pool_for=pool_for, sampler_for=sampler_for, pooler_for=pooler_for)
