"""Migrations run from the real console in a real terminal: confirmed, watched, aborted, left, and cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from console.migrate.run_lock import RUN_KEY
from console.ui.dialogs.confirm import SETTLE_S
from tests.migrate.histories import named
from tests.support.servers import Database
from tests.support.terminal import Terminal, terminal
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]

FILES = {
    "0001_base.up.sql": "CREATE SCHEMA shop;\nCREATE TABLE shop.orders (id int PRIMARY KEY);\n",
    "0001_base.down.sql": "DROP SCHEMA shop CASCADE;\n",
    "0002_note.up.sql": "ALTER TABLE shop.orders ADD COLUMN note text;\n",
    "0002_note.down.sql": "ALTER TABLE shop.orders DROP COLUMN note;\n",
}
SLOW = {"0003_slow.up.sql": "CREATE TABLE shop.slow (id int PRIMARY KEY);\nSELECT pg_sleep(600);\n",
        "0003_slow.down.sql": "DROP TABLE shop.slow;\n"}


@pytest.fixture
def folder(tmp_path: Path, own_files: None) -> Path:
    folder = tmp_path / "m" / "shop"
    folder.mkdir(parents=True)
    write(folder, FILES)
    return named(folder)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


@contextmanager
def console(folder: Path, database: Database, environment: str = "development",
            size: tuple[int, int] = (120, 36), **variables: str) -> Iterator[Terminal]:
    """The console on `database`, on the Migrations screen, which has read its services."""
    config = folder.parent / "config.toml"
    config.write_text(f'[targets.here]\ndsn = "{database.conninfo}"\nenvironment = "{environment}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "console", "--config", str(config), "--migrations", str(folder), "here"]
    with terminal(command, *size, environment=variables, cwd=ROOT) as screen:
        screen.wait(" well")
        screen.send("3")
        screen.wait("rollbacks")
        yield screen


def applied(database: Database) -> list[str]:
    with database.connect() as connection:
        if connection.execute("SELECT to_regclass('dbconsole.migration')").fetchone() == (None,):
            return []
        return [row[0] for row in connection.execute("SELECT version FROM dbconsole.migration ORDER BY version")]


def tell(database: Database, query: str) -> Any:
    with database.connect() as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_sleep(600)'"
INTERRUPTED = "SELECT count(*) FROM dbconsole.migration_event WHERE event = 'interrupted' AND version = '0003'"


def run(screen: Terminal, words: str = "y run it") -> None:
    """Asks for a run and confirms it."""
    screen.send("u")
    screen.wait(words)
    screen.send("y")


def back(screen: Terminal, words: str) -> None:
    """From the run to the services, of which `words` are said when they have been read again."""
    screen.send("\x1b")
    screen.wait(words)


def test_a_name_is_asked_for_before_the_first_run(folder: Path, database: Database) -> None:
    (folder / "service.toml").unlink()
    with console(folder, database) as screen:
        screen.wait("2 pending in shop")
        screen.send("u")
        screen.wait("What is this service called?")
        screen.send("till")
        screen.wait("till")
        screen.send("\r")
        screen.wait("y run it")
        screen.send("y")
        screen.wait("2 migrations applied")
        screen.send("\x1b")
        screen.wait("all 2 migrations applied")
        assert "till" in screen.text
        screen.send("q")
    assert tell(database, "SELECT DISTINCT service FROM dbconsole.migration") == "till"
    assert (folder / "service.toml").read_text("utf-8") == 'name = "till"\n'


def test_tenants_are_summed_up_and_run_together(folder: Path, database: Database) -> None:
    folder = folder.parent / "tills"
    folder.mkdir()
    write(folder, {"service.toml": 'name = "shop"\nschemas = "tenant_*"\n', "0001_item.up.sql": "CREATE TABLE item ();",
                   "0002_note.up.sql": "ALTER TABLE item ADD note text;"})
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA tenant_a; CREATE SCHEMA tenant_b")
    with console(folder, database) as screen:
        screen.wait("0 of 2 tenants up to date")
        assert "shop@tenant_a" in screen.text and "2 pending in shop" in screen.text
        run(screen)
        screen.wait("4 migrations applied")
        back(screen, "2 of 2 tenants up to date")
        with database.connect() as connection:
            connection.execute("INSERT INTO tenant_a.item VALUES ('a row that has no price')")
        write(folder, {"0003_price.up.sql": "ALTER TABLE item ADD price int NOT NULL;"})
        screen.send("R")
        screen.wait("0 of 2 tenants up to date")
        screen.send("k")
        screen.wait("y run it")
        assert "where one tenant's file fails, the others are still migrated" in screen.text
        screen.send("y")
        screen.wait("1 migration applied; 1 tenant failed, the others were gone on with")
        back(screen, "1 of 2 tenants up to date")
        with database.connect() as connection:
            connection.execute("DELETE FROM tenant_a.item")
        run(screen)
        screen.wait("1 migration applied")
        back(screen, "2 of 2 tenants up to date")
        with database.connect() as connection:
            connection.execute("CREATE SCHEMA tenant_c")
        screen.send("R")
        screen.wait("2 of 3 tenants up to date")
        screen.send("\r")
        screen.wait("applied in 2 of 3 tenants")
        screen.send("q")


def test_what_is_run_by_hand_from_a_script_is_accepted_once_it_is_there(folder: Path, database: Database) -> None:
    def by_hand(text: str) -> None:
        with database.connect() as connection:
            for statement in text.split(";\n"):
                connection.execute(statement)  # type: ignore[call-overload]

    path = folder.parent / "review.sql"
    with console(folder, database) as screen:
        screen.send("e")
        screen.wait("Export shop up")
        screen.send("\x01\x0b" + str(path))
        screen.wait("review.sql")
        screen.send("\r")
        screen.wait("2 migrations written to")
        text = path.read_text("utf-8")
        assert FILES["0002_note.up.sql"].strip() in text and "INSERT INTO dbconsole.migration" in text
        assert applied(database) == [], "nothing was run"
        by_hand(FILES["0001_base.up.sql"])
        screen.send("\r")
        screen.wait(" pending · 0 applied")
        screen.wait("CREATE TABLE shop.orders")
        screen.send("\x1b[B")
        screen.wait("CREATE TABLE shop.orders", gone=True)
        for is_there in (False, True):
            screen.send("p")
            screen.wait("run by hand, with all before it")
            screen.send("\x1b[B\x1b[B\r")
            screen.wait("y run it" if is_there else "1 difference to what the files make")
            if not is_there:
                assert "note" in screen.text and applied(database) == []
                screen.send("\x1b")
                screen.wait("1 difference", gone=True)
                by_hand(FILES["0002_note.up.sql"])
        assert "shop/0002_note, run by hand, becomes applied" in screen.text
        screen.send("y")
        wait_for(lambda: applied(database) == ["0001", "0002"])
        back(screen, "2 applied")
        screen.send("q")
        assert screen.wait_end() == 0


def test_running_and_rolling_back(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        screen.wait("2 pending in shop")
        run(screen)
        screen.wait("2 migrations applied")
        assert applied(database) == ["0001", "0002"]
        screen.send("\x1b")
        screen.wait("all 2 migrations applied")
        screen.send("d")
        screen.wait("y run it")
        assert "DROP COLUMN note" in screen.text and "ACCESS EXCLUSIVE" in screen.text
        screen.send("n")
        screen.wait("y run it", gone=True)
        assert applied(database) == ["0001", "0002"]
        screen.send("d")
        screen.wait("y run it")
        screen.send("y")
        screen.wait("1 migration rolled back")
        assert applied(database) == ["0001"]
        screen.send("q")
        assert screen.wait_end() == 0


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_a_file_that_fails_is_told_with_its_place_and_remembered(folder: Path, database: Database,
                                                                 size: tuple[int, int]) -> None:
    write(folder, {"0002_note.up.sql": "ALTER TABLE shop.orders ADD COLUMN note text;\nSELECT nonsense;\n"})
    with console(folder, database, size=size) as screen:
        run(screen)
        screen.wait('shop/0002_note.up.sql:2:8: column "nonsense" does not exist')
        screen.wait("42703")
        assert applied(database) == ["0001"]
        screen.send("\x1b")
        screen.wait("1 pending in shop, last try failed")
        screen.send("\r")
        screen.wait("the last try failed")
        screen.send("q")
        assert screen.wait_end() == 0


def test_who_is_in_the_way_and_aborting(folder: Path, database: Database) -> None:
    write(folder, {"0002_note.up.sql": "-- dbconsole: lock-timeout=60s\n" + FILES["0002_note.up.sql"]})
    with console(folder, database) as screen, database.connect(application_name="report") as holder:
        run(screen)
        screen.wait("2 migrations applied")
        back(screen, "all 2 migrations applied")
        screen.send("d")
        screen.wait("y run it")
        screen.send("y")
        screen.wait("1 migration rolled back")
        holder.execute("BEGIN")
        holder.execute("SELECT FROM shop.orders")
        pid = holder.info.backend_pid
        back(screen, "1 pending in shop")
        screen.send("u")
        screen.wait(f"it would wait for pid {pid}")
        screen.send("y")
        screen.wait(f"for ACCESS EXCLUSIVE behind pid {pid} (report")
        screen.send("a")
        screen.wait("Abort the run?")
        screen.send("y")
        screen.wait("aborted")
        assert applied(database) == ["0001"]
        assert tell(database, "SELECT count(*) FROM dbconsole.migration_event WHERE event = 'interrupted'") == 1
        holder.execute("COMMIT")
        screen.send("q")
        assert screen.wait_end() == 0


def test_leaving_while_a_migration_runs_asks_and_rolls_back(folder: Path, database: Database) -> None:
    write(folder, SLOW)
    with console(folder, database) as screen:
        run(screen)
        screen.wait("pg_sleep")
        wait_for(lambda: tell(database, SLEEPS))
        screen.send("2")
        screen.wait("pg_sleep", gone=True)
        screen.send("q")
        screen.wait("A run is going on. Leave?")
        screen.send("n")
        screen.wait("A run is going on", gone=True)
        assert tell(database, SLEEPS) == 1
        screen.send("q")
        screen.wait("A run is going on. Leave?")
        screen.send("y")
        assert screen.wait_end() == 0
    assert applied(database) == ["0001", "0002"]
    assert tell(database, INTERRUPTED) == 1 and tell(database, SLEEPS) == 0
    assert tell(database, "SELECT to_regclass('shop.slow') IS NULL")
    with console(folder, database) as screen:
        screen.wait("1 pending in shop, last try failed")
        screen.send("\r")
        screen.wait("the last try was interrupted")


@pytest.mark.parametrize("how", ["SIGHUP", "SIGTERM", "closed"])
def test_a_closed_terminal_rolls_back_and_says_so_next_time(folder: Path, database: Database, how: str) -> None:
    write(folder, SLOW)
    with console(folder, database) as screen:
        run(screen)
        screen.wait("pg_sleep")
        wait_for(lambda: tell(database, SLEEPS))
        if how == "closed":
            screen.hang_up()
        else:
            os.kill(screen.pid, getattr(signal, how))
        wait_for(lambda: tell(database, INTERRUPTED))
        assert tell(database, SLEEPS) == 0 and tell(database, "SELECT to_regclass('shop.slow') IS NULL")


def test_production_is_read_only_until_unlocked_and_confirmed_by_its_name(folder: Path, database: Database) -> None:
    with console(folder, database, "production") as screen:
        screen.send("u")
        screen.wait("read-only in this console")
        screen.send("W")
        screen.wait("Type here to confirm")
        screen.send("y\r")
        screen.idle(0.5)
        assert "read-only" in screen.text
        screen.send("here\r")
        screen.wait("read-write")
        screen.send("u")
        screen.wait("y run it")
        assert applied(database) == []
        screen.send("y")
        screen.wait("2 migrations applied")
        screen.send("q")
        assert screen.wait_end() == 0


def test_another_frameworks_service_is_run_by_its_own_command(tmp_path: Path, folder: Path, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute("CREATE TABLE crm.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        connection.execute("INSERT INTO crm.schema_migrations VALUES (12, false)")
    script = tmp_path / "up.sh"
    script.write_text('echo "to 13"; psql -qXc "UPDATE crm.schema_migrations SET version = 13"\n', encoding="utf-8")
    config = tmp_path / "config.toml"
    config.write_text(f'[targets.here]\ndsn = "{database.conninfo}"\nenvironment = "development"\n'
                      f'[services.crm]\nschemas = ["crm"]\nframework = "golang-migrate"\nup = "sh {script}"\n',
                      encoding="utf-8")
    with terminal([sys.executable, "-m", "console", "--config", str(config), "here"], 120, 36, cwd=ROOT) as screen:
        screen.wait(" well")
        screen.send("3")
        screen.wait("golang-migrate")
        screen.idle(1)
        screen.send("u")
        screen.wait(f"sh {script}")
        screen.send("y")
        screen.wait("crm.schema_migrations is at 13")
        assert "to 13" in screen.text
        screen.send("q")
        assert screen.wait_end() == 0


def test_without_colour_or_utf8(folder: Path, database: Database) -> None:
    with console(folder, database, size=(80, 24), NO_COLOR="1", LANG="C", LC_ALL="C", TERM="linux", PYTHONUTF8="0",
                 PYTHONCOERCECLOCALE="0") as screen:
        run(screen)
        screen.wait("2 migrations applied")
        assert screen.text.isascii()
        screen.send("q")
        assert screen.wait_end() == 0


# between showing and confirming

def second(folder: Path, *words: str) -> None:
    """Another dbconsole, which does this meanwhile."""
    command = [sys.executable, "-m", "console", "migrate", *words, "-t", "here", "--yes", "--migrations", str(folder),
               "--config", str(folder.parent / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


def ask_anew(screen: Terminal, *told: str) -> None:
    """The dialog with the plan as it is now has come, says what has changed, and is there long enough for an answer."""
    def all_is_told() -> bool:
        screen.read(0.2)
        shown = " ".join(screen.text.replace("│", " ").split())
        return all(words in shown for words in ("nothing was run, the plan has changed since it was confirmed", *told))

    wait_for(all_is_told)
    screen.idle(SETTLE_S + 0.2)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_up_that_another_process_has_begun(folder: Path, database: Database, size: tuple[int, int]) -> None:
    with console(folder, database, size=size) as screen:
        screen.send("u")
        screen.wait("y run it")
        assert "shop/0001_base" in screen.text
        second(folder, "up", "--steps", "1")
        screen.send("y")
        ask_anew(screen, "shop/0001_base is applied already", "by postgres (", "up shop/0002_note")
        assert applied(database) == ["0001"]
        screen.send("y")
        screen.wait("1 migration applied")
        assert applied(database) == ["0001", "0002"]
        screen.send("q")
        assert screen.wait_end() == 0


def test_up_that_another_process_has_done(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        screen.send("u")
        screen.wait("y run it")
        second(folder, "up")
        screen.send("y")
        screen.wait("Nothing is left to run")
        assert "shop/0002_note is applied already, by postgres (" in screen.text
        screen.send("\x1b")
        screen.wait("Nothing is left to run", gone=True)
        screen.send("q")
        assert screen.wait_end() == 0


def test_down_after_another_process_has_applied_a_newer_one(folder: Path, database: Database) -> None:
    write(folder, {"0003_more.up.sql": "CREATE TABLE shop.more (id int);\n",
                   "0003_more.down.sql": "DROP TABLE shop.more;\n"})
    with console(folder, database) as screen:
        second(folder, "up", "--steps", "2")
        screen.send("R")
        screen.wait("1 pending in shop")
        screen.send("d")
        screen.wait("y run it")
        assert "down shop/0002_note" in screen.text
        second(folder, "up")
        screen.send("yy")  # the second one is on its way when the new plan comes
        ask_anew(screen, "shop/0002_note is not among the steps any more",
                 "shop/0003_more was pending, is applied now, by postgres (", "down shop/0003_more")
        screen.send("n")
        screen.wait("y run it", gone=True)
        screen.idle(0.5)
        assert applied(database) == ["0001", "0002", "0003"]
        screen.send("q")
        assert screen.wait_end() == 0


def test_a_file_that_is_edited_or_taken_away_meanwhile(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        screen.send("u")
        screen.wait("y run it")
        write(folder, {"0002_note.up.sql": "ALTER TABLE shop.orders ADD COLUMN another text;\n"})
        screen.send("y")
        ask_anew(screen, "shop/0002_note: its file has changed", "ADD COLUMN another text")
        (folder / "0002_note.up.sql").unlink()
        (folder / "0002_note.down.sql").unlink()
        screen.send("y")
        ask_anew(screen, "shop/0002_note: its file is not there any more")
        screen.send("y")
        screen.wait("1 migration applied")
        assert applied(database) == ["0001"]
        screen.send("\x1b")
        screen.wait("rollbacks")
        screen.idle(1)
        screen.send("d")
        screen.wait("y run it")
        (folder / "0001_base.down.sql").unlink()
        screen.send("y")
        screen.wait("the plan has changed since it was made: nothing of it was run")
        screen.wait("has no way down")
        assert applied(database) == ["0001"]
        screen.send("\x1b")
        screen.wait("That did not work", gone=True)
        screen.send("q")
        assert screen.wait_end() == 0


def test_a_repair_that_another_process_has_overtaken(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        screen.send("\r")
        screen.wait(" pending · 0 applied")
        screen.wait("CREATE TABLE shop.orders")
        screen.send("\x1b[B")  # the second one: baseline takes the first along
        screen.wait("CREATE TABLE shop.orders", gone=True)
        screen.send("p")
        screen.wait("so is everything before it")
        screen.send("\x1b[B\r")
        screen.wait("y run it")
        assert "shop/0001_base becomes applied without being run" in screen.text
        second(folder, "up", "--steps", "1")
        screen.send("y")
        ask_anew(screen, "shop/0001_base was pending, is applied now, by postgres (",
                 "shop/0002_note becomes applied without being run")
        assert applied(database) == ["0001"]
        screen.send("y")
        wait_for(lambda: tell(database, "SELECT count(*) = 2 FROM dbconsole.migration"))
        assert tell(database, "SELECT event FROM dbconsole.migration_event WHERE version = '0002'") == "baseline"
        assert tell(database, "SELECT count(*) FROM dbconsole.migration_event WHERE version = '0001'") == 1
        screen.send("q")
        assert screen.wait_end() == 0


def test_another_frameworks_run_that_is_overtaken(tmp_path: Path, folder: Path, database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute("CREATE TABLE crm.schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL)")
        connection.execute("INSERT INTO crm.schema_migrations VALUES (12, false)")
    files = tmp_path / "crm"
    files.mkdir()
    write(files, {f"{number}_x.{way}.sql": "" for number in (12, 13, 14) for way in ("up", "down")})
    config = tmp_path / "config.toml"
    config.write_text(
        f'[targets.here]\ndsn = "{database.conninfo}"\nenvironment = "development"\n[services.crm]\nschemas = ["crm"]\n'
        f'framework = "golang-migrate"\nmigrations = "crm"\n'
        'up = "psql -qXc \'UPDATE crm.schema_migrations SET version = 14\'"\n'
        'down = "psql -qXc \'UPDATE crm.schema_migrations SET version = version - 1\'"\n', encoding="utf-8")
    with terminal([sys.executable, "-m", "console", "--config", str(config), "here"], 120, 36, cwd=ROOT) as screen:
        screen.wait(" well")
        screen.send("3")
        screen.wait("golang-migrate")
        screen.idle(1)
        screen.send("u")
        screen.wait("crm/14_x: pending")
        with database.connect() as connection:
            connection.execute("UPDATE crm.schema_migrations SET version = 13")
        screen.send("y")
        ask_anew(screen, "crm/13_x is applied already", "crm/14_x: pending")
        assert tell(database, "SELECT version FROM crm.schema_migrations") == 13
        screen.send("y")
        screen.wait("crm.schema_migrations is at 14")
        screen.send("\x1b")
        screen.idle(1)
        screen.send("d")
        screen.wait("the ledger crm.schema_migrations is at 14")
        with database.connect() as connection:
            connection.execute("UPDATE crm.schema_migrations SET version = 13")
        screen.send("y")
        ask_anew(screen, "the ledger crm.schema_migrations was at 14, is at 13")
        screen.send("n")
        screen.wait("y run it", gone=True)
        assert tell(database, "SELECT version FROM crm.schema_migrations") == 13
        screen.send("q")
        assert screen.wait_end() == 0


def test_production_types_its_name_for_the_new_plan_too(folder: Path, database: Database) -> None:
    with console(folder, database, "production") as screen:
        screen.send("W")
        screen.wait("Type here to confirm")
        screen.send("here\r")
        screen.wait("read-write")
        screen.send("u")
        screen.wait("y run it")
        second(folder, "up", "--steps", "1")
        screen.send("y")
        ask_anew(screen, "shop/0001_base is applied already")
        screen.wait("Type here to run it")
        screen.send("\r")
        screen.idle(0.5)
        assert applied(database) == ["0001"]
        screen.send("here\r")
        screen.wait("1 migration applied")
        screen.send("q")
        assert screen.wait_end() == 0


def test_a_plan_that_changed_while_another_screen_is_shown_waits_for_this_one(folder: Path, database: Database) -> None:
    with console(folder, database) as screen, database.connect() as holder:
        screen.send("u")
        screen.wait("y run it")
        holder.execute("BEGIN")
        holder.execute(f"SELECT pg_advisory_xact_lock({RUN_KEY})")
        screen.send("y")
        screen.wait("waiting for dbconsole's lock")
        screen.send("2")
        screen.wait("unassigned")
        write(folder, {"0002_note.up.sql": "ALTER TABLE shop.orders ADD COLUMN another text;\n"})
        holder.execute("COMMIT")
        screen.wait("nothing was run, the plan has changed")
        screen.idle(1)
        assert "y run it" not in screen.text
        screen.send("3")
        ask_anew(screen, "shop/0002_note: its file has changed")
        screen.send("y")
        screen.wait("2 migrations applied")
        screen.send("q")
        assert screen.wait_end() == 0


def test_repeatable_files_and_batches(folder: Path, database: Database) -> None:
    write(folder, {
        "0003_rows.up.sql": "-- dbconsole: batches=shop.orders.id/100\nUPDATE shop.orders SET note = 'x' "
                            "FROM (SELECT pg_sleep(0.4)) AS s WHERE id BETWEEN $1 AND $2;\n",
        "0003_rows.down.sql": "-- the notes may stay\n",
        "R__notes.sql": "CREATE OR REPLACE VIEW shop.notes AS SELECT note FROM shop.orders;\n"})
    with console(folder, database) as screen:
        screen.wait("4 pending in shop")
        screen.send("q")
    command = [sys.executable, "-m", "console", "migrate", "up", "-t", database.conninfo, "--migrations", str(folder),
               "--to", "0002", "--yes"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    tell(database, "INSERT INTO shop.orders SELECT generate_series(1, 1000) RETURNING id")
    with console(folder, database) as screen:
        screen.wait("2 pending in shop")
        screen.send("u")
        screen.wait("y run it")
        assert "in batches of 100 rows by shop.orders.id" in screen.text
        screen.send("y")
        screen.wait("of 1 000 rows")
        screen.wait("2 migrations applied")
        assert tell(database, "SELECT count(*) FROM shop.notes WHERE note = 'x'") == 1000
        back(screen, "all 4 migrations applied")
        screen.send("d")
        screen.wait("y run it")
        assert "DROP VIEW shop.notes" in screen.text
        screen.send("y")
        screen.wait("1 migration rolled back")
    assert applied(database) == ["0001", "0002", "0003"]


def test_what_is_pending_is_proved_and_tried_on_rows(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        run(screen)
        screen.wait("2 migrations applied")
        back(screen, "all 2 migrations applied")
        with database.connect() as connection:
            connection.execute("INSERT INTO shop.orders SELECT generate_series(1, 500); ANALYZE shop.orders")
        write(folder, {"0003_wide.up.sql": "ALTER TABLE shop.orders ALTER id TYPE bigint;\n",
                       "0003_wide.down.sql": "ALTER TABLE shop.orders ALTER id TYPE int;\n"})
        screen.send("R")
        screen.wait("1 pending in shop")
        screen.send("P")
        screen.wait("1 proved")
        back(screen, "1 pending in shop")
        screen.send("o")
        screen.wait("it runs on these rows")
        screen.wait("ACCESS EXCLUSIVE on shop.orders held for")
        screen.send("q")
    assert applied(database) == ["0001", "0002"]


def test_a_baseline_is_a_version_like_others(folder: Path, database: Database) -> None:
    with console(folder, database) as screen:
        run(screen)
        screen.wait("2 migrations applied")
        back(screen, "all 2 migrations applied")
        subprocess.run([sys.executable, "-m", "console", "migrate", "squash", "--to", "2", "--migrations", str(folder),
                        "-t", database.conninfo, "--move-to", str(folder.parent.parent / "old")], check=True,
                       capture_output=True)
        screen.send("R")
        screen.wait("1 pending in shop")
        screen.send("u")
        screen.wait("in place of 2 migrations that are applied")
        screen.wait("y run it")
        screen.send("y")
        screen.wait("applied")
        back(screen, "all 1 migration applied")
        screen.send("q")
    assert applied(database) == ["0002"]
