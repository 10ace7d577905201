"""What a backup is worth: its files are compared with the manifest, it is restored into a cluster of its own, and what
is there then is compared with what was there when it was made.

`pg_restore --list` reads the table of contents alone and passes a truncated dump, so it proves nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from console import files, waiting
from console.backup import compare, truth
from console.backup import folder as folders
from console.backup import manifest as manifests
from console.backup.logical import AT_ONCE, ROLES, in_thread
from console.backup.programs import ClientPrograms, is_older
from console.backup.records import BackedUpDatabase, BackupProof, Manifest, ProofStatus
from console.backup.truth import Tell
from console.backup.unpack import quiet, unpack
from console.errors import ConsoleError
from console.local_postgres.binaries import Binaries, available
from console.local_postgres.ephemeral import running, throwaway_folder
from console.server.environment import environment
from console.server.script import ScriptFault, ScriptSession, script_session
from console.server.target import Target
from console.sql.quoting import identifier, literal
from console.text import format as fmt
from console.text.parse import version_numbers

RECOVERS_WITHIN_S = 3600.0
SPACE_FACTOR = 1.2
"""A restored database takes this much of what it took, and some WAL."""


class NotProvable(ConsoleError):
    """This machine lacks what a proof needs; that says nothing of the backup."""


class Findings(Struct):
    """What a proof has found so far, in sentences."""

    proved: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


async def verify(folder: Path, tell: Tell, *, files_only: bool = False) -> BackupProof:
    """Proves one backup, and keeps beside it what came of that. Raises ConsoleError where there is no backup.

    `files_only`: the files are compared with the manifest and nothing is restored; that is kept only where it failed,
    as it proves less than a restore.
    """
    found = Findings()
    status, checksum = await _examined(folder, found, tell, files_only=files_only)
    proof = BackupProof(name=folder.name, status=status, at=dt.datetime.now(dt.UTC), manifest_sha256=checksum,
                        proved=tuple(found.proved), faults=tuple(found.faults), notes=tuple(found.notes))
    if not files_only or found.faults:
        try:
            folders.write_proof(folder, proof)
        except OSError as error:
            return replace(proof, notes=(*proof.notes, f"that couldn't be kept beside the backup: {error.strerror}"))
    return proof


async def _examined(folder: Path, found: Findings, tell: Tell, *, files_only: bool) -> tuple[ProofStatus, str]:
    try:
        manifest, checksum = manifests.read(folder)
    except FileNotFoundError:
        raise ConsoleError(f"{folder} has no manifest: it is no backup of dbconsole's, or one that was never completed",
                           hint="dbconsole backup status lists those that are complete") from None
    except manifests.DamagedManifest as error:
        found.faults.append(error.summary)
        return "damaged", ""
    found.faults += await in_thread(lambda stop: manifests.faults(
        folder, manifest, stop, lambda read: tell(f"comparing checksums, {fmt.size(read)} of "
                                                  f"{fmt.size(manifest.bytes)}")))
    if found.faults:
        return "damaged", checksum
    found.proved.append(f"all {fmt.plural(len(manifest.files), 'file')} ({fmt.size(manifest.bytes)}) are as they were "
                        "written, and there are no others")
    if files_only:
        found.notes.append("nothing was restored")
        return "unproved", checksum
    found.notes += manifest.notes
    try:
        await _restored(folder, manifest, found, tell)
    except NotProvable as error:
        found.notes.append(" ".join(error.lines()))
        return "unproved", checksum
    except RestoreFailed as error:
        found.faults += error.lines()
        return "failed", checksum
    return "differs" if found.faults else "proved", checksum


class RestoreFailed(ConsoleError):
    """The backup can't be restored."""


async def _restored(folder: Path, manifest: Manifest, found: Findings, tell: Tell) -> None:
    """Restores and compares. Raises NotProvable, RestoreFailed."""
    extensions = sorted({name for database in manifest.databases for name in database.extensions})
    binaries = await asyncio.to_thread(server_for, manifest.major, extensions)
    check_space(manifest)
    try:
        await _restored_on(binaries, folder, manifest, found, tell)
    except RestoreFailed as error:
        if not is_older(binaries.version, manifest.version):
            raise
        raise NotProvable(f"PostgreSQL {binaries.version} on this machine is older than the server, "
                          f"{manifest.version}, and doesn't take the backup: {error.summary}", detail=error.detail,
                          hint=f"install PostgreSQL {manifest.version} for a restore") from None


async def _restored_on(binaries: Binaries, folder: Path, manifest: Manifest, found: Findings, tell: Tell) -> None:
    if manifest.kind != "logical":
        await _restored_base(folder, manifest, binaries, found, tell)
        return
    async with throwaway_folder(binaries) as place, running(place, binaries, quiet(binaries.major)) as scratch:
        programs = ClientPrograms(binaries.bin_dir, binaries.version)
        await _make_roles(programs, scratch, folder, found)
        for database in manifest.databases:
            target = await _load(programs, scratch, folder, database, found, tell)
            await compared(target, database, found, tell)
        await checked_indexes(programs, binaries, scratch, found, tell)


async def _restored_base(folder: Path, manifest: Manifest, binaries: Binaries, found: Findings, tell: Tell) -> None:
    """The same for a base backup, with those that it stands on. Raises RestoreFailed, NotProvable."""
    programs = ClientPrograms(binaries.bin_dir, binaries.version)
    if manifest.superuser is None:
        raise NotProvable("the backup doesn't name a superuser to look at the restored cluster as")
    async with throwaway_folder(binaries) as place:
        try:
            settings = await unpack(await chain_of(folder, manifest), programs, place, tell)
            tell("the restored server recovers")
            async with running(place, binaries, settings, RECOVERS_WITHIN_S, manifest.superuser) as scratch:
                found.proved.append("the server starts on it, and recovers")
                for database in manifest.databases:
                    await compared(scratch.with_database(database.name), database, found, tell)
                await checked_indexes(programs, binaries, scratch, found, tell)
        except (NotProvable, RestoreFailed):
            raise
        except ConsoleError as error:
            raise RestoreFailed(f"it can't be restored: {error.summary}", detail=error.detail) from None


async def chain_of(folder: Path, manifest: Manifest) -> list[tuple[Path, Manifest]]:
    """A base backup and the incremental ones up to this, whose files are all as they were. Raises RestoreFailed."""
    chain = [(folder, manifest)]
    while (parent := chain[0][1].parent) is not None:
        path = folder.with_name(Path(parent).name)
        try:
            found, _ = manifests.read(path)
        except (FileNotFoundError, manifests.DamagedManifest):
            raise RestoreFailed(f"it stands on {parent}, which isn't there or is damaged") from None
        wrong = await in_thread(lambda stop, path=path, found=found: manifests.faults(path, found, stop))  # type: ignore[misc]
        if wrong:
            raise RestoreFailed(f"it stands on {parent}, which is damaged: {wrong[0]}")
        chain.insert(0, (path, found))
    return chain


def server_for(major: int, extensions: Sequence[str]) -> Binaries:
    """The PostgreSQL of that major version and with these extensions on this machine. Raises NotProvable."""
    there = list(available())
    same = [binaries for binaries in there if binaries.major == major]
    if not same:
        here = ", ".join(dict.fromkeys(binaries.version for binaries in there)) or "none"
        raise NotProvable(f"a restore needs PostgreSQL {major} on this machine, as the server was; here is {here}",
                          hint=f"install PostgreSQL {major}")
    same.sort(key=lambda binaries: version_numbers(binaries.version), reverse=True)
    lacking = {binaries: [name for name in extensions if not binaries.has_extension(name)] for binaries in same}
    found = min(same, key=lambda binaries: len(lacking[binaries]))
    if lacking[found]:
        raise NotProvable(f"PostgreSQL {found.version} on this machine has no extension {', '.join(lacking[found])}",
                          hint="install it for a restore")
    return found


def check_space(manifest: Manifest) -> None:
    """Raises NotProvable where the folder for temporary files is surely too small."""
    place = Path(tempfile.gettempdir())
    needed = SPACE_FACTOR * sum(database.bytes or 0 for database in manifest.databases)
    with suppress(OSError):
        if (free := shutil.disk_usage(place).free) < needed:
            raise NotProvable(f"a restore needs about {fmt.size(needed)}, and {place} has {fmt.size(free)}",
                              hint="set TMPDIR to a folder with more space")


async def _make_roles(programs: ClientPrograms, scratch: Target, folder: Path, found: Findings) -> None:
    """Without the tablespaces, whose folders may be a server's of this machine."""
    text = await asyncio.to_thread(files.read, folder / ROLES)
    lines = await programs.run("psql", ["--no-psqlrc", "--quiet", "--no-password", "--file=-"],
                               await environment(scratch), given=text)
    refused = [line for line in lines if "ERROR" in line and "already exists" not in line]
    if refused:
        found.notes.append(f"{fmt.plural(len(refused), 'statement')} about roles could not be run here: {refused[0]}")


async def _load(programs: ClientPrograms, scratch: Target, folder: Path, database: BackedUpDatabase,
                found: Findings, tell: Tell) -> Target:
    """A database of the scratch cluster with what the backup holds. Raises RestoreFailed."""
    name = f"restored {database.name}"[:60]
    target = scratch.with_database(name)
    async with _session(scratch) as session:
        await _create(session, name, database, found)
    if database.schemas:
        async with _session(target) as session:
            for extension, schema in database.extensions.items():
                if schema not in database.schemas:
                    await session.statement(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
                    await session.statement(truth.create_extension(extension, schema))
    restored = 0

    def hear(line: str) -> None:
        nonlocal restored
        restored += "processing data for table" in line
        tell(f"{database.name}: pg_restore has loaded {fmt.plural(restored, 'table')}")

    try:
        await programs.run("pg_restore", [
            f"--dbname={name}", "--exit-on-error", "--no-tablespaces", "--no-password", "--verbose",
            f"--jobs={AT_ONCE}", str(folder / database.folder)], await environment(target), on_line=hear)
    except ConsoleError as error:
        raise RestoreFailed(f"{database.name}: can't be restored: {error.summary}", detail=error.detail) from None
    found.proved.append(f"{database.name}: was restored")
    return target


async def _create(session: ScriptSession, name: str, database: BackedUpDatabase, found: Findings) -> None:
    encoding = f"CREATE DATABASE {identifier(name)} TEMPLATE template0 ENCODING {literal(database.encoding)}"
    try:
        await session.statement(f"{encoding} {database.locale}")
    except ScriptFault as fault:
        found.notes.append(f"{database.name}: this machine doesn't have its order of text, so that it was restored "
                           f"with another one: {fault.fault.summary}")
        await session.statement(f"CREATE DATABASE {identifier(name)} TEMPLATE template0 "
                                f"ENCODING {literal(database.encoding)} LOCALE 'C' LOCALE_PROVIDER libc")


async def compared(target: Target, database: BackedUpDatabase, found: Findings, tell: Tell) -> None:
    """Compares a restored database with what the manifest says of it."""
    if not database.is_proof:
        found.notes.append(f"{database.name}: made with --no-proof, so there is nothing to compare its rows with")
        return
    async with truth.held_snapshot(target, "backup verify") as (session, _):
        read = await truth.read(session, database.schemas, lambda words: tell(f"{database.name}: {words}"),
                                unlogged=database.has_unlogged)
    wrong = compare.differences(database, read.tables, {name: each.last for name, each in read.sequences.items()},
                                read.catalog)
    found.faults += wrong
    if not wrong:
        rows = [each.rows for each in database.settled.values()]
        found.proved.append(
            f"{database.name}: {fmt.plural(len(rows), 'table')} with {fmt.count(sum(rows))} rows, "
            f"{fmt.plural(len(read.sequences), 'sequence')} and {fmt.plural(len(read.catalog), 'object')} of the "
            "catalog are as they were")
    if database.unsettled:
        found.notes.append(f"{database.name}: {fmt.plural(len(database.unsettled), 'table')} changed while the backup "
                           "ran, so that their rows could not be compared")


async def checked_indexes(programs: ClientPrograms, binaries: Binaries, scratch: Target, found: Findings, tell: Tell
                          ) -> None:
    """Has amcheck look at every table and B-tree of the restored cluster, where it is."""
    if not (binaries.has_extension("amcheck") and programs.has("pg_amcheck")):
        found.notes.append(f"amcheck isn't installed for PostgreSQL {binaries.version} here: tables and indexes were "
                           "not looked into")
        return
    tell("amcheck looks into tables and indexes")
    try:
        await programs.run("pg_amcheck", ["--all", "--install-missing", "--heapallindexed", "--no-password"],
                           await environment(scratch))
    except ConsoleError as error:
        found.faults += [f"amcheck: {line}" for line in error.lines()]
    else:
        found.proved.append("amcheck found nothing wrong in tables and B-tree indexes")


@asynccontextmanager
async def _session(target: Target) -> AsyncIterator[ScriptSession]:
    with waiting.limited(None):
        async with script_session(target, purpose="backup verify") as session:
            yield session

