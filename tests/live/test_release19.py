"""Every .sql file that PostgreSQL 19 would be asked with, against views and catalogs of 19's shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.rows import class_row

from console.activity.read import LOCK_WAITS, PROGRESS
from console.catalog import read as catalog
from console.fields import fields_of
from console.metrics.reads.replication import RECOVERY_STATE, SLOT_FACTS, SUBSCRIPTIONS
from console.metrics.reads.vacuum import AUTOVACUUM_SCORES
from console.server.info import ServerInfo
from console.server.preamble import preamble
from console.server.query import Query
from console.server.session import read_info
from console.server.target import Target
from console.statements import counters
from console.statements import read as read_statements
from tests.live.test_sql_files import FILES, parameters_of, query
from tests.live.test_sql_files import fill as fill_extensions
from tests.support import release19
from tests.support.servers import Database, LiveServer

Connection = psycopg.Connection[Any]


def fill(database: Database) -> None:
    fill_extensions(database)
    release19.fill(database)


@pytest.fixture(scope="module")
def shaped(server18: LiveServer) -> str:
    """The conninfo of a database with 19's shapes."""
    return server18.conninfo(server18.template("release19", fill))


@pytest.fixture
async def info(shaped: str) -> ServerInfo:
    async with await psycopg.AsyncConnection.connect(shaped, autocommit=True) as connection:
        return release19.as_19(await read_info(connection, Target(name="", conninfo=shaped)))


@pytest.fixture
def connection(shaped: str) -> Iterator[Connection]:
    """A transaction that is rolled back, with the console's own settings."""
    with psycopg.connect(shaped) as found:
        yield found
        found.rollback()


def rows(connection: Connection, info: ServerInfo, asked: Query[Any], **params: Any) -> list[Any]:
    """What the query brings from 19's views."""
    text = release19.on_19(asked.text(info))
    with connection.cursor(row_factory=class_row(asked.record)) as cursor:
        return cursor.execute(text.encode(), params or None).fetchall()


def test_every_file_that_19_would_be_asked_with_has_its_records_columns(shaped: str, info: ServerInfo) -> None:
    tried = []
    with psycopg.connect(shaped) as connection:
        for asked in {found.name: found for found in map(query, FILES)}.values():
            variant = asked.variant(info)
            if variant is None or not release19.uses_19(variant.text) or asked.obstacle(info) is not None:
                continue
            text = release19.on_19(asked.text(info))
            with connection.transaction(force_rollback=True):
                for statement in preamble(Target(name="", conninfo=shaped), info.major)[1:]:
                    connection.execute(statement)  # type: ignore[arg-type]
                cursor = connection.execute(text.encode(), dict.fromkeys(parameters_of(text)) or None)
                columns = [column.name for column in cursor.description or ()]
            assert sorted(columns) == sorted(field.name for field in fields_of(asked.record)), variant.file
            tried.append(variant.file)
    assert len(tried) > 25
    assert {"progress_cluster.pg19.sql", "autovacuum_scores.pg19.sql"} <= set(tried)


def test_what_a_repack_and_a_vacuum_say_of_themselves(connection: Connection, info: ServerInfo) -> None:
    connection.execute("INSERT INTO nineteen.pg_stat_progress_repack VALUES (7, 1, current_database(), 'pg_class'::"
                       "regclass, 'REPACK', 'catch-up', 0, 500, 490, 20, 5, 100, 100, 0)")
    connection.execute("INSERT INTO nineteen.pg_stat_progress_vacuum VALUES (8, 1, current_database(), 'pg_class'::"
                       "regclass, 'scanning heap', 100, 40, 0, 1, 0, 0, 0, 0, 0, 12300, 'failsafe', "
                       "'autovacuum_wraparound')")
    asked = {each.name: each for each in PROGRESS}
    repack, vacuum = (rows(connection, info, asked[f"activity.progress_{name}"]) for name in ("cluster", "vacuum"))
    assert [(row.command, row.phase, row.done, row.unit, row.detail) for row in repack] == [
        ("repack", "catch-up", 515, "rows", "20 updated, 5 deleted meanwhile")]
    assert vacuum[0].detail == "index pass 1, failsafe, against wraparound, slept 12.3 s"


def test_one_row_for_a_subscription_whatever_workers_it_has(connection: Connection, info: ServerInfo) -> None:
    connection.execute("CREATE SUBSCRIPTION s CONNECTION 'dbname=nobody' PUBLICATION p WITH (connect = false, "
                       "slot_name = NONE)")
    for worker, pid, leader in (("apply", 10, None), ("parallel apply", 11, 10), ("parallel apply", 12, 10),
                                ("sequence synchronization", 13, None)):
        connection.execute(
            "INSERT INTO nineteen.pg_stat_subscription (subid, worker_type, pid, leader_pid) "
            "SELECT oid, %s, %s, %s FROM pg_subscription", [worker, pid, leader])
    connection.execute(
        "INSERT INTO nineteen.pg_stat_subscription_stats SELECT oid, subname, 2, 3, 4, 0, 0, 0, 5, 6, 0, 0, 0, NULL "
        "FROM pg_subscription")
    (found,) = rows(connection, info, SUBSCRIPTIONS)
    assert (found.pid, found.parallel_workers, found.apply_errors, found.sync_errors) == (10, 2, 2, 7)
    assert found.conflicts == ["update deleted 5", "update missing 6"]


def test_a_publication_of_all_tables_but_some(connection: Connection, info: ServerInfo) -> None:
    connection.execute("CREATE SCHEMA p; CREATE TABLE p.a (); CREATE TABLE p.left_out ();"
                       "CREATE PUBLICATION all_but_some FOR TABLE p.a, p.left_out")
    (found,) = rows(connection, info, catalog.PUBLICATIONS)
    assert (found.tables, found.excepted, found.is_for_all_sequences) == (1, 1, True)
    connection.execute("UPDATE pg_publication SET puballtables = true; DELETE FROM pg_publication_rel "
                       "WHERE prrelid = 'p.a'::regclass")
    (made,) = rows(connection, info, catalog.PUBLICATION_DEFINITIONS)
    assert made.statements == [
        "CREATE PUBLICATION all_but_some FOR ALL TABLES EXCEPT (TABLE ONLY p.left_out), ALL SEQUENCES "
        "WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = false)"]


def test_autovacuum_by_the_servers_own_account(connection: Connection, info: ServerInfo) -> None:
    connection.execute("INSERT INTO nineteen.pg_stat_autovacuum_scores VALUES ('pg_class'::regclass, 'pg_catalog', "
                       "'pg_class', 3, 0.1, 0, 3, 0.2, 0.5, true, false, false)")
    (score,) = rows(connection, info, AUTOVACUUM_SCORES)
    assert (score.score, score.dead_score, score.would_vacuum, score.would_analyze) == (3, 3, True, False)


def test_generic_and_custom_plans_of_statements(connection: Connection, info: ServerInfo) -> None:
    asked = read_statements.counters(info)
    assert "1.13" in asked.variants[0].needs[0]
    found = [counters.usage(counters.parse(row.counters)) for row in rows(connection, info, asked)]
    assert found and all((usage.generic_plans, usage.custom_plans, usage.workers) == (3, 2, 0) for usage in found)


def test_locks_that_were_waited_for(connection: Connection, info: ServerInfo) -> None:
    connection.execute("INSERT INTO nineteen.pg_stat_lock VALUES ('relation', 12, 3400, 0, now() - interval '2 h'), "
                       "('tuple', 0, 0, 0, now()), ('object', 0, 0, 4, NULL)")
    found = rows(connection, info, LOCK_WAITS)
    assert [(each.lock_type, each.waits, each.wait_ms, each.beyond_fast_path) for each in found] == [
        ("relation", 12, 3400.0, 0), ("object", 0, 0.0, 4)]
    assert found[0].counted_s == pytest.approx(7200, abs=60) and found[1].counted_s is None


def test_what_a_standby_replays(connection: Connection, info: ServerInfo) -> None:
    standby = replace(info, is_standby=True)
    assert rows(connection, standby, RECOVERY_STATE) == [], "no row says nothing"
    connection.execute("INSERT INTO nineteen.pg_stat_recovery VALUES (false, '0/1', '0/2', 3, '0/3', 3, now(), "
                       "now() - interval '90 s', 'not paused')")
    (found,) = rows(connection, standby, RECOVERY_STATE)
    assert (found.pause_state, found.timeline, found.is_promoting) == ("not paused", 3, False)
    assert found.chunk_age_s == pytest.approx(90, abs=5)
    assert RECOVERY_STATE.obstacle(info) == "only on a standby"


def test_why_a_slot_is_not_synchronised(connection: Connection, info: ServerInfo) -> None:
    connection.execute("SELECT pg_create_physical_replication_slot('kept', false, true)")
    (slot,) = rows(connection, info, SLOT_FACTS)
    assert slot.sync_skip_reason == "wal_not_flushed"
