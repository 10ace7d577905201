"""The databases of a server, to choose another one from."""

from __future__ import annotations

from dataclasses import dataclass

from console.server.query import load
from console.server.session import Session


@dataclass(frozen=True, slots=True)
class Database:
    """A database that accepts connections and that the role may connect to (pg_database)."""

    name: str
    owner: str
    comment: str | None


DATABASES = load("console.server", "databases", Database)


async def read_databases(session: Session) -> list[Database]:
    """The databases in the order of their names, templates last. Raises ConsoleError."""
    return await session.fetch(DATABASES)
