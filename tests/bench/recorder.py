"""The flight recorder: what an hour takes on disk and half an hour in memory, what a sample costs client and server.

A hundred sessions of pgbench work on the demo's schemas; the console's sampler runs beside them. Sizes are of real
samples; what the recorder that always runs costs the server is what pg_stat_statements counts for its reads, a refresh
of two seconds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from console.clock import SystemClock
from console.config import Config
from console.recorder.format import Encoder
from console.recorder.reads import ALONG, SESSIONS_PACED
from console.recorder.recorder import Recorder
from console.recorder.recording import Recording
from console.recorder.records import Origin, Sample
from console.recorder.replay.clock import ReplayClock
from console.recorder.replay.player import ReplaySampler
from console.recorder.replay.pool import ReplayPool
from console.recorder.ring import MOST_BYTES, Ring
from console.recorder.writer import RecordingWriter
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from tests.bench.activity import load
from tests.bench.measure import Figure
from tests.support.servers import Database, Servers

SESSIONS = 100
SAMPLES = 45
EVERY_S = 2.0

HOURS = 6
TIMES = 10


class Timed(Encoder):
    """An encoder that notes how long each sample took, and keeps the samples."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_ms: list[float] = []
        self.samples: list[tuple[Sample, Origin]] = []

    def encode(self, sample: Sample, origin: Origin, *, as_key: bool = False) -> Any:
        begun = time.thread_time()
        frame = super().encode(sample, origin, as_key=as_key)
        self.taken_ms.append((time.thread_time() - begun) * 1000)
        self.samples.append((sample, origin))
        return frame


def run(servers: Servers) -> Sequence[Figure]:
    pgbench = shutil.which("pgbench")
    if pgbench is None:
        raise SystemExit("this benchmark needs pgbench (PostgreSQL's contrib)")
    server = servers.make("embedded", {"max_connections": "160", "pg_stat_statements.track_planning": "on"})
    with server.database() as database, tempfile.TemporaryDirectory() as folder:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        parts = conninfo_to_dict(database.conninfo)
        place = ["-h", str(parts["host"]), "-p", str(parts.get("port", 5432)), "-U", "postgres"]
        subprocess.run([pgbench, *place, "-i", "-q", database.name], check=True, capture_output=True)
        with load([pgbench, *place, "-n", "-c", str(SESSIONS), "-R", "200", "-T", "3600", database.name]):
            time.sleep(3)
            timed, hour = asyncio.run(record(database, Path(folder) / "a"))
            server_ms, once_ms = asyncio.run(cost(database))
        jump_ms, looked_up_ms = asyncio.run(replay(timed, Path(folder) / "long"))
    memory = remembered(timed)
    return [
        Figure("an hour in a file, 100 sessions", hour / 2**20, None, "MiB", 20.0, "one sample every 2 s"),
        Figure("half an hour in memory", memory / 2**20, None, "MiB", MOST_BYTES / 2**20, "its bound"),
        Figure("client CPU a sample", statistics.median(timed.taken_ms), None, "ms", 10.0, "encoded, compressed"),
        Figure("server time that it adds to a refresh", server_ms, once_ms, "ms", 1.0, "one read of the sessions"),
        Figure("a jump to the end of 6 hours", jump_ms, None, "ms", 3000.0, "with all charts"),
        Figure("a step", looked_up_ms, None, "ms", 50.0, ""),
    ]


async def record(database: Database, path: Path) -> tuple[Timed, float]:
    """The encoder, and the bytes of an hour at one sample every two seconds."""
    clock, target = SystemClock(), Target(name="bench", conninfo=database.conninfo)
    pool = Pool(target, clock)
    sampler = Sampler(pool, Config(), (), clock, EVERY_S)
    recorder = Recorder(sampler, target, clock)
    timed = Timed()
    recorder._encoder = timed
    recorder.start(path)
    task = asyncio.create_task(sampler.run())
    while True:
        await asyncio.sleep(EVERY_S)
        if recorder.written.samples >= SAMPLES:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    written = await recorder.stop()
    await recorder.close()
    await pool.close()
    return timed, written.total_bytes / written.samples * 1800


async def cost(database: Database) -> tuple[float, float]:
    """Server milliseconds that the reads of the recorder that always runs add to a refresh of two seconds, and those
    of one read of the sessions, which a refresh of the Activity screen is."""
    pool = Pool(Target(name="bench", conninfo=database.conninfo))
    total_ms = once_ms = 0.0
    try:
        async with pool.session() as session:
            first = await session.refresh(*(read for paced in ALONG for read in paced.reads(session.info, {})))
            for found in ALONG:
                reads = found.reads(session.info, first.rows_by_name)
                await session.refresh(*reads)
                with database.connect() as connection:
                    connection.execute("SELECT pg_stat_statements_reset()")
                for _ in range(TIMES):
                    await session.refresh(*reads)
                with database.connect() as connection:
                    row = connection.execute(
                        "SELECT sum(s.total_exec_time + s.total_plan_time) FROM pg_stat_statements s "
                        "JOIN pg_roles r ON r.oid = s.userid WHERE s.query NOT LIKE '%pgbench%' "
                        "AND s.query ~ '(pg_catalog|pg_stat)' AND s.query NOT LIKE '%pg_stat_statements_reset%'"
                    ).fetchone()
                assert row is not None
                taken_ms = float(row[0] or 0.0) / TIMES
                once_ms = taken_ms if found is SESSIONS_PACED else once_ms
                total_ms += taken_ms * 2.0 / found.memory_s
    finally:
        await pool.close()
    return total_ms, once_ms


def remembered(timed: Timed) -> int:
    """Bytes of half an hour in memory, with the sessions as seldom as they are read for it."""
    ring, encoder = Ring(), Encoder()
    sessions: Sequence[Any] = ()
    for number in range(900):
        sample, origin = timed.samples[number % len(timed.samples)]
        if number % 5 == 0:
            sessions = sample.rows["sessions"]
        at = timed.samples[0][0].taken_at + dt.timedelta(seconds=2 * number)
        ring.append(encoder.encode(replace(sample, taken_at=at, rows={**sample.rows, "sessions": sessions}), origin))
    return ring.extent.total_bytes


async def replay(timed: Timed, path: Path) -> tuple[float, float]:
    """Milliseconds of a jump to the end of a recording of hours, and of a step there."""
    writer, encoder = RecordingWriter(path), Encoder()
    began = timed.samples[0][0].taken_at
    for number in range(HOURS * 1800):
        sample, origin = timed.samples[number % len(timed.samples)]
        writer.write(encoder.encode(replace(sample, taken_at=began + dt.timedelta(seconds=2 * number)), origin))
    writer.close()
    with Recording(path) as recording:
        clock = ReplayClock(recording.at(0))
        sampler = ReplaySampler(ReplayPool(recording, Target(name="bench", is_recording=True), clock), Config(), clock)
        await sampler._show(0)
        begun = time.perf_counter()
        await sampler._show(len(recording) - 20)
        jumped_ms = (time.perf_counter() - begun) * 1000
        steps = []
        for number in range(len(recording) - 19, len(recording)):
            begun = time.perf_counter()
            await sampler._show(number)
            steps.append((time.perf_counter() - begun) * 1000)
    return jumped_ms, statistics.median(steps)
