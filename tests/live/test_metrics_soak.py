"""A shortened soak: what some hundreds of refreshes leave behind, counted by the allocator and not by a clock."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

from tests.sampler.test_sampler import sampling
from tests.support.servers import LiveServer

REFRESHES = 300
AN_HOUR = 1800
"""Refreshes in an hour at one every two seconds."""


async def test_an_hour_grows_memory_by_less_than_five_mib(server: LiveServer) -> None:
    async with sampling(server.dsn, every_s=0.005) as (sampler, heard):
        async def refreshed(number: int) -> None:
            goal = len(sampler.history) + number
            async with asyncio.timeout(120):
                while len(sampler.history) < goal:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            heard.clear()
            gc.collect()

        await refreshed(100)
        tracemalloc.start()
        try:
            await refreshed(50)
            before, _ = tracemalloc.get_traced_memory()
            await refreshed(REFRESHES)
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (after - before) / REFRESHES * AN_HOUR < 5 * 2**20, f"{after - before} bytes in {REFRESHES} refreshes"
