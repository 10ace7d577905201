"""Data changes in batches on real servers: each batch once, whatever ends the run."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from console.migrate import events
from console.migrate.apply import plan_and_run
from console.migrate.batches import StandbyLag, _Lags
from console.migrate.faults import FileError
from console.migrate.records import RunOptions, RunRange
from console.migrate.verify import verify
from console.services import Service
from tests.live.test_migrate import ask, failing, shop, status, target
from tests.live.test_migrate_headless import migrate
from tests.live.test_migrate_killed import command, wait_until_quiet
from tests.support.servers import Database, LiveServer, Servers

ROWS = 1000
TABLE = {"0001_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.a (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0, "
                          f"note text); INSERT INTO shop.a (id) SELECT i * 3 FROM generate_series(1, {ROWS}) AS i;",
         "0001_a.down.sql": "DROP SCHEMA shop CASCADE;"}
ADD = "UPDATE shop.a SET n = n + 1, note = 'x' WHERE id BETWEEN $1 AND $2;"


def written(folder: Path, head: str, up: str = ADD) -> Service:
    return shop(folder, {**TABLE, "0002_b.up.sql": f"-- dbconsole: {head}\n{up}",
                         "0002_b.down.sql": f"-- dbconsole: {head.partition(', while')[0]}\n"
                                            "UPDATE shop.a SET n = n - 1 WHERE id BETWEEN $1 AND $2;"})


async def up(database: Database, service: Service, asked: RunRange = RunRange(), **options: Any) -> list[events.Event]:
    seen: list[events.Event] = []
    await plan_and_run(target(database), [service], asked, seen.append, RunOptions(**options))
    return seen


async def test_every_row_once_in_transactions_of_their_own(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, "batches=shop.a.id/300")
    seen = await up(any_database, service)
    assert ask(any_database, "SELECT n, count(*), count(DISTINCT xmin::text) FROM shop.a GROUP BY n") == [(1, ROWS, 4)]
    told = [event for event in seen if isinstance(event, events.StatementProgress)]
    assert [(event.done, event.unit) for event in told] == [(300, "rows"), (600, "rows"), (900, "rows"), (1000, "rows")]
    finished = [event for event in seen if isinstance(event, events.StatementFinished)]
    assert [(event.tag, event.rows_affected) for event in finished if event.step.migration.version == "0002"] == [
        ("UPDATE", ROWS)]
    assert ask(any_database, "SELECT count(*) FROM dbconsole.batch_progress") == [(0,)]
    assert (await status(any_database, service))[0].state == "applied"
    await up(any_database, service, RunRange(direction="down"))
    assert ask(any_database, "SELECT sum(n) FROM shop.a") == [(0,)]
    await up(any_database, service)
    assert ask(any_database, "SELECT sum(n) FROM shop.a") == [(ROWS,)]


@pytest.mark.parametrize(("kind", "make"), [
    ("uuid", "md5(i::text)::uuid"), ("timestamptz", "'2026-01-31 12:00'::timestamptz + i * interval '1 h'"),
    ("text", "'it''s ' || i % 7"), ("date", "'2026-01-31'::date + i % 400"), ("numeric", "i / 7.0")])
async def test_keys_of_any_type_that_is_ordered(kind: str, make: str, any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {
        "0001_a.up.sql": f"CREATE TABLE \"Odd t\" (\"K\" {kind} NOT NULL, n int DEFAULT 0);"
                         f'INSERT INTO "Odd t" SELECT {make}, 0 FROM generate_series(1, 500) AS i;',
        "0002_b.up.sql": '-- dbconsole: batches="Odd t"."K"/60\nUPDATE "Odd t" SET n = n + 1 '
                         'WHERE "K" BETWEEN $1 AND $2'})
    with any_database.connect() as connection:
        connection.execute(f"ALTER DATABASE \"{connection.info.dbname}\" SET DateStyle = 'SQL, DMY'")  # type: ignore[arg-type]
    await up(any_database, service)
    assert ask(any_database, 'SELECT n, count(*) FROM "Odd t" GROUP BY n') == [(1, 500)]


async def test_a_batch_that_fails_keeps_those_before_and_goes_on_there(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, "batches=shop.a.id/300", ADD.replace("'x'", "(1 / (id - 2100))::text"))
    error = await failing(any_database, service)
    assert (error.sqlstate, error.line) == ("22012", 2)
    (found,) = (await status(any_database, service))[0].migrations[1:]
    assert found.state == "failed"
    assert ask(any_database, "SELECT last, batches, rows FROM dbconsole.batch_progress") == [("1800", 2, 600)]
    written(tmp_path, "batches=shop.a.note/300")
    assert "now says" in (await failing(any_database, service)).message
    written(tmp_path, "batches=shop.a.id/300")
    await up(any_database, service)
    assert ask(any_database, "SELECT n, count(*) FROM shop.a GROUP BY n") == [(1, ROWS)]


async def test_what_was_given_up_begins_anew(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, "batches=shop.a.id/300", ADD.replace("'x'", "(1 / (id - 2100))::text"))
    await failing(any_database, service)
    assert service.folder is not None
    assert migrate(any_database, service.folder, "repair", "mark-reverted", "--version", "2", "--yes")[0] == 0
    ask(any_database, "UPDATE shop.a SET n = 0")
    written(tmp_path, "batches=shop.a.id/300")
    await up(any_database, service)
    assert ask(any_database, "SELECT n, count(*) FROM shop.a GROUP BY n") == [(1, ROWS)]


async def test_the_condition_skips_and_catches_what_comes_behind(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, "batches=shop.a.id/100, while=note IS NULL")
    await up(any_database, service, RunRange(to="1"))
    ask(any_database, "UPDATE shop.a SET note = 'old' WHERE id <= 1500")
    ask(any_database, """CREATE FUNCTION shop.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.id = 3000 AND NEW.note = 'x' THEN INSERT INTO shop.a (id) VALUES (1), (2); END IF; RETURN NEW; END $$;
        CREATE TRIGGER late BEFORE UPDATE ON shop.a FOR EACH ROW EXECUTE FUNCTION shop.late()""")
    await up(any_database, service)
    assert ask(any_database, "SELECT n, note, count(*) FROM shop.a GROUP BY 1, 2 ORDER BY 1, 2") == [
        (0, "old", 500), (1, "x", 502)]


async def test_a_statement_that_changes_nothing_is_told(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, "batches=shop.a.id/500, while=note IS NULL",
                      "UPDATE shop.a SET n = 1 WHERE id BETWEEN $1 AND $2")
    assert "after 3 passes" in (await failing(any_database, service)).message
    with any_database.connect() as connection:
        connection.execute("ALTER TABLE shop.a ADD m int")
    written(tmp_path, "batches=shop.a.m/500")
    ask(any_database, "DELETE FROM dbconsole.migration WHERE version = '0002'")
    assert "is NULL in some rows" in (await failing(any_database, service)).message


@pytest.mark.parametrize(("head", "up_text", "words"), [
    ("batches=a/5", ADD, "no table.column"), ("batches=shop.a.id/x", ADD, "no number of rows"),
    ("batches=shop.a.id/0", ADD, "no number of rows"), ("batches=shop.a.id/5, pause=1s", ADD, "none of pause-at-lag"),
    ("batches=shop.a.id/5, pause-at-lag=soon", ADD, "no duration"),
    ("batches=shop.a.id/5", "UPDATE shop.a SET n = 1", "names no range"),
    ("batches=shop.a.id/5", ADD + "SELECT 1;", "what runs in batches is one"),
    ("batches=shop.a.id/5", "VACUUM shop.a", "cannot run inside a transaction"),
])
async def test_what_is_wrong_is_told_before_anything_runs(head: str, up_text: str, words: str, database: Database,
                                                          tmp_path: Path) -> None:
    with pytest.raises(FileError, match=words):
        await up(database, written(tmp_path, head, up_text))
    assert ask(database, "SELECT to_regnamespace('shop')") == [(None,)]


async def test_verify_has_the_server_look_at_the_statement(server: LiveServer, tmp_path: Path) -> None:
    with server.database() as database:
        empty = shop(tmp_path, {**TABLE, "0001_a.up.sql": TABLE["0001_a.up.sql"].partition("INSERT")[0],
                                "0002_b.up.sql": f"-- dbconsole: batches=shop.a.id/5\n{ADD}",
                                "0002_b.down.sql": "SELECT 1;"})
        assert [proof.status for proof in (await verify(target(database), [empty])).proofs] == ["proved", "proved"]
        shop(tmp_path, {"0002_b.up.sql": f"-- dbconsole: batches=shop.a.id/5\n{ADD.replace('note', 'nothing')}"})
        found = (await verify(target(database), [empty])).proofs[1]
        assert found.status == "failed" and "nothing" in found.differences[0]


def test_plan_and_dry_run_say_how(database: Database, tmp_path: Path) -> None:
    folder = written(tmp_path, "batches=shop.a.id/300").folder
    assert folder is not None
    assert "in batches of 300 rows by shop.a.id" in migrate(database, folder, "plan")[1]
    assert "1 statements, in batches of 300 rows" in migrate(database, folder, "up", "--dry-run")[1]
    _, _, err = migrate(database, folder, "up", "--yes")
    assert "note: 4 batches of 1" in err


def test_killed_at_any_moment_each_batch_is_done_once(database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {
        **TABLE, "0002_b.up.sql": "-- dbconsole: batches=shop.a.id/10\n" + ADD,
        "0002_b.down.sql": "-- dbconsole: batches=shop.a.id/10\nUPDATE shop.a SET n = n - 1 "
                           "WHERE id BETWEEN $1 AND $2;"})
    assert service.folder is not None
    assert migrate(database, service.folder, "up", "--to", "1", "--yes")[0] == 0
    chance, killed = random.Random(7), 0
    for direction in ("up", "down", "up"):
        for _ in range(5):
            done = subprocess.Popen(command(database, service.folder, direction), stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            began = ask(database, "SELECT sum(n) FROM shop.a")
            while done.poll() is None and time.monotonic() < deadline and ask(
                    database, "SELECT sum(n) FROM shop.a") == began:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.05))
            if done.poll() is None:
                done.send_signal(signal.SIGKILL)
                killed += 1
            done.wait()
            wait_until_quiet(database)
            changed = "n = 1" if direction == "up" else "n = 0"
            for last, rows in ask(database, "SELECT last::bigint, rows FROM dbconsole.batch_progress"):
                assert ask(database, f"SELECT count(*), max(id) FROM shop.a WHERE {changed}") == [(rows, last)]
            if not ask(database, "SELECT 1 FROM dbconsole.migration WHERE version = '0002' AND state <> 'applied'") \
                    and bool(ask(database, "SELECT 1 FROM dbconsole.migration WHERE version = '0002'")) \
                    == (direction == "up"):
                break
        else:
            assert migrate(database, service.folder, direction, "--yes")[0] == 0
        assert ask(database, "SELECT n, count(*) FROM shop.a GROUP BY n") == [(int(direction == "up"), ROWS)]
    assert killed >= 3


async def test_it_pauses_while_a_standby_is_behind(servers: Servers, server18: LiveServer, tmp_path: Path) -> None:
    standby = servers.standby(server18)
    with server18.database() as database:
        service = written(tmp_path, "batches=shop.a.id/100, pause-at-lag=300ms",
                          "UPDATE shop.a SET n = n + 1 FROM (SELECT pg_sleep(0.15)) AS s WHERE id BETWEEN $1 AND $2;")
        await up(database, service, RunRange(to="1"))
        with standby.connect() as connection:
            connection.execute("SELECT pg_wal_replay_pause()")
        seen: list[events.Event] = []
        run = asyncio.ensure_future(plan_and_run(target(database), [service], RunRange(), seen.append))
        try:
            async with asyncio.timeout(30):
                while not any(isinstance(event, events.Notice) and "is " in event.message
                              and "behind" in event.message for event in seen):
                    ask(database, "SELECT pg_logical_emit_message(false, 'x', 'y')")
                    await asyncio.sleep(0.1)
            assert not run.done()
        finally:
            with standby.connect() as connection:
                connection.execute("SELECT pg_wal_replay_resume()")
        async with asyncio.timeout(60):
            await run
        assert ask(database, "SELECT n, count(*) FROM shop.a GROUP BY n") == [(1, ROWS)]


def test_a_standby_that_stands_still_is_further_behind_from_moment_to_moment() -> None:
    lags = _Lags()
    assert lags.worst([], 1.0) == ("", 0.0)
    assert lags.worst([StandbyLag("a", 100, 100)], 10.0) == ("a", 0.0)
    assert lags.worst([StandbyLag("a", 200, 100), StandbyLag("b", 200, 200)], 11.0) == ("a", 0.0)
    assert lags.worst([StandbyLag("a", 300, 100), StandbyLag("b", 300, 300)], 15.0) == ("a", 4.0)
    assert lags.worst([StandbyLag("a", 300, 250), StandbyLag("b", 300, 200)], 16.0) == ("b", 1.0)
    assert lags.worst([StandbyLag("a", 300, 300), StandbyLag("b", 300, 300)], 17.0) == ("a", 0.0)
    assert lags.worst([StandbyLag("a", 300, None)], 18.0) is None
