"""The ledger: schema dbconsole, made by the first command that writes.

`dbconsole.migration` has a row for every migration that is in the database now; `dbconsole.migration_event` keeps
everything that was done or tried, rollbacks included. All writes are single statements with text parameters, so that
they travel in the pipeline of the file that they are about; and as its search_path is the file's, to the end, every
name and operator in them has its schema.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from console import __version__
from console.errors import ConsoleError
from console.migrate.faults import MigrationError
from console.migrate.records import Direction, LedgerRow, MigrationFile, RepeatableRow, RepeatableRun, Script, Step
from console.server.preamble import SET_SAFE_PATH, set_locally, unhurried
from console.server.query import load
from console.server.script import ScriptCommand, ScriptSession
from console.server.session import Session
from console.sql.quoting import identifier

if TYPE_CHECKING:
    from console.migrate.batches import BatchProgress

FORMAT = 1
STALE = "stale"
"""In place of the checksum of a repeatable file that has to be run again though its text is the same."""


class LedgerCondition(Struct, frozen=True):
    """sql/ledger_condition.sql as it comes."""

    schema_exists: bool
    table_exists: bool
    comment: str | None
    may_write: bool | None
    may_create_schema: bool
    may_create_table: bool | None


class LedgerTables(Struct, frozen=True):
    """sql/ledger_tables.sql as it comes."""

    repeatable: bool
    batch_progress: bool
    mirror: bool
    may_create_table: bool


ROWS = load("console.migrate", "migrations", LedgerRow)
_RUNS = load("console.migrate", "repeatable_runs", RepeatableRun)
TABLES = load("console.migrate", "ledger_tables", LedgerTables)
_CONDITION = load("console.migrate", "ledger_condition", LedgerCondition)


async def read(session: Session) -> list[LedgerRow]:
    """The ledger's rows in the order of application; none where there is no ledger. Never creates it."""
    return await session.fetch(ROWS) if session.info.ledger_exists else []


async def read_with_runs(session: Session) -> list[LedgerRow]:
    """The same, those of repeatable files with their runs."""
    return await with_runs(session, await read(session))


async def with_runs(session: Session, rows: list[LedgerRow]) -> list[LedgerRow]:
    """The rows, those of repeatable files with their runs."""
    if not any(row.is_repeatable for row in rows) or not (await _tables(session)).repeatable:
        return rows
    runs: dict[tuple[str, str], list[RepeatableRun]] = {}
    for run in await session.fetch(_RUNS):
        runs.setdefault((run.service, run.version), []).append(run)
    return [RepeatableRow(**asdict(row), runs=tuple(runs[row.service, row.version]))
            if (row.service, row.version) in runs else row for row in rows]


async def _tables(session: Session) -> LedgerTables:
    found: LedgerTables = (await session.fetch(TABLES))[0]
    return found


async def ensure_table(session: ScriptSession, name: str) -> None:
    """Makes a table of the ledger that not every run needs. Raises MigrationError."""
    found = await _tables(session)
    if getattr(found, name):
        return
    if not found.may_create_table:
        raise MigrationError(f"{session.info.user} may not create the table dbconsole.{name}, which these files need",
                             hint=f"GRANT CREATE ON SCHEMA dbconsole TO {session.info.quoted_user}")
    await session.execute("BEGIN READ WRITE", SET_SAFE_PATH, "SET LOCAL statement_timeout = 0", _text(name), "COMMIT")


async def ensure(session: ScriptSession) -> None:
    """Makes the ledger where there is none; to be called under the run's lock. Raises MigrationError."""
    info = session.info
    if info.is_standby:
        raise MigrationError(f"{session.target.label} is a standby: nothing can be written there",
                             hint="run migrations on its primary")
    (found,) = await session.fetch(_CONDITION)
    if found.table_exists:
        _check(found, session)
        return
    if not (found.may_create_table if found.schema_exists else found.may_create_schema):
        where = "SCHEMA dbconsole" if found.schema_exists else f"DATABASE {identifier(info.database)}"
        raise MigrationError(f"{info.user} may not create the ledger, the schema dbconsole with two tables",
                             hint=f"GRANT CREATE ON {where} TO {info.quoted_user}, or let an administrator run "
                                  "`dbconsole migrate up` once and grant its tables")
    try:
        limits = {"statement_timeout": "0", **unhurried(info.major)}
        await session.execute("BEGIN READ WRITE", SET_SAFE_PATH, f"SELECT {set_locally(limits)}",
                              *_creation(found), "COMMIT")
    except ConsoleError as error:
        await session.roll_back()
        raise MigrationError(f"the ledger could not be created: {error.summary}", detail=error.detail,
                             hint=error.hint) from error


async def creation(session: ScriptSession) -> tuple[str, ...]:
    """The statements that make the ledger; none where it is there. Raises MigrationError where this role can't write
    to it."""
    (found,) = await session.fetch(_CONDITION)
    if found.table_exists:
        _check(found, session)
        return ()
    return _creation(found)


def _creation(found: LedgerCondition) -> tuple[str, ...]:
    names = [*(() if found.schema_exists else ("schema",)), "migration", "migration_event", "format"]
    return tuple(map(_text, names))


def _check(found: LedgerCondition, session: ScriptSession) -> None:
    match = re.search(r"format (\d+)", found.comment or "")
    if match is None or int(match[1]) > FORMAT:
        wanted = f"format {match[1]}" if match else "an unknown format"
        raise MigrationError(f"the ledger dbconsole.migration has {wanted}; this dbconsole knows format {FORMAT}",
                             hint="a newer dbconsole wrote it: use that version")
    if not found.may_write:
        raise MigrationError(f"{session.info.user} may not write the ledger",
                             hint="GRANT USAGE ON SCHEMA dbconsole TO ROLE; GRANT SELECT, INSERT, UPDATE, DELETE "
                                  "ON ALL TABLES IN SCHEMA dbconsole TO ROLE".replace("ROLE", session.info.quoted_user))


async def prepare(session: ScriptSession, direction: Direction) -> None:
    """For a run of many files: planning what is written for each would cost more than writing it."""
    await session.prepare(_text("applied" if direction == "up" else "reverted"))


def applied(step: Step, statements: int) -> tuple[ScriptCommand, ...]:
    """A transactional file is in: its row and event, in its own transaction; or a baseline, in place of other rows."""
    return _in_place(step) if step.replaced else (_applied(step, statements),)


def _in_place(step: Step) -> tuple[ScriptCommand, ...]:
    file, row = step.migration, step.row
    assert row is not None
    words = f"in place of {len(step.replaced)} migrations, {step.replaced[0].version} to {row.version}"
    return (*(command for other in step.replaced if other.version != row.version for command in forgotten(other)),
            ScriptCommand(_text("in_place"), (*_identity_of(step), *_checksums(file))),
            event(file, "squashed", words, None, file.up.checksum))


def _applied(step: Step, statements: int) -> ScriptCommand:
    file = step.migration
    return ScriptCommand(_text("applied"), (*_identity(file), *_checksums(file), str(statements), *_author()))


def definitions(keys: str) -> ScriptCommand:
    """How the views, functions and triggers of `keys` (JSON) are defined."""
    return ScriptCommand(_text("definitions"), (keys,))


def repeated(step: Step, statements: int, before: str, reason: str | None) -> ScriptCommand:
    """A repeatable file is in: its row, its event and its way back, from the definitions `before` it (JSON)."""
    file = step.migration
    return ScriptCommand(_text("repeated"), (*_identity_of(step), file.up.checksum, file.up.raw_checksum,
                                             str(statements), *_author(), file.up.text, before, reason))


def stale(row: LedgerRow) -> ScriptCommand:
    """A repeatable file is to be run again."""
    return ScriptCommand(_text("stale"), (row.service, row.version))


def batch_done(step: Step, done: BatchProgress) -> ScriptCommand:
    """A batch is in, with all before it."""
    numbers = (done.passes, done.batches, done.rows, done.expected, done.elapsed_s)
    return ScriptCommand(_text("batch_done"), (*place(step).values(), done.key, done.last, *map(str, numbers)))


def batches_done(step: Step) -> ScriptCommand:
    """All batches are in: what is known of them is of no use any more."""
    return ScriptCommand(_text("batches_done"), (*place(step).values(),))


def place(step: Step) -> Mapping[str, str]:
    """By what a step's batches are known."""
    service, version, _ = _identity_of(step)
    return {"service": service, "version": version, "direction": step.direction}


def reverted(step: Step) -> tuple[ScriptCommand, ...]:
    """A migration is out: its row goes, an event stays; of a repeatable file the row before its last run is back."""
    file = step.migration
    checksum = file.down.checksum if file.down is not None else None
    identity = _identity_of(step)
    gone = ScriptCommand(_text("reverted"), (*identity, checksum, *_author()))
    return (gone, ScriptCommand(_text("taken_back"), identity[:2])) if file.is_repeatable else (gone,)


def progress(step: Step, state: str, hashes: Sequence[str], total: int, duration_ms: float,
             error: str | None = None) -> ScriptCommand:
    """What a file without a transaction has done so far: `hashes` of the statements that are done."""
    file = step.migration
    return ScriptCommand(_text("progress"),
                         (*_identity_of(step), state, step.direction, *_checksums(file), str(len(hashes)),
                                       str(total), "{" + ",".join(hashes) + "}", error, str(duration_ms), *_author()))


def event(file: MigrationFile | None, word: str, detail: str | None, duration_ms: float | None = None,
          checksum: str | None = None) -> ScriptCommand:
    """A line for the event log alone."""
    identity: tuple[str | None, ...] = _identity(file) if file is not None else (None, None, None)
    duration = None if duration_ms is None else str(duration_ms)
    return ScriptCommand(_text("event"), (*identity, word, detail, checksum, duration, *_author()))


def marked(file: MigrationFile, row: LedgerRow | None = None, applied_at: str | None = None) -> ScriptCommand:
    """A row for what is in the database already, by whatever way it came; `row` is the one there is, `applied_at` a
    timestamp where it is known since when."""
    return ScriptCommand(_text("marked"), (*_identity_of(Step(file, "up", row)), *_checksums(file), *_author(),
                                           applied_at))


def file_of(row: LedgerRow) -> MigrationFile:
    """What is known of a migration whose files aren't there."""
    return MigrationFile(row.service, row.version, row.name, Script(Path(row.name or row.version)))


def forgotten(row: LedgerRow) -> tuple[ScriptCommand, ...]:
    """Takes a row out, and its runs; the file may be missing."""
    identity = row.service, row.version
    return ScriptCommand(_text("forgotten"), identity), *(ScriptCommand(_text("unkept"), identity)
                                                          for _ in row.runs[:1])


def renamed(row: LedgerRow, name: str) -> tuple[ScriptCommand, ...]:
    """A row becomes that of the service `name`, and so do its runs."""
    params = row.service, row.version, name
    return ScriptCommand(_text("renamed"), params), *(ScriptCommand(_text("renamed_runs"), params)
                                                      for _ in row.runs[:1])


def mirror_begun(service: str, tool: str, place: tuple[str, str], prefix: str) -> ScriptCommand:
    """The service's runs are written into the ledger of `tool` too, from the next on."""
    return ScriptCommand(_text("mirror_begun"), (service, tool, *place, prefix))


def mirror_ended(service: str) -> ScriptCommand:
    """They no longer are."""
    return ScriptCommand(_text("mirror_ended"), (service,))


async def write(session: ScriptSession, *commands: ScriptCommand) -> None:
    """Runs ledger commands in a transaction of their own. Raises ScriptFault."""
    await session.transaction([ScriptCommand("BEGIN READ WRITE"), *commands, ScriptCommand("COMMIT")], lambda index,
                              outcome: None)


def _identity(file: MigrationFile) -> tuple[str, str, str]:
    return file.service, file.version, file.name


def _identity_of(step: Step) -> tuple[str, str, str]:
    """As the row spells the version, if there is one: 0003 and 3 are the same, the primary key doesn't know."""
    service, version, name = _identity(step.migration)
    return service, step.row.version if step.row is not None else version, name


def _checksums(file: MigrationFile) -> tuple[str, str | None, str | None]:
    return file.up.checksum, file.down.checksum if file.down is not None else None, file.up.raw_checksum


@cache
def _author() -> tuple[str, str, str]:
    """Who runs this: the account and the machine as the operating system names them, and the tool's version."""
    import getpass

    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return user, socket.gethostname(), __version__


@cache
def _text(name: str) -> str:
    file = resources.files("console.migrate") / "sql" / "ledger" / f"{name}.sql"
    return file.read_text("utf-8").rstrip().removesuffix(";")
