"""Statements out of scripts: PostgreSQL's lexical rules, held against its own parser."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import postgast
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.resources import shipped
from console.sql.splitter import LineIndex, copies_to_client, split
from console.sql.tokens import SqlFault, first_words


def texts(script: str) -> list[str]:
    return [statement.sql for statement in split(script)]


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
    first, second = split("-- head\n\n  SELECT 1;\n/* é */ SELECT\n 2;", first_line=10)
    assert (first.line, first.column, second.line, second.column) == (12, 3, 13, 9)
    assert second.sql == "SELECT\n 2"
    assert second.words == ("SELECT", "2")


@pytest.mark.parametrize(("script", "line", "words"), [
    ("SELECT 1;\n\\connect other\n", 2, r"\connect is a command of psql"),
    ("CREATE TABLE t ();\nCOPY t FROM STDIN;\n1\t2\n\\.\n", 2, "COPY between server and client"),
    ("SELECT 1;\nSELECT 'open", 2, "this string never ends"),
    ("DO $x$ BEGIN END $$;", 1, "the text quoted by $x$ never ends"),
    ("/* /* */", 1, "this comment never ends"),
    ('SELECT 1,\n "a', 2, "this identifier never ends"),
])
def test_what_is_no_sql_is_refused_with_its_line(script: str, line: int, words: str) -> None:
    with pytest.raises(SqlFault) as caught:
        texts(script)
    assert LineIndex(script).place(caught.value.offset)[0] == line
    assert words in caught.value.summary
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
        found = split(script)
    except SqlFault as error:
        assert 0 <= error.offset < len(script)
        return
    for statement in found:
        assert script[statement.offset:statement.offset + len(statement.sql)] == statement.sql
    for before, after in pairwise(found):
        assert ";" in script[before.offset + len(before.sql):after.offset]


@pytest.mark.parametrize(("sql", "expected"), [
    ("COPY t FROM STDIN", True), ("copy s.t (a, b) from stdin with (format csv)", True), ("COPY t TO STDOUT", True),
    ("COPY (SELECT a FROM b) TO STDOUT", True), ("COPY t FROM '/tmp/x'", False), ("COPY t TO PROGRAM 'x'", False),
    ("COPY (SELECT 'FROM STDIN' FROM stdin) TO '/tmp/x'", False), ("SELECT 'COPY t FROM STDIN'", False),
    ('COPY "from" FROM \'stdin\'', False), ("COPY t (a) FROM /* x */ STDIN", True),
])
def test_what_wants_a_client(sql: str, expected: bool) -> None:
    assert copies_to_client(sql) is expected


def test_splitting_is_linear() -> None:
    """Twice the text takes about twice the steps: each character is looked at a bounded number of times."""
    rows = "INSERT INTO s.t (a, b) VALUES " + ", ".join("(1, 'it''s', E'\\'x', $$y$$)" for _ in range(20)) + ";\n"
    big = "INSERT INTO t VALUES " + ", ".join("(1, 'a;b')" for _ in range(30_000)) + ";\n"

    def seconds(text: str) -> float:
        began = time.process_time()
        assert split(text)
        return time.process_time() - began

    rule = "CREATE RULE r AS ON UPDATE TO t DO (SELECT 1; SELECT 2);\n"
    for unit, times in ((rows, 300), (big, 1), ("SELECT 1;\n", 25_000), (rule, 2_500),
                        ("/* " * 3 + " */" * 3 + "SELECT 1;", 12_000)):
        text = unit * times
        small, large = seconds(text), seconds(text * 4)
        assert large < 12 * small + 0.2, (unit[:30], small, large)


def test_five_megabytes_are_split_in_time() -> None:
    """A dump's INSERTs: a quarter of a second on an idle machine; what is quadratic takes minutes."""
    text = "INSERT INTO s.t (a, b) VALUES (1, 'it''s a row'), (2, 'another -- one; here');\n" * 65_000
    assert len(text) > 5_000_000
    began = time.process_time()
    found = split(text)
    assert len(found) == 65_000 and found[-1].line == 65_000
    assert time.process_time() - began < 15


def test_the_first_words_are_known_without_the_rest() -> None:
    assert first_words("insert into t values (1)" + ", (1)" * 1_000_000, 2) == ("INSERT", "INTO")
