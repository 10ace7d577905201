"""What the sampler and the checks read, on every server and for any role."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from console.activity import read as activity_reads
from console.metrics.reads import counters
from console.server.query import Query, Read
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import LiveServer, Servers

# Those without parameters; what the others answer is tested where they are used, their columns in test_sql_files.
QUERIES: list[Query[Any]] = [value for module in (activity_reads, counters)
                             for value in vars(module).values()
                             if isinstance(value, Query) and "%(" not in value.variants[0].text]


@pytest.mark.parametrize("role", ["superuser", "nobody"])
async def test_every_read_answers_on_every_server(any_server: LiveServer, role: str) -> None:
    with any_server.database() as database, any_server.role() as nobody:
        conninfo = database.conninfo if role == "superuser" else make_conninfo(database.conninfo, user=nobody)
        async with single_session(Target(name="t", conninfo=conninfo)) as session:
            readings = await session.refresh(*map(Read, QUERIES))
    # of a standby, of PostgreSQL 17 and of 19 and later
    assert set(readings.unavailable) <= {"metrics.recovery", "activity.wait_event_texts", "activity.lock_waits"}
    assert readings.rows_by_name.keys() | readings.unavailable.keys() == {query.name for query in QUERIES}


async def test_sizes_are_the_servers_own_and_wait_for_no_lock(server: LiveServer) -> None:
    with server.database() as database, database.connect() as setup, database.connect() as locker:
        setup.execute("CREATE SCHEMA one; CREATE SCHEMA none; CREATE TABLE one.t (id int PRIMARY KEY, body text);"
                      "ALTER TABLE one.t ALTER body SET STORAGE EXTERNAL;"
                      "INSERT INTO one.t SELECT n, repeat('x', 5000) FROM generate_series(1, 300) n")
        setup.execute("VACUUM ANALYZE one.t")
        exact = setup.execute("SELECT pg_relation_size('one.t') + pg_indexes_size('one.t')"
                              " + (SELECT pg_relation_size(reltoastrelid) + pg_indexes_size(reltoastrelid)"
                              "    FROM pg_class WHERE oid = 'one.t'::regclass)").fetchone()
        async with single_session(Target(name="t", conninfo=database.conninfo)) as session:
            rows = {row.schema: row for row in await session.fetch(counters.SCHEMA_SIZES)}
            assert exact is not None and exact[0] > 1_000_000
            assert (rows["one"].tables, rows["one"].total_bytes, rows["one"].is_estimate) == (1, exact[0], False)
            assert (rows["none"].tables, rows["none"].total_bytes) == (0, 0)
            assert not rows.keys() & {"pg_catalog", "pg_toast", "information_schema"}
            locker.execute("BEGIN; LOCK TABLE one.t IN ACCESS EXCLUSIVE MODE")
            (locked,) = [row for row in await session.fetch(counters.SCHEMA_SIZES) if row.schema == "one"]
            locker.execute("ROLLBACK")
    assert locked.is_estimate and abs(locked.total_bytes - exact[0]) < 100_000


async def test_an_index_being_built_is_not_invalid_yet(server: LiveServer) -> None:
    """CREATE INDEX CONCURRENTLY waits for an old transaction with its index still invalid."""
    with server.database() as database, database.connect() as setup, database.connect() as old:
        setup.execute("CREATE TABLE t (a int); CREATE TABLE u (a int); INSERT INTO u VALUES (1), (1)")
        with pytest.raises(Exception, match="duplicate"):
            setup.execute("CREATE UNIQUE INDEX CONCURRENTLY failed ON u (a)")
        old.execute("BEGIN; INSERT INTO t VALUES (1)")
        with database.connect() as builder:
            building = asyncio.create_task(asyncio.to_thread(
                builder.execute, "CREATE INDEX CONCURRENTLY building ON t (a)"))
            async with single_session(Target(name="t", conninfo=database.conninfo)) as session:
                count = 0
                while count < 2:  # until the half-built one is in the catalog
                    found = setup.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone()
                    count = found[0] if found else 0
                    await asyncio.sleep(0.01)
                names = [row.index for row in await session.fetch(counters.INVALID_INDEXES)]
            old.execute("ROLLBACK")
            await building
    assert names == ["failed"]


async def test_a_standby_and_its_primary_see_each_other(servers: Servers) -> None:
    primary = servers.make("embedded")
    standby = servers.standby(primary)
    async with single_session(Target(name="p", conninfo=primary.dsn)) as session:
        standbys = await session.fetch(counters.STANDBYS)
    async with single_session(Target(name="s", conninfo=standby.dsn)) as session:
        readings = await session.refresh(*map(Read, QUERIES))
    assert [standby.state for standby in standbys] == ["streaming"]
    recovery = readings.first(counters.RECOVERY)
    assert recovery is not None and recovery.is_streaming and not recovery.is_paused
    assert set(readings.unavailable) <= {"activity.lock_waits"}  # of PostgreSQL 19 and later
