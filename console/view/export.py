"""The rows of a table as a file holds them: CSV or JSON, by the columns' keys.

A figure is the number behind what is shown: bytes, milliseconds or seconds, counts since the reset or in the window; a
rate where the column's key ends in per_s. Everything else is the text that is shown.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain

from console.text.sanitiser import json_escaped
from console.view.table import Cell, Column, Table

Value = str | int | float | None


def csv_chunks(table: Table) -> Iterator[bytes]:
    """RFC 4180 as bytes of UTF-8: the header, then one chunk a row. What the server didn't say is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    header: list[Value] = [column.key for column in table.columns]
    for line in chain([header], (list(map(_value, table.columns, row.cells)) for row in table.rows)):
        writer.writerow(line)
        yield _bytes(text.getvalue())
        text.seek(0)
        text.truncate()


def json_chunks(table: Table) -> Iterator[bytes]:
    """An array of objects, one chunk a row and one that closes it. What the server didn't say is null."""
    keys = [column.key for column in table.columns]
    opening = "[\n"
    for row in table.rows:
        document = dict(zip(keys, map(_value, table.columns, row.cells), strict=True))
        yield _bytes(opening + json_escaped(json.dumps(document, ensure_ascii=False)))
        opening = ",\n"
    yield b"\n]\n" if table.rows else b"[]\n"


def _value(column: Column, cell: Cell) -> Value:
    """What is behind a cell; nothing where the server didn't say, which a cell without text may be sorted as."""
    given = cell.order
    is_blank = cell.text in ("", "-")
    if column.align != "right" or given is None or isinstance(given, str):
        return None if is_blank and given is None else cell.text
    if isinstance(given, dt.datetime):
        return given.isoformat()
    if isinstance(given, Decimal):
        return str(given)
    if not isinstance(given, int | float):
        return cell.text
    return None if not math.isfinite(given) or (is_blank and given < 0) else given


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
