"""`dbconsole backup`: makes backups, says what there are, and proves them by restoring them."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from console import ending
from console.commands.output import narrator, say, warn, write_json, write_lines
from console.errors import ConsoleError, UsageError
from console.text import format as fmt

if TYPE_CHECKING:
    from console.backup.records import BackupProof, Manifest
    from console.commands.opening import Opening
    from console.server.target import Target

T = TypeVar("T")

SAID_AFTER_S = 2.0
CLEARED_WITHIN_S = 10.0
"""What a signal leaves for what was half made to be removed; a second signal ends it at once."""


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands of `dbconsole backup` and their options; `common` adds those that other commands have as well."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, words: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=words,
                                                              description=words[0].upper() + words[1:])
        parser.add_argument("--folder", type=Path, metavar="DIR", help="where the backups are (default: folder of "
                            "[targets.NAME.backup] in the configuration)")
        parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        common(parser)
        return parser

    command("status", "the backups that there are, the newest good one and its age, and what runs now")
    made = command("run", "make a backup, with a record of what is in it")
    made.add_argument("--kind", choices=("logical", "base", "incremental"), default="logical", help="pg_dump's "
                      "(default), pg_basebackup's, or what has changed since the newest of those")
    made.add_argument("--fast", action="store_true", help="base: with an immediate checkpoint, at full speed")
    made.add_argument("--database", action="append", default=[], metavar="D", help="this database (repeatable; "
                      "default: the target's own)")
    made.add_argument("--all-databases", action="store_true", help="every database that one can connect to")
    made.add_argument("--service", metavar="S", help="the schemas of this service, and of those that it needs")
    made.add_argument("--schema", action="append", default=[], metavar="S", help="this schema alone (repeatable)")
    made.add_argument("--jobs", type=int, default=2, metavar="N", help="tables that pg_dump reads at once (default 2)")
    made.add_argument("--compress", type=int, choices=range(10), metavar="0-9",
                      help="gzip's level (default: the program's own)")
    made.add_argument("--no-proof", action="store_true", help="don't read the tables for what a verify compares")
    proved = command("verify", "restore a backup into a cluster of its own and compare it with what there was")
    proved.add_argument("name", nargs="?", metavar="NAME", help="which backup (default: the newest good one)")
    proved.add_argument("--files", action="store_true", help="compare the files with the manifest, restore nothing")
    restored = command("restore", "rehearse a recovery in a cluster of its own, and show what was there")
    restored.add_argument("--to-time", metavar="T", help="as in 2026-12-01T02:30:00+01:00; without an offset it is of "
                          "this machine's zone (default: as far as the archive goes)")
    restored.add_argument("--archive", type=Path, metavar="DIR", help="where archive_command puts WAL (default: "
                          "archive or restore_command of [targets.NAME.backup])")
    cleared = command("prune", "remove old backups; without --yes, or an answer, it only shows which")
    cleared.add_argument("--keep", metavar="7d,4w,6m", help="the newest of so many days, weeks, months, years")
    cleared.add_argument("--yes", action="store_true", help="remove them without asking")
    nightly = command("schedule", "print a line for crontab, and a systemd timer; nothing is installed")
    nightly.add_argument("--at", metavar="HH:MM", default="02:30", help="when, each night (default 02:30)")
    nightly.add_argument("--kind", choices=("logical", "base", "incremental"), default="logical", help="as for run")


async def run(opening: Opening) -> int:
    """Runs one of the commands and returns the exit status. Raises ConsoleError."""
    work = {"status": _status, "run": _run, "verify": _verify, "restore": _restore, "prune": _prune,
            "schedule": _schedule}
    return await work[opening.options.command](opening)


async def _prune(opening: Opening) -> int:
    from console.commands.backup_keep import prune

    target = named_target(opening)
    return await prune(opening, folder_of(opening, target), target)


async def _schedule(opening: Opening) -> int:
    from console.commands.backup_keep import schedule

    return schedule(opening, folder_of(opening, named_target(opening)))


def tell(words: str) -> None:
    """What goes on, on stderr, once it has taken a while."""
    if time.monotonic() - _began_s >= SAID_AFTER_S:
        narrator().show(words, once=words.partition(",")[0].partition(":")[0])


_began_s = 0.0


async def tidily(work: Awaitable[T]) -> T:
    """The outcome of `work`; a signal cancels it and leaves it the time to remove what it has half made."""
    global _began_s

    _began_s = time.monotonic()
    task = asyncio.ensure_future(work)
    try:
        with ending.orderly(lambda number: task.cancel(), CLEARED_WITHIN_S):
            return await task
    finally:
        narrator().clear()


def folder_of(opening: Opening, target: Target | None) -> Path:
    """Where the backups are. Raises UsageError where nobody has said so."""
    given: Path | None = opening.options.folder
    if given is None and target is not None and target.backup is not None:
        given = target.backup.folder
    if given is None:
        raise UsageError("which folder are the backups in?",
                         hint="--folder DIR, or folder of [targets.NAME.backup] in the configuration")
    return given.absolute()


def named_target(opening: Opening) -> Target | None:
    """The target, without asking its server anything; None where the folder alone is meant."""
    options = opening.options
    if opening.is_demo(options.target) or (options.folder is not None and options.target is None):
        return None
    return opening.known_target(options.target)


async def _run(opening: Opening) -> int:
    from console.activity import audit

    options = opening.options
    target = await opening.target()
    folder = folder_of(opening, target)
    work = await _logical(opening, target, folder) if options.kind == "logical" else _base(opening, target, folder)
    say(f"reads {target.label} and writes to {folder}; " + (
        "the server is not changed" if options.kind == "logical" else
        "the server makes a checkpoint and keeps WAL by a slot meanwhile, and is not changed otherwise"))
    facts: dict[str, Any] = {"target": target.label, "folder": str(folder), "kind": options.kind}
    audit.write("backup", {**facts, "outcome": "begins"})
    began_s = time.monotonic()
    try:
        made = await tidily(work())
    except BaseException as error:
        audit.write("backup", {**facts, "outcome": "failed", "why": str(error) or "interrupted"})
        raise
    took_s = time.monotonic() - began_s
    for note in made.notes:
        warn(note)
    audit.write("backup", {**facts, "outcome": "made", "name": made.name, "bytes": made.bytes})
    if options.json:
        write_json({**document(folder, made), "took_s": round(took_s, 3)})
    else:
        write_lines([f"{folder / made.name}: {sum_of(made)}, in {fmt.duration(took_s)}"])
        say("dbconsole backup verify proves that it can be restored")
    return 0


async def _logical(opening: Opening, target: Target, folder: Path) -> Callable[[], Awaitable[Manifest]]:
    """What makes the logical backup that is asked for. Raises UsageError, Missing."""
    from console.backup.logical import LogicalRequest, back_up

    options = opening.options
    schemas = tuple(dict.fromkeys((*options.schema, *await _schemas_of(opening, target))))
    if schemas and (options.all_databases or options.database):
        raise UsageError("--schema and --service choose from the target's own database, so no other can be named")
    if options.fast:
        raise UsageError("--fast is for base backups")
    request = LogicalRequest(
        folder=folder, databases=None if options.all_databases else tuple(options.database), schemas=schemas,
        jobs=max(1, options.jobs), compress=options.compress, proof=not options.no_proof)
    return lambda: back_up(target, request, tell)


def _base(opening: Opening, target: Target, folder: Path) -> Callable[[], Awaitable[Manifest]]:
    """What makes the base backup that is asked for. Raises UsageError."""
    from console.backup import folder as folders
    from console.backup.basebackup import BaseRequest, back_up_base

    options = opening.options
    if options.database or options.all_databases or options.schema or options.service:
        raise UsageError("a base backup is of the whole cluster: no database, schema or service can be chosen")
    parent = None
    if options.kind == "incremental":
        there = folders.entries(folder) if folder.is_dir() else []
        parent = folders.newest([each for each in there if each.manifest and each.manifest.kind != "logical"])
        if parent is None:
            raise UsageError(f"{folder} has no base backup for an incremental one to stand on",
                             hint="dbconsole backup run --kind base")
    request = BaseRequest(folder=folder, parent=parent.path if parent else None, fast=options.fast,
                          compress=1 if options.compress is None else options.compress, proof=not options.no_proof)
    return lambda: back_up_base(target, request, tell)


async def _schemas_of(opening: Opening, target: Target) -> Sequence[str]:
    """The schemas of the service that is meant and of those that it depends on, as far as they are there: without them
    it couldn't be restored. Raises UsageError, Missing."""
    wanted = opening.options.service
    if wanted is None:
        return ()
    from console.catalog import read
    from console.errors import Missing
    from console.server.single import single_session

    services = {service.name: service for service in opening.services(target)}
    if wanted not in services:
        raise UsageError(f"there is no service {wanted!r}", hint=f"there are: {', '.join(services) or 'none'}")
    names = [wanted]
    for name in names:  # which grows
        names += [needed for needed in services[name].depends_on if needed in services and needed not in names]
    async with single_session(target) as session:
        schemas = [schema.name for schema in await read.schemas(session)]
    found = [schema for name in names for schema in schemas if services[name].owns(schema)]
    if not any(services[wanted].owns(schema) for schema in schemas):
        raise Missing(f"{target.label}: there is no schema of the service {wanted}")
    if names[1:]:
        say(f"with {', '.join(names[1:])}, on which {wanted} depends")
    return found


def sum_of(made: Manifest) -> str:
    """A backup in a few words."""
    databases = ", ".join(database.name for database in made.databases)
    tables = sum(len(database.settled) for database in made.databases)
    return f"{made.kind} backup of {databases or 'the cluster'}, {fmt.size(made.bytes)}" + (
        f", {fmt.plural(tables, 'table')} recorded" if tables else ", nothing recorded to compare with")


async def _verify(opening: Opening) -> int:
    """0: proved, or with --files all files are right; 1: it is worth nothing; 2: nothing could be proved here."""
    from console.backup import folder as folders
    from console.backup.verify import verify

    options = opening.options
    folder = folder_of(opening, named_target(opening))
    if options.name is None:
        chosen = folders.newest(folders.entries(folder))
        if chosen is None:
            raise ConsoleError(f"{folder} holds no complete backup", hint="dbconsole backup run makes one")
        path = chosen.path
    else:
        path = folder / Path(options.name).name
        if not path.is_dir():
            raise UsageError(f"{folder} has no backup {options.name!r}", hint="dbconsole backup status lists them")
    proof = await tidily(verify(path, tell, files_only=options.files))
    if options.json:
        write_json({"backup": str(path), "status": proof.status, "proved": list(proof.proved),
                    "faults": list(proof.faults), "notes": list(proof.notes), "at": proof.at.isoformat()})
    else:
        write_lines(_proof_lines(proof, options.files))
    if proof.faults:
        return 1
    return 2 if proof.status == "unproved" and not options.files else 0


def _proof_lines(proof: BackupProof, files_only: bool) -> list[str]:
    verdict = "files right" if files_only and not proof.faults else proof.status
    return [f"{verdict:11} {proof.name}", *(f"  proved: {words}" for words in proof.proved),
            *(f"  WRONG: {words}" for words in proof.faults), *(f"  note: {words}" for words in proof.notes)]


async def _restore(opening: Opening) -> int:
    from console.backup import folder as folders
    from console.backup.rehearse import base_for, rehearse

    options = opening.options
    target = named_target(opening)
    folder = folder_of(opening, target)
    to_time = _moment(options.to_time)
    path, manifest = base_for(await asyncio.to_thread(folders.entries, folder), to_time)
    command = _restore_command(options.archive, target)
    say(f"recovers {manifest.name} in a cluster of its own; nothing of the target is touched")
    found = await tidily(rehearse(path, manifest, command, to_time, tell))
    last = found.end.last_commit_at
    if options.json:
        write_json({"backup": found.backup, "to_time": to_time, "last_commit_at": last, "tables": [
            {"database": table.database, "name": table.name, "rows": table.rows} for table in found.tables]})
    else:
        write_lines([f"recovered {found.backup} to {to_time or 'the end of the archive'}; the last transaction that it "
                     f"holds committed " + (f"at {last}" if last else "before the backup ended"),
                     *(f"  {table.database}: {table.name} has {fmt.plural(table.rows, 'row')}"
                       for table in found.tables)])
    return 0


def _moment(text: str | None) -> dt.datetime | None:
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UsageError(f"--to-time {text}: no time", hint="as in 2026-12-01T02:30:00+01:00") from None


def _restore_command(archive: Path | None, target: Target | None) -> str:
    """How a segment of WAL is fetched. Raises UsageError where nobody has said so."""
    from console.backup.rehearse import restore_command

    configured = target.backup if target is not None else None
    if archive is None and configured is not None and configured.restore_command:
        return configured.restore_command
    if archive is None and configured is not None:
        archive = configured.archive
    if archive is None:
        raise UsageError("where is the archived WAL?",
                         hint="--archive DIR, or archive or restore_command of [targets.NAME.backup]")
    if not archive.is_dir():
        raise UsageError(f"{archive} is no folder", hint="--archive DIR")
    return restore_command(archive.absolute())


async def _status(opening: Opening) -> int:
    from console.commands.backup_status import status

    target = named_target(opening)
    return await status(opening, folder_of(opening, target), target)


def rate_of(made: Manifest) -> str:
    """How fast it was made."""
    took_s = (made.ended_at - made.began_at).total_seconds()
    return fmt.rate(made.bytes / took_s) if took_s > 0 else fmt.UNKNOWN


def document(folder: Path, made: Manifest) -> dict[str, Any]:
    """A backup for JSON."""
    took_s = (made.ended_at - made.began_at).total_seconds()
    return {
        "name": made.name, "path": str(folder / made.name), "kind": made.kind, "target": made.label,
        "server_version": made.version, "began_at": made.began_at.isoformat(), "ended_at": made.ended_at.isoformat(),
        "bytes": made.bytes, "bytes_per_s": round(made.bytes / took_s) if took_s > 0 else None, "parent": made.parent,
        "notes": list(made.notes),
        "databases": [{"name": database.name, "schemas": list(database.schemas), "bytes": database.bytes,
                       "tables": len(database.settled), "rows": sum(rows.rows for rows in database.settled.values())}
                      for database in made.databases]}
