"""Values of rows as cells."""

from __future__ import annotations

import pytest

from console.view.catalog import values
from tests.support.catalog import column


@pytest.mark.parametrize(("value", "note", "shown"), [
    (None, None, "NULL"), ("NULL", None, "'NULL'"), ("", None, "''"), ("''", None, "''"), ("NaN", None, "NaN"),
    ("x" * 300, "10485760", f"{'x' * 24}… 10 MB"), ("x" * 300, "400", f"{'x' * 300}…"),
    (None, "-10485760", "(10 MB: open the row)"),
    ("[0.1,0.2", "384:1.0", "384 d, norm 1  [0.1,0.2"), ("[0.1", "3:NaN", "3 d, norm -  [0.1")])
def test_a_value_says_what_it_is(value: str | None, note: str | None, shown: str) -> None:
    assert values.cell(value, note).text == shown


def test_null_and_empty_look_different_from_text() -> None:
    assert values.cell(None).tone and values.cell("").tone and not values.cell("text").tone


def test_numbers_are_right_aligned_and_a_short_key_stays() -> None:
    columns = values.columns([column(1, "id", "int4"), column(2, "name")], ("id",))
    assert [(column.align, column.fixed) for column in columns] == [("right", True), ("left", False)]
    long_key = values.columns([column(1, "a"), column(2, "b"), column(3, "c")], ("a", "b", "c"))
    assert not any(column.fixed for column in long_key)
