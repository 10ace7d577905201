"""`dbconsole migrate` as scripts see it: exit statuses, JSON on stdout, narration on stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import console
from tests.migrate.histories import named
from tests.support.servers import Database
from tests.support.terminal import terminal

ENVIRONMENT = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(Path(console.__file__).parent.parent)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "shop"
    inside.mkdir()
    for name, text in {"0001_a.up": "CREATE TABLE a ();", "0001_a.down": "DROP TABLE a;",
                       "0002_b.up": "CREATE TABLE b ();", "0002_b.down": "DROP TABLE b;",
                       "0003_c.up": "-- dbconsole: requires-extension=age\nCREATE TABLE c ();"}.items():
        (inside / f"{name}.sql").write_text(text)
    return named(inside)


def command(database: Database | None, folder: Path, *words: str) -> list[str]:
    where = ["-t", database.conninfo] if database else []
    return [sys.executable, "-m", "console", "migrate", *words, *where, "--migrations", str(folder)]


def migrate(database: Database | None, folder: Path, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(command(database, folder, *words), capture_output=True, text=True, env=ENVIRONMENT,
                          stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def ask(database: Database, query: str) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_status_up_and_down(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "status", "--exit-code")[0] == 1
    status, out, _ = migrate(database, folder, "up", "--dry-run")
    assert (status, out.splitlines()[0]) == (0, "up   shop/0001_a: 1 statements")
    assert ask(database, "SELECT to_regnamespace('dbconsole')") == [(None,)]
    status, out, err = migrate(database, folder, "up")
    assert (status, out) == (3, "")
    assert "--yes" in err
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert status == 0
    document = json.loads(out)
    assert [item["version"] for item in document["done"]] == ["0001", "0002"]
    assert [item["reason"] for item in document["held"]] == ['waits for the extension "age"']
    assert "up shop/0001_a in " in err
    status, out, _ = migrate(database, folder, "status", "--json", "--exit-code")
    assert status == 0
    (service,) = json.loads(out)["services"]
    assert {key: service[key] for key in ("service", "schema", "framework", "applied", "pending", "latest", "state")} \
        == {"service": "shop", "schema": "shop", "framework": "dbconsole", "applied": 2, "pending": 0,
            "latest": "0002", "state": "held"}
    first = service["migrations"][0]
    assert {"version", "name", "state", "applied_at", "applied_by", "duration_ms", "checksum_ok"} <= first.keys()
    assert (first["state"], first["checksum_ok"]) == ("applied", True)
    assert migrate(database, folder, "down", "--yes")[0] == 0
    assert ask(database, "SELECT to_regclass('a')::text, to_regclass('b')") == [("a", None)]
    assert migrate(database, folder, "down", "--to", "0", "--yes")[0] == 0
    assert ask(database, "SELECT to_regclass('a')") == [(None,)]


def test_failures_and_mistakes(database: Database, folder: Path, tmp_path: Path) -> None:
    (folder / "0002_b.up.sql").write_text("CREATE TABLE b ();\nSELECT nosuch;")
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert (status, out) == (2, "")
    assert '0002_b.up.sql:2:8: column "nosuch" does not exist' in err
    for words, expected in ((("up", "--steps", "0", "--yes"), 3), (("up", "--to", "9", "--yes"), 2),
                            (("repair", "mark-applied", "--yes"), 2),
                            (("seed", "--yes"), 0), (("nonsense",), 3)):
        assert migrate(database, folder, *words)[0] == expected, words
    done = subprocess.run([sys.executable, "-m", "console", "migrate", "status", "-t", database.conninfo],
                          capture_output=True, text=True, cwd=tmp_path, env={**ENVIRONMENT, "HOME": str(tmp_path)})
    assert done.returncode == 3
    assert "there are no services" in done.stderr


def test_new_and_repair(database: Database, folder: Path) -> None:
    status, out, _ = migrate(None, folder, "new", "Add", "an", "owner")
    assert status == 0
    assert [Path(line).name for line in out.splitlines()] == ["0004_add_an_owner.up.sql", "0004_add_an_owner.down.sql"]
    assert (folder / "0004_add_an_owner.up.sql").is_file()
    status, _, err = migrate(database, folder, "baseline", "--to", "2", "--dry-run")
    assert (status, err.splitlines()) == (0, ["shop/0001_a becomes applied without being run",
                                              "shop/0002_b becomes applied without being run"])
    assert migrate(database, folder, "baseline", "--to", "2", "--yes")[0] == 0
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (n int);")
    status, out, _ = migrate(database, folder, "status", "--exit-code")
    assert status == 1
    assert "~ shop/0001 a: changed, the file was changed after it was applied" in out
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2
    assert "repair accept-checksum --service shop --version 0001" in err
    assert migrate(database, folder, "repair", "accept-checksum", "--version", "0001", "--yes")[0] == 0
    assert "changed" not in migrate(database, folder, "status")[1]


def hinted(text: str) -> list[str]:
    """The words of the command that a text names at the end of a line."""
    command = next(line for line in text.splitlines() if "dbconsole migrate repair" in line)
    return command.partition("dbconsole migrate ")[2].split()


def checked(database: Database, folder: Path) -> tuple[str, str]:
    """The status of the check of migrations, and its hint."""
    config = folder.parent / "checks.toml"
    config.write_text(f'[services.shop]\nmigrations = "{folder}"\n')
    words = ["--check", "--format", "json", database.conninfo, "--config", str(config)]
    done = subprocess.run([sys.executable, "-m", "console", *words], capture_output=True, text=True)
    check = next(check for check in json.loads(done.stdout)["checks"] if check["name"] == "migrations")
    return check["status"], check["hint"]


def test_a_missing_file_is_refused_and_the_hints_are_commands_that_work(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes")[0] == 0
    (folder / "0002_b.up.sql").rename(folder.parent / "kept.sql")
    (folder / "0002_b.down.sql").unlink()
    for words in (("up", "--yes"), ("up", "--dry-run"), ("plan",), ("down", "--yes")):
        status, out, err = migrate(database, folder, *words)
        assert (status, out) == (2, "") and "shop/0002_b" in err and "mark-reverted" in err, words
    status, hint = checked(database, folder)
    assert status == "WARNING" and hinted(hint) == hinted(err)
    assert migrate(database, folder, *hinted(err), "--yes")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (n int);")
    status, hint = checked(database, folder)
    assert migrate(database, folder, *hinted(hint), "--yes")[0] == 0
    assert checked(database, folder)[0] == "OK"


def test_a_folder_checked_out_under_another_name_is_not_applied_again(database: Database, folder: Path) -> None:
    (folder / "0002_b.up.sql").write_text("CREATE TABLE b AS SELECT 100 AS balance; UPDATE b SET balance = 200;")
    (folder / "service.toml").unlink()
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 3 and "what is this service called?" in err and f'name = "shop" in {folder}/service.toml' in err
    assert migrate(database, folder, "up", "--yes", "--service", "shop")[0] == 0
    moved = folder.rename(folder.parent / "other")
    status, out, err = migrate(database, moved, "up", "--yes", "--json")
    assert (status, json.loads(out)["done"]) == (0, []) and ask(database, "SELECT balance FROM b") == [(200,)]
    assert migrate(database, moved, "drift")[0] == 0
    (service,) = json.loads(migrate(database, moved, "status", "--json")[1])["services"]
    assert (service["service"], service["applied"]) == ("shop", 2)
    status, _, err = migrate(database, moved, "up", "--yes", "--service", "till")
    assert status == 2 and "the ledger knows these files as shop" in err
    assert migrate(database, moved, *hinted(err), "--yes")[0] == 0
    assert migrate(database, moved, "down", "--yes", "--service", "till")[0] == 0
    assert ask(database, "SELECT DISTINCT service FROM dbconsole.migration") == [("till",)]
    assert checked(database, moved) != ("OK", None), "a service of the configuration has its name from there"


def test_a_person_is_asked_for_the_name_which_is_kept(database: Database, folder: Path) -> None:
    (folder / "service.toml").write_text('description = "what is sold"\n')
    config = folder.parent / "config.toml"
    config.write_text(f'[targets.dev]\ndsn = "{database.conninfo}"\nenvironment = "development"\n')
    with terminal([*command(None, folder, "up"), "-t", "dev", "--config", str(config)], 240) as window:
        window.wait("service called? [shop]")
        window.send("9\r")
        window.wait("'9' is no name")
        window.send("till\r")
        assert window.wait_end() == 0
    assert (folder / "service.toml").read_text() == 'name = "till"\ndescription = "what is sold"\n'
    assert ask(database, "SELECT DISTINCT service FROM dbconsole.migration") == [("till",)]


def test_half_a_migration_whose_file_is_gone_is_refused(database: Database, folder: Path) -> None:
    (folder / "0002_b.up.sql").write_text("-- dbconsole: no-transaction\nCREATE TABLE b ();\nSELECT 1 / 0;")
    assert migrate(database, folder, "up", "--yes")[0] == 2
    status, hint = checked(database, folder)
    assert status == "CRITICAL" and hinted(hint) == ["repair", "retry", "--service", "shop"]
    assert "division by zero" in migrate(database, folder, *hinted(hint), "--yes")[2], "the hint runs what is left"
    for name in ("0002_b.up.sql", "0002_b.down.sql"):
        (folder / name).unlink()
    for words in (("up", "--yes"), ("repair", "retry", "--yes"), ("down", "--yes")):
        status, _, err = migrate(database, folder, *words)
        assert status == 2 and "mark-reverted --service shop --version 0002" in err, words
    assert "1 of 2 statements of it are done, but its file is not there" in migrate(database, folder, "status")[1]
    assert migrate(database, folder, *hinted(err), "--yes")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0


def test_verify_is_0_only_for_what_is_proved_or_accepted(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "verify", "--to", "0002")[0] == 0
    (folder / "0002_b.down.sql").unlink()
    status, out, _ = migrate(database, folder, "verify", "--to", "0002")
    assert status == 1 and "skipped  shop/0002_b: has no way down" in out
    assert migrate(database, folder, "verify", "--to", "0002", "--allow-skipped")[0] == 0
    (folder / "0002_b.up.sql").write_text("-- dbconsole: irreversible: it was never meant to be\nCREATE TABLE b ();")
    assert migrate(database, folder, "verify", "--to", "0002")[0] == 0
    (folder / "0001_a.down.sql").write_text("SELECT 1;")
    assert migrate(database, folder, "verify", "--to", "0002", "--allow-skipped")[0] == 1


@pytest.mark.parametrize("command", [("up",), ("down",), ("seed",), ("baseline", "--to", "0001"),
                                     ("repair", "retry"), ("repair", "mark-applied", "--version", "0001")])
def test_a_target_that_is_configured_as_read_only_is_written_to_by_nothing(
        command: tuple[str, ...], database: Database, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "dbconsole.toml"
    config.write_text(f'[targets.held]\ndsn = "{database.conninfo}"\nread_only = true\nenvironment = "staging"\n')
    common = ["-t", "held", "--config", str(config), "--migrations", str(folder)]
    done = subprocess.run([sys.executable, "-m", "console", "migrate", *command, "--yes", *common],
                          capture_output=True, text=True)
    assert done.returncode == 3 and "held is read-only by its configuration" in done.stderr, done.stderr
    assert ask(database, "SELECT to_regclass('a'), to_regnamespace('dbconsole')") == [(None, None)]
    done = subprocess.run([sys.executable, "-m", "console", "migrate", *command, "--dry-run", *common],
                          capture_output=True, text=True)
    assert "read-only by its configuration" not in done.stderr


def test_production_is_asked_for_by_name(database: Database, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "dbconsole.toml"
    config.write_text(f'[targets.live]\ndsn = "{database.conninfo}"\nenvironment = "production"\n')
    words = [sys.executable, "-m", "console", "migrate", "up", "-t", "live", "--config", str(config), "--migrations",
             str(folder)]
    for answer, expected in (("yes\r", 3), (None, 130), ("live\r", 0)):
        with terminal(words) as window:
            window.wait("Type 'live' to go on")
            if answer is None:
                os.kill(window.pid, signal.SIGINT)
            else:
                window.send(answer)
            assert window.wait_end() == expected
        assert bool(ask(database, "SELECT to_regclass('a')") != [(None,)]) == (expected == 0)


def test_what_a_file_sets_ends_with_it_and_reset_all_takes_the_engines_timeouts_along(database: Database,
                                                                                      tmp_path: Path) -> None:
    """What the lint rule session-setting says, and why it says nothing of other settings."""
    shown = "AS SELECT current_setting('lock_timeout') AS waits, current_setting('work_mem') AS memory;"
    for name, text in {"1_a": f"SET work_mem = '77MB'; CREATE TABLE a {shown}", "2_b": f"CREATE TABLE b {shown}",
                       "3_c": f"RESET ALL; CREATE TABLE c {shown}"}.items():
        (tmp_path / f"{name}.up.sql").write_text(text)
    assert migrate(database, tmp_path, "up", "--service", "s", "--yes")[0] == 0
    before, after = ask(database, "SELECT waits, memory FROM a UNION ALL SELECT waits, memory FROM b")
    assert before == ("3s", "77MB") and after[0] == "3s" and after[1] != "77MB"
    assert ask(database, "SELECT waits FROM c") == [("0",)]
