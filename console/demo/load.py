"""The sample data into the demo's database: once, whole or not at all.

One transaction holds the rows and the database's comment that says they are there; it waits for another process that
does the same. Whatever ends it early leaves the tables as empty as they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.demo import sample
from console.server.copy import copy_rows
from console.server.query import load as load_query
from console.server.script import ScriptSession
from console.server.session import Session

MARKER = f"dbconsole demo, sample data {sample.VERSION}"
LOAD_KEY = int.from_bytes(b"dbcsampl", "big")
BEGIN = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL lock_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    f"SELECT pg_catalog.pg_advisory_xact_lock({LOAD_KEY})",
)


@dataclass(frozen=True, slots=True)
class SampleMarker:
    """sql/sample_marker.sql as it comes."""

    comment: str | None


@dataclass(frozen=True, slots=True)
class FinishingStatement:
    """sql/finishing.sql as it comes."""

    statement: str


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`rows` that were copied, without those that triggers wrote, and how many seconds all took."""

    rows: int
    duration_s: float


_MARKER = load_query("console.demo", "sample_marker", SampleMarker)
_FINISHING = load_query("console.demo", "finishing", FinishingStatement)


async def is_loaded(session: Session) -> bool:
    """Whether sample data, of whichever version, is in this database. Raises ConsoleError."""
    (found,) = await session.fetch(_MARKER)
    return _says_so(found.comment)


async def load_sample(session: ScriptSession, report: Callable[[str], None]) -> LoadReport | None:
    """Loads the sample data; None where another process has done it meanwhile. Raises ConsoleError."""
    started = time.perf_counter()
    try:
        await session.execute(*BEGIN)
        (found,) = await session.fetch_here(_MARKER)
        if _says_so(found.comment):
            await session.execute("ROLLBACK")
            return None
        report("loading sample data")
        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        count = 0
        for table in sample.tables(now):
            schema, _, name = table.table.partition(".")
            count += await copy_rows(session, schema, name, table.columns, table.rows)
        for statement in (*sample.CHANGES, *(one.statement for one in await session.fetch_here(_FINISHING))):
            await session.execute(statement)
        await session.execute(f"COMMENT ON DATABASE {_quoted(session.info.database)} IS '{MARKER}'", "COMMIT")
    except BaseException:
        # The session is this load's own, and its end rolls back; a cancelled COPY leaves it in no other state.
        await session.connection.close()
        raise
    return LoadReport(count, time.perf_counter() - started)


def _says_so(comment: str | None) -> bool:
    return (comment or "").startswith(MARKER.rstrip("0123456789"))


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
