"""`dbconsole explain` as a script runs it: exit status, JSON, files, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.test_vectors import DIMENSIONS, fill
from tests.plans.made import chain
from tests.support.servers import Database, LiveServer


def explain(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "console", "explain", *arguments], input=stdin, capture_output=True,
                          text=True, timeout=60)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.connect() as connection:
        connection.execute("CREATE TABLE t (id int, v int); INSERT INTO t SELECT i, i % 9 "
                           "FROM generate_series(1, 50000) i; ANALYZE t")
    return database


def test_what_json_holds(filled: Database) -> None:
    done = explain("-t", filled.conninfo, "--json", "--analyze", "SELECT * FROM t WHERE id = 5")
    assert done.returncode == 0 and done.stderr == ""
    answer = json.loads(done.stdout)
    assert list(answer) == ["verdict", "findings", "plan"]
    finding = answer["findings"][0]
    assert {"rule", "severity", "message", "evidence", "fix"} <= finding.keys()
    assert finding["rule"] == "seq_scan_filter" and finding["fix"] == "CREATE INDEX CONCURRENTLY ON public.t (id)"
    assert answer["plan"]["Plan"]["Node Type"] == "Seq Scan" and answer["plan"]["Execution Time"] > 0


def test_fail_on(filled: Database, tmp_path: Path) -> None:
    select = "SELECT a.id FROM t a JOIN t b ON a.v = b.v AND a.id + b.id = 7 WHERE a.id < 900"
    arguments = ("-t", filled.conninfo, "--analyze", "--set", "enable_hashjoin=off", "--set", "enable_mergejoin=off")
    assert explain(*arguments, "--fail-on", "critical", "SELECT 1").returncode == 0
    done = explain(*arguments, "--fail-on", "warning", select)
    assert done.returncode == 1 and ("W " in done.stdout or "C " in done.stdout)
    saved = tmp_path / "plan.json"
    saved.write_text(explain(*arguments, "--json", select).stdout)
    assert explain("--file", str(saved), "--fail-on", "warning").returncode == 1
    compared = explain("--file", str(saved), "--compare", str(saved))
    assert compared.returncode == 0 and "nothing that matters has changed" in compared.stdout


def test_a_statement_in_a_file_or_on_stdin(filled: Database, tmp_path: Path) -> None:
    file = tmp_path / "query.sql"
    file.write_text("-- a comment\nSELECT count(*) FROM t;\n")
    for done in (explain("-t", filled.conninfo, "--file", str(file)),
                 explain("-t", filled.conninfo, "-", stdin="SELECT count(*) FROM t")):
        assert done.returncode == 0 and done.stdout.startswith("Verdict: Not run: ") and "Aggregate" in done.stdout


def test_what_writes_is_asked_for(filled: Database, tmp_path: Path) -> None:
    done = explain("-t", filled.conninfo, "--analyze", "DELETE FROM t")
    assert done.returncode == 3 and "--yes" in done.stderr and done.stdout == ""
    done = explain("-t", filled.conninfo, "--analyze", "--yes", "DELETE FROM t")
    assert done.returncode == 0 and "Delete on t" in done.stdout
    config = tmp_path / "dbconsole.toml"
    config.write_text(f'[targets.held]\ndsn = "{filled.conninfo}"\nread_only = true\nenvironment = "staging"\n')
    done = explain("--config", str(config), "-t", "held", "--analyze", "--yes", "DELETE FROM t")
    assert done.returncode == 3 and "read-only by its configuration" in done.stderr
    assert explain("--config", str(config), "-t", "held", "DELETE FROM t").returncode == 0
    with filled.connect() as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (50000,)


@pytest.mark.parametrize(("arguments", "status", "words"), [
    ((), 3, "either a statement or --file"), (("SELECT 1", "--file", "x"), 3, "either a statement or --file"),
    (("--file", "/nowhere"), 3, "No such file"), (("--analyze", "--generic", "SELECT 1"), 3, "not allowed"),
    (("--timeout", "0", "SELECT 1"), 3, "--timeout"), (("--set", "x", "SELECT 1"), 3, "NAME=VALUE"),
    (("--file", "/dev/null"), 3, "is empty"), (("--file", sys.executable), 3, "is no text"),
    (("-t", "nowhere", "SELECT 1"), 3, "no target"), (("-t", "host=/nowhere", "SELECT 1"), 2, "")])
def test_mistakes(arguments: tuple[str, ...], status: int, words: str) -> None:
    done = explain(*arguments)
    assert done.returncode == status and words in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("given", "words"), [
    ('{"Plan": {"Node Type": 5}}', "Node Type"), ('[{"Plan": ', "no readable JSON"),
    ("[" * 200_000, "no readable JSON"),
    ("Seq Scan on a  (cost=0.00..1.00 rows=1 width=4)\n  what?", "line 2 is no part of a plan")])
def test_a_damaged_plan_is_an_error(given: str, words: str) -> None:
    done = explain("--file", "-", stdin=given)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr and done.stdout == ""


def test_a_plan_five_thousand_deep_goes_through() -> None:
    done = explain("--file", "-", "--json", stdin=chain("Nested Loop", 5000))
    assert done.returncode == 0 and done.stdout.count('"Nested Loop"') == 4999
    again = explain("--file", "-", stdin=done.stdout)
    assert again.returncode == 0 and again.stdout.startswith("Verdict: ")


def test_a_vector_search_says_first_what_became_of_the_index(embedded: LiveServer) -> None:
    query = "'[" + ",".join(["0.1", "-0.2"] * (DIMENSIONS // 2)) + "]'"
    with embedded.database(embedded.template("vectors", fill)) as database:
        done = explain("-t", database.conninfo, "--json", f"SELECT id FROM items ORDER BY v <-> {query} LIMIT 10")
        answer = json.loads(done.stdout)
        assert answer["verdict"].startswith("The vector index was not used: ")
        first = answer["findings"][0]
        assert first["rule"] == "vector_operator_class" and "<=>" in first["fix"] and first["severity"] == "warning"
        done = explain("-t", database.conninfo, "--json", "--analyze", "--set", "enable_seqscan=off",
                       f"SELECT id FROM items ORDER BY v <=> {query} LIMIT 100")
        answer = json.loads(done.stdout)
        assert answer["verdict"].startswith("The index items_v is used")
        assert "vector_limit_over_ef_search" in [finding["rule"] for finding in answer["findings"]]
        done = explain("-t", database.conninfo, "SELECT id FROM items ORDER BY v <=> $1 LIMIT 10", "--param",
                       query.strip("'"))
        assert done.returncode == 0 and "index items_v is used" in done.stdout


def test_another_databases_sql_is_said_in_postgresqls(database: Database) -> None:
    done = explain("-t", database.conninfo, "SELECT TOP 3 * FROM pg_class")
    assert done.returncode == 2 and "SQL Server's SQL" in done.stderr and "LIMIT 3" in done.stderr
