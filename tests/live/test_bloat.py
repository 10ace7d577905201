"""Bloat: the estimate against what pgstattuple counts, on real tables and B-trees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from psycopg.conninfo import make_conninfo

from console.errors import Denied, Missing
from console.metrics import bloat
from console.server.session import Session
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import Database, LiveServer, Servers


@pytest.fixture(scope="module", params=["embedded", "postgres15"])
def holey(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    """A table of which three of four rows are gone, with its indexes."""
    server: LiveServer = servers.get(request.param)
    with server.database() as database, database.connect() as connection:
        connection.execute("""
            CREATE TABLE t (id int PRIMARY KEY, words text, n numeric) WITH (autovacuum_enabled = off);
            INSERT INTO t SELECT g, repeat('w', 20 + g % 80), g FROM generate_series(1, 40000) g;
            CREATE INDEX words ON t (words, id); CREATE INDEX lower ON t (lower(words))
        """)
        connection.execute("VACUUM ANALYZE t")
        yield database


def oid(database: Database, name: str) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT %s::regclass::oid::int8", [name]).fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def session_on(database: Database, **words: str) -> AsyncIterator[Session]:
    async with single_session(Target(name="t", conninfo=make_conninfo(database.conninfo, **words))) as session:
        yield session


async def test_a_packed_table_and_index_have_next_to_none(holey: Database) -> None:
    async with session_on(holey) as session:
        for query, name in ((bloat.TABLE_BLOAT, "t"), (bloat.INDEX_BLOAT, "t_pkey"), (bloat.INDEX_BLOAT, "words")):
            found = await bloat.estimate(session, query, oid(holey, name))
            assert found.packed_bytes is not None and found.estimated_rows == 40_000, name
            assert 0.85 < found.packed_bytes / found.total_bytes < 1.15, (name, found)
        unknown = await bloat.estimate(session, bloat.INDEX_BLOAT, oid(holey, "lower"))
        assert unknown.packed_bytes is None and unknown.wasted_bytes is None


async def test_what_was_deleted_is_found_by_both(holey: Database) -> None:
    with holey.connect() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        connection.execute("CREATE TABLE copy (LIKE t INCLUDING ALL) WITH (autovacuum_enabled = off)")
        connection.execute("INSERT INTO copy SELECT * FROM t")
        connection.execute("DELETE FROM copy WHERE id % 4 <> 0")
        connection.execute("ANALYZE copy")
    async with session_on(holey) as session:
        guess = await bloat.estimate(session, bloat.TABLE_BLOAT, oid(holey, "copy"))
        counted = await bloat.count(session, bloat.TABLE_TUPLES, oid(holey, "copy"))
        assert counted.live_rows == 10_000 and counted.dead_rows == 30_000 and counted.total_bytes == guess.total_bytes
        assert guess.wasted_bytes is not None and 0.65 < guess.wasted_bytes / guess.total_bytes < 0.85
        leaves = await bloat.count(session, bloat.INDEX_LEAVES, oid(holey, "copy_pkey"))
        assert leaves.leaf_pages > 50 and leaves.leaf_density_percent is not None


async def test_empty_and_vanished_relations(holey: Database) -> None:
    with holey.connect() as connection:
        connection.execute("CREATE TABLE empty (a int PRIMARY KEY)")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
    async with session_on(holey) as session:
        assert (await bloat.estimate(session, bloat.TABLE_BLOAT, oid(holey, "empty"))).total_bytes == 0
        leaves = await bloat.count(session, bloat.INDEX_LEAVES, oid(holey, "empty_pkey"))
        assert leaves.leaf_density_percent is None and leaves.leaf_pages == 0
        with pytest.raises(Missing):
            await bloat.estimate(session, bloat.TABLE_BLOAT, 1)


async def test_without_the_extension_and_without_the_privilege(holey: Database) -> None:
    with holey.server.database() as other:
        async with session_on(other) as session:
            with pytest.raises(Missing, match="pgstattuple"):
                await bloat.count(session, bloat.TABLE_TUPLES, 1259)
    with holey.connect() as connection, holey.server.role() as nobody:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        async with session_on(holey, user=nobody) as session:
            with pytest.raises(Denied):
                await bloat.count(session, bloat.TABLE_TUPLES, oid(holey, "t"))
            hidden = await bloat.estimate(session, bloat.TABLE_BLOAT, oid(holey, "t"))
            assert hidden.packed_bytes is None and hidden.total_bytes > 0


async def test_counting_can_be_cancelled(holey: Database) -> None:
    with holey.connect() as connection, holey.connect() as watcher:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        table = oid(holey, "t")
        connection.execute("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        target = Target(name="t", conninfo=holey.conninfo, lock_timeout_ms=0)
        async with single_session(target) as session:
            counting = asyncio.create_task(bloat.count(session, bloat.TABLE_TUPLES, table))
            waiting = "SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted"
            while not watcher.execute(waiting).fetchall():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            counting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await counting
            while watcher.execute(waiting).fetchall():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        connection.execute("ROLLBACK")
