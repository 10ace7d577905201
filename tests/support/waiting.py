"""Waiting for a state, never for a time. What isn't true at the deadline, which no machine is too busy for, fails."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from textual.pilot import Pilot

T = TypeVar("T")

DEADLINE_S = 60.0


async def until(fact: Callable[[], T | Awaitable[T]], pilot: Pilot[object] | None = None, seconds: float = DEADLINE_S,
                every_s: float = 0.01) -> T:
    """The first true answer of `fact`, asked every so often. With a pilot the application works meanwhile and has shown
    what came of it. AssertionError after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = fact()
        found = cast("T", await answer if inspect.isawaitable(answer) else answer)
        if found:
            break
        assert time.monotonic() < deadline, f"not true within {seconds:g} s; the last answer: {found!r}"
        await (asyncio.sleep(every_s) if pilot is None else pilot.pause(every_s))
    if pilot is not None:
        await pilot.pause()
    return found


def wait_for(fact: Callable[[], T], seconds: float = DEADLINE_S, every_s: float = 0.02) -> T:
    """`until`, for what goes on in other processes."""
    deadline = time.monotonic() + seconds
    while not (found := fact()):
        assert time.monotonic() < deadline, f"not true within {seconds:g} s; the last answer: {found!r}"
        time.sleep(every_s)
    return found
