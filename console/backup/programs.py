"""PostgreSQL's client programs of a server's major version, and how they are run.

A password reaches them by their environment alone (see server/environment.py), never by a command line.
"""

from __future__ import annotations

import asyncio
import functools
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from console import process
from console.errors import ConsoleError
from console.local_postgres.binaries import INSTALLS, WINDOWS, available
from console.text.parse import version_numbers

GENTLY_S = 1.0
"""What a program gets to end by itself, and its session on the server with it."""

KEPT_LINES = 12
LONGEST_LINE_BYTES = 1 << 20


class ClientPrograms(Struct, frozen=True):
    """A folder with pg_dump and its like; `version` as in "18.6"."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return version_numbers(self.version)[0]

    def path(self, name: str) -> Path:
        return self.folder / (f"{name}.exe" if WINDOWS else name)

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    async def run(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None, *,
                  on_line: Callable[[str], None] = lambda line: None, given: bytes | None = None) -> list[str]:
        """Runs a program to its end; the last lines that it printed as errors. Raises ConsoleError when it fails.

        `on_line` hears each line of its standard error. When this task is cancelled it is ended first.
        """
        try:
            async with process.started([str(self.path(name)), *arguments], environment=environment, gently_s=GENTLY_S,
                                       has_input=given is not None) as running:
                assert running.stdout is not None and running.stderr is not None
                kept: deque[str] = deque(maxlen=KEPT_LINES)
                await asyncio.gather(_lines(running.stderr, lambda line: _hear(line, kept, on_line)),
                                     _lines(running.stdout, lambda line: None), _feed(running, given))
                status = await running.wait()
        except OSError as error:
            raise ConsoleError(f"{name} can't be started: {error.strerror}: {self.path(name)}") from None
        if status != 0:
            raise ConsoleError(f"{name} {self.version} ended with {status}", detail="\n".join(kept) or None)
        return list(kept)


async def _feed(running: asyncio.subprocess.Process, given: bytes | None) -> None:
    if given is not None and running.stdin is not None:
        try:
            running.stdin.write(given)
            await running.stdin.drain()
        except ConnectionError:
            pass  # it has ended, and its status says why
        running.stdin.close()


def _hear(line: str, kept: deque[str], on_line: Callable[[str], None]) -> None:
    """Progress, which --verbose prints, isn't what a person needs to know of a failure."""
    on_line(line)
    if any(mark in line.lower() for mark in ("error", "fatal", "warning", "detail:", "hint:", "could not")):
        kept.append(line)


async def _lines(stream: asyncio.StreamReader, hear: Callable[[str], None]) -> None:
    """Hands on each line as it comes; one without an end is cut."""
    rest = b""
    while chunk := await stream.read(1 << 16):
        *lines, rest = (rest + chunk).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line.strip():
                hear(line.decode("utf-8", "replace"))
        rest = rest[-LONGEST_LINE_BYTES:]
    if rest.strip():
        hear(rest.decode("utf-8", "replace"))


def clients(version: str) -> ClientPrograms:
    """The client programs for a server of that version: the newest of its major version on this machine.

    Raises ConsoleError where others are here at most: an older pg_dump refuses the server, and what a later one writes
    an older server may not take.
    """
    major = version_numbers(version)[0]
    there = list(_at_hand())
    same = [found for found in there if found.major == major]
    if same:
        return max(same, key=lambda found: version_numbers(found.version))
    here = ", ".join(dict.fromkeys(found.version for found in there))
    raise ConsoleError(f"a backup of PostgreSQL {major} needs pg_dump and pg_basebackup of version {major}: "
                       + (f"here are those of {here}" if here else "here are none"),
                       hint=f"install postgresql-client-{major}, or PostgreSQL {major}")


def is_older(version: str, than: str) -> bool:
    """Whether a version is an earlier one: 17.10 than 17.12."""
    return version_numbers(version) < version_numbers(than)


def age_note(programs: str, server: str) -> tuple[str, ...]:
    """What is to be said of programs of an earlier minor version than the server's: nothing, or a sentence.

    They are used all the same, as a server is often updated first. PostgreSQL 17.12 keeps settings of columns that
    17.10's pg_dump takes for a person's, so that what it writes goes back into 17.12 alone.
    """
    return (f"the programs are of {programs} and the server of {server}: update them, as an older pg_dump may write "
            "what others don't take",) if is_older(programs, server) else ()


def _at_hand() -> Iterator[ClientPrograms]:
    for binaries in available():
        if found := _in(binaries.bin_dir):
            yield found
    folders = [folder for pattern in INSTALLS for folder in Path("/").glob(pattern[1:])]
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).resolve().parent)
    yield from (found for folder in folders if (found := _in(folder)))


@functools.cache
def _in(folder: Path) -> ClientPrograms | None:
    found = ClientPrograms(folder, "0")
    if not found.has("pg_dump"):
        return None
    try:
        done = subprocess.run([found.path("pg_dump"), "--version"], capture_output=True, text=True, timeout=10)
        return ClientPrograms(folder, done.stdout.split()[2])  # pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)
    except (OSError, IndexError, subprocess.SubprocessError):
        return None
