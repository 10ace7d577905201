"""Only what is new: the migrations that a target's ledger doesn't know yet, and those whose files git says are new."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.migrate import ledger, state, tenants
from console.migrate.changed_files import changed_since
from console.migrate.files import is_foreign, read_services
from console.migrate.frameworks import claims
from console.migrate.identity import settle
from console.migrate.records import MigrationFile
from console.migrate.version import VersionKey
from console.server.session import Session
from console.services import Service

NOT_APPLIED = ("pending", "held", "failed")


class Selection(Struct, frozen=True):
    """What is meant of all migrations. None asks for nothing: then all of them are.

    `pending` are the versions by service, of tenants by the service that they have in common; `changed` are the real
    paths of files, `since` is what they have changed since.
    """

    pending: Mapping[str, frozenset[VersionKey]] | None = None
    changed: frozenset[str] | None = None
    since: str | None = None

    @property
    def is_everything(self) -> bool:
        return self.pending is None and self.changed is None

    def holds(self, file: MigrationFile) -> bool:
        return ((self.pending is None or file.key in self.pending.get(file.family, ()))
                and (self.changed is None or any(os.path.realpath(script.location) in self.changed
                                                 for script in (file.up, file.down) if script is not None)))

    def words(self, chosen: int, count: int) -> str:
        """How many of how many are meant, for people."""
        what = " and ".join([*(["pending"] if self.pending is not None else []),
                             *([f"new or changed since {self.since}"] if self.changed is not None else [])])
        return f"{chosen or 'none'} of {count} migrations {'is' if chosen == 1 else 'are'} {what}"


EVERYTHING = Selection()


async def read_pending(session: Session, services: Sequence[Service], beside: Sequence[Service] = ()
                       ) -> Mapping[str, frozenset[VersionKey]]:
    """The versions that aren't applied in the session's database, by the services' names here.

    `beside` are services of other frameworks. Raises ConsoleError where the ledger can't be read, or another tool's
    ledger records more of them.
    """
    own = await tenants.expanded(session, [service for service in services if not is_foreign(service)])
    rows = await ledger.read(session)
    named = await asyncio.to_thread(settle, own, rows)
    await claims.check(session, named, rows, beside)
    statuses = await asyncio.to_thread(
        lambda: state.compare_all(read_services(named), rows, session.info.extensions))
    found: dict[str, frozenset[VersionKey]] = {}
    for service, status in zip(own, statuses, strict=True):  # of tenants what isn't applied in each of them
        found[service.family] = found.get(service.family, frozenset()).union(
            migration.key for migration in status.migrations if migration.state in NOT_APPLIED)
    return found


async def read_changed(services: Sequence[Service], reference: str) -> frozenset[str]:
    """The real paths of the services' files that are new or changed since `reference`. Raises ConsoleError."""
    found: frozenset[str] = frozenset()
    for service in services:
        if service.folder is not None:
            found |= await changed_since(service.folder, reference)
    return found
