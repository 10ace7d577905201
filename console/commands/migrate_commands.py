"""`dbconsole migrate status` and `migrate new`: what there is, and the next files."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.commands.migrate import Request
from console.commands.output import write_data, write_json, write_lines
from console.errors import UsageError
from console.server.script import script_session

if TYPE_CHECKING:
    from pathlib import Path

    from console.migrate.frameworks.records import LedgerEntry
    from console.migrate.records import MigrationState, ServiceStatus
    from console.server.target import Target
    from console.services import Service

_SYMBOLS = {"applied": "+", "pending": "-", "failed": "!", "changed": "~", "missing": "?", "held": "."}


async def status(request: Request) -> int:
    """States of every migration. Exit 1 with --exit-code when something is neither applied nor held."""
    gc.disable()  # thousands of files and rows, all of them needed to the end, which is near
    try:
        return await _status(request)
    finally:
        gc.enable()


async def _status(request: Request) -> int:
    from console.migrate.files import by_framework
    from console.migrate.frameworks.find import candidates
    from console.migrate.status import read_status

    target = await request.target()
    services = request.services(target)
    own, foreign_services = by_framework(services)
    others: list[LedgerEntry] = []
    async with script_session(target, purpose="migrate status") as session:
        statuses = await read_status(session, own)
        among = await candidates(session)
        if among or foreign_services:
            from console.commands import external_status
            from console.migrate.frameworks.claims import marked, read_claims, with_mirrors
            from console.migrate.frameworks.entries import read_entries

            others = await read_entries(session, services, among, everything=request.options.service is None)
            rows = [state.row for status in statuses for state in status.migrations if state.row is not None]
            claims = await read_claims(session, [status.service for status in statuses], rows, request.beside(target),
                                       among)
            statuses = tuple(marked(status, claims.get(status.service.name)) for status in statuses)
            statuses = await with_mirrors(session, statuses, rows, request.beside(target), among)
    if request.options.json:
        write_json({"target": target.label, "services": [*map(_status_document, statuses),
                                                  *(external_status.document(entry) for entry in others)]})
    else:
        write_lines(status_lines(statuses, others))
    wanting = any(migration.state not in ("applied", "held") for status in statuses for migration in status.migrations)
    names = {service.name for service in foreign_services}
    return int((wanting or (bool(others) and external_status.is_wanting(others, names))) and request.options.exit_code)


async def new(request: Request) -> int:
    """Writes the next migration's files and prints their names."""
    from console.migrate.create import next_files, write

    target = await request.target() if request.options.rename_column else None
    services = request.services(target)
    if len(services) > 1:
        raise UsageError("a new migration for which service?",
                         hint=f"--service, one of {', '.join(service.name for service in services)}")
    options = request.options
    words = " ".join(options.words)
    if target is not None:
        new_files = await _renaming(target, services[0], words, options.rename_column)
    elif words:
        new_files = next_files(services[0], words, no_transaction=options.no_transaction)
    else:
        raise UsageError("a new migration about what?", hint="a few words: add owner to documents")
    if not options.dry_run:
        write(new_files)
    for path, _ in new_files:
        write_data(str(path))
    return 0


async def _renaming(target: Target, service: Service, words: str, asked: str) -> tuple[tuple[Path, str], ...]:
    """The three migrations that give a column another name."""
    from console.migrate.create import next_sequence
    from console.migrate.rename_column import pieces, read_asked, read_facts

    renaming = read_asked(asked)
    async with script_session(target.direct(), purpose="migrate new") as session:
        facts = await read_facts(session, renaming, next(iter(service.schemas), service.name))
    slug = words or f"rename {renaming.relation} {renaming.old} to {renaming.new}"
    return next_sequence(service, slug, pieces(facts, renaming))


def status_lines(statuses: Sequence[ServiceStatus], others: Sequence[LedgerEntry] = ()) -> list[str]:
    """A table of services and foreign ledgers, then what isn't plainly applied, each with its reason.

    Tenants are summed up; those that aren't up to date have a row too.
    """
    from console.migrate.tenants import is_up_to_date, summed

    rows = [("service", "state", "applied", "pending", "latest")]
    rows += [_row(status) for status in summed(statuses)]
    behind = [status for status in statuses if status.service.tenant is not None and not is_up_to_date(status)]
    rows += map(_row, behind)
    if others:
        from console.commands import external_status

        rows += external_status.rows(others)
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for status in summed(statuses):
        lines += [f"{_SYMBOLS[migration.state]} {status.service.name}/{migration.version} {migration.name}".rstrip()
                  + f": {migration.state}"
                  + (f", {migration.detail}" if migration.detail else "")
                  for migration in status.migrations if migration.state != "applied" or migration.detail]
        lines += [f"  {status.service.name}: {note}" for note in status.notes]
    if others:
        lines += external_status.lines(others)
    return lines


def _row(status: ServiceStatus) -> tuple[str, str, str, str, str]:
    latest = status.latest
    return (status.service.name, status.state, str(status.applied), str(status.pending),
            f"{latest.version} {latest.name}" if latest else "-")


def _status_document(status: ServiceStatus) -> dict[str, Any]:
    service = status.service
    return {
        "service": service.name, "schema": service.schemas[0] if service.schemas else None,
        "schemas": list(service.schemas), "framework": service.framework or "dbconsole", "applied": status.applied,
        "pending": status.pending, "latest": status.latest.version if status.latest else None, "state": status.state,
        **({"tenant": service.tenant, "tenant_of": service.family} if service.tenant is not None else {}),
        "notes": list(status.notes), "migrations": [_migration_document(migration) for migration in status.migrations]}


def _migration_document(migration: MigrationState) -> dict[str, Any]:
    row = migration.row
    return {
        "version": migration.version, "name": migration.name, "state": migration.state, "detail": migration.detail
        or None,
        "applied_at": row.applied_at.isoformat() if row else None, "applied_by": row.applied_by if row else None,
        "duration_ms": row.duration_ms if row else None,
        "checksum_ok": migration.state not in ("changed", "pending") if row and migration.file else None}
