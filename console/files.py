"""Reading files that somebody else may have left: what is no file, or has no end, is an error at once."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

CHUNK_BYTES = 1 << 16
"""A regular file that gives less has come to its end."""

MOST_BYTES = 512 * 1024 * 1024
"""No statement that PostgreSQL takes is larger than 1 GB, and what is read is kept in memory."""

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
          (stat.S_ISSOCK, "a socket"))


def opened(path: Path | str) -> int:
    """A descriptor to read a regular file by. Raises OSError, for anything else at once: a pipe isn't waited for."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
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
