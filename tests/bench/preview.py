"""The preview of a table of ten million rows: the first page against psql's LIMIT 100, and memory while paging."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import Sequence

from console.catalog.preview import preview
from console.server.pool import Pool
from console.server.target import Target
from tests.bench.catalog import resident_mib
from tests.bench.measure import Figure, alternating
from tests.support.servers import Database, LiveServer, Servers

ROWS = 10_000_000
RUNS = 9
PAGES = 300


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database:
        with database.connect() as connection:
            connection.execute("SET maintenance_work_mem = '512MB'")
            connection.execute(f"CREATE UNLOGGED TABLE big AS SELECT i AS id, 'name ' || i AS name, now() AS made_at, "
                               f"repeat('x', 40) AS filling FROM generate_series(1, {ROWS}) i")
            connection.execute("ALTER TABLE big ADD PRIMARY KEY (id)")
            connection.execute("CREATE VIEW big_view AS SELECT * FROM big")
            connection.execute("VACUUM ANALYZE big")
        return asyncio.run(_measure(server, database))


async def _measure(server: LiveServer, database: Database) -> Sequence[Figure]:
    assert server.cluster is not None
    psql = server.cluster.binaries.program("psql")
    pool = Pool(Target(name="bench", conninfo=database.conninfo))
    loop = asyncio.get_running_loop()
    with database.connect() as connection:
        oids = {name: connection.execute("SELECT %s::regclass::oid", [name]).fetchone() for name in ("big", "big_view")}

    def first_page(name: str) -> float:
        async def read() -> None:
            shown = await preview(pool.session, oids[name][0])  # type: ignore[index]
            page = await shown.first()
            assert len(page.rows) == 100
            await shown.close()

        started = time.perf_counter()
        asyncio.run_coroutine_threadsafe(read(), loop).result()
        return (time.perf_counter() - started) * 1000

    def by_psql() -> float:
        statement = "SELECT * FROM big LIMIT 100"
        done = subprocess.run([psql, "-XAt", "-d", database.conninfo, "-c", "\\timing on", "-c", statement, "-c",
                               statement], capture_output=True, text=True, check=True)
        return float(re.findall(r"Time: ([\d.]+) ms", done.stdout)[-1])

    by_key, by_cursor, floor = await asyncio.to_thread(
        alternating, RUNS, lambda: first_page("big"), lambda: first_page("big_view"), by_psql)
    growth = []
    for name in oids:
        shown = await preview(pool.session, oids[name][0])  # type: ignore[index]
        await shown.first()
        for _ in range(10):
            await shown.next()
        before = resident_mib()
        for _ in range(PAGES):
            await shown.next()
        growth.append(resident_mib() - before)
        await shown.close()
    await pool.close()
    against = "more than psql's LIMIT 100"
    return [
        Figure("first page of 10,000,000 rows, by key", by_key - floor, None, "ms", 50, against),
        Figure("first page of 10,000,000 rows, by cursor", by_cursor - floor, None, "ms", 50, against),
        Figure(f"memory while paging {PAGES} pages", max(growth), None, "MiB", 2),
    ]
