"""A connection as a service's program has one: its own application name, statements with parameters, transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from console.server.connection import connect
from console.server.faults import translate, translate_errors
from console.server.target import Target


class Application:
    """Runs statements for a program that is not the console. Every method raises ConsoleError."""

    def __init__(self, connection: AsyncConnection[Any], target: Target) -> None:
        self._connection = connection
        self._target = target

    async def execute(self, statement: str, params: Mapping[str, Any] | None = None) -> list[Sequence[Any]]:
        """The rows of one statement, none where it gives none."""
        with translate_errors(self._target.label):
            cursor = await self._connection.execute(statement.encode(), params)
            return [] if cursor.description is None else list(await cursor.fetchall())

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """A transaction for as long as the block lasts, rolled back by an exception."""
        with translate_errors(self._target.label):
            async with self._connection.transaction():
                yield


@asynccontextmanager
async def application(target: Target, name: str) -> AsyncIterator[Application]:
    """A connection whose application_name is `name`, closed at the end of the block. Raises ConsoleError."""
    named = replace(target, conninfo=make_conninfo(target.conninfo, application_name=name))
    try:
        connection = await connect(named)
    except (psycopg.Error, OSError) as error:
        raise translate(error, target.label) from error
    try:
        yield Application(connection, target)
    finally:
        await connection.close()
