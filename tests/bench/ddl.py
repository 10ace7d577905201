"""Entries of pg_dump that are other after a round trip: by `dbconsole ddl`, and by pg_dump's own script.

The schema is the tests' own, on each release; with DBCONSOLE_BENCH_REGRESS=FOLDER also what PostgreSQL's regression
tests leave. FOLDER/18 has what src/test/regress of 18 has, `sql`, `data` and `parallel_schedule`, and in `lib` its
library in C (`gcc -shared -fPIC regress.c`) with autoinc.so and refint.so beside it. The files run in the schedule's
order, as they are: much of them is meant to fail. What is lost goes to FOLDER/18/lost.txt.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.measure import Figure
from tests.live.test_ddl import everything, fill, masked, roles, unsubscribe
from tests.support import dumps
from tests.support.servers import Database, LiveServer, Servers, labels

LEFT_OUT = frozenset({"infinite_recurse", "numeric_big", "prepared_xacts", "stats", "tablespace"})
"""Files that take long, or need settings or a folder that these servers have not, and leave nothing behind."""


def run(servers: Servers) -> Iterator[Figure]:
    folder = os.environ.get("DBCONSOLE_BENCH_REGRESS")
    for label in labels():
        server = servers.get(label)
        if server.cluster is None:
            continue
        with roles(server):
            yield compared(server, "the tests' schema", lambda database: fill(database.server, database))
        if folder and (tests := Path(folder, str(server.major))).is_dir():
            own = servers.make(label)  # the files make roles and change settings of the server
            yield compared(own, "regression database", lambda database, tests=tests: regress(database, tests), tests)


def compared(server: LiveServer, what: str, fill: Callable[[Database], None], tests: Path | None = None) -> Figure:
    """How many entries each loses, or has otherwise."""
    with server.database(name="regression" if tests else None) as first:
        try:
            fill(first)
            before = dumps.dump(first)
            script = asyncio.run(everything(first.conninfo)).text
        finally:
            unsubscribe(first)
    ours, theirs = lost(server, script, masked(before)), lost(server, before, before)
    if tests:
        told = [f"{who}: {entry}\n" for who, entries in (("dbconsole", ours), ("pg_dump", theirs)) for entry in entries]
        (tests / "lost.txt").write_text("".join(told), encoding="utf-8")
    entries = sum(dumps.entries(before).values())
    return Figure(f"DDL of {what}, {server.version}", len(ours), len(theirs) or None, "lost", 1.0 if theirs else 0.0,
                  f"pg_dump's own script, of {entries} entries")


def lost(server: LiveServer, script: str, expected: str) -> list[tuple[str, str, str, str]]:
    with server.database() as second:
        try:
            dumps.run(second, script, stop=False)
            return dumps.lost(expected, dumps.dump(second))
        finally:
            unsubscribe(second)


def regress(database: Database, folder: Path) -> None:
    """Runs the files in the order of the schedule, as psql does without stopping at errors."""
    psql = dumps.program(database.server, "psql")
    environment = os.environ | {"PG_ABS_SRCDIR": str(folder), "PG_LIBDIR": str(folder / "lib"), "PG_DLSUFFIX": ".so"}
    for line in (folder / "parallel_schedule").read_text("utf-8").splitlines():
        for name in line.split()[1:] if line.startswith("test:") else ():
            if name not in LEFT_OUT and (file := folder / "sql" / f"{name}.sql").exists():
                subprocess.run([psql, "-X", "-q", "-d", database.conninfo, "-f", file], env=environment,
                               capture_output=True, timeout=300)
