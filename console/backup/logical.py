"""A logical backup: pg_dump's folders, one a database, and what belongs to the whole cluster, without passwords.

Rows, sequences and catalog are read in the snapshot that pg_dump reads, and beside it, so that the manifest says what a
restore has to bring.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from console import waiting
from console.backup import folder as folders
from console.backup import manifest as manifests
from console.backup import truth
from console.backup.programs import ClientPrograms, age_note, clients
from console.backup.records import BackedUpDatabase, BackupFile, Manifest, TableRows
from console.backup.truth import DATABASES, LOCK_WITHIN_S, DatabaseRow, Tell
from console.errors import UsageError
from console.server.environment import environment
from console.server.script import script_session
from console.server.target import Target
from console.sql.quoting import quoted
from console.text import format as fmt

ROLES, TABLESPACES = "roles.sql", "tablespaces.sql"
AT_ONCE = 2
"""Jobs of one pg_dump: each is a connection to the target, and reads as fast as it can."""


STOPPED_WITHIN_S = 2.0

T = TypeVar("T")


class LogicalRequest(Struct, frozen=True, kw_only=True):
    """What to back up: `databases` by name, () is the target's own, None all. `schemas` (of one database): (): all.

    `compress` is gzip's level, None pg_dump's own. Without `proof` nothing but pg_dump reads the tables, and a verify
    proves no more than that the backup can be restored.
    """

    folder: Path
    databases: tuple[str, ...] | None = ()
    schemas: tuple[str, ...] = ()
    jobs: int = AT_ONCE
    compress: int | None = None
    proof: bool = True


async def back_up(target: Target, request: LogicalRequest, tell: Tell) -> Manifest:
    """Makes the backup, which is whole and in its folder when this returns; else nothing is left of it.

    Raises ConsoleError.
    """
    target = target.direct()
    began = dt.datetime.now(dt.UTC)
    async with script_session(target, purpose="backup") as session:
        info = session.info
        chosen = _chosen(await session.fetch(DATABASES), request)
    programs = await asyncio.to_thread(clients, info.version)
    name = folders.name_of(began, "logical")
    with folders.writing(request.folder, name) as partial:
        tell("reading roles and tablespaces")
        await _globals(programs, target, partial)
        found = []
        for number, row in enumerate(chosen, 1):
            place = f"{number:03d}"
            found.append(await _database(programs, target.with_database(row.name), row, request, partial / place, tell))
        files = await measured(partial, tell)
        made = Manifest(
            name=name, kind="logical", label=target.label, version=info.version, major=info.major,
            system_identifier=None if info.system_identifier is None else str(info.system_identifier), began_at=began,
            ended_at=dt.datetime.now(dt.UTC), databases=tuple(found), files=files,
            notes=age_note(programs.version, info.version))
        manifests.write(partial, made)
    return made


def _chosen(there: list[DatabaseRow], request: LogicalRequest) -> list[DatabaseRow]:
    """The databases that are meant. Raises UsageError for one that isn't there."""
    if request.databases is None:
        return there
    if not request.databases:
        return [row for row in there if row.is_current]
    known = {row.name: row for row in there}
    if absent := [name for name in request.databases if name not in known]:
        raise UsageError(f"there is no database {absent[0]!r} to back up", hint=f"there are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(request.databases)]


async def _globals(programs: ClientPrograms, target: Target, partial: Path) -> None:
    """Apart from each other, so that a rehearsal can make the roles without touching a tablespace's folder."""
    variables = await environment(target)
    for option, file in (("--roles-only", ROLES), ("--tablespaces-only", TABLESPACES)):
        await programs.run("pg_dumpall", [option, "--no-role-passwords", "--no-password",
                                          f"--database={variables['PGDATABASE']}", f"--file={partial / file}"],
                           variables)


async def _database(programs: ClientPrograms, target: Target, row: DatabaseRow, request: LogicalRequest, folder: Path,
                    tell: Tell) -> BackedUpDatabase:
    variables = await environment(target)
    options = ["--format=directory", f"--file={folder}", f"--jobs={request.jobs}", "--verbose", "--no-password",
               f"--lock-wait-timeout={LOCK_WITHIN_S * 1000:.0f}"]
    options += [] if request.compress is None else [f"--compress={request.compress}"]
    options += [f"--schema={quoted(schema)}" for schema in request.schemas]
    async with truth.held_snapshot(target, "backup") as (session, snapshot):
        before = await truth.sequences_of(session, request.schemas) if request.proof else {}
        extensions = await truth.extensions_of(session)
        catalog = await truth.catalog_of(session, request.schemas) if request.proof else {}
        dumped = 0

        def hear(line: str) -> None:
            nonlocal dumped
            dumped += "dumping contents of table" in line
            tell(f"{row.name}: pg_dump has begun with {fmt.plural(dumped, 'table')}")

        tables: dict[str, TableRows] = {}

        async def read() -> None:
            if request.proof:
                tables.update(await truth.rows_of(session, request.schemas, lambda words: tell(f"{row.name}: {words}"),
                                                  unlogged=not session.info.is_standby))

        async def dump() -> None:
            await programs.run("pg_dump", [f"--snapshot={snapshot}", *options], variables, on_line=hear)

        await waiting.together([read(), dump()])
        after = await truth.sequences_of(session, request.schemas) if request.proof else {}
    return BackedUpDatabase(
        name=row.name, folder=folder.name, bytes=row.bytes, schemas=request.schemas, encoding=row.encoding,
        locale=row.options, extensions=extensions, is_proof=request.proof,
        has_unlogged=not session.info.is_standby, tables=tables, sequences=truth.between(before, after),
        catalog=catalog)


async def measured(partial: Path, tell: Tell) -> tuple[BackupFile, ...]:
    """The files of a new backup, with their checksums; a cancelled task stops the reading. Raises OSError."""
    return await in_thread(lambda stop: manifests.measure(
        partial, stop, lambda read: tell(f"computing checksums, {fmt.size(read)}")))


async def in_thread(work: Callable[[threading.Event], T]) -> T:
    """What `work` makes in a thread, which is told to stop when this task is cancelled, and then waited for."""
    stop = threading.Event()
    task = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({task}, timeout=STOPPED_WITHIN_S)
        if task.done() and not task.cancelled():
            task.exception()  # retrieved: it is what stopping looks like
        raise
