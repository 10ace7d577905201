"""When the console under test has nothing left to do, known from its event loop instead of guessed from its CPU time.

Textual's pilot sleeps 20 ms at least twice a key and goes on once the process used almost no CPU in one of the
sleeps: on a busy machine too long, and without any proof. The loop knows: nothing is ready to run, nothing is due soon.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any, cast

from textual import app, pilot

SOON_S = 0.02
"""What is due within this is waited for: a screen draws what has changed 60 times a second."""

ROUNDS = 3
"""So often the loop has to be found without work: a message goes from widget to widget within a few rounds."""


async def wait_for_idle(min_sleep: float = SOON_S, max_sleep: float = 1) -> None:
    """Textual's own by name and meaning. Returns at `max_sleep` seconds where the application never rests."""
    loop = cast("Any", asyncio.get_running_loop())
    start = time.monotonic()
    quiet = 0
    while time.monotonic() - start < max_sleep:
        await asyncio.sleep(0)
        quiet = 0 if loop._ready else quiet + 1
        if quiet < ROUNDS:
            continue
        due = [handle.when() - loop.time() for handle in loop._scheduled if not handle.cancelled()]
        due_s = min(due, default=math.inf) if not _threads_work(loop) else 0.001
        if due_s > SOON_S:
            break
        quiet = 0
        await asyncio.sleep(max(0.0, due_s))
    await asyncio.sleep(max(0.0, start + min_sleep - time.monotonic()))


def _threads_work(loop: Any) -> bool:
    """Whether a thread of the loop's computes or waits for something that isn't the loop's."""
    executor = loop._default_executor
    return executor is not None and executor._idle_semaphore._value < len(executor._threads)


def use() -> None:
    """From now on the pilots of this process wait so."""
    for module in (app, pilot):
        module.wait_for_idle = wait_for_idle  # type: ignore[attr-defined]
