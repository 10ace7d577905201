"""Programs that dbconsole starts: each in a process group of its own, without the terminal, ended with its block."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from msgspec import Struct

from console import ending, waiting

REAPED_WITHIN_S = 1.0
"""How long a killed program is waited for: one that hangs in the kernel is left behind."""

OUTPUT_BYTES = 32 * 1024 * 1024
"""What a program may write: a vector of 16 000 dimensions takes less than one."""

_running: set[int] = set()


class Finished(Struct, frozen=True):
    """How a program ended (negative: by that signal), and what it wrote to its standard output and error."""

    exit_status: int
    output: bytes
    complaint: bytes


@asynccontextmanager
async def started(words: Sequence[str], *, environment: Mapping[str, str] | None = None,
                  folder: Path | None = None, has_input: bool = False, gently_s: float = 0.0,
                  ) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program while the block lasts; no shell reads its words. Raises OSError where it can't be started.

    Unless it has ended by itself when the block does, and the block well, it is killed and all that it has started
    with it; where `gently_s` is given, SIGTERM and so many seconds come before. Its input is a pipe or nothing; its
    output and error are pipes.
    """
    process = await asyncio.create_subprocess_exec(
        *words, env=environment, cwd=folder, start_new_session=True,
        stdin=asyncio.subprocess.PIPE if has_input else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    _running.add(process.pid)
    has_ended = False
    try:
        yield process
        has_ended = process.returncode is not None
    finally:
        if not has_ended:
            await waiting.finish(_end(process, gently_s))
        _running.discard(process.pid)


async def run(words: Sequence[str], *, within_s: float, given: bytes | None = None,
              environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Finished:
    """Runs a program to its end, with `given` on its standard input.

    Raises TimeoutError when it takes longer than `within_s` seconds, OSError where it can't be started or writes more
    than OUTPUT_BYTES.
    """
    async with started(words, environment=environment, folder=folder, has_input=given is not None) as process:
        assert process.stdout is not None and process.stderr is not None
        async with asyncio.timeout(within_s):
            output, complaint, _, status = await asyncio.gather(
                _bounded(process.stdout), _bounded(process.stderr), _feed(process.stdin, given), process.wait())
    return Finished(status, output, complaint)


async def _feed(pipe: asyncio.StreamWriter | None, given: bytes | None) -> None:
    if pipe is not None:
        with suppress(ConnectionError):  # it has ended, or doesn't care
            pipe.write(given or b"")
            await pipe.drain()
        pipe.close()


async def _bounded(stream: asyncio.StreamReader) -> bytes:
    """All that comes. Raises OSError where it has no end."""
    found = bytearray()
    while chunk := await stream.read(2**16):
        found += chunk
        if len(found) > OUTPUT_BYTES:
            raise OSError(errno.EFBIG, f"it wrote more than {OUTPUT_BYTES >> 20} MB and was ended")
    return bytes(found)


async def _end(process: asyncio.subprocess.Process, gently_s: float) -> None:
    if gently_s and process.returncode is None:
        _kill(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), gently_s)
    _kill(process.pid, signal.SIGKILL)  # also when it has ended: what it started may hold its output open
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), REAPED_WITHIN_S)


def _kill(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


ending.last_jobs.append(lambda: [partial(_kill, pid, signal.SIGKILL) for pid in list(_running)])
