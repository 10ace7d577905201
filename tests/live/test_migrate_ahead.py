"""The next file is sent while the server works on this one: it must not show anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from console.migrate import events
from console.migrate.apply import plan_and_run
from console.migrate.faults import FileError, MigrationError
from console.migrate.records import RunOptions, RunRange
from console.migrate.run_lock import FILE_KEY
from tests.live.test_migrate import ask, shop, target
from tests.support.servers import Database

FIVE = {f"{n}_x.up.sql": f"CREATE TABLE t{n} (n int); INSERT INTO t{n} VALUES (1)" for n in range(1, 6)}
FIVE |= {f"{n}_x.down.sql": f"DELETE FROM t{n}; DROP TABLE t{n}" for n in range(1, 6)}


def held(database: Database) -> int:
    """How many sessions hold the files' key."""
    return int(ask(database, f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
                             "(SELECT oid FROM pg_database WHERE datname = current_database()) AND "
                             f"((classid::bigint << 32) | objid::bigint) = {FILE_KEY}")[0][0])


async def test_files_are_told_one_after_the_other(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE)
    for plan in (RunRange(), RunRange(direction="down", to="0")):
        seen: list[events.Event] = []
        report = await plan_and_run(target(any_database), [service], plan, seen.append)
        assert len(report.done) == 5
        assert [type(item).__name__ for item in seen[1:]] == 5 * [
            "FileStarted", *2 * ["StatementStarted", "StatementFinished"], "FileFinished"]
        numbers = [item.number for item in seen if isinstance(item, events.FileStarted | events.FileFinished)]
        assert numbers == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert held(any_database) == 0


async def test_what_follows_a_refused_file_doesn_t_run(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {"3_x.up.sql": "CREATE TABLE t3 (n int); SELECT nosuch"})
    with pytest.raises(FileError, match="nosuch"):
        await plan_and_run(target(any_database), [service], RunRange())
    assert ask(any_database, "SELECT relname::text FROM pg_class WHERE relname ~ '^t[0-9]$' ORDER BY 1") == [
        ("t1",), ("t2",)]
    assert ask(any_database, "SELECT version, event FROM dbconsole.migration_event ORDER BY id") == [
        ("1", "applied"), ("2", "applied"), ("3", "failed")]


async def test_a_refusal_at_commit_stops_what_was_sent_ahead(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {
        "2_x.up.sql": "CREATE TABLE t2 (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO t2 VALUES (1), (1)"})
    with pytest.raises(FileError, match="at COMMIT"):
        await plan_and_run(target(database), [service], RunRange())
    assert ask(database, "SELECT version FROM dbconsole.migration") == [("1",)]
    assert ask(database, "SELECT to_regclass('t2'), to_regclass('t3')") == [(None, None)]


async def test_a_file_may_deallocate_everything(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {
        "2_x.up.sql": "CREATE TABLE t2 (n int); DEALLOCATE ALL",
        "4_x.up.sql": "CREATE TABLE t4 (n int); DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"})
    assert len((await plan_and_run(target(any_database), [service], RunRange())).done) == 5
    assert ask(any_database, "SELECT version, event FROM dbconsole.migration_event ORDER BY id") == [
        (str(n), "applied") for n in range(1, 6)]


async def test_a_cancelled_run_takes_back_what_was_sent_ahead(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {"2_x.up.sql": "CREATE TABLE t2 (); SELECT pg_sleep(60)"})
    seen: list[int] = []

    def listen(event: events.Event) -> None:
        if isinstance(event, events.FileStarted):
            seen.append(event.number)

    running = asyncio.ensure_future(plan_and_run(target(database), [service], RunRange(), listen))
    # The server may be there already while the first file's results are still on their way to us.
    while 2 not in seen or not ask(database, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
                                             "AND datname = current_database()"):
        await asyncio.sleep(0.05)
        assert not running.done()
    assert held(database) == 1
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ask(database, "SELECT version, event FROM dbconsole.migration_event ORDER BY id") == [
        ("1", "applied"), ("2", "interrupted")]
    assert ask(database, "SELECT to_regclass('t2'), to_regclass('t3')") == [(None, None)]


async def test_a_listener_that_fails_between_two_files_leaves_no_transaction(
        database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {"3_x.up.sql": "CREATE TABLE t3 (); SELECT pg_sleep(60)"})

    def listen(event: events.Event) -> None:
        if isinstance(event, events.FileFinished) and event.number == 2:
            raise MigrationError("the listener has seen enough")

    with pytest.raises(MigrationError, match="seen enough"):
        await asyncio.wait_for(plan_and_run(target(database), [service], RunRange(), listen), 20)
    assert ask(database, "SELECT version FROM dbconsole.migration ORDER BY 1") == [("1",), ("2",)]
    assert ask(database, "SELECT to_regclass('t3')") == [(None,)]
    assert held(database) == 0


async def test_retries_while_the_next_is_on_its_way(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FIVE | {"2_x.up.sql": "LOCK TABLE ready; INSERT INTO t1 VALUES (2)"})
    with database.connect() as blocker:
        blocker.execute("CREATE TABLE ready ()")
        seen: list[events.Event] = []

        def listen(event: events.Event) -> None:
            seen.append(event)
            if isinstance(event, events.Retrying):
                blocker.rollback()

        blocker.autocommit = False
        blocker.execute("LOCK TABLE ready IN ACCESS SHARE MODE")
        report = await plan_and_run(target(database), [service], RunRange(), listen, RunOptions(lock_timeout_ms=200))
    assert len(report.done) == 5 and sum(isinstance(item, events.Retrying) for item in seen) == 1
    assert ask(database, "SELECT count(*) FROM t1") == [(2,)]
