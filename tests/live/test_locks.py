"""What console.migrate.table_locks says of a statement, held against real servers' pg_locks and relfilenodes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from console.migrate.facts import Catalog, read_catalog
from console.migrate.lock_modes import LockMode, mode_named
from console.migrate.table_locks import functions_of, locks_of, relations_of
from console.server.connection import connect
from console.server.session import PgSession, read_info
from console.server.target import Target
from console.sql.grammar import Name, ParsedStatement, split
from tests.support.servers import Database, LiveServer

SETUP = """
CREATE SCHEMA s; CREATE SCHEMA other;
CREATE DOMAIN s.positive AS int CHECK (VALUE > 0);
CREATE TYPE s.mood AS ENUM ('sad', 'ok');
CREATE TYPE s.pair AS (a int, b int);
CREATE TABLE s.typed_like (a int, b int);
CREATE TABLE s.parent (id bigint PRIMARY KEY, name text NOT NULL DEFAULT 'x', n int, v varchar(20),
    amount numeric(8,2), at timestamp, ats timestamptz(3), tags text[], j json, proved int, free text,
    CONSTRAINT proved_not_null CHECK (proved IS NOT NULL), CONSTRAINT n_small CHECK (n < 1000000) NOT VALID);
CREATE INDEX parent_n ON s.parent (n);
CREATE UNIQUE INDEX parent_name_n ON s.parent (name, n);
CREATE TABLE s.child (id bigint PRIMARY KEY, parent_id bigint CONSTRAINT child_fk REFERENCES s.parent, other_id bigint);
ALTER TABLE s.child ADD CONSTRAINT child_late FOREIGN KEY (other_id) REFERENCES s.parent NOT VALID;
CREATE TABLE s.lone (id int, a int NOT NULL, b text, c int, "Odd name" int, g int GENERATED ALWAYS AS (a + 1) STORED);
CREATE TABLE s.base (x int); CREATE TABLE s.heir (x int, y int);
CREATE TABLE s.part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE s.part1 PARTITION OF s.part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE s.part2 (id int, at date);
CREATE TABLE s.part_default PARTITION OF s.part DEFAULT;
CREATE TABLE s.plain (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE s.plain1 PARTITION OF s.plain FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE INDEX part_id ON ONLY s.part (id); CREATE INDEX part1_id ON s.part1 (id);
CREATE VIEW s.seen AS SELECT id, name FROM s.parent;
CREATE MATERIALIZED VIEW s.kept AS SELECT id, name FROM s.parent;
CREATE UNIQUE INDEX kept_id ON s.kept (id);
CREATE SEQUENCE s.counter;
CREATE STATISTICS s.stats ON id, a FROM s.lone;
CREATE FUNCTION s.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION s.dice() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 4; END';
CREATE FUNCTION s.four() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 4';
CREATE TRIGGER touched BEFORE UPDATE ON s.lone FOR EACH ROW EXECUTE FUNCTION s.touch();
CREATE POLICY mine ON s.lone USING (id > 0);
CREATE RULE quiet AS ON DELETE TO s.heir DO INSTEAD NOTHING;
INSERT INTO s.parent (id, n, proved) SELECT i, i, i FROM generate_series(1, 50) i;
INSERT INTO s.child SELECT i, i, i FROM generate_series(1, 50) i;
INSERT INTO s.lone SELECT i, i, 'b', i, i FROM generate_series(1, 50) i;
INSERT INTO s.part2 VALUES (1, '2022-05-05');
"""

SAMPLES = [
    # ALTER TABLE, each subcommand
    "ALTER TABLE s.lone ADD COLUMN d int",
    "ALTER TABLE s.lone ADD COLUMN d int DEFAULT 5",
    "ALTER TABLE s.lone ADD COLUMN d int NOT NULL DEFAULT 5",
    "ALTER TABLE s.lone ADD COLUMN d timestamptz DEFAULT now()",
    "ALTER TABLE s.lone ADD COLUMN d timestamptz DEFAULT clock_timestamp()",
    "ALTER TABLE s.lone ADD COLUMN d uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE s.lone ADD COLUMN d int DEFAULT s.dice()",
    "ALTER TABLE s.lone ADD COLUMN d int DEFAULT s.four()",
    "ALTER TABLE s.lone ADD COLUMN d serial",
    "ALTER TABLE s.lone ADD COLUMN d bigint GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE s.lone ADD COLUMN d int GENERATED ALWAYS AS (a * 2) STORED",
    "ALTER TABLE s.lone ADD COLUMN d int CHECK (d > 0)",
    "ALTER TABLE s.lone ADD COLUMN d bigint REFERENCES s.parent",
    "ALTER TABLE s.lone ADD COLUMN d int UNIQUE",
    "ALTER TABLE s.lone DROP COLUMN b",
    "ALTER TABLE s.child DROP COLUMN parent_id",
    "ALTER TABLE s.lone ALTER COLUMN a SET DEFAULT 4",
    "ALTER TABLE s.lone ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE s.lone ALTER COLUMN c SET NOT NULL",
    "ALTER TABLE s.lone ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE s.parent ALTER COLUMN proved SET NOT NULL",
    "ALTER TABLE s.lone ALTER COLUMN a DROP NOT NULL",
    "ALTER TABLE s.lone ALTER COLUMN g DROP EXPRESSION",
    "ALTER TABLE s.lone ALTER COLUMN a SET STATISTICS 500",
    "ALTER TABLE s.lone ALTER COLUMN b SET STORAGE EXTERNAL",
    "ALTER TABLE s.lone ALTER COLUMN b SET COMPRESSION pglz",
    "ALTER TABLE s.lone ALTER COLUMN a SET (n_distinct = 5)",
    "ALTER TABLE s.lone ALTER COLUMN a ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE s.lone SET (fillfactor = 70)",
    "ALTER TABLE s.lone SET (autovacuum_enabled = false, toast_tuple_target = 4000)",
    "ALTER TABLE s.lone SET (user_catalog_table = true)",
    "ALTER TABLE s.lone RESET (fillfactor)",
    "ALTER TABLE s.lone ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE s.lone FORCE ROW LEVEL SECURITY",
    "ALTER TABLE s.lone DISABLE TRIGGER touched",
    "ALTER TABLE s.lone ENABLE TRIGGER ALL",
    "ALTER TABLE s.heir DISABLE RULE quiet",
    "ALTER TABLE s.lone REPLICA IDENTITY FULL",
    "ALTER TABLE s.parent CLUSTER ON parent_n",
    "ALTER TABLE s.parent SET WITHOUT CLUSTER",
    "ALTER TABLE s.lone SET UNLOGGED",
    "ALTER TABLE s.lone OWNER TO pg_monitor",
    "ALTER TABLE s.lone SET SCHEMA other",
    "ALTER TABLE s.lone RENAME TO alone",
    "ALTER TABLE s.lone RENAME COLUMN a TO z",
    "ALTER TABLE s.parent RENAME CONSTRAINT n_small TO n_tiny",
    'ALTER TABLE s.lone RENAME "Odd name" TO even',
    "ALTER TABLE s.heir INHERIT s.base",
    "ALTER TABLE s.typed_like OF s.pair",
    "ALTER TABLE s.lone ADD COLUMN d int, ALTER COLUMN a SET STATISTICS 10",
    "ALTER TABLE IF EXISTS s.nowhere ADD COLUMN d int",
    # types
    "ALTER TABLE s.parent ALTER COLUMN v TYPE varchar(40)",
    "ALTER TABLE s.parent ALTER COLUMN v TYPE varchar(10)",
    "ALTER TABLE s.parent ALTER COLUMN v TYPE text",
    "ALTER TABLE s.parent ALTER COLUMN v TYPE text USING v::text",
    "ALTER TABLE s.parent ALTER COLUMN v TYPE text USING upper(v)",
    "ALTER TABLE s.parent ALTER COLUMN free TYPE varchar",
    "ALTER TABLE s.parent ALTER COLUMN free TYPE varchar(100)",
    "ALTER TABLE s.parent ALTER COLUMN amount TYPE numeric(12,2)",
    "ALTER TABLE s.parent ALTER COLUMN amount TYPE numeric",
    "ALTER TABLE s.parent ALTER COLUMN amount TYPE numeric(12,3)",
    "ALTER TABLE s.parent ALTER COLUMN at TYPE timestamp(3)",
    "ALTER TABLE s.parent ALTER COLUMN ats TYPE timestamptz(6)",
    "ALTER TABLE s.parent ALTER COLUMN ats TYPE timestamptz",
    "ALTER TABLE s.parent ALTER COLUMN ats TYPE timestamptz(2)",
    "ALTER TABLE s.parent ALTER COLUMN j TYPE jsonb",
    "ALTER TABLE s.lone ALTER COLUMN c TYPE bigint",
    "ALTER TABLE s.lone ALTER COLUMN c TYPE int",
    "ALTER TABLE s.child ALTER COLUMN parent_id TYPE int",
    # constraints
    "ALTER TABLE s.lone ADD CHECK (a > 0)",
    "ALTER TABLE s.lone ADD CONSTRAINT k CHECK (a > 0) NOT VALID",
    "ALTER TABLE s.lone ADD FOREIGN KEY (id) REFERENCES s.parent",
    "ALTER TABLE s.lone ADD FOREIGN KEY (id) REFERENCES s.parent NOT VALID",
    "ALTER TABLE s.lone ADD UNIQUE (a)",
    "ALTER TABLE s.lone ADD PRIMARY KEY (a)",
    "ALTER TABLE s.parent ADD CONSTRAINT u UNIQUE USING INDEX parent_name_n",
    "ALTER TABLE s.lone ADD EXCLUDE USING btree (a WITH =)",
    "ALTER TABLE s.parent VALIDATE CONSTRAINT n_small",
    "ALTER TABLE s.child VALIDATE CONSTRAINT child_late",
    "ALTER TABLE s.child VALIDATE CONSTRAINT child_fk",
    "ALTER TABLE s.parent DROP CONSTRAINT n_small",
    "ALTER TABLE s.child DROP CONSTRAINT child_fk",
    "ALTER TABLE s.parent DROP CONSTRAINT parent_pkey CASCADE",
    "ALTER TABLE s.child ALTER CONSTRAINT child_fk DEFERRABLE",
    # partitions
    "ALTER TABLE s.part ATTACH PARTITION s.part2 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')",
    "ALTER TABLE s.part DETACH PARTITION s.part1",
    "CREATE TABLE s.part3 PARTITION OF s.part FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
    "ALTER INDEX s.part_id ATTACH PARTITION s.part1_id",
    # indexes
    "CREATE INDEX ON s.lone (a)",
    "CREATE UNIQUE INDEX i ON s.lone (a)",
    "CREATE INDEX IF NOT EXISTS parent_n ON s.parent (n)",
    "DROP INDEX s.parent_n",
    "ALTER INDEX s.parent_n RENAME TO renamed",
    "ALTER INDEX s.parent_n SET (fillfactor = 80)",
    "ALTER INDEX s.part_id RENAME TO renamed",
    "REINDEX INDEX s.parent_n",
    "REINDEX TABLE s.lone",
    "CLUSTER s.parent USING parent_n",
    # tables and the like
    "CREATE TABLE s.fresh (id int PRIMARY KEY)",
    "CREATE TABLE s.fresh (id int, p bigint REFERENCES s.parent)",
    "CREATE TABLE s.fresh (LIKE s.lone INCLUDING ALL)",
    "CREATE TABLE s.fresh () INHERITS (s.base)",
    "CREATE TABLE s.fresh AS SELECT * FROM s.lone",
    "DROP TABLE s.lone",
    "DROP TABLE s.child",
    "DROP TABLE s.parent CASCADE",
    "TRUNCATE s.lone",
    "TRUNCATE s.parent CASCADE",
    "CREATE VIEW s.view AS SELECT a FROM s.lone JOIN s.parent p ON p.id = lone.id",
    "CREATE OR REPLACE VIEW s.seen AS SELECT id, name FROM s.parent WHERE n > 3",
    "DROP VIEW s.seen",
    "ALTER VIEW s.seen RENAME TO looked",
    "ALTER VIEW s.seen SET (security_barrier = true)",
    "CREATE MATERIALIZED VIEW s.mat AS SELECT a FROM s.lone",
    "REFRESH MATERIALIZED VIEW s.kept",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY s.kept",
    "DROP MATERIALIZED VIEW s.kept",
    "CREATE SEQUENCE s.another OWNED BY s.lone.a",
    "ALTER SEQUENCE s.counter RESTART WITH 5",
    "ALTER SEQUENCE s.counter OWNED BY s.lone.a",
    "ALTER SEQUENCE s.counter RENAME TO c2",
    "DROP SEQUENCE s.counter",
    "CREATE STATISTICS s.st ON a, b FROM s.lone",
    "ALTER STATISTICS s.stats SET STATISTICS 100",
    "DROP STATISTICS s.stats",
    # triggers, rules, policies
    "CREATE TRIGGER t BEFORE INSERT ON s.lone FOR EACH ROW EXECUTE FUNCTION s.touch()",
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON s.lone FROM s.parent FOR EACH ROW EXECUTE FUNCTION s.touch()",
    "ALTER TRIGGER touched ON s.lone RENAME TO poked",
    "DROP TRIGGER touched ON s.lone",
    "CREATE RULE r AS ON INSERT TO s.lone DO ALSO NOTHING",
    "DROP RULE quiet ON s.heir",
    "CREATE POLICY p ON s.lone USING (id IN (SELECT n FROM s.parent))",
    "ALTER POLICY mine ON s.lone USING (id > 1)",
    "ALTER POLICY mine ON s.lone RENAME TO yours",
    "DROP POLICY mine ON s.lone",
    # comments, privileges, publications
    "COMMENT ON TABLE s.lone IS 'x'",
    "COMMENT ON COLUMN s.lone.a IS 'x'",
    "COMMENT ON INDEX s.parent_n IS 'x'",
    "COMMENT ON VIEW s.seen IS 'x'",
    "COMMENT ON CONSTRAINT n_small ON s.parent IS 'x'",
    "COMMENT ON TRIGGER touched ON s.lone IS 'x'",
    "COMMENT ON POLICY mine ON s.lone IS 'x'",
    "COMMENT ON RULE quiet ON s.heir IS 'x'",
    "COMMENT ON SEQUENCE s.counter IS 'x'",
    "COMMENT ON FUNCTION s.four() IS 'x'",
    "GRANT SELECT ON s.lone TO pg_monitor",
    "GRANT SELECT (a) ON s.lone TO pg_monitor",
    "GRANT SELECT ON ALL TABLES IN SCHEMA s TO pg_monitor",
    "REVOKE ALL ON s.lone FROM pg_monitor",
    "GRANT USAGE ON SCHEMA s TO pg_monitor",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO pg_monitor",
    "CREATE PUBLICATION p FOR TABLE s.parent",
    # data
    "INSERT INTO s.lone (id, a) SELECT id, n FROM s.parent WHERE n > 40",
    "UPDATE s.lone SET c = 3 FROM s.parent p WHERE p.id = lone.id",
    "UPDATE s.lone SET c = 3",
    "DELETE FROM s.lone USING s.parent p WHERE p.id = lone.id",
    "MERGE INTO s.lone l USING s.parent p ON p.id = l.id WHEN MATCHED THEN UPDATE SET c = 1",
    "WITH x AS (DELETE FROM s.lone RETURNING id) SELECT * FROM x JOIN s.parent USING (id)",
    "SELECT * FROM s.lone FOR UPDATE",
    "SELECT * FROM s.seen",
    "SELECT 1",
    "LOCK TABLE s.lone IN SHARE ROW EXCLUSIVE MODE",
    "LOCK TABLE s.lone, s.base",
    "COPY (SELECT 1 FROM s.lone) TO '/dev/null'",
    "EXPLAIN SELECT * FROM s.lone",
    # what locks no relation of anybody
    "CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION s.f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM s.lone; END",
    "ALTER FUNCTION s.four() STABLE",
    "CREATE TYPE s.colour AS ENUM ('red')",
    "ALTER TYPE s.mood ADD VALUE 'fine'",
    "ALTER TYPE s.mood RENAME VALUE 'sad' TO 'blue'",
    "ALTER TYPE s.pair ADD ATTRIBUTE c int",
    "ALTER TYPE s.pair RENAME ATTRIBUTE a TO aa",
    "CREATE SCHEMA third CREATE TABLE t (id bigint REFERENCES s.parent)",
    "ANALYZE s.lone",
    "SET LOCAL search_path = s",
]
SAMPLES_18 = [
    "ALTER TABLE s.lone ADD COLUMN d int GENERATED ALWAYS AS (a * 2) VIRTUAL",
    "ALTER TABLE s.lone ADD CONSTRAINT nn NOT NULL c",
    "ALTER TABLE s.lone ADD CONSTRAINT nn NOT NULL c NOT VALID",
    "ALTER TABLE s.parent ADD CONSTRAINT nn NOT NULL proved",
    "ALTER TABLE s.lone ALTER COLUMN g SET EXPRESSION AS (a + 2)",
    "ALTER TABLE s.unstored ALTER COLUMN g SET EXPRESSION AS (a + 2)",
    "ALTER TABLE s.child ALTER CONSTRAINT child_fk NOT ENFORCED",
    "ALTER TABLE s.lone ADD CONSTRAINT unsure CHECK (a > 0) NOT ENFORCED",
]
ALONE = [  # what can't run in a transaction block: the statement, what holds it up, and on what it then has which lock
    ("CREATE INDEX CONCURRENTLY i ON s.lone (a)", "LOCK s.lone IN ROW EXCLUSIVE MODE"),
    ("DROP INDEX CONCURRENTLY s.parent_n", "LOCK s.parent IN ROW EXCLUSIVE MODE"),
    ("REINDEX INDEX CONCURRENTLY s.parent_n", "LOCK s.parent IN ROW EXCLUSIVE MODE"),
    ("REINDEX TABLE CONCURRENTLY s.parent", "LOCK s.parent IN ROW EXCLUSIVE MODE"),
    ("ALTER TABLE s.plain DETACH PARTITION s.plain1 CONCURRENTLY", "LOCK s.plain1 IN ACCESS SHARE MODE"),
    ("VACUUM s.lone", "LOCK s.lone IN SHARE UPDATE EXCLUSIVE MODE"),
    ("VACUUM FULL s.lone", "LOCK s.lone IN ACCESS SHARE MODE"),
    ("VACUUM (FULL, ANALYZE) s.lone", "LOCK s.lone IN ACCESS SHARE MODE"),
]
RELATIONS = """
    SELECT c.oid, n.nspname, c.relname, c.relfilenode, c.relkind, pg_stat_get_xact_numscans(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('s', 'other')"""
HELD = "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = %s"


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(SETUP)
        if connection.info.server_version >= 180000:
            connection.execute("CREATE TABLE s.unstored (a int, g int GENERATED ALWAYS AS (a + 1) VIRTUAL); "
                               "INSERT INTO s.unstored VALUES (1)")


@pytest.fixture(scope="module")
def locked(any_server: LiveServer) -> Iterator[Database]:
    with any_server.database(any_server.template("locks", fill)) as database:
        yield database


def only(sql: str) -> ParsedStatement:
    statements = split(sql)
    assert isinstance(statements, list) and len(statements) == 1, statements
    return statements[0]


async def catalog_for(conninfo: str, statement: ParsedStatement) -> Catalog:
    target = Target(name="", conninfo=conninfo)
    async with await connect(target) as connection:
        session = PgSession(connection, await read_info(connection, target), target)
        return await read_catalog(session, relations_of(statement), sorted(functions_of(statement)))


def expected(statement: ParsedStatement, catalog: Catalog) -> dict[Name, LockMode]:
    return {lock.relation: lock.mode for lock in locks_of(statement, catalog).locks
            if catalog.relation(lock.relation) or lock.is_indirect}


def strongest(rows: list[tuple[int, str]], names: dict[int, Name]) -> dict[Name, LockMode]:
    found: dict[Name, LockMode] = {}
    for oid, server_name in rows:
        mode = mode_named(server_name)
        if oid in names and mode is not None:
            found[names[oid]] = max(mode, found.get(names[oid], mode))
    return found


def check_locks(sql: str, told: dict[Name, LockMode], held: dict[Name, LockMode], kinds: dict[Name, str],
                opaque: str | None) -> None:
    """Every relation that we tell of is locked so; nothing that others would miss is left untold."""
    assert {name: held.get(name) for name in told} == told, sql
    untold = {name: mode for name, mode in held.items() if name not in told}
    # A table's indexes follow it, and reading a definition takes ACCESS SHARE: neither is in anybody's way.
    surprising = {name: mode for name, mode in untold.items()
                  if kinds[name] not in ("i", "I") and mode > LockMode.ACCESS_SHARE}
    assert opaque or not surprising, f"{sql}: {surprising}"


def observe(database: Database, sql: str) -> tuple[dict[Name, LockMode], set[Name], set[Name], dict[Name, str]]:
    """What the server did: the strongest lock on each relation, what it rewrote, what it scanned, kinds."""
    with psycopg.connect(database.conninfo) as connection:
        before = connection.execute(RELATIONS).fetchall()
        names = {row[0]: Name(row[1], row[2]) for row in before}
        connection.rollback()
        connection.execute(sql)
        held = strongest(connection.execute(HELD, [connection.info.backend_pid]).fetchall(), names)
        after = {row[0]: row for row in connection.execute(RELATIONS).fetchall()}
        connection.rollback()
    rewritten = {names[row[0]] for row in before if row[0] in after and after[row[0]][3] != row[3]}
    scanned = {names[row[0]] for row in before if row[0] in after and after[row[0]][5] > 0 and row[4] in "rm"}
    return held, rewritten, scanned, {names[row[0]]: row[4] for row in before}


@pytest.mark.parametrize("sql", [*SAMPLES, *SAMPLES_18])
def test_locks_are_the_servers(locked: Database, sql: str) -> None:
    if sql in SAMPLES_18 and locked.server.major < 18:
        pytest.skip("PostgreSQL 18's syntax")
    statement = only(sql)
    catalog = asyncio.run(catalog_for(locked.conninfo, statement))
    footprint = locks_of(statement, catalog)
    held, rewritten, scanned, kinds = observe(locked, sql)
    check_locks(sql, expected(statement, catalog), held, kinds, footprint.opaque)
    if statement.kind in ("TRUNCATE TABLE", "ALTER SEQUENCE", "REINDEX"):
        return  # a new empty file, or an index's: no table is copied
    tables = {name for name, kind in kinds.items() if kind in "rm"}
    assert {lock.relation for lock in footprint.locks if lock.rewrites} & tables == rewritten & tables
    if statement.kind.startswith(("ALTER", "CREATE INDEX")) and not rewritten:
        told = {lock.relation for lock in footprint.locks if lock.scans} & tables
        assert told == scanned


@pytest.mark.parametrize(("sql", "obstacle"), ALONE)
def test_locks_outside_of_transactions(any_server: LiveServer, sql: str, obstacle: str) -> None:
    """The statement is held up by another session; what it holds or asks for meanwhile is looked at from a third."""
    with any_server.database(any_server.template("locks", fill)) as database:
        held_up(database, sql, obstacle)


def held_up(locked: Database, sql: str, obstacle: str) -> None:
    statement = only(sql)
    assert statement.outside_transaction
    told = expected(statement, asyncio.run(catalog_for(locked.conninfo, statement)))
    with contextlib.ExitStack() as stack:
        watcher = stack.enter_context(locked.connect())
        names, kinds = {}, {}
        for row in watcher.execute(RELATIONS):
            names[row[0]] = Name(row[1], row[2])
            kinds[names[row[0]]] = row[4]
        blocker = stack.enter_context(psycopg.connect(locked.conninfo))
        blocker.execute(obstacle)
        held = asyncio.run(while_held_up(locked.conninfo, sql, watcher, names, told))
    check_locks(sql, told, held, kinds, None)


async def while_held_up(conninfo: str, sql: str, watcher: psycopg.Connection[Any], names: dict[int, Name],
                        told: dict[Name, LockMode]) -> dict[Name, LockMode]:
    connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    async with connection:
        running = asyncio.create_task(connection.execute(sql))
        held: dict[Name, LockMode] = {}
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not running.done():
            await asyncio.sleep(0.02)
            rows = watcher.execute(HELD, [connection.info.backend_pid]).fetchall()
            for name, mode in strongest(rows, names).items():
                held[name] = max(mode, held.get(name, mode))
            if all(held.get(name) == mode for name, mode in told.items()):
                break
        await connection.cancel_safe()
        with contextlib.suppress(psycopg.Error):
            await running
    return held
