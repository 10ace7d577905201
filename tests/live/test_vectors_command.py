"""`dbconsole search` and `recall` as processes: documents on stdout, narration on stderr, and every exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.test_vectors_recall import DIMENSIONS, fill
from tests.support.servers import Database, LiveServer

ROOT = Path(__file__).parents[2]
VECTOR = "[" + ",".join(["0.25"] * DIMENSIONS) + "]"


@pytest.fixture(scope="module")
def database(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("recall", fill)) as found:
        yield found


def dbconsole(database: Database, command: str, *arguments: str, stdin: str = "", **environment: str
              ) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", command, "-t", database.conninfo, *arguments], cwd=ROOT, input=stdin,
        capture_output=True, text=True, timeout=120, env=os.environ | {"DBCONSOLE_CONFIG": ""} | environment)


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_search_document(database: Database) -> None:
    found = document(dbconsole(database, "search", "--column", "items.v", "--like-id", "17", "--k", "5", "--json"))
    assert {"column", "metric", "k", "rows", "sql", "index_used", "warnings", "server_ms", "total_ms"} <= found.keys()
    assert (found["column"], found["metric"], found["k"]) == ("public.items.v", "cosine", 5)
    assert found["index_used"] == "items_v" and found["warnings"] == []
    assert [row["rank"] for row in found["rows"]] == [1, 2, 3, 4, 5]
    first = found["rows"][0]
    assert first.keys() == {"rank", "distance", "key", "row"} and first["key"] == first["row"]["id"] != 17
    assert 0 < found["server_ms"] <= found["total_ms"]
    with database.connect() as connection:
        rows = connection.execute(found["sql"]).fetchall()
    # so loose a graph may even miss the row itself, and then all that were asked for are others
    assert [row[0] for row in rows if row[0] != 17][:5] == [row["key"] for row in found["rows"]]


def test_too_few_rows_is_a_warning(database: Database) -> None:
    done = dbconsole(database, "search", "--column", "public.items.v", "--vector", VECTOR, "--k", "60", "--json")
    found = document(done)
    assert len(found["rows"]) == 40 and "40 of 60 rows" in found["warnings"][0]
    assert "warning: 40 of 60 rows" in done.stderr
    exact = document(dbconsole(database, "search", "--column", "items.v", "--vector", VECTOR, "--k", "60", "--exact",
                               "--json"))
    assert len(exact["rows"]) == 60 and exact["index_used"] is None and not exact["warnings"]


def test_search_for_people(database: Database) -> None:
    done = dbconsole(database, "search", "--column", "items.v", "--vector", "-", "--k", "2", "--where", "category <> 3",
                     stdin=VECTOR)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 3
    assert done.stdout.startswith("#  distance  similarity") and "ORDER BY distance" in done.stderr


@pytest.mark.parametrize(("arguments", "status", "words"), [
    (["--column", "items.v", "--vector", "[1,2]"], 2, "the vector has 2 dimensions, public.items.v has 24"),
    (["--column", "items.v", "--vector", "[nan]"], 2, "only finite numbers"),
    (["--column", "items.v", "--vector", "[" + ",".join(["0"] * DIMENSIONS) + "]"], 2, "zero in every dimension"),
    (["--column", "items.v", "--like-id", "99999"], 2, "has no row with id 99999"),
    (["--column", "items.v", "--like-id", "-1"], 2, "is NULL"),
    (["--column", "items.nope", "--like-id", "1"], 2, "no vector column"),
    (["--column", "items.v", "--like-id", "1", "--k", "0"], 3, "--k 0"),
    (["--column", "items.v", "--like-id", "1", "--metric", "hamming"], 3, "has no metric 'hamming'"),
    (["--column", "items.v", "--like-id", "1", "--ef-search", "5000"], 2, "outside the valid range"),
    (["--column", "items.v", "--like-id", "1", "--where", "nope = 1"], 2, 'column "nope" does not exist'),
    (["--column", "items.v", "--text", "hello"], 3, "no embedder is configured"),
    (["--column", "items.v", "--vector", "@/nowhere"], 3, "No such file"),
    (["--column", "items.v", "--vector", VECTOR, "--where", "pg_sleep(1) IS NOT NULL", "--timeout", "0.3"], 2,
     "statement timeout"),
    (["--column", "items.v"], 3, "required"),
])
def test_exit_status_of_search(database: Database, arguments: list[str], status: int, words: str) -> None:
    done = dbconsole(database, "search", *arguments)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr


def test_text_through_a_configured_command(database: Database, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f"[embedders.fake]\ncommand = \"echo '{VECTOR}'\"\n")
    done = dbconsole(database, "search", "--column", "items.v", "--text", "hello", "--json", "--k", "3", "--config",
                     str(config))
    assert len(document(done)["rows"]) == 3
    config.write_text("[embedders.fake]\ncommand = 'echo [1]'\n")
    done = dbconsole(database, "search", "--column", "items.v", "--text", "hello", "--config", str(config))
    assert done.returncode == 2 and "it gives 1 dimensions, the column has 24" in done.stderr


def test_recall_document(database: Database) -> None:
    found = document(dbconsole(database, "recall", "--column", "items.v", "--queries", "30", "--sweep", "11,200",
                               "--seed", "3", "--json"))
    assert {"column", "metric", "k", "queries", "seed", "exact", "points", "recommendation"} <= found.keys()
    assert (found["queries"], found["seed"]) == (30, 3) and found["exact"].keys() == {"p50_ms", "p95_ms"}
    assert [point["setting"] for point in found["points"]] == [11, 200]
    for point in found["points"]:
        assert {"setting", "recall_mean", "recall_min", "p50_ms", "p95_ms", "p99_ms", "rows_mean",
                "index_used"} <= point.keys()
    assert found["points"][0]["recall_mean"] < found["points"][1]["recall_mean"] <= 1


def test_recall_under_a_condition_compares_the_iterative_scans_with_the_exact_search(database: Database) -> None:
    done = dbconsole(database, "recall", "--column", "items.v", "--queries", "20", "--where", "category = 3", "--json",
                     "--force-index")
    found = document(done)
    assert [point["iterative_scan"] for point in found["points"]] == ["off", "relaxed_order", "strict_order"]
    off, relaxed, strict = found["points"]
    assert off["rows_mean"] < relaxed["rows_mean"] <= 10 and off["recall_mean"] < strict["recall_mean"]
    chosen = document(dbconsole(database, "recall", "--column", "items.v", "--queries", "5", "--where", "category = 3",
                                "--iterative-scan", "off", "--json"))
    assert len(chosen["points"]) == 1
    judged = dbconsole(database, "recall", "--column", "items.v", "--queries", "5", "--where", "category = 3", "--json",
                       "--force-index", "--min-recall", "0.99")
    points = json.loads(judged.stdout)["points"]
    assert judged.returncode == 1 and [point["iterative_scan"] for point in points] == [None]


def test_recall_per_value_of_a_column_is_the_worst_first(database: Database, tmp_path: Path) -> None:
    hostile = "o'hara \x1b[2J; --"
    with database.connect() as connection:
        connection.execute("CREATE TABLE tenants AS SELECT id, v, CASE WHEN mod(id, 50) = 0 THEN %s WHEN mod(id, 2) "
                           "= 0 THEN 'large' WHEN mod(id, 51) = 0 THEN NULL ELSE 'other' END AS tenant FROM items",
                           [hostile])
        connection.execute("INSERT INTO tenants SELECT 0, NULL, 'no vector'")
        connection.execute("CREATE INDEX ON tenants USING hnsw (v vector_cosine_ops); ANALYZE tenants")
    common = ("--column", "tenants.v", "--per", "tenant", "--queries", "10", "--force-index")
    found = document(dbconsole(database, "recall", *common, "--json"))
    groups = found["groups"]
    assert {group["value"] for group in groups} == {hostile, "large", "other", None} and not found["left_out"]
    assert [group["recall_mean"] for group in groups] == sorted(group["recall_mean"] for group in groups)
    with database.connect() as connection:
        rows = dict(connection.execute(
            "SELECT tenant, count(*) FROM tenants WHERE v IS NOT NULL GROUP BY 1").fetchall())
    assert {group["value"]: group["rows"] for group in groups} == rows
    assert groups[0]["value"] in (hostile, None) and groups[0]["rows_mean"] < 10  # few rows: the index loses most
    text = dbconsole(database, "recall", *common, "--min-recall", "1")
    assert text.returncode == 1 and "groups don't reach recall 1" in text.stderr and "\x1b" not in text.stdout
    few = dbconsole(database, "recall", *common, "--most", "2")
    assert few.returncode == 0 and "there are more values of tenant" in few.stderr
    assert dbconsole(database, "recall", *common, "--iterative-scan", "off,strict_order").returncode == 3
    missing = dbconsole(database, "recall", *common[:2], "--per", "nope")
    assert missing.returncode == 3 and "no column 'nope'" in missing.stderr and "tenant" in missing.stderr
    assert dbconsole(database, "recall", *common[:4], "--most", "0").returncode == 3


def test_exit_status_of_recall(database: Database, tmp_path: Path) -> None:
    common = ("--column", "items.v", "--queries", "20", "--sweep", "11")
    assert dbconsole(database, "recall", *common, "--min-recall", "0.05").returncode == 0
    file = tmp_path / "recall.json"
    missed = dbconsole(database, "recall", *common, "--min-recall", "1", "--output", str(file))
    assert missed.returncode == 1 and "is below 1" in missed.stderr and "±" in missed.stderr
    judged = json.loads(file.read_text())["min_recall"]
    assert missed.stdout and judged["wanted"] == 1 and not judged["reached"] and judged["confidence"] > 0
    assert dbconsole(database, "recall", *common, "--min-recall", "7").returncode == 3
    assert dbconsole(database, "recall", "--column", "items.v", "--sweep", "a").returncode == 3
    assert dbconsole(database, "recall", "--column", "empty.v").returncode == 2
    unused = dbconsole(database, "recall", "--column", "items.v", "--metric", "l1", "--queries", "5",
                       "--min-recall", "0.1")
    assert unused.returncode == 1 and "no point went by the index" in unused.stderr
    file = tmp_path / "vectors.txt"
    file.write_text(f"{VECTOR}\n{VECTOR}\n")
    given = document(dbconsole(database, "recall", "--column", "items.v", "--vectors", str(file), "--json"))
    assert given["queries"] == 2
    file.write_text(f"{VECTOR}\n[1,x]\n")
    wrong = dbconsole(database, "recall", "--column", "items.v", "--vectors", str(file))
    assert wrong.returncode == 2 and "vector 2" in wrong.stderr


def test_clients_at_once(database: Database, tmp_path: Path) -> None:
    common = ("--column", "items.v", "--queries", "20", "--seconds", "0.5")
    found = document(dbconsole(database, "recall", *common, "--clients", "1,4", "--json"))
    assert found["index_used"] == "items_v" and [point["clients"] for point in found["load"]] == [1, 4]
    for point in found["load"]:
        assert point["searches"] == pytest.approx(point["searches_per_second"] * point["seconds"], rel=0.01)
        assert 0 < point["p50_ms"] <= point["p95_ms"] and point["seconds"] >= 0.5
    several = dbconsole(database, "recall", *common, "--clients", "2", "--sweep", "10,20")
    assert several.returncode == 3 and "at one setting" in several.stderr
    assert dbconsole(database, "recall", *common, "--clients", "9999").returncode == 3
    config = tmp_path / "c.toml"
    config.write_text(f'[targets.prod]\ndsn = "{database.conninfo}"\nenvironment = "production"\n')
    for given, status in ((("--on", "stage"), 3), ((), 3), (("--on", "prod"), 0)):
        done = subprocess.run(
            [sys.executable, "-m", "console", "recall", "-t", "prod", "--config", str(config), *common, "--clients",
             "1", *given], cwd=ROOT, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert done.returncode == status and (not status or "no load was put on it" in done.stderr), done.stderr


def test_recall_of_texts(database: Database, tmp_path: Path) -> None:
    config, texts = tmp_path / "c.toml", tmp_path / "texts"
    config.write_text(f"[embedders.fake]\ncommand = \"echo '{VECTOR}'\"\n")
    texts.write_text("one\n\ntwo\n")
    common = ("--column", "items.v", "--config", str(config), "--json")
    found = document(dbconsole(database, "recall", *common, "--text", "hello", "--text", f"@{texts}"))
    assert found["queries"] == 3 and len(found["points"]) == 1
    assert document(dbconsole(database, "recall", *common, "--text", f"@{texts}", "--queries", "1"))["queries"] == 1
    nothing = dbconsole(database, "recall", *common, "--text", " ")
    assert nothing.returncode == 3 and "no text to search for" in nothing.stderr
    both = dbconsole(database, "recall", *common, "--text", "x", "--vectors", str(texts))
    assert both.returncode == 3
    config.write_text("[embedders.fake]\ncommand = 'echo [1]'\n")
    wrong = dbconsole(database, "recall", *common, "--text", "x")
    assert wrong.returncode == 2 and "it gives 1 dimensions" in wrong.stderr
    config.write_text("")
    none = dbconsole(database, "recall", *common, "--text", "x")
    assert none.returncode == 3 and "no embedder is configured" in none.stderr
