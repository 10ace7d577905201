"""What the screen is about: services, ledgers and migrations as lines of a table, with what stands behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.migrate.frameworks.records import Entry
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import migrations as foreign_migrations
from console.migrate.frameworks.status import state as foreign_state
from console.migrate.overview import Overview
from console.migrate.records import MigrationState, ServiceStatus
from console.services import Service
from console.view import migrations as view
from console.view.migrations import MigrationLine, ServiceLine


@dataclass(frozen=True, slots=True)
class Subject:
    """A line of the services' table with its status (own services) or its ledger (others')."""

    line: ServiceLine
    service: Service | None
    status: ServiceStatus | None = None
    entry: Entry | None = None

    def state_of(self, line: MigrationLine) -> MigrationState | None:
        """The migration of our own that a line shows."""
        migrations = self.status.migrations if self.status is not None else ()
        return next((one for one in migrations if one.version == line.version), None)

    def migration(self, key: str) -> MigrationLine | None:
        return next((one for one in self.line.migrations if one.key == key), None)


def subjects(overview: Overview, services: Sequence[Service],
             proved: Mapping[tuple[str, str], dt.datetime]) -> tuple[Subject, ...]:
    """The lines of the services' table, by name; what can't be read among them."""
    by_name = {one.name: one for one in services}
    found = [Subject(view.native(status, overview.events, proved), status.service, status)
             for status in overview.statuses]
    for entry in overview.entries:
        line = view.foreign(entry, TITLES.get(entry.ledger.framework, entry.ledger.framework),
                            foreign_migrations(entry.ledger), foreign_state(entry.ledger))
        found.append(Subject(line, by_name.get(entry.service), entry=entry))
    found += [Subject(view.broken(service.name, service.framework or "dbconsole",
                                  " ".join(error.lines())), service) for service, error in overview.broken]
    return tuple(sorted(found, key=lambda one: (one.line.name, not one.line.is_native)))
