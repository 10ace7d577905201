"""Values of the server as Python's: loaders that go by what the preamble pins, and what none of them can read."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from msgspec.structs import force_setattr
from psycopg import AsyncCursor
from psycopg.adapt import AdaptersMap, Loader, Transformer
from psycopg.pq import Format

from console.redaction import masked

R = TypeVar("R")

SHOWN_CHARACTERS = 60


class LenientText(Loader):
    """Text that is not valid in the connection's encoding (a SQL_ASCII database) with U+FFFD instead of an error."""

    def load(self, data: Any) -> str:
        return str(data, "utf-8", "replace")


def _as_pinned(name: str) -> type[Loader]:
    """psycopg's own loader of a type, for values as DateStyle ISO and IntervalStyle postgres write them.

    psycopg goes by what the server reported for the session, which is not what holds within our transactions.
    """
    own = psycopg.adapters.get_loader(psycopg.adapters.types[name].oid, Format.TEXT)

    class Pinned(Loader):
        def __new__(cls, oid: int, context: Any = None) -> Any:
            assert own is not None
            return own(oid, None)

    return Pinned


def _records_adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for name in ("text", "varchar", "bpchar", "name"):
        adapters.register_loader(name, LenientText)
    adapters.register_loader(0, LenientText)
    for name in ("date", "timestamp", "timestamptz", "interval"):
        adapters.register_loader(name, _as_pinned(name))
    return adapters


RECORDS = _records_adapters()
"""psycopg's types, with lenient text and dates in ISO form: for our own reads."""


async def load_rows(cursor: AsyncCursor[R]) -> list[R]:
    """The rows of a cursor. Raises psycopg.DataError that names the column and the value that no loader can read.

    Such are instants that Python's calendar has not: infinity, years before 1 and after 9999.
    """
    try:
        rows = await cursor.fetchall()
    except Exception as error:
        if (unreadable := _unreadable(cursor)) is None:
            raise
        raise psycopg.DataError(unreadable) from error
    for name in CONFIDED.intersection(column.name for column in cursor.description or ()):
        for row in rows:
            if (value := getattr(row, name)) is not None and (shown := _masked(value)) != value:
                force_setattr(row, name, shown)  # type: ignore[arg-type]
    return rows


CONFIDED = frozenset(("application", "blockers", "setting", "reset_setting"))
"""Columns in which people put connection strings with passwords: application_name, primary_conninfo and the like."""


def _masked(value: Any) -> Any:
    return [masked(text) for text in value] if isinstance(value, list) else masked(value)


def _unreadable(cursor: AsyncCursor[Any]) -> str | None:
    """What can't be read of a result; None when every value can."""
    result = cursor.pgresult
    if result is None:
        return None
    transformer = Transformer.from_context(cursor)
    for number in range(result.nfields):
        load = transformer.get_loader(result.ftype(number), Format(result.fformat(number))).load
        for row in range(result.ntuples):
            value = result.get_value(row, number)
            try:
                if value is not None:
                    load(value)
            except Exception as error:
                name = (result.fname(number) or b"").decode("utf-8", "replace")
                shown = bytes(value or b"").decode("utf-8", "replace")
                if len(shown) > SHOWN_CHARACTERS:
                    shown = f"{shown[:SHOWN_CHARACTERS]}…"
                return f"the column {name} holds {shown!r}, which can't be read: {error}"
    return None
