"""Programs that dbconsole starts: each in a process group of its own, without the terminal, ended with its block."""

from __future__ import annotations

import asyncio
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

_running: set[int] = set()


class Finished(Struct, frozen=True):
    """How a program ended (negative: by that signal), and what it wrote to its standard output and error."""

    exit_status: int
    output: bytes
    complaint: bytes


@asynccontextmanager
async def started(command: str | Sequence[str], *, environment: Mapping[str, str] | None = None,
                  folder: Path | None = None, has_input: bool = False, gently_s: float = 0.0,
                  ) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program while the block lasts: words, or a line for the shell. Raises OSError where it can't be started.

    Unless it has ended by itself when the block does, and the block well, it is killed and all that it has started
    with it; where `gently_s` is given, SIGTERM and so many seconds come before. Its input is a pipe or nothing; its
    output and error are pipes.
    """
    words = ("/bin/sh", "-c", command) if isinstance(command, str) else command
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


async def run(command: str | Sequence[str], *, within_s: float, given: bytes | None = None,
              environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Finished:
    """Runs a program to its end, with `given` on its standard input.

    Raises TimeoutError when it takes longer than `within_s` seconds, OSError where it can't be started.
    """
    async with started(command, environment=environment, folder=folder, has_input=given is not None) as process:
        async with asyncio.timeout(within_s):
            output, complaint = await process.communicate(given)
            return Finished(await process.wait(), output, complaint)


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
