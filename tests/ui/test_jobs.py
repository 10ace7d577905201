"""The application's runs: one at a time, and stopped once, however often and from wherever that is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

from console.ui.jobs import JobRunner
from tests.support.fake_clock import FakeClock


async def test_a_run_that_is_being_stopped_is_left_to_roll_back() -> None:
    """A signal, a terminal that has gone, a key pressed twice: each stops it, and none the rolling back."""
    began, may_end = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def work(tell: Any) -> Any:
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            await may_end.wait()
            done.append("rolled back and written down")

    runs = JobRunner(FakeClock())
    run = runs.start("up shop", "here", work)
    await began.wait()
    closing = [asyncio.create_task(runs.close()) for _ in range(2)]
    await asyncio.sleep(0)
    runs.abort()
    closing.append(asyncio.create_task(runs.close()))
    await asyncio.sleep(0)
    assert not run.is_over and not done
    may_end.set()
    await asyncio.gather(*closing)
    assert run.is_over and done == ["rolled back and written down"]
    await runs.close()  # nothing is left to stop
