"""50,000 tables in 500 schemas: opening the tree against psql with the same file, pages, search, and memory."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from console.catalog import browse, read
from console.catalog.records import Kind
from console.server.pool import Pool
from console.server.target import Target
from tests.bench.measure import Figure, alternating
from tests.support.servers import Database, LiveServer, Servers

SCHEMAS, TABLES = 500, 100
RUNS = 7
SQL = Path(read.__file__).parent / "sql" / "schemas.sql"


def fill(database: Database) -> None:
    """The tables, in portions that fit into the lock table."""
    with database.connect() as connection:
        for first in range(1, SCHEMAS + 1, 5):
            connection.execute(f"""DO $$ BEGIN
                FOR s IN {first}..{first + 4} LOOP
                    EXECUTE format('CREATE SCHEMA s%s', s);
                    FOR t IN 1..{TABLES} LOOP
                        EXECUTE format('CREATE TABLE s%s.t%s (id int, name text)', s, t);
                    END LOOP;
                END LOOP; END $$""")
        connection.execute("VACUUM ANALYZE pg_class, pg_namespace, pg_type, pg_depend, pg_proc")


def resident_mib() -> float:
    match = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(match[1]) / 1024 if match else 0.0


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with server.database() as database:
        fill(database)
        return asyncio.run(_measure(server, database))


async def _measure(server: LiveServer, database: Database) -> Sequence[Figure]:
    assert server.cluster is not None
    psql = server.cluster.binaries.program("psql")
    text = SQL.read_text().rstrip().removesuffix(";")
    pool = Pool(Target(name="bench", conninfo=database.conninfo))
    loop = asyncio.get_running_loop()
    async with pool.session() as session:
        await browse.open_tree(session, ())
        before = resident_mib()

        def inside(coroutine_of: object) -> float:
            started = time.perf_counter()
            asyncio.run_coroutine_threadsafe(coroutine_of(), loop).result()  # type: ignore[operator]
            return (time.perf_counter() - started) * 1000

        def by_psql(statement: str) -> float:
            """What psql itself says the statement took, fetching included."""
            environment = os.environ | {"PGOPTIONS": "-c jit=on"}
            done = subprocess.run([psql, "-XAt", "-d", database.conninfo, "-c", "\\timing on", "-c", statement, "-c",
                                   statement], capture_output=True, text=True, check=True, env=environment)
            return float(re.findall(r"Time: ([\d.]+) ms", done.stdout)[-1])

        opening, floor = await asyncio.to_thread(
            alternating, RUNS, lambda: inside(lambda: browse.open_tree(session, ())), lambda: by_psql(text))
        tree = await browse.open_tree(session, ())
        schema = (await read.schemas(session))[0]
        page, searching = await asyncio.to_thread(
            alternating, RUNS, lambda: inside(lambda: read.objects(session, schema.oid, Kind.TABLE)),
            lambda: inside(lambda: browse.find(session, "t77", ())))
        kept = [tree]
        for found in (await read.schemas(session))[:50]:
            kept.append(tuple(await read.objects(session, found.oid, Kind.TABLE)))  # type: ignore[arg-type]
        growth = resident_mib() - before
    await pool.close()
    return [
        Figure("tree of 500 schemas, 50,000 tables", opening, floor, "ms", 2.0, "psql, the same .sql file"),
        Figure("a schema's page of tables", page, None, "ms", 50),
        Figure("search among 50,000 tables", searching, None, "ms", 250),
        Figure("memory for the tree and 50 open schemas", growth, None, "MiB", 50),
    ]
