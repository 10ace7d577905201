"""The commands of `dbconsole migrate`, one function each: status, up, down, new, baseline, repair, seed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.commands.migrate import Request, put, say
from console.errors import UsageError
from console.server.script import script_session

if TYPE_CHECKING:
    from console.migrate.frameworks.records import LedgerEntry
    from console.migrate.preview import StepPreview
    from console.migrate.records import MigrationState, RunPlan, RunReport, ServiceStatus, Step
    from console.services import Service

_SYMBOLS = {"applied": "+", "pending": "-", "failed": "!", "changed": "~", "missing": "?", "held": "."}


async def status(request: Request) -> int:
    """States of every migration. Exit 1 with --exit-code when something is neither applied nor held."""
    gc.disable()  # thousands of files and rows, all of them needed to the end, which is near
    try:
        return await _status(request)
    finally:
        gc.freeze()  # or the interpreter would look through them all once more before it ends
        gc.enable()


async def _status(request: Request) -> int:
    from console.migrate.frameworks.find import candidates
    from console.migrate.status import read_status

    target = await request.target()
    services = request.services(target)
    own, foreign_services = _by_framework(services)
    others: list[LedgerEntry] = []
    async with script_session(target, purpose="migrate status") as session:
        statuses = await read_status(session, own)
        among = await candidates(session)
        if among or foreign_services:
            from console.commands import external_status
            from console.migrate.frameworks.entries import read_entries

            others = await read_entries(session, services, among, everything=request.options.service is None)
    if request.options.json:
        put({"target": target.label, "services": [*map(_status_document, statuses),
                                                  *(external_status.document(entry) for entry in others)]})
    else:
        sys.stdout.write(status_text(statuses, others))
    wanting = any(migration.state not in ("applied", "held") for status in statuses for migration in status.migrations)
    return int((wanting or (bool(others) and external_status.is_wanting(others))) and request.options.exit_code)


async def up(request: Request) -> int:
    """Applies what is pending."""
    return await _run(request, request.plan())


async def down(request: Request) -> int:
    """Rolls back."""
    return await _run(request, request.plan())


async def new(request: Request) -> int:
    """Writes the next pair of files and prints their names."""
    from console.migrate.create import next_pair

    services = request.services(None)
    if len(services) > 1:
        raise UsageError("a new migration for which service?",
                         hint=f"--service, one of {', '.join(service.name for service in services)}")
    options = request.options
    for path, text in next_pair(services[0], " ".join(options.words), no_transaction=options.no_transaction):
        if not options.dry_run:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        sys.stdout.write(f"{path}\n")
    return 0


async def baseline(request: Request) -> int:
    """Rows for what is in the database already."""
    return await _repair(request, "baseline", request.options.to)


async def repair(request: Request) -> int:
    """Puts the ledger right; `retry` runs again what is half done."""
    options = request.options
    if options.action == "retry":
        from console.migrate.records import RunPlan

        return await _run(request, RunPlan(failed_only=True, lock_wait_s=options.lock_wait))
    return await _repair(request, options.action, options.version)


async def seed(request: Request) -> int:
    """Development data."""
    from console.commands.narration import Narration
    from console.migrate.seed import run_seeds, seeds

    target = await request.target()
    services = request.services(target)
    found = seeds(services)
    lines = [f"{step.migration.service}: {step.script.path} ({len(script.statements)} statements)"
             for step, script in found]
    if request.options.dry_run or not found:
        say("\n".join(lines) or "no service has seed files")
        return 0
    if target.is_production and not request.options.force:
        raise UsageError(f"{target.label} is production: seeds are development data", hint="--force, if that is meant")
    request.confirm(target, lines)
    with Narration(sys.stderr) as narration:
        count = await run_seeds(target, services, narration, lock_wait_s=request.options.lock_wait)
    if request.options.json:
        put({"target": target.label, "seeded": count})
    return 0


async def _run(request: Request, plan: RunPlan) -> int:
    from console.commands.narration import Narration
    from console.migrate.apply import run
    from console.migrate.preview import preview

    target = await request.target()
    own, others = _by_framework(request.services(target))
    if plan.failed_only or (plan.direction == "down" and len(own) + len(others) > 1):
        others = ()  # several services never go down by one word
    if others:
        from console.commands import external_run
    options = request.options
    if options.dry_run or not (options.yes or target.environment in ("staging", "development")):
        async with script_session(target.direct(), purpose="migrate") as session:
            steps = await preview(session, own, plan) if own or not others else ()
        words = await external_run.preview(target, others, plan) if others else []
        lines = [*(_steps_text(steps) if steps or not words else []), *words]
        if options.dry_run:
            if options.json:
                put({"target": target.label, "steps": [_step_document(step.step) for step in steps], "commands": words})
            else:
                sys.stdout.write("\n".join(lines) + "\n")
            return 0
        if words or any(step.held is None for step in steps):
            request.confirm(target, lines)
    document: dict[str, Any] = {"target": target.label, "done": [], "held": [], "duration_ms": 0.0}
    with Narration(sys.stderr) as narration:
        if own or not others:
            document = _report_document(target.label, await run(target, own, plan, narration))
        if others:
            document["done"] += await external_run.run(request, target, others, plan, narration)
    if options.json:
        put(document)
    return 0


def _by_framework(services: Sequence[Service]) -> tuple[Sequence[Service], Sequence[Service]]:
    """Those that dbconsole migrates, and those that other frameworks do."""
    from console.migrate.files import is_foreign

    return ([service for service in services if not is_foreign(service)],
            [service for service in services if is_foreign(service)])


async def _repair(request: Request, action: Any, version: str | None) -> int:
    from console.commands.narration import Narration
    from console.migrate.repair import repair as do_repair
    from console.migrate.repair import repairs
    from console.migrate.status import read_status

    target = await request.target()
    services = request.services(target)
    async with script_session(target.direct(), purpose="migrate") as session:
        found = repairs(await read_status(session, services), action, version)
    lines = [repair.sentence for repair in found] or ["there is nothing to do"]
    options = request.options
    if found and not options.dry_run:
        request.confirm(target, lines)
        with Narration(sys.stderr) as narration:
            found = await do_repair(target, services, action, version=version, on_event=narration,
                                    lock_wait_s=options.lock_wait)
    if options.json:
        put({"target": target.label, "done": [] if options.dry_run else lines, "planned": lines})
    else:
        say("\n".join(lines))
    return 0


def status_text(statuses: Sequence[ServiceStatus], others: Sequence[LedgerEntry] = ()) -> str:
    """A table of services and foreign ledgers, then what isn't plainly applied, each with its reason."""
    rows = [("service", "state", "applied", "pending", "latest")]
    for status in statuses:
        latest = status.latest
        rows.append((status.service.name, status.state, str(status.applied), str(status.pending),
                     f"{latest.version} {latest.name}" if latest else "-"))
    if others:
        from console.commands import external_status

        rows += external_status.rows(others)
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for status in statuses:
        lines += [f"{_SYMBOLS[migration.state]} {status.service.name}/{migration.version} {migration.name}: "
                  + migration.state
                  + (f", {migration.detail}" if migration.detail else "")
                  for migration in status.migrations if migration.state != "applied" or migration.detail]
        lines += [f"  {status.service.name}: {note}" for note in status.notes]
    if others:
        lines += external_status.lines(others)
    return "\n".join(lines) + "\n"


def _status_document(status: ServiceStatus) -> dict[str, Any]:
    service = status.service
    return {
        "service": service.name, "schema": service.schemas[0] if service.schemas else None,
        "schemas": list(service.schemas), "framework": service.framework or "dbconsole", "applied": status.applied,
        "pending": status.pending, "latest": status.latest.version if status.latest else None, "state": status.state,
        "notes": list(status.notes), "migrations": [_migration_document(migration) for migration in status.migrations]}


def _migration_document(migration: MigrationState) -> dict[str, Any]:
    row = migration.row
    return {
        "version": migration.version, "name": migration.name, "state": migration.state, "detail": migration.detail
        or None,
        "applied_at": row.applied_at.isoformat() if row else None, "applied_by": row.applied_by if row else None,
        "duration_ms": row.duration_ms if row else None,
        "checksum_ok": migration.state != "changed" if row and migration.file else None}


def _steps_text(steps: Sequence[StepPreview]) -> list[str]:
    return [f"{step.step.direction:4} {step.step.migration.label}: "
            f"{len(step.script.statements) - step.step.done} statements"
            + ("" if step.script.in_transaction else ", without a transaction")
            + (f" ({step.held})" if step.held else "") for step in steps] or ["there is nothing to do"]


def _step_document(step: Step) -> dict[str, Any]:
    file = step.migration
    return {"service": file.service, "version": file.version, "name": file.name, "direction": step.direction}


def _report_document(label: str, report: RunReport) -> dict[str, Any]:
    return {
        "target": label, "done": [_step_document(step) for step in report.done],
        "held": [{"service": migration.service, "version": migration.version, "name": migration.name,
                  "reason": migration.detail}
                 for migration in report.held],
        "duration_ms": report.duration_ms}
