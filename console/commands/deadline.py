"""How a command runs: it says what it waits for, ends when that stays silent for too long, and at once by a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from console import ending, waiting
from console.commands.output import narrator
from console.errors import ConsoleError, UsageError
from console.text import format as fmt
from console.waiting import Wait

T = TypeVar("T")

SAID_AFTER_S = 2.0
"""From so long a wait on a person is told of it."""

LOOK_S = 0.25
HEEDED_WITHIN_S = 1.0
"""What a wait gets beyond its limit: a server that is alive cancels the statement by then, and says so itself."""

GRACE_S = 0.5
"""What a command gets to end when its deadline is over."""

LONGEST_S = 86_400.0
IN_VAIN = "it may be stopped or overloaded, or a pooler without a free server; --timeout waits longer"


def checked(seconds: float) -> float:
    """A deadline that makes sense. Raises UsageError."""
    if not 0 < seconds <= LONGEST_S:
        raise UsageError(f"--timeout {seconds:g}: must be more than 0 and at most {LONGEST_S:g} seconds")
    return seconds


def run(command: Coroutine[Any, Any, T], limit_s: float | None = None) -> T:
    """The outcome of `command`, in which no wait may last longer than `limit_s` seconds; None: as long as it takes.

    What is waited for is said on stderr when that takes long. Raises ConsoleError when it takes too long.
    """
    return ending.run(bounded(command, limit_s))


async def bounded(command: Coroutine[Any, Any, T], limit_s: float | None) -> T:
    """The same in an event loop."""
    with waiting.limited(limit_s):
        task = asyncio.ensure_future(command)
    told = False
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=LOOK_S)
            for wait in () if task.done() else waiting.waits():
                if wait.limit_s is not None and wait.age_s > wait.limit_s + HEEDED_WITHIN_S:
                    raise ConsoleError(f"waited {fmt.duration(wait.limit_s)} in vain for {wait.what}", hint=IN_VAIN)
            told = _tell([wait for wait in waiting.waits() if wait.limit_s == limit_s], told)
        return task.result()
    finally:
        if told:
            narrator().clear()
        await waiting.ended(task, within_s=GRACE_S)


def _tell(waits: Sequence[Wait], told: bool) -> bool:
    """Says what has been waited for longest, or takes that away; whether anything is said now."""
    wait = next((wait for wait in waits if wait.age_s >= SAID_AFTER_S), None)
    if wait is not None:
        words = f"waiting for {wait.what}"
        narrator().show(f"{words} ({fmt.seconds(wait.age_s)})", once=words)
    elif told:
        narrator().clear()
    return wait is not None
