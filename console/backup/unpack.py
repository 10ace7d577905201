"""A base backup's tar files as a data folder that a server of ours can run on, and harm nobody with.

The configuration in it is the target's: its archive_command, primary_conninfo, tablespaces and subscriptions would
reach the target's own archive, primary, folders and publishers. None of it is used.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import tarfile
import threading
from collections.abc import Sequence
from pathlib import Path

from console import files
from console.backup.basebackup import BACKUP_MANIFEST
from console.backup.logical import in_thread
from console.backup.programs import ClientPrograms
from console.backup.records import Manifest
from console.backup.truth import Tell
from console.errors import ConsoleError
from console.local_postgres.binaries import server_account
from console.local_postgres.cluster import SETTINGS as SETTINGS_FILE

REMOVED = ("postgresql.auto.conf", "standby.signal", "recovery.signal", "postmaster.pid", "postmaster.opts",
           SETTINGS_FILE, "current_logfiles")
TABLESPACES = "tablespaces"
MAP = "tablespace_map"
"""The file of a backup that says where the target's tablespaces are."""

QUIET = {
    "archive_mode": "off", "max_logical_replication_workers": "0", "hot_standby": "on", "wal_level": "replica",
    "huge_pages": "off", "ssl": "off", "restore_command": "", "primary_conninfo": "",
}
"""Settings of every restored server: it reaches nobody."""

EVENT_TRIGGERS_SINCE = 17


def quiet(major: int) -> dict[str, str]:
    """QUIET, and that no event trigger of the target's, as one on login, runs when we look at what was restored."""
    return QUIET | ({"event_triggers": "off"} if major >= EVENT_TRIGGERS_SINCE else {})


_FROM_CONTROL = {"max_connections": "max_connections", "max_worker_processes": "max_worker_processes",
                 "max_wal_senders": "max_wal_senders", "max_prepared_xacts": "max_prepared_transactions",
                 "max_locks_per_xact": "max_locks_per_transaction"}
"""What a server that recovers must have at least as much of: pg_controldata's names, and the settings'."""


async def unpack(chain: Sequence[tuple[Path, Manifest]], programs: ClientPrograms, into: Path, tell: Tell,
                 *, recovers: bool = False) -> dict[str, str]:
    """Makes the data folder `into`/data of a base backup and the incremental ones since it, in their order; the
    settings that a server on it needs. `recovers`: by restore_command, further than the backup's own WAL goes.

    Raises ConsoleError.
    """
    data = into / "data"
    if len(chain) == 1:
        await _extracted(chain[0][0], data, tell, into / TABLESPACES)
        await _verified(programs, data, tell)
    else:
        parts = [into / f"part{number}" for number in range(len(chain))]
        for (path, _), part in zip(chain, parts, strict=True):
            await _extracted(path, part, tell)
        tell("pg_combinebackup puts the increments together")
        await programs.run("pg_combinebackup", ["--no-sync", f"--output={data}", *map(str, parts)])
    await asyncio.to_thread(_pacify, data, recovers)
    return quiet(programs.major) | await asyncio.to_thread(_needed, programs, data)


async def _extracted(path: Path, data: Path, tell: Tell, tablespaces: Path | None = None) -> None:
    """`tablespaces` is the folder for those that the cluster has, None where they can't be restored."""
    base = path / "base"
    for tar in sorted(base.glob("*.tar*")):
        name = tar.name.partition(".")[0]
        into = data / "pg_wal" if name == "pg_wal" else data
        if name.isdigit():
            if tablespaces is None:
                raise ConsoleError(f"{path.name} has tablespaces, with which increments are not put together here",
                                   hint="pg_combinebackup does it by hand, with --tablespace-mapping")
            into = tablespaces / name
        tell(f"unpacking {tar.name}")
        await in_thread(lambda stop, tar=tar, into=into: _extract(tar, into, stop))  # type: ignore[misc]
        if into.parent == tablespaces:
            (data / "pg_tblspc").mkdir(mode=0o700, parents=True, exist_ok=True)
            (data / "pg_tblspc" / name).symlink_to(into)
    content = await asyncio.to_thread(files.read, base / BACKUP_MANIFEST)
    with files.replacing(data / BACKUP_MANIFEST) as file:
        file.write(content)


def _extract(tar: Path, into: Path, stop: threading.Event) -> None:
    """Files and folders alone: links to tablespaces are the target's. Raises ConsoleError, also once `stop` is set."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with tarfile.open(tar) as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 and later
            for member in archive:
                if stop.is_set():
                    raise ConsoleError("stopped")
                if member.isfile() or member.isdir():
                    archive.extract(member, into)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ConsoleError(f"{tar.name} can't be unpacked: {error}") from None


async def _verified(programs: ClientPrograms, data: Path, tell: Tell) -> None:
    """Has pg_verifybackup compare all files, and the WAL, with what the server said of them."""
    if programs.has("pg_verifybackup"):
        tell("pg_verifybackup compares the files with the server's manifest")
        await programs.run("pg_verifybackup", ["--quiet", "--exit-on-error", str(data)])


def _pacify(data: Path, recovers: bool) -> None:
    """Takes the target's configuration away, and gives the folder to whom the server runs as."""
    for name in REMOVED:
        (data / name).unlink(missing_ok=True)
    for name, text in (("postgresql.conf", f"include_if_exists = '{SETTINGS_FILE}'\n"), ("pg_ident.conf", ""),
                       ("pg_hba.conf", "local all all trust\n")):
        with files.replacing(data / name) as file:
            file.write(text.encode())
    if recovers:
        with files.replacing(data / "recovery.signal"):
            pass  # that it is there says it all
    tablespaces = data.with_name(TABLESPACES)
    if (data / MAP).exists():  # recovery makes the links anew, by what stands there
        with files.replacing(data / MAP) as file:
            file.write("".join(f"{path.name} {path}\n" for path in sorted(tablespaces.glob("*"))).encode())
    account = server_account()
    for folder in (data, tablespaces):
        for parent, folders, names in os.walk(folder):
            Path(parent).chmod(0o700)
            if account is not None:
                for name in ("", *folders, *names):
                    account.owns(Path(parent) / name)


def _needed(programs: ClientPrograms, data: Path) -> dict[str, str]:
    """What of the target's own limits the restored server must have."""
    done = subprocess.run([programs.path("pg_controldata"), str(data)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C"})
    found = dict(re.findall(r"^(\w+) setting: +(\d+)$", done.stdout, re.MULTILINE))
    return {setting: found[name] for name, setting in _FROM_CONTROL.items() if name in found}
