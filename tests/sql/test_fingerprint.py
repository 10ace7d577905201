"""What makes statements alike."""

from __future__ import annotations

import pytest

from console.sql.fingerprint import label, shape


@pytest.mark.parametrize(("text", "other"), [
    ("SELECT * FROM t WHERE id IN ($1, $2, $3)", "select *  from t\nwhere id in ($1)"),
    ("SELECT * FROM t WHERE id IN ($1 /*, ... */)", "SELECT * FROM t WHERE id IN ($1, $2)"),
    ("INSERT INTO t VALUES ($1, $2), ($3, $4)", "INSERT INTO t VALUES ($1, $2)"),
    ("SET x = 'a'", "SET x = 'it''s'"),
    ("SET LOCAL statement_timeout = 5", "set local statement_timeout = 60000"),
    ("/* trace 1 */ SELECT 1", "-- trace 2\nSELECT 2;"),
    ("DO $$ a $$", "DO $x$ b $x$"),
    ("SELECT E'a\\nb', -1.5e3", "SELECT 'x', 7"),
])
def test_alike(text: str, other: str) -> None:
    assert shape(text) == shape(other)


@pytest.mark.parametrize(("text", "other"), [
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT t1.a FROM t1", "SELECT t2.a FROM t2"),
    ('SELECT "A"', 'SELECT "a"'),
    ("SELECT f($1)", "SELECT f($1, a)"),
])
def test_not_alike(text: str, other: str) -> None:
    assert shape(text) != shape(other)


@pytest.mark.parametrize("text", [
    "", "'", "$$", "/*", '"', "SELECT 'unfinished", "IN (" + "$1, " * 50_000, "\0\x1b[31m"], ids=lambda text: text[:9])
def test_any_text_has_a_shape(text: str) -> None:
    assert len(shape(text)) <= 2 * len(text) + 1


@pytest.mark.parametrize(("text", "expected"), [
    ("SELECT  a.x,\n 'a''b', $1 -- x", "select a.x, ?"),
    ("UPDATE t SET a = a + -17 WHERE b=-3;", "update t set a = a + ? where b = ?"),
    ("SELECT x[1]::int FROM t WHERE (f(2) > 1)", "select x [?]::int from t where (f (?) > ?)"),
    ("autovacuum: VACUUM ANALYZE public.t", "autovacuum: vacuum analyze public.t"), ("", "")])
def test_a_label_is_the_shape_as_a_person_writes_it(text: str, expected: str) -> None:
    assert label(text) == expected
