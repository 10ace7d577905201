"""Debian's extensions, in every session and with processes of their own: the console says what it says elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from console.activity.read import SESSIONS
from console.catalog.ddl_script import write
from console.check.records import Status
from console.check.registry import configured
from console.check.runner import check_target
from console.clock import SystemClock
from console.config import Config, PoolConfig
from console.migrate.apply import plan_and_run
from console.plans.explain import ExplainRequest, explain
from console.resources import shipped
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.single import single_session
from console.server.target import Target
from console.services.ownership import from_folder
from console.statements.read import beside
from console.statements.records import Beside, Key
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState, Sources
from console.ui.dialogs.failure import FailureDialog
from console.ui.screens import ENTRIES
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until

SERVICES = from_folder(shipped("migrations"))


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def extended(debian13: LiveServer) -> Iterator[Database]:
    """A database with all of Debian 13's extensions, audited in full, in which AGE's library is in every session."""
    with debian13.database() as database:
        with database.connect() as connection:
            for name in ("age", "vector", "hypopg", "pgaudit", "pg_stat_statements", "pg_trgm"):
                connection.execute(f"CREATE EXTENSION {name}")  # type: ignore[arg-type]
            for setting in ("session_preload_libraries = 'age'", "pgaudit.log = 'all'", "pgaudit.log_relation = on"):
                connection.execute(f"ALTER DATABASE {database.name} SET {setting}")  # type: ignore[arg-type]
        yield database


def target(database: Database) -> Target:
    return Target(name="test", conninfo=database.conninfo, environment="development")


async def test_every_check_says_what_it_says_elsewhere(extended: Database) -> None:
    await plan_and_run(target(extended), SERVICES)
    report = await check_target(target(extended), configured(Config()), timeout_s=60)
    assert [(result.name, result.summary) for result in report.results if result.status is Status.UNKNOWN] == []
    assert {result.name for result in report.results if result.status is not Status.OK} <= {
        "server_version", "advisories", "data_safety"}


@asynccontextmanager
async def console(database: Database) -> AsyncIterator[tuple[ConsoleApp, Any]]:
    clock, config = SystemClock(), Config()

    @asynccontextmanager
    async def open_target(name: str, tell: Any) -> AsyncIterator[Target]:
        yield Target(name=name, conninfo=database.conninfo, pool=PoolConfig(min_size=1, max_size=4))

    app = ConsoleApp("live", Sources(
        config=config, clock=clock, names=lambda: ["live"], open_target=open_target, services_for=lambda _: SERVICES,
        pool_for=Pool, sampler_for=lambda pool, services, every_s: Sampler(pool, config, services, clock, every_s)),
        environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            yield app, pilot
    finally:
        await app.connection.close()


async def test_every_screen_opens_and_reads(extended: Database) -> None:
    await plan_and_run(target(extended), SERVICES)
    await every_screen(extended)


async def every_screen(database: Database) -> None:
    """Opens each in turn, on a console of its own, and waits until it has read twice."""
    async with console(database) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
        sampler = app.connection.sampler
        assert sampler is not None
        for entry in ENTRIES:
            await pilot.press(str(entry.number) if entry.name != "query" else "f8")
            await until(lambda entry=entry: app.screen_name == entry.name and app.screen.is_ready,  # type: ignore[misc]
                        pilot)
            count = len(sampler.history)
            await until(lambda count=count: len(sampler.history) > count, pilot)  # type: ignore[misc]
            assert not isinstance(app.screen, FailureDialog) and app.connection.error is None
            assert [why for why in sampler.latest.unavailable.values() if not why.startswith("needs ")] == []


async def test_a_hypothetical_index_is_an_index_of_the_plan(extended: Database) -> None:
    with extended.connect() as connection:
        connection.execute("CREATE TABLE items AS SELECT n, n % 97 AS kind FROM generate_series(1, 20000) AS n")
        connection.execute("ANALYZE items")
    async with single_session(target(extended)) as session:
        await session.connection.execute("SELECT hypopg_create_index('CREATE INDEX ON items (n)')")
        plan = await explain(session, ExplainRequest(statement="SELECT * FROM items WHERE n = 7"))
    scan = next(node for node in plan.nodes if node.relation)
    assert scan.relation == "items" and "btree_items_n" in str(scan.text("Index Name"))


LIBRARIES = ("timescaledb", "pg_stat_statements", "pg_cron", "pg_stat_kcache", "pg_qualstats", "pg_wait_sampling",
             "powa", "pglogical", "pgaudit", "pg_partman_bgw")
BROUGHT = ("pg_cron", "pg_partman", "pg_qualstats", "pg_stat_kcache", "pg_wait_sampling", "pg_repack", "pglogical",
           "powa", "timescaledb", "hypopg", "pgaudit", "vector", "pg_trgm")
USED = """
    CREATE TABLE conditions (time timestamptz NOT NULL, device int, v float8);
    SELECT create_hypertable('conditions', 'time');
    INSERT INTO conditions SELECT now() - g * interval '1 hour', g % 5, g FROM generate_series(1, 1000) g;
    CREATE TABLE parts (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
    SELECT public.create_parent('public.parts', 'at', '1 month');
    SELECT cron.schedule('nightly', '* * * * *', 'SELECT 1');
    SELECT pglogical.create_node('here', 'dbname=operated');
"""


@pytest.fixture
def operated(servers: Servers, debian13: LiveServer) -> Iterator[Database]:
    """A server on which each of the extensions that operators have does something."""
    server = servers.make(debian13.label, {
        "shared_preload_libraries": ",".join(LIBRARIES), "cron.database_name": "operated", "wal_level": "logical",
        "timescaledb.telemetry_level": "off", "output_plugin_libraries": "pgoutput,wal2json",
        "max_worker_processes": "20"})
    with server.database("template0", "operated") as database, database.connect() as connection:
        for name in BROUGHT:
            connection.execute(f"CREATE EXTENSION {name} CASCADE")  # type: ignore[arg-type]
        connection.execute(USED)
        connection.execute("SELECT pg_create_logical_replication_slot('changes', 'wal2json')")
        yield database
        connection.execute("SELECT pg_drop_replication_slot('changes')")


async def test_what_operators_have_breaks_nothing_and_is_named(operated: Database) -> None:
    await plan_and_run(target(operated), SERVICES)
    report = await check_target(target(operated), configured(Config()), timeout_s=60)
    assert [(result.name, result.summary) for result in report.results if result.status is Status.UNKNOWN] == []
    async with single_session(target(operated)) as session:
        assert {*BROUGHT} <= session.info.extensions.keys()
        rows = await session.fetch(SESSIONS, {"with_idle": True, "also": [], "with_background": True})
        assert {"pg_cron launcher", "pg_wait_sampling collector", "pglogical supervisor"} <= {
            row.backend_type for row in rows}
        script = await write(session)
        assert script.unwritten == () and all(f"EXTENSION IF NOT EXISTS {name} " in script.text for name in BROUGHT)
    await every_screen(operated)


async def test_a_job_whose_last_run_failed_is_told(operated: Database) -> None:
    with operated.connect() as connection:
        connection.execute("""
            SELECT cron.unschedule('nightly');
            SELECT cron.schedule('broken', '1 1 1 1 *', 'SELECT 1/0');
            SELECT cron.schedule('fine', '1 1 1 1 *', 'SELECT 1')""")
        connection.execute("""
            INSERT INTO cron.job_run_details (jobid, status, return_message, end_time)
            SELECT jobid, s.status, s.message, now() - s.ago FROM cron.job, (VALUES
                ('fine', 'failed', 'ERROR: once', interval '2 h'), ('fine', 'succeeded', '1 row', interval '1 h'),
                ('broken', 'succeeded', '1 row', interval '2 h'),
                ('broken', 'failed', E'ERROR:  division by zero\nCONTEXT: x', interval '1 h'),
                ('broken', 'running', NULL, NULL)) s (name, status, message, ago)
            WHERE jobname = s.name ORDER BY s.ago DESC NULLS LAST""")
        with operated.server.role() as other:
            checks = configured(Config(), only=["scheduled_jobs"])
            conninfos = operated.conninfo, operated.server.conninfo(operated.name, user=other)
            reports = [await check_target(Target(name="", conninfo=conninfo), checks, timeout_s=60)
                       for conninfo in conninfos]
            connection.execute(f"GRANT USAGE ON SCHEMA cron TO {other}")
            reports.append(await check_target(Target(name="", conninfo=conninfos[1]), checks, timeout_s=60))
            connection.execute(f"REVOKE USAGE ON SCHEMA cron FROM {other}")
    found, unknown, hidden = (result for report in reports for result in report.results
                              if result.name == "scheduled_jobs")
    assert (found.status, found.value) == (Status.WARNING, 1)
    assert "1 of 2 jobs failed at the last run: broken 1 h 00 ago: ERROR:  division by zero" in found.summary
    assert unknown.status is Status.UNKNOWN and "GRANT USAGE ON SCHEMA cron" in f"{unknown.summary} {unknown.hint}"
    assert hidden.status is Status.OK and "that this role may see" in hidden.summary


async def test_what_other_extensions_have_counted_of_a_statement(operated: Database) -> None:
    with operated.connect() as connection:
        connection.execute("CREATE TABLE wide AS SELECT g, repeat('x', 500) AS t FROM generate_series(1, 100000) g")
        connection.execute("SELECT count(*) FROM wide WHERE t LIKE '%y%'")
        connection.execute("SELECT pg_sleep(1)")
        rows = connection.execute("SELECT userid, dbid, toplevel, queryid FROM pg_stat_statements "
                                  "WHERE query LIKE 'SELECT count(*) FROM wide%' OR query LIKE 'SELECT pg_sleep%' "
                                  "ORDER BY query").fetchall()
    counting, sleeping = (Key(*row) for row in rows)
    async with single_session(target(operated)) as session:
        counted = await beside(session, [counting], 10.0)
        slept = await beside(session, [sleeping], 10.0)
        assert (await beside(session, [Key(0, 0, True, 1)], 10.0)).waits == ()
    assert counted.use is not None and (counted.use.cpu_ms or 0.0) > (counted.use.system_ms or 0.0) > -1.0
    assert slept.waits[0].event == "Timeout:PgSleep" and slept.waits[0].samples <= slept.waits[0].all_samples


async def test_a_server_without_them_has_nothing_beside(debian13: LiveServer) -> None:
    with debian13.database() as database:
        async with single_session(target(database)) as session:
            assert await beside(session, [Key(10, 5, True, 1)], 10.0) == Beside()
