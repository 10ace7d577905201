"""kill -9 at random moments: the ledger and the schema agree every time, and the next run goes on from there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.migrate.histories import named
from tests.support.servers import Database
from tests.support.waiting import wait_for

KILLS = int(os.environ.get("DBCONSOLE_TEST_KILLS", "25"))
FILES = 12
STEPWISE = 7
"""The number of the file without a transaction."""


def write_files(folder: Path) -> None:
    for number in range(1, FILES + 1):
        if number == STEPWISE:
            up = ("-- dbconsole: no-transaction\nCREATE TABLE s1 (n int);\n"
                  "INSERT INTO s1 SELECT generate_series(1, 9000);\n"
                  "CREATE INDEX CONCURRENTLY s2 ON s1 (n);\nCREATE TABLE s3 ();\n"
                  "CREATE INDEX CONCURRENTLY s4 ON s1 ((n + 1));")
            down = ("-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY s4;\nDROP TABLE s3;\n"
                    "DROP INDEX CONCURRENTLY s2;\nDELETE FROM s1;\nDROP TABLE s1;")
        else:
            up = f"CREATE TABLE a{number} ();\nSELECT pg_sleep(0.02);\nCREATE TABLE b{number} ();"
            down = f"DROP TABLE b{number};\nSELECT pg_sleep(0.02);\nDROP TABLE a{number};"
        (folder / f"{number:04}_x.up.sql").write_text(up)
        (folder / f"{number:04}_x.down.sql").write_text(down)
    named(folder)


def command(database: Database, folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "console", "migrate", *words, "-t", database.conninfo, "--migrations", str(folder),
            "--yes"]


def ask(database: Database, query: str) -> list[Any]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def wait_until_quiet(database: Database) -> None:
    """Until the server has noticed and has finished whatever it was sent before."""
    wait_for(lambda: not ask(database, "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'dbconsole%' "
                                       "AND datname = current_database()"))


def check_agreement(database: Database) -> tuple[int, str | None]:
    """Asserts that the schema is what the ledger says. How many files are applied, and the stepwise one's state."""
    if ask(database, "SELECT to_regclass('dbconsole.migration')") == [(None,)]:
        rows: dict[int, tuple[str, str, int]] = {}
    else:
        rows = {int(version): rest for version, *rest in ask(
            database, "SELECT version, state, direction, statements_done FROM dbconsole.migration")}  # type: ignore[misc]
    there = {name for name, in ask(database, "SELECT relname::text FROM pg_class WHERE relnamespace = 2200")}
    for number in set(range(1, FILES + 1)) - {STEPWISE}:
        expected = {f"a{number}", f"b{number}"} if number in rows else set()
        assert there & {f"a{number}", f"b{number}"} == expected
    state, direction, done = rows.get(STEPWISE, ("absent", "up", 0))
    steps = [{"s1"}, set(), {"s2"}, {"s3"}, {"s4"}]
    if direction == "down":
        gone = [{"s4"}, {"s3"}, {"s2"}, set(), {"s1"}]
        surely = set().union(*gone[done + 1:]) if done < 5 else set()
        surely_not = set().union(*gone[:done])
    else:
        done = 5 if state == "applied" else done
        surely = set().union(*steps[:done])
        surely_not = set().union(*steps[done + (state != "absent"):])
    assert surely <= there, (rows, there)
    assert not surely_not & there, (rows, there)
    return sum(state == "applied" for state, *_ in rows.values()), state


def kill_at_random(database: Database, folder: Path, kills: int, seed: int) -> Iterator[int]:
    """Kills runs up and down, checks after each, and yields how many files are applied then. The last run is whole."""
    chance = random.Random(seed)
    write_files(folder)
    going_up = True
    for _ in range(kills):
        words = ["up"] if going_up else ["down", "--to", "0"]
        process = subprocess.Popen(command(database, folder, *words), stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(chance.uniform(0, 0.35))
        process.send_signal(signal.SIGKILL)
        _, words_left = process.communicate()
        wait_until_quiet(database)
        assert process.returncode in (-signal.SIGKILL, 0), words_left
        applied, state = check_agreement(database)
        yield applied
        if applied == (FILES if going_up else 0):
            going_up = not going_up
        elif state in ("running", "failed"):
            (going_up,) = (direction == "up" for direction, in ask(
                database, f"SELECT direction FROM dbconsole.migration WHERE version = '{STEPWISE:04}'"))
    for words in (["up"],) if going_up else (["down", "--to", "0"], ["up"]):
        done = subprocess.run(command(database, folder, *words), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert check_agreement(database) == (FILES, "applied")
    assert ask(database, "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid") == []


@pytest.mark.timeout(60 + 8 * KILLS)
def test_ledger_and_schema_agree_whenever_the_runner_is_killed(database: Database, tmp_path: Path) -> None:
    moments = list(kill_at_random(database, tmp_path, KILLS, seed=7))
    assert len(set(moments)) > 3, moments


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_rolls_back_and_says_so(database: Database, tmp_path: Path, number: int, status: int) -> None:
    (named(tmp_path) / "1_a.up.sql").write_text("CREATE TABLE a (); SELECT pg_sleep(30)")
    process = subprocess.Popen(command(database, tmp_path, "up"), stderr=subprocess.PIPE, text=True)
    wait_for(lambda: ask(database, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' "
                                   "AND wait_event = 'PgSleep' AND datname = current_database()"))
    process.send_signal(number)
    _, words = process.communicate(timeout=10)
    assert process.returncode == status, words
    assert "Traceback" not in words
    assert ask(database, "SELECT to_regclass('a')") == [(None,)]
    assert ask(database, "SELECT event FROM dbconsole.migration_event") == [("interrupted",)]
