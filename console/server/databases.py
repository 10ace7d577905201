"""Whole databases: those of a server to choose from, and making and dropping the demo's and throwaway ones."""

from __future__ import annotations

import psycopg
from msgspec import Struct
from psycopg import errors, sql

from console.server.connection import connect
from console.server.faults import translate_errors
from console.server.query import load
from console.server.session import Session
from console.server.target import Target


class Database(Struct, frozen=True):
    """A database that accepts connections and that the role may connect to (pg_database)."""

    name: str
    owner: str
    comment: str | None


DATABASES = load("console.server", "databases", Database)


async def read_databases(session: Session) -> list[Database]:
    """The databases in the order of their names, templates last. Raises ConsoleError."""
    return await session.fetch(DATABASES)


async def create_database(admin: Target, name: str, template: str = "template1") -> bool:
    """Copies `template` to a new database on `admin`'s server; False when it was there. Raises ConsoleError."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    return await _run(admin, statement, errors.DuplicateDatabase, errors.UniqueViolation)


async def _run(admin: Target, statement: sql.Composed, *fine: type[psycopg.Error]) -> bool:
    """Runs one statement outside a transaction; False when it fails in one of the `fine` ways."""
    with translate_errors(admin.label):
        connection = await connect(admin)
        try:
            await connection.execute(statement)
        except fine:
            return False
        finally:
            await connection.close()
    return True
