"""Entries of pg_dump that are other after a round trip: by `dbconsole ddl`, and by pg_dump's own script.

The schema is the tests' own, on each release; with DBCONSOLE_BENCH_REGRESS=FOLDER also what PostgreSQL's regression
tests leave whose .sql files lie there (src/test/regress/sql), run as they are: much of them is meant to fail.
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

LEFT_OUT = frozenset({"infinite_recurse", "numeric_big", "object_address", "prepared_xacts", "stats", "tablespace"})
"""Files that take long, or need settings or a folder that these servers have not, and leave nothing behind."""


def run(servers: Servers) -> Iterator[Figure]:
    folder = os.environ.get("DBCONSOLE_BENCH_REGRESS")
    for label in labels():
        server = servers.get(label)
        if server.cluster is None:
            continue
        with roles(server):
            yield compared(server, "the tests' schema", lambda database: fill(database.server, database))
        if folder:
            own = servers.make(label)  # the files make roles and change settings of the server
            yield compared(own, "regression database", lambda database: regress(database, Path(folder)), "regression")


def compared(server: LiveServer, what: str, fill: Callable[[Database], None], name: str | None = None) -> Figure:
    """How many entries each loses, or has otherwise."""
    with server.database(name=name) as first:
        try:
            fill(first)
            before = dumps.dump(first)
            script = asyncio.run(everything(first.conninfo)).text
        finally:
            unsubscribe(first)
    before_masked = masked(before)
    ours, peer = (lost(server, text, expected) for text, expected in ((script, before_masked), (before, before)))
    entries = sum(dumps.entries(before).values())
    return Figure(f"DDL of {what}, {server.version}", ours, peer or None, "lost", 1.0 if peer else 0.0,
                  f"pg_dump's own script, of {entries} entries")


def lost(server: LiveServer, script: str, expected: str) -> int:
    with server.database() as second:
        try:
            dumps.run(second, script, stop=False)
            return len(dumps.lost(expected, dumps.dump(second)))
        finally:
            unsubscribe(second)


def regress(database: Database, folder: Path) -> None:
    """Runs the files, test_setup first, as psql does without stopping at errors."""
    files = sorted(folder.glob("*.sql"), key=lambda file: (file.stem != "test_setup", file.name))
    psql = dumps.program(database.server, "psql")
    environment = os.environ | {"PG_ABS_SRCDIR": str(folder), "PG_LIBDIR": str(folder), "PG_DLSUFFIX": ".so"}
    for file in files:
        if file.stem not in LEFT_OUT:
            subprocess.run([psql, "-X", "-q", "-d", database.conninfo, "-f", file], env=environment,
                           capture_output=True, timeout=300)
