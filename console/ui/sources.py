"""What the console is made of when it shows servers. Imports no widget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from console import waiting
from console.clock import SystemClock
from console.config import Config
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target, resolve
from console.ui.connection import Sources

if TYPE_CHECKING:
    from console.recorder.recorder import Recorder
    from console.sampler.pooler_watch import PoolerWatch
    from console.services import Service

OnSampler = Callable[[Sampler, Target], None]


def live_sources(config: Config, given: Mapping[str, Target], services_for: Callable[[Target], Sequence[Service]],
                 on_sampler: OnSampler | None = None) -> Sources:
    """Sources for a console on the configuration's targets, on those `given` from the command line by label, and on
    the demo. `on_sampler` is told of each target's sampler before it begins."""
    clock = SystemClock()

    def recorder_for(sampler: Sampler, target: Target) -> Recorder:
        from console.recorder.recorder import Recorder
        from console.recorder.ring import Ring

        return Recorder(sampler, target, clock, memory=Ring())

    def pooler_for(target: Target, every_s: float) -> PoolerWatch:
        from console.sampler.pooler_watch import PoolerWatch

        return PoolerWatch(target, clock, every_s)

    def sampler_for(pool: Pool, services: Sequence[Service], every_s: float) -> Sampler:
        sampler = Sampler(pool, config, services, clock, every_s)
        if on_sampler is not None:
            on_sampler(sampler, pool.target)
        return sampler

    @asynccontextmanager
    async def open_target(name: str, tell: Callable[[str], None]) -> AsyncIterator[Target]:
        if name == "demo":
            from console.demo.prepare import prepare

            target = await prepare(tell)
            working = asyncio.create_task(_workload(target), name="demo workload")
            try:
                yield target
            finally:
                await waiting.ended(working)
        else:
            yield given[name] if name in given else resolve(name, config)

    return Sources(
        config=config, clock=clock,
        names=lambda: list(dict.fromkeys([*given, *config.targets, "demo"])),
        open_target=open_target, services_for=services_for, pool_for=lambda target: Pool(target, clock),
        sampler_for=sampler_for, pooler_for=pooler_for, recorder_for=recorder_for)


async def _workload(target: Target) -> None:
    """The demo's workload, begun when the first screen has been painted: its texts take a moment to import."""
    await asyncio.sleep(1.5)
    from console.demo.workload import run_workload

    await run_workload(target)
