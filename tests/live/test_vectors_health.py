"""What is in a vector column, on real servers: counted by SQL beside it, whole and sampled, of every type."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.check.records import Status, Thresholds
from console.check.registry import ConfiguredCheck, configured
from console.check.runner import check_target
from console.config import Config, parse
from console.errors import ConsoleError, UsageError
from console.server.effects import Acts
from console.server.single import single_session
from console.server.target import Target
from console.vectors import read
from console.vectors.health.findings import findings, unseen_share
from console.vectors.health.read import HealthRequest, health
from console.vectors.health.records import ColumnHealth
from console.vectors.mapping.read import MapRequest, best_colour, vector_map
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchRequest, search, subject, vector_of_row
from console.view.table import plain
from console.view.vectors import health as view
from console.view.vectors import map as drawing
from tests.live.test_vectors import random_vector, run
from tests.live.test_vectors_command import ROOT
from tests.live.test_vectors_screen import choose, console, said
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until

ROWS, DIMENSIONS = 3000, 16


def fill(database: Database) -> None:
    """Of 3000 rows 150 are NULL, 30 zero, 90 not normalised; the last 300 are each the same as another."""
    run(database, "CREATE EXTENSION vector", "SELECT setseed(0.25)",
        f"CREATE TABLE items (id int PRIMARY KEY, kind text, v vector({DIMENSIONS}))",
        "INSERT INTO items SELECT i, CASE WHEN i % 5 = 0 THEN 'a' ELSE 'b' END, "
        f"l2_normalize({random_vector(DIMENSIONS)}) FROM generate_series(1, {ROWS}) i",
        "UPDATE items SET v = NULL WHERE id % 20 = 0",
        "UPDATE items SET v = array_fill(0, ARRAY[16])::vector WHERE id % 100 = 1",
        "UPDATE items SET v = array_fill(2, ARRAY[16])::vector * v WHERE id BETWEEN 2 AND 100 AND id % 20 > 1",
        "UPDATE items SET v = other.v FROM items other WHERE items.id > 2700 AND other.id = items.id - 1000",
        "VACUUM FULL items",
        "CREATE INDEX items_v ON items USING hnsw (v vector_cosine_ops)",
        "CREATE INDEX items_a ON items USING hnsw ((v::halfvec(16)) halfvec_l2_ops) WHERE kind = 'a'",
        "CREATE TABLE bits (id int, b bit(64))",
        "INSERT INTO bits SELECT i, ((i * 7919)::bigint * 104729)::bit(64) FROM generate_series(1, 500) i",
        "CREATE TABLE sparse (id int, s sparsevec(100))",
        "INSERT INTO sparse SELECT i, ('{' || 1 + i % 100 || ':' || i || '}/100')::sparsevec "
        "FROM generate_series(1, 200) i", "INSERT INTO sparse VALUES (0, '{}/100')",
        "CREATE TABLE halves (id int, h halfvec(3))", "INSERT INTO halves VALUES (1, '[1,0,0]'), (2, '[0,0,0]')",
        "CREATE TABLE mixed (id int, v vector)", "INSERT INTO mixed VALUES (1, '[1,2]'), (2, '[1,2,3]'), (3, '[3,4]')",
        "CREATE INDEX mixed_2 ON mixed USING hnsw ((v::vector(2)) vector_cosine_ops) WHERE vector_dims(v) = 2",
        "CREATE TABLE huge (id int, v vector(2))", "INSERT INTO huge VALUES (1, '[1e30,1e30]'), (2, '[1,1]')",
        "CREATE TABLE nothing (id int, v vector(3))", "CREATE VIEW seen AS SELECT * FROM items",
        "CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
        "INSERT INTO parts VALUES (1, '[1,2,3]'), (2, NULL)", "VACUUM ANALYZE")


@pytest.fixture(scope="module")
def vectors(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("vector-health", fill)) as found:
        yield found


async def of(database: Database, column: str, **words: Any) -> ColumnHealth:
    async with single_session(Target(name="test", conninfo=database.conninfo)) as session:
        return await health(session, await read.find_column(session, column), HealthRequest(**words))


def scalar(database: Database, text: str) -> Any:
    with database.connect() as connection:
        row = connection.execute(text).fetchone()
    assert row is not None
    return row[0]


async def test_all_rows_are_counted_as_sql_counts_them(vectors: Database) -> None:
    found = await of(vectors, "items.v")
    assert not found.is_sampled and found.rows == ROWS
    assert found.nulls.count == scalar(vectors, "SELECT count(*) FROM items WHERE v IS NULL") > 100
    assert found.zeros.count == scalar(vectors, "SELECT count(*) FROM items WHERE vector_norm(v) = 0") > 20
    assert found.nulls.is_exact and found.not_finite.count == 0 == found.not_comparable.count
    assert found.norms is not None and found.norms.not_unit.count == scalar(
        vectors, "SELECT count(*) FROM items WHERE abs(vector_norm(v) - 1) > 0.001")
    assert sum(found.norms.heights) == found.rows - found.nulls.count and found.norms.most == pytest.approx(2, abs=1e-3)
    by_name = {sight.index.name: sight for sight in found.indexes}
    whole, part = by_name["items_v"], by_name["items_a"]
    assert whole.unseen is not None and part.unseen is not None
    assert (whole.nulls, whole.zeros, whole.excluded) == (found.nulls.count, found.zeros.count, 0)
    # an index by L2 holds zero vectors, and every fifth row that isn't NULL has its condition
    assert part.unseen.count == scalar(vectors, "SELECT count(*) FROM items WHERE kind <> 'a' OR v IS NULL")
    assert (part.zeros, part.excluded) == (0, part.unseen.count - part.nulls)
    assert unseen_share(found) == (whole, whole.unseen)
    near = found.neighbours
    assert near is not None and near.index_used == "items_v" and near.identical.rows > 150
    twins = scalar(vectors, "SELECT count(*) FROM items a WHERE vector_norm(v) > 0 AND EXISTS "
                            "(SELECT FROM items b WHERE b.v = a.v AND b.id <> a.id)")
    share = twins / (found.rows - found.nulls.count - found.zeros.count)
    # of some 200 rows drawn, four standard errors: its interval of 95 % may well miss the truth in a run of many
    assert abs(near.identical.value - share) < 0.12 and near.near.count >= near.identical.count
    kinds = [finding.kind for finding in findings(found)]
    assert kinds[:1] == ["unseen"] and {"zeros", "duplicates"} <= set(kinds)
    text = "\n".join(plain(line) for _, line in view.lines(found, findings(found)))
    assert "all rows" not in text and "WHERE (kind = 'a'::text)" in text


async def test_a_sample_says_its_interval(vectors: Database) -> None:
    truth = scalar(vectors, "SELECT avg((v IS NULL)::int) FROM items")
    found = await of(vectors, "items.v", rows=500, queries=0)
    assert found.is_sampled and 0 < found.rows < 1500 and not found.nulls.is_exact
    assert found.nulls.low <= truth <= found.nulls.high
    assert "95 % intervals" in plain(view.verdict(found, findings(found)))


async def test_statistics_that_are_wrong_draw_again(vectors: Database) -> None:
    run(vectors, "CREATE TABLE grown (id int, v vector(3)) WITH (autovacuum_enabled = off)",
        "INSERT INTO grown VALUES (0, '[1,2,3]')", "ANALYZE grown",
        "INSERT INTO grown SELECT i, '[1,2,3]' FROM generate_series(1, 20000) i")
    found = await of(vectors, "grown.v", rows=1000, queries=0)
    assert found.is_sampled and 0 < found.rows < 3000


async def test_every_type_and_kind_of_table(vectors: Database) -> None:
    bits = await of(vectors, "bits.b")
    assert bits.rows == 500 and bits.norms is None and bits.neighbours is not None and bits.zeros.count == 0
    assert bits.neighbours.metric.name == "hamming" and bits.neighbours.index_used is None
    sparse = await of(vectors, "sparse.s")
    assert sparse.zeros.count == 1 and sparse.norms is not None and sparse.norms.most == 200
    # every direction is there twice
    near = sparse.neighbours
    assert near is not None and near.near.value == 1 and near.identical.count == 0
    halves = await of(vectors, "halves.h")
    assert (halves.zeros.count, halves.rows) == (1, 2)
    mixed = await of(vectors, "mixed.v")
    assert mixed.dimensions == ((2, 2), (3, 1)) and mixed.neighbours is None and "duplicates" in mixed.notes[0]
    assert mixed.indexes[0].excluded == 1
    finding = next(finding for finding in findings(mixed) if finding.kind == "dimensions")
    assert "CREATE INDEX" in (finding.fix or "")
    run(vectors, finding.fix or "")
    huge = await of(vectors, "huge.v")
    assert huge.not_comparable.count == 1 and huge.zeros.count == 0
    nothing = await of(vectors, "nothing.v")
    assert nothing.rows == 0 and "empty" in plain(view.verdict(nothing, findings(nothing)))
    parts = await of(vectors, "parts.v")
    assert (parts.rows, parts.nulls.count) == (2, 1)
    with pytest.raises(UsageError, match="is no table"):
        await of(vectors, "seen.v")


async def test_dead_rows_in_table_and_graph(embedded: LiveServer) -> None:
    with embedded.database(embedded.template("vector-health", fill)) as database:
        run(database, "CREATE EXTENSION pageinspect", "ALTER TABLE items SET (autovacuum_enabled = off)",
            "DELETE FROM items WHERE id % 3 = 0", "SELECT pg_stat_force_next_flush()")
        found = await of(database, "items.v", queries=0)
        (whole, *_) = sorted(found.graphs, key=lambda graph: graph.index != "items_v")
        assert found.dead_share == pytest.approx(1 / 3, abs=0.01) and whole.dead.count == 0
        assert whole.pages == whole.all_pages - 1  # the first says how it was built
        assert next(finding.fix for finding in findings(found) if finding.kind == "dead") == "VACUUM public.items"
        run(database, "VACUUM items", "SELECT pg_stat_force_next_flush()")
        after = await of(database, "items.v", queries=0)
        (whole, *_) = sorted(after.graphs, key=lambda graph: graph.index != "items_v")
        assert not after.dead_share and 0.25 < whole.dead.value < 1 / 3  # twins share a place


async def test_functions_of_others_are_not_called_where_the_console_is_locked(vectors: Database) -> None:
    run(vectors, "CREATE TABLE baited (id int, v vector(3))", "INSERT INTO baited VALUES (1, '[1,2,3]')",
        "CREATE FUNCTION acts(int) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS "
        "$$ BEGIN PERFORM pg_notify('baited', ''); RETURN true; END $$",
        "CREATE INDEX baited_v ON baited USING hnsw (v vector_l2_ops) WHERE acts(id)")
    target = Target(name="test", conninfo=vectors.conninfo, environment="production", read_only=True)
    async with single_session(target) as session:
        assert session.is_guarded
        with pytest.raises(Acts, match=r"pg_notify\(\), reached through public\.acts\(\)"):
            await health(session, await read.find_column(session, "baited.v"), HealthRequest())
    config = parse({"checks": {"vector_health": {"warning": "5%"}}}, Path("dbconsole.toml"))
    checks = [check for check in configured(config) if check.check.name == "vector_health"]
    (beside,) = (await check_target(target, checks)).results
    assert beside.status is not Status.OK and beside.value is not None  # the other columns were looked at
    run(vectors, "DROP TABLE baited")


def command(database: Database, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "console", "vectors", *arguments, "-t", database.conninfo], cwd=ROOT, input=stdin,
        capture_output=True, text=True, timeout=120, env=os.environ | {"DBCONSOLE_CONFIG": ""})


def test_the_command(vectors: Database) -> None:
    done = command(vectors, "health", "--column", "items.v", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["rows"] == ROWS and found["nulls"]["share"] == found["nulls"]["low"] and found["sampled"] is False
    assert found["norms"]["histogram"]["counts"] and found["findings"][0]["kind"] == "unseen"
    words = command(vectors, "health", "--column", "items.v", "--fail-on", "warning")
    assert words.returncode == 1 and "no search through items_v finds" in words.stdout
    wrong = command(vectors, "health", "--column", "items.none")
    assert wrong.returncode == 2 and "no vector column" in wrong.stderr


async def test_the_check_is_off_until_it_is_configured(vectors: Database) -> None:
    assert "vector_health" not in {check.check.name for check in configured(Config())}
    config = parse({"checks": {"vector_health": {"warning": "5%"}}}, Path("dbconsole.toml"))
    checks = [check for check in configured(config) if check.check.name == "vector_health"]
    target = Target(name="test", conninfo=vectors.conninfo)
    run(vectors, "CREATE INDEX IF NOT EXISTS bits_b ON bits USING hnsw (b bit_hamming_ops)")
    (found,) = (await check_target(target, checks)).results
    assert found.status is Status.WARNING and "public.items.v" in found.summary and found.value is not None
    assert 5 < found.value < 10 and found.hint
    calm = [ConfiguredCheck(checks[0].check, Thresholds(50, None))]
    run(vectors, "UPDATE items SET v = NULL WHERE vector_norm(v) = 0", "ANALYZE items")
    (found,) = (await check_target(target, calm)).results
    assert found.status is Status.OK and "column" in found.summary and found.value is not None
    (late,) = (await check_target(target, checks, timeout_s=0.101)).results
    assert late.status is Status.UNKNOWN


async def test_a_map_of_what_is_there_with_a_search_on_it(vectors: Database) -> None:
    run(vectors, "CREATE TABLE placed (id int PRIMARY KEY, kind text, note bytea, v vector(8))",
        "INSERT INTO placed SELECT i, 'k' || i % 3, NULL, "
        "(ARRAY[(i % 3) * 10, 3 * (i % 2), 0, 0, 0, 0, 0, 0]::real[])::vector + "
        "l2_normalize((SELECT array_agg(random() - 0.5 + 0 * (g + i)) FROM generate_series(1, 8) g)::vector) "
        "FROM generate_series(1, 300) i", "INSERT INTO placed VALUES (999, NULL, NULL, '[0,0,900,0,0,0,0,0]')",
        "INSERT INTO placed VALUES (1000, 'k1', NULL, NULL)", "ANALYZE placed")
    async with single_session(Target(name="test", conninfo=vectors.conninfo)) as session:
        about = await subject(session, await read.find_column(session, "placed.v"))
        key, vector = ("5",), await vector_of_row(session, about, ["5"])
        result = await search(session, SearchRequest(about, vector, BY_NAME["l2"], exclude=key))
        found = await vector_map(session, about, MapRequest(query=vector, result=result))
        keyless = await subject(session, await read.find_column(session, "bits.b"))
        bits = await vector_map(session, keyless, MapRequest())
        with pytest.raises(ConsoleError, match="too few"):
            await vector_map(session, await subject(session, await read.find_column(session, "nothing.v")),
                             MapRequest())
    assert len(found.rows) == 301 and sum(found.explained) > 0.9 and len(bits.rows) == 500
    assert found.outliers[0][0] == "999" and found.columns == ("id", "kind") and len(found.near) == 9
    assert best_colour(found.rows, found.columns) == "kind" and found.query is not None
    own = next(row.place for row in found.rows if row.key == "5")
    assert found.query == pytest.approx(own, abs=1e-3)
    for letters, is_ascii in ((False, False), (True, False), (False, True)):
        colours = drawing.colouring(found, "kind")
        lines = [plain(line) for line in drawing.drawn(found, colours, 70, 16, letters=letters, is_ascii=is_ascii)]
        assert len(lines) == 16 and all(len(line) == 70 for line in lines)
        text = "\n".join(lines)
        assert ("Q" in text if is_ascii else "◆" in text) and text.isascii() is is_ascii
        assert any("\u2800" < sign < "\u2900" for sign in text) is not (letters or is_ascii)
    legend = plain(drawing.legend(found, drawing.colouring(found, "kind"), is_ascii=False))
    assert "kind: a k" in legend and "outliers" in legend and "%" in plain(drawing.headline(found))


async def test_both_tabs(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await choose(pilot, screen, "public.items.v")
        await screen.go_to("health")
        await until(lambda: "rows looked at" in said(app), pilot)
        assert "no search through items_v finds" in said(app) and "zero vectors" in said(app)
        assert "copy fix" in said(app)
        await screen.go_to("map")
        await until(lambda: "of their variance" in said(app), pilot)
        assert "a b" in said(app) and "letters" in said(app)  # the kinds, and the key
        assert re.search("[\u2801-\u28ff]", said(app))
        await pilot.press("l")
        await until(lambda: not re.search("[\u2801-\u28ff]", said(app)), pilot)
        await choose(pilot, screen, "public.nothing.v")
        await until(lambda: "too few vectors" in said(app), pilot)
