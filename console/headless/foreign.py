"""Services that other frameworks migrate, and ledgers that no service owns, in `dbconsole migrate status`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.migrate.frameworks.records import Entry, ForeignLedger, ForeignMigration, Run
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import migrations, state


def rows(entries: Sequence[Entry]) -> list[tuple[str, str, str, str, str]]:
    """service, state, applied, pending and latest; ? for what is not known."""
    return [(one.service, state(one.ledger) or "unknown", _number(one.ledger.applied_count),
             _number(None if one.ledger.pending is None else len(one.ledger.pending)),
             f"{one.ledger.last_version or '-'} ({TITLES[one.ledger.framework]})") for one in entries]


def lines(entries: Sequence[Entry]) -> list[str]:
    """What is worth a line of its own: migrations that aren't applied, runs in progress, what can't be read."""
    found = []
    for one in entries:
        found += [f"  {one.service}/{each.version}{' ' + each.name if each.name else ''}: {each.state}"
                  + (f", {each.detail}" if each.detail else "")
                  for each in migrations(one.ledger) if each.state != "applied"]
        found += [f"  {one.service}: {words}" for words in _words(one.ledger)]
    return found


def document(one: Entry) -> dict[str, Any]:
    """The entry as `migrate status --json` has it; null for what the framework doesn't store."""
    ledger = one.ledger
    return {
        "service": one.service, "schema": ledger.schema, "schemas": [ledger.schema], "framework": ledger.framework,
        "applied": ledger.applied_count, "pending": None if ledger.pending is None else len(ledger.pending),
        "latest": ledger.last_version, "state": state(ledger), "table": ledger.table or None, "dirty": ledger.is_dirty,
        "notes": _words(ledger), "migrations": [_migration(each) for each in migrations(ledger)]}


def is_wanting(entries: Sequence[Entry]) -> bool:
    """Whether anything is neither applied nor held."""
    return any(state(one.ledger) not in ("applied", "held", None) for one in entries)


def _words(ledger: ForeignLedger) -> list[str]:
    run = _run_words(ledger.run) if ledger.run else None
    return [words for words in (ledger.unavailable, run, ledger.note) if words]


def _run_words(run: Run) -> str:
    who = ", ".join(filter(None, (f"process {run.pid}" if run.pid else None, run.application, run.detail)))
    return f"a run of {TITLES[run.framework]} is in progress ({run.evidence}{': ' + who if who else ''})"


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _migration(one: ForeignMigration) -> dict[str, Any]:
    return {"version": one.version, "name": one.name, "line": one.line, "state": one.state,
            "detail": one.detail or None, "applied_at": one.applied_at.isoformat() if one.applied_at else None,
            "applied_by": one.applied_by, "duration_ms": one.duration_ms, "checksum_ok": one.checksum_ok}
