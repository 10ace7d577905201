"""A backup's manifest: each file's SHA-256, written last and at once, with a checksum of its own.

A checksum tells of accidents, not of somebody who writes files and manifest anew.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from console import files
from console.backup.records import BackupFile, Manifest
from console.errors import ConsoleError

NAME = "manifest.json"
FORMAT = 1
CHUNK_BYTES = 1 << 20

Tell = Callable[[int], None]
"""Is told how many bytes have been read so far."""


class _Sealed(msgspec.Struct):
    """The manifest's text as it stands in the file, and the SHA-256 of just that."""

    sha256: str
    backup: msgspec.Raw


class DamagedManifest(ConsoleError):
    """The manifest can't be read, or isn't as it was written."""


class Stopped(Exception):
    """Somebody wants the reading to end."""


def write(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest into the backup's folder, whole or not at all. Raises OSError."""
    text = msgspec.json.encode(manifest)
    with files.replacing(folder / NAME) as file:
        file.write(msgspec.json.encode(_Sealed(hashlib.sha256(text).hexdigest(), msgspec.Raw(text))))


def read(folder: Path) -> tuple[Manifest, str]:
    """A backup's manifest and its checksum. Raises FileNotFoundError where there is none, DamagedManifest."""
    path = folder / NAME
    try:
        sealed = msgspec.json.decode(files.read(path), type=_Sealed)
        if hashlib.sha256(sealed.backup).hexdigest() != sealed.sha256:
            raise DamagedManifest(f"{path}: was altered: it doesn't have its own checksum")
        manifest = msgspec.json.decode(sealed.backup, type=Manifest)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedManifest(f"{path}: can't be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise DamagedManifest(f"{path}: is no manifest, or a truncated one", detail=str(error)) from None
    if manifest.format != FORMAT:
        raise DamagedManifest(f"{path}: has format {manifest.format}, which this version doesn't know")
    return manifest, sealed.sha256


def paths_in(folder: Path) -> Iterator[str]:
    """Every file and link below the folder but the manifest, by its path within it, sorted. Raises OSError."""
    def refuse(error: OSError) -> None:
        raise error

    found = [(Path(parent) / name).relative_to(folder).as_posix()
             for parent, _, names in os.walk(folder, onerror=refuse) for name in names]
    yield from sorted(path for path in found if path != NAME)


def measure(folder: Path, stop: threading.Event, tell: Tell = lambda read: None) -> tuple[BackupFile, ...]:
    """All files of a new backup with their checksums, for their owner alone from now on.

    Raises OSError, Stopped once `stop` is set.
    """
    found, done = [], 0
    for parent, _, names in os.walk(folder):  # the programs write by the umask
        Path(parent).chmod(0o700)
        for name in names:
            (Path(parent) / name).chmod(0o600)
    for path in paths_in(folder):
        measured = _measured(folder, path, stop, lambda read, before=done: tell(before + read))  # type: ignore[misc]
        found.append(measured)
        done += measured.bytes
    return tuple(found)


def faults(folder: Path, manifest: Manifest, stop: threading.Event, tell: Tell = lambda read: None) -> list[str]:
    """What of a backup's files isn't as it was written, in sentences. Raises Stopped once `stop` is set."""
    found, done = [], 0
    known = {file.path for file in manifest.files}
    try:
        there = set(paths_in(folder))
    except OSError as error:
        return [f"{error.filename}: can't be read: {error.strerror}"]
    for file in manifest.files:
        if file.path not in there:
            found.append(f"{file.path}: is missing")
            continue
        try:
            now = _measured(folder, file.path, stop, lambda read, before=done: tell(before + read))  # type: ignore[misc]
        except OSError as error:
            found.append(f"{file.path}: can't be read: {error.strerror}")
            continue
        done += file.bytes
        if now.bytes != file.bytes:
            how = "emptied" if not now.bytes else "truncated" if now.bytes < file.bytes else "lengthened"
            found.append(f"{file.path}: was {how}: {now.bytes} bytes instead of {file.bytes}")
        elif now.sha256 != file.sha256:
            found.append(f"{file.path}: was altered: it has another SHA-256")
    return found + [f"{path}: is foreign: no part of this backup" for path in sorted(there - known)]


def wrong_sizes(folder: Path, manifest: Manifest) -> str | None:
    """The first file that is missing or has another size, in words; None where all are as large as they were. Quick, as
    nothing is read, and so it says nothing of altered bytes."""
    for file in manifest.files:
        try:
            length = (folder / file.path).stat().st_size
        except OSError as error:
            return f"{file.path}: {error.strerror}"
        if length != file.bytes:
            return f"{file.path}: has {length} bytes instead of {file.bytes}"
    return None


def _measured(folder: Path, path: str, stop: threading.Event, tell: Tell) -> BackupFile:
    digest, length = hashlib.sha256(), 0
    handle = files.opened(folder / path)
    try:
        if (folder / path).is_symlink():
            raise OSError(0, "it is a link")
        while chunk := os.read(handle, CHUNK_BYTES):
            if stop.is_set():
                raise Stopped
            digest.update(chunk)
            length += len(chunk)
            tell(length)
    finally:
        os.close(handle)
    return BackupFile(path, length, digest.hexdigest())
