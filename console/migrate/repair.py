"""Putting the ledger right by hand: baselines and repairs. Each says what it will do before it does it.

    baseline         everything up to a version is in the database already: rows for it, nothing is run
    mark-applied     one migration is in the database, whatever the ledger says
    mark-reverted    one migration is not in the database any more
    accept-checksum  files that were changed after they were applied are right as they are now
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from console.migrate import ledger, state
from console.migrate.events import Listener
from console.migrate.faults import MigrationError
from console.migrate.files import read_service
from console.migrate.records import MigrationFile, MigrationState, Script, ServiceStatus
from console.migrate.run_lock import run_lock
from console.migrate.version import version_key
from console.server.script import ScriptCommand, ScriptFault, script_session
from console.server.target import Target
from console.services import Service

Action = Literal["baseline", "mark-applied", "mark-reverted", "accept-checksum"]


class Repair(Struct, frozen=True):
    """One change of the ledger: what it does in a sentence, and the commands that do it."""

    sentence: str
    commands: tuple[ScriptCommand, ...]


def repairs(statuses: Sequence[ServiceStatus], action: Action, version: str | None = None) -> tuple[Repair, ...]:
    """What `action` comes to; `version` belongs to the one service of `statuses`. Pure.

    Raises MigrationError where it makes no sense.
    """
    if action == "accept-checksum" and version is None:
        return tuple(_accepted(migration) for status in statuses for migration in status.migrations
                     if migration.state == "changed")
    if len(statuses) != 1 or version is None:
        names = ", ".join(status.service.name for status in statuses)
        raise MigrationError(f"{action} needs one service and a version", hint=f"--service (of {names}) and a version")
    (status,) = statuses
    if action == "baseline":
        return _baseline(status, version)
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


async def repair(target: Target, services: Sequence[Service], action: Action, *, version: str | None,
                 on_event: Listener, lock_wait_s: float = 60.0) -> tuple[Repair, ...]:
    """Does it, all or nothing, under the lock of runs. Raises MigrationError."""
    target = target.direct()
    files = [read_service(service) for service in services]
    async with run_lock(target, wait_s=lock_wait_s, on_event=on_event), \
            script_session(target, purpose="migrate") as session:
        await ledger.ensure(session)
        rows = await session.fetch(ledger.ROWS)
        found = repairs(state.compare_all(files, rows, session.info.extensions), action, version)
        try:
            await ledger.write(session, *(command for repair in found for command in repair.commands))
        except ScriptFault as fault:
            raise MigrationError(f"the ledger could not be written: {fault.fault.summary}",
                                 detail=fault.fault.detail, hint=fault.fault.hint) from fault
    return found


def _baseline(status: ServiceStatus, version: str) -> tuple[Repair, ...]:
    limit = version_key(version)
    if limit not in {migration.key for migration in status.migrations}:
        raise MigrationError(f"{status.service.name} has no version {version}",
                             hint="dbconsole migrate status shows the versions")
    wanted = [migration for migration in status.migrations if migration.key <= limit and migration.file is not None
              and not migration.is_applied]
    return tuple(Repair(f"{_label(migration)} becomes applied without being run",
                        (ledger.marked(file, migration.row),
                         ledger.event(file, "baseline", None, None, file.up.checksum)))
                 for migration in wanted if (file := migration.file) is not None)


def _applied(migration: MigrationState) -> Repair:
    if migration.is_applied:
        raise MigrationError(f"{_label(migration)} is applied already", hint="accept-checksum is for changed files")
    file = _file(migration)
    was = "half done" if migration.state == "failed" else "pending"
    return Repair(f"{_label(migration)}, {was} so far, becomes applied; nothing is run",
                  (ledger.marked(file, migration.row), ledger.event(file, "marked applied", migration.detail or None)))


def _reverted(migration: MigrationState) -> Repair:
    if migration.row is None:
        raise MigrationError(f"{_label(migration)} is not in the ledger", hint="there is nothing to revert")
    file = migration.file or MigrationFile(migration.service, migration.version, migration.name,
                                           Script(Path(migration.name)))
    return Repair(f"{_label(migration)} leaves the ledger and is pending again; nothing is run",
                  (ledger.forgotten(migration.service, migration.row.version),
                   ledger.event(file, "marked reverted", migration.detail or None)))


def _accepted(migration: MigrationState) -> Repair:
    if migration.state != "changed" or migration.row is None:
        raise MigrationError(f"{_label(migration)} is {migration.state}, not changed",
                             hint="there is no checksum to accept")
    file = _file(migration)
    return Repair(f"{_label(migration)}: the checksum of the file as it is now is accepted",
                  (ledger.marked(file, migration.row),
                   ledger.event(file, "checksum accepted", f"was {migration.row.checksum_up}", None, file.up.checksum)))


def _file(migration: MigrationState) -> MigrationFile:
    if migration.file is None:
        raise MigrationError(f"{_label(migration)} has no file", hint="get it from the version control")
    return migration.file


def _label(migration: MigrationState) -> str:
    name = f"_{migration.name}" if migration.name else ""
    return f"{migration.service}/{migration.version}{name}"
