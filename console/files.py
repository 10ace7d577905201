"""All files that are written, and those read that somebody else may have left.

What is written for the program itself is for its owner alone, in folders of the same kind; what a person asked for (an
export, a migration) is a file as any program writes it, by the umask. Nothing is written through a link that somebody
has put there, and a file that takes another's place is whole or not there. What is read is a file with an end, or an
error at once.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1 << 16
"""A regular file that gives less has come to its end."""

MOST_BYTES = 512 * 1024 * 1024
"""No statement that PostgreSQL takes is larger than 1 GB, and what is read is kept in memory."""

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
          (stat.S_ISSOCK, "a socket"))


PRIVATE, BY_UMASK = 0o600, 0o666
"""For the owner alone; and as the person's umask has it, for what a person asked for."""

_SAFELY = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def opened(path: Path | str) -> int:
    """A descriptor to read a regular file by. Raises OSError, for anything else at once: a pipe isn't waited for."""
    return _regular(os.open(path, os.O_RDONLY | _SAFELY), path)


def _regular(handle: int, path: Path | str) -> int:
    """The descriptor, if it is of a regular file; else it is closed. Raises OSError."""
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "no regular file")
            raise OSError(errno.EINVAL, f"it is {kind}, not a file", os.fspath(path))
    except BaseException:
        os.close(handle)
        raise
    return handle


def read(path: Path | str, most_bytes: int = MOST_BYTES) -> bytes:
    """All of a regular file that has at most so many bytes. Raises OSError."""
    handle = opened(path)
    try:
        parts, length = [os.read(handle, CHUNK_BYTES)], 0
        while len(parts[-1]) == CHUNK_BYTES:
            length += CHUNK_BYTES
            if length > most_bytes:
                raise OSError(errno.EFBIG, f"it is larger than {most_bytes >> 20} MB", os.fspath(path))
            parts.append(os.read(handle, CHUNK_BYTES))
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(handle)


def beginning(path: Path | str, length: int) -> bytes:
    """The first so many bytes of a regular file. Raises OSError."""
    handle = opened(path)
    try:
        return os.read(handle, length)
    finally:
        os.close(handle)


def read_inside(path: Path | str) -> bytes:
    """All of a regular file, which may be a link to another one in its folder, and to nothing else. Raises OSError."""
    if os.path.islink(path):  # noqa: PTH114
        inside = os.path.join(os.path.realpath(os.path.dirname(path)), "")  # noqa: PTH118, PTH120
        if not os.path.realpath(path).startswith(inside):
            raise OSError(errno.ELOOP, "it is a link to something outside of its folder", os.fspath(path))
    return read(path)


def own_folder(path: Path) -> None:
    """Makes the folder, and those above it that are missing, for their owner alone; takes others' rights to it away.

    Raises OSError.
    """
    for folder in (*reversed(path.parents), path) if not path.is_dir() else ():
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    found = path.stat()
    if os.name == "posix" and found.st_mode & 0o077 and found.st_uid == os.geteuid():
        path.chmod(0o700)


def create(path: Path | str, mode: int = PRIVATE) -> int:
    """A descriptor to write a new file by. Raises OSError, FileExistsError where there is anything of that name."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _SAFELY, mode)


def write_new(path: Path | str, text: str) -> None:
    """A new file that a person asked for. Raises OSError, FileExistsError where there is anything of that name."""
    with os.fdopen(create(path, BY_UMASK), "wb") as file:
        file.write(text.encode())


def appended_to(path: Path) -> int:
    """A descriptor to add to a file of the program's own by, which it makes where there is none. Raises OSError."""
    handle = _regular(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NO_LINK | _SAFELY, PRIVATE), path)
    if os.name == "posix" and os.fstat(handle).st_mode & 0o077:
        with suppress(OSError):  # another's, who let us write
            os.fchmod(handle, PRIVATE)
    return handle


def append(path: Path, text: str) -> int:
    """Adds to a file of the program's own, in a folder of its own; how many bytes it has then. Raises OSError."""
    own_folder(path.parent)
    with os.fdopen(appended_to(path), "ab") as file:
        file.write(text.encode("utf-8", "backslashreplace"))
        return file.tell()


@contextmanager
def replacing(path: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Writes a file that takes the place of `path` at the end of the block, on the disk and whole; unless it fails.

    A link is replaced, not followed. Raises OSError.
    """
    temporary = path.with_name(f".{path.name[:40]}.{os.urandom(4).hex()}.part")
    try:
        with os.fdopen(create(temporary, mode), "wb", buffering=256 * 1024) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace(path: Path, text: str) -> None:
    """Writes a file of the program's own, in a folder of its own, at once or not at all. Raises OSError."""
    own_folder(path.parent)
    with replacing(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))
