"""A scratch database that is kept: what all files before the first that is to be proved make, for the next verify.

It is found by a fingerprint of what it was made of: the files' texts in their order, the server, its extensions, and
this program's version. Nobody connects to it; it is only copied. What nobody has used for a week, or more than three of
one set of services, is dropped by the next verify on that server.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from console import __version__
from console.clock import SystemClock
from console.migrate import scratch
from console.migrate.records import MigrationFile
from console.migrate.rollback_test import Node
from console.migrate.scratch import ScratchServer
from console.migrate.version import version_key
from console.server.query import load
from console.server.target import Target

MARKER = f"{scratch.MARKER}, kept for the next migrate verify: "
UNUSED_DAYS = 7
OF_ONE_LINE = 3


class KeptDatabase(Struct, frozen=True):
    """sql/kept_databases.sql as it comes."""

    name: str
    comment: str | None
    is_in_use: bool


class Made(Struct, frozen=True):
    """What a kept database is made of. `line` is the same for all states of a set of services.

    `missing` are the migrations that couldn't be applied though their turn had come, with the reason.
    """

    name: str
    line: str
    missing: Mapping[Node, str]


class _Comment(Struct, frozen=True):
    """What stands in a kept database's comment; `used` is a date and time."""

    line: str
    used: dt.datetime
    missing: Sequence[tuple[str, str, str]]


_KEPT = load("console.migrate", "kept_databases", KeptDatabase)


def name_of(files: Sequence[MigrationFile], circumstances: Iterable[object]) -> str:
    """The name of the database that `files` make under these circumstances. Raises FileError."""
    digest = hashlib.sha256(repr((__version__, *circumstances)).encode())
    for file in files:
        called = [script.checksum for scripts in file.callbacks.values() for script in scripts]
        digest.update(repr((file.service, file.version, file.name, file.up.checksum, file.up.directives,
                            called)).encode())
    return f"dbconsole_verify_{digest.hexdigest()[:16]}"


def line_of(services: Iterable[str]) -> str:
    return hashlib.sha256(repr(sorted(services)).encode()).hexdigest()[:16]


async def find(server: ScratchServer, name: str) -> Made | None:
    """The kept database of that name, which is used now; drops those that are stale. Raises ScriptFault."""
    now = SystemClock().now()
    found, rest = None, []
    for row in await server.session.fetch(_KEPT):
        comment = _read(row.comment)
        if row.name == name and comment is not None:
            missing = {(service, version_key(version)): why for service, version, why in comment.missing}
            found = Made(name, comment.line, missing)
            await server.comment(name, _written(_Comment(comment.line, now, comment.missing)))
        elif not row.is_in_use and (comment is None or now - comment.used > dt.timedelta(days=UNUSED_DAYS)):
            await server.drop_kept(row.name)
        elif comment is not None:
            rest.append((comment, row))
    await _thin_out(server, rest)
    return found


async def _thin_out(server: ScratchServer, kept: Sequence[tuple[_Comment, KeptDatabase]]) -> None:
    """Of each line only those stay that were used last."""
    lines: dict[str, int] = {}
    for comment, row in sorted(kept, key=lambda pair: pair[0].used, reverse=True):
        lines[comment.line] = lines.get(comment.line, 1) + 1  # with the one that is used or made now
        if lines[comment.line] > OF_ONE_LINE and not row.is_in_use:
            await server.drop_kept(row.name)


async def keep(server: ScratchServer, target: Target, made: Made, files: Iterable[MigrationFile]) -> None:
    """Keeps a scratch database that is made of `files`, and to which nobody is connected, under its name.

    Raises ScriptFault where another run has made one of that name meanwhile.
    """
    missing = [(file.service, file.version, why) for file in files
               if (why := made.missing.get((file.service, file.key))) is not None]
    await server.keep(target, made.name, _written(_Comment(made.line, SystemClock().now(), missing)))


async def drop_all(server: ScratchServer) -> None:
    """Drops all that are kept on the server and that nobody uses."""
    for row in await server.session.fetch(_KEPT):
        if not row.is_in_use:
            await server.drop_kept(row.name)


def _written(comment: _Comment) -> str:
    return MARKER + msgspec.json.encode(comment).decode()


def _read(comment: str | None) -> _Comment | None:
    """None for what a killed run has left, or another version has written."""
    if comment is None or not comment.startswith(MARKER):
        return None
    try:
        return msgspec.json.decode(comment.removeprefix(MARKER), type=_Comment)
    except msgspec.DecodeError:
        return None
