"""`dbconsole record FILE`: writes samples of a target to a file until it is told to stop. Narrates on stderr."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console import ending, waiting
from console.clock import SystemClock
from console.commands.output import narrator, say
from console.config import LONGEST_S as LONGEST_TIME_S
from console.errors import ConsoleError, UsageError
from console.recorder.recorder import Recorder
from console.recorder.records import Extent
from console.sampler.pooler_watch import PoolerWatch
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.text import format as fmt
from console.text.parse import duration

if TYPE_CHECKING:
    from console.commands.opening import Opening

SHORTEST_S, LONGEST_S = 0.2, 3600.0
WRITTEN_WITHIN_S = 10.0
"""What a signal leaves for the last samples to reach a slow disk."""


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole record`; `common` adds those that other commands have as well."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the recording; there must be no such file yet")
    parser.add_argument("--every", metavar="TIME", default="2s", help="from one sample to the next (default 2s)")
    parser.add_argument("--for", dest="time", metavar="TIME", help="how long (default: until Ctrl-C)")
    common(parser)


async def run(opening: Opening) -> int:
    """Records until --for is over or SIGINT, SIGTERM or SIGHUP comes, all of which end it well: 0.

    Raises ConsoleError when no server answers at the beginning or the file can't be written. A server that goes away
    later is a gap in the recording.
    """
    options = opening.options
    every_s = _seconds("--every", options.every)
    if not SHORTEST_S <= every_s <= LONGEST_S:
        raise UsageError(f"--every {options.every}: must be from 0.2s to 1h")
    time_s = None if options.time is None else _seconds("--for", options.time)
    target = await opening.target()
    clock = SystemClock()
    pool = Pool(target, clock)
    sampler = Sampler(pool, opening.config, opening.services(target), clock, every_s)
    recorder = Recorder(sampler, target, clock)
    over = asyncio.Event()
    recorder.changed = over.set
    failures: list[ConsoleError] = []

    def sampled(snapshot: Snapshot) -> None:
        if snapshot.taken_at is None and snapshot.error is not None:
            failures.append(snapshot.error)
            over.set()
        state = f"no connection: {snapshot.error.summary}" if snapshot.error else told(recorder.written)
        narrator().show(f"● {state}; Ctrl-C ends it")

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
        narrator().clear()
    for error in (*failures, *filter(None, (recorder.error,))):
        raise error
    if not written.samples:
        raise ConsoleError(f"{target.label}: nothing was recorded: no sample came in time",
                           hint="give it longer, or ask more often with --every")
    say(f"{told(written)} recorded to {options.file}")
    return 0


def told(extent: Extent) -> str:
    """How much has been recorded, in words."""
    return f"{fmt.plural(extent.samples, 'sample')} in {fmt.duration(extent.seconds)}, {fmt.size(extent.total_bytes)}"


def _seconds(option: str, text: str) -> float:
    found = duration(text, bare="s")
    if not found or found > LONGEST_TIME_S:
        raise UsageError(f"{option} {text}: no duration, or too long", hint="write seconds, or 250ms, 5s, 10min, 2h")
    return found
