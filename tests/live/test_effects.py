"""What acts although a transaction is read-only is refused before it is sent, on every version at hand: by functions of
PostgreSQL's own and of its extensions, by kinds of statement, and by whatever can stand between a statement and them.

Afterwards the server is looked at: that nothing was refused would be seen there.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from msgspec.structs import replace
from textual.pilot import Pilot

from console.catalog import read as catalog
from console.catalog.export import export
from console.catalog.preview import preview
from console.errors import ConsoleError
from console.plans.explain import analysis, explain
from console.server import trips
from console.server.effects import Acts
from console.server.explain import ExplainRequest
from console.server.interactive import Interactive
from console.server.rows import Typed, stream_query
from console.server.single import single_session
from console.server.target import Target
from console.sql import acting
from console.sql.statements import InteractiveStatement, pieces
from console.ui.app import ConsoleApp
from console.ui.plan_page import PlanPage
from console.ui.screens.query.completing import Completer
from console.vectors import read, values
from console.vectors.filters import Filter
from console.vectors.measure import MeasurementPlan, measure
from console.vectors.prepare import build_facts
from console.vectors.search import SearchRequest, default_metric, search, subject
from tests.live.test_decoys import console, settle
from tests.support.servers import Database, LiveServer

FUNCTIONS = """
    pg_cancel_backend({victim})
    pg_terminate_backend({victim})
    pg_terminate_backend({victim}, 0)
    pg_catalog.pg_terminate_backend({victim})
    "pg_catalog"."pg_terminate_backend"({victim})
    U&"pg_t\\0065rminate_backend"({victim})
    PG_TERMINATE_BACKEND(pid => {victim})
    pg_reload_conf()
    pg_rotate_logfile()
    pg_log_backend_memory_contexts({victim})
    pg_switch_wal()
    pg_create_restore_point('marked')
    pg_logical_emit_message(false, 'a', 'b')
    pg_logical_emit_message(true, 'a', 'b'::bytea)
    pg_create_physical_replication_slot('marked')
    pg_create_physical_replication_slot('marked', true, false)
    pg_create_logical_replication_slot('marked', 'test_decoding')
    pg_copy_physical_replication_slot('kept', 'marked')
    pg_drop_replication_slot('kept')
    pg_replication_slot_advance('kept', pg_current_wal_lsn())
    pg_logical_slot_get_changes('kept', NULL, NULL)
    pg_logical_slot_get_binary_changes('kept', NULL, NULL)
    pg_replication_origin_create('marked')
    pg_replication_origin_drop('kept')
    pg_replication_origin_advance('kept', '0/1')
    pg_replication_origin_session_setup('kept')
    pg_replication_origin_session_reset()
    pg_replication_origin_xact_setup('0/1', now())
    pg_replication_origin_xact_reset()
    pg_promote()
    pg_promote(false, 1)
    pg_wal_replay_pause()
    pg_wal_replay_resume()
    pg_backup_start('marked')
    pg_backup_stop()
    pg_stat_reset()
    pg_stat_reset_shared('bgwriter')
    pg_stat_reset_single_table_counters('kept'::regclass)
    pg_stat_reset_single_function_counters('wrapped'::regproc)
    pg_stat_reset_slru(NULL)
    pg_stat_reset_replication_slot('kept')
    pg_stat_reset_subscription_stats(1)
    lo_creat(-1)
    lo_create(4711)
    lo_from_bytea(4711, 'x')
    lo_put({object}, 0, 'x')
    lo_unlink({object})
    lo_import('{folder}/absent')
    lo_export({object}, '{folder}/marked')
    lowrite(lo_open({object}, 393216), 'x')
    lo_truncate(lo_open({object}, 393216), 0)
    pg_advisory_lock(4711)
    pg_advisory_lock_shared(4711)
    pg_try_advisory_lock(1, 2)
    pg_try_advisory_lock_shared(4711)
    pg_advisory_xact_lock(4711)
    pg_advisory_unlock_all()
    pg_notify('marked', 'x')
    brin_summarize_new_values('kept_brin'::regclass)
    brin_summarize_range('kept_brin'::regclass, 0)
    brin_desummarize_range('kept_brin'::regclass, 0)
    gin_clean_pending_list('kept_gin'::regclass)
    pg_import_system_collations('public')
    pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')
    set_config('role', 'pg_monitor', false)
    set_config('r' || 'ole', 'pg_monitor', false)
    query_to_xml('SELECT pg_terminate_backend({victim})', false, false, '')
    query_to_xml('SELECT pg_terminate' || '_backend({victim})', false, false, '')
    table_to_xml('trap_view'::regclass, false, false, '')
    ts_rewrite('a'::tsquery, 'SELECT pg_terminate_backend({victim})::text::tsquery, ''b''::tsquery')
"""

OF_EXTENSIONS = {
    "pg_stat_statements": "pg_stat_statements_reset()",
    "dblink": "dblink_exec({dsn}, 'CHECKPOINT')|dblink_connect('marked', {dsn})|dblink_connect_u('marked', {dsn})"
              "|dblink_send_query('marked', 'CHECKPOINT')",
    "pg_prewarm": "pg_prewarm('kept')",
    "pg_buffercache": "pg_buffercache_evict(1)",
    "pg_visibility": "pg_truncate_visibility_map('kept')",
    "pg_surgery": "heap_force_kill('kept'::regclass, ARRAY['(0,1)']::tid[])",
    "adminpack": "pg_file_write('marked', 'x', false)|pg_file_unlink('marked')",
    "tablefunc": "(SELECT 1 FROM crosstab('SELECT pg_terminate_backend({victim})::text, 1::text, 2::text') AS "
                 "t(a text, b text))",
}

STATEMENTS = """
    COPY (SELECT 1) TO PROGRAM 'cat > {folder}/marked'
    COPY (SELECT 1) TO '{folder}/marked'
    COPY kept TO '{folder}/marked' (FORMAT csv)
    COPY kept (id) TO PROGRAM 'cat > {folder}/marked' WITH (FORMAT csv)
    copy /* to */ kept to program $$cat > {folder}/marked$$
    COPY (SELECT pg_terminate_backend({victim})) TO STDOUT
    LOAD 'auto_explain'
    CHECKPOINT
    LOCK TABLE kept
    LOCK kept IN ACCESS SHARE MODE
    LOCK TABLE kept IN ACCESS EXCLUSIVE MODE NOWAIT
    ANALYZE
    ANALYZE kept
    VACUUM
    VACUUM (ANALYZE) kept
    REINDEX TABLE kept
    REINDEX INDEX CONCURRENTLY kept_brin
    CLUSTER kept USING kept_pkey
    CLUSTER
    NOTIFY marked
    NOTIFY marked, 'x'
    ALTER SYSTEM SET work_mem = '5MB'
    ALTER SYSTEM RESET ALL
    SET ROLE pg_monitor
    SET LOCAL ROLE pg_monitor
    SET SESSION ROLE pg_monitor
    SET SESSION AUTHORIZATION pg_monitor
    SET LOCAL SESSION AUTHORIZATION pg_monitor
    PREPARE TRANSACTION 'marked'
    DO $$ BEGIN PERFORM pg_terminate_backend({victim}); END $$
    DO 'BEGIN CHECKPOINT; END'
    DO $$ BEGIN EXECUTE 'CHECK' || 'POINT'; END $$
    DO $$ BEGIN EXECUTE 'SELECT pg_terminate_backend({victim})'; END $$
    DO $$ BEGIN IF true THEN LOCK TABLE kept; END IF; END $$
    DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'cat > {folder}/marked'; END $$
    DO $$ DECLARE x bool := pg_terminate_backend({victim}); BEGIN END $$
    CALL acting()
    CALL reading_by_acting()
    EXPLAIN ANALYZE SELECT pg_terminate_backend({victim})
    EXPLAIN (ANALYZE, COSTS off) SELECT trap()
    PREPARE marked AS SELECT pg_terminate_backend({victim})
    DECLARE marked CURSOR FOR SELECT pg_terminate_backend({victim})
    SELECT 1 WHERE EXISTS (SELECT FROM kept WHERE pg_terminate_backend({victim}))
    WITH a AS (SELECT pg_terminate_backend({victim})) SELECT * FROM a
    VALUES (pg_terminate_backend({victim}))
    TABLE trap_view
    SELECT 1 ORDER BY pg_terminate_backend({victim})
    SELECT count(*) FILTER (WHERE pg_terminate_backend({victim})) FROM kept
    SELECT CASE WHEN pg_terminate_backend({victim}) THEN 1 END
    SELECT * FROM pg_terminate_backend({victim})
    SELECT * FROM ROWS FROM (pg_terminate_backend({victim}), generate_series(1, 2))
    SELECT * FROM kept, LATERAL (SELECT pg_terminate_backend({victim} + kept.id - kept.id)) AS a
    SELECT * FROM kept TABLESAMPLE bernoulli (100) REPEATABLE (pg_terminate_backend({victim})::int)
    SELECT 1 LIMIT pg_terminate_backend({victim})::int
    SELECT sum(1) OVER (ORDER BY pg_terminate_backend({victim}))
    SELECT xmlelement(name a, pg_terminate_backend({victim}))
"""

BETWEEN = """
    SELECT trap()
    SELECT public.trap()
    SELECT "trap"()
    SELECT wrapped()
    SELECT twice_wrapped()
    SELECT atomic()
    SELECT dynamic()
    SELECT constant_dynamic()
    SELECT "Trap Of Mine"()
    SELECT elsewhere.hidden()
    SELECT by_path()
    SELECT lower(1)
    SELECT defaulted()
    SELECT adding(id) FROM kept
    SELECT labelled()
    SELECT alias({victim}, 0)
    SELECT * FROM trap_view
    SELECT 1 FROM over_view
    SELECT 1 <<>> 2
    SELECT 1 OPERATOR(public.<<>>) 2
    SELECT 1 WHERE 1 <<>> ANY (ARRAY[2])
    SELECT <<>> 2
    SELECT ROW(1)::pair::text::coloured
    SELECT CAST('x' AS coloured)
    SELECT coloured('x'::text)
    SELECT 'x'::nested_coloured
    SELECT ARRAY['x']::coloured[]
    SELECT jsonb_populate_record(NULL::holder, '{{"a": "x"}}')
    SELECT ROW(1, 2)::pair::kind
    SELECT 'a'::kind::int
    SELECT kept.boom FROM kept
    SELECT (kept).boom FROM kept
    SELECT k.boom FROM (SELECT * FROM kept) AS k
    SELECT * FROM guarded
    SELECT 1 FROM guarded_view
    SELECT takes_colour('x')
    SELECT p FROM kept AS p JOIN kept AS q ON p <<>> q
    SELECT '{{x}}'::_coloured
    SELECT to_json(p) FROM pairs
    SELECT row_to_json(x) FROM pairs AS x
    SELECT jsonb_build_object('a', p) FROM pairs
    SELECT * FROM json_view
    SELECT json_atomic()
    SELECT id FROM indexed
    SELECT id FROM parted
    SELECT id FROM keyed
    SELECT id FROM checked WHERE id = 1
    SELECT id FROM counted
    SELECT 1 FROM kept WHERE id IN (TABLE indexed)
"""

SCHEMA = """
    CREATE TABLE kept (id int PRIMARY KEY, note text, words tsvector);
    INSERT INTO kept VALUES (1, 'a', 'a'), (2, 'b', 'b');
    CREATE INDEX kept_brin ON kept USING brin (note);
    CREATE INDEX kept_gin ON kept USING gin (words);
    CREATE FUNCTION trap() RETURNS bool LANGUAGE plpgsql AS
        $f$ BEGIN RETURN pg_terminate_backend(%(victim)s); END $f$;
    CREATE FUNCTION "Trap Of Mine"() RETURNS bool LANGUAGE sql AS $f$ SELECT pg_terminate_backend(%(victim)s) $f$;
    CREATE FUNCTION wrapped() RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE FUNCTION twice_wrapped() RETURNS bool LANGUAGE plpgsql AS $f$ BEGIN RETURN (SELECT wrapped()); END $f$;
    CREATE FUNCTION atomic() RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT pg_terminate_backend(%(victim)s); END;
    CREATE FUNCTION dynamic() RETURNS void LANGUAGE plpgsql AS
        $f$ BEGIN EXECUTE 'SELECT pg_term' || 'inate_backend(%(victim)s)'; END $f$;
    CREATE FUNCTION constant_dynamic() RETURNS void LANGUAGE plpgsql AS
        $f$ BEGIN EXECUTE 'SELECT pg_terminate_backend(%(victim)s)'; END $f$;
    CREATE FUNCTION labelled() RETURNS bool LANGUAGE sql IMMUTABLE AS $f$ SELECT trap() $f$;
    CREATE FUNCTION lower(int) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE FUNCTION alias(int, bigint) RETURNS bool LANGUAGE internal IMMUTABLE AS 'pg_terminate_backend';
    CREATE FUNCTION defaulted(bool DEFAULT trap()) RETURNS int LANGUAGE sql AS $f$ SELECT 1 $f$;
    CREATE FUNCTION boom(kept) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE FUNCTION added(int, int) RETURNS int LANGUAGE sql AS $f$ SELECT trap()::int + $1 + $2 $f$;
    CREATE AGGREGATE adding (int) (SFUNC = added, STYPE = int, INITCOND = 0);
    CREATE SCHEMA elsewhere;
    CREATE FUNCTION elsewhere.hidden() RETURNS bool LANGUAGE sql AS $f$ SELECT public.trap() $f$;
    CREATE FUNCTION by_path() RETURNS bool LANGUAGE sql SET search_path = elsewhere AS $f$ SELECT 1 = 1 $f$;
    CREATE OR REPLACE FUNCTION by_path() RETURNS bool LANGUAGE plpgsql SET search_path = elsewhere AS
        $f$ BEGIN RETURN hidden(); END $f$;
    CREATE PROCEDURE acting() LANGUAGE plpgsql AS $f$ BEGIN CHECKPOINT; END $f$;
    CREATE PROCEDURE reading_by_acting() LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE VIEW trap_view AS SELECT pg_terminate_backend(%(victim)s) AS done;
    CREATE VIEW over_view AS SELECT * FROM trap_view;
    CREATE FUNCTION compared(int, int) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE FUNCTION compared(int) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE FUNCTION compared(kept, kept) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE OPERATOR <<>> (LEFTARG = int, RIGHTARG = int, FUNCTION = compared);
    CREATE OPERATOR <<>> (RIGHTARG = int, FUNCTION = compared);
    CREATE OPERATOR <<>> (LEFTARG = kept, RIGHTARG = kept, FUNCTION = compared);
    CREATE FUNCTION checks(text) RETURNS bool LANGUAGE sql AS $f$ SELECT trap() $f$;
    CREATE DOMAIN coloured AS text CHECK (checks(VALUE));
    CREATE DOMAIN nested_coloured AS coloured;
    CREATE FUNCTION takes_colour(coloured) RETURNS int LANGUAGE sql AS $f$ SELECT 1 $f$;
    CREATE TYPE holder AS (a coloured);
    CREATE TYPE pair AS (a int, b int);
    CREATE TYPE kind AS ENUM ('a');
    CREATE FUNCTION to_kind(pair) RETURNS kind LANGUAGE sql AS $f$ SELECT CASE WHEN trap() THEN 'a' END::kind $f$;
    CREATE FUNCTION to_int(kind) RETURNS int LANGUAGE sql AS $f$ SELECT trap()::int $f$;
    CREATE CAST (pair AS kind) WITH FUNCTION to_kind(pair);
    CREATE CAST (kind AS int) WITH FUNCTION to_int(kind);
    CREATE TABLE guarded (id int);
    CREATE POLICY p ON guarded USING (trap());
    ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
    CREATE VIEW guarded_view AS SELECT * FROM guarded;
    CREATE TABLE pairs (id int, p pair);
    INSERT INTO pairs VALUES (1, ROW(1, 2));
    CREATE FUNCTION to_js(pair) RETURNS json LANGUAGE sql AS $f$ SELECT to_json(trap()) $f$;
    CREATE CAST (pair AS json) WITH FUNCTION to_js(pair);
    CREATE VIEW json_view AS SELECT to_json(p) FROM pairs;
    CREATE FUNCTION json_atomic() RETURNS json LANGUAGE sql BEGIN ATOMIC SELECT json_agg(p) FROM pairs; END;
    CREATE FUNCTION later() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN true; END $f$;
    CREATE TABLE indexed (id int);
    CREATE INDEX ON indexed (id) WHERE later();
    CREATE TABLE parted (id int) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (9);
    CREATE INDEX ON parted_1 ((id + later()::int));
    CREATE TABLE keyed (id int) PARTITION BY RANGE ((id + later()::int));
    CREATE TABLE checked (id int, CHECK (later()));
    CREATE TABLE checked_1 () INHERITS (checked);
    CREATE TABLE counted (id int);
    CREATE STATISTICS counted_st ON (id + later()::int), (id - 1) FROM counted;
    CREATE OR REPLACE FUNCTION later() RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN RETURN trap(); END $f$;
    CREATE FUNCTION harmless(int) RETURNS int LANGUAGE plpgsql AS
        $f$ DECLARE r record; BEGIN FOR r IN SELECT * FROM public.kept LOOP RAISE NOTICE '%%', r; END LOOP;
            RETURN $1; END $f$;
    CREATE VIEW harmless_view AS SELECT harmless(id) AS id, lower(note) AS note, count(*) OVER () FROM kept;
"""

READS = """
    SELECT * FROM kept WHERE note = 'a' AND id BETWEEN 1 AND 2 AND note LIKE 'a%' ORDER BY 1
    SELECT harmless(1)
    SELECT * FROM harmless_view
    SELECT count(*), max(note), lower('A'), now(), random(), clock_timestamp() FROM kept GROUP BY note
    SELECT * FROM pg_stat_activity
    SELECT * FROM pg_stat_replication, pg_replication_slots, pg_stat_database, pg_locks
    SELECT * FROM information_schema.columns LIMIT 1
    SELECT pg_sleep(0), generate_series(1, 3), pg_size_pretty(pg_database_size(current_database()))
    SELECT pg_is_in_recovery(), pg_current_wal_lsn(), txid_current(), pg_ls_dir('.')
    SELECT pg_read_file('PG_VERSION')
    SELECT set_config('work_mem', '5MB', true), current_setting('work_mem')
    SELECT pg_get_viewdef('harmless_view'::regclass)
    SELECT 'pg_terminate_backend(1)', $$CHECKPOINT$$ AS "pg_reload_conf" -- pg_switch_wal()
    SELECT a.id, (a).note FROM kept AS a JOIN kept AS b USING (id)
    SELECT lower(note) FROM kept
    SELECT p FROM pairs
    SHOW work_mem
    SET work_mem = '4MB'
    EXPLAIN SELECT pg_sleep(0)
    EXPLAIN ANALYZE SELECT * FROM kept
    DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM kept; RAISE NOTICE '% rows', n; END $$
    PREPARE fine AS SELECT * FROM kept WHERE id = 1
    VALUES (1), (2)
    TABLE kept
    WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT * FROM t
    LISTEN something
    DISCARD PLANS
"""


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


class Place(Struct):
    """A database full of traps, and what they would act on."""

    database: Database
    victim: int
    object: int
    folder: Path
    extensions: list[str]

    def filled(self, text: str) -> str:
        dsn = psycopg.sql.Literal(self.database.conninfo).as_string(None)
        return text.format(victim=self.victim, object=self.object, folder=self.folder, dsn=dsn)

    @property
    def functions(self) -> list[str]:
        with self.database.connect() as connection:
            names = {name for (name,) in connection.execute("SELECT proname FROM pg_proc")}
        theirs = [call for extension in self.extensions for call in OF_EXTENSIONS[extension].split("|")]
        there = [call for call in theirs if call.partition("(")[0] in names or call.startswith("(")]
        return [self.filled(call) for call in lines(FUNCTIONS) + there]

    def state(self) -> dict[str, Any]:
        """What would be different had any of them been run."""
        with self.database.connect() as connection:
            row = connection.execute("""
                SELECT
                    (SELECT array_agg(slot_name || restart_lsn::text ORDER BY 1) FROM pg_replication_slots),
                    (SELECT array_agg(roname ORDER BY 1) FROM pg_replication_origin),
                    (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()),
                    (SELECT stats_reset FROM pg_stat_bgwriter),
                    pg_conf_load_time(), pg_is_in_recovery(),
                    (SELECT array_agg(oid ORDER BY 1) FROM pg_largeobject_metadata),
                    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'),
                    (SELECT count(*) FROM pg_stat_activity WHERE pid = %s),
                    (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dblink'),
                    (SELECT count(*) FROM pg_prepared_xacts),
                    (SELECT checkpoint_lsn FROM pg_control_checkpoint()),
                    (SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'kept'),
                    (SELECT last_vacuum FROM pg_stat_user_tables WHERE relname = 'kept'),
                    (SELECT array_agg(relfilenode ORDER BY oid) FROM pg_class WHERE relname ~ '^kept'),
                    (SELECT count(*) FROM pg_ls_dir('.') AS f WHERE f ~ 'marked'),
                    (SELECT count(*) FROM pg_collation)
                """, [self.victim]).fetchone()
        assert row is not None
        return dict(enumerate([*row, sorted(path.name for path in self.folder.iterdir())]))


@pytest.fixture(scope="module")
def place(any_server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("written")
    folder.chmod(0o777)
    for parent in list(folder.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    with any_server.database() as database, database.connect() as victim, database.connect() as connection:
        connection.execute((SCHEMA % {"victim": victim.info.backend_pid}).encode())
        extensions = []
        for extension in OF_EXTENSIONS:
            if connection.execute("SELECT FROM pg_available_extensions WHERE name = %s", [extension]).rowcount:
                connection.execute(f"CREATE EXTENSION {extension}".encode())
                extensions.append(extension)
        (found,) = connection.execute("SELECT lo_from_bytea(0, 'x')").fetchone() or (0,)
        if any_server.has_vector:
            connection.execute("CREATE EXTENSION vector; CREATE TABLE items (id int PRIMARY KEY, v vector(2), n int);"
                               "INSERT INTO items SELECT n, ARRAY[n, 1]::vector, n FROM generate_series(1, 50) AS n;"
                               "CREATE VIEW trap_items AS SELECT id, v, n FROM items WHERE trap()")
        connection.execute("SELECT pg_create_physical_replication_slot('kept', true)")
        connection.execute("SELECT pg_replication_origin_create('kept')")
        connection.execute("SELECT pg_stat_reset()")
        try:
            yield Place(database, victim.info.backend_pid, found, folder, extensions)
        finally:
            connection.execute("SELECT pg_drop_replication_slot('kept'), pg_replication_origin_drop('kept')")


def target(place: Place) -> Target:
    return Target(name="live", conninfo=place.database.conninfo, statement_timeout_ms=10_000)


@asynccontextmanager
async def query(place: Place) -> AsyncIterator[Interactive]:
    session = Interactive(target(place))
    try:
        yield session
    finally:
        await session.close()


async def ran(session: Interactive, statements: list[str]) -> list[str]:
    """Which of the statements were not refused."""
    found = []
    for statement in statements:
        try:
            await session.run(InteractiveStatement(statement, is_query=pieces(statement)[0].command.is_query))
        except Acts as refusal:
            assert "nothing was sent" in refusal.summary and refusal.effects, statement
            continue
        except ConsoleError as error:
            found.append(f"{statement}: {error.summary}")
            continue
        found.append(statement)
    return found


def test_every_volatile_function_is_known(place: Place) -> None:
    """What a new version brings has to be put into one of the tables."""
    with place.database.connect() as connection:
        names = [name for (name,) in connection.execute(
            "SELECT DISTINCT proname FROM pg_proc WHERE oid < 16384 AND provolatile = 'v' "
            "AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)")]
    assert len(names) > 200
    assert not [name for name in names if acting.function_effect(name) is None and not acting.is_reading(name)
                and name != acting.SETS_ROLE]
    with place.database.connect() as connection:
        # those that aren't volatile are left out by the catalog's side, but for what runs texts
        others = connection.execute("SELECT proname, provolatile FROM pg_proc WHERE proname = ANY (%s) "
                                    "AND provolatile <> 'v'", [list(acting.FUNCTIONS)]).fetchall()
    assert not others


async def test_functions_that_act_are_refused(place: Place) -> None:
    before = place.state()
    calls = place.functions
    assert len(calls) >= 60
    async with query(place) as session:
        assert not await ran(session, [f"SELECT {call}" for call in calls])
    assert place.state() == before


async def test_statements_that_act_are_refused(place: Place) -> None:
    before = place.state()
    statements = [place.filled(line) for line in lines(STATEMENTS)]
    assert len(statements) >= 40
    async with query(place) as session:
        assert not await ran(session, statements)
    assert place.state() == before


async def test_whatever_stands_between_is_seen_through(place: Place) -> None:
    before = place.state()
    async with query(place) as session:
        assert not await ran(session, [place.filled(line) for line in lines(BETWEEN)])
    assert place.state() == before


async def test_reads_are_not_refused(place: Place) -> None:
    async with query(place) as session:
        assert not [line for line in await ran(session, lines(READS)) if line not in lines(READS)]


async def test_plans_that_are_run_are_refused(place: Place) -> None:
    before = place.state()
    wrong = []
    async with single_session(target(place)) as session:
        for text in [f"SELECT {call}" for call in place.functions] + [
                place.filled(line) for line in lines(BETWEEN)]:
            try:
                await explain(session, ExplainRequest(statement=text, analyze=True))
                wrong.append(text)
            except Acts:
                pass
            except ConsoleError as error:
                wrong.append(f"{text}: {error.summary}")
    assert not wrong
    assert place.state() == before


PARSED = ("SELECT id FROM indexed", "SELECT id FROM parted", "SELECT id FROM keyed", "SELECT id FROM counted",
          "SELECT id FROM checked WHERE id = 1", "SELECT '{x}'::_coloured", "SELECT 'x'::coloured")
"""Whoever plans these runs what indexes, partitions, statistics, constraints and domains hold."""


async def test_what_parsing_and_planning_run_is_refused(place: Place) -> None:
    before = place.state()
    async with single_session(target(place)) as session:
        for text in PARSED:
            assert await refused(explain(session, ExplainRequest(statement=text))) == "pg_terminate_backend()", text
        for text in ("SELECT id FROM pairs", "SELECT p FROM pairs"):
            assert await refused(explain(session, ExplainRequest(statement=text))) == "run", text
    assert place.state() == before


async def refused(work: Awaitable[object]) -> str:
    """What of `work` was refused: the effects' names; or what came of it instead."""
    try:
        await work
    except Acts as refusal:
        return ", ".join(sorted(refusal.names))
    except ConsoleError as error:
        return f"error: {error.summary}"
    return "run"


async def test_plans_alone_call_no_volatile_function(place: Place) -> None:
    before = place.state()
    async with single_session(target(place)) as session:
        for text in ("SELECT trap()", "SELECT * FROM over_view", f"SELECT pg_terminate_backend({place.victim})"):
            await explain(session, ExplainRequest(statement=text))
        # the planner evaluates what is labelled immutable, and may evaluate what is labelled stable
        for text in ("SELECT labelled()", "SELECT trap(), labelled()", "SELECT labelled() FROM over_view"):
            assert await refused(explain(session, ExplainRequest(statement=text))) == "pg_terminate_backend()"
    assert place.state() == before


async def test_conditions_of_searches_and_measurements_are_refused(place: Place) -> None:
    if not place.database.server.has_vector:
        pytest.skip("no pgvector here")
    before = place.state()
    async with single_session(target(place)) as session:
        about = await subject(session, await read.find_column(session, "items.v"))
        metric = default_metric(about)
        for call in place.functions:
            request = SearchRequest(about, values.parse("[1,2]", "vector"), metric, 2, where=f"({call}) IS NOT NULL")
            assert "()" in await refused(search(session, request)), call
            assert "()" in await refused(build_facts(session, about.column, "labelled()"))
        for where in ("trap()", "n <<>> 1", "EXISTS (SELECT FROM over_view)", "1::text::coloured = 'x'"):
            plan = MeasurementPlan(about, metric, 2, 3, where=where)
            assert "pg_terminate_backend()" in await refused(measure(lambda: single_session(target(place)), plan))
            assert "pg_terminate_backend()" in await refused(search(session, SearchRequest(
                about, values.parse("[1,2]", "vector"), metric, 2, where=where)))
        assert await refused(subject(session, await read.find_column(session, "trap_items.v"))) == \
            "pg_terminate_backend()"
        found = await search(session, SearchRequest(about, values.parse("[1,2]", "vector"), metric, 2, where="n > 3"))
        assert len(found.hits) == 2
    assert place.state() == before


async def test_names_that_are_offered_and_looked_for_run_nothing(place: Place) -> None:
    """Completion and the palette ask the catalog, and what is typed is no part of what they ask."""
    before = place.state()
    offered: set[str] = set()
    async with single_session(target(place)) as session:
        completer = Completer(lambda: nullcontext(session))
        for text in [f"SELECT {call}" for call in place.functions] + [
                place.filled(line) for line in lines(STATEMENTS) + lines(BETWEEN)]:
            for offset in {len(text), text.rfind(" ") + 1}:
                offered |= {found.text for found in await completer.candidates(text, offset)}
        for call in place.functions:
            await catalog.search(session, call)
        assert {"trap_view", "wrapped"} <= {found.name for name in ("trap_v", "wrapp")
                                            for found in await catalog.search(session, name)}
    assert {"kept", "trap_view"} <= {name.rpartition(".")[2] for name in offered}, sorted(offered)[:50]
    assert place.state() == before


async def test_plans_of_all_of_them_run_nothing(place: Place) -> None:
    """A plan page reads the plan first, and what the server knows of its tables and functions."""
    before = place.state()
    shown = 0
    async with single_session(target(place)) as session:
        for text in [f"SELECT {call}" for call in place.functions] + [
                place.filled(line) for line in lines(STATEMENTS) + lines(BETWEEN)]:
            shown += await refused(analysis(session, ExplainRequest(statement=text))) == "run"
    assert shown > 60, "what is planned alone calls no volatile function"
    assert place.state() == before


async def test_filters_are_values(place: Place) -> None:
    if not place.database.server.has_vector:
        pytest.skip("no pgvector here")
    before = place.state()
    async with single_session(target(place)) as session:
        about = await subject(session, await read.find_column(session, "items.v"))
        request = SearchRequest(about, values.parse("[1,2]", "vector"), default_metric(about), 2)
        for call in place.functions:
            with pytest.raises(ConsoleError, match="there is no column"):
                await search(session, replace(request, filters=(Filter(call, "=", (call,)),)))
        for call in place.functions[::8]:
            with pytest.raises(ConsoleError, match="invalid input syntax"):
                await search(session, replace(request, filters=(Filter("n", "=", (call,)),)))
            assert not (await search(session, replace(request, filters=(Filter("n", "like", (call,)),)))).hits
    assert place.state() == before


TYPED = ("SELECT pg_terminate_backend({victim})", "TABLE over_view", "SELECT labelled()", "SELECT 1 <<>> 2 FROM kept")


async def until(pilot: Pilot[int], happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not happened():
            await pilot.pause(0.05)


async def plan_page(app: ConsoleApp, pilot: Pilot[int], text: str) -> None:
    """Opens it, has the statement run, and leaves whatever that asks."""
    page = PlanPage(ExplainRequest(statement=text), text)
    app.push_screen(page)
    await until(pilot, lambda: page.is_mounted and not page.is_asking)
    await pilot.press("a")
    await until(pilot, lambda: not page.is_asking)
    while page in app.screen_stack:
        await pilot.press("escape")


@pytest.mark.usefixtures("own_files")
async def test_the_consoles_palette_and_plan_pages_run_nothing(place: Place) -> None:
    """With the keys of a person who says yes to nothing: to plans, to running them, to what the palette leads to."""
    if place.database.server.label != "embedded":
        pytest.skip("the keys are the same on every version")
    before = place.state()
    asked: set[str] = set()

    def listen(trip: trips.RoundTrip) -> None:
        asked.update(trip.reads)

    trips.listeners.append(listen)
    try:
        async with console(target(place)) as (app, pilot):
            for text in (place.filled(line) for line in TYPED):
                await plan_page(app, pilot, text)
            for name in ("over_view", "guarded"):
                await pilot.press("ctrl+p", *name)
                await settle(pilot, 0.8)
                await pilot.press("enter")
                await until(pilot, lambda: "catalog.relation" in asked)
                for _ in range(5):
                    await pilot.press("right_square_bracket")
                    await settle(pilot, 0.1)
            await pilot.press("8")
            await settle(pilot)
            await pilot.press("i", *"SELECT trap", "ctrl+@")
            await until(pilot, lambda: "catalog.completion_names" in asked)
    finally:
        trips.listeners.remove(listen)
    assert {"catalog.search", "catalog.completion_names", "catalog.relation"} <= asked, sorted(asked)
    assert place.state() == before


async def test_previews_and_exports_are_refused(place: Place, tmp_path: Path) -> None:
    before = place.state()
    with place.database.connect() as connection:
        oids = dict(connection.execute("SELECT relname, oid FROM pg_class WHERE relname = ANY (%s)", [
            ["trap_view", "over_view", "guarded", "guarded_view", "kept", "harmless_view"]]).fetchall())
    async with single_session(target(place)) as session:
        for name, oid in oids.items():
            answer = await refused(preview(lambda: single_session(target(place)), oid))
            assert (answer == "run") == (name in ("kept", "harmless_view")), f"{name}: {answer}"
            answer = await refused(export(session, oid, tmp_path / name, "csv"))
            assert (answer == "run") == (name in ("kept", "harmless_view")), f"{name}: {answer}"
        stream = stream_query(session, Typed("SELECT trap()"), "csv", statement_timeout_ms=5000)
        assert await refused(anext(stream)) == "pg_terminate_backend()"
    assert place.state() == before


async def test_foreign_tables_are_refused(place: Place) -> None:
    with place.database.connect() as connection:
        if not connection.execute("SELECT FROM pg_available_extensions WHERE name = 'file_fdw'").rowcount:
            pytest.skip("no file_fdw here")
        connection.execute("CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
        connection.execute(f"CREATE FOREIGN TABLE far (a text) SERVER files "
                           f"OPTIONS (program 'cat > {place.folder}/marked; echo a')".encode())
        connection.execute("CREATE TABLE parts (a text) PARTITION BY LIST (a); "
                           "CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES IN ('a') SERVER files "
                           "OPTIONS (program 'echo a'); CREATE VIEW far_view AS SELECT * FROM far")
    async with query(place) as session:
        assert not await ran(session, ["SELECT * FROM far", "SELECT * FROM far_view", "SELECT count(*) FROM parts"])
    assert not list(place.folder.iterdir())


async def test_what_is_allowed_or_unlocked_is_run(place: Place) -> None:
    before = place.state()
    statement = InteractiveStatement("SELECT pg_reload_conf(), pg_stat_reset()", is_query=True)
    async with query(place) as session:
        assert await refused(session.run(statement)) == "pg_reload_conf(), pg_stat_reset()"
        assert await refused(session.run(statement, {"pg_reload_conf()"})) == "pg_reload_conf(), pg_stat_reset()"
        assert place.state() == before
        assert (await session.run(statement, {"pg_reload_conf()", "pg_stat_reset()"})).rows
        assert place.state() != before
        session.read_only = False
        assert (await session.run(statement)).rows
    async with single_session(replace(target(place), environment="development")) as unlocked:
        await explain(unlocked, ExplainRequest(statement="SELECT pg_reload_conf()", analyze=True))


async def test_what_was_made_while_unlocked_is_refused_when_locked_again(place: Place) -> None:
    before = place.state()
    async with query(place) as session:
        session.read_only = False
        for text in ("CREATE TEMP TABLE mine (id int DEFAULT trap()::int)", "CREATE TEMP TABLE fired (id int)",
                     "CREATE FUNCTION pg_temp.fires() RETURNS trigger LANGUAGE plpgsql AS "
                     "'BEGIN PERFORM public.trap(); RETURN NEW; END'",
                     "CREATE TRIGGER t BEFORE INSERT ON fired FOR EACH ROW EXECUTE FUNCTION pg_temp.fires()",
                     "CREATE TEMP VIEW seen AS SELECT public.trap()", "CREATE TEMP TABLE quiet (id int)",
                     f"PREPARE made AS SELECT pg_terminate_backend({place.victim})", "PREPARE fine AS SELECT 1"):
            await session.run(InteractiveStatement(text))
        session.read_only = True
        assert not await ran(session, [
            "INSERT INTO mine DEFAULT VALUES", "INSERT INTO fired VALUES (1)", "SELECT * FROM seen", "EXECUTE made",
            "SELECT pg_temp.fires()", "TABLE pg_temp.seen", "EXPLAIN ANALYZE EXECUTE made"])
        assert len(await ran(session, ["EXECUTE fine", "INSERT INTO quiet VALUES (1)"])) == 2
    assert place.state() == before


async def test_names_mean_what_the_search_path_says(place: Place) -> None:
    with place.database.connect() as connection:
        connection.execute("CREATE SCHEMA first; CREATE FUNCTION first.now() RETURNS bool LANGUAGE sql AS "
                           "'SELECT public.trap()'")
    async with query(place) as session:
        now = InteractiveStatement("SELECT now()", is_query=True)
        assert await refused(session.run(now)) == "run"
        await session.run(InteractiveStatement("SET search_path = first, pg_catalog", is_setting=True))
        assert await refused(session.run(now)) == "pg_terminate_backend()"
        # and it is left as it was
        shown = await session.run(InteractiveStatement("SHOW search_path"))
        assert shown.rows == (("first, pg_catalog",),)
    async with single_session(target(place)) as session:
        request = ExplainRequest(statement="SELECT now()", analyze=True, settings={"search_path": "first, pg_catalog"})
        assert await refused(explain(session, request)) == "pg_terminate_backend()"


def dbconsole(place: Place, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DBCONSOLE_CONFIG": "", "XDG_STATE_HOME": str(folder)}
    return subprocess.run([sys.executable, "-m", "console", *arguments, "-t", place.database.conninfo],
                          capture_output=True, text=True, timeout=120, env=environment)


def test_headless_commands_want_yes(place: Place, tmp_path: Path) -> None:
    statement = "SELECT pg_reload_conf()"
    before = place.state()
    done = dbconsole(place, tmp_path, "explain", "--analyze", statement)
    assert done.returncode == 3 and "pg_reload_conf() has the server read its configuration again" in done.stderr
    assert "--yes" in done.stderr and place.state() == before
    assert not (tmp_path / "dbconsole" / "audit.jsonl").exists()
    done = dbconsole(place, tmp_path, "explain", "--analyze", "--yes", statement)
    assert done.returncode == 0, done.stderr
    (line,) = (tmp_path / "dbconsole" / "audit.jsonl").read_text("utf-8").splitlines()
    event = json.loads(line)
    assert event["event"] == "allowed" and event["query"] == statement and "pg_reload_conf()" in event["effects"][0]
    assert place.state() != before
