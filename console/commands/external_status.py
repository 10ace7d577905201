"""Services that other frameworks migrate, and ledgers that no service owns, in `dbconsole migrate status`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from console.migrate.frameworks.records import ForeignLedger, ForeignMigration, ForeignRun, LedgerEntry
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import migrations, state


def rows(entries: Sequence[LedgerEntry]) -> list[tuple[str, str, str, str, str]]:
    """service, state, applied, pending and latest; ? for what is not known."""
    return [(entry.service, state(entry.ledger) or "unknown", _number(entry.ledger.applied_count),
             _number(None if entry.ledger.pending is None else len(entry.ledger.pending)),
             f"{entry.ledger.last_version or '-'} ({TITLES[entry.ledger.framework]})") for entry in entries]


def lines(entries: Sequence[LedgerEntry]) -> list[str]:
    """What is worth a line of its own: migrations that aren't applied, runs in progress, what can't be read."""
    found = []
    for entry in entries:
        found += [f"  {entry.service}/{each.version}{' ' + each.name if each.name else ''}: {each.state}"
                  + (f", {each.detail}" if each.detail else "")
                  for each in migrations(entry.ledger) if each.state != "applied"]
        found += [f"  {entry.service}: {words}" for words in _words(entry.ledger)]
    return found


def document(entry: LedgerEntry) -> dict[str, Any]:
    """The entry as `migrate status --json` has it; null for what the framework doesn't store."""
    ledger = entry.ledger
    return {
        "service": entry.service, "schema": ledger.schema, "schemas": [ledger.schema], "framework": ledger.framework,
        "applied": ledger.applied_count, "pending": None if ledger.pending is None else len(ledger.pending),
        "latest": ledger.last_version, "state": state(ledger), "table": ledger.table or None, "dirty": ledger.is_dirty,
        "notes": _words(ledger), "migrations": [_migration(each) for each in migrations(ledger)]}


def is_wanting(entries: Sequence[LedgerEntry], services: Collection[str]) -> bool:
    """Whether anything is neither applied nor held, or of one of `services` isn't known."""
    return any(found not in ("applied", "held") if (found := state(entry.ledger)) is not None
               else entry.service in services for entry in entries)


def _words(ledger: ForeignLedger) -> list[str]:
    run = _run_words(ledger.run) if ledger.run else None
    return [words for words in (ledger.unavailable, run, ledger.note) if words]


def _run_words(run: ForeignRun) -> str:
    who = ", ".join(filter(None, (f"process {run.pid}" if run.pid else None, run.application, run.detail)))
    return f"a run of {TITLES[run.framework]} is in progress ({run.evidence}{': ' + who if who else ''})"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _migration(migration: ForeignMigration) -> dict[str, Any]:
    return {"version": migration.version, "name": migration.name, "line": migration.line, "state": migration.state,
            "detail": migration.detail or None, "applied_at": migration.applied_at.isoformat() if migration.applied_at
            else None,
            "applied_by": migration.applied_by, "duration_ms": migration.duration_ms,
            "checksum_ok": migration.checksum_ok}
