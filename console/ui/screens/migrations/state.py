"""What the screen knows: services, ledgers and migrations as lines of a table, and what can be done at each place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.migrate.frameworks import runner
from console.migrate.frameworks.records import LedgerEntry
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import migrations as foreign_migrations
from console.migrate.frameworks.status import state as foreign_state
from console.migrate.overview import Overview
from console.migrate.records import Direction, MigrationState, RunRange, ServiceStatus
from console.migrate.tenants import summed
from console.migrate.version import ZERO
from console.services import Service
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine, ServiceLine

PageName = Literal["services", "service", "run"]

REPAIRS: Mapping[str, Sequence[tuple[str, str]]] = {
    "failed": (("retry", "run again what is left of it"), ("mark-applied", "it is in the database, whole"),
               ("mark-reverted", "nothing of it is in the database")),
    "pending": (("mark-applied", "it is in the database already"), ("baseline", "so is everything before it"),
                ("accept", "run by hand, with all before it")),
    "held": (("mark-applied", "it is in the database already"),),
    "changed": (("accept-checksum", "the file is right as it is now"),
                ("mark-reverted", "it is not in the database any more")),
    "missing": (("mark-reverted", "it is not in the database any more"),),
    "applied": (("mark-reverted", "it is not in the database any more"),),
}
"""What can be done about a migration in each state without running it."""

RUNNABLE: Mapping[Direction, frozenset[str]] = {
    "up": frozenset({"pending", "failed", "held"}),
    "down": frozenset({"applied", "changed", "failed", "missing"}),
}
"""The states from which a migration is run, and from which it is rolled back."""


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

    def called(self, name: str) -> MigrationSubject:
        """The same where its service is called `name` from now on."""
        service = None if self.service is None else replace(self.service.called(name), is_named=True)
        return replace(self, line=replace(self.line, name=name), service=service)

    def migration(self, key: str) -> MigrationLine | None:
        return next((migration for migration in self.line.migrations if migration.key == key), None)

    def can_run(self, migration: MigrationLine | None, direction: Direction) -> bool:
        """Whether there is something to run, or to roll back: of one migration, or of all."""
        if self.status is None:
            return self.service is not None and not self.line.is_native and runner.can(self.service, direction)
        lines = self.line.migrations if migration is None else (migration,)
        return any(line.state in RUNNABLE[direction] for line in lines)

    def range_to(self, migration: MigrationLine | None, direction: Direction) -> RunRange:
        """Up to and with `migration`, or down to before it; without one everything up, or one step down."""
        if migration is None:
            return RunRange(direction=direction, steps=None if direction == "up" else 1)
        if direction == "up":
            return RunRange(to=migration.version)
        versions = [line.version for line in self.line.migrations]
        index = versions.index(migration.version)
        return RunRange(direction="down", to=versions[index - 1] if index else ZERO)


def subjects(overview: Overview, services: Sequence[Service],
             proved: Mapping[tuple[str, str], dt.datetime]) -> tuple[MigrationSubject, ...]:
    """The lines of the services' table, by name; what can't be read among them."""
    by_name = {service.name: service for service in services}
    found = [_own(status, overview, proved) for status in overview.statuses]
    names = {subject.line.name for subject in found}
    found += [_own(status, overview, proved) for status in summed(overview.statuses)
              if status.service.name not in names]
    for entry in overview.entries:
        line = view.foreign(entry, TITLES.get(entry.ledger.framework, entry.ledger.framework),
                            foreign_migrations(entry.ledger), foreign_state(entry.ledger))
        found.append(MigrationSubject(line, by_name.get(entry.service), entry=entry))
    found += [MigrationSubject(view.broken(service.name, service.framework or "dbconsole",
                                           " ".join(error.lines())), service) for service, error in overview.broken]
    return tuple(sorted(found, key=lambda subject: (subject.line.name, not subject.line.is_native)))


def _own(status: ServiceStatus, overview: Overview, proved: Mapping[tuple[str, str], dt.datetime]) -> MigrationSubject:
    service, line = status.service, view.native(status, overview.events, proved)
    if service.tenant is not None:
        line = replace(line, part_of=service.family)
    elif service.tenants is not None:
        line = replace(line, latest=status.notes[0])
    return MigrationSubject(line, service, status)


class MigrationsState:
    """What was read last, and what was found out on the screen. Nothing before the first look."""

    def __init__(self) -> None:
        self.found: tuple[MigrationSubject, ...] = ()
        self.is_read = False
        self.drifted: tuple[dt.datetime, int] | None = None
        """When drift was looked for last, and how many differences there were."""

    def take(self, overview: Overview, services: Sequence[Service],
             proved: Mapping[tuple[str, str], dt.datetime]) -> None:
        """Another look."""
        self.found = subjects(overview, services, proved)
        self.is_read = True

    @property
    def own(self) -> tuple[MigrationSubject, ...]:
        """The services that dbconsole migrates, as far as their files can be read; one for all of its tenants."""
        return tuple(subject for subject in self.found if subject.status is not None and not subject.line.part_of)

    @property
    def unreadable(self) -> frozenset[str]:
        """The names of services whose files or ledger can't be read."""
        return frozenset(subject.line.name for subject in self.found if subject.line.state == "unreadable")


class Standpoint(Struct, frozen=True):
    """Where a person stands: the page, what the cursor is on, and whether a run goes on or has been.

    `tabs` are those of the detail, which `is_inside` has the keys.
    """

    page: PageName
    found: tuple[MigrationSubject, ...] = ()
    subject: MigrationSubject | None = None
    migration: MigrationLine | None = None
    is_running: bool = False
    has_run: bool = False
    tabs: int = 0
    is_inside: bool = False

    @property
    def is_list(self) -> bool:
        return self.page != "run"

    @property
    def can_begin(self) -> bool:
        """Whether a run can be begun from here."""
        return self.is_list and not self.is_running

    @property
    def is_own(self) -> bool:
        """Whether the cursor is on a service that dbconsole migrates, or a migration of one."""
        return self.subject is not None and self.subject.status is not None

    @property
    def has_tenants(self) -> bool:
        """Whether the cursor is on a service that several tenants have."""
        service = self.subject.service if self.subject is not None else None
        return service is not None and service.tenants is not None and service.tenant is None

    @property
    def has_own(self) -> bool:
        return any(subject.status is not None for subject in self.found)


def _can_run(place: Standpoint, direction: object) -> bool:
    return place.can_begin and place.subject is not None and place.subject.can_run(
        place.migration, "up" if direction == "up" else "down")


ACTIONS: Mapping[str, Callable[..., bool]] = {
    "abort": lambda place: place.is_running,
    "run": _can_run,
    "run_tenants": lambda place: _can_run(place, "up") and place.has_tenants,
    "script": lambda place: place.is_list and place.is_own,
    "run_all": lambda place: place.can_begin and place.has_own,
    "verify": lambda place: place.can_begin and place.is_own,
    "verify_all": lambda place: place.can_begin and place.has_own,
    "verify_pending": lambda place: place.can_begin and place.is_own,
    "rehearse": lambda place: place.can_begin and place.is_own,
    "drift": lambda place: place.can_begin and place.has_own,
    "findings": lambda place: place.is_list and place.is_own,
    "repair": lambda place: place.can_begin and place.page == "service" and place.is_own,
    "new": lambda place: place.is_list and place.subject is not None and place.subject.line.is_native,
    "log": lambda place: place.is_list and place.has_run,
    "move_tab": lambda place, step: place.is_list and place.tabs > 1,
    "other_side": lambda place: place.is_list,
    "back": lambda place: place.page != "services" or place.is_inside,
    "reread": lambda place: True,
}
"""The keys' actions, each with whether it makes sense at a place; their parameters follow."""
