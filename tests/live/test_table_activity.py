"""The reads behind the Overview's tables, indexes and settings, on an old and the newest server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from console.metrics.reads.settings import SETTINGS
from console.metrics.reads.tables import INDEX_ACTIVITY, TABLE_ACTIVITY
from console.metrics.records.settings import Machine
from console.metrics.records.tables import IndexActivity, TableActivity
from console.metrics.settings_advice import advise
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import Database, Servers


@pytest.fixture(params=["embedded", "postgres15"])
def fresh(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    with servers.get(request.param).database() as database:
        yield database


async def tables(database: Database, conninfo: str = "", **words: Any) -> list[TableActivity]:
    params = {"sort": "table_size", "is_descending": True, "needle": None} | words
    async with single_session(Target(name="t", conninfo=conninfo or database.conninfo)) as session:
        return await session.fetch(TABLE_ACTIVITY, params)


async def indexes(database: Database, conninfo: str = "", **words: Any) -> dict[str, IndexActivity]:
    params = {"sort": "size", "is_descending": True, "needle": None, "only_doubtful": False} | words
    async with single_session(Target(name="t", conninfo=conninfo or database.conninfo)) as session:
        return {item.index: item for item in await session.fetch(INDEX_ACTIVITY, params)}


async def test_tables_by_the_order_that_is_asked_for(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("""
            CREATE TABLE "Big%_x" (a int PRIMARY KEY, b text);
            INSERT INTO "Big%_x" SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g;
            CREATE TABLE small (a int); CREATE TEMP TABLE own (a int);
            CREATE SCHEMA other; CREATE TABLE other.small (a int)
        """)
        connection.execute("VACUUM ANALYZE")
        found = await tables(fresh)
        assert [(table.schema, table.table) for table in found] == [
            ("public", "Big%_x"), ("other", "small"), ("public", "small")]
        assert found[0].tables == 3 and found[0].table_bytes > 5000 * 100 and found[0].index_bytes > 50_000
        assert found[0].live_rows == 5000 and found[0].last_vacuum_age_s is not None and not found[0].is_due
        assert [table.table for table in await tables(fresh, is_descending=False)][-1] == "Big%_x"
        assert [table.table for table in await tables(fresh, needle="big%_")] == ["Big%_x"]
        assert await tables(fresh, needle="g_x") == [] and len(await tables(fresh, needle="other.")) == 1
        for sort in ("rows", "sequential", "indexed", "inserted", "updated", "hot", "deleted", "dead", "dead_share",
                     "age", "vacuum", "analyze", "index_size"):
            assert len(await tables(fresh, sort=sort)) == 3
        connection.execute('BEGIN; LOCK TABLE "Big%_x" IN ACCESS EXCLUSIVE MODE')
        assert (await tables(fresh))[0].table_bytes > 5000 * 100  # nobody waits: it is estimated
        connection.execute("ROLLBACK")


async def test_no_more_than_a_page_is_brought(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("DO $$BEGIN FOR i IN 1..210 LOOP EXECUTE format('CREATE TABLE t%s (a int UNIQUE)', i); "
                           "END LOOP; END$$")
    found, named = await tables(fresh), await indexes(fresh)
    assert len(found) == len(named) == 200
    assert found[0].tables == 210 and next(iter(named.values())).indexes == 210


async def test_what_is_said_of_indexes(fresh: Database) -> None:
    with fresh.connect() as connection, fresh.server.role() as nobody:
        connection.execute("""
            CREATE TABLE t (a int PRIMARY KEY, b int, c text);
            CREATE INDEX a_b ON t (a, b); CREATE INDEX b ON t (b); CREATE INDEX b_c ON t (b, c);
            CREATE INDEX b2 ON t (b);
            CREATE UNIQUE INDEX ub ON t (b); CREATE INDEX bc_include ON t (b) INCLUDE (c);
            CREATE INDEX down ON t (b DESC); CREATE INDEX part ON t (b) WHERE c IS NOT NULL;
            CREATE INDEX e ON t (lower(c)); CREATE INDEX e_b ON t (lower(c), b);
            CREATE INDEX hashed ON t USING hash (c);
            CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
            CREATE INDEX on_p ON p (a); INSERT INTO t VALUES (1, 1, 'x'), (2, 2, 'y');
            CREATE TABLE twice (a int); INSERT INTO twice VALUES (1), (1)
        """)
        with pytest.raises(Exception, match="duplicate"):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (a)")
        found = await indexes(fresh)
        doubtful = await indexes(fresh, only_doubtful=True, sort="scans", is_descending=False)
        hidden = await indexes(fresh, make_conninfo(fresh.conninfo, user=nobody))
        assert found.keys() == hidden.keys()
    by = {name: (index.made_superfluous_by, index.is_duplicate) for name, index in found.items()
          if index.made_superfluous_by}
    # an index on b is superfluous beside the unique one; what is unique, descending, partial or covering is its own
    assert by == {"b": ("ub", True), "b2": ("ub", True), "e": ("e_b", False)}
    assert not found["broken"].is_valid and found["p1_a_idx"].is_partition and found["t_pkey"].is_constraint
    assert "t_pkey" not in doubtful and "ub" not in doubtful and {"broken", "b", "down", "hashed"} <= doubtful.keys()
    assert {index.method for index in found.values()} == {"btree", "hash"}


async def test_an_index_that_another_one_begins_with(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("""
            CREATE TABLE t (a int, b int, c text);
            CREATE INDEX one ON t (a); CREATE INDEX two ON t (a, b); CREATE INDEX three ON t (a, b, c);
            CREATE INDEX other ON t (b, a); CREATE INDEX ops ON t (c text_pattern_ops); CREATE INDEX plain ON t (c, a);
            CREATE UNIQUE INDEX u ON t (b)
        """)
        found = await indexes(fresh)
    assert {name: index.made_superfluous_by for name, index in found.items() if index.made_superfluous_by} == {
        "one": "two", "two": "three"}


async def test_every_setting_and_advice_on_a_real_server(fresh: Database) -> None:
    async with single_session(Target(name="t", conninfo=fresh.conninfo)) as session:
        settings = await session.fetch(SETTINGS)
        info = session.info
    assert len(settings) > 300 and any(setting.is_changed and setting.file for setting in settings)
    found = {advice.name: advice
             for advice in advise({setting.name: setting for setting in settings}, Machine(64 * 2**30, 32, "test"),
                                             info.major)}
    assert found["fsync"].severity == "critical" and found["shared_buffers"].suggested == "16GB"
    with fresh.connect() as connection:
        for setting_advice in found.values():  # what is suggested is what the server takes
            if setting_advice.suggested is not None:
                connection.execute(f"ALTER SYSTEM SET {setting_advice.name} = '{setting_advice.suggested}'")  # type: ignore[arg-type]
                connection.execute(f"ALTER SYSTEM RESET {setting_advice.name}")  # type: ignore[arg-type]
