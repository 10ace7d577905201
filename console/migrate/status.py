"""Looking at the states of migrations without writing anything."""

from __future__ import annotations

from collections.abc import Sequence

from console.migrate import ledger, state
from console.migrate.files import read_service
from console.migrate.identity import settle
from console.migrate.records import ServiceStatus
from console.server.session import Session
from console.services import Service


async def read_status(session: Session, services: Sequence[Service]) -> tuple[ServiceStatus, ...]:
    """Every service's migrations with their states, in the order of `services`; the ledger is never created.

    Raises FileError for files that can't be made sense of, ServerError when the ledger can't be read.
    """
    rows = await ledger.read(session)
    files = [read_service(service) for service in settle(services, rows)]
    return state.compare_all(files, rows, session.info.extensions)
