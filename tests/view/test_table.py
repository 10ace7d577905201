"""Ordering and filtering of rows."""

from __future__ import annotations

import pytest

from console.view.table import Cell, Column, Row, Table, filtered, of_column, said_once, sorted_rows, terms

COLUMNS = (Column("name", "name"), Column("size", "size", align="right"))


def table(*rows: tuple[str, int | None]) -> Table:
    return Table(COLUMNS, tuple(Row(name, (Cell(name), Cell("-" if size is None else str(size), order=size)))
                                for name, size in rows))


def keys(of: Table) -> list[str]:
    return [row.key for row in of.rows]


def test_what_every_row_says_is_said_once() -> None:
    columns = (*COLUMNS, Column("user", "user"), Column("query", "query", flexible=True))
    rows = tuple(Row(str(number), (Cell(str(number)), Cell("1"), Cell(user), Cell("SELECT 1")))
                 for number, user in enumerate(("ann", "ann")))
    said = said_once(Table(columns, rows), "user", "size")
    assert [column.is_said for column in said.columns] == [False, True, True, False]
    assert said.columns[-1].title == "query   all: size 1, user ann" and said.rows == rows
    assert [row.key for row in filtered(said, "user:ann").rows] == ["0", "1"]  # and it can be filtered by
    other = (*rows, Row("2", (Cell("2"), Cell("1"), Cell("bob"), Cell("SELECT 1"))))
    assert [column.is_said for column in said_once(Table(columns, other), "user").columns] == [False] * 4
    assert said_once(Table(columns, rows[:1]), "user").columns == columns


def test_numbers_are_ordered_as_numbers_and_the_unknown_comes_last() -> None:
    some = table(("a", 9), ("b", None), ("c", 10), ("d", 9))
    assert keys(sorted_rows(some, "size")) == ["a", "d", "c", "b"]
    assert keys(sorted_rows(some, "size", descending=True)) == ["c", "a", "d", "b"]


def test_text_is_ordered_whatever_its_case() -> None:
    assert keys(sorted_rows(table(("B", 1), ("a", 2), ("C", 3)), "name")) == ["a", "B", "C"]


def test_mixed_orders_do_not_break_it() -> None:
    rows = (Row("1", (Cell("x", order="x"), Cell("1"))), Row("2", (Cell("2", order=2), Cell("1"))))
    assert set(keys(sorted_rows(Table(COLUMNS, rows), "name"))) == {"1", "2"}


def test_an_unknown_column_leaves_the_order() -> None:
    assert keys(sorted_rows(table(("b", 1), ("a", 2)), "nothing")) == ["b", "a"]


def test_a_filter_wants_every_word() -> None:
    some = table(("public.events", 1), ("public.Speakers", 2), ("[/x]", 3))
    assert keys(filtered(some, "PUBLIC speak")) == ["public.Speakers"]
    assert keys(filtered(some, "[/x]")) == ["[/x]"]
    assert filtered(some, "absent").empty == 'nothing matches "absent"'
    assert filtered(some, "  ") is some


PLACES = table(("public.events", 1), ("public.my table", 22), ("[/x]", None))


@pytest.mark.parametrize(("needle", "found"), [
    ("name:events", ["public.events"]),
    ("size:2", ["public.my table"]),
    ("name~^public", ["public.events", "public.my table"]),
    ("/my table/", ["public.my table"]),
    ("/MY T\\w+/ public", ["public.my table"]),
    ('name:"my table"', ["public.my table"]),
    ('"my table"', ["public.my table"]),
    ("!name:public", ["[/x]"]),
    ("!/^public/ !x", []),
    ("/x", ["[/x]"]),
    ("/", ["[/x]"]),
    ("no:such", []),
])
def test_a_filter_may_name_a_column_or_be_a_pattern(needle: str, found: list[str]) -> None:
    assert keys(filtered(PLACES, needle)) == found


@pytest.mark.parametrize("pattern", ["(", "[a", "*", "a{99999999999999999999}", "(?P<x"])
def test_what_is_no_pattern_is_said_to_be_none(pattern: str) -> None:
    for needle in (f"/{pattern}/", f"name~{pattern}", f"!/{pattern}/"):
        none = filtered(PLACES, needle)
        assert none.rows == () and none.empty.startswith(f"{pattern} is no regular expression: ")


def test_a_column_that_there_is_not_is_named() -> None:
    assert filtered(PLACES, "nam:x").empty == 'nothing matches "nam:x"; no column is called nam, there are name, size'
    assert keys(filtered(PLACES, of_column("name", "my table"))) == ["public.my table"]
    assert filtered(PLACES, "name:zz").empty == 'nothing matches "name:zz"'


def test_terms_are_parted_by_white_space_but_within_patterns_and_quotes() -> None:
    assert terms('a  /b c/ d:"e f" !g /h/i "j') == ["a", "/b c/", 'd:"e f"', "!g", "/h/i", '"j']
