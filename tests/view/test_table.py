"""Ordering and filtering of rows."""

from __future__ import annotations

from console.view.table import Cell, Column, Row, Table, filtered, sorted_rows

COLUMNS = (Column("name", "name"), Column("size", "size", align="right"))


def table(*rows: tuple[str, int | None]) -> Table:
    return Table(COLUMNS, tuple(Row(name, (Cell(name), Cell("-" if size is None else str(size), order=size)))
                                for name, size in rows))


def keys(of: Table) -> list[str]:
    return [row.key for row in of.rows]


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
