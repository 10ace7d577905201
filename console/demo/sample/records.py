"""What a service's generator hands over: the rows of a table, in an order that foreign keys allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from console.server.copy import Range


class SampleRows(Struct, frozen=True):
    """Rows of `table` (schema.table), values in the order of `columns`; to be gone through once."""

    table: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


def rows(table: str, columns: str, values: Iterable[Sequence[Any]]) -> SampleRows:
    """Rows with their columns written as one string of names."""
    return SampleRows(table, tuple(columns.split()), values)


__all__ = ["Range", "SampleRows", "rows"]
