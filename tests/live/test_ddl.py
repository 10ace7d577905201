"""The DDL that the console writes, run in an empty database, makes the same catalog again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psycopg

from console.catalog import read
from console.catalog.ddl import Ddl, ddl, ddl_of, script
from console.catalog.records import RELKINDS, Kind
from console.server.pool import Pool
from console.server.session import PgSession
from console.server.target import Target
from tests.support.servers import Database, LiveServer

RICH = Path(__file__).with_name("rich_schema.sql").read_text("utf-8")
NEWER = {
    15: 'CREATE UNIQUE INDEX nulls ON other.quick (x) NULLS NOT DISTINCT;',
    18: r'''
        CREATE TABLE other.modern (
            a int CONSTRAINT a_is_there NOT NULL, b int GENERATED ALWAYS AS (a * 2),
            c int CONSTRAINT loose CHECK (c > 0) NOT ENFORCED, d int NOT NULL NO INHERIT,
            e bigint REFERENCES "Rich ""1"""."order" (id) NOT ENFORCED, f int);
        ALTER TABLE other.modern ADD CONSTRAINT f_is_there NOT NULL f NOT VALID;
        COMMENT ON CONSTRAINT a_is_there ON other.modern IS 'named';
    ''',
}
KINDS = (*RELKINDS, Kind.FUNCTION, Kind.PROCEDURE, Kind.AGGREGATE, Kind.TYPE)


@asynccontextmanager
async def session_on(conninfo: str) -> AsyncIterator[PgSession]:
    pool = Pool(Target(name="", conninfo=conninfo, statement_timeout_ms=30_000))
    try:
        async with pool.session() as session:
            yield session
    finally:
        await pool.close()


@contextmanager
def roles(server: LiveServer) -> Iterator[None]:
    """Roles are the cluster's: they stay as they are between the two databases."""
    with server.connect() as connection:
        for role in ("rich_reader", "rich_owner"):
            connection.execute(f"DROP ROLE IF EXISTS {role}")  # type: ignore[arg-type]
            connection.execute(f"CREATE ROLE {role}")  # type: ignore[arg-type]
    yield
    with server.connect() as connection:
        connection.execute("DROP ROLE rich_reader, rich_owner")


async def everything(conninfo: str) -> tuple[str, dict[str, str]]:
    """The script of all that the database holds, and each object's own DDL by name."""
    async with session_on(conninfo) as session:
        found: list[Ddl] = []
        texts: dict[str, str] = {}

        async def add(kind: str, name: str, ddl: Ddl) -> None:
            found.append(ddl)
            texts[f"{kind} {name}"] = ddl.text()

        for schema in await read.schemas(session):
            if schema.name != "public":
                await add("schema", schema.name, await ddl_of(session, schema))
            for kind in KINDS:
                for object_ in await read.objects(session, schema.oid, kind):
                    label = f"{schema.name}.{object_.name}({getattr(object_, 'arguments', '')})"
                    await add(kind, label, await ddl(session, kind, object_.oid))
                    if getattr(object_, "has_partitions", False):
                        await add_partitions(session, object_.oid, add)
        for extension in await read.extensions(session):
            if extension.name != "plpgsql":
                await add("extension", extension.name, await ddl_of(session, extension))
    return script(found), texts


async def add_partitions(session: PgSession, parent: int, add: object) -> None:
    for partition in await read.partitions(session, parent):
        await add(Kind.PARTITION, f"{partition.schema}.{partition.name}",
                  await ddl(session, Kind.PARTITION, partition.oid))  # type: ignore[operator]
        if partition.has_partitions:
            await add_partitions(session, partition.oid, add)


FACTS = """
    SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity, c.relforcerowsecurity,
        c.relreplident, c.relispartition, c.relispopulated,
        (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(c.relacl) x), pg_get_expr(c.relpartbound, c.oid),
        pg_get_userbyid(c.relowner), obj_description(c.oid, 'pg_class'),
        (SELECT array_agg(p.relname ORDER BY inhseqno) FROM pg_inherits JOIN pg_class p ON p.oid = inhparent
            WHERE inhrelid = c.oid),
        (SELECT array_agg(ROW(attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
            attstorage, attcompression, attcollation::regcollation, attislocal, attinhcount,
            (SELECT array_agg(o) FROM unnest(attoptions) o WHERE o !~ '^pg_attver='), attacl::text,
            nullif(attstattarget, -1))::text ORDER BY attnum)
            FROM pg_attribute a WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
        (SELECT array_agg(ROW(conname, contype, convalidated, condeferrable, condeferred, conislocal, coninhcount,
            connoinherit AND contype IN ('c', 'n', 'f'), pg_get_constraintdef(oid),
            obj_description(oid, 'pg_constraint'))::text ORDER BY conname)
            FROM pg_constraint WHERE conrelid = c.oid),
        (SELECT array_agg(ROW(tgname, tgenabled, pg_get_triggerdef(oid))::text ORDER BY tgname)
            FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal),
        (SELECT ROW(indisunique, indisprimary, indisvalid, indisclustered, indisreplident,
            pg_get_indexdef(indexrelid))::text
            FROM pg_index WHERE indexrelid = c.oid),
        (SELECT ROW(s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)::text FROM pg_sequence s
            WHERE seqrelid = c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
    ORDER BY 1, 2
"""


def facts(database: Database) -> list[tuple[object, ...]]:
    with database.connect() as connection:
        connection.execute("SET search_path = ''")
        return connection.execute(FACTS).fetchall()


async def check_round_trip(server: LiveServer, first: Database) -> str:
    text, texts = await everything(first.conninfo)
    with server.database() as second:
        with second.connect() as connection:
            try:
                connection.execute(text)  # type: ignore[arg-type]
            except psycopg.Error as error:
                position = int(error.diag.statement_position or 0)
                raise AssertionError(f"{error}\n{text[max(0, position - 300):position + 300]}") from error
        _, texts_again = await everything(second.conninfo)
        for name, found in texts.items():
            assert texts_again.get(name) == found
        assert texts_again.keys() == texts.keys()
        for before, after in zip(facts(first), facts(second), strict=True):
            assert after == before
    return text


async def test_rich_schema_survives_the_round_trip(any_server: LiveServer) -> None:
    with roles(any_server), any_server.database() as database:
        with database.connect() as connection:
            connection.execute(RICH)  # type: ignore[arg-type]
            for major, text in NEWER.items():
                if any_server.major >= major:
                    connection.execute(text)  # type: ignore[arg-type]
        text = await check_round_trip(any_server, database)
        assert "CREATE TYPE other.mood AS ENUM" in text


async def test_ddl_says_what_it_needs(any_server: LiveServer) -> None:
    with any_server.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE TYPE public.hue AS ENUM ('red'); CREATE TABLE public.t (h public.hue[])")
            (oid,) = connection.execute("SELECT 'public.t'::regclass::oid").fetchone() or (0,)
        async with session_on(database.conninfo) as session:
            text = (await ddl(session, Kind.TABLE, oid)).text()
    assert text == ("-- needs type public.hue\nCREATE TABLE public.t (\n    h public.hue[]\n);\n"
                    "ALTER TABLE public.t OWNER TO postgres;\n")


async def test_schema_and_extension_have_ddl(embedded: LiveServer) -> None:
    with embedded.database() as database:
        with database.connect() as connection:
            connection.execute('CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; '
                               'CREATE TABLE t (v ext.vector(3)); '
                               'CREATE INDEX ON t USING hnsw (v ext.vector_cosine_ops) WITH (m = 8)')
        text = await check_round_trip(embedded, database)
    assert "CREATE EXTENSION IF NOT EXISTS vector SCHEMA ext" in text
    assert "WITH (m='8')" in text


