"""The Query screen's words and cells."""

from __future__ import annotations

import pytest

from console.ui import keymap
from console.view import query
from console.view.table import plain

KEY = keymap.default().name


def status(**changes: object) -> str:
    words: dict[str, object] = {"read_only": True, "manual": False, "transaction": "none", "is_old_read_only": False,
                                "open_s": 0.0, "timeout_ms": 5000, "running_s": None, "statement": "", "key": KEY}
    return plain(query.status(**(words | changes)))  # type: ignore[arg-type]


def test_the_status_says_how_statements_are_run() -> None:
    assert status() == " read-only · autocommit · time limit 5.0 s"
    assert status(read_only=False, timeout_ms=0) == " may write · autocommit · time limit none"
    assert status(manual=True, transaction="open", open_s=75.0) == \
        " read-only · manual transactions · in a transaction for 75 s, esc then C or B ends it" \
        " · time limit 5.0 s"
    assert len(status(read_only=False, manual=True, transaction="failed").partition(" · time")[0]) <= 80
    assert "running for 3.0 s, esc cancels: SELECT 1" in status(running_s=3.0, statement="SELECT\n  1")


@pytest.mark.parametrize(("value", "kind", "text", "order"), [
    ("12", "integer", "12", 12.0), ("NaN", "numeric", "NaN", float("inf")), (None, "text", "NULL", None),
    ("", "text", "''", None), ("[3,4]", "vector", "2 d, norm 5  [3,4]", "[3,4]"),
    ("[3,4]", "public.halfvec(2)", "2 d, norm 5  [3,4]", "[3,4]"), ("rubbish", "vector", "rubbish", "rubbish"),
    ("x" * 2000, "text", "x" * 24 + "… 2.0 kB", None)])
def test_cells(value: str | None, kind: str, text: str, order: object) -> None:
    cell = query.cell(value, kind)
    assert cell.text == text
    if order is not None:
        assert cell.order == order


def test_columns_of_the_same_name_are_two() -> None:
    columns = query.columns([("a", "integer"), ("a", "text")])
    assert [(column.key, column.title, column.align) for column in columns] == [("0", "a", "right"), ("1", "a", "left")]


def test_which_rows_these_are() -> None:
    def said(**changes: object) -> str:
        return query.shown_rows(200, **({"more": False, "dropped": 0, "full": False, "given_up": False,
                                         "key": KEY} | changes))  # type: ignore[arg-type]

    assert said() == "200 rows" and said(more=True) == "rows 1 to 200, more below"
    assert "another statement" in said(given_up=True) and "e writes" in said(full=True)
    assert said(dropped=7) == "the first 200 rows; 7 more were not kept"


@pytest.mark.parametrize(("statement", "position", "lines"), [
    ("SELECT x", 8, ["line 1: SELECT x", "               ^"]),
    ("SELECT 1,\n\té FROM t", 11 + 1, ["line 2:  é FROM t", "         ^"]),
    ("SELECT", 7, ["line 1: SELECT", "              ^"]), ("", 1, ["line 1: ", "        ^"])])
def test_where_a_statement_is_wrong(statement: str, position: int, lines: list[str]) -> None:
    assert [plain(pair) for pair in query.pointed(statement, position)] == lines


def test_a_long_line_is_shown_around_its_fault() -> None:
    first, second = (plain(pair) for pair in query.pointed("x" * 5000 + "!" + "y" * 5000, 5001))
    assert len(first) < 130 and first[second.index("^")] == "!"
