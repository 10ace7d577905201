"""The steps of a plan as one script for psql, with the ledger's rows: for who runs nothing that they haven't read.

Each file is what `up` and `down` make of it: one transaction with its row, or statement by statement with its progress,
which `up` goes on with where the script has stopped. What has become applied meanwhile stops it, by the ledger's key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from msgspec import Struct

from console import __version__
from console.migrate import ledger, migration_plan, mirror
from console.migrate.apply import BEGIN, RESETS
from console.migrate.faults import MigrationError
from console.migrate.migration_plan import MigrationPlan, PlannedStep
from console.migrate.mirror import NONE, Mirrors
from console.migrate.prepare import Prepared, runs_bare
from console.migrate.records import RunOptions, RunRange, Step
from console.migrate.run_lock import FILE_KEY
from console.server.script import ScriptCommand, script_session
from console.server.target import Target
from console.services import Service
from console.sql.parameters import filled
from console.sql.quoting import literal
from console.sql.splitter import ScriptStatement
from console.sql.transactions import sets_session


class PlanScript(Struct, frozen=True):
    """A run as a script: how many `steps` it has, its `text`, empty where there are none, and what it leaves out."""

    steps: int
    text: str
    notes: tuple[str, ...]


async def read(target: Target, services: Sequence[Service], asked: RunRange, beside: Sequence[Service],
               now: dt.datetime) -> PlanScript:
    """The script of what a run of `services` would do now; `beside` are other frameworks'. Raises ConsoleError."""
    async with script_session(target.direct(), purpose="migrate plan") as session:
        plan = await migration_plan.read(session, services, asked, beside)
        creation = await ledger.creation(session)
        mirrors = Mirrors.of(await mirror.read(session), plan.statuses)
    text = script(plan, target.label, creation, now, mirrors=mirrors) if plan.ready else ""
    return PlanScript(len(plan.ready), text, plan.held_notes)


def script(plan: MigrationPlan, label: str, creation: Sequence[str], now: dt.datetime,
           options: RunOptions = RunOptions(), mirrors: Mirrors = NONE) -> str:
    """The script of what is ready; `creation` are the statements that make the ledger, where there is none yet.

    Repeatable files, which come last, are left to `up`. Raises MigrationError for what no script can do.
    """
    ready, left_out = _scriptable(plan)
    lines = [f"-- dbconsole {__version__}, migrate plan --sql, {now:%Y-%m-%d %H:%M} UTC, for {_comment(label)}",
             "-- Run it with psql -X -f FILE: it stops at the first error, and what was committed before stays.",
             *(f"-- left out: {_comment(note)}" for note in (*plan.held_notes, *left_out)),
             *(f"-- {_comment(note)}" for note in mirrors.notes),
             "\\set ON_ERROR_STOP on", "\\encoding UTF8", "RESET ALL;"]
    if creation and ready:
        lines += ["", "-- the ledger", *_transaction([*creation])]
    for planned in ready:
        lines += ["", f"-- {planned.step.direction} {_comment(planned.step.migration.label)}, "
                      f"{_comment(str(planned.script.script.path))}"]
        mirrored = mirrors.commands(planned.step)
        lines += _whole(planned, options, mirrored) if planned.script.in_transaction else \
            _by_statement(planned, options, mirrored)
    return "\n".join([*lines, ""])


def _scriptable(plan: MigrationPlan) -> tuple[list[PlannedStep], list[str]]:
    """What a script can do, and notes on what it leaves out."""
    ready, left_out = [], []
    for planned in plan.ready:
        file = planned.step.migration
        if file.is_repeatable and planned.step.direction == "up":
            left_out.append(f"{file.label} is repeatable: its way back is read from the catalog when `up` runs it")
        elif file.tenant is not None:
            raise MigrationError(f"{file.label} can't be run by a script: it is a tenant's, found when `up` runs",
                                 hint="leave the service to `up`: --service chooses others")
        elif file.callbacks:
            raise MigrationError(f"{file.label} can't be run by a script: {', '.join(file.callbacks)} run around it",
                                 hint="leave the service to `up`: --service chooses others")
        elif planned.script.directives.command is not None:
            raise MigrationError(f"{file.label} can't be run by a script: it is code",
                                 hint="write a script up to it (--to, --steps), and run that one with dbconsole")
        elif file.is_repeatable or planned.script.directives.batches is not None:
            what = "its way back is in the ledger" if file.is_repeatable else "it is run in batches"
            raise MigrationError(f"{file.label} can't be run by a script: {what}",
                                 hint="write a script up to it (--to, --steps), and run that one with dbconsole")
        else:
            ready.append(planned)
    return ready, left_out


def _whole(planned: PlannedStep, options: RunOptions, mirrored: Sequence[ScriptCommand]) -> list[str]:
    step, prepared = planned.step, planned.script
    records = ledger.applied(step, len(prepared.statements)) if step.direction == "up" else ledger.reverted(step)
    return _transaction([*_limits(prepared, options, local=True), *_guard(step),
                         *(statement.sql for statement in prepared.statements), *RESETS,
                         *map(_text, (*records, *mirrored))])


def _by_statement(planned: PlannedStep, options: RunOptions,
                  mirrored: Sequence[ScriptCommand]) -> Iterator[str]:
    """A file without a transaction, or with several of its own, from the first statement that isn't done."""
    step, prepared = planned.step, planned.script
    statements, total = prepared.statements, len(prepared.statements)
    yield from _transaction([*_guard(step), _text(_progress(step, statements[:step.done], total))])
    begin = 0
    for size in prepared.blocks or (1,) * total:
        end = begin + size
        if end > step.done:
            yield from _part(planned, begin, end, options, mirrored if end == total else ())
        begin = end
    if not total:
        yield from _transaction([_text(command) for command in (*_end(step, statements), *mirrored)])


def _part(planned: PlannedStep, begin: int, end: int, options: RunOptions,
          mirrored: Sequence[ScriptCommand]) -> Iterator[str]:
    step, prepared = planned.step, planned.script
    statements, total = prepared.statements, len(prepared.statements)
    before = [statement.sql for statement in statements[:begin] if sets_session(statement.sql)]
    records = [_text(command) for command in (
        [*_end(step, statements), *mirrored] if end == total else [_progress(step, statements[:end], total)])]
    block = statements[begin:end]
    if len(block) == 1 and runs_bare(block[0]):
        yield from map(_ended, [*_limits(prepared, options, local=False, builds="CONCURRENTLY" in block[0].words),
                                *before, block[0].sql, *RESETS])
        yield from _transaction(records)
    else:
        yield from _transaction([*_limits(prepared, options, local=True), *before,
                                 *(statement.sql for statement in block), *RESETS, *records])


def _end(step: Step, statements: Sequence[ScriptStatement]) -> list[ScriptCommand]:
    if step.direction == "down":
        return [*ledger.reverted(step)]
    file = step.migration
    return [_progress(step, statements, len(statements), "applied"),
            ledger.event(file, "applied", "by a script of plan --sql", None, file.up.checksum)]


def _progress(step: Step, done: Sequence[ScriptStatement], total: int, state: str = "running") -> ScriptCommand:
    return ledger.progress(step, state, [statement.digest for statement in done], total, 0.0)


def _guard(step: Step) -> list[str]:
    """Stops where the ledger isn't as it was: an applied row would be written twice, or one that is gone taken out."""
    file, row = step.migration, step.row
    version = row.version if row is not None else file.version
    wanted = "NOT EXISTS" if row is not None else "EXISTS"
    state = f" AND state OPERATOR(pg_catalog.=) {literal(row.state)}" if row is not None else ""
    words = f"{file.label} is not as it was when this script was made: make it anew"
    return [f"SELECT pg_catalog.pg_advisory_xact_lock({FILE_KEY})",
            f"DO $dbconsole$ BEGIN IF {wanted} (SELECT FROM dbconsole.migration WHERE service OPERATOR(pg_catalog.=) "
            f"{literal(file.service)} AND version OPERATOR(pg_catalog.=) {literal(version)}{state}) "
            f"THEN RAISE EXCEPTION USING MESSAGE = {literal(words)}; END IF; END $dbconsole$"]


def _limits(prepared: Prepared, options: RunOptions, *, local: bool, builds: bool = False) -> list[str]:
    """The engine's timeouts; `builds`: a lock_timeout inside a concurrent build would leave it half done."""
    given = prepared.directives.lock_timeout_ms
    lock_ms = 0 if builds else options.lock_timeout_ms if given is None else given
    word = "SET LOCAL" if local else "SET"
    return [f"{word} lock_timeout = {lock_ms:d}",
            f"{word} statement_timeout = {prepared.directives.statement_timeout_ms or 0:d}"]


def _text(command: ScriptCommand) -> str:
    return filled(command.sql, command.params or ())


def _transaction(statements: Sequence[str]) -> list[str]:
    return [_ended(text) for text in (BEGIN, *statements, "COMMIT")]


def _ended(sql: str) -> str:
    """With its semicolon, which a comment at the end would swallow."""
    return f"{sql}\n;" if "--" in sql.rpartition("\n")[2] else f"{sql};"


def _comment(text: str) -> str:
    """On one line: what follows a line's end would be run."""
    return " ".join(text.split())
