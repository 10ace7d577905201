"""Which foreign ledgers of a database are whose."""

from __future__ import annotations

from collections.abc import Sequence

from console.migrate.files import is_foreign
from console.migrate.frameworks.find import LedgerCandidate
from console.migrate.frameworks.read import read_ledgers
from console.migrate.frameworks.records import LedgerEntry
from console.migrate.frameworks.status import belonging
from console.server.session import Session
from console.services import Service, owner_of


async def read_entries(session: Session, services: Sequence[Service], among: Sequence[LedgerCandidate] | None = None, *,
                       everything: bool) -> list[LedgerEntry]:
    """The foreign ledgers of `services`; with `everything` also those that no service owns. Raises ConsoleError."""
    found = (await read_ledgers(session, among)).ledgers
    entries = []
    taken = set()
    for service in services:
        if is_foreign(service):
            for ledger in belonging(service, found):
                taken.add((ledger.schema, ledger.table))
                entries.append(LedgerEntry(service.name, ledger))
    for ledger in found:
        owner = owner_of(ledger.schema, services)
        if (ledger.schema, ledger.table) not in taken and (everything or owner is not None):
            entries.append(LedgerEntry(owner.name if owner else ledger.schema, ledger))
    return entries
