"""Recall measured on real servers: against an independent computation, on one snapshot, cancellable, never faked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from console.errors import ConsoleError, Missing, UsageError
from console.server.pool import Pool
from console.server.target import Target
from console.vectors import read
from console.vectors.measure import MeasurementPlan, MeasurementProgress, TruthCache, measure
from console.vectors.metrics import BY_NAME
from console.vectors.recall import recall_at
from console.vectors.search import SearchableColumn, subject
from tests.live.test_vectors import random_vector, run
from tests.support.servers import Database, LiveServer

ROWS, DIMENSIONS = 4000, 24


def fill(database: Database) -> None:
    run(database, "CREATE EXTENSION vector", "SELECT setseed(0.25)",
        f"CREATE TABLE items (id int PRIMARY KEY, category int, v vector({DIMENSIONS}))",
        f"INSERT INTO items SELECT i, i % 10, {random_vector(DIMENSIONS)} FROM generate_series(1, {ROWS}) i",
        "INSERT INTO items VALUES (-1, 0, NULL)",
        "CREATE INDEX items_v ON items USING hnsw (v vector_cosine_ops) WITH (m = 4, ef_construction = 10)",
        "CREATE TABLE bits (id int PRIMARY KEY, b bit(16))",
        "INSERT INTO bits SELECT i, (i * 7919 % 65536)::bit(16) FROM generate_series(1, 3000) i",
        "CREATE INDEX bits_b ON bits USING hnsw (b bit_hamming_ops)",
        "CREATE TABLE empty (id int, v vector(3))", "CREATE TABLE zeros (id int, v vector(3))",
        "INSERT INTO zeros VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, NULL)", "VACUUM ANALYZE")


@pytest.fixture
def vectors(vector_server: LiveServer) -> Iterator[Database]:
    with vector_server.database(vector_server.template("recall", fill)) as found:
        yield found


@asynccontextmanager
async def pool_on(database: Database) -> AsyncIterator[Pool]:
    pool = Pool(Target(name="", conninfo=database.conninfo, lock_timeout_ms=1000))
    try:
        yield pool
    finally:
        await pool.close()


async def of(pool: Pool, name: str) -> SearchableColumn:
    async with pool.session() as session:
        return await subject(session, await read.find_column(session, name))


async def test_numbers_equal_an_independent_computation(vectors: Database) -> None:
    """One connection, so that exact phase and sweep have the same statement: prepared, the sweep would be exact."""
    async with pool_on(vectors) as pool:
        found = await of(pool, "items.v")
        done = await measure(pool.session,
                             MeasurementPlan(found, BY_NAME["cosine"], k=10, queries=60, seed=7, sweep=(11, 40, 200),
                                                connections=1))
        async with pool.session() as session:
            cursor = await session.connection.execute("SELECT count(*) FROM pg_prepared_statements")
            assert (await cursor.fetchone())[0] == 0
    assert done.queries == 60 and len(done.points) == 3
    assert [point.index_used for point in done.points] == ["items_v"] * 3
    with vectors.connect() as connection:
        sample = connection.execute(
            "SELECT id, v::text FROM items WHERE v IS NOT NULL "
            "ORDER BY hashtextextended(tableoid::text || ctid::text, 7), ctid LIMIT 60").fetchall()
        for point in done.points:
            shares = [_recall(connection, key, vector, point.setting) for key, vector in sample]
            assert point.recalls == pytest.approx(shares)
            assert point.recall_mean == pytest.approx(sum(shares) / len(shares))
            assert point.recall_min == min(shares)
    means = [point.recall_mean for point in done.points]
    assert means[0] < 0.9 and means == sorted(means)


def _recall(connection: Any, key: int, vector: str, ef_search: int | None) -> float:
    """Recall of one query with other statements: the function for the truth and for what is found.

    Rows that are within a millionth of the tenth's distance are as near as it.
    """
    exact = connection.execute("SELECT cosine_distance(v, %s) FROM items WHERE id <> %s AND v IS NOT NULL ORDER BY 1 "
                               "LIMIT 10", [vector, key], prepare=False).fetchall()
    with connection.transaction():
        connection.execute(f"SET LOCAL hnsw.ef_search = {ef_search}; SET LOCAL enable_seqscan = off")
        found = connection.execute("SELECT id, cosine_distance(v, %s) FROM items ORDER BY v <=> %s LIMIT 11",
                                   [vector, vector], prepare=False).fetchall()
    others = [distance for item, distance in found if item != key][:10]
    return sum(1 for item in others if item <= exact[-1][0] * (1 + 1e-6)) / 10


async def test_point_that_leaves_the_index_is_called_exact(vectors: Database) -> None:
    async with pool_on(vectors) as pool:
        found = await of(pool, "items.v")
        done = await measure(pool.session, MeasurementPlan(found, BY_NAME["cosine"], queries=10, sweep=(20, 1000)))
    assert [point.is_exact for point in done.points] == [False, True]
    assert done.points[1].recall_mean == 1 and any("left the index at 1000" in warning for warning in done.warnings)


async def test_ties_are_counted_by_distance(vectors: Database) -> None:
    async with pool_on(vectors) as pool:
        found = await of(pool, "bits.b")
        done = await measure(pool.session,
                             MeasurementPlan(found, BY_NAME["hamming"], queries=40, sweep=(400,), force_index=True))
    assert done.points[0].index_used == "bits_b" and done.points[0].recall_mean > 0.95


async def test_filter_is_in_the_truth_too(vectors: Database) -> None:
    async with pool_on(vectors) as pool:
        found = await of(pool, "items.v")
        plan = MeasurementPlan(found, BY_NAME["cosine"], queries=20, sweep=(20,), where="category = 3",
                    modes=("off", "strict_order"), force_index=True)
        done = await measure(pool.session, plan)
    off, strict = done.points
    assert off.rows_mean < 8 and strict.rows_mean == 10
    assert off.recall_mean < strict.recall_mean
    assert any("fewer than k rows came back at 20" in warning for warning in done.warnings)


async def test_truth_is_cached_until_something_is_written(vectors: Database) -> None:
    cache = TruthCache()
    async with pool_on(vectors) as pool:
        found = await of(pool, "items.v")
        plan = MeasurementPlan(found, BY_NAME["cosine"], queries=10, sweep=(20,))
        assert not (await measure(pool.session, plan, cache=cache)).is_truth_cached
        assert (await measure(pool.session, plan, cache=cache)).is_truth_cached
        run(vectors, "UPDATE items SET category = 11 WHERE id = 5")
        deadline = time.monotonic() + 10  # the server sends its counters late
        while (await measure(pool.session, plan, cache=cache)).is_truth_cached:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)


async def test_cancelling_is_prompt_and_leaves_nothing(vectors: Database) -> None:
    reached = asyncio.Event()

    def tell(progress: MeasurementProgress) -> None:
        if progress.phase == "exact" and progress.done > 3:
            reached.set()

    async with pool_on(vectors) as pool:
        found = await of(pool, "items.v")
        plan = MeasurementPlan(found, BY_NAME["cosine"], queries=5000, where="pg_sleep(0) IS NOT NULL")
        task = asyncio.create_task(measure(pool.session, plan, tell))
        await asyncio.wait_for(reached.wait(), 30)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 8
        async with pool.session() as session:
            cursor = await session.connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND state <> 'idle'")
            assert (await cursor.fetchone())[0] == 0


async def test_bad_plans_are_told(vectors: Database) -> None:
    async with pool_on(vectors) as pool:
        empty = await of(pool, "empty.v")
        with pytest.raises(Missing, match="no vector to ask for"):
            await measure(pool.session, MeasurementPlan(empty, BY_NAME["l2"]))
        found = await of(pool, "items.v")
        with pytest.raises(UsageError, match="no hnsw or ivfflat index"):
            await measure(pool.session, MeasurementPlan(found, BY_NAME["l2"], queries=5, sweep=(10,)))
        with pytest.raises(ConsoleError, match="outside the valid range"):
            await measure(pool.session, MeasurementPlan(found, BY_NAME["cosine"], queries=5, sweep=(5000,)))
        zeros = await of(pool, "zeros.v")
        with pytest.raises(Missing, match="no row at a distance"):
            await measure(pool.session, MeasurementPlan(zeros, BY_NAME["cosine"]))
        assert (await measure(pool.session, MeasurementPlan(zeros, BY_NAME["l2"]))).points[0].recall_mean == 1
        for wrong in ({"k": 0}, {"queries": 0}, {"sweep": (0,)}, {"target": 2.0}):
            with pytest.raises(UsageError):
                MeasurementPlan(found, BY_NAME["cosine"], **wrong)
        with pytest.raises(ConsoleError):
            await measure(pool.session, MeasurementPlan(found, BY_NAME["cosine"], where="nope = 1"))


async def test_a_sparse_column_of_many_dimensions(vectors: Database) -> None:
    run(vectors, "CREATE TABLE sparse (id int, v sparsevec(100000))", "INSERT INTO sparse SELECT i, "
        "('{' || i || ':1,90000:2}/100000')::sparsevec FROM generate_series(1, 40) i")
    async with pool_on(vectors) as pool:
        done = await measure(pool.session, MeasurementPlan(await of(pool, "sparse.v"), BY_NAME["l2"], k=3, queries=1))
    assert done.points[0].recall_mean == 1 and any("of 1 query says" in warning for warning in done.warnings)


async def test_vectors_of_several_lengths(vectors: Database) -> None:
    run(vectors, "CREATE TABLE lengths (v vector)", "INSERT INTO lengths VALUES ('[1,2]'), ('[1,2,3]')")
    async with pool_on(vectors) as pool:
        with pytest.raises(ConsoleError) as told:
            await measure(pool.session, MeasurementPlan(await of(pool, "lengths.v"), BY_NAME["l2"]))
    assert "no row at a distance to compare with" in told.value.summary  # beside the query itself, of its length


def test_threshold_counts_ties() -> None:
    assert recall_at((1, 2, 2), (1, 2, 2, 2), 3) == 1
