"""Names to offer while a person types SQL."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.server.query import load
from console.server.session import Session

MOST = 20_000
"""Relations, and functions, that are read at most."""


class CompletionName(Struct, frozen=True):
    """A schema, a relation or a function (sql/completion_names.sql); `schema` is "" for a schema itself."""

    schema: str
    name: str
    kind: str


class CompletionColumn(Struct, frozen=True):
    """A column of a relation (sql/completion_columns.sql)."""

    schema: str
    relation: str
    name: str
    type: str


NAMES = load("console.catalog", "completion_names", CompletionName)
COLUMNS = load("console.catalog", "completion_columns", CompletionColumn)


async def names(session: Session) -> list[CompletionName]:
    """Schemas, relations and functions that the role may use by name. Raises ConsoleError."""
    return await session.fetch(NAMES, {"most": MOST})


async def columns(session: Session, relations: Sequence[str]) -> list[CompletionColumn]:
    """The columns of all relations with these names. Raises ConsoleError."""
    return await session.fetch(COLUMNS, {"names": list(relations)})
