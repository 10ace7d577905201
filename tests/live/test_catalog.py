"""The catalog's reads, the preview and the export on real servers, with what is hostile, huge, hidden or locked."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.catalog import browse, read
from console.catalog.export import export
from console.catalog.preview import RelationPreview, preview
from console.catalog.records import Kind
from console.errors import Denied, Missing, TimedOut
from console.server.pool import Pool
from console.server.rows import RowCursor
from console.server.target import Target
from console.services import Service
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until

HOSTILE = 'we"ird [b]%s; --\n' + "ü" * 10


@asynccontextmanager
async def pool_on(conninfo: str) -> AsyncIterator[Pool]:
    pool = Pool(Target(name="", conninfo=conninfo, lock_timeout_ms=200))
    try:
        yield pool
    finally:
        await pool.close()


def run(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def oid_of(database: Database, name: str) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT %s::regclass::oid", [name]).fetchone()
    assert row is not None
    return int(row[0])


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def test_lists_agree_with_counts_down_to_the_last_page(any_database: Database) -> None:
    run(any_database, "CREATE SCHEMA many",
        "DO $$BEGIN FOR i IN 1..405 LOOP EXECUTE format('CREATE TABLE many.t%s ()', i); END LOOP; END$$",
        "CREATE TABLE many.p (d int) PARTITION BY LIST (d)",
        "CREATE TABLE many.p1 PARTITION OF many.p FOR VALUES IN (1)",
        "CREATE TYPE many.e AS ENUM ('a')", "CREATE VIEW many.v AS SELECT 1 AS one",
        "CREATE FUNCTION many.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION many.f(text) RETURNS int LANGUAGE sql AS 'SELECT 1'")
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        for schema in await read.schemas(session, system=True):
            for kind, count in schema.counts.items():
                page = list(await read.objects(session, schema.oid, kind))
                names = [item.name for item in page]
                while len(page) == read.PAGE_SIZE:
                    page = list(await read.objects(session, schema.oid, kind, page[-1]))
                    names += [item.name for item in page]
                assert len(names) == count, (schema.name, kind)
        many = next(schema for schema in await read.schemas(session) if schema.name == "many")
        assert many.counts == {Kind.TABLE: 406, Kind.VIEW: 1, Kind.FUNCTION: 2, Kind.TYPE: 1}
        assert many.partitions == 1
        assert not [schema for schema in await read.schemas(session) if schema.is_system]
        (found,) = await read.partitions(session, oid_of(any_database, "many.p"))
        assert (found.name, found.bound, found.kind) == ("p1", "FOR VALUES IN (1)", Kind.PARTITION)


async def test_tree_opens_lazily_and_continues(any_database: Database) -> None:
    run(any_database, "CREATE SCHEMA many", "CREATE SCHEMA loose",
        "DO $$BEGIN FOR i IN 1..201 LOOP EXECUTE format('CREATE TABLE many.t%s ()', i); END LOOP; END$$")
    services = [Service(name="svc", schemas=("many",)), Service(name="gone", schemas=("absent",))]
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        roots = await browse.open_tree(session, services)
        assert [node.name for node in roots[:3]] == ["svc", "gone", "unassigned"]
        (schema,) = roots[0].children or ()
        (tables,) = schema.children or ()
        assert tables.is_lazy and tables.count == 201
        first = await browse.open_node(session, tables)
        assert len(first) == 201 and first[-1].type == "more"
        (last,) = await browse.open_node(session, first[-1])
        assert last.name not in {node.name for node in first}
        assert {"loose", "public"} == {node.name for node in roots[2].children or ()}
        extensions = next(node for node in roots if node.kind is Kind.EXTENSION)
        (plpgsql,) = await browse.open_node(session, extensions)
        assert len(await browse.open_node(session, plpgsql)) == plpgsql.count
        assert not await read.graphs(session)


async def test_search_finds_literally_best_first(any_database: Database) -> None:
    run(any_database, "CREATE TABLE order_lines ()", "CREATE TABLE orders ()", "CREATE TABLE reorder ()",
        'CREATE TABLE "100%_done" ()', "CREATE TABLE orderx ()", 'CREATE TABLE "Order" ()')
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        assert [match.name for match in await read.search(session, "ORDER")] == [
            "Order", "orders", "orderx", "order_lines", "reorder"]
        assert [match.name for match in await read.search(session, "%")] == ["100%_done"]
        assert [match.name for match in await read.search(session, "%_d")] == ["100%_done"]
        assert [match.name for match in await read.search(session, "public.ord")] == [
            "Order", "orders", "orderx", "order_lines"]
        assert await read.search(session, "  ") == []
        assert await read.search(session, "it's \\ \0 nothing") == []
        (schema,) = await browse.find(session, "reorder", [])
        assert [node.name for node in schema.children or ()] == ["reorder"]


async def test_hostile_names_are_only_names(any_database: Database) -> None:
    name = quoted(HOSTILE)
    run(any_database, f"CREATE SCHEMA {name}",
        f"CREATE TABLE {name}.{name} ({name} int PRIMARY KEY, \"a%b\" text, \"%s\" text)",
        f"INSERT INTO {name}.{name} SELECT i, i, '%s' FROM generate_series(1, 250) i",
        f"COMMENT ON TABLE {name}.{name} IS '[red]markup[/]'")
    oid = oid_of(any_database, f"{name}.{name}")
    async with pool_on(any_database.conninfo) as pool:
        async with pool.session() as session:
            detail = await read.relation(session, oid)
            assert (detail.header.name, detail.header.comment) == (HOSTILE, "[red]markup[/]")
            assert [column.name for column in detail.columns or ()] == [HOSTILE, "a%b", "%s"]
            assert [match.name for match in await read.search(session, HOSTILE.upper()[:4])] != []
        assert await numbers(await preview(pool.session, oid)) == list(range(1, 251))


async def numbers(rows: RelationPreview) -> list[int]:
    """The first column over all pages, forwards; the way back must show the same pages."""
    page = await rows.first()
    pages = [page]
    while page.has_next:
        page = await rows.next()
        pages.append(page)
    for expected in reversed(pages[:-1]):
        page = await rows.previous()
        assert [row.values for row in page.rows] == [row.values for row in expected.rows]
    assert not page.has_previous
    await rows.close()
    return [int(row.values[0] or 0) for preview_page in pages for row in preview_page.rows]


@pytest.mark.parametrize("key", ["PRIMARY KEY (a)", "UNIQUE (a)", "CHECK (a > 0)"])
async def test_pages_hold_every_row_once(any_database: Database, key: str) -> None:
    run(any_database, f"CREATE TABLE t (a int NOT NULL, b text, {key})",
        "INSERT INTO t SELECT i, repeat('x', i) FROM generate_series(1, 1050) i",
        "CREATE VIEW v AS SELECT * FROM t ORDER BY a")
    async with pool_on(any_database.conninfo) as pool:
        assert await numbers(await preview(pool.session, oid_of(any_database, "t"))) == list(range(1, 1051))
        assert await numbers(await preview(pool.session, oid_of(any_database, "v"))) == list(range(1, 1051))
        assert pool.statistics().in_use == 0


async def test_values_are_cut_on_the_server_and_whole_on_demand(any_database: Database) -> None:
    run(any_database, "CREATE TABLE t (id int PRIMARY KEY, txt text, bin bytea, doc jsonb, d date, f float8, a text[])",
        "INSERT INTO t VALUES (1, repeat('ä', 5000000), decode(repeat('ab', 4000000), 'hex'), "
        "jsonb_build_object('k', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 40000) i)), "
        "'-infinity', 'NaN', ARRAY['a,b', NULL])", "INSERT INTO t VALUES (2)")
    async with pool_on(any_database.conninfo) as pool:
        rows = await preview(pool.session, oid_of(any_database, "t"))
        first, second = (await rows.first()).rows
        assert first.values[0] == "1" and first.values[1] == "ä" * 300 and first.notes[1] == "10000000"
        assert first.values[2] is not None and first.values[2].startswith("\\xababab") and len(first.values[2]) == 300
        assert first.notes[2] == "4000000"
        assert first.values[3] is None and int(first.notes[3] or 0) < -1_000_000
        assert first.values[4:] == ("-infinity", "NaN", '{"a,b",NULL}')
        assert second.values == ("2", None, None, None, None, None, None) and set(second.notes) == {None}
        whole = await rows.value(first, 3)
        assert whole.text is not None and whole.text.startswith('{"k": "c4ca4238') and whole.is_cut
        assert whole.total_bytes == 1_280_009
        assert (await rows.value(first, 5)).text == "NaN"
        run(any_database, "DELETE FROM t")
        with pytest.raises(Missing, match="gone"):
            await rows.value(first, 1)


async def test_widest_table_and_none(any_database: Database) -> None:
    columns = ", ".join(f"c{i} text" for i in range(1600))
    run(any_database, f"CREATE TABLE wide ({columns})", "INSERT INTO wide (c0, c1599) VALUES ('a', repeat('z', 999))",
        "CREATE TABLE nothing ()", "INSERT INTO nothing SELECT FROM generate_series(1, 3)")
    async with pool_on(any_database.conninfo) as pool:
        rows = await preview(pool.session, oid_of(any_database, "wide"))
        (row,) = (await rows.first()).rows
        assert len(row.values) == 1600 and row.values[1599] == "z" * 37 and row.notes[1599] == "999"
        assert (await rows.value(row, 1599)).text == "z" * 999
        await rows.close()
        rows = await preview(pool.session, oid_of(any_database, "nothing"))
        assert [row.values for row in (await rows.first()).rows] == [(), (), ()]
        await rows.close()
        async with pool.session() as session:
            detail = await read.relation(session, oid_of(any_database, "wide"))
            assert len(detail.columns or ()) == 1600


async def test_vectors_bring_dimensions_and_norm(embedded_database: Database) -> None:
    run(embedded_database, "CREATE SCHEMA ext", "CREATE EXTENSION vector SCHEMA ext",
        "CREATE TABLE t (id int PRIMARY KEY, v ext.vector(3), h ext.halfvec(3), s ext.sparsevec(5))",
        "INSERT INTO t VALUES (1, '[1,2,2]', '[0,3,4]', '{1:3,2:4}/5'), (2, NULL, NULL, NULL)",
        "CREATE INDEX ON t USING hnsw (v ext.vector_l2_ops) WITH (m = 8)")
    async with pool_on(embedded_database.conninfo) as pool:
        rows = await preview(pool.session, oid_of(embedded_database, "t"))
        first, second = (await rows.first()).rows
        assert first.notes[1:] == ("3:3", "3:5", "5:5") and set(second.notes) == {None}
        async with pool.session() as session:
            detail = await read.relation(session, oid_of(embedded_database, "t"))
        assert [column.dimensions for column in detail.columns or ()] == [None, 3, 3, 5]
        assert [(index.method, index.options) for index in detail.indexes or ()] == [("btree", []), ("hnsw", ["m=8"])]


@pytest.fixture
def embedded_database(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database() as found:
        yield found


async def test_invalid_utf8_in_a_sql_ascii_database(any_server: LiveServer) -> None:
    name = "ascii_database"
    with any_server.connect() as connection:
        provider = "LOCALE_PROVIDER libc" if any_server.major >= 15 else ""
        connection.execute(  # type: ignore[arg-type]
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' {provider}")
    try:
        database = Database(any_server, name, any_server.conninfo(name))
        run(database, "CREATE TABLE t (k text PRIMARY KEY)",
            r"INSERT INTO t SELECT E'\xff' || i FROM generate_series(1, 250) i",
            r"""DO $$BEGIN EXECUTE 'CREATE TABLE "bad' || E'\xfe' || '" ()'; END$$""")
        async with pool_on(database.conninfo) as pool:
            rows = await preview(pool.session, oid_of(database, "t"))
            seen = []
            page = await rows.first()
            seen += page.rows
            while page.has_next:
                page = await rows.next()
                seen += page.rows
            assert len({row.values for row in seen}) == len(seen) == 250
            assert (await rows.value(seen[-1], 0)).text == "\ufffd99"
            async with pool.session() as session:
                assert [match.name for match in await read.search(session, "bad")] == ["bad\ufffd"]
    finally:
        with any_server.connect() as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_role_without_privileges_sees_the_catalog_not_the_rows(any_database: Database) -> None:
    with any_database.server.role() as role:
        run(any_database, "CREATE TABLE secret (id int PRIMARY KEY, shown text, hidden text)",
            "INSERT INTO secret VALUES (1, 'a', 'b')", "ANALYZE secret", "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "CREATE SEQUENCE seq")
        oid = oid_of(any_database, "secret")
        async with pool_on(any_database.server.conninfo(any_database.name, user=role)) as pool:
            async with pool.session() as session:
                detail = await read.relation(session, oid)
                assert not detail.unavailable and not detail.header.is_readable
                assert [column.null_fraction for column in detail.columns or ()] == [None] * 3
                assert (await read.sequence(session, oid_of(any_database, "seq"))).sequence.last_value is None
                assert await read.schemas(session) and await read.roles(session) and await read.extensions(session)
            with pytest.raises(Denied) as refused:
                await preview(pool.session, oid)
            assert refused.value.hint is not None and "GRANT SELECT ON public.secret TO" in refused.value.hint
            run(any_database, f"GRANT USAGE ON SCHEMA public TO {role}", f"GRANT SELECT (shown) ON secret TO {role}")
            rows = await preview(pool.session, oid)
            assert [row.values for row in (await rows.first()).rows] == [("a",)]
            await rows.close()
        run(any_database, f"DROP OWNED BY {role}")


async def test_locked_table_costs_its_sizes_only(any_database: Database) -> None:
    run(any_database, "CREATE TABLE busy (a int PRIMARY KEY)", "CREATE TABLE idle (a int)")
    with any_database.connect() as other, other.transaction():
        other.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        async with pool_on(any_database.conninfo) as pool:
            async with pool.session() as session:
                busy, idle = oid_of(any_database, "busy"), oid_of(any_database, "idle")
                assert set(await read.sizes(session, [busy, idle])) == {idle}
                detail = await read.relation(session, busy)
                assert detail.size is None and detail.columns is not None
                assert detail.indexes is None and "lock" in detail.unavailable["catalog.indexes"]
            rows = await preview(pool.session, busy)
            with pytest.raises(TimedOut, match="lock"):
                await rows.first()


async def test_dropped_object_is_missing(any_database: Database) -> None:
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        for ask in (read.relation, read.routine, read.type_, read.sequence):
            with pytest.raises(Missing, match="no longer there"):
                await ask(session, 4_000_000_000)


async def test_idle_cursor_gives_its_connection_back_and_goes_on(any_database: Database) -> None:
    run(any_database, "CREATE TABLE t (a int)", "INSERT INTO t SELECT generate_series(1, 300)")
    async with pool_on(any_database.conninfo) as pool:
        rows = await preview(pool.session, oid_of(any_database, "t"))
        cursor = rows._cursor
        assert isinstance(cursor, RowCursor)
        cursor._idle_limit_s = 0.1
        await rows.first()
        assert pool.statistics().in_use == 1
        await until(lambda: pool.statistics().in_use == 0)
        assert not cursor.is_open
        assert [row.values[0] for row in (await rows.next()).rows][:2] == ["101", "102"]
        await rows.close()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_export_is_exact(any_database: Database, tmp_path: Path) -> None:
    run(any_database, 'CREATE TABLE t (id int PRIMARY KEY, "a%s" text, j json, f float8)',
        "INSERT INTO t VALUES (1, E'x,\"y\"\\r\\nz', E'{\"a\":\\n [1,\\r\\n 2]}', 'NaN'), "
        "(2, '', NULL, 1.5), (3, NULL, '\"\\u0001\"', NULL)",
        "CREATE TABLE nothing ()")
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        oid = oid_of(any_database, "t")
        assert await export(session, oid, tmp_path / "t.csv", "csv") == 3
        text = (tmp_path / "t.csv").read_bytes()
        assert text.startswith(b'id,a%s,j,f\r\n1,"x,""y""\r\nz",')
        assert text.endswith(b'2,"",,1.5\r\n3,,"""\\u0001""",\r\n')
        with io.StringIO(text.decode(), newline="") as file:
            assert [row[1] for row in csv.reader(file)] == ["a%s", 'x,"y"\r\nz', "", ""]
        assert await export(session, oid, tmp_path / "t.json", "json") == 3
        assert json.loads((tmp_path / "t.json").read_text()) == [
            {"id": 1, "a%s": 'x,"y"\r\nz', "j": {"a": [1, 2]}, "f": "NaN"},
            {"id": 2, "a%s": "", "j": None, "f": 1.5}, {"id": 3, "a%s": None, "j": "\u0001", "f": None}]
        empty = oid_of(any_database, "nothing")
        assert await export(session, empty, tmp_path / "n.json", "json") == 0
        assert json.loads((tmp_path / "n.json").read_text()) == []
        assert left_in(tmp_path) == ["n.json", "t.csv", "t.json"]


async def test_cancelled_export_leaves_nothing_and_a_usable_session(any_database: Database, tmp_path: Path) -> None:
    run(any_database, "CREATE VIEW endless AS SELECT g, repeat('x', 500) AS x "
        "FROM generate_series(1, 20000) g, generate_series(1, 20000) h")
    target = tmp_path / "out.csv"
    target.write_text("before")
    started = asyncio.Event()
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        oid = oid_of(any_database, "endless")
        task = asyncio.create_task(export(session, oid, target, "csv", progress=lambda rows: started.set()))
        await asyncio.wait_for(started.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert left_in(tmp_path) == ["out.csv"] and target.read_text() == "before"
        assert await read.schemas(session)
        with pytest.raises(TimedOut):
            await export(session, oid, target, "csv", timeout_ms=300)
        assert target.read_text() == "before" and await read.schemas(session)
