"""A table as a file: what is shown, exactly, and what nobody knows as nothing."""

from __future__ import annotations

import csv
import io
import json

import pytest

from console.view.export import csv_chunks, json_chunks
from console.view.table import Cell, Column, Row, Table
from tests.support.builders import HOSTILE

COLUMNS = (Column("name", "Name"), Column("letter", ""), Column("age", "age", align="right"))


@pytest.mark.parametrize("name", [*HOSTILE, 'a,"b"', "two\r\nlines", "", "\udcff"])
def test_both_formats_give_back_what_was_shown(name: str) -> None:
    table = Table(COLUMNS, (Row("1", (Cell(name), Cell("W"), Cell("0 s", order=0))),
                            Row("2", (Cell("x"), Cell("-"), Cell("-")))))
    told = name.encode("utf-8", "replace").decode()
    rows = list(csv.reader(io.StringIO(b"".join(csv_chunks(table)).decode(), newline="")))
    assert rows == [["name", "letter", "age"], [told, "W", "0 s"], ["x", "", ""]]
    assert json.loads(b"".join(json_chunks(table))) == [
        {"name": name or None, "letter": "W", "age": "0 s"}, {"name": "x", "letter": None, "age": None}]


def test_no_row_is_a_header_or_an_empty_array() -> None:
    assert b"".join(csv_chunks(Table(COLUMNS))) == b"name,letter,age\r\n"
    assert json.loads(b"".join(json_chunks(Table(COLUMNS)))) == []
