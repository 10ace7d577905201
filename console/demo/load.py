"""The sample data into the demo's database: once, whole or not at all.

One transaction holds the rows and the database's comment that says they are there; it waits for another process that
does the same. Whatever ends it early leaves the tables as empty as they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from console.demo import sample
from console.demo.marker import MARKER, TITLE, VERSION
from console.server.copy import copy_rows
from console.server.query import load
from console.server.script import ScriptSession
from console.sql.quoting import identifier, literal

LOAD_KEY = int.from_bytes(b"dbcsampl", "big")
BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    f"SELECT pg_catalog.pg_advisory_xact_lock({LOAD_KEY})",
)


class FinishingStatement(Struct, frozen=True):
    """sql/finishing.sql as it comes."""

    statement: str


class LoadReport(Struct, frozen=True):
    """`rows` that were copied, without those that triggers wrote, and how many seconds all took."""

    rows: int
    duration_s: float


_FINISHING = load("console.demo", "finishing", FinishingStatement)


async def load_sample(session: ScriptSession, report: Callable[[str], None]) -> LoadReport | None:
    """Loads the sample data; None where another process has done it meanwhile. Raises ConsoleError."""
    started = time.perf_counter()
    try:
        await session.execute(*BEGIN)
        (found,) = await session.fetch_here(MARKER)
        if found.is_there:
            await session.execute("ROLLBACK")
            return None
        report("loading sample data")
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        count = 0
        for table in sample.tables(now):
            schema, _, name = table.table.partition(".")
            count += await copy_rows(session, schema, name, table.columns, table.rows)
        for statement in (*sample.CHANGES, *(item.statement for item in await session.fetch_here(_FINISHING))):
            await session.execute(statement)
        database = identifier(session.info.database)
        await session.execute(f"COMMENT ON DATABASE {database} IS {literal(f'{TITLE}{VERSION}')}", "COMMIT")
    except BaseException:
        # The session is this load's own, and its end rolls back; a cancelled COPY leaves it in no other state.
        await session.connection.close()
        raise
    return LoadReport(count, time.perf_counter() - started)
