"""A base backup: pg_basebackup's tar files with the WAL that makes them consistent, or the changes since another one.

No snapshot is that of a base backup, so what the tables hold is read before and after it: what was the same both times
a restore has to bring, and of the others nobody can say what it holds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from console import files
from console.backup import folder as folders
from console.backup import manifest as manifests
from console.backup import truth
from console.backup.logical import measured
from console.backup.programs import age_note, clients
from console.backup.records import BackedUpDatabase, Kind, Manifest
from console.backup.truth import DATABASES, DatabaseContents, DatabaseRow, Tell
from console.errors import ConsoleError, UsageError
from console.server.environment import environment
from console.server.query import load
from console.server.script import script_session
from console.server.target import Target

BACKUP_MANIFEST = "backup_manifest"
INCREMENTAL_SINCE = 17


class BaseRequest(Struct, frozen=True, kw_only=True):
    """`parent`: the changes since that backup alone. `compress` is gzip's level, 0: none. `fast`: with an immediate
    checkpoint, which writes as fast as the disk can. `proof` as for LogicalRequest."""

    folder: Path
    parent: Path | None = None
    compress: int = 1
    fast: bool = False
    proof: bool = True


class ClusterFacts(Struct, frozen=True):
    """sql/backed_cluster.sql as it comes."""

    segment_bytes: int
    superuser: str | None
    summarizes_wal: bool


CLUSTER = load("console.backup", "backed_cluster", ClusterFacts)


async def back_up_base(target: Target, request: BaseRequest, tell: Tell) -> Manifest:
    """Makes the backup, which is whole and in its folder when this returns; else nothing is left of it.

    Raises ConsoleError.
    """
    target = target.direct()
    began = dt.datetime.now(dt.UTC)
    async with script_session(target, purpose="backup") as session:
        info = session.info
        rows = await session.fetch(DATABASES)
        (cluster,) = await session.fetch(CLUSTER)
    identifier = None if info.system_identifier is None else str(info.system_identifier)
    if request.parent is not None:
        _check_parent(request.parent, info.major, identifier, cluster)
    programs = await asyncio.to_thread(clients, info.version)
    kind: Kind = "base" if request.parent is None else "incremental"
    name = folders.name_of(began, kind)
    variables = await environment(target)
    options = ["--format=tar", "--wal-method=stream", "--no-password", f"--label=dbconsole {name}",
               f"--checkpoint={'fast' if request.fast else 'spread'}", f"--compress={request.compress}"]
    if request.parent is not None:
        options.append(f"--incremental={request.parent / 'base' / BACKUP_MANIFEST}")
    with folders.writing(request.folder, name) as partial:
        before = await _truths(target, rows, tell) if request.proof else {}
        tell("pg_basebackup waits for a checkpoint, then copies")
        await programs.run("pg_basebackup", [*options, f"--pgdata={partial / 'base'}"], variables)
        after = await _truths(target, rows, tell) if request.proof else {}
        first, last = wal_of(await asyncio.to_thread(files.read, partial / "base" / BACKUP_MANIFEST),
                             cluster.segment_bytes)
        made = Manifest(
            name=name, kind=kind, label=target.label, version=info.version, major=info.major,
            system_identifier=identifier, superuser=cluster.superuser, began_at=began,
            ended_at=dt.datetime.now(dt.UTC), parent=None if request.parent is None else request.parent.name,
            first_wal=first, last_wal=last, notes=age_note(programs.version, info.version),
            databases=tuple(_settled(row, before, after) for row in rows), files=await measured(partial, tell))
        manifests.write(partial, made)
    return made


def _check_parent(parent: Path, major: int, identifier: str | None, cluster: ClusterFacts) -> None:
    """Raises UsageError where no incremental backup can be made since that one."""
    try:
        manifest, _ = manifests.read(parent)
    except FileNotFoundError:
        raise UsageError(f"{parent} is no complete backup, so none can be made since it") from None
    if manifest.kind == "logical":
        raise UsageError(f"{parent.name} is a logical backup: an incremental one stands on a base backup",
                         hint="dbconsole backup run --kind base")
    if major < INCREMENTAL_SINCE:
        raise UsageError(f"PostgreSQL {major} makes no incremental backups; {INCREMENTAL_SINCE} and later do")
    if identifier != manifest.system_identifier and None not in (identifier, manifest.system_identifier):
        raise UsageError(f"{parent.name} is of another cluster: its system identifier is {manifest.system_identifier}")
    if not cluster.summarizes_wal:
        raise UsageError("the server doesn't summarize WAL, which incremental backups need",
                         hint="ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); then a base backup")


async def _truths(target: Target, rows: Sequence[DatabaseRow], tell: Tell) -> dict[str, DatabaseContents]:
    """What each database holds. One that this role may not connect to has none."""
    found = {}
    for row in rows:
        if row.bytes is None:
            continue
        async with truth.held_snapshot(target.with_database(row.name), "backup") as (session, _):
            found[row.name] = await truth.read(session, (), lambda words, name=row.name: tell(f"{name}: {words}"),  # type: ignore[misc]
                                               unlogged=False)
    return found


def _settled(row: DatabaseRow, before: dict[str, DatabaseContents], after: dict[str, DatabaseContents]
             ) -> BackedUpDatabase:
    """What a restore has to bring of a database: what was the same before and after."""
    old, new = before.get(row.name), after.get(row.name)
    if old is None or new is None:
        return BackedUpDatabase(name=row.name, bytes=row.bytes, encoding=row.encoding, is_proof=False)
    names = {*old.tables, *new.tables}
    return BackedUpDatabase(
        name=row.name, bytes=row.bytes, encoding=row.encoding, has_unlogged=False, tables=new.tables,
        unsettled=tuple(sorted(name for name in names if old.tables.get(name) != new.tables.get(name))),
        sequences=truth.between(old.sequences, new.sequences, recovers=True),
        catalog=new.catalog if old.catalog == new.catalog else {})


def wal_of(backup_manifest: bytes, segment_bytes: int) -> tuple[str, str]:
    """The first and the last segment of WAL that a base backup needs, by pg_basebackup's manifest.

    Raises ConsoleError.
    """
    try:
        ranges = json.loads(backup_manifest)["WAL-Ranges"]
        return (segment_name(ranges[-1]["Timeline"], ranges[-1]["Start-LSN"], segment_bytes),
                segment_name(ranges[0]["Timeline"], ranges[0]["End-LSN"], segment_bytes))
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConsoleError("pg_basebackup's manifest says nothing of its WAL", detail=str(error)) from None


def segment_name(timeline: int, lsn: str, segment_bytes: int) -> str:
    """The file of WAL that a position is in: 1, "0/2000028" is 000000010000000000000002 with segments of 16 MB."""
    high, _, low = lsn.partition("/")
    number = ((int(high, 16) << 32) + int(low, 16)) // segment_bytes
    each = (1 << 32) // segment_bytes
    return f"{timeline:08X}{number // each:08X}{number % each:08X}"
