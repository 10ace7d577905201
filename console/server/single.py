"""One connection without a pool: for a command that asks something and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from console import waiting
from console.errors import Unreachable
from console.server.connection import connect
from console.server.faults import translate
from console.server.session import FIRST_ANSWER_WITHIN_S, PgSession, bounded, read_info
from console.server.target import Target
from console.text import format as fmt


@asynccontextmanager
async def single_session(target: Target, within_s: float | None = None) -> AsyncIterator[PgSession]:
    """A session on a connection of its own, closed at the end of the block.

    Raises ConsoleError; Unreachable also when connecting and the first answer take more than `within_s` seconds, by
    default what the target allows for connecting and the command's deadline, or FIRST_ANSWER_WITHIN_S.
    """
    started = time.perf_counter()
    try:
        connection = await asyncio.wait_for(connect(target), within_s)
    except TimeoutError:
        raise Unreachable(f"{target.label}: no connection in {fmt.duration(within_s)}",
                          hint="check host, port and firewall; the server may be stopped or overloaded") from None
    except (psycopg.Error, OSError) as error:
        raise translate(error, target.label) from error
    try:
        left_s = waiting.limit_s() or FIRST_ANSWER_WITHIN_S
        if within_s is not None:
            left_s = within_s - (time.perf_counter() - started)
        info = await bounded(read_info(connection, target), connection, left_s, target.label)
        yield PgSession(connection, info, target)
    finally:
        await connection.close()
