"""Hybrid search: both legs with their indexes, ranks fused as by hand, and what is said where one is lacking."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.errors import UsageError
from console.vectors import values
from console.vectors.hybrid import Fusion, HybridRequest, TextLeg, hybrid, text_leg
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchRequest
from tests.live.test_vectors import of, run, session_on
from tests.live.test_vectors_command import dbconsole
from tests.support.servers import Database, LiveServer

ROWS, DEPTH = 4000, 50


def fill(database: Database) -> None:
    run(database, "CREATE EXTENSION vector",
        "CREATE TABLE notes (id int PRIMARY KEY, body text, title text, distance int, v vector(4), "
        "words tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED)",
        "INSERT INTO notes SELECT i, 'note ' || i || repeat(' walrus', (i % 97 = 0)::int * (1 + i % 5)), "
        f"'title ' || i, i, ARRAY[i % 61, i % 47, i % 31, i % 7]::vector FROM generate_series(1, {ROWS}) i",
        "CREATE INDEX notes_v ON notes USING hnsw (v vector_l2_ops)",
        "CREATE INDEX notes_body ON notes USING gin (to_tsvector('english', body))",
        "CREATE TABLE loose (body text, v vector(4))", "VACUUM ANALYZE")


@pytest.fixture(scope="module")
def notes(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("hybrid", fill)) as found:
        yield found


async def test_ranks_are_fused_as_by_hand(notes: Database) -> None:
    async with session_on(notes) as session:
        about = await of(session, "notes.v")
        leg = await text_leg(session, "body", about.shown, about.column.relation_oid, None)
        assert leg.index == "notes_body" and leg.config == "english"
        vector = values.parse("[10,20,30,3]", "vector")
        search = SearchRequest(about, vector, BY_NAME["l2"], k=20)
        wanted = HybridRequest(search, "walrus", leg, Fusion(2.0, 1.0, 60, DEPTH))
        done = await hybrid(session, wanted)
        assert (done.vector_index, done.text_index, done.warnings) == ("notes_v", "notes_body", ())
        assert len(done.rows) == 20 and any(row.text_rank for row in done.rows)
        for row in done.rows:
            by_hand = (2 / (60 + row.vector_rank) if row.vector_rank else 0) \
                + (1 / (60 + row.text_rank) if row.text_rank else 0)
            assert row.score == pytest.approx(by_hand)
        assert [row.score for row in done.rows] == sorted((row.score for row in done.rows), reverse=True)
        with notes.connect() as connection:
            shown = connection.execute(done.sql).fetchall()  # type: ignore[arg-type]
        assert [str(row[0]) for row in shown] == [row.key[0] for row in done.rows]
        by_words = await hybrid(session, replace(wanted, fusion=Fusion(0, 1)))
        assert [row.text_rank for row in by_words.rows] == list(range(1, 21))
        narrow = await hybrid(session, replace(wanted, search=replace(search, where="id < 500")))
        assert narrow.rows and all(int(row.key[0] or 0) < 500 for row in narrow.rows)
        column = await text_leg(session, "words", about.shown, about.column.relation_oid, "simple")
        assert column == TextLeg("words", "simple", None)
        bare = await hybrid(session, replace(wanted, leg=column, words="nosuchword"))
        assert any("no index holds the words" in warning for warning in bare.warnings)
        assert any("no row has the words" in warning for warning in bare.warnings)
        unindexed = await text_leg(session, "title", about.shown, about.column.relation_oid, None)
        assert (await hybrid(session, replace(wanted, leg=unindexed, words="title 77"))).rows
        with pytest.raises(UsageError, match="no column 'nothing'"):
            await text_leg(session, "nothing", about.shown, about.column.relation_oid, None)
        loose = await of(session, "loose.v")
        with pytest.raises(UsageError, match="no key"):
            await hybrid(session, replace(wanted, search=replace(search, subject=loose)))


def test_hybrid_command(notes: Database, tmp_path: Path) -> None:
    config = tmp_path / "dbconsole.toml"
    config.write_text("[embedders.fixed]\ncommand = \"echo '[10, 20, 30, 3]'\"\n")
    arguments = ("--column", "notes.v", "--config", str(config), "--text", "walrus", "--k", "5", "--hybrid", "body")
    done = dbconsole(notes, "search", *arguments, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["text_index_used"] == "notes_body" and len(found["rows"]) == 5
    assert {"score", "vector_rank", "text_rank", "key", "row"} <= found["rows"][0].keys()
    wrong = dbconsole(notes, "search", *arguments, "--weights", "1")
    assert wrong.returncode == 3 and "--weights 2,1" in wrong.stderr
