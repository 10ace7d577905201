"""`dbconsole backup status`: the backups that there are, what they make reachable, and what runs now."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.commands.backup import document, rate_of, sum_of
from console.commands.output import write_json, write_lines
from console.errors import ConsoleError
from console.text import format as fmt
from console.text.parse import retention

if TYPE_CHECKING:
    from console.activity.records import CommandProgress
    from console.backup.records import BackupEntry
    from console.backup.status import RecoveryWindow
    from console.commands.opening import Opening
    from console.metrics.records.wal import Archiver
    from console.server.target import Target


class ServerSide(Struct, frozen=True):
    """What the target's server says of archiving and of the base backups that run; `window` where the archive is known.
    """

    archiver: Archiver | None
    running: tuple[CommandProgress, ...]
    window: RecoveryWindow | None


async def status(opening: Opening, folder: Path, target: Target | None) -> int:
    """0, or 1 where there is no complete backup. Raises ConsoleError. A server that doesn't answer is said."""
    from console.backup import folder as folders

    entries = await asyncio.to_thread(lambda: [folders.measured(each) for each in folders.entries(folder)])
    newest = folders.newest(entries)
    server: ServerSide | ConsoleError | None = None
    if target is not None:
        try:
            server = await _server(target, entries)
        except ConsoleError as error:
            server = error
    if opening.options.json:
        write_json({"folder": str(folder), "newest": newest.path.name if newest else None,
                    "backups": [_entry(folder, each) for each in entries], "server": _server_document(server)})
    else:
        keep = target.backup.keep if target is not None and target.backup is not None else None
        write_lines([*_folder_lines(folder, entries, newest), *_retention_lines(entries, keep), *_server_lines(server)])
    return int(newest is None)


async def _server(target: Target, entries: Sequence[BackupEntry]) -> ServerSide:
    from console.activity.read import PROGRESS
    from console.backup import wal
    from console.backup.status import recovery_window
    from console.metrics.reads.upkeep import ARCHIVER_STATE
    from console.metrics.reads.wal import ARCHIVER
    from console.server.query import Read
    from console.server.single import single_session

    progress = next(query for query in PROGRESS if query.name.endswith("base_backup"))
    async with single_session(target) as session:
        found = await session.refresh(Read(ARCHIVER), Read(ARCHIVER_STATE), Read(progress))
    archiver, state = found.first(ARCHIVER), found.first(ARCHIVER_STATE)
    window = None
    archive = target.backup.archive if target.backup is not None else None
    if archive is not None and archiver is not None and state is not None and archiver.last_archived_wal is not None:
        try:
            names = await asyncio.to_thread(wal.archived, archive)
        except OSError as error:
            raise ConsoleError(f"{archive}: {error.strerror}", hint="archive of [targets.NAME.backup]") from None
        age_s = archiver.last_archived_age_s
        window = recovery_window(
            entries, names, archiver.last_archived_wal,
            None if age_s is None else dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s), state.segment_bytes)
    return ServerSide(archiver, tuple(found.rows(progress) or ()), window)


def _folder_lines(folder: Path, entries: Sequence[BackupEntry], newest: BackupEntry | None) -> Iterator[str]:
    now = dt.datetime.now(dt.UTC)
    if newest is None or newest.manifest is None:
        yield f"{folder}: no complete backup"
    else:
        made = newest.manifest
        proved = f"proved {fmt.ago(newest.proved_at, now)}" if newest.proved_at else "not proved"
        yield f"newest: {made.name}, {fmt.ago(made.ended_at, now)}, {sum_of(made)}, {rate_of(made)}, {proved}"
    for each in entries:
        words = each.words if each.manifest is None else \
            f"{each.manifest.kind}, {fmt.size(each.manifest.bytes)}, {each.verdict or 'not verified'}"
        yield f"  {each.state:10} {each.path.name}  {words}"


def _retention_lines(entries: Sequence[BackupEntry], keep: str | None) -> Iterator[str]:
    """Whether what is configured to be kept is what is there."""
    from console.backup.prune import kept

    if keep is not None:
        stays = kept(entries, retention(keep))
        goes = sum(each.manifest is not None for each in entries) - len(stays)
        yield f"retention: {keep} keeps {fmt.count(len(stays))}" + (
            f", and prune would remove {fmt.count(goes)}" if goes else ", which is all that is there")


def _server_lines(server: ServerSide | ConsoleError | None) -> Iterator[str]:
    if isinstance(server, ConsoleError):
        yield f"archiving, and what runs now: unknown: {server.summary}"
    elif server is not None:
        for running in server.running:
            done = f", {fmt.size(running.done)} of {fmt.size(running.total)}" if running.total else ""
            yield f"running: a {running.command} for {running.relation}, {running.phase}{done}"
        yield from _archive_lines(server)


def _archive_lines(server: ServerSide) -> Iterator[str]:
    archiver, window = server.archiver, server.window
    if archiver is None:
        yield "archiving: unknown"
    elif archiver.mode == "off":
        yield "archiving: off, so that a base backup can be recovered to its own end alone"
    elif archiver.last_archived_wal is None:
        yield "archiving: on, nothing archived yet"
    else:
        failing = f"; failing at {archiver.last_failed_wal}" if archiver.is_failing else ""
        yield f"archiving: {archiver.last_archived_wal}, {fmt.duration(archiver.last_archived_age_s)} ago{failing}"
    if window is None:
        if archiver is not None and archiver.mode != "off":
            yield "recovery window: unknown: the archive is none of [targets.NAME.backup], or empty"
    elif window.backup is not None:
        yield f"recovery window: from {window.begins_at:%Y-%m-%d %H:%M:%S} ({window.backup}) to " + (
            f"{window.ends_at:%Y-%m-%d %H:%M:%S} UTC" if window.ends_at else "an unknown time")
    elif window.missing:
        yield (f"recovery window: none: {fmt.plural(len(window.missing), 'segment')} missing in the archive since the "
               f"newest base backup, first {window.missing[0]}")
    else:
        yield "recovery window: none: there is no base backup"


def _entry(folder: Path, each: BackupEntry) -> dict[str, Any]:
    return {"name": each.path.name, "state": each.state, "words": each.words or None, "proved_at": _iso(each.proved_at),
            "verdict": each.verdict, **({} if each.manifest is None else document(folder, each.manifest))}


def _server_document(server: ServerSide | ConsoleError | None) -> dict[str, Any] | None:
    if server is None:
        return None
    if isinstance(server, ConsoleError):
        return {"error": server.summary}
    archiver, window = server.archiver, server.window
    return {
        "running": [{"kind": each.command, "phase": each.phase, "bytes": each.done, "total_bytes": each.total}
                    for each in server.running],
        "archive_mode": archiver and archiver.mode, "last_archived_wal": archiver and archiver.last_archived_wal,
        "last_archived_age_s": archiver and archiver.last_archived_age_s,
        "window": None if window is None else {
            "backup": window.backup, "begins_at": _iso(window.begins_at), "ends_at": _iso(window.ends_at),
            "missing": list(window.missing)}}


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
