"""A recall measurement against the sum of its bare queries, and its numbers against a NumPy brute force."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import numpy as np
import psycopg
from pgvector.psycopg import register_vector_async

from console.server.pool import Pool
from console.server.target import Target
from console.vectors import read, values
from console.vectors.measure import MeasurementPlan, measure
from console.vectors.metrics import BY_NAME
from console.vectors.search import subject
from tests.bench.measure import Figure
from tests.bench.search import fill
from tests.support.servers import Database, Servers

ROWS, DIMENSIONS, QUERIES, K = 30_000, 384, 200, 10
SWEEP = (10, 20, 40, 80, 120, 200, 320, 400)


def run(servers: Servers) -> Sequence[Figure]:
    with servers.get("embedded").database() as database:
        draw = np.random.default_rng(2)
        data = fill(database, draw, DIMENSIONS, ROWS)
        queries = data[draw.integers(0, ROWS, QUERIES)] + draw.normal(size=(QUERIES, DIMENSIONS)) * 0.02
        return asyncio.run(_measure(database, data, queries.astype(np.float32)))


async def _measure(database: Database, data: np.ndarray, queries: np.ndarray) -> Sequence[Figure]:
    pool = Pool(Target(name="bench", conninfo=database.conninfo))
    async with pool.session() as session:
        found = await subject(session, await read.find_column(session, "items.v"))
    given = tuple(values.of_numbers(query.tolist(), "vector") for query in queries)
    plan = MeasurementPlan(found, BY_NAME["cosine"], K, QUERIES, sweep=(40,), given=given, connections=1)
    await measure(pool.session, plan)
    bare_s = await _bare(database, queries)
    started = time.perf_counter()
    await measure(pool.session, plan)
    ours_s = time.perf_counter() - started
    bare_s = min(bare_s, await _bare(database, queries))
    shared = MeasurementPlan(found, BY_NAME["cosine"], K, QUERIES, sweep=(40,), given=given, connections=2)
    started = time.perf_counter()
    await measure(pool.session, shared)
    shared_s = time.perf_counter() - started
    sweep = await measure(pool.session, MeasurementPlan(found, BY_NAME["cosine"], K, QUERIES, sweep=SWEEP, given=given,
                                             force_index=True))
    difference = 0.0
    for point in sweep.points:
        independent = await _independent(database, data, queries, point.setting or 0)
        difference = max(difference, float(np.abs(np.array(point.recalls) - independent).max()))
    await pool.close()
    return [
        Figure(f"recall, {QUERIES} queries of {ROWS:,} x {DIMENSIONS}", ours_s, bare_s, "s", 1.2,
               "the bare queries, exact, warming up, measured"),
        Figure("the same, exact phase on two connections", shared_s, bare_s, "s", 1.2),
        Figure(f"recall off NumPy's, at {len(SWEEP)} points", difference, None, "", 0.0, "brute force in float64"),
    ]


async def _bare(database: Database, queries: np.ndarray) -> float:
    """Seconds that the queries take by psycopg: exact, and twice by the index, as a measurement warms up."""
    async with await psycopg.AsyncConnection.connect(database.conninfo, prepare_threshold=None) as connection:
        await register_vector_async(connection)
        text = "SELECT tableoid, ctid, v <=> %b AS d FROM items ORDER BY d LIMIT 10"
        started = time.perf_counter()
        await connection.execute("SET LOCAL enable_indexscan = off")
        for query in queries:
            await (await connection.execute(text, [query])).fetchall()
        await connection.execute("SET LOCAL enable_indexscan = on")
        for query in (*queries, *queries):
            await (await connection.execute(text, [query])).fetchall()
        return time.perf_counter() - started


async def _independent(database: Database, data: np.ndarray, queries: np.ndarray, ef_search: int) -> np.ndarray:
    """Each query's recall: ids from the server, distances and truth in float64."""
    base = data.astype(np.float64)
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    asked = queries.astype(np.float64)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    distances = 1 - asked @ base.T
    kth = np.sort(distances, axis=1)[:, K - 1]
    shares = []
    async with await psycopg.AsyncConnection.connect(database.conninfo, prepare_threshold=None) as connection:
        await register_vector_async(connection)
        await connection.execute(f"SET LOCAL hnsw.ef_search = {ef_search:d}")  # type: ignore[arg-type]
        await connection.execute("SET LOCAL enable_seqscan = off")
        for place, query in enumerate(queries):
            cursor = await connection.execute("SELECT id FROM items ORDER BY v <=> %b LIMIT 10", [query])
            rows = await cursor.fetchall()
            shares.append(sum(distances[place, item] <= kth[place] + 1e-6 for (item,) in rows) / K)
    return np.array(shares)
