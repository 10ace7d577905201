"""The event log: everything that was done or tried, rollbacks included."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from console.server.query import load
from console.server.session import Session


class LedgerEvent(Struct, frozen=True):
    """A line of dbconsole.migration_event (sql/events.sql).

    `event` is applied, reverted, failed, interrupted or a repair's; without a migration it is about all of them.
    """

    at: dt.datetime
    service: str | None
    version: str | None
    name: str | None
    event: str
    detail: str | None
    duration_ms: float | None
    database_user: str
    os_user: str
    host: str
    application: str
    tool_version: str


EVENTS = load("console.migrate", "events", LedgerEvent)


async def read_events(session: Session, service: str | None = None, version: str | None = None) -> list[LedgerEvent]:
    """The newest 500 events, newest first; none where there is no ledger. Raises ConsoleError."""
    if not session.info.ledger_exists:
        return []
    return await session.fetch(EVENTS, {"service": service, "version": version})
