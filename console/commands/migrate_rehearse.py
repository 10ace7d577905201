"""`dbconsole migrate verify --on-data`: what is pending, tried on rows, with how long its locks would be held."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_json, write_lines
from console.demo.scratch import own_cluster
from console.errors import UsageError
from console.migrate import rehearsal
from console.migrate.durations import Interval
from console.migrate.files import by_framework
from console.migrate.rehearsal import HeldLock, Rehearsal, RehearsedStep, TimedStatement
from console.text import format as fmt

_MOST_LINES = 4
UNKNOWN = "unknown"


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
    for step in found.steps:
        write_lines(_lines(step))
    for table in found.tables:
        of = "all of them" if table.of == table.rows else f"of about {fmt.count(table.of)}" if table.of is not None \
            else "of nobody knows how many"
        say(f"{table.name}: {fmt.plural(table.rows, 'row')}, {of}")
    say(f"tried in {found.where}; times are for tables in memory that nobody else works on")
    return int(found.has_failed)


def _lines(step: RehearsedStep) -> Iterator[str]:
    yield f"{step.direction} {step.label}" + (": failed" if step.fault is not None else "")
    for statement in step.statements:
        sql = textwrap.dedent(statement.sql.expandtabs(4)).splitlines()
        shown = sql if len(sql) <= _MOST_LINES else [*sql[:_MOST_LINES - 1], "..."]
        yield f"{statement.line:>5}  {shown[0]}"
        yield from (f"       {line}" for line in shown[1:])
        yield f"       {_took(statement)}"
    for lock in step.locks:
        yield f"  {lock.mode.label} on {lock.relation} held for {_held(lock)}: blocks {lock.mode.blocks}"
    if step.fault is not None:
        yield f"  {step.fault}"


def _took(statement: TimedStatement) -> str:
    if statement.took_ms is None:
        return statement.reason
    if statement.would_take is None:
        return f"takes {UNKNOWN}: {statement.reason} ({fmt.milliseconds(statement.took_ms)} here)"
    return f"takes {statement.would_take.words} ({fmt.milliseconds(statement.took_ms)} here)"


def _held(lock: HeldLock) -> str:
    if lock.held is not None:
        return lock.held.words
    return UNKNOWN + (f", at least {fmt.milliseconds(lock.at_least_ms)}" if lock.at_least_ms else "")


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
