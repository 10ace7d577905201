"""The rows of a table as a file holds them: CSV or JSON, by the columns' keys, with the text that is shown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import chain

from console.text.sanitiser import json_escaped
from console.view.table import Cell, Table


def csv_chunks(table: Table) -> Iterator[bytes]:
    """RFC 4180 as bytes of UTF-8: the header, then one chunk a row. What the server didn't say is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    header: list[str | None] = [column.key for column in table.columns]
    for line in chain([header], ([_value(cell) for cell in row.cells] for row in table.rows)):
        writer.writerow(line)
        yield _bytes(text.getvalue())
        text.seek(0)
        text.truncate()


def json_chunks(table: Table) -> Iterator[bytes]:
    """An array of objects, one chunk a row and one that closes it. What the server didn't say is null."""
    keys = [column.key for column in table.columns]
    opening = "[\n"
    for row in table.rows:
        document = dict(zip(keys, map(_value, row.cells), strict=True))
        yield _bytes(opening + json_escaped(json.dumps(document, ensure_ascii=False)))
        opening = ",\n"
    yield b"\n]\n" if table.rows else b"[]\n"


def _value(cell: Cell) -> str | None:
    return None if cell.order is None and cell.text in ("", "-") else cell.text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
