"""The engine on real servers: up, down, errors with their places, retries, resuming, the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from console.config import Config
from console.errors import ConsoleError
from console.migrate import events, migration_plan, repair, seed
from console.migrate.apply import plan_and_run
from console.migrate.faults import FileError, MigrationError
from console.migrate.records import RunOptions, RunRange, ServiceStatus
from console.migrate.run_lock import FILE_KEY, RUN_KEY, run_lock
from console.migrate.status import read_status
from console.resources import shipped
from console.server.script import script_session
from console.server.target import Target
from console.services import Service, services_for
from tests.migrate.histories import named
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until

DOWN = RunRange(direction="down")


def target(database: Database, **words: Any) -> Target:
    from psycopg.conninfo import make_conninfo

    return Target(name="test", conninfo=make_conninfo(database.conninfo, **words), environment="development")


def shop(folder: Path, files: Mapping[str, str], name: str = "shop") -> Service:
    inside = folder / name
    (inside / "seed").mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (inside / file).write_text(text, newline="")
    return Service(name=name, schemas=(name,), folder=named(inside) if "service.toml" not in files else inside)


async def status(database: Database, *services: Service) -> tuple[ServiceStatus, ...]:
    async with script_session(target(database)) as session:
        return await read_status(session, services)


def ask(database: Database, query: str) -> Any:
    """The rows of the last statement, if it has any."""
    with database.connect() as connection:
        cursor = connection.execute(query)  # type: ignore[arg-type]
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []


async def failing(database: Database, service: Service, plan: RunRange = RunRange()) -> FileError:
    seen: list[events.Event] = []
    with pytest.raises(FileError) as caught:
        await plan_and_run(target(database), [service], plan, seen.append)
    assert isinstance(seen[-1], events.Failed)
    return caught.value


FILES = {"0001_a.up.sql": "CREATE TABLE a (n int);\nINSERT INTO a VALUES (1);", "0001_a.down.sql": "DROP TABLE a;",
         "0002_b.up.sql": "CREATE TABLE b ();", "0002_b.down.sql": "DROP TABLE b;"}


async def test_up_and_down_with_events_and_a_log_that_outlives_them(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FILES)
    assert [migration.state for migration in (await status(any_database, service))[0].migrations] == ["pending",
                                                                                                      "pending"]
    assert not ask(any_database, "SELECT 1 FROM pg_namespace WHERE nspname = 'dbconsole'")
    seen: list[events.Event] = []
    report = await plan_and_run(target(any_database), [service], RunRange(), seen.append)
    assert [step.migration.label for step in report.done] == ["shop/0001_a", "shop/0002_b"]
    assert [type(item).__name__ for item in seen] == [
        "RunStarted", "FileStarted", "StatementStarted", "StatementFinished", "StatementStarted", "StatementFinished",
        "FileFinished", "FileStarted", "StatementStarted", "StatementFinished", "FileFinished"]
    finished = [statement_finished for statement_finished in seen
                if isinstance(statement_finished, events.StatementFinished)]
    assert [(statement_finished.tag, statement_finished.rows_affected) for statement_finished in finished] == [
        ("CREATE TABLE", None), ("INSERT 0 1", 1), ("CREATE TABLE", None)]
    (found,) = await status(any_database, service)
    assert (found.state, found.applied, found.latest and found.latest.version) == ("applied", 2, "0002")
    assert await plan_and_run(target(any_database), [service])
    await plan_and_run(target(any_database), [service], DOWN)
    assert ask(any_database, "SELECT to_regclass('b'), to_regclass('a')::text") == [(None, "a")]
    await plan_and_run(target(any_database), [service], RunRange(direction="down", to="0"))
    assert ask(any_database, "SELECT version FROM dbconsole.migration") == []
    log = ask(any_database, "SELECT event, version, os_user <> '', host <> '', application, tool_version <> '' "
                            "FROM dbconsole.migration_event ORDER BY id")
    assert log == [(word, version, True, True, "dbconsole migrate", True) for word, version in (
        ("applied", "0001"), ("applied", "0002"), ("reverted", "0002"), ("reverted", "0001"))]


async def test_an_error_names_file_line_column_and_leaves_nothing(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "-- é\r\nCREATE TABLE a ();\r\nSELECT 'ü',\r\n  nosuch FROM a;\r\n"})
    error = await failing(any_database, service)
    assert error.summary.endswith('1_a.up.sql:4:3: column "nosuch" does not exist')
    assert (error.line, error.column, error.sqlstate) == (4, 3, "42703")
    assert ask(any_database, "SELECT to_regclass('a')") == [(None,)]
    assert [migration.state for migration in (await status(any_database, service))[0].migrations] == ["pending"]
    assert ask(any_database, "SELECT event, detail LIKE '%nosuch%' FROM dbconsole.migration_event") == [
        ("failed", True)]


@pytest.mark.parametrize(("text", "summary", "hint"), [
    ("CREATE TYPE e AS ENUM ('a');\nALTER TYPE e ADD VALUE 'b';\nSELECT 'b'::e", None, ""),
    ("CREATE TABLE p (a int PRIMARY KEY, b int REFERENCES p DEFERRABLE INITIALLY DEFERRED);\n"
     "INSERT INTO p VALUES (1, 2);", "at COMMIT: insert or update", ""),
    ("DO $$ BEGIN\n RAISE EXCEPTION 'no' USING HINT = 'try yes';\nEND $$", "1_a.up.sql:1:1: no", "try yes"),
    ("SELECT 1;\nCREATE TABEL a ()", '1_a.up.sql:2:8: syntax error at or near "TABEL"', ""),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\nSET default_transaction_read_only = on;\n"
     "SET TRANSACTION READ ONLY", "while writing the ledger: cannot execute INSERT in a read-only", "read-only"),
    ("DROP SCHEMA dbconsole CASCADE", "while writing the ledger: relation", ""),
])
async def test_errors(database: Database, tmp_path: Path, text: str, summary: str | None, hint: str) -> None:
    service = shop(tmp_path, {"1_a.up.sql": text})
    if summary is None:  # may be used at once: the type is new as well
        await plan_and_run(target(database), [service], RunRange())
        return
    error = await failing(database, service)
    assert summary in error.summary
    assert hint in (error.hint or "")
    assert (await status(database, service))[0].state == "pending"


async def test_a_new_enum_value_needs_the_next_file(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TYPE e AS ENUM ('a')",
                              "2_b.up.sql": "ALTER TYPE e ADD VALUE 'b';\nSELECT 'b'::e"})
    error = await failing(database, service)
    assert (error.sqlstate, error.line) == ("55P04", 2)
    assert "next migration" in (error.hint or "")


async def test_what_a_file_sets_ends_with_it(database: Database, tmp_path: Path, server: LiveServer) -> None:
    with server.role("NOLOGIN") as role:
        service = shop(tmp_path, {
            "1_a.up.sql": f'GRANT CREATE ON SCHEMA public TO "{role}"; SET search_path = nowhere; SET ROLE "{role}"; '
                          "CREATE TABLE public.mine ()",
            "2_b.up.sql": "CREATE TABLE ours (); SELECT set_config('search_path', 'nowhere', false);",
            "3_c.up.sql": "CREATE TABLE theirs ();",
            "3_c.down.sql": "DROP TABLE theirs"})
        seen: list[events.Event] = []
        await plan_and_run(target(database), [service], RunRange(), seen.append)
        owners = dict(ask(database, "SELECT tablename, tableowner = current_user FROM pg_tables "
                                    "WHERE schemaname = 'public'"))
        assert owners == {"mine": False, "ours": True, "theirs": True}
        assert sum(isinstance(notice, events.Notice) and notice.severity == "NOTE" for notice in seen) == 3
        ask(database, f'DROP OWNED BY "{role}"')


async def test_a_lock_that_doesn_t_come_is_tried_for_and_told(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE new (); ALTER TABLE old ADD COLUMN b int;"})
    ask(database, "CREATE TABLE old ()")
    seen: list[events.Event] = []
    with database.connect(application_name="a report") as blocker, blocker.transaction():
        blocker.execute("SELECT * FROM old")
        with pytest.raises(FileError) as caught:
            await plan_and_run(target(database), [service], RunRange(), seen.append,
                               RunOptions(lock_timeout_ms=1500, attempts=2))
        assert caught.value.sqlstate == "55P03"
        assert f"pid {blocker.info.backend_pid} (a report, idle in transaction)" in (caught.value.hint or "")
        waiting = [waiting for waiting in seen if isinstance(waiting, events.Waiting)]
        assert [peer.application for peer in waiting[0].blockers] == ["a report"]
        assert [retrying.attempt for retrying in seen if isinstance(retrying, events.Retrying)] == [2]
        running = asyncio.ensure_future(
            plan_and_run(target(database), [service], RunRange(), seen.append,
                         RunOptions(lock_timeout_ms=300, attempts=20)))
        await until(lambda: sum(isinstance(event, events.Retrying) for event in seen) > 2)
        assert not running.done()
    await running
    assert ask(database, "SELECT to_regclass('new')::text") == [("new",)]


async def test_cancelling_rolls_back_and_is_in_the_log(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE a (); SELECT pg_sleep(60)"})
    running = asyncio.ensure_future(plan_and_run(target(database), [service], RunRange()))
    await until(lambda: ask(database, SLEEPING))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ask(database, "SELECT to_regclass('a')") == [(None,)]
    assert ask(database, "SELECT event FROM dbconsole.migration_event") == [("interrupted",)]
    assert not ask(database, "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dbconsole%' "
                             "AND datname = current_database() AND state = 'active'")


SLEEPING = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
STEPWISE = ("-- dbconsole: no-transaction\nCREATE TABLE t (n int);\nINSERT INTO t VALUES (1), (1);\n"
            "CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n);\nCREATE TABLE last ();")


async def test_a_file_without_a_transaction_goes_on_where_it_failed(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": STEPWISE, "1_a.down.sql":
                              "-- dbconsole: no-transaction\nDROP TABLE last;\nDROP INDEX CONCURRENTLY t_n;\n"
                              "DROP TABLE t"})
    error = await failing(any_database, service)
    assert (error.line, error.sqlstate) == (4, "23505")
    assert "it left the invalid index public.t_n" in (error.detail or "")
    (found,) = (await status(any_database, service))[0].migrations
    assert found.state == "failed"
    assert found.detail.startswith("2 of 4 statements of it are done: ")
    assert ask(any_database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass") == [(False,)]
    with pytest.raises(MigrationError, match="half done"):
        await plan_and_run(target(any_database), [service], DOWN)
    ask(any_database, "DELETE FROM t WHERE ctid IN (SELECT max(ctid) FROM t)")
    seen: list[events.Event] = []
    await plan_and_run(target(any_database), [service], RunRange(), seen.append)
    assert any(isinstance(notice, events.Notice) and "public.t_n is not valid" in notice.message for notice in seen)
    assert ask(any_database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass") == [(True,)]
    assert ask(any_database, "SELECT count(*) FROM t") == [(1,)]
    assert (await status(any_database, service))[0].state == "applied"
    await plan_and_run(target(any_database), [service], DOWN)
    assert ask(any_database, "SELECT to_regclass('t'), to_regclass('last')") == [(None, None)]
    assert (await status(any_database, service))[0].state == "pending"


async def test_resuming_refuses_a_file_whose_done_part_was_changed(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": STEPWISE})
    await failing(database, service)
    shop(tmp_path, {"1_a.up.sql": STEPWISE.replace("VALUES (1), (1)", "VALUES (1), (2)")})
    error = await failing(database, service)
    assert (error.line, "statement 2 is done" in error.message) == (3, True)
    await repaired(database, service, "mark-reverted", "1")
    assert (await status(database, service))[0].state == "pending"


async def test_what_the_ledger_missed_is_found_done(database: Database, tmp_path: Path) -> None:
    """The runner died after the index was built and before it could say so."""
    service = shop(tmp_path, {"1_a.up.sql": STEPWISE.replace("(1), (1)", "(1), (2)"), "1_a.down.sql":
                              "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY t_n;\nDROP TABLE last, t"})
    await plan_and_run(target(database), [service], RunRange())
    ask(database, "UPDATE dbconsole.migration SET state = 'running', statements_done = 2, "
                  "statement_hashes = statement_hashes[1:2]; DROP TABLE last")
    await plan_and_run(target(database), [service], RunRange())
    assert ask(database, "SELECT state, statements_done FROM dbconsole.migration") == [("applied", 4)]
    ask(database, "UPDATE dbconsole.migration SET state = 'running', direction = 'down', statements_done = 0, "
                  "statement_hashes = '{}'; DROP INDEX t_n")
    with pytest.raises(MigrationError, match="half undone"):
        await plan_and_run(target(database), [service], RunRange())
    await plan_and_run(target(database), [service], DOWN)
    assert ask(database, "SELECT to_regclass('t')") == [(None,)]


async def test_session_settings_of_a_file_without_a_transaction(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "-- dbconsole: no-transaction\nCREATE SCHEMA inner_one;\n"
                              "SET search_path = inner_one;\nCREATE TABLE t (n int);\n"
                              "CREATE INDEX CONCURRENTLY ON t (n);\nSELECT boom;",
                              "2_b.up.sql": "CREATE TABLE outside ()"})
    assert (await failing(database, service)).line == 6
    path = tmp_path / "shop" / "1_a.up.sql"
    path.write_text(path.read_text().replace("SELECT boom", "CREATE TABLE u ()"))
    await plan_and_run(target(database), [service], RunRange())
    assert ask(database, "SELECT to_regclass('inner_one.u')::text, to_regclass('public.outside')::text, "
                         "(SELECT count(*) FROM pg_index WHERE indrelid = 'inner_one.t'::regclass)") == [
        ("inner_one.u", "outside", 1)]


async def test_an_index_build_tells_how_far_it_is(database: Database, tmp_path: Path) -> None:
    ask(database, "CREATE TABLE big AS SELECT n FROM generate_series(1, 700) n; "
                  "CREATE FUNCTION slow(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql "
                  "AS 'BEGIN PERFORM pg_sleep(0.002); RETURN n; END'")
    service = shop(tmp_path, {"1_a.up.sql": "-- dbconsole: no-transaction\n"
                                            "CREATE INDEX CONCURRENTLY big_n ON big (slow(n))"})
    seen: list[events.Event] = []
    await plan_and_run(target(database), [service], RunRange(), seen.append)
    told = [progress for progress in seen if isinstance(progress, events.StatementProgress)]
    assert told
    assert all(progress.phase and 0 <= progress.done <= progress.total for progress in told)


async def test_one_run_at_a_time(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE once (); SELECT pg_sleep(1)"})
    seen: list[events.Event] = []
    reports = await asyncio.gather(*(plan_and_run(target(database), [service], on_event=seen.append) for _ in range(4)))
    assert sorted(len(report.done) for report in reports) == [0, 0, 0, 1]
    waits = [waiting for waiting in seen if isinstance(waiting, events.LockWaiting)]
    assert {peer.application for wait in waits for peer in wait.holders} == {"dbconsole migrate lock"}
    async with run_lock(target(database), wait_s=0, on_event=events.ignore):
        with pytest.raises(MigrationError, match=r"another run has held the migration lock for all of 0\.3") as caught:
            await plan_and_run(target(database), [service], options=RunOptions(lock_wait_s=0.3))
        assert "dbconsole migrate lock" in (caught.value.detail or "")


async def test_the_lock_keeps_no_snapshot(any_database: Database, tmp_path: Path) -> None:
    """Or CREATE INDEX CONCURRENTLY would wait for it for ever."""
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE t (n int)", "2_b.up.sql":
                              "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY ON t (n)"})
    async with run_lock(target(any_database), wait_s=5, on_event=events.ignore):
        assert ask(any_database, "SELECT state, backend_xmin FROM pg_stat_activity "
                                 "WHERE application_name = 'dbconsole migrate lock' "
                                 "AND datname = current_database()") == [("idle in transaction", None)]
    await asyncio.wait_for(plan_and_run(target(any_database), [service]), 20)


async def test_a_lost_lock_stops_the_run(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE a ();", "2_b.up.sql": "SELECT pg_sleep(30)"})
    running = asyncio.ensure_future(plan_and_run(target(database), [service]))
    await until(lambda: ask(database, SLEEPING))
    ask(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  "WHERE application_name = 'dbconsole migrate lock' AND datname = current_database()")
    with pytest.raises(MigrationError, match="the connection that holds the migration lock was lost"):
        await asyncio.wait_for(running, 10)
    assert [migration.state for migration in (await status(database, service))[0].migrations] == ["applied", "pending"]


async def test_a_file_that_a_dead_runner_left_running_is_waited_for(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FILES)
    with database.connect() as orphan, orphan.transaction():
        orphan.execute(f"SELECT pg_advisory_xact_lock({FILE_KEY})")
        seen: list[events.Event] = []
        running = asyncio.ensure_future(plan_and_run(target(database), [service], on_event=seen.append))
        await until(lambda: any(isinstance(event, events.LockWaiting) and not event.holders for event in seen))
        assert ask(database, f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = "
                             f"{RUN_KEY} & 4294967295") == [(1,)]
        assert not running.done()
    assert len((await running).done) == 2


async def test_a_role_that_may_not_make_the_ledger(database: Database, tmp_path: Path, server: LiveServer) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TEMP TABLE a ()"})
    with server.role() as role:
        theirs = target(database, user=role)
        with pytest.raises(MigrationError, match="may not create the ledger") as caught:
            await plan_and_run(theirs, [service])
        assert f"TO {role}" in (caught.value.hint or "")
        await plan_and_run(target(database), [shop(tmp_path, {"1_b.up.sql": "SELECT 1"}, "other")])
        with pytest.raises(ConsoleError, match=r"permission denied|may not write the ledger"):
            await plan_and_run(theirs, [service])
        ask(database, f'GRANT USAGE ON SCHEMA dbconsole TO "{role}"; GRANT SELECT ON dbconsole.migration TO "{role}"')
        with pytest.raises(MigrationError, match="may not write the ledger") as caught:
            await plan_and_run(theirs, [service])
        assert "GRANT" in (caught.value.hint or "")
        ask(database, f'DROP OWNED BY "{role}"')


async def test_a_ledger_from_the_future_is_left_alone(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FILES)
    await plan_and_run(target(database), [service])
    ask(database, "COMMENT ON TABLE dbconsole.migration IS 'dbconsole ledger, format 2'")
    with pytest.raises(MigrationError, match="has format 2; this dbconsole knows format 1"):
        await plan_and_run(target(database), [service], DOWN)


async def repaired(database: Database, service: Service, action: repair.Action,
                   version: str | None = None) -> tuple[repair.Repair, ...]:
    async with script_session(target(database)) as session:
        plan = await repair.read(session, [service], action, version)
    return await repair.run(target(database), plan)


async def test_repairs_say_what_they_do(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, FILES)
    done = await repaired(database, service, "baseline", "1")
    assert [item.sentence for item in done] == ["shop/0001_a becomes applied without being run"]
    await repaired(database, service, "mark-applied", "0002")
    assert [migration.state for migration in (await status(database, service))[0].migrations] == ["applied", "applied"]
    shop(tmp_path, {"0001_a.up.sql": "CREATE TABLE a (n int)"})
    assert (await status(database, service))[0].state == "changed"
    done = await repaired(database, service, "accept-checksum")
    assert [item.sentence for item in done] == ["shop/0001_a: the checksum of the file as it is now is accepted"]
    assert (await status(database, service))[0].state == "applied"
    await repaired(database, service, "mark-reverted", "2")
    assert [migration.state for migration in (await status(database, service))[0].migrations] == ["applied", "pending"]
    assert ask(database, "SELECT event FROM dbconsole.migration_event ORDER BY id") == [
        ("baseline",), ("marked applied",), ("checksum accepted",), ("marked reverted",)]


async def test_seeds_run_after_what_they_depend_on(database: Database, tmp_path: Path) -> None:
    base = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE a (n int)", "seed/b.sql": "INSERT INTO a VALUES (2)",
                           "seed/a.sql": "INSERT INTO a VALUES (1)"}, "z")
    top = Service(name="a", schemas=("a",), depends_on=("z",), folder=shop(
        tmp_path, {"seed/x.sql": "INSERT INTO a SELECT max(n) + 1 FROM a"}, "a").folder)
    await plan_and_run(target(database), [top, base])
    assert await seed.plan_and_run(target(database), [top, base], events.ignore) == 3
    assert ask(database, "SELECT n FROM a ORDER BY n") == [(1,), (2,), (3,)]


async def test_what_is_held_comes_when_the_extension_does(server17: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "-- dbconsole: requires-extension=hstore\nCREATE TABLE a (h hstore)",
                              "2_b.up.sql": "CREATE TABLE b ()",
                              "3_c.up.sql": "-- dbconsole: requires=shop/1\nCREATE TABLE c ()"})
    with server17.database() as database:
        report = await plan_and_run(target(database), [service])
        assert [step.migration.version for step in report.done] == ["2"]
        assert [(migration.version, migration.detail) for migration in report.held] == [
            ("1", 'waits for the extension "hstore"'), ("3", "requires shop/1, which is not applied")]
        ask(database, "CREATE EXTENSION hstore")
        assert [step.migration.version for step in (await plan_and_run(target(database), [service])).done] == ["1", "3"]


async def test_an_extension_made_by_the_same_run_releases_what_is_held(server17: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE EXTENSION hstore", "2_b.up.sql":
                              "-- dbconsole: requires-extension=hstore\nCREATE TABLE a (h hstore)"})
    with server17.database() as database:
        async with script_session(target(database)) as session:
            plan = await migration_plan.read(session, [service], RunRange())
            assert [step.held for step in plan.steps] == [None, 'waits for the extension "hstore"']
        assert len((await plan_and_run(target(database), [service])).done) == 2


async def test_big_files(database: Database, tmp_path: Path) -> None:
    many = "CREATE TABLE big (n int, t text);\n" + "INSERT INTO big VALUES (1, 'é; ''x''');\n" * 20_000
    long = f"INSERT INTO big VALUES (2, $x${'a' * 5_000_000}$x$);"
    service = shop(tmp_path, {"1_many.up.sql": many, "2_long.up.sql": long})
    await plan_and_run(target(database), [service])
    assert ask(database, "SELECT count(*), max(length(t)) FROM big") == [(20_001, 5_000_000)]


async def test_the_shipped_services_go_up_down_and_up(any_database: Database) -> None:
    services = services_for(Config(), migrations=shipped("migrations"))
    available = {name for name, in ask(any_database, "SELECT name FROM pg_available_extensions")}
    if "age" in available:
        ask(any_database, "CREATE EXTENSION age")  # the one that is an administrator's to create
    first = await plan_and_run(target(any_database), services)
    assert first.done
    held = {migration.detail for migration in first.held if migration.detail.startswith("waits")}
    assert all(detail.split('"')[1] not in available for detail in held)
    await plan_and_run(target(any_database), services, RunRange(direction="down", steps=1000))
    assert ask(any_database, "SELECT count(*) FROM dbconsole.migration") == [(0,)]
    again = await plan_and_run(target(any_database), services)
    assert [step.migration.label for step in again.done] == [step.migration.label for step in first.done]


async def test_a_standby_is_told_from_a_primary(servers: Servers, own_server: LiveServer, tmp_path: Path) -> None:
    standby = servers.standby(own_server)
    with pytest.raises(MigrationError, match="is a standby: nothing can be written there") as caught:
        await plan_and_run(Target(name="copy", conninfo=standby.dsn), [shop(tmp_path, FILES)])
    assert "primary" in (caught.value.hint or "")


async def test_a_database_that_is_read_only_by_default_is_migrated(database: Database, tmp_path: Path) -> None:
    ask(database, f'ALTER DATABASE "{database.name}" SET default_transaction_read_only = on')
    assert len((await plan_and_run(target(database), [shop(tmp_path, FILES)])).done) == 2


async def test_a_resource_that_runs_out_leaves_nothing(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {"1_a.up.sql": "CREATE TABLE a (); SET LOCAL temp_file_limit = '1MB';\n"
                                            "CREATE TABLE b AS SELECT n FROM generate_series(1, 2000000) n "
                                            "ORDER BY md5(n::text);"})
    error = await failing(database, service)
    assert (error.sqlstate, error.line) == ("53400", 2)
    assert ask(database, "SELECT to_regclass('a')") == [(None,)]
