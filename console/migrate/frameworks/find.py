"""Which tables could be another framework's ledger. Alone in a module: `migrate status` asks it of every database."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from console.server.query import load
from console.server.session import Session


class LedgerCandidate(Struct, frozen=True):
    """A table whose name or columns make it worth a look (sql/find_ledgers.sql).

    `columns` are in table order and `types` belong to them (format_type). `lock_pid` is another session that
    holds `lock_mode` on the table since `locked_at`, which nobody but a migration takes on a ledger.
    """

    schema: str
    table: str
    columns: list[str]
    types: list[str]
    rows_estimate: float | None
    may_use_schema: bool
    may_select: bool
    grant: str
    lock_pid: int | None
    lock_mode: str | None
    lock_application: str | None
    locked_at: dt.datetime | None


FIND = load("console.migrate.frameworks", "find_ledgers", LedgerCandidate)


async def candidates(session: Session) -> list[LedgerCandidate]:
    """The tables worth a look. Raises ConsoleError when the catalog can't be read."""
    return await session.fetch(FIND)
