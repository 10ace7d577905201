"""How much of a table or an index is nothing: estimated from statistics at once, or counted by pgstattuple."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from console.errors import Missing
from console.metrics.records.tables import BloatEstimate, IndexLeaves, TableTuples
from console.server.query import Query, load
from console.server.session import PgSession, Session

R = TypeVar("R")

TABLE_BLOAT = load("console.metrics", "table_bloat", BloatEstimate)
INDEX_BLOAT = load("console.metrics", "index_bloat", BloatEstimate)
TABLE_TUPLES = load("console.metrics", "table_tuples", TableTuples)
INDEX_LEAVES = load("console.metrics", "index_leaves", IndexLeaves)

COUNTING_MS = 30 * 60_000
"""The statement timeout of what reads every page: somebody has asked for it, and can cancel it."""


async def estimate(session: Session, query: Query[BloatEstimate], oid: int) -> BloatEstimate:
    """By TABLE_BLOAT or INDEX_BLOAT. Raises ConsoleError, Missing where the relation is gone."""
    return _only(await session.fetch(query, {"oid": oid}))


async def count(session: Session, query: Query[R], oid: int) -> R:
    """By TABLE_TUPLES or INDEX_LEAVES; cancelling it cancels the statement.

    Raises ConsoleError: Missing without the extension, Denied without pg_stat_scan_tables.
    """
    if isinstance(session, PgSession):
        session = PgSession(session.connection, session.info,
                            replace(session.target, statement_timeout_ms=COUNTING_MS))
    return _only(await session.fetch(query, {"oid": oid}))


def _only(rows: list[R]) -> R:
    if not rows:
        raise Missing("it is no longer there", hint="somebody dropped it")
    return rows[0]
