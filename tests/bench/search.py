"""A search through the console's engine against the same query by psycopg alone, in binary, in the same moments."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

import numpy as np
import psycopg
from pgvector.psycopg import register_vector_async

from console.server.pool import Pool
from console.server.target import Target
from console.vectors import read, values
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchOptions, SearchRequest, find, search, subject
from tests.bench.measure import Figure
from tests.support.servers import Database, Servers

ROWS = 10_000
QUERIES = 200


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    figures: list[Figure] = []
    for dimensions in (1536, 64):
        with server.database() as database:
            draw = np.random.default_rng(1)
            fill(database, draw, dimensions)
            figures += asyncio.run(_measure(database, draw, dimensions))
    return figures


def fill(database: Database, draw: np.random.Generator, dimensions: int, rows: int = ROWS, *, normal: bool = True
         ) -> np.ndarray:
    """A table `items` of vectors in clusters, indexed by hnsw for cosine distance; the vectors as float32."""
    centres = draw.normal(size=(200, dimensions))
    data = (centres[draw.integers(0, 200, rows)] + draw.normal(size=(rows, dimensions)) * 0.8).astype(np.float32)
    if normal:
        data /= np.linalg.norm(data, axis=1, keepdims=True)
    with database.connect() as connection:
        from pgvector.psycopg import register_vector

        connection.execute("CREATE EXTENSION vector")
        register_vector(connection)
        connection.execute(f"CREATE TABLE items (id int PRIMARY KEY, v vector({dimensions}))")  # type: ignore[arg-type]
        with connection.cursor() as cursor, cursor.copy("COPY items FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "vector"])
            for number, vector in enumerate(data):
                copy.write_row((number, vector))
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("CREATE INDEX items_v ON items USING hnsw (v vector_cosine_ops)")
        connection.execute("VACUUM ANALYZE items")
    return data


async def _measure(database: Database, draw: np.random.Generator, dimensions: int) -> Sequence[Figure]:
    pool = Pool(Target(name="bench", conninfo=database.conninfo))
    bare = await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True, prepare_threshold=None)
    await register_vector_async(bare)
    queries = draw.normal(size=(QUERIES, dimensions)).astype(np.float32)
    text = "SELECT id, v <=> %b AS distance FROM items ORDER BY distance LIMIT 10"
    ours: list[float] = []
    whole: list[float] = []
    exact: list[float] = []
    peers: list[float] = []
    async with pool.session() as session:
        found = await subject(session, await read.find_column(session, "items.v"))

        def request(query: np.ndarray, **options: bool) -> SearchRequest:
            vector = values.of_numbers(query.tolist(), "vector")
            return SearchRequest(found, vector, BY_NAME["cosine"], options=SearchOptions(**options))

        requests = [request(query) for query in queries]
        async def mine(number: int) -> tuple[float, list[int]]:
            started = time.perf_counter()
            done = await find(session, requests[number])
            return (time.perf_counter() - started) * 1000, [int(hit.key[0] or 0) for hit in done.hits]

        async def peer(number: int) -> tuple[float, list[int]]:
            started = time.perf_counter()
            rows = await (await bare.execute(text, [queries[number]], binary=True)).fetchall()
            return (time.perf_counter() - started) * 1000, [row[0] for row in rows]

        for number in range(-20, QUERIES):
            # in turns: whoever asks second finds the pages where the first one has put them
            first, second = (mine, peer) if number % 2 else (peer, mine)
            (one_ms, group), (other_ms, other) = await first(number), await second(number)
            assert group == other
            if number >= 0:
                ours.append(one_ms if first is mine else other_ms)
                peers.append(other_ms if first is mine else one_ms)
        for query in queries[:50]:
            started = time.perf_counter()
            await search(session, request(query))
            whole.append((time.perf_counter() - started) * 1000)
            started = time.perf_counter()
            await find(session, request(query, exact=True))
            exact.append((time.perf_counter() - started) * 1000)
    await bare.close()
    await pool.close()
    name = f"search of {ROWS:,} x {dimensions}, hnsw"
    mine_ms, peer_ms = statistics.median(ours), statistics.median(peers)
    if dimensions < 500:
        return [Figure(f"{name}, p50 above psycopg's", mine_ms - peer_ms, None, "ms", 0.3,
                       f"psycopg: {peer_ms:.2f} ms")]
    return [
        Figure(f"{name}, p50", mine_ms, peer_ms, "ms", 1.15, "psycopg in binary, autocommit"),
        Figure(f"{name}, p95", float(np.percentile(ours, 95)), None, "ms", 100),
        Figure(f"{name}, with its plan, p95", float(np.percentile(whole, 95)), None, "ms", 100),
        Figure(f"search of {ROWS:,} x {dimensions}, exact, p95", float(np.percentile(exact, 95)), None, "ms", 100),
    ]
