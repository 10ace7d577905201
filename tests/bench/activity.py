"""Watching sessions, against pg_activity on the same server with pgbench at work: server time, CPU and bytes a refresh.

Both draw 120 x 36 cells every two seconds, in turns. Server time is what pg_stat_statements counts for each tool's own
role; ours has the sampler's reads in it, which feed the checks and the history whatever screen is shown. What is asked
every five minutes is asked once when the console starts: all that the start costs is spread over five minutes.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from console.activity import read
from console.server.pool import Pool
from console.server.query import Read
from console.server.target import Target
from tests.bench.measure import Figure, environment
from tests.support.proxy import proxied
from tests.support.servers import Database, Servers
from tests.support.terminal import Terminal, terminal

ROUNDS = 3
ROUND_S = 20.0
SELDOM = 150
"""Refreshes in five minutes."""

DELAY_S = 0.05
"""One way; there and back it makes the 100 ms."""


def run(servers: Servers) -> Sequence[Figure]:
    peer = shutil.which("pg_activity", path=str(Path(sys.executable).parent)) or shutil.which("pg_activity")
    pgbench = shutil.which("pgbench")
    if peer is None or pgbench is None:
        raise SystemExit("this benchmark needs pg_activity (pip) and pgbench (PostgreSQL's contrib)")
    server = servers.make("embedded", {"pg_stat_statements.track_planning": "on"})
    superuser = "LOGIN SUPERUSER"
    with server.database() as database, server.role(superuser) as mine, server.role(superuser) as theirs:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        parts = conninfo_to_dict(database.conninfo)
        place = ["-h", str(parts["host"]), "-p", str(parts.get("port", 5432))]
        subprocess.run([pgbench, *place, "-U", "postgres", "-i", "-q", database.name], check=True, capture_output=True)
        own = [sys.executable, "-m", "console", *place, "-U", mine, "-d", database.name]
        other = [peer, *place, "-U", theirs, "-d", database.name]
        with (load([pgbench, *place, "-U", "postgres", "-n", "-c", "12", "-R", "60", "-T", "3600", database.name]),
              terminal(own, environment=environment()) as ours, terminal(other, environment=environment()) as peers):
            ours.wait("Activity", 30)
            ours.wait("live", 30)
            ours.send("4")
            ours.wait("query age", 30)
            peers.wait("RUNNING", 30)
            ours.idle(5)
            beginning = spent(database, mine)
            with database.connect() as connection:
                connection.execute("SELECT pg_stat_statements_reset()")
            cpu, wire = measured(ours, peers)
            figures = server_time(database, mine, theirs, beginning / SELDOM)
        slow_ms, trips = asyncio.run(over_a_slow_link(database))
    return [
        *figures,
        Figure("CPU a refresh", cpu[0], cpu[1], "ms", 3.0, "pg_activity"),
        Figure("CPU a refresh, in itself", cpu[0], None, "ms", 30.0, "the most that it may take"),
        Figure("bytes to the terminal a refresh", wire[0], wire[1], "B", 0.5, "pg_activity"),
        Figure("a refresh over 100 ms there and back", slow_ms, None, "ms", 130.0, "one round trip"),
        Figure("round trips a refresh", trips, None, "", 1.0, "counted by a proxy"),
    ]


@contextmanager
def load(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def measured(*screens: Terminal) -> tuple[list[float], list[float]]:
    """CPU milliseconds and bytes a refresh of each, medians of rounds in which all are watched at once."""
    cpu: list[list[float]] = [[] for _ in screens]
    wire: list[list[float]] = [[] for _ in screens]
    for _ in range(ROUNDS):
        before = [(screen.cpu_s, screen.bytes_out) for screen in screens]
        until = time.perf_counter() + ROUND_S
        while time.perf_counter() < until:
            for screen in screens:
                screen.idle(0.05)
        for number, (found, (seconds, size)) in enumerate(zip(screens, before, strict=True)):
            refreshes = ROUND_S / 2.0
            cpu[number].append((found.cpu_s - seconds) * 1000 / refreshes)
            wire[number].append((found.bytes_out - size) / refreshes)
    return [statistics.median(group) for group in cpu], [statistics.median(group) for group in wire]


def spent(database: Database, role: str) -> float:
    """Server milliseconds that a role's statements have taken in all."""
    with database.connect() as connection:
        row = connection.execute(sql.SQL(
            "SELECT coalesce(sum(total_exec_time + total_plan_time), 0) FROM pg_stat_statements "
            "WHERE userid = {}::regrole"
        ).format(sql.Literal(f'"{role}"'))).fetchone()
    assert row is not None
    return float(row[0])


def server_time(database: Database, mine: str, theirs: str, seldom_ms: float) -> list[Figure]:
    """Server milliseconds a refresh: of the Activity read alone, and of everything that each tool asks."""
    counted = sql.SQL(
        "SELECT sum(total_exec_time + total_plan_time), "
        "max(calls) FILTER (WHERE query LIKE {}), "
        "sum(total_exec_time + total_plan_time) FILTER (WHERE query LIKE {}) "
        "FROM pg_stat_statements WHERE userid = {}::regrole")
    with database.connect() as connection:
        ours, peers = (
            connection.execute(counted.format(
                sql.Literal(f"%{mark}%"), sql.Literal(f"%{mark}%"), sql.Literal(f'"{role}"'))).fetchone()
            for role, mark in ((mine, "AS lock_target"), (theirs, "pg_stat_activity")))
    assert ours is not None and peers is not None
    per_refresh = peers[0] / peers[1]
    return [Figure("server time a refresh: the sessions", ours[2] / ours[1], per_refresh, "ms", 1.0, "pg_activity"),
            Figure("server time a refresh: whole console", ours[0] / ours[1] + seldom_ms, per_refresh, "ms", 1.0,
                   "pg_activity")]


async def over_a_slow_link(database: Database) -> tuple[float, float]:
    """A refresh of the sessions with one's text and locks: its median wall time in milliseconds, and round trips."""
    who = {"pid": 1, "backend_start": None}
    reads = [Read(read.SESSIONS, {"with_idle": False, "with_background": False, "also": []}),
             Read(read.SESSION_TEXT, who), Read(read.SESSION_LOCKS, {"pid": 1})]
    async with proxied(database.conninfo, DELAY_S) as link:
        pool = Pool(Target(name="slow", conninfo=link.conninfo))
        try:
            async with pool.session() as session:
                await session.refresh(*reads)
                before, times = link.round_trips, []
                for _ in range(10):
                    started = time.perf_counter()
                    await session.refresh(*reads)
                    times.append((time.perf_counter() - started) * 1000)
                return statistics.median(times), (link.round_trips - before) / len(times)
        finally:
            await pool.close()
