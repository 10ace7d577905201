"""Looking at the states of migrations without writing anything."""

from __future__ import annotations

from collections.abc import Sequence

from console.migrate import ledger, state, tenants
from console.migrate.files import read_services
from console.migrate.identity import settle
from console.migrate.records import ServiceStatus
from console.server.session import Session
from console.services import Service


async def read_status(session: Session, services: Sequence[Service]) -> tuple[ServiceStatus, ...]:
    """Every service's migrations with their states, in the order of `services`; the ledger is never created.

    Raises FileError for files that can't be made sense of, ServerError when the ledger can't be read.
    """
    rows = await ledger.read(session)
    services = settle(await tenants.expanded(session, services), rows)
    return state.compare_all(read_services(services), rows, session.info.extensions)
