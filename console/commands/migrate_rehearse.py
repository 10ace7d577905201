"""`dbconsole migrate verify --on-data`: what is pending, tried on rows, with how long its locks would be held."""

from __future__ import annotations

from typing import Any

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_json, write_lines
from console.demo.scratch import own_cluster
from console.errors import UsageError
from console.migrate import rehearsal
from console.migrate.durations import Interval
from console.migrate.files import by_framework
from console.migrate.rehearsal import Rehearsal
from console.migrate.rehearsal_text import rehearsal_lines, table_words


async def rehearse(request: Request) -> int:
    """Runs it and tells. 1 where a step fails on the rows. Raises ConsoleError."""
    options = request.options
    if options.pending or options.since or options.to:
        raise UsageError("--on-data is about what is pending, all of it",
                         hint="it goes without --pending, --since and --to")
    if options.rows < 1:
        raise UsageError("--rows counts from 1")
    target = await request.target()
    services, beside = by_framework(request.services(target))[0], request.beside(target)
    if options.clone:
        clone = await request.target_named(options.clone)
        if request.has_to_ask(clone):
            request.ask(clone, ["what is pending is run there, and rolled back where it can be"])
        found = await rehearsal.on_clone(target, clone, services, beside)
    else:
        own_server, _ = own_cluster(*await facts(target))
        found = await rehearsal.on_samples(target, services, beside, rows=options.rows, own_cluster=own_server,
                                           only_own_cluster=options.embedded)
    for note in found.notes:
        say(f"note: {note}")
    if options.json:
        write_json(_document(target.label, found))
        return int(found.has_failed)
    write_lines(rehearsal_lines(found))
    say(*map(table_words, found.tables),
        f"tried in {found.where}; times are for tables in memory that nobody else works on")
    return int(found.has_failed)


def _interval(given: Interval | None) -> list[float] | None:
    return None if given is None else [round(given.low_ms, 3), round(given.high_ms, 3)]


def _document(label: str, found: Rehearsal) -> dict[str, Any]:
    return {"target": label, "where": found.where, "notes": list(found.notes),
            "tables": [{"table": table.name, "rows": table.rows, "of": table.of} for table in found.tables],
            "steps": [{
                "service": step.service, "version": step.version, "name": step.name, "direction": step.direction,
                "error": step.fault,
                "statements": [{"sql": statement.sql, "line": statement.line, "took_ms": statement.took_ms,
                                "would_take_ms": _interval(statement.would_take), "reason": statement.reason or None}
                               for statement in step.statements],
                "locks": [{"relation": lock.relation, "lock": lock.mode.label, "held_ms": _interval(lock.held),
                           "at_least_ms": lock.at_least_ms} for lock in step.locks]} for step in found.steps]}
