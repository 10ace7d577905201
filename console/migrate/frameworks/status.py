"""A foreign ledger in the engine's own terms, so that all services stand in one table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from console.migrate.frameworks.read import read_ledgers
from console.migrate.frameworks.records import ForeignLedger, ForeignLedgerRow, ForeignMigration, PendingMigration
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import State
from console.server.script import script_session
from console.server.target import Target
from console.services import Service

_WORST: Sequence[State] = ("failed", "changed", "missing", "pending", "held")


def migrations(ledger: ForeignLedger) -> tuple[ForeignMigration, ...]:
    """The ledger's rows as they were applied, then what its files hold besides.

    Of frameworks that store heads alone, these are the applied ones.
    """
    differences = {(difference.line, difference.version): difference for difference in ledger.differences or ()}
    rows = [_from_row(row, differences.pop((row.line, row.version), None), ledger)
            for row in ledger.rows if row.state != "reverted"]
    return (*rows, *map(_from_difference, differences.values()))


def state(ledger: ForeignLedger) -> State | None:
    """The worst state of any of its migrations; None when it couldn't be read, or there is none and no files tell."""
    if ledger.unavailable is not None or (not ledger.table and ledger.differences is None):
        return None
    present = {migration.state for migration in migrations(ledger)}
    return next((worst for worst in _WORST if worst in present), "applied")


def belonging(service: Service, found: Sequence[ForeignLedger]) -> tuple[ForeignLedger, ...]:
    """Of `found` those of `service`, compared with its files: in its schemas, else all of its framework.

    (One ledger for the whole database often stands in public, whatever the service's schemas.) A service whose
    framework has none yet gets an empty one, with an empty name for its table.
    """
    suitable = [ledger for ledger in found if service.framework in (None, ledger.framework)]
    own = [ledger for ledger in suitable if ledger.schema in service.schemas]
    chosen = own or [ledger for ledger in suitable if service.framework is not None]
    if not chosen and service.framework is not None and service.framework in TITLES:
        schema = service.schemas[0] if service.schemas else "public"
        chosen = [ForeignLedger(service.framework, schema, "", applied_count=0, is_dirty=False)]
    if service.folder is None:
        return tuple(chosen)
    from console.migrate.frameworks.pending import compare

    return compare(chosen, service.folder)


async def ledgers(target: Target, service: Service) -> tuple[ForeignLedger, ...]:
    """The foreign ledgers of `service`, read on a connection of their own. Raises ConsoleError."""
    async with script_session(target, purpose="migrate status") as session:
        reading = await read_ledgers(session)
    return await asyncio.to_thread(belonging, service, reading.ledgers)


def _from_row(row: ForeignLedgerRow, difference: PendingMigration | None, ledger: ForeignLedger) -> ForeignMigration:
    states: Mapping[str, State] = {"failed": "failed", "running": "held"}
    detail = row.detail or ""
    found = states.get(row.state, "applied")
    is_checked = ledger.differences is not None and row.checksum is not None
    if row.state == "running":
        detail = detail or "begun and not completed"
    elif difference is not None and found == "applied":
        found = _STATES[difference.state]
        detail = difference.reason or detail
    return ForeignMigration(row.version, row.name, row.line, found, row.applied_at, row.applied_by, row.duration_ms,
                            found != "changed" if is_checked else None, detail)


def _from_difference(migration: PendingMigration) -> ForeignMigration:
    return ForeignMigration(migration.version, migration.name, migration.line, _STATES[migration.state],
                            detail=migration.reason or "")


_STATES: Mapping[str, State] = {"pending": "pending", "missing": "missing", "changed": "changed", "skipped": "held"}
