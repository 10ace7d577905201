"""The folder that backups are written to: a folder each, named by time and kind; one that is not done ends in .partial.

    shop/20261201T020000Z-logical/manifest.json        written last
    shop/20261201T020000Z-logical.verified.json        what the last verify said of it
    shop/20261202T020000Z-logical.partial/             running, or what is left of one that was killed
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from console import files
from console.backup import manifest as manifests
from console.backup.records import BackupEntry, BackupProof, Kind
from console.errors import ConsoleError, UsageError

PARTIAL = ".partial"
VERIFIED = ".verified.json"
LOCK = ".lock"
_FOREIGN = {"toc.dat": "pg_dump", "backup_manifest": "pg_basebackup", "base.tar": "pg_basebackup",
            "base.tar.gz": "pg_basebackup"}
"""Files by which the backups of other programs are known."""

_OURS = re.compile(r"\d{8}T\d{6}Z-(?:logical|base|incremental)(?:\.partial)?")


def name_of(at: dt.datetime, kind: Kind) -> str:
    return f"{at.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{kind}"


@contextmanager
def writing(folder: Path, name: str) -> Iterator[Path]:
    """A new folder for a backup, which gets its name when the block ends well and is removed when not.

    One at a time: what an earlier one left that was killed goes first. Raises ConsoleError, UsageError where a backup
    is at work there, or others can write.
    """
    with _failing(folder):
        if not folder.exists():
            files.own_folder(folder)
        elif os.name == "posix" and folder.stat().st_mode & 0o022:
            raise UsageError(f"others can write to {folder}, and could put theirs in a backup's place",
                             hint="a folder of its own, which is made where there is none")
    with exclusively(folder):
        clear_partial(folder)
        partial, done = folder / f"{name}{PARTIAL}", folder / name
        with _failing(folder):
            if done.exists():
                raise UsageError(f"{done} is there already", hint="wait a second: backups are named by their time")
            partial.mkdir(mode=0o700)
        try:
            yield partial
            with _failing(folder):
                partial.rename(done)
        finally:
            if partial.exists():
                shutil.rmtree(partial, ignore_errors=True)


def clear_partial(folder: Path) -> None:
    """Removes what killed backups have left, for whoever holds the folder's lock."""
    for left in folder.glob(f"*{PARTIAL}"):
        if _OURS.fullmatch(left.name) and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """One process at a time writes or removes backups there. Raises UsageError at once where another one does."""
    with _failing(folder):
        handle = files.appended_to(folder / LOCK)
    with os.fdopen(handle, "ab") as lock:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"another dbconsole backup is at work in {folder}",
                                 hint="wait for its end, or choose another folder") from None
        yield


@contextmanager
def _failing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConsoleError(f"{error.filename or folder}: {error.strerror}",
                           hint="a folder that you can write to, with space for the backup") from error


def entries(folder: Path) -> list[BackupEntry]:
    """All backups in the folder, the newest first, and what else looks like one. Raises ConsoleError."""
    try:
        there = sorted((path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")),
                       key=lambda path: path.name, reverse=True)
    except OSError as error:
        raise ConsoleError(f"{folder}: {error.strerror}", hint="--folder, or folder of [targets.NAME.backup]") from None
    return [found for path in there if (found := entry(path)) is not None]


def entry(path: Path) -> BackupEntry | None:
    """What a folder is as a backup, None where it doesn't look like one."""
    if path.name.endswith(PARTIAL):
        return BackupEntry(path=path, state="unfinished", words="it is being made, or was killed")
    try:
        manifest, checksum = manifests.read(path)
    except FileNotFoundError:
        if _OURS.fullmatch(path.name):
            return BackupEntry(path=path, state="unfinished", words="it has no manifest, so it was never completed")
        program = next((program for name, program in _FOREIGN.items() if (path / name).exists()), None)
        return None if program is None else BackupEntry(
            path=path, state="foreign", words=f"{program} wrote it without dbconsole: whether it is whole is unknown")
    except manifests.DamagedManifest as error:
        return BackupEntry(path=path, state="damaged", words=error.summary)
    proof = read_proof(path)
    is_of_this = proof is not None and proof.manifest_sha256 == checksum
    return BackupEntry(path=path, state="good", manifest=manifest,
                       proved_at=proof.at if proof and is_of_this and proof.status == "proved" else None,
                       verdict=proof.status if proof and is_of_this else None)


def measured(each: BackupEntry) -> BackupEntry:
    """The same, or damaged where a file is missing or has another size."""
    wrong = each.manifest and manifests.wrong_sizes(each.path, each.manifest)
    return BackupEntry(path=each.path, state="damaged", words=wrong) if wrong else each


def newest(found: Sequence[BackupEntry]) -> BackupEntry | None:
    """The backup that ended last of those whose files are all there, as large as they were."""
    complete = [(each.manifest.ended_at, each) for each in found if each.manifest]
    for _, each in sorted(complete, key=lambda pair: pair[0], reverse=True):
        if measured(each).state == "good":
            return each
    return None


def write_proof(path: Path, proof: BackupProof) -> None:
    """Keeps what a verify said beside the backup. Raises OSError."""
    with files.replacing(path.with_name(path.name + VERIFIED)) as file:
        file.write(msgspec.json.encode(proof))


def read_proof(path: Path) -> BackupProof | None:
    """What the last verify said, None where none did or it can't be read."""
    with suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(files.read(path.with_name(path.name + VERIFIED)), type=BackupProof)
    return None


def remove(path: Path) -> None:
    """Removes a backup: its manifest first, so that half of one is never taken for a whole. Raises OSError."""
    (path / manifests.NAME).unlink(missing_ok=True)
    path.with_name(path.name + VERIFIED).unlink(missing_ok=True)
    shutil.rmtree(path)
