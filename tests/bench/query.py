"""A statement on the Query screen's connection against a bare cursor, and a plan of 5,000 nodes in motion."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

import psycopg

from console.plans.findings import analyse
from console.plans.parse import parse
from console.server.interactive import PAGE_ROWS, Interactive, InteractiveStatement
from console.server.target import Target
from tests.bench.measure import Figure
from tests.bench.plans import written
from tests.support.servers import Database, Servers

RUNS = 31
STATEMENT = "SELECT i, note FROM wide ORDER BY i"


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE TABLE wide AS SELECT i, md5(i::text) AS note FROM generate_series(1, 200000) i;"
                               "ALTER TABLE wide ADD PRIMARY KEY (i); ANALYZE wide")
        ours, bare = asyncio.run(first_pages(database))
    # ours also asks the catalog what the statement names, before any of it is sent
    return (Figure("Query: the first 200 rows, read-only", ours, bare, "ms", 5.0, "BEGIN, DECLARE, FETCH, ROLLBACK"),
            Figure("plan of 5,000 nodes: a key", asyncio.run(a_key()), None, "ms", 50))


async def first_pages(database: Database) -> tuple[float, float]:
    """Medians of alternating runs: the console's and a bare cursor's, in milliseconds."""
    session = Interactive(Target(name="bench", conninfo=database.conninfo))
    ours, bare = [], []
    try:
        async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connection:
            await session.run(InteractiveStatement(STATEMENT, is_query=True))
            for _ in range(RUNS):
                started = time.perf_counter()
                result = await session.run(InteractiveStatement(STATEMENT, is_query=True))
                ours.append((time.perf_counter() - started) * 1000)
                assert len(result.rows) == PAGE_ROWS
                started = time.perf_counter()
                await connection.execute("BEGIN READ ONLY")
                await connection.execute(f"DECLARE c CURSOR FOR {STATEMENT}")
                rows: list[Any] = await (await connection.execute(f"FETCH {PAGE_ROWS} FROM c")).fetchall()
                await connection.execute("ROLLBACK")
                bare.append((time.perf_counter() - started) * 1000)
                assert len(rows) == PAGE_ROWS
    finally:
        await session.close()
    return median(ours), median(bare)


async def a_key() -> float:
    """From a cursor key on a plan of 5,000 nodes until its new lines are drawn."""
    from console.ui.plan_page import PlanPage
    from tests.support.waiting import until
    from tests.ui.conftest import World, live

    world, page = World(), PlanPage.of(analyse(parse(written(5000))), "bench")
    async with world.console() as (app, pilot):
        await live(app, pilot)
        app.push_screen(page)
        await until(lambda: page.is_mounted and page.view.nodes.table.rows, pilot, 60)
        took = []
        for _ in range(RUNS):
            started = time.perf_counter()
            page.view.nodes.action_page(1)
            took.append((time.perf_counter() - started) * 1000)
            await pilot.pause()
    return median(took)
