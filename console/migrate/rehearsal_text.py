"""A rehearsal as lines: each step with how long its statements would take, and its locks be held. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from console.migrate.rehearsal import MeasuredLock, Rehearsal, RehearsedStep, TableSample, TimedStatement
from console.text import format as fmt

_MOST_LINES = 4
UNKNOWN = "unknown"


def rehearsal_lines(found: Rehearsal) -> list[str]:
    """All steps."""
    return [line for step in found.steps for line in step_lines(step)]


def table_words(table: TableSample) -> str:
    """How much of a table it was tried on."""
    of = "all of them" if table.of == table.rows else f"of about {fmt.count(table.of)}" if table.of is not None \
        else "of nobody knows how many"
    return f"{table.name}: {fmt.plural(table.rows, 'row')}, {of}"


def step_lines(step: RehearsedStep) -> Iterator[str]:
    """One step; the last line says why it failed, where it has."""
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


def _held(lock: MeasuredLock) -> str:
    if lock.held is not None:
        return lock.held.words
    return UNKNOWN + (f", at least {fmt.milliseconds(lock.at_least_ms)}" if lock.at_least_ms else "")
