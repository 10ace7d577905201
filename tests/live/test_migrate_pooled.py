"""The engine through PgBouncer in transaction mode, where no session outlives its transaction."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from console import waiting
from console.migrate import events
from console.migrate.apply import plan_and_run
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks import commands
from console.migrate.records import RunOptions, RunRange
from console.migrate.status import read_status
from console.server.script import script_session
from console.server.target import Target
from console.services import Service
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.servers import Database, LiveServer


@pytest.fixture
def pooled(embedded: LiveServer, pgbouncer: PgBouncer) -> Any:
    with embedded.database() as database:
        yield database, Target(name="pooled", conninfo=pgbouncer.conninfo(database.name), environment="development")


def write(folder: Path, **files: str) -> Service:
    for name, text in files.items():
        (folder / f"{name[1:].replace('__', '.')}.sql").write_text(text)
    return Service(name="shop", schemas=("shop",), folder=folder)


async def test_runs_exclude_each_other_and_leak_nothing(pooled: tuple[Database, Target], tmp_path: Path) -> None:
    database, target = pooled
    service = write(tmp_path, _1_a__up="CREATE TABLE a (n int); SET search_path = nowhere; SET ROLE pg_monitor",
                    _2_b__up="CREATE TABLE public.b (); SELECT set_config('search_path', 'nowhere', false)",
                    _3_c__up="-- dbconsole: no-transaction\nCREATE TABLE c (n int);\n"
                             "CREATE INDEX CONCURRENTLY c_n ON c (n);\nVACUUM c;",
                    _1_a__down="DROP TABLE a", _2_b__down="DROP TABLE b",
                    _3_c__down="-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY c_n;\nDROP TABLE c")
    async with script_session(target) as session:
        assert session.info.is_pooled
    reports = await asyncio.gather(*(plan_and_run(target, [service]) for _ in range(3)))
    assert sorted(len(report.done) for report in reports) == [0, 0, 3]
    for _ in range(3):
        with psycopg.connect(target.conninfo, autocommit=True) as connection:
            row = connection.execute("SELECT current_setting('search_path'), current_user::text, "
                                     "current_setting('lock_timeout'), current_setting('statement_timeout')").fetchone()
            assert row == ('"$user", public', "postgres", "0", "0")
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                                  "(SELECT oid FROM pg_database WHERE datname = current_database())"
                                  ).fetchone() == (0,)
    await plan_and_run(target, [service], RunRange(direction="down", to="0"))
    async with script_session(target) as session:
        assert (await read_status(session, [service]))[0].state == "pending"


async def test_a_failed_index_build_and_blockers_are_seen_through_it(
        pooled: tuple[Database, Target], tmp_path: Path) -> None:
    database, target = pooled
    service = write(tmp_path, _1_a__up="CREATE TABLE a (n int); INSERT INTO a VALUES (1), (1)",
                    _2_b__up="-- dbconsole: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY a_n ON a (n)",
                    _3_c__up="ALTER TABLE a ADD COLUMN m int")
    with pytest.raises(FileError, match="could not create unique index"):
        await plan_and_run(target, [service])
    with database.connect(application_name="a report") as blocker:
        blocker.execute("DELETE FROM a WHERE ctid = '(0,1)'")
        seen: list[events.Event] = []
        with blocker.transaction():
            blocker.execute("LOCK TABLE a IN ACCESS SHARE MODE")
            running = asyncio.ensure_future(
                plan_and_run(target, [service], RunRange(), seen.append, RunOptions(lock_timeout_ms=2000)))
            while not any(isinstance(item, events.Waiting) for item in seen):
                await asyncio.sleep(0.1)
                assert not running.done()
        await running
    assert any(isinstance(notice, events.Notice) and "public.a_n is not valid" in notice.message for notice in seen)
    waits = [waiting for waiting in seen if isinstance(waiting, events.Waiting)]
    assert {peer.application for wait in waits for peer in wait.blockers} == {"a report"}


async def test_settings_that_a_pooler_forgets_are_refused(pooled: tuple[Database, Target], tmp_path: Path) -> None:
    target = pooled[1]
    service = write(tmp_path, _1_a__up="-- dbconsole: no-transaction\nCREATE TABLE a (n int);\n"
                                       "SET search_path = public;\nCREATE INDEX CONCURRENTLY ON a (n)")
    with pytest.raises(FileError, match="holds for nothing behind a pooler") as caught:
        await plan_and_run(target, [service])
    assert caught.value.line == 3


async def test_a_direct_dsn_is_taken_for_migrations(pooled: tuple[Database, Target], tmp_path: Path) -> None:
    database = pooled[0]
    direct = Target(name="both", conninfo="host=192.0.2.1 connect_timeout=2", direct_conninfo=database.conninfo)
    assert len((await plan_and_run(direct, [write(tmp_path, _1_a__up="CREATE TABLE a ()")])).done) == 1


async def test_a_run_does_not_wait_for_itself_in_a_pool_of_one(
        embedded: LiveServer, pgbouncers: PgBouncers, tmp_path: Path) -> None:
    """The lock has its only connection: that is said, before anything is done, when --lock-wait is over."""
    service = write(tmp_path, _1_a__up="CREATE TABLE a (n int)", _1_a__down="DROP TABLE a")
    command = replace(service, framework="mine", up="true", is_recognised=False)
    words = conninfo_to_dict(embedded.dsn)
    with embedded.database() as database:
        place = f"host={words['host']} port={words['port']} dbname={database.name} pool_mode="
        pooler = pgbouncers.make(embedded, databases={
            "sess": f"{place}session pool_size=1", "one": f"{place}transaction pool_size=1",
            "two": f"{place}transaction pool_size=2"})
        targets = {name: Target(name=name, conninfo=pooler.conninfo(name)) for name in ("sess", "one", "two")}
        for name in ("sess", "one"):
            running = asyncio.ensure_future(
                plan_and_run(targets[name], [service], RunRange(), options=RunOptions(lock_wait_s=1)))
            said: set[str] = set()
            while not running.done():
                said |= {wait.what for wait in waiting.waits()}
                await asyncio.sleep(0.1)
            with pytest.raises(MigrationError, match="no second one in") as caught:
                await running
            assert "pool_size" in str(caught.value.hint) and any("second connection" in what for what in said)
        with pytest.raises(MigrationError, match="no second one in"):
            await commands.run(targets["one"], command, commands.configured(command, "up"), lock_wait_s=1,
                               on_event=lambda _: None)
        assert len((await plan_and_run(targets["two"], [service])).done) == 1
        pooler.stop()


async def test_a_migration_that_is_code_does_not_wait_for_a_connection_that_the_run_holds(
        embedded: LiveServer, pgbouncers: PgBouncers, tmp_path: Path) -> None:
    """Its program connects beside the lock and the ledger: where a pooler has no third connection, nothing is begun."""
    (tmp_path / "1_a.go").write_text("package migrations\n")
    program = 'import os, psycopg; psycopg.connect(os.environ["DATABASE_URL"], autocommit=True).execute("SELECT 1")'
    service = Service(name="shop", schemas=("shop",), folder=tmp_path, layout="goose",
                      code=f"{sys.executable} -c '{program}' {{version}} {{direction}}")
    words = conninfo_to_dict(embedded.dsn)
    with embedded.database() as database:
        place = f"host={words['host']} port={words['port']} dbname={database.name} pool_mode="
        pooler = pgbouncers.make(embedded, databases={
            "held": f"{place}session pool_size=2", "two": f"{place}transaction pool_size=2"})
        held, two = (Target(name=name, conninfo=pooler.conninfo(name)) for name in ("held", "two"))
        with pytest.raises(MigrationError, match="no third one in") as caught:
            await plan_and_run(held, [service], RunRange(), options=RunOptions(lock_wait_s=1))
        assert "pool_size of 3" in str(caught.value.hint)
        with database.connect() as connection:
            assert connection.execute("SELECT count(*) FROM dbconsole.migration").fetchone() == (0,)
        assert len((await plan_and_run(two, [service])).done) == 1, "between its transactions the run holds none"
        pooler.stop()
