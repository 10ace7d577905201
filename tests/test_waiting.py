"""Waiting: for either of two, to the end although cancelled, and no longer than it may."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

import pytest

from console import waiting


def test_patience_grows_to_a_limit() -> None:
    assert [waiting.backoff_s(tries, 0.5, 5.0) for tries in (0, 1, 2, 3, 4, 5, 5000)] == [0.5, 0.5, 1, 2, 4, 5, 5]
    assert all(1.0 <= waiting.jittered(2.0) <= 2.0 for _ in range(100))


async def test_woken_by_time_or_by_somebody() -> None:
    event = asyncio.Event()
    assert not await waiting.woken(event, asyncio.sleep(0.01))
    asyncio.get_running_loop().call_later(0.01, event.set)
    assert await waiting.woken(event, asyncio.sleep(60))
    assert await waiting.woken(event, None)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_must_be_finished_is_before_the_cancellation_goes_on() -> None:
    done = []

    async def work() -> str:
        await asyncio.sleep(0.05)
        done.append(1)
        return "outcome"

    assert await waiting.finish(work()) == "outcome"
    task = asyncio.ensure_future(waiting.finish(work()))
    for _ in range(3):
        await asyncio.sleep(0.01)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [1, 1]


async def test_what_fails_to_finish_says_so_unless_nobody_waits_any_more() -> None:
    async def work() -> None:
        await asyncio.sleep(0.02)
        raise ValueError

    with pytest.raises(ValueError):
        await waiting.finish(work())
    task = asyncio.ensure_future(waiting.finish(work()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def stubborn(freed: asyncio.Event) -> str:
    """Heeds no cancellation until what it waits for is taken from it."""
    while not freed.is_set():
        try:
            await freed.wait()
        except asyncio.CancelledError:
            continue
    return "freed"


@pytest.mark.parametrize("grace_s", [0.0, 0.05])
async def test_an_outcome_is_not_waited_for_longer_than_wished(grace_s: float) -> None:
    freed = asyncio.Event()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await waiting.outcome(stubborn(freed), within_s=0.05, give_up=freed.set, grace_s=grace_s)
    assert freed.is_set() and time.monotonic() - began < 5

    freed = asyncio.Event()
    task = asyncio.ensure_future(waiting.outcome(stubborn(freed), within_s=None, give_up=freed.set, grace_s=grace_s))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert freed.is_set()


async def test_a_failure_in_the_moment_of_a_cancellation_is_nobodys() -> None:
    """What is cancelled raises that alone; what failed meanwhile is not complained of when it is forgotten."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    async def fails(at: asyncio.Event) -> None:
        await at.wait()
        raise ValueError

    at = asyncio.Event()
    task = asyncio.ensure_future(waiting.outcome(fails(at), within_s=None, give_up=lambda: None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    at.set()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    del task
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_an_outcome_in_time_is_given_and_nothing_is_taken_away() -> None:
    given_up: list[int] = []

    async def work() -> int:
        await asyncio.sleep(0)
        return 3

    async def heeds() -> None:
        await asyncio.sleep(60)

    give_up: Callable[[], object] = lambda: given_up.append(1)  # noqa: E731
    assert await waiting.outcome(work(), within_s=5, give_up=give_up) == 3
    with pytest.raises(TimeoutError):
        await waiting.outcome(heeds(), within_s=0.01, give_up=give_up, grace_s=1)
    assert not given_up


async def test_work_ends_with_its_condition() -> None:
    async def fails() -> None:
        await asyncio.sleep(0.02)
        raise ConnectionError("lost")

    async def lasts() -> None:
        await asyncio.sleep(60)

    async def work() -> int:
        await asyncio.sleep(0.01)
        return 3

    assert await waiting.while_lasting(work(), lasts()) == 3
    with pytest.raises(ConnectionError):
        await waiting.while_lasting(lasts(), lasts(), fails())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_one_that_fails_ends_the_others() -> None:
    async def fails() -> None:
        raise ValueError

    assert await waiting.together([asyncio.sleep(0, number) for number in range(3)]) == [0, 1, 2]
    with pytest.raises(ValueError):
        await waiting.together([asyncio.sleep(60), fails()])
    assert asyncio.all_tasks() == {asyncio.current_task()}


def test_what_is_waited_for_is_known_while_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_waits", [])
    with waiting.limited(3.0), waiting.waiting_for("a"), waiting.limited(None), waiting.waiting_for("b"):
        assert [(wait.what, wait.limit_s) for wait in waiting.waits()] == [("a", 3.0), ("b", None)]
        assert all(0 <= wait.age_s < 60 for wait in waiting.waits())
    assert waiting.waits() == () and waiting.limit_s() is None


async def test_a_limit_is_that_of_the_tasks_that_a_task_starts() -> None:
    async def limit() -> float | None:
        await asyncio.sleep(0)
        return waiting.limit_s()

    with waiting.limited(3.0):
        started = asyncio.create_task(limit())
    assert await started == 3.0 and await limit() is None
