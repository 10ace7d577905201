"""What the screen is about: services, ledgers and migrations as lines of a table, with what stands behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.migrate.frameworks.records import LedgerEntry
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import migrations as foreign_migrations
from console.migrate.frameworks.status import state as foreign_state
from console.migrate.overview import Overview
from console.migrate.records import MigrationState, ServiceStatus
from console.services import Service
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine, ServiceLine


class MigrationSubject(Struct, frozen=True):
    """A line of the services' table with its status (own services) or its ledger (others')."""

    line: ServiceLine
    service: Service | None
    status: ServiceStatus | None = None
    entry: LedgerEntry | None = None

    def state_of(self, line: MigrationLine) -> MigrationState | None:
        """The migration of our own that a line shows."""
        migrations = self.status.migrations if self.status is not None else ()
        return next((migration for migration in migrations if migration.version == line.version), None)

    def migration(self, key: str) -> MigrationLine | None:
        return next((migration for migration in self.line.migrations if migration.key == key), None)


def subjects(overview: Overview, services: Sequence[Service],
             proved: Mapping[tuple[str, str], dt.datetime]) -> tuple[MigrationSubject, ...]:
    """The lines of the services' table, by name; what can't be read among them."""
    by_name = {service.name: service for service in services}
    found = [MigrationSubject(view.native(status, overview.events, proved), status.service, status)
             for status in overview.statuses]
    for entry in overview.entries:
        line = view.foreign(entry, TITLES.get(entry.ledger.framework, entry.ledger.framework),
                            foreign_migrations(entry.ledger), foreign_state(entry.ledger))
        found.append(MigrationSubject(line, by_name.get(entry.service), entry=entry))
    found += [MigrationSubject(view.broken(service.name, service.framework or "dbconsole",
                                  " ".join(error.lines())), service) for service, error in overview.broken]
    return tuple(sorted(found, key=lambda subject: (subject.line.name, not subject.line.is_native)))
