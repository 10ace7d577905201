"""A refresh of the Statements screen with thousands of statements: the server's time against the counters alone.

The peer is the read that shows the same counters, `SELECT *` of pg_stat_statements(false) without any text; both times
are the server's own, from pg_stat_statements. The view that most tools read, and what the client makes of the answer,
are told beside it.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

from psycopg import Connection

from console.server.pool import Pool
from console.server.query import Read
from console.server.session import PgSession
from console.server.target import Target
from console.statements import read
from console.ui.screens.statements.state import StatementsState
from console.view.statements import ranking as view
from tests.bench.measure import Figure
from tests.support.servers import Database, Servers

ROUNDS = 25
ROWS = 200
COLUMNS = 100


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.make("embedded", {"pg_stat_statements.max": "12000"})
    with server.database() as database, server.role("LOGIN SUPERUSER") as ours, \
            server.role("LOGIN SUPERUSER") as counters, server.role("LOGIN SUPERUSER") as whole:
        with database.connect() as work:
            work.execute("CREATE EXTENSION pg_stat_statements")
            work.execute(f"CREATE TABLE wide ({', '.join(f'c{number} int' for number in range(COLUMNS))})")  # type: ignore[arg-type]
            fill(work, 0, 4500)
        few = asyncio.run(measure(database, ours, {counters: "pg_stat_statements(false)", whole: "pg_stat_statements"}))
        with database.connect() as work:
            fill(work, 4500, 10_000)
        many = asyncio.run(measure(database, ours, {}))
    return [
        Figure("server time a refresh, 4,500 statements", few[ours], few[counters], "ms", 1.2,
               "SELECT * FROM pg_stat_statements(false)"),
        Figure("server time a refresh, 4,500 statements", few[ours], few[whole], "ms", 1.0,
               "SELECT * FROM pg_stat_statements"),
        Figure("client CPU a refresh, 4,500 statements", few["client"], None, "ms", 60.0, "as much as it may take"),
        Figure("client CPU a refresh, 10,000 statements", many["client"], None, "ms", 60.0, "as much as it may take"),
    ]


def fill(work: Connection[object], first: int, last: int) -> None:
    """Statements that are told apart, each with a text of 1.5 kB."""
    padding = " ".join(f"/* {number:4} of what makes a text long */" for number in range(40))
    with work.transaction():
        for number in range(first, last):
            found, two, three = number % COLUMNS, number // COLUMNS, number * 7 % COLUMNS
            work.execute(f"SELECT c{found}, {padding} c{two}, c{three} FROM wide WHERE c{found} = 1")  # type: ignore[arg-type]


async def measure(database: Database, ours: str, peers: dict[str, str]) -> dict[str, float]:
    """Median milliseconds of the server by role, and of the client's CPU, over rounds in which all take turns."""
    times: dict[str, list[float]] = {role: [] for role in (ours, *peers, "client")}
    pool = Pool(Target(name="bench", conninfo=database.server.conninfo(database.name, user=ours)))
    others = {role: database.connect(user=role) for role in peers}
    seen = StatementsState()
    try:
        with database.connect() as meter:
            async with pool.session() as session:
                for number in range(ROUNDS + 1):
                    before = spent(meter, times)
                    started = time.process_time()
                    await refresh(session, seen)
                    client_ms = (time.process_time() - started) * 1000
                    for role, what in peers.items():
                        others[role].execute(f"SELECT * FROM {what}").fetchall()  # type: ignore[arg-type]
                    after = spent(meter, times)
                    if number:
                        times["client"].append(client_ms)
                        for role in (ours, *peers):
                            times[role].append(after[role] - before[role])
    finally:
        await pool.close()
        for other in others.values():
            other.close()
    return {name: statistics.median(values) for name, values in times.items()}


async def refresh(session: PgSession, seen: StatementsState) -> None:
    """What the screen does with every sample, but for painting it."""
    counters = read.counters(session.info)
    readings = await session.refresh(Read(read.STANDING), Read(counters), within_s=10)
    seen.take(readings, counters)
    seen.lacks_names()
    ranking, seconds = seen.ranking_of("minute", "", "statement", "total_ms", descending=True, limit=ROWS)
    view.table(ranking, "overview", view.StatisticsBasis(seconds, 8192, seen.names, seen.texts), "")


def spent(meter: Connection[object], roles: dict[str, list[float]]) -> dict[str, float]:
    """The milliseconds that each role's statements have taken so far."""
    rows = meter.execute(
        "SELECT r.rolname, coalesce(sum(s.total_exec_time + s.total_plan_time), 0)::float8 FROM pg_roles r"
        " LEFT JOIN pg_stat_statements(false) s ON s.userid = r.oid WHERE r.rolname = ANY (%s) GROUP BY 1",
        [list(roles)]).fetchall()
    return {str(name): float(milliseconds) for name, milliseconds in rows}  # type: ignore[misc]
