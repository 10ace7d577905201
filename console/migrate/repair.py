"""Putting the ledger right by hand: baselines and repairs. Each says what it will do before it does it.

    baseline         everything up to a version is in the database already: rows for it, nothing is run
    accept           what is pending was run by hand, up to a version or all of it
    mark-applied     one migration is in the database, whatever the ledger says
    mark-reverted    one migration is not in the database any more
    accept-checksum  files that were changed after they were applied are right as they are now
    rename           what is applied under another name is the service's
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.migrate import ledger, state, tenants
from console.migrate.events import Listener, ignore
from console.migrate.faults import MigrationError
from console.migrate.files import read_services
from console.migrate.identity import settle
from console.migrate.migration_plan import frozen
from console.migrate.records import LedgerRow, MigrationFile, MigrationState, RunOptions, ServiceStatus
from console.migrate.run_lock import locked_session
from console.migrate.run_plan import FrozenStep, confirmed
from console.migrate.version import version_key
from console.server.script import ScriptCommand, ScriptFault, ScriptSession
from console.server.session import Session
from console.server.target import Target
from console.services import Service

Action = Literal["baseline", "accept", "mark-applied", "mark-reverted", "accept-checksum", "rename"]


class Repair(Struct, frozen=True):
    """One change of the ledger: the migration as it is, what it does in a sentence, and the commands that do it."""

    frozen: FrozenStep
    sentence: str
    commands: tuple[ScriptCommand, ...]


class LedgerPlan(Struct, frozen=True, kw_only=True):
    """What is to be written into the ledger alone, by the migrations as they were found."""

    repairs: tuple[Repair, ...]
    statuses: tuple[ServiceStatus, ...]

    @property
    def basis(self) -> tuple[FrozenStep, ...]:
        return tuple(repair.frozen for repair in self.repairs)

    @property
    def is_empty(self) -> bool:
        return not self.repairs

    def fate(self, step: FrozenStep) -> FrozenStep | None:
        key = step.service, version_key(step.version)
        return next((frozen(migration, step.action, None) for status in self.statuses
                     for migration in status.migrations if (migration.service, migration.key) == key), None)


class RepairPlan(LedgerPlan, frozen=True, kw_only=True):
    """What `action` comes to for `version` of the one service, or for all (None); `version` is the other name where
    a service is renamed."""

    services: tuple[Service, ...]
    action: Action
    version: str | None

    @property
    def facts(self) -> Mapping[str, str]:
        return {}


async def read(session: Session, services: Sequence[Service], action: Action, version: str | None = None) -> RepairPlan:
    """The plan as things are now. Raises MigrationError where it makes no sense."""
    rows = await ledger.read_with_runs(session)
    if action != "rename":
        services = await tenants.expanded(session, services)
    return await asyncio.to_thread(make, services, action, version, rows, session.info.extensions)


def make(services: Sequence[Service], action: Action, version: str | None, rows: Sequence[LedgerRow],
         extensions: Collection[str]) -> RepairPlan:
    """The plan by the files, which it reads, and the ledger's rows. Raises MigrationError."""
    if action != "rename":
        services = settle(services, rows)
    statuses = state.compare_all(read_services(services), rows, extensions)
    found = _renamed(statuses, version, rows) if action == "rename" else repairs(statuses, action, version)
    return RepairPlan(repairs=found, statuses=statuses, services=tuple(services), action=action, version=version)


async def run(target: Target, plan: RepairPlan, on_event: Listener = ignore,
              options: RunOptions = RunOptions()) -> tuple[Repair, ...]:
    """Does exactly what `plan` says, all or nothing, under the lock of runs. Raises PlanChanged, MigrationError."""
    target = target.direct()
    async with locked_session(target, wait_s=options.lock_wait_s, on_event=on_event) as (_, session):
        await ledger.ensure(session)
        rows = await ledger.read_with_runs(session)
        making = asyncio.to_thread(make, plan.services, plan.action, plan.version, rows, session.info.extensions)
        return await written(session, (await confirmed(plan, making, session)).repairs)


async def written(session: ScriptSession, repairs: tuple[Repair, ...]) -> tuple[Repair, ...]:
    """Writes them, all or nothing. Raises MigrationError."""
    try:
        await ledger.write(session, *(command for repair in repairs for command in repair.commands))
    except ScriptFault as fault:
        raise MigrationError(f"the ledger could not be written: {fault.fault.summary}",
                             detail=fault.fault.detail, hint=fault.fault.hint) from fault
    return repairs


def repairs(statuses: Sequence[ServiceStatus], action: Action, version: str | None = None) -> tuple[Repair, ...]:
    """What `action` comes to; `version` belongs to the one service of `statuses`. Pure.

    Raises MigrationError where it makes no sense.
    """
    if action == "accept-checksum" and version is None:
        return tuple(_accepted(migration) for status in statuses for migration in status.migrations
                     if migration.state == "changed")
    if action == "accept" and version is None:
        return tuple(_by_hand(migration) for status in statuses for migration in status.migrations
                     if not migration.is_applied and migration.file is not None)
    if len(statuses) != 1 or version is None:
        names = ", ".join(status.service.name for status in statuses)
        raise MigrationError(f"{action} needs one service and a version", hint=f"--service (of {names}) and a version")
    (status,) = statuses
    if action == "baseline":
        return _baseline(status, version)
    if action == "accept":
        return tuple(_by_hand(migration) for migration in _upto(status, version))
    migration_state = next((migration for migration in status.migrations if migration.key == version_key(version)),
                           None)
    if migration_state is None:
        raise MigrationError(f"{status.service.name} has no version {version}",
                             hint="dbconsole migrate status shows the versions")
    match action:
        case "mark-applied":
            return (_applied(migration_state),)
        case "mark-reverted":
            return (_reverted(migration_state),)
        case "accept-checksum":
            return (_accepted(migration_state),)
        case _:
            raise AssertionError(action)


def _baseline(status: ServiceStatus, version: str) -> tuple[Repair, ...]:
    return tuple(Repair(_frozen(migration, "baseline"), f"{_label(migration)} becomes applied without being run",
                        (ledger.marked(file, migration.row),
                         ledger.event(file, "baseline", None, None, file.up.checksum)))
                 for migration in _upto(status, version) if (file := migration.file) is not None)


def _upto(status: ServiceStatus, version: str) -> list[MigrationState]:
    """What isn't applied up to a version. Raises MigrationError where there is no such version."""
    limit = version_key(version)
    if limit not in {migration.key for migration in status.migrations}:
        raise MigrationError(f"{status.service.name} has no version {version}",
                             hint="dbconsole migrate status shows the versions")
    return [migration for migration in status.migrations if migration.key <= limit and migration.file is not None
            and not migration.is_applied]


def _by_hand(migration: MigrationState) -> Repair:
    file = _file(migration)
    return Repair(_frozen(migration, "accept"), f"{_label(migration)}, run by hand, becomes applied",
                  (ledger.marked(file, migration.row),
                   ledger.event(file, "accepted", "run by hand", None, file.up.checksum)))


def _applied(migration: MigrationState) -> Repair:
    if migration.is_applied:
        raise MigrationError(f"{_label(migration)} is applied already", hint="accept-checksum is for changed files")
    file = _file(migration)
    was = "half done" if migration.state == "failed" else "pending"
    return Repair(_frozen(migration, "mark-applied"),
                  f"{_label(migration)}, {was} so far, becomes applied; nothing is run",
                  (ledger.marked(file, migration.row), ledger.event(file, "marked applied", migration.detail or None)))


def _reverted(migration: MigrationState) -> Repair:
    if migration.row is None:
        raise MigrationError(f"{_label(migration)} is not in the ledger", hint="there is nothing to revert")
    file = migration.file or ledger.file_of(migration.row)
    return Repair(_frozen(migration, "mark-reverted"),
                  f"{_label(migration)} leaves the ledger and is pending again; nothing is run",
                  (*ledger.forgotten(migration.row),
                   ledger.event(file, "marked reverted", migration.detail or None)))


def _accepted(migration: MigrationState) -> Repair:
    if migration.state != "changed" or migration.row is None:
        raise MigrationError(f"{_label(migration)} is {migration.state}, not changed",
                             hint="there is no checksum to accept")
    if migration.advice:
        raise MigrationError(f"{_label(migration)}: {migration.detail}", hint=migration.advice)
    file = _file(migration)
    return Repair(_frozen(migration, "accept-checksum"),
                  f"{_label(migration)}: the checksum of the file as it is now is accepted",
                  (ledger.marked(file, migration.row),
                   ledger.event(file, "checksum accepted", f"was {migration.row.checksum_up}", None, file.up.checksum)))


def _renamed(statuses: Sequence[ServiceStatus], old: str | None, rows: Sequence[LedgerRow]) -> tuple[Repair, ...]:
    if len(statuses) != 1 or old is None:
        raise MigrationError("rename needs one service and the name that the ledger has it by",
                             hint="--service NAME --from NAME")
    (status,) = statuses
    name = status.service.name
    found = [row for row in rows if row.service == old]
    if not found or status.applied:
        raise MigrationError(f"the ledger has nothing by the name {old}" if not found else
                             f"{name} has migrations applied of its own: two histories are not made one",
                             hint="dbconsole migrate status shows the names")
    states = {migration.key: migration for migration in status.migrations}
    repairs = []
    for row in found:
        migration = states.get(row.key) or MigrationState(name, row.version, row.name, "missing", None, row)
        repairs.append(Repair(_frozen(migration, "rename"), f"{old}/{row.version} becomes {name}/{row.version}",
                              (*ledger.renamed(row, name), ledger.event(
                                  replace(ledger.file_of(row), service=name), "renamed", f"was {old}"))))
    return tuple(repairs)


def _frozen(migration: MigrationState, action: Action) -> FrozenStep:
    """With the checksum that the ledger would have from then on."""
    writes = migration.file is not None and action != "mark-reverted"
    return frozen(migration, action, migration.file.up.checksum if writes and migration.file is not None else None)


def _file(migration: MigrationState) -> MigrationFile:
    if migration.file is None:
        raise MigrationError(f"{_label(migration)} has no file", hint="get it from the version control")
    return migration.file


def _label(migration: MigrationState) -> str:
    name = f"_{migration.name}" if migration.name else ""
    return f"{migration.service}/{migration.version}{name}"
