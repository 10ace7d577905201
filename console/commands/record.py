"""`dbconsole record FILE`: writes samples of a target to a file until it is told to stop. Narrates on stderr."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TextIO

from console import ending, waiting
from console.clock import SystemClock
from console.config import LONGEST_S as LONGEST_TIME_S
from console.config import Config
from console.errors import ConsoleError, UsageError
from console.recorder.recorder import Recorder
from console.recorder.records import Extent
from console.sampler.pooler_watch import PoolerWatch
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.services import Service
from console.text import format as fmt
from console.text.parse import duration

FindTarget = Callable[[str | None, argparse.Namespace, Config], Awaitable[Target]]
FindServices = Callable[[Target, argparse.Namespace, Config], Sequence[Service]]

SHORTEST_S, LONGEST_S = 0.2, 3600.0
WRITTEN_WITHIN_S = 10.0
"""What a signal leaves for the last samples to reach a slow disk."""


def add_arguments(parser: argparse.ArgumentParser, *common: Callable[[argparse.ArgumentParser], None]) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the recording; there must be no such file yet")
    parser.add_argument("-t", "--target", metavar="TARGET", help="what to record (default: as for dbconsole)")
    parser.add_argument("--every", metavar="TIME", default="2s", help="from one sample to the next (default 2s)")
    parser.add_argument("--for", dest="time", metavar="TIME", help="how long (default: until Ctrl-C)")
    for add in common:
        add(parser)


async def run(options: argparse.Namespace, config: Config, find_target: FindTarget,
              find_services: FindServices) -> int:
    """Records until --for is over or SIGINT, SIGTERM or SIGHUP comes, all of which end it well: 0.

    Raises ConsoleError when no server answers at the beginning or the file can't be written. A server that goes away
    later is a gap in the recording.
    """
    every_s = _seconds("--every", options.every)
    if not SHORTEST_S <= every_s <= LONGEST_S:
        raise UsageError(f"--every {options.every}: must be from 0.2s to 1h")
    time_s = None if options.time is None else _seconds("--for", options.time)
    target = await find_target(options.target, options, config)
    clock = SystemClock()
    pool = Pool(target, clock)
    sampler = Sampler(pool, config, find_services(target, options, config), clock, every_s)
    recorder = Recorder(sampler, target, clock)
    over = asyncio.Event()
    progress = ProgressLine(recorder, sys.stderr)
    recorder.changed = over.set
    failures: list[ConsoleError] = []

    def sampled(snapshot: Snapshot) -> None:
        if snapshot.taken_at is None and snapshot.error is not None:
            failures.append(snapshot.error)
            over.set()
        progress.show(snapshot)

    sampler.listeners.append(sampled)
    runs = [sampler.run]
    if target.pgbouncer_conninfo is not None:
        pooler = PoolerWatch(target, clock, every_s)
        sampler.pooler = pooler.reading
        recorder.watch(pooler)
        runs.append(pooler.run)
    recorder.start(options.file)
    sampling = asyncio.gather(*(run() for run in runs))
    try:
        with ending.orderly(lambda number: over.set(), WRITTEN_WITHIN_S), contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), time_s)
    finally:
        await waiting.ended(sampling)
        written = await recorder.stop()
        await recorder.close()
        await pool.close()
        progress.end()
    for error in (*failures, *filter(None, (recorder.error,))):
        raise error
    if not written.samples:
        raise ConsoleError(f"{target.label}: nothing was recorded: no sample came in time",
                           hint="give it longer, or ask more often with --every")
    sys.stderr.write(f"{told(written)} recorded to {options.file}\n")
    return 0


def told(extent: Extent) -> str:
    """How much has been recorded, in words."""
    return f"{fmt.plural(extent.samples, 'sample')} in {fmt.duration(extent.seconds)}, {fmt.size(extent.total_bytes)}"


class ProgressLine:
    """One line that moves, on a terminal only."""

    def __init__(self, recorder: Recorder, stream: TextIO) -> None:
        self._recorder = recorder
        self._stream = stream
        self._moves = stream.isatty()

    def show(self, snapshot: Snapshot) -> None:
        if self._moves:
            state = f"no connection: {snapshot.error.summary}" if snapshot.error else told(self._recorder.written)
            self._stream.write(f"\r\x1b[K● {state[:100]}; Ctrl-C ends it")
            self._stream.flush()

    def end(self) -> None:
        if self._moves:
            self._stream.write("\r\x1b[K")


def _seconds(option: str, text: str) -> float:
    found = duration(text, bare="s")
    if not found or found > LONGEST_TIME_S:
        raise UsageError(f"{option} {text}: no duration, or too long", hint="write seconds, or 250ms, 5s, 10min, 2h")
    return found
