"""A statement's text to read: never another statement than the one that ran."""

from __future__ import annotations

import pytest

from console.view.statements.text import beginning, tables


def test_the_beginning_of_a_text_of_a_megabyte_is_looked_at() -> None:
    text = "SELECT " + ", ".join(f"column_{number}" for number in range(80_000)) + " FROM t"
    assert len(text) > 1_000_000 and tables(text) == []
    assert tables("SELECT a FROM s.t WHERE b IN (" + "1, " * 300_000 + "1)") == [("s", "t")]


@pytest.mark.parametrize(("text", "expected"), [
    ('WITH x AS (SELECT * FROM s.a), "Y" AS (SELECT 1) SELECT * FROM x, "Y" JOIN B ON true, "C d"."E"',
     [("", "b"), ("C d", "E"), ("s", "a")]),
    ("SELECT e.* FROM document_store.embeddings e ORDER BY e.embedding <=> $1", [("document_store", "embeddings")]),
    ("INSERT INTO t VALUES ($1),($2)", [("", "t")]),
    ("DELETE FROM a USING s.b WHERE a.i = b.i", [("", "a"), ("s", "b")]),
    ("SELECT x <+> y FROM s.vectors JOIN other ON true", [("", "other"), ("s", "vectors")]),
    ("BEGIN", []), ("", []),
    ("SELECT a FROM s.t JOIN \"U\" ON true WHERE b = 'cut of", [("", "U"), ("s", "t")]),
    ("UPDATE s.t SET a = 1 WHERE b IS DISTINCT FROM c AND d = 'cut", [("s", "t")]),
    ("INSERT INTO t SELECT 'FROM x' FROM y ON CONFLICT DO UPDATE SET a = 'cut", [("", "t"), ("", "y")]),
    ("SELECT 1; TRUNCATE a", [("", "a")]), ("SELECT 'FROM a', \"FROM b\" -- FROM c\n", []),
])
def test_the_tables_that_it_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(tables(text)) == expected


def test_the_beginning_leaves_leading_comments_out() -> None:
    assert beginning("/* trace */ -- and\n  SELECT\n 1 /* in it */") == "SELECT 1 /* in it */"
    assert beginning("-- only this") == "-- only this"
