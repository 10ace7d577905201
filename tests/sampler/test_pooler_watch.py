"""The watch of a pooler with a clock that stands: looks, rates, history, failures, what is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.errors import PasswordNeeded, Unreachable
from console.sampler.pooler_watch import PoolerWatch
from console.server.admin_console import ShowResult
from console.server.target import Target
from tests.support.fake_clock import FakeClock
from tests.support.pooler import SAID, FakeConsole
from tests.support.waiting import until


@asynccontextmanager
async def watched(console: FakeConsole) -> AsyncIterator[tuple[PoolerWatch, FakeClock]]:
    clock = FakeClock()
    watch = PoolerWatch(Target(name="t", pgbouncer_conninfo="port=6432"), clock, 2.0, console.open)
    task = asyncio.create_task(watch.run())
    try:
        yield watch, clock
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def asleep(clock: FakeClock) -> None:
    """Until the watch waits; who was woken before stays among the clock's sleepers."""
    await until(lambda: any(not future.done() for _, future in clock._sleepers))


async def tick(watch: PoolerWatch, clock: FakeClock, seconds: float = 2.0) -> None:
    """Lets the wait between two looks pass."""
    await asleep(clock)
    before = len(watch.history)
    clock.advance(seconds)
    await until(lambda: len(watch.history) > before)


async def test_it_looks_at_the_pools_and_forms_rates() -> None:
    async with watched(FakeConsole()) as (watch, clock):
        await until(lambda: watch.sample)
        assert watch.info is not None and watch.info.version == "PgBouncer 1.18.0"
        assert watch.rates[0].xacts_per_s is None
        await tick(watch, clock)
        assert (watch.rates[0].xacts_per_s, watch.rates[0].wait_ms) == (1240.0, 41.0)
        assert watch.history.values("clients_waiting") == [14.0, 14.0]
        assert watch.history.values("xacts_per_s") == [None, 2480.0], "the console's own is left out"
        assert watch.pool_history["app/ro"].values("clients_waiting") == [0.0, 0.0]
        assert "pgbouncer/pgbouncer" not in watch.pool_history


async def test_a_late_look_gives_no_rate() -> None:
    async with watched(FakeConsole()) as (watch, clock):
        await until(lambda: watch.sample)
        await tick(watch, clock, 60.0)
        assert watch.rates[0].xacts_per_s is None and watch.history.values("xacts_per_s") == [None, None]


async def test_while_it_is_away_the_last_look_stays_and_the_history_has_gaps() -> None:
    console = FakeConsole()
    async with watched(console) as (watch, clock):
        await until(lambda: watch.sample)
        console.error = Unreachable("PgBouncer at db1:6432: no server answers there")
        await tick(watch, clock)
        assert watch.error is not None and watch.sample is not None
        assert watch.history.values("clients_waiting") == [14.0, None]
        assert watch.pool_history["app/rw"].values("maxwait_s")[-1] is None
        assert watch.reading().error is watch.error
        console.error = None
        await tick(watch, clock, 5.0)
        await until(lambda: watch.error is None)
        assert console.opened == 2 and watch.history.values("clients_waiting")[-1] == 14.0


async def test_it_backs_off_from_a_pooler_that_stays_away() -> None:
    console = FakeConsole()
    console.error = Unreachable("gone")
    async with watched(console) as (watch, clock):
        for tries in range(1, 5):
            await until(lambda tries=tries: console.opened == tries)  # type: ignore[misc]
            await asleep(clock)
            assert watch.breaker.failures == tries
            clock.advance(31.0)
        assert watch.sample is None


async def test_a_refused_password_is_not_tried_again_until_one_is_typed() -> None:
    console = FakeConsole()
    console.error = PasswordNeeded("refused")
    async with watched(console) as (watch, clock):
        await until(lambda: watch.error)
        clock.advance(600.0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert console.opened == 1
        console.error = None
        watch.use_password("typed")
        await until(lambda: watch.sample)
        assert console.password == "typed"


async def test_what_is_shown_is_asked_for_and_nothing_else() -> None:
    console = FakeConsole()
    async with watched(console) as (watch, clock):
        await until(lambda: watch.sample)
        assert "CLIENTS" not in console.asked
        watch.want("screen", "CLIENTS", "SERVERS")
        await until(lambda: watch.sample is not None and watch.sample.clients)
        watch.want("activity", "SERVERS")
        watch.want("screen")
        await asleep(clock)
        console.asked.clear()
        await tick(watch, clock)
        assert "SERVERS" in console.asked and "CLIENTS" not in console.asked


async def test_while_paused_it_rests() -> None:
    console = FakeConsole()
    async with watched(console) as (watch, clock):
        await until(lambda: watch.sample)
        watch.paused = True
        await until(lambda: len(watch.history) == 2)
        clock.advance(60.0)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(watch.history) == 2
        watch.paused = False
        await until(lambda: len(watch.history) == 3)


async def test_another_version_is_no_reason_to_stop() -> None:
    strange = FakeConsole({**SAID, "POOLS": ShowResult(("mood", "database", "user", "cl_waiting"),
                                                  (("calm", "app", "rw", 2),)),
                                                  "DATABASES": ShowResult(("other",), ())})
    async with watched(strange) as (watch, _):
        await until(lambda: watch.sample or watch.error)
        assert watch.error is None, watch.error
        assert watch.sample is not None and watch.sample.pools[0].more == {"mood": "calm"}


async def test_a_look_that_a_key_has_brought_forward_changes_no_rate() -> None:
    async with watched(FakeConsole()) as (watch, clock):
        await until(lambda: watch.sample)
        await tick(watch, clock)
        watch.want("screen", "USERS")
        await until(lambda: watch.sample is not None and "USERS" in watch.sample.shown)
        assert watch.rates[0].xacts_per_s == 1240.0
        assert watch.history.values("xacts_per_s")[-1] == 2480.0
