"""Statements out of scripts: PostgreSQL's lexical rules, held against its own parser."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import postgast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.migrate.faults import FileError
from console.migrate.records import Script
from console.resources import shipped
from console.sql.splitter import split


def texts(script: str) -> list[str]:
    return [statement.sql for statement in split(Script(Path("x.sql"), script))]


@pytest.mark.parametrize(("script", "expected"), [
    ("", []),
    (" ;; -- nothing\n ; /* ; */", []),
    ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
    ("SELECT 'a;''b'; SELECT E'\\';'", ["SELECT 'a;''b'", "SELECT E'\\';'"]),
    ("SELECT 'a\\'; SELECT 2", ["SELECT 'a\\'", "SELECT 2"]),
    ('SELECT "a;""b"; SELECT U&"c;"', ['SELECT "a;""b"', 'SELECT U&"c;"']),
    ("DO $$ BEGIN; END $$; SELECT $a$ $$; $b$ $a$", ["DO $$ BEGIN; END $$", "SELECT $a$ $$; $b$ $a$"]),
    ("SELECT a$b$c; SELECT $1", ["SELECT a$b$c", "SELECT $1"]),
    ("/* /* ; */ ; */ SELECT 1 -- ;\n, 2; SELECT 3", ["SELECT 1 -- ;\n, 2", "SELECT 3"]),
    ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
     ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"]),
    ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
     ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"]),
    ("SELECT 1 AS begin; SELECT 2 AS atomic", ["SELECT 1 AS begin", "SELECT 2 AS atomic"]),
    ("SELECT 'naïve';\r\nSELECT '日本'", ["SELECT 'naïve'", "SELECT '日本'"]),
    ("SELEC 1; SELECT 2)", ["SELEC 1", "SELECT 2)"]),
])
def test_statements(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_places_are_those_of_the_file() -> None:
    first, second = split(Script(Path("x.sql"), "-- head\n\n  SELECT 1;\n/* é */ SELECT\n 2;", first_line=10))
    assert (first.line, first.column, second.line, second.column) == (12, 3, 13, 9)
    assert second.sql == "SELECT\n 2"
    assert second.head == ("SELECT", "2")


@pytest.mark.parametrize(("script", "line", "words"), [
    ("SELECT 1;\n\\connect other\n", 2, r"\connect is a command of psql"),
    ("CREATE TABLE t ();\nCOPY t FROM STDIN;\n1\t2\n\\.\n", 2, "COPY between server and client"),
    ("SELECT 1;\nSELECT 'open", 2, "this string never ends"),
    ("DO $x$ BEGIN END $$;", 1, "the text quoted by $x$ never ends"),
    ("/* /* */", 1, "this comment never ends"),
    ('SELECT 1,\n "a', 2, "this identifier never ends"),
])
def test_what_is_no_sql_is_refused_with_its_line(script: str, line: int, words: str) -> None:
    with pytest.raises(FileError) as caught:
        texts(script)
    assert caught.value.line == line
    assert words in caught.value.message
    assert caught.value.hint


def stripped(text: str) -> str:
    """Without leading comments, which the parser counts to the statement."""
    tokens = postgast.scan(text).tokens
    first = next((token for token in tokens if token.token not in _COMMENTS), None)
    return text.encode()[first.start if first else 0:].decode().strip()


_COMMENTS = {postgast.pg_query_pb2.Token.Value("SQL_COMMENT"), postgast.pg_query_pb2.Token.Value("C_COMMENT")}


@pytest.mark.parametrize("path", sorted(shipped("migrations").rglob("*.sql")), ids=lambda path: path.stem)
def test_the_shipped_files_split_as_the_parser_splits_them(path: Path) -> None:
    script = path.read_text("utf-8")
    assert texts(script) == [stripped(part) for part in postgast.split(script)]


PIECES = st.sampled_from(["'", "''", '"', "$$", "$a$", "/*", "*/", "--", "\n", ";", "(", ")", "e'", "\\", "a", " "])


@given(st.lists(PIECES, max_size=25).map("".join))
def test_any_text_is_split_or_refused_and_nothing_is_lost(script: str) -> None:
    try:
        found = split(Script(Path("x.sql"), script))
    except FileError as error:
        assert error.line is not None
        return
    for statement in found:
        assert script[statement.offset:statement.offset + len(statement.sql)] == statement.sql
    for before, after in pairwise(found):
        assert ";" in script[before.offset + len(before.sql):after.offset]
