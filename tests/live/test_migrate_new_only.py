"""--pending and --since of lint, plan and verify: only what the target or git doesn't know yet."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.test_migrate_headless import ask, migrate
from tests.migrate.histories import named
from tests.support.git import git
from tests.support.servers import Database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service with an old way of writing in its first file, in a repository; the second file isn't committed."""
    inside = tmp_path / "shop"
    inside.mkdir()
    named(inside)
    write(inside, "0001_a", "CREATE SCHEMA shop;\nCREATE TABLE shop.a (id serial PRIMARY KEY);",
          "DROP SCHEMA shop CASCADE")
    git(inside, "init", "-b", "main")
    git(inside, "add", "-A")
    git(inside, "commit", "-m", "first")
    write(inside, "0002_b", "CREATE TABLE shop.b (id bigint PRIMARY KEY, n int);", "DROP TABLE shop.b")
    write(inside, "0003_c", "CREATE INDEX b_n ON shop.b (n);\nALTER TABLE shop.a ADD m char(3);",
          "DROP INDEX shop.b_n")
    return inside


def write(folder: Path, name: str, up: str, down: str) -> None:
    (folder / f"{name}.up.sql").write_text(up)
    (folder / f"{name}.down.sql").write_text(down)


def lint(database: Database | None, folder: Path, *words: str) -> list[tuple[str, str]]:
    _, out, _ = migrate(database, folder, "lint", "--json", *words)
    return [(Path(finding["file"]).name[:4], finding["rule"]) for finding in json.loads(out)["findings"]]


def test_lint_of_what_is_new(database: Database, folder: Path) -> None:
    assert ("0001", "serial-type") in lint(None, folder)
    assert lint(None, folder, "--since", "main") == [("0003", "index-without-concurrently"), ("0003", "char-type")]
    assert migrate(database, folder, "up", "--to", "1", "--yes")[0] == 0
    # against the ledger they run one after the other: what 0002 makes is new to 0003
    assert lint(database, folder, "--pending") == [("0003", "char-type")]
    status, out, err = migrate(database, folder, "lint", "--pending", "--severity", "warning")
    assert (status, out.splitlines()[-1]) == (0, "no findings") and "2 of 3 migrations are pending" in err
    assert lint(None, folder, "--since", "main", "--rule", "char-type") == [("0003", "char-type")]
    assert lint(None, folder, "--since", "main", "--ignore", "char-type") == [("0003", "index-without-concurrently")]
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "second")
    status, out, err = migrate(None, folder, "lint", "--since", "HEAD")
    assert (status, "none of 3 migrations are new or changed since HEAD" in err) == (0, True)


def test_mistakes_are_named(database: Database, folder: Path, tmp_path: Path) -> None:
    for words, expected in ((("lint", "--since", "nosuch"), "git knows no commit 'nosuch'"),
                            (("lint", "--rule", "char-typ"), "did you mean char-type?"),
                            (("lint", "--explain", "x"), "there is no lint rule 'x'"),
                            (("plan", "--pending", "--down"), "what is pending can't be rolled back")):
        status, out, err = migrate(database, folder, *words)
        assert (status, out) == (3, "") and expected in err, words
    bare = tmp_path / "bare"
    shutil.copytree(folder, bare, ignore=shutil.ignore_patterns(".git"))
    status, _, err = migrate(None, bare, "lint", "--since", "main")
    assert status == 3 and "is in no git repository" in err
    (bare / "service.toml").write_text('lint_ignore = ["chartype"]')
    status, _, err = migrate(None, bare, "lint")
    assert status == 3 and "service bare: lint_ignore: there is no rule 'chartype'" in err


def test_a_service_says_which_rules_matter(folder: Path) -> None:
    (folder / "service.toml").write_text('lint_ignore = ["char-type", "serial-type"]')
    found = {rule for _, rule in lint(None, folder)}
    assert "index-without-concurrently" in found and not {"char-type", "serial-type"} & found
    assert ("0003", "char-type") in lint(None, folder, "--rule", "char-type")
    assert ("0003", "char-type") in lint(None, folder, "--also", "char-type")


def test_a_directive_for_a_rule_that_isnt_looked_for_is_no_finding(folder: Path) -> None:
    text = (folder / "0003_c.up.sql").read_text()
    (folder / "0003_c.up.sql").write_text("-- dbconsole: ignore=char-type: three letters\n" + text)
    assert lint(None, folder, "--rule", "serial-type") == [("0001", "serial-type"), ("0001", "serial-type")][:1]


def test_a_rule_is_explained(folder: Path) -> None:
    status, out, _ = migrate(None, folder, "lint", "--explain", "char-type")
    assert status == 0 and "CREATE TABLE s.t (id bigint PRIMARY KEY, a char(3))" in out and "text, with a CHECK" in out
    document = json.loads(migrate(None, folder, "lint", "--explain", "char-type", "--json")[1])
    assert {"rule", "severity", "reason", "bad", "good", "advice", "opt_in"} == document.keys()


def test_plan_of_what_is_new(database: Database, folder: Path) -> None:
    def steps(*words: str) -> list[dict[str, Any]]:
        return list(json.loads(migrate(database, folder, "plan", "--json", *words)[1])["steps"])

    assert [step["version"] for step in steps("--pending")] == ["0001", "0002", "0003"]
    found = steps("--since", "main", "--severity", "info")
    assert [step["version"] for step in found] == ["0002", "0003"]
    assert [item["rule"] for item in found[1]["findings"]] == ["char-type"]  # 0002 runs before, though
    assert steps("--since", "main", "--severity", "warning")[1]["findings"] == []
    assert ask(database, "SELECT to_regnamespace('dbconsole')") == [(None,)]


def verified(database: Database, folder: Path, *words: str) -> tuple[int, list[tuple[str, str]], str]:
    status, out, err = migrate(database, folder, "verify", "--json", *words)
    return status, [(item["version"], item["status"]) for item in json.loads(out)["results"]], err


def test_verify_of_what_is_new(database: Database, folder: Path) -> None:
    status, results, err = verified(database, folder, "--since", "main")
    assert (status, results) == (1, [("0002", "proved"), ("0003", "differs")]), err  # m is left
    assert "2 of 3 migrations are new or changed since main" in err
    assert migrate(database, folder, "up", "--to", "2", "--yes")[0] == 0
    status, results, err = verified(database, folder, "--pending")
    assert (status, results) == (1, [("0003", "differs")])
    assert migrate(database, folder, "up", "--yes")[0] == 0
    status, results, err = verified(database, folder, "--pending")
    assert (status, results) == (0, []) and "none of 3 migrations are pending" in err


def kept(database: Database) -> list[str]:
    return [row[0] for row in ask(database, "SELECT datname::text FROM pg_database "
                                            "WHERE datname ~ '^dbconsole_verify_' ORDER BY 1")]


@pytest.fixture
def alone(database: Database) -> Iterator[Database]:
    """A database of a server on which nothing is kept, before and after."""
    clear(database)
    yield database
    clear(database)


def clear(database: Database) -> None:
    with database.connect() as connection:
        for name in kept(database):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def test_what_comes_before_is_kept_for_the_next_verify(alone: Database, folder: Path) -> None:
    write(folder, "0003_c", "CREATE INDEX b_n ON shop.b (n);", "DROP INDEX shop.b_n")
    status, results, err = verified(alone, folder, "--since", "main")
    assert (status, results) == (0, [("0002", "proved"), ("0003", "proved")])
    (first,) = kept(alone)
    assert f"the 1 migrations before are in the database {first}, which is kept for the next verify" in err
    status, results, err = verified(alone, folder, "--since", "main")
    assert (status, results) == (0, [("0002", "proved"), ("0003", "proved")])
    assert f"in the database {first}, as an earlier verify has kept it" in err and kept(alone) == [first]
    (folder / "0001_a.up.sql").write_text("CREATE SCHEMA shop;\nCREATE TABLE shop.a (id bigint PRIMARY KEY);")
    git(folder, "commit", "-am", "another")  # by another text, another database; the old one stays for a while
    status, results, err = verified(alone, folder, "--since", "HEAD")
    assert (status, results) == (0, [("0002", "proved"), ("0003", "proved")])
    assert len(kept(alone)) == 2 and first in kept(alone)
    assert verified(alone, folder, "--since", "HEAD", "--fresh")[:2] == (0, [("0002", "proved"), ("0003", "proved")])
    assert kept(alone) == []


def test_a_wrong_down_is_found_on_a_kept_database_too(alone: Database, folder: Path) -> None:
    write(folder, "0002_b", "CREATE TABLE shop.b (id bigint PRIMARY KEY, n int);", "SELECT 1")
    write(folder, "0003_c", "ALTER TABLE shop.b ADD m int;", "ALTER TABLE shop.b DROP m")
    expected = (1, [("0002", "differs"), ("0003", "proved")])
    assert [verified(alone, folder, "--since", "main")[:2] for _ in range(2)] == [expected, expected]


def test_stale_databases_are_dropped(alone: Database, folder: Path) -> None:
    for number in range(5):
        (folder / "0001_a.up.sql").write_text(f"CREATE SCHEMA shop;\n-- {number}\nCREATE TABLE shop.a (id int);")
        git(folder, "commit", "-am", str(number))
        verified(alone, folder, "--since", "HEAD")
    assert len(kept(alone)) == 3
    _, _, err = verified(alone, folder, "--since", "HEAD")
    old, strange = (name for name in kept(alone) if name not in err)
    with alone.connect() as connection:
        (words,), = connection.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database "
                                       "WHERE datname = %s", (old,)).fetchall()
        aged = re.sub(r'"used":"\d{4}', '"used":"2020', words)
        assert aged != words
        connection.execute(f"COMMENT ON DATABASE {old} IS '{aged}'")  # type: ignore[call-overload]
        connection.execute(f"COMMENT ON DATABASE {strange} IS 'something'")  # type: ignore[call-overload]
    verified(alone, folder, "--since", "HEAD")
    assert len(kept(alone)) == 1 and kept(alone)[0] in err


def test_what_fails_before_is_told_as_ever(alone: Database, folder: Path) -> None:
    (folder / "0001_a.up.sql").write_text("CREATE SCHEMA shop;\nSELECT nosuch")
    git(folder, "commit", "-am", "broken")
    status, results, _ = verified(alone, folder, "--since", "HEAD")
    assert (status, results) == (1, [("0001", "failed"), ("0002", "skipped"), ("0003", "skipped")])
    assert kept(alone) == []


def test_services_that_others_stand_on_are_in_it(alone: Database, tmp_path: Path) -> None:
    for name, needs in (("app", '["lib"]'), ("lib", "[]"), ("other", "[]")):
        (tmp_path / "m" / name).mkdir(parents=True)
        (tmp_path / "m" / name / "service.toml").write_text(f"depends_on = {needs}")
        write(tmp_path / "m" / name, "1_a", f"CREATE SCHEMA {name}; CREATE TABLE {name}.t (id bigint PRIMARY KEY)",
              f"DROP SCHEMA {name} CASCADE")
    folder = tmp_path / "m"
    git(folder, "init", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "first")
    write(folder / "app", "2_b", "CREATE TABLE app.u (t bigint REFERENCES lib.t)", "DROP TABLE app.u")
    write(folder / "lib", "2_b", "CREATE TABLE lib.u ()", "DROP TABLE lib.u")
    expected = {("lib", "2", "proved"), ("app", "2", "proved")}
    for _ in range(2):
        status, out, err = migrate(alone, folder, "verify", "--json", "--since", "main")
        assert {(item["service"], item["version"], item["status"]) for item in json.loads(out)["results"]} == expected
        assert status == 0, err
