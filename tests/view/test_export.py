"""A table as a file: texts as they are shown, figures as the numbers behind them, what nobody knows as nothing."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pytest

from console.view.export import csv_chunks, json_chunks
from console.view.table import Cell, Column, Row, Table
from tests.support.builders import HOSTILE

NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
COLUMNS = (Column("name", "Name"), Column("letter", ""), Column("age", "age", align="right"))


@pytest.mark.parametrize("name", [*HOSTILE, 'a,"b"', "two\r\nlines", "", "\udcff"])
def test_both_formats_give_back_what_was_shown(name: str) -> None:
    table = Table(COLUMNS, (Row("1", (Cell(name), Cell("W"), Cell("0 s", order=0))),
                            Row("2", (Cell("x"), Cell("-"), Cell("-")))))
    told = name.encode("utf-8", "replace").decode()
    rows = list(csv.reader(io.StringIO(b"".join(csv_chunks(table)).decode(), newline="")))
    assert rows == [["name", "letter", "age"], [told, "W", "0"], ["x", "", ""]]
    assert json.loads(b"".join(json_chunks(table))) == [
        {"name": name or None, "letter": "W", "age": 0}, {"name": "x", "letter": None, "age": None}]


@pytest.mark.parametrize(("cell", "value"), [
    (Cell("3.7 ms", order=3.7123), 3.7123), (Cell("", order=0), 0), (Cell("12", order=True), True),
    (Cell("-", order=-1.0), None), (Cell("", order=-1.0), None), (Cell("never", order=float("inf")), None),
    (Cell("-", order=None), None), (Cell("-5 kB", order=-5120), -5120), (Cell("2 min", order=NOON), NOON.isoformat()),
    (Cell("1", order=Decimal("1.10")), "1.10"), (Cell("b", order=(1, 2)), "b")])
def test_a_figure_is_the_number_behind_it(cell: Cell, value: object) -> None:
    (row,) = json.loads(b"".join(json_chunks(Table((Column("x", "x", "right"),), (Row("1", (cell,)),)))))
    assert row == {"x": value}


def test_no_row_is_a_header_or_an_empty_array() -> None:
    assert b"".join(csv_chunks(Table(COLUMNS))) == b"name,letter,age\r\n"
    assert json.loads(b"".join(json_chunks(Table(COLUMNS)))) == []
