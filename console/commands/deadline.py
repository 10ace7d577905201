"""How a command runs: it says what it waits for, ends by its deadline, and at once when a signal says so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any

from console import ending, waiting
from console.errors import ConsoleError

SAID_AFTER_S = 2.0
GRACE_S = 0.3
"""What is left to a command after its deadline, for cancelling what it does on a server."""


def run(command: Coroutine[Any, Any, int], *, within_s: float | None = None, grace_s: float = GRACE_S) -> int:
    """The exit status of `command`; what it waits for is told on stderr when that takes long.

    Raises ConsoleError when it takes longer than `within_s` seconds, and `grace_s` more to heed that.
    """
    return ending.run(_timed(command, within_s, grace_s))


async def _timed(command: Coroutine[Any, Any, int], within_s: float | None, grace_s: float) -> int:
    narrating = asyncio.ensure_future(_narrate())
    task = asyncio.ensure_future(command)
    try:
        done, _ = await asyncio.wait({task}, timeout=within_s)
        if done:
            return task.result()
        last = waiting.waited_for()
    finally:
        await waiting.ended(narrating, task, within_s=grace_s)
    raise ConsoleError(f"not done in {within_s:g} s" + (f": waiting for {last[0]}" if last else ""),
                       hint="--timeout gives it longer")


async def _narrate() -> None:
    """Says once of each thing that it is waited for."""
    told: set[str] = set()
    while True:
        await asyncio.sleep(SAID_AFTER_S / 8)
        for what in waiting.waited_for(SAID_AFTER_S):
            if what not in told:
                told.add(what)
                sys.stderr.write(("\r\x1b[K" if sys.stderr.isatty() else "") + f"dbconsole: waiting for {what}\n")
                sys.stderr.flush()
