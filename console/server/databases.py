"""Making and dropping whole databases: the demo's, and the throwaway ones that prove migrations."""

from __future__ import annotations

import psycopg
from psycopg import errors, sql

from console.server.connection import connect
from console.server.faults import told
from console.server.target import Target


async def create_database(admin: Target, name: str, template: str = "template1") -> bool:
    """Copies `template` to a new database on `admin`'s server; False when it was there. Raises ConsoleError."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    return await _run(admin, statement, errors.DuplicateDatabase, errors.UniqueViolation)


async def drop_database(admin: Target, name: str) -> bool:
    """Drops the database with whoever is connected to it; False when there was none. Raises ConsoleError."""
    return await _run(admin, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)),
                      errors.InvalidCatalogName)


async def _run(admin: Target, statement: sql.Composed, *fine: type[psycopg.Error]) -> bool:
    """Runs one statement outside a transaction; False when it fails in one of the `fine` ways."""
    with told(admin.label):
        connection = await connect(admin)
        try:
            await connection.execute(statement)
        except fine:
            return False
        finally:
            await connection.close()
    return True
