"""The DDL that the console writes, run by psql in an empty database, makes the same catalog again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from console.catalog import read
from console.catalog.ddl import ddl, ddl_of
from console.catalog.ddl_script import DdlScope, DdlScript, write
from console.catalog.records import Kind
from console.errors import Missing, ServerError
from console.server.pool import Pool
from console.server.session import PgSession
from console.server.target import Target
from tests.support import dumps
from tests.support.servers import Database, LiveServer

RICH = "".join(Path(__file__).with_name(f"rich_{name}.sql").read_text("utf-8") for name in ("schema", "objects"))
SECRETS = ("S3cr3t-of-far", "S3cr3t-of-taker")
NEWER = {
    15: '''
        CREATE UNIQUE INDEX nulls ON other.quick (x) NULLS NOT DISTINCT;
        CREATE PUBLICATION parts FOR TABLE odd.keyed (id) WHERE (id > 3);
        CREATE PUBLICATION schemas FOR TABLES IN SCHEMA other, odd;
    ''',
    16: "ALTER SUBSCRIPTION taker SET (streaming = parallel, origin = none, run_as_owner, disable_on_error);",
    17: "CREATE COLLATION odd.by_code (PROVIDER = builtin, LOCALE = 'C.UTF-8');",
    18: r'''
        CREATE TABLE other.modern (
            a int CONSTRAINT a_is_there NOT NULL, b int GENERATED ALWAYS AS (a * 2),
            c int CONSTRAINT loose CHECK (c > 0) NOT ENFORCED, d int NOT NULL NO INHERIT,
            e bigint REFERENCES "Rich ""1"""."order" (id) NOT ENFORCED, f int);
        ALTER TABLE other.modern ADD CONSTRAINT f_is_there NOT NULL f NOT VALID;
        COMMENT ON CONSTRAINT a_is_there ON other.modern IS 'named';
        CREATE TABLE other.modern_child (CONSTRAINT c_too NOT NULL c) INHERITS (other.modern);
        CREATE PUBLICATION made FOR TABLE other.modern WITH (publish_generated_columns = stored);
    ''',
}
EXTENSIONS = {
    "citext": """
        CREATE EXTENSION citext SCHEMA odd;
        COMMENT ON EXTENSION citext IS 'for e-mail addresses';
        REVOKE EXECUTE ON FUNCTION odd.citext_hash(odd.citext) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION odd.citext_hash(odd.citext) TO rich_reader;
        CREATE TABLE odd.mails (address odd.citext PRIMARY KEY);
        CREATE FUNCTION odd.dep() RETURNS int LANGUAGE sql AS 'SELECT 1';
        ALTER FUNCTION odd.dep() DEPENDS ON EXTENSION citext;
        CREATE INDEX mails_lower ON odd.mails (lower(address::text));
        ALTER INDEX odd.mails_lower DEPENDS ON EXTENSION citext;
        CREATE MATERIALIZED VIEW odd.held AS SELECT 1 AS a;
        ALTER MATERIALIZED VIEW odd.held DEPENDS ON EXTENSION citext;
        CREATE TRIGGER dependent BEFORE INSERT ON odd.mails FOR EACH ROW EXECUTE FUNCTION other.touch();
        ALTER TRIGGER dependent ON odd.mails DEPENDS ON EXTENSION citext;
    """,
    "pg_stat_statements": """
        CREATE EXTENSION pg_stat_statements SCHEMA odd;
        REVOKE SELECT ON odd.pg_stat_statements FROM PUBLIC;
        GRANT SELECT (userid, calls) ON odd.pg_stat_statements TO rich_reader;
    """,
}

ICU = """
    CREATE COLLATION odd.german (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
    CREATE COLLATION odd.any_case (PROVIDER = icu, DETERMINISTIC = false, LOCALE = 'und-u-ks-level2');
    CREATE TABLE odd.collated (a text COLLATE odd.german, b text COLLATE odd.any_case);
"""


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


async def everything(conninfo: str, wanted: DdlScope = DdlScope()) -> DdlScript:  # noqa: B008  frozen
    async with session_on(conninfo) as session:
        return await write(session, wanted)


def unsubscribe(database: Database) -> None:
    """A database that subscribes can't be dropped."""
    with database.connect() as connection:
        for (name,) in connection.execute("SELECT subname FROM pg_subscription").fetchall():
            connection.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE); DROP SUBSCRIPTION {name}")


class RoundTrip(Struct, frozen=True):
    """A database's script, the same of the database that it made, and what pg_dump and the catalog say of both."""

    script: DdlScript
    scripts_again: DdlScript
    dump: str
    dump_again: str
    facts: list[tuple[object, ...]]
    facts_again: list[tuple[object, ...]]


def fill(server: LiveServer, database: Database) -> None:
    with database.connect() as connection:
        there = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions").fetchall()}
        for statements in (RICH, *(text for major, text in NEWER.items() if server.major >= major),
                           *(text for name, text in EXTENSIONS.items() if name in there)):
            connection.execute(statements)  # type: ignore[arg-type]
        if connection.execute("SELECT FROM pg_collation WHERE collname = 'de-x-icu'").rowcount:
            connection.execute(ICU)


@pytest.fixture(scope="module")
def rich(any_server: LiveServer) -> RoundTrip:
    """The round trip of all that there is, once for each server."""
    server = any_server
    with roles(server), server.database() as first:
        try:
            fill(server, first)
            script = asyncio.run(everything(first.conninfo))
            before, held = dumps.dump(first), facts(first)
        finally:
            unsubscribe(first)
        with server.database() as second:
            try:
                dumps.run(second, script.text)
                return RoundTrip(script, asyncio.run(everything(second.conninfo)), before, dumps.dump(second),
                                 held, facts(second))
            finally:
                unsubscribe(second)


def masked(text: str) -> str:
    for secret in SECRETS:
        text = text.replace(secret, "***")
    return text


def test_pg_dump_says_the_same_of_both(rich: RoundTrip) -> None:
    before, after = masked(rich.dump), rich.dump_again
    assert len(dumps.entries(before)) > 220
    assert dumps.lost(before, after) == []
    assert dumps.lost(after, before) == []


def test_the_catalog_is_the_same(rich: RoundTrip) -> None:
    for before, after in zip(rich.facts, rich.facts_again, strict=True):
        assert after == before


def test_the_script_of_what_it_made_is_the_same_script(rich: RoundTrip) -> None:
    assert rich.scripts_again.text == rich.script.text
    assert rich.script.unwritten == rich.script.needs == ()


def test_no_secret_is_in_it(rich: RoundTrip) -> None:
    assert all(secret in rich.dump and secret not in rich.script.text for secret in SECRETS)


def test_a_table_and_a_function_of_one_oid_are_both_there(rich: RoundTrip) -> None:
    text = rich.script.text
    assert "CREATE TABLE odd.twin (" in text and "FUNCTION odd.twin_function(id integer)" in text


async def test_a_publication_and_a_subscription_have_ddl_by_themselves(embedded: LiveServer) -> None:
    with embedded.database() as database:
        try:
            with database.connect() as connection:
                connection.execute("CREATE TABLE t (); CREATE PUBLICATION p FOR TABLE t")
                connection.execute("CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=S3cr3t-of-s' PUBLICATION p "
                                   "WITH (connect = false)")
            async with session_on(database.conninfo) as session:
                (publication,), (subscription,) = await read.publications(session), await read.subscriptions(session)
                texts = [(await ddl_of(session, record)).text() for record in (publication, subscription)]
        finally:
            unsubscribe(database)
    assert "ALTER PUBLICATION p ADD TABLE ONLY public.t;" in texts[0]
    assert "host=nowhere password=***" in texts[1] and "connect = false" in texts[1]


async def test_security_labels_are_written(embedded: LiveServer) -> None:
    """As a provider would have set them: none is at hand, and none is needed to read them."""
    with embedded.database() as database:
        with database.connect() as connection:
            connection.execute("""CREATE TABLE t (a int);
                INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 0, 'guard', 'it''s secret'),
                    ('t'::regclass, 'pg_class'::regclass, 1, 'guard', 'top')""")
        script = await everything(database.conninfo, DdlScope(frozenset({"public"})))
    assert "SECURITY LABEL FOR guard ON TABLE public.t IS 'it''s secret';" in script.text
    assert "SECURITY LABEL FOR guard ON COLUMN public.t.a IS 'top';" in script.text


SHOP = """
    CREATE TYPE public.hue AS ENUM ('red');
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id int PRIMARY KEY, hue public.hue);
    CREATE FUNCTION shop.orders(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE shop."Lines" (order_id int REFERENCES shop.orders);
    CREATE OPERATOR shop.@#@ (FUNCTION = int4um, RIGHTARG = int);
    CREATE TABLE other (id int)
"""


async def test_a_schema_or_some_objects(embedded: LiveServer) -> None:
    with embedded.database() as database:
        with database.connect() as connection:
            connection.execute(SHOP)
        schema = await everything(database.conninfo, DdlScope(frozenset({"shop"})))
        table = await everything(database.conninfo, DdlScope(names=frozenset({("shop", "Lines")})))
        both = await everything(database.conninfo, DdlScope(names=frozenset({("shop", "orders")})))
        with pytest.raises(Missing, match=r"there is no shop\."):
            await everything(database.conninfo, DdlScope(names=frozenset({("shop", "none")})))
        with embedded.database() as second:
            dumps.run(second, "CREATE TYPE public.hue AS ENUM ('red');" + schema.text)
            assert "@#@" in dumps.dump(second)
    assert schema.needs == ("type public.hue",) and "CREATE SCHEMA shop" in schema.text
    assert 'CREATE TABLE shop."Lines"' in table.text and "shop.orders (" not in table.text.partition("REFERENCES")[0]
    assert "CREATE TABLE shop.orders" in both.text and "FUNCTION shop.orders" in both.text


MEANWHILE = """
    CREATE TABLE late (); ALTER TABLE kept ADD COLUMN late int; COMMENT ON TABLE kept IS 'late';
    CREATE PUBLICATION late FOR TABLE kept; CREATE CAST (int AS json) WITH INOUT
"""


async def test_what_others_do_meanwhile_is_not_in_it(embedded: LiveServer) -> None:
    with embedded.database() as database, database.connect() as connection:
        connection.execute("CREATE TABLE kept (a int PRIMARY KEY); CREATE TABLE gone (a int PRIMARY KEY)")
        before = await everything(database.conninfo)

        async def written_while(change: str) -> str:
            changes = iter([change])

            def progress(done: int, total: int) -> None:
                for change in changes:
                    connection.execute(change)  # type: ignore[arg-type]
                    time.sleep(0.3)

            impatient = f"{database.conninfo} options='-c idle_in_transaction_session_timeout=200ms'"
            async with session_on(impatient) as session:
                return (await write(session, progress=progress)).text

        assert await written_while(MEANWHILE) == before.text
        assert "CREATE PUBLICATION late" in await written_while("SELECT 1")
        with pytest.raises(ServerError) as refused:
            await written_while("DROP TABLE gone")
        assert refused.value.hint == "another session has changed it meanwhile: run it again"


async def test_who_may_not_read_a_part_is_told(embedded: LiveServer) -> None:
    with embedded.database() as database, embedded.role() as role:
        found = await everything(f"{database.conninfo} user={role}")
    assert found.unwritten == ("subscriptions: needs a superuser",)


ROLES = """
    CREATE ROLE rep_boss; CREATE ROLE "rep_ops (admin)"; CREATE ROLE rep_member IN ROLE "rep_ops (admin)";
    ALTER ROLE rep_member SET statement_timeout = '5s'; ALTER ROLE rep_member SET search_path = 'a b', "$user";
    ALTER ROLE rep_member IN DATABASE postgres SET my.own = 'it''s'
"""


async def test_roles_come_back_with_memberships_and_settings(any_server: LiveServer) -> None:
    options = "WITH INHERIT FALSE, SET FALSE" if any_server.major >= 16 else "WITH ADMIN OPTION"
    names = ["rep_boss", "rep_member", "rep_ops (admin)"]
    drop = 'DROP ROLE rep_member, rep_boss, "rep_ops (admin)"'

    async def those(session: PgSession) -> tuple[str, list[object]]:
        found = [role for role in await read.roles(session) if role.name in names]
        texts = [(await ddl_of(session, role)).text() for role in sorted(found, key=lambda role: "member" in role.name)]
        return "".join(texts), [(role.name, role.memberships, role.settings, role.database_settings) for role in found]

    with any_server.connect() as connection:
        connection.execute(f"{ROLES}; GRANT rep_boss TO rep_member {options}")  # type: ignore[arg-type]
        try:
            async with session_on(any_server.conninfo()) as session:
                text, before = await those(session)
                connection.execute(drop)
                connection.execute(text)  # type: ignore[arg-type]
                assert await those(session) == (text, before)
        finally:
            connection.execute(drop)
    assert "statement_timeout TO '5s'" in text and "IN DATABASE postgres SET my.own TO 'it''s'" in text


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
    with embedded.database() as first, embedded.database() as second:
        with first.connect() as connection:
            connection.execute('CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; '
                               'CREATE TABLE t (v ext.vector(3)); '
                               'CREATE INDEX ON t USING hnsw (v ext.vector_cosine_ops) WITH (m = 8)')
        script = await everything(first.conninfo)
        dumps.run(second, script.text)
        assert dumps.lost(dumps.dump(first), dumps.dump(second)) == []
    assert "CREATE EXTENSION IF NOT EXISTS vector SCHEMA ext" in script.text
    assert "WITH (m='8')" in script.text
