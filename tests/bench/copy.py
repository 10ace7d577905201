"""Sample vectors written by binary COPY, against psql's \\copy of the same rows from a text file."""

from __future__ import annotations

import asyncio
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from console.local_postgres.binaries import reachable
from console.server.copy import copy_rows
from console.server.single import single_session
from console.server.target import Target
from tests.bench.measure import Figure, alternating
from tests.support.servers import Database, Servers

RUNS = 5
SHARE = 0.8
"""At least so many rows a second as psql."""

Row = tuple[int, int, str, list[float]]


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    assert server.cluster is not None
    psql = str(reachable(server.cluster.binaries, None).program("psql"))
    figures = []
    with server.database() as database, tempfile.TemporaryDirectory() as folder:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION vector")
        for count, dimensions in ((20_000, 64), (5_000, 384), (2_000, 1536)):
            figures.append(_measured(database, psql, Path(folder), count, dimensions))
    return figures


def _measured(database: Database, psql: str, folder: Path, count: int, dimensions: int) -> Figure:
    draw = random.Random(dimensions)
    rows: list[Row] = [(number, number % 100, f"item {number}", [draw.gauss(0, 1) for _ in range(dimensions)])
                       for number in range(count)]
    file = folder / f"{dimensions}.txt"
    with file.open("w") as out:
        for number, category, title, vector in rows:
            out.write(f"{number}\t{category}\t{title}\t[{','.join(f'{value:.9g}' for value in vector)}]\n")
    target = Target(name="bench", conninfo=database.conninfo, statement_timeout_ms=0)

    def emptied() -> None:
        with database.connect() as connection:
            connection.execute("DROP TABLE IF EXISTS sample")
            connection.execute("CREATE UNLOGGED TABLE sample (id int, category int, title text, "
                               f"v vector({dimensions}))")  # type: ignore[arg-type]

    async def written() -> float:
        async with single_session(target) as session:
            started = time.perf_counter()
            assert await copy_rows(session, "public", "sample", ("id", "category", "title", "v"), rows) == count
            return time.perf_counter() - started

    def ours() -> float:
        emptied()
        return asyncio.run(written())

    def peer() -> float:
        emptied()
        started = time.perf_counter()
        subprocess.run([psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", f"\\copy sample from '{file}'",
                        database.conninfo], check=True, capture_output=True)
        return time.perf_counter() - started

    mine, theirs = alternating(RUNS, ours, peer)
    return Figure(f"COPY of {count:,} x {dimensions}", mine * 1000, theirs * 1000, "ms", 1 / SHARE,
                  f"psql \\copy from a file, its start included; {count / mine:,.0f} rows/s")
