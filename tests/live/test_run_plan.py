"""What was shown is what runs: another process changes the ledger, or somebody a file, between the two.

At a terminal the first command has shown its plan and waits for the answer while a second dbconsole does its work;
with --yes it waits for the lock, which a connection holds that changes the ledger before it lets go.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import console
from console.migrate.apply import plan_and_run
from console.migrate.records import RunRange, Script
from console.migrate.run_lock import RUN_KEY
from console.server.target import Target
from console.services import Service
from tests.migrate.histories import named
from tests.support.servers import Database
from tests.support.terminal import Terminal, terminal
from tests.support.waiting import wait_for

ENVIRONMENT = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(Path(console.__file__).parent.parent)}
FILES = {f"000{number}_{name}.{direction}.sql": f"{verb} TABLE {name}{columns};"
         for number, name in enumerate("abc", 1)
         for direction, verb, columns in (("up", "CREATE", " (n int)"), ("down", "DROP", ""))}

Change = Callable[[Database, Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "seed").mkdir(parents=True)
    for name, text in {**FILES, "seed/people.sql": "INSERT INTO a VALUES (1);"}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return named(folder)


def command(database: Database, folder: Path, *words: str) -> list[str]:
    where = ["--config", str(folder / "dbconsole.toml")] if (folder / "dbconsole.toml").exists() else \
        ["-t", database.conninfo, "--migrations", str(folder)]
    return [sys.executable, "-m", "console", "migrate", *words, *where]


def migrate(*words: str) -> Change:
    """A second dbconsole, which does this and succeeds."""
    def other(database: Database, folder: Path) -> None:
        done = subprocess.run(command(database, folder, *words, "--yes"), capture_output=True, text=True,
                              env=ENVIRONMENT, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr

    return other


def up(steps: int | None = None) -> Change:
    """So many are applied, without a process of its own."""
    def done(database: Database, folder: Path) -> None:
        target = Target(name="t", conninfo=database.conninfo, environment="development")
        service = Service(name="shop", schemas=("shop",), folder=folder)
        asyncio.run(plan_and_run(target, [service], RunRange(steps=steps)))

    return done


def sql(*statements: str) -> Change:
    """Another connection, which does this."""
    def other(database: Database, folder: Path) -> None:
        with database.connect() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[arg-type]

    return other


def write(name: str, text: str | None) -> Change:
    """Somebody edits a file, or takes it away."""
    def other(database: Database, folder: Path) -> None:
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(text, encoding="utf-8")

    return other


def nothing(database: Database, folder: Path) -> None:
    pass


def both(*changes: Change) -> Change:
    def other(database: Database, folder: Path) -> None:
        for change in changes:
            change(database, folder)

    return other


def row(version: str, name: str, checksum: str = "sha256:other", state: str = "applied") -> str:
    """What another process would write of a migration that it has applied."""
    return ("INSERT INTO dbconsole.migration (service, version, name, state, direction, checksum_up, statements_done, "
            "statements_total, statement_hashes, os_user, host, duration_ms, tool_version) VALUES ('shop', "
            f"'{version}', '{name}', '{state}', 'up', '{checksum}', 1, 2, '{{}}', 'ci', 'runner-1', 1, '1')")


def event(version: str, name: str, word: str) -> str:
    return ("INSERT INTO dbconsole.migration_event (service, version, name, event, os_user, host, tool_version) "
            f"VALUES ('shop', '{version}', '{name}', '{word}', 'ci', 'runner-1', '1')")


def ask(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def applied(database: Database) -> list[str]:
    return [version for version, in ask(database, "SELECT version FROM dbconsole.migration WHERE state = 'applied' "
                                                  "ORDER BY version")]


def external(database: Database, folder: Path) -> None:
    """A service of Ecto's, whose command applies the version that it is told, with one version applied so far."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE schema_migrations (version bigint PRIMARY KEY, inserted_at timestamp)")
        connection.execute("INSERT INTO schema_migrations VALUES (1, now())")
    (folder / "crm").mkdir()
    for number, name in ((1, "a"), (2, "b"), (3, "c")):
        (folder / "crm" / f"{number}_{name}.exs").write_text("", encoding="utf-8")
    (folder / "ecto.py").write_text("""
import os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    if sys.argv[1] == "up":
        connection.execute("INSERT INTO schema_migrations SELECT n, now() FROM generate_series(1, 3) n "
                           "ON CONFLICT DO NOTHING")
    else:
        connection.execute("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)")
""", encoding="utf-8")
    (folder / "dbconsole.toml").write_text(f"""
default_target = "t"
[targets.t]
dsn = "{database.conninfo}"
[services.crm]
schemas = ["public"]
framework = "ecto"
migrations = "crm"
up = "{sys.executable} {folder}/ecto.py up"
down = "{sys.executable} {folder}/ecto.py down"
""", encoding="utf-8")


def ecto(database: Database) -> list[int]:
    return [version for version, in ask(database, "SELECT version FROM schema_migrations ORDER BY version")]


@dataclass(frozen=True)
class Case:
    """`words` are confirmed after `before`; then `change` happens, and the command says `told`.

    `answer` is what is said to the new plan; None: there is none to be asked for, it ends at once. With exit status
    `status`, `query` answers `result`.
    """

    words: Sequence[str]
    before: Change
    change: Change
    told: Sequence[str]
    answer: str | None
    status: int
    query: Callable[[Database], Any]
    result: Any


WHO = "by postgres ("

AT_A_TERMINAL = {
    "up, applied by another": Case(
        ["up"], nothing, migrate("up", "--steps", "1"),
        ["shop/0001_a is applied already, " + WHO, "up   shop/0002_b: 1 statements"], "yes", 0,
        applied, ["0001", "0002", "0003"]),
    "up, all of it applied by another": Case(
        ["up"], nothing, migrate("up"), ["shop/0003_c is applied already, " + WHO, "nothing to do"], None, 0,
        applied, ["0001", "0002", "0003"]),
    "up, rolled back by another": Case(
        ["up"], up(2), migrate("down"), ["shop/0002_b was applied, is pending now, " + WHO], "no", 3,
        applied, ["0001"]),
    "up, a new file": Case(
        ["up"], nothing, write("0004_d.up.sql", "CREATE TABLE d ()"), ["shop/0004_d is new: pending"], "no", 3,
        lambda database: ask(database, "SELECT to_regclass('a')"), [(None,)]),
    "up, an edited file": Case(
        ["up"], nothing, write("0002_b.up.sql", "CREATE TABLE b (edited int)"), ["shop/0002_b: its file has changed"],
        "yes", 0, lambda database: ask(database, "SELECT count(*) FROM pg_attribute WHERE attname = 'edited'"), [(1,)]),
    "up, a file that is gone": Case(
        ["up"], nothing, both(write("0003_c.up.sql", None), write("0003_c.down.sql", None)),
        ["shop/0003_c: its file is not there any more"], "no", 3,
        lambda database: ask(database, "SELECT to_regclass('a')"), [(None,)]),
    "down, a newer one applied": Case(
        ["down"], up(2), migrate("up"),
        ["shop/0002_b is not among the steps any more", "shop/0003_c was pending, is applied now, " + WHO,
         "down shop/0003_c: 1 statements"], "no", 3, applied, ["0001", "0002", "0003"]),
    "down, then what is shown anew": Case(
        ["down"], up(2), migrate("up"), ["shop/0003_c was pending"], "yes", 0,
        applied, ["0001", "0002"]),
    "down, rolled back by another": Case(
        ["down"], up(), migrate("down"),
        ["shop/0003_c is rolled back already, " + WHO, "shop/0002_b is among the steps now: applied"],
        "no", 3, applied, ["0001", "0002"]),
    "down, applied anew": Case(
        ["down"], up(), both(migrate("down"), migrate("up")), ["shop/0003_c is applied anew, " + WHO], "no", 3,
        applied, ["0001", "0002", "0003"]),
    "down, an edited file": Case(
        ["down"], up(), write("0003_c.down.sql", "SELECT 1"), ["shop/0003_c: its file has changed"], "yes", 0,
        lambda database: ask(database, "SELECT to_regclass('c')::text"), [("c",)]),
    "down, a file that is gone": Case(
        ["down"], up(), write("0003_c.down.sql", None),
        ["the plan has changed since it was made", "0003_c.up.sql: has no way down"], None, 2,
        applied, ["0001", "0002", "0003"]),
    "baseline, applied by another": Case(
        ["baseline", "--to", "3"], up(1), migrate("up", "--steps", "1"),
        ["shop/0002_b was pending, is applied now, " + WHO, "shop/0003_c becomes applied without being run"], "yes", 0,
        applied, ["0001", "0002", "0003"]),
    "mark-reverted, rolled back by another": Case(
        ["repair", "mark-reverted", "--version", "3"], up(), migrate("down"),
        ["shop/0003_c is rolled back already, " + WHO, "is not in the ledger"], None, 2, applied, ["0001", "0002"]),
    "accept-checksum, edited again": Case(
        ["repair", "accept-checksum"], both(up(), write("0001_a.up.sql", "SELECT 1")),
        write("0001_a.up.sql", "SELECT 2"), ["shop/0001_a: its file has changed"], "no", 3,
        lambda database: ask(database, "SELECT FROM dbconsole.migration_event WHERE event = 'checksum accepted'"), []),
    "seed, run by another": Case(
        ["seed"], up(), migrate("seed"), ["shop/seed_people was run meanwhile, " + WHO, "seed/people.sql"],
        "no", 3, lambda database: ask(database, "SELECT count(*) FROM a"), [(1,)]),
    "seed, rolled back by another": Case(
        ["seed"], up(), migrate("down"),
        ["the ledger of shop was at 0003, 3 applied, is at 0002, 2 applied"], "yes", 0,
        lambda database: ask(database, "SELECT count(*) FROM a"), [(1,)]),
    "seed, an edited file": Case(
        ["seed"], up(), write("seed/people.sql", "INSERT INTO a VALUES (7)"),
        ["shop/seed_people: its file has changed"], "yes", 0,
        lambda database: ask(database, "SELECT n FROM a"), [(7,)]),
    "external up, applied by another": Case(
        ["up"], external, sql("INSERT INTO schema_migrations VALUES (2, now())"),
        ["crm/2_b is applied already", "crm/3_c: pending"], "yes", 0, ecto, [1, 2, 3]),
    "external up, an edited file": Case(
        ["up"], external, write("crm/3_c.exs", "edited"), ["crm/3_c: its file has changed"], "no", 3, ecto, [1]),
    "external up, a file that is gone": Case(
        ["up"], external, write("crm/3_c.exs", None), ["crm/3_c: its file is not there any more"], "no", 3, ecto, [1]),
    "external down, a newer one applied": Case(
        ["down"], external, migrate("up"), ["the ledger public.schema_migrations was at 1, is at 3"], "no", 3,
        ecto, [1, 2, 3]),
}


@pytest.mark.parametrize("case", AT_A_TERMINAL.values(), ids=AT_A_TERMINAL)
def test_what_has_changed_is_told_and_asked_for_anew(case: Case, database: Database, folder: Path) -> None:
    case.before(database, folder)
    with terminal(command(database, folder, *case.words), 200, 50, environment=ENVIRONMENT) as window:
        window.wait("Type 'yes' to go on")
        case.change(database, folder)
        window.send("yes\r")
        for words in case.told:
            window.wait(words)
        if case.answer is not None:
            assert "the plan has changed since it was made: nothing of it was run" in window.text
            wait_for_the_second_question(window)
            window.send(f"{case.answer}\r")
        assert window.wait_end(20) == case.status
    assert case.query(database) == case.result


def wait_for_the_second_question(window: Terminal) -> None:
    wait_for(lambda: window.read(0.2) and window.text.count("to go on:") == 2)


@contextmanager
def waiting(database: Database, folder: Path, *words: str) -> Iterator[tuple[Any, subprocess.Popen[str]]]:
    """The command, which waits for the lock until the connection that is returned commits."""
    with database.connect() as holder:
        holder.execute("BEGIN")
        holder.execute(f"SELECT pg_advisory_xact_lock({RUN_KEY})")
        process = subprocess.Popen(command(database, folder, *words), stdin=subprocess.DEVNULL, env=ENVIRONMENT,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "waiting for the lock" in first, first + process.stderr.read()
        try:
            yield holder, process
        finally:
            process.kill()
            process.communicate()


UNASKED = {
    "up": Case(["up"], up(1), sql(row("0002", "b"), event("0002", "b", "applied")),
               ["shop/0002_b was changed after it was applied", "shop/0002_b was pending, is applied now, by postgres "
                "(ci@runner-1)"], None, 2, applied, ["0001", "0002"]),
    "up, half done by another": Case(
        ["up"], up(1), sql(row("0002", "b", state="failed")),
        ["shop/0002_b was pending, is failed after 1 statements now, by postgres"], None, 2, applied, ["0001"]),
    "up, edited": Case(["up"], nothing, write("0002_b.up.sql", "SELECT 1"), ["shop/0002_b: its file has changed"],
                       None, 2, applied, []),
    "up, gone": Case(["up"], nothing, both(write("0003_c.up.sql", None), write("0003_c.down.sql", None)),
                     ["shop/0003_c: its file is not there any more"], None, 2, applied, []),
    "down": Case(["down"], up(2), sql(row("0003", "c"), event("0003", "c", "applied")),
                 ["shop/0003_c was pending, is changed now, by postgres (ci@runner-1)",
                  "shop/0002_b is not among the steps any more"], None, 2,
                 applied, ["0001", "0002", "0003"]),
    "down, nobody says who": Case(
        ["down"], up(), sql("DELETE FROM dbconsole.migration WHERE version = '0003'"),
        ["shop/0003_c is rolled back already\n", "shop/0002_b is among the steps now: applied\n"], None, 2,
        applied, ["0001", "0002"]),
    "repair": Case(["repair", "mark-applied", "--version", "2"], up(1),
                   sql(row("0002", "b"), event("0002", "b", "marked applied")),
                   ["shop/0002_b was pending, is applied now, by postgres (ci@runner-1)"], None, 2,
                   lambda database: ask(database, "SELECT checksum_up FROM dbconsole.migration WHERE version = '0002'"),
                   [("sha256:other",)]),
    "seed": Case(["seed"], up(), sql(event("seed", "people", "seeded")),
                 ["shop/seed_people was run meanwhile, by postgres (ci@runner-1)"], None, 2,
                 lambda database: ask(database, "SELECT count(*) FROM a"), [(0,)]),
    "external up": Case(["up"], external, write("crm/4_d.exs", ""), ["crm/4_d is new: pending"], None, 2, ecto, [1]),
    "external down": Case(["down"], external, sql("INSERT INTO schema_migrations VALUES (2, now())"),
                          ["the ledger public.schema_migrations was at 1, is at 2"], None, 2, ecto, [1, 2]),
}


@pytest.mark.parametrize("case", UNASKED.values(), ids=UNASKED)
def test_without_anyone_to_ask_it_fails(case: Case, database: Database, folder: Path) -> None:
    case.before(database, folder)
    with waiting(database, folder, *case.words, "--yes", "--json") as (holder, process):
        case.change(database, folder)
        holder.execute("COMMIT")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (case.status, ""), err
    assert "the plan has changed since it was made: nothing of it was run" in err
    for words in case.told:
        assert words in err
    assert case.query(database) == case.result


def test_the_refusal_leaves_one_document_on_standard_output(database: Database, folder: Path, tmp_path: Path) -> None:
    words = " ".join(f"'{word}'" for word in command(database, folder, "up", "--json"))
    with terminal(["/bin/sh", "-c", f"{words} > {tmp_path}/out"], 200, 50, environment=ENVIRONMENT) as window:
        window.wait("Type 'yes' to go on")
        migrate("up", "--steps", "1")(database, folder)
        window.send("yes\r")
        wait_for_the_second_question(window)
        window.send("yes\r")
        assert window.wait_end(20) == 0
    document = json.loads((tmp_path / "out").read_text())
    assert [step["version"] for step in document["done"]] == ["0002", "0003"]


def test_a_person_who_was_not_asked_before_is_asked_about_another_plan(database: Database, folder: Path) -> None:
    config = folder / "dbconsole.toml"
    config.write_text(f'default_target = "t"\n[targets.t]\ndsn = "{database.conninfo}"\nenvironment = "development"\n'
                      f'[services.shop]\nmigrations = "{folder}"\n', encoding="utf-8")
    with database.connect() as holder:
        holder.execute("BEGIN")
        holder.execute(f"SELECT pg_advisory_xact_lock({RUN_KEY})")
        with terminal(command(database, folder, "up"), 200, 50, environment=ENVIRONMENT) as window:
            window.wait("waiting for the lock")
            write("0004_d.up.sql", "CREATE TABLE d ()")(database, folder)
            holder.execute("COMMIT")
            window.wait("This writes to t (development). Type 'yes' to go on")
            assert "\ndbconsole: " not in window.text
            lines = [line.strip() for line in window.text.splitlines()]
            start = lines.index("the plan has changed since it was made: nothing of it was run")
            assert lines[start + 1:start + 3] == ["shop/0004_d is new: pending", "now:"]
            window.send("no\r")
            window.wait("the new plan was not run")
            assert window.wait_end(20) == 3
    assert applied(database) == []


def test_of_several_runners_one_applies_and_the_others_find_it_done(database: Database, folder: Path) -> None:
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (n int); SELECT pg_sleep(2)", encoding="utf-8")
    runs = [subprocess.Popen(command(database, folder, "up", "--yes", "--json"), stdin=subprocess.DEVNULL,
                             env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)]
    done = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    assert [status for *_, status in done] == [0, 0, 0], done
    assert sorted(len(json.loads(out)["done"]) for out, *_ in done) == [0, 0, 3]


def test_a_run_that_waited_takes_up_the_rest_of_its_plan(database: Database, folder: Path) -> None:
    checksum = Script(folder / "0001_a.up.sql").checksum
    up(0)(database, folder)
    with waiting(database, folder, "up", "--yes", "--json") as (holder, process):
        sql("CREATE TABLE a (n int)", row("0001", "a", checksum), event("0001", "a", "applied"))(database, folder)
        holder.execute("COMMIT")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "shop/0001_a is applied already, by postgres (ci@runner-1) at " in err
    assert [step["version"] for step in json.loads(out)["done"]] == ["0002", "0003"]
