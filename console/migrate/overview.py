"""Everything that a look at migrations shows, read at once: own services, other frameworks' ledgers, the event log."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, Unreachable
from console.migrate import ledger, state, tenants
from console.migrate.files import is_foreign, read_services
from console.migrate.frameworks.claims import marked, read_claims
from console.migrate.frameworks.entries import read_entries
from console.migrate.frameworks.records import LedgerEntry
from console.migrate.history import LedgerEvent, read_events
from console.migrate.identity import Read, settled
from console.migrate.records import LedgerRow, ServiceFiles, ServiceStatus
from console.server.session import Session
from console.services import Service


class Overview(Struct, frozen=True):
    """One look. `broken` are services whose files or ledger can't be read, with the reason; `events` newest first."""

    statuses: tuple[ServiceStatus, ...]
    entries: tuple[LedgerEntry, ...]
    broken: tuple[tuple[Service, ConsoleError], ...]
    events: tuple[LedgerEvent, ...]
    foreign_error: ConsoleError | None = None


async def read_overview(session: Session, services: Sequence[Service]) -> Overview:
    """Reads it, files in a thread; the ledger is never created. What is wrong with one service stays its own.

    Raises Unreachable when the server is gone.
    """
    own = [service for service in services if not is_foreign(service)]
    foreign_error: ConsoleError | None = None
    entries: Sequence[LedgerEntry] = ()
    try:
        entries = await read_entries(session, services, everything=True)
    except Unreachable:
        raise
    except ConsoleError as error:
        foreign_error = error
    try:
        rows, events = await ledger.read(session), await read_events(session)
    except Unreachable:
        raise
    except ConsoleError as error:
        return Overview((), tuple(entries), tuple((service, error) for service in own), (), foreign_error)
    own = [*await tenants.expanded(session, own)]
    statuses, broken = await asyncio.to_thread(_compared, own, rows, session.info.extensions)
    beside = [service for service in services if is_foreign(service)]
    claims = await read_claims(session, [status.service for status in statuses], rows, beside) \
        if entries and not foreign_error else {}
    statuses = tuple(marked(status, claims.get(status.service.name)) for status in statuses)
    shown = {entry.service for entry in entries}
    kept = tuple(status for status in statuses if status.migrations or status.service.folder is not None
                 or status.service.name not in shown)
    return Overview(kept, tuple(entries), broken, tuple(events), foreign_error)


def _families(services: Sequence[Service]) -> Sequence[Sequence[Service]]:
    """The services one by one, the tenants of one together."""
    found: dict[str, list[Service]] = {}
    for service in services:
        found.setdefault(service.family, []).append(service)
    return [*found.values()]


def _compared(services: Sequence[Service], rows: Sequence[LedgerRow], extensions: Collection[str]
              ) -> tuple[tuple[ServiceStatus, ...], tuple[tuple[Service, ConsoleError], ...]]:
    histories: dict[str, list[LedgerRow]] = {}
    for row in rows:
        histories.setdefault(row.service, []).append(row)
    names = {service.name for service in services}
    files: list[ServiceFiles] = []
    broken: list[tuple[Service, ConsoleError]] = []
    known: Read = {}
    for family in _families(services):
        try:
            found = read_services(settled(service, histories, names, known) for service in family)
            for service_files in found:
                state.compare(service_files, histories.get(service_files.service.name, ()), extensions)
            files += found
        except ConsoleError as error:
            broken.append((replace(family[0], name=family[0].family, tenant=None), error))
    return state.compare_all(files, rows, extensions), tuple(broken)
