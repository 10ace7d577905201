"""`--check` as a whole process against the least that any Python program must do to ask PostgreSQL one question."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from tests.bench.measure import Figure, alternating, python, seconds_of
from tests.support.proxy import proxied
from tests.support.servers import Servers

RUNS = 15


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database:
        bare = python(f"import psycopg; psycopg.connect({database.conninfo!r}).execute('SELECT 1').fetchall()")
        command = [sys.executable, "-m", "console", "--check", "--format", "json", database.conninfo]
        ours, floor = alternating(RUNS, lambda: seconds_of(command, (0, 1)), lambda: seconds_of(bare))
        trips, connections, base = asyncio.run(_round_trips(database.conninfo))
    return [
        Figure("--check, whole process", ours * 1000, floor * 1000, "ms", 1.5, "python -c, psycopg, one query"),
        Figure("--check, connections", connections, None, "", 1),
        Figure("--check, round trips beyond connecting", trips - base, None, "", 2,
               "one for what the server is, one for all checks"),
    ]


async def _round_trips(conninfo: str) -> tuple[int, int, int]:
    """Round trips and connections of one --check, and the round trips of connecting alone."""
    async with proxied(conninfo) as proxy:
        code = f"import psycopg; psycopg.connect({proxy.conninfo!r}, autocommit=True).close()"
        process = await asyncio.create_subprocess_exec(*python(code))
        await process.wait()
        base, proxy.round_trips, proxy.connections = proxy.round_trips, 0, 0
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "console", "--check", proxy.conninfo, stdout=asyncio.subprocess.DEVNULL)
        await process.wait()
        return proxy.round_trips, proxy.connections, base
