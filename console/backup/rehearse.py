"""A rehearsal of point-in-time recovery: a base backup and the archive's WAL, in a cluster of its own, and what was
there at that moment."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from msgspec import Struct

from console.backup import manifest as manifests
from console.backup import truth
from console.backup.logical import in_thread
from console.backup.programs import ClientPrograms
from console.backup.records import BackupEntry, Manifest
from console.backup.truth import DATABASES, Tell
from console.backup.unpack import unpack
from console.backup.verify import RECOVERS_WITHIN_S, NotProvable, chain_of, check_space, server_for
from console.errors import ConsoleError, UsageError
from console.local_postgres.ephemeral import running, throwaway_folder
from console.server.query import load
from console.server.script import script_session


class RecoveryEnd(Struct, frozen=True):
    """sql/recovery_end.sql as it comes: when the last transaction that was recovered had committed, None: there was
    none after the base backup."""

    last_commit_at: dt.datetime | None
    lsn: str


class RecoveredTable(Struct, frozen=True):
    """A table as it was at that moment."""

    database: str
    name: str
    rows: int


class RecoveryRehearsal(Struct, frozen=True):
    """What was there: of the backup of that name and the archive, up to `to_time` (None: to the archive's end)."""

    backup: str
    to_time: dt.datetime | None
    end: RecoveryEnd
    tables: tuple[RecoveredTable, ...]


RECOVERY_END = load("console.backup", "recovery_end", RecoveryEnd)


def base_for(entries: list[BackupEntry], to_time: dt.datetime | None) -> tuple[Path, Manifest]:
    """The newest base backup that was complete by that time. Raises UsageError where there is none."""
    there = [(each.path, each.manifest) for each in entries if each.manifest and each.manifest.kind != "logical"]
    fit = [(path, manifest) for path, manifest in there if to_time is None or manifest.ended_at <= to_time]
    if fit:
        return max(fit, key=lambda pair: pair[1].ended_at)
    if not there:
        raise UsageError("there is no base backup to recover from", hint="dbconsole backup run --kind base makes one")
    oldest = min(manifest.ended_at for _, manifest in there)
    raise UsageError(f"no base backup was complete by {to_time}", hint=f"the oldest was at {oldest}: nothing before "
                     "that can be recovered")


def restore_command(archive: Path) -> str:
    """What copies a segment from a folder. Raises UsageError for a folder whose name a shell would read otherwise."""
    if set(str(archive)) & set("\"'\\$`\n"):
        raise UsageError(f"{archive}: a shell would read that name otherwise",
                         hint="restore_command of [targets.NAME.backup] says how a segment is copied")
    return f'cp "{str(archive).replace("%", "%%")}/%f" "%p"'


async def rehearse(path: Path, manifest: Manifest, command: str, to_time: dt.datetime | None, tell: Tell
                   ) -> RecoveryRehearsal:
    """Recovers to that time, None: as far as the archive goes. Raises ConsoleError, also where it isn't reached."""
    binaries = await asyncio.to_thread(server_for, manifest.major, ())
    check_space(manifest)
    if manifest.superuser is None:
        raise NotProvable("the backup doesn't name a superuser to look at the restored cluster as")
    programs = ClientPrograms(binaries.bin_dir, binaries.version)
    if wrong := await in_thread(lambda stop: manifests.faults(path, manifest, stop)):
        raise ConsoleError(f"{manifest.name} is damaged: {wrong[0]}", hint="dbconsole backup verify says more")
    async with throwaway_folder(binaries) as place:
        settings = await unpack(await chain_of(path, manifest), programs, place, tell, recovers=True)
        settings |= {"hot_standby": "off", "restore_command": command, "recovery_target_action": "promote"}
        if to_time is not None:
            settings["recovery_target_time"] = to_time.astimezone(dt.UTC).isoformat(sep=" ", timespec="microseconds")
        tell("the restored server replays WAL from the archive")
        try:
            async with running(place, binaries, settings, RECOVERS_WITHIN_S, manifest.superuser) as scratch:
                async with script_session(scratch, purpose="backup restore") as session:
                    (end,) = await session.fetch(RECOVERY_END)
                    databases = await session.fetch(DATABASES)
                tables = []
                for database in databases:
                    async with truth.held_snapshot(scratch.with_database(database.name), "backup restore") as (held, _):
                        tables += [RecoveredTable(database.name, name, rows) for name, rows in
                                   (await truth.counts_of(held, tell)).items()]
        except ConsoleError as error:
            if "before configured recovery target was reached" in (error.detail or ""):
                raise ConsoleError(
                    f"the archive ends before {to_time}: there is no WAL up to then", detail=error.detail,
                    hint="archiving may be behind: see the checks archiver and wal_gap") from None
            raise
    return RecoveryRehearsal(manifest.name, to_time, end, tuple(tables))
