"""The catalog's facts for plan and lint on real servers: sizes, sessions in the way, hostile names, no privileges."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.migrate.facts import (
    COLUMNS,
    CONSTRAINTS,
    DEPENDENTS,
    FUNCTIONS,
    RELATIONS,
    SESSIONS,
    ZONE,
    Catalog,
    read_catalog,
)
from console.migrate.lock_modes import LockMode
from console.migrate.plan import PlanStatement, plan, version_note
from console.migrate.plan_text import findings_lines, plan_document, plan_lines, summary
from console.migrate.records import MigrationFile, Script, Step
from console.server.connection import connect
from console.server.session import PgSession, read_info
from console.server.target import Target
from console.services import Service
from console.sql.grammar import Name
from tests.support.servers import Database

HOSTILE = 'Ω "quoted" 100% [b]x[/b]; DROP'
SETUP = """
CREATE SCHEMA s;
CREATE TABLE s.big (id bigint PRIMARY KEY, a int, b varchar(20));
INSERT INTO s.big SELECT i, i, i FROM generate_series(1, 20000) i; ANALYZE s.big;
CREATE TABLE s.child (id bigint PRIMARY KEY, big_id bigint CONSTRAINT child_big_fk REFERENCES s.big);
CREATE TABLE s.parts (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE s.parts_1 PARTITION OF s.parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE s.parts_x PARTITION OF s.parts DEFAULT;
INSERT INTO s.parts SELECT i, '2020-05-05' FROM generate_series(1, 1000) i; ANALYZE s.parts;
CREATE INDEX big_a ON s.big (a);
CREATE VIEW s.seen AS SELECT a FROM s.big;
CREATE FUNCTION s.dice() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 4; END';
"""


@asynccontextmanager
async def session_on(conninfo: str) -> AsyncIterator[PgSession]:
    target = Target(name="t", conninfo=conninfo)
    connection = await connect(target)
    async with connection:
        yield PgSession(connection, await read_info(connection, target), target)


@contextmanager
def filled(database: Database) -> Any:
    with database.connect() as connection:
        connection.execute(SETUP)
        yield connection


def step(text: str, version: str = "1", **words: Any) -> Step:
    script = Script(Path(f"{version}.up.sql"), section=text)
    return Step(MigrationFile("s", version, "x", script), "up", **words)


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("query", [RELATIONS, COLUMNS, CONSTRAINTS, SESSIONS, FUNCTIONS, DEPENDENTS, ZONE],
                         ids=lambda query: query.name)
async def test_columns_are_the_records_fields(any_database: Database, query: Any) -> None:
    async with session_on(any_database.conninfo) as session:
        text = query.text(session.info)
        parameters = {"names": ["pg_catalog.pg_class", "nowhere"], "schemas": ["pg_catalog", None],
                      "relations": ["pg_class", "nowhere"], "path": ["pg_catalog"]}
        cursor = await session.connection.execute(text, parameters)
        assert [column.name for column in cursor.description or ()] == list(query.record.__struct_fields__)


async def test_facts(any_database: Database) -> None:
    names = [Name("s", word) for word in ("big", "child", "parts", "big_a", "seen", "nowhere")]
    with filled(any_database):
        async with session_on(any_database.conninfo) as session:
            catalog = await read_catalog(session, [*names, Name(None, HOSTILE)], ["dice", "now", "nothing"])
    big, parts, index = (catalog.relation(Name("s", word)) for word in ("big", "parts", "big_a"))
    assert big is not None and parts is not None and index is not None
    assert (big.kind, big.rows, big.is_empty) == ("r", 20000, False)
    assert big.total_bytes is not None and big.total_bytes > 1_000_000
    assert (parts.kind, parts.partitions, parts.rows, parts.is_empty) == ("p", 2, 1000, False)
    assert parts.default_partition == Name("s", "parts_x")
    assert index.table == Name("s", "big") and index.is_empty is None
    assert catalog.relation(Name("s", "nowhere")) is None and catalog.relation(Name(None, HOSTILE)) is None
    column = catalog.column(Name("s", "big"), "b")
    assert column is not None and (column.type, column.not_null) == ("character varying(20)", False)
    key = catalog.constraint(Name("s", "child"), "child_big_fk")
    assert key is not None and (key.references, key.columns, key.is_validated) == (Name("s", "big"), ["big_id"], True)
    assert [incoming_key.table for incoming_key in catalog.incoming_keys(Name("s", "big"))] == [Name("s", "child")]
    assert {facts.kind for facts in catalog.constraints_of(Name("s", "big"))} >= {"p"}
    assert (catalog.volatility_of("dice"), catalog.volatility_of("now"), catalog.volatility_of("nothing")) == (
        "v", "s", None)
    assert catalog.dependents_of(Name("s", "big")) == [Name("s", "seen")]


async def test_hostile_names_are_found(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(f"CREATE SCHEMA {quote(HOSTILE)}; "
                           f"CREATE TABLE {quote(HOSTILE)}.{quote(HOSTILE)} ({quote(HOSTILE.replace('%', ''))} int)")
    text = f"ALTER TABLE {quote(HOSTILE)}.{quote(HOSTILE)} ADD COLUMN b int"
    async with session_on(database.conninfo) as session:
        (planned,) = await plan(session, [step(text)])
    (relation,) = planned.statements[0].relations
    assert relation.name == Name(HOSTILE, HOSTILE) and relation.facts is not None and relation.facts.total_bytes == 0
    assert HOSTILE.replace('"', '""') in "\n".join(plan_lines([planned]))


async def test_sessions_in_the_way(any_database: Database) -> None:
    with filled(any_database), psycopg.connect(any_database.conninfo, application_name="the app") as reader:
        reader.execute("SELECT count(*) FROM s.big")
        pid = reader.info.backend_pid
        text = "ALTER TABLE s.big ADD COLUMN c int; CREATE INDEX CONCURRENTLY i ON s.big (a)"
        async with session_on(any_database.conninfo) as session:
            steps = await plan(session, [step(text)])
        reader.rollback()
    alter, index = steps[0].statements
    (session_there,) = alter.relations[0].in_the_way
    assert session_there.application == "the app" and session_there.state == "idle in transaction"
    assert session_there.pid == pid and session_there.lock_mode is LockMode.ACCESS_SHARE
    assert index.relations[0].sessions and index.relations[0].in_the_way == ()
    text = "\n".join(plan_lines(steps))
    assert f"waits for pid {pid} (the app, postgres, idle in transaction" in text
    assert "other lock" in text
    (told,) = plan_document(steps)["steps"][0]["statements"][0]["relations"][0]["sessions"]
    assert told["in_the_way"] is True and told["query"] == "SELECT count(*) FROM s.big"


async def test_a_table_is_listed_once_however_it_is_named(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE jobs (id int PRIMARY KEY);"
                           "CREATE TABLE b (job_id int CONSTRAINT fk REFERENCES jobs)")
        async with session_on(database.conninfo) as session:
            (planned,) = await plan(session, [step("ALTER TABLE b DROP CONSTRAINT fk, ADD CONSTRAINT fk FOREIGN KEY "
                                                   "(job_id) REFERENCES jobs (id) ON DELETE CASCADE")])
    assert [(str(relation.name), relation.mode) for relation in planned.statements[0].relations] == [
        ("b", LockMode.ACCESS_EXCLUSIVE), ("jobs", LockMode.ACCESS_EXCLUSIVE)]
    assert all(relation.facts is not None for relation in planned.statements[0].relations)


async def test_who_is_on_a_partition_is_in_the_way_of_its_table(any_database: Database) -> None:
    with filled(any_database), psycopg.connect(any_database.conninfo) as other:
        other.execute("SELECT count(*) FROM s.parts_1")
        async with session_on(any_database.conninfo) as session:
            (planned,) = await plan(session, [step("ALTER TABLE s.parts ADD COLUMN n int NOT NULL DEFAULT 0")])
        (relation,) = planned.statements[0].relations
        (holder,) = relation.in_the_way
        assert holder.pid == other.info.backend_pid
        other.rollback()


@pytest.mark.parametrize(("zone", "rewrites"), [
    ("UTC", False), ("Etc/GMT", False), ("Europe/Berlin", True), ("Europe/London", True)])
async def test_timestamps_are_rewritten_as_the_server_does_it(zone: str, rewrites: bool, database: Database) -> None:
    change = "ALTER TABLE t ALTER COLUMN at TYPE timestamptz"
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (at timestamp)")
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone = '{zone}'")
    async with session_on(database.conninfo) as session:
        (planned,) = await plan(session, [step(change)])
    with database.connect() as connection:
        nodes = "SELECT relfilenode FROM pg_class WHERE relname = 't'"
        before = connection.execute(nodes).fetchone()
        connection.execute(change)
        assert (connection.execute(nodes).fetchone() != before) is rewrites is planned.statements[0].rewrites


async def test_plan_waits_for_no_lock(any_database: Database) -> None:
    with filled(any_database), psycopg.connect(any_database.conninfo) as holder:
        holder.execute("LOCK TABLE s.big, s.parts IN ACCESS EXCLUSIVE MODE")
        async with session_on(any_database.conninfo) as session:
            (planned,) = await plan(session, [step("UPDATE s.big SET a = 1; DELETE FROM s.parts")])
        holder.rollback()
    # A read that had waited would have failed at the target's lock_timeout, and its facts would be missing.
    facts = planned.statements[0].relations[0].facts
    assert facts is not None and facts.total_bytes is not None and facts.total_bytes > 0 and facts.rows == 20000
    assert planned.statements[0].relations[0].in_the_way


async def test_role_without_privileges_gets_a_plan(any_database: Database) -> None:
    server = any_database.server
    with filled(any_database) as connection, server.role() as role:
        async with session_on(server.conninfo(any_database.name, user=role)) as session:
            (planned,) = await plan(session, [step("ALTER TABLE s.big ADD COLUMN c int")])
        connection.execute("SELECT 1")
    assert planned.statements[0].mode is LockMode.ACCESS_EXCLUSIVE
    facts = planned.statements[0].relations[0].facts
    assert facts is None or facts.total_bytes is not None


async def test_plan_of_several_files_knows_what_is_new(database: Database) -> None:
    steps = [step("CREATE TABLE s.fresh (id bigint PRIMARY KEY, a int)", "1"),
             step("CREATE INDEX fresh_a ON s.fresh (a);\nALTER TABLE s.fresh ALTER COLUMN a SET NOT NULL", "2"),
             step("ALTER TABLE s.big ALTER COLUMN b TYPE varchar(10);\n"
                  "ALTER TABLE s.big ALTER COLUMN b TYPE text", "3")]
    with filled(database):
        async with session_on(database.conninfo) as session:
            planned = await plan(session, steps, [Service(name="s", schemas=("s",))])
    assert [plan_step.version for plan_step in planned] == ["1", "2", "3"]
    made, changed = planned[0].statements[0], planned[1].statements
    assert made.relations[-1].is_new and made.blocks == "nothing: it is new in this run"
    assert [(statement.mode, statement.blocks, statement.scans) for statement in changed] == [
        (LockMode.SHARE, "nothing: it is new in this run", False),
        (LockMode.ACCESS_EXCLUSIVE, "nothing: it is new in this run", False)]
    assert planned[1].findings == ()
    assert [statement.rewrites for statement in planned[2].statements] == [True, False]
    assert [(finding.rule, finding.line) for finding in planned[2].findings
            if finding.line == 1] == [("column-type-change", 1)]


async def test_plan_without_a_server() -> None:
    (planned,) = await plan(None, [step("-- x\nCREATE INDEX i ON s.t (a);\nDO 'BEGIN END'")])
    index, code = planned.statements
    assert (index.line, index.mode, index.scans, index.relations[0].facts) == (2, LockMode.SHARE, True, None)
    assert index.relations[0].sessions is None and code.opaque
    document = plan_document([planned])["steps"][0]
    assert document["statements"][0]["lock"] == "SHARE" and "writes" in document["statements"][0]["blocks"]
    assert document["statements"][0]["relations"][0]["sessions"] is None
    assert [finding["rule"] for finding in document["findings"]] == ["index-without-concurrently"]
    assert json.loads(json.dumps(document)) == document
    text = "\n".join(plan_lines([planned]))
    assert "SHARE on s.t: blocks writes, DDL and VACUUM" in text and "[index-without-concurrently]" in text
    assert all(len(line) <= 100 for line in text.splitlines())


async def test_plan_of_a_half_done_file_begins_where_it_failed() -> None:
    text = "-- dbconsole: no-transaction\nVACUUM s.a;\nVACUUM s.b;\nVACUUM s.c"
    (planned,) = await plan(None, [step(text, done=1)])
    assert [statement.sql for statement in planned.statements] == ["VACUUM s.b",
                                                                   "VACUUM s.c"] and not planned.in_transaction


async def test_plan_of_what_is_no_sql_says_so() -> None:
    (planned,) = await plan(None, [step("SELECT 1;\nSELEC 2")])
    assert planned.fault == 'line 2, column 1: syntax error at or near "SELEC"' and planned.statements == ()
    assert "can't be read: line 2" in "\n".join(plan_lines([planned]))
    assert [finding.rule for finding in planned.findings] == ["syntax-error"]
    assert plan_lines([]) == ["nothing to run"]


async def test_findings_as_text() -> None:
    (planned,) = await plan(None, [step("DROP TABLE s.t; DROP TABLE s.u; SELECT 1;\nSET ROLE x")])
    text = "\n".join(findings_lines(planned.findings, 80))
    assert text.splitlines()[0] == "1.up.sql:1: warning: drops the table s.t [drop-table]"
    assert text.splitlines()[-1] == "3 warnings" and summary(()) == "no findings"
    assert all(len(line) <= 80 for line in text.splitlines())


async def test_grammar_newer_than_the_server_is_said(any_database: Database) -> None:
    async with session_on(any_database.conninfo) as session:
        note = version_note(session)
        (planned,) = await plan(session, [step("ALTER TABLE s.t ADD CONSTRAINT k NOT NULL a NOT VALID")])
    older = any_database.server.major < 18
    assert (note is not None) == older
    assert any(finding.rule == "newer-than-server" for finding in planned.findings) == older


def test_plan_statement_without_relations_locks_nothing() -> None:
    statement = PlanStatement("SELECT 1", 1, "SELECT", ())
    assert (statement.mode, statement.blocks, statement.rewrites, statement.scans) == (None, None, False, False)
    assert Catalog(18).sessions_on(Name("s", "t")) == ()


CALLED = """CREATE TABLE s.log (n int); CREATE TABLE s.other (n int);
CREATE FUNCTION s.deep() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT FROM s.child) THEN ALTER TABLE s.big ADD COLUMN z int; END IF; END $$;
CREATE FUNCTION s.around() RETURNS int LANGUAGE sql BEGIN ATOMIC UPDATE s.other SET n = 1; SELECT 1; END;
CREATE FUNCTION s.calls() RETURNS void LANGUAGE plpgsql AS $$ DECLARE v int; BEGIN
    PERFORM s.deep(); v := s.around(); DELETE FROM s.child RETURNING id INTO v; END $$;
CREATE FUNCTION s.hidden(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('LOCK %I', t); END $$;
CREATE PROCEDURE s.act() LANGUAGE plpgsql AS $$ BEGIN LOCK TABLE s.log; END $$;
CREATE FUNCTION s.logs() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO s.log VALUES (1); RETURN NEW; END $$;
CREATE TRIGGER logs AFTER INSERT ON s.child FOR EACH ROW EXECUTE FUNCTION s.logs()"""


def through(statement: PlanStatement) -> set[tuple[str, str, str]]:
    return {(str(relation.name), relation.mode.label, relation.through) for relation in statement.relations
            if relation.through}


async def test_plan_names_the_functions_that_lock(database: Database) -> None:
    steps = [step("SELECT s.calls();\nSELECT s.hidden('x');\nCALL s.act();\nINSERT INTO s.child VALUES (1);\n"
                  "DO $$ BEGIN PERFORM s.around(); END $$;\nDELETE FROM s.child;\n"
                  "CREATE VIEW s.v AS SELECT s.calls();\n"
                  "CREATE FUNCTION s.now() RETURNS void LANGUAGE sql AS 'TRUNCATE s.log';\nSELECT s.now();")]
    with filled(database) as connection:
        connection.execute(CALLED)
        async with session_on(database.conninfo) as session:
            ((planned),) = await plan(session, steps)
    calls, hidden, act, inserted, block, deleted, view, _, made = planned.statements
    assert through(calls) == {("s.big", "ACCESS EXCLUSIVE", "s.deep()"), ("s.other", "ROW EXCLUSIVE", "s.around()"),
                              ("s.child", "ROW EXCLUSIVE", "s.calls()")}
    assert calls.mode is LockMode.ACCESS_EXCLUSIVE and calls.relations[0].facts is not None and calls.opaque is None
    assert hidden.opaque is not None and "s.hidden() runs a statement that is put together" in hidden.opaque
    assert through(act) == {("s.log", "ACCESS EXCLUSIVE", "s.act()")} and act.opaque is None
    assert through(inserted) == {("s.log", "ROW EXCLUSIVE", "the trigger function s.logs()")}
    assert through(block) == {("s.other", "ROW EXCLUSIVE", "s.around()")} and block.opaque is None
    assert not through(deleted) and not through(view)
    assert through(made) == {("s.log", "ACCESS EXCLUSIVE", "s.now()")}
    text = "\n".join(plan_lines([planned]))
    assert "ACCESS EXCLUSIVE on s.big" in text and "taken by s.deep()" in text


def told(connection: psycopg.Connection[Any], sql: str) -> set[str]:
    """What the server says goes too."""
    notices: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        notices.extend((notice.message_detail or notice.message_primary or "").splitlines())

    connection.add_notice_handler(hear)
    with connection.transaction(force_rollback=True):
        connection.execute(sql)  # type: ignore[arg-type]
    connection.remove_notice_handler(hear)
    return {line.removeprefix("drop cascades to ") for line in notices}


async def test_plan_sees_what_cascades_reach(database: Database) -> None:
    steps = [step("DROP TABLE s.big CASCADE;\nTRUNCATE s.big CASCADE;\nDELETE FROM s.big WHERE id = 1;\n"
                  "DROP TYPE s.mood CASCADE;\nALTER TABLE s.big DROP COLUMN a CASCADE;\nDROP SCHEMA s CASCADE;\n"
                  "DROP FUNCTION s.dice CASCADE;\nDROP TABLE s.lone CASCADE;")]
    with filled(database) as connection:
        connection.execute("""CREATE VIEW s.more AS SELECT a FROM s.seen;
            CREATE TABLE s.grandchild (id int REFERENCES s.child ON DELETE SET NULL);
            ALTER TABLE s.child DROP CONSTRAINT child_big_fk, ADD CONSTRAINT child_big_fk FOREIGN KEY (big_id)
                REFERENCES s.big ON DELETE CASCADE;
            CREATE TYPE s.mood AS ENUM ('a'); CREATE TABLE s.moody (m s.mood, n int); CREATE TABLE s.lone (n int);
            CREATE TABLE s.diced (n int DEFAULT s.dice());
            CREATE FUNCTION s.of(s.big) RETURNS int LANGUAGE sql AS 'SELECT 1'""")
        async with session_on(database.conninfo) as session:
            ((planned),) = await plan(session, steps)
        for statement in planned.statements:
            if statement.kind.startswith(("DROP TABLE", "DROP TYPE", "DROP FUNCTION", "ALTER TABLE")):
                assert {*(statement.goes or "").split(", ")} - {""} == told(connection, statement.sql), statement.sql
        text = "\n".join(plan_lines([planned], 1000))
    table, truncated, deleted, kind, column, schema, function, lone = planned.statements
    assert table.goes == ("constraint child_big_fk on table s.child, function s.of(s.big), view s.more, view s.seen")
    locks = {(str(relation.name), relation.mode.label) for relation in table.relations}
    assert locks == {(f"s.{name}", "ACCESS EXCLUSIVE") for name in ("big", "child", "more", "seen")}
    assert table.opaque is None
    assert {(str(relation.name), relation.mode.label) for relation in truncated.relations} == {
        (f"s.{name}", "ACCESS EXCLUSIVE") for name in ("big", "child", "grandchild")}
    assert through(deleted) == {("s.child", "ROW EXCLUSIVE", "CASCADE"), ("s.grandchild", "ROW EXCLUSIVE", "CASCADE")}
    assert kind.goes == "column m of table s.moody" and through(kind) == {("s.moody", "ACCESS EXCLUSIVE", "CASCADE")}
    assert column.goes == "view s.more, view s.seen"
    assert schema.goes is not None and "table s.grandchild" in schema.goes and schema.opaque is None
    assert {("s.parts", "ACCESS EXCLUSIVE", "CASCADE"), ("s.moody", "ACCESS EXCLUSIVE", "CASCADE")} <= through(schema)
    assert function.goes == "default value for column n of table s.diced"
    assert lone.goes is None and lone.opaque is None
    assert "CASCADE drops constraint child_big_fk on table s.child" in text
