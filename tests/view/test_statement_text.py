"""A statement's text to read: never another statement than the one that ran."""

from __future__ import annotations

import re

import pytest

from console.view.statements.text import beginning, formatted, tables

STATEMENTS = [
    "SELECT id FROM s.documents WHERE embedding <=> $1 < 0.2 ORDER BY embedding <-> $2 LIMIT $3",
    "select a::int, b->>'x', c #> '{a}', d @> e, h <#> i, l ~* 'x', x != 3 from only t where t.a = any($1::int[])",
    "INSERT INTO t (a, b) VALUES ($1,$2),($3,$4) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING id",
    "SELECT * FROM w WHERE c IN ($1 /*, ... */)", "VACUUM ANALYZE x", "BEGIN", "SET LOCAL x = $1", "",
    'SELECT "Weird $1", \'a $2 b\', E\'\\n\' FROM "Sch ema"."T$1" -- over',
    "SELECT now() - interval '1 day', current_date, x IS NOT DISTINCT FROM y, a->'b', '{}'::jsonb ? 'c'",
    "<insufficient privilege>", "DO $$ BEGIN RAISE NOTICE '%', $1; END $$", "SELECT 'unfinished", "(" * 5000,
    "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", "SELECT 1; SELECT 2", "COPY t TO STDOUT",
    "SELECT U&'\\0041', B'01', $tag$ it's $tag$, 1e5, .5", "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
]


def significant(text: str) -> list[str]:
    plain = re.sub(r"/\*.*?\*/|--[^\n]*", " ", text, flags=re.DOTALL)
    return [token for token in re.findall(r"'[^']*'|\"[^\"]*\"|\$\d+|[\w.]+|[-+*/<>=~!@#%^&|?]+", plain.lower())
            if token not in ("as", "cast")]


@pytest.mark.parametrize("text", STATEMENTS, ids=lambda text: text[:24])
def test_formatting_changes_no_word(text: str) -> None:
    assert significant(formatted(text).replace("!=", "<>")) == significant(text.replace("!=", "<>"))


def test_formatted_by_sqlglot_where_that_is_the_same() -> None:
    assert formatted("update t set a = a + $1 where id = $2 and b = $3") == (
        "UPDATE t SET a = a + $1\nWHERE\n  id = $2 AND b = $3")
    assert "<=>" in formatted(STATEMENTS[0]) and "DISTINCT" not in formatted(STATEMENTS[0])


def test_a_text_of_a_megabyte_stays_as_it_is() -> None:
    text = "SELECT " + ", ".join(f"column_{number}" for number in range(80_000))
    assert len(text) > 1_000_000 and formatted(text) == text and tables(text) == []


@pytest.mark.parametrize(("text", "expected"), [
    ('WITH x AS (SELECT * FROM s.a), "Y" AS (SELECT 1) SELECT * FROM x, "Y" JOIN B ON true, "C d"."E"',
     [("", "b"), ("C d", "E"), ("s", "a")]),
    ("SELECT e.* FROM document_store.embeddings e ORDER BY e.embedding <=> $1", [("document_store", "embeddings")]),
    ("INSERT INTO t VALUES ($1),($2)", [("", "t")]),
    ("DELETE FROM a USING s.b WHERE a.i = b.i", [("", "a"), ("s", "b")]),
    ("SELECT x <+> y FROM s.vectors JOIN other ON true", [("", "other"), ("s", "vectors")]),
    ("BEGIN", []), ("", []),
])
def test_the_tables_that_it_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(tables(text)) == expected


def test_the_beginning_leaves_leading_comments_out() -> None:
    assert beginning("/* trace */ -- and\n  SELECT\n 1 /* in it */") == "SELECT 1 /* in it */"
    assert beginning("-- only this") == "-- only this"
