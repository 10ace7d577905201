"""Ways to wait that many need: for either of two, with growing patience, to the end although cancelled."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

_limit_s: ContextVar[float | None] = ContextVar("limit_s", default=None)
_waits: list[Wait] = []


class Wait:
    """A wait for `what`: "prod to answer". `limit_s`: how long it may take, None for ever."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.limit_s = _limit_s.get()
        self._began_s = time.monotonic()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._began_s


@contextmanager
def waiting_for(what: str) -> Iterator[None]:
    """While this lasts the process waits for `what`. A command that takes long says so (commands/deadline.py)."""
    wait = Wait(what)
    _waits.append(wait)
    try:
        yield
    finally:
        _waits.remove(wait)


def waits() -> tuple[Wait, ...]:
    """What is waited for now, the longest first."""
    return tuple(_waits)


@contextmanager
def limited(seconds: float | None) -> Iterator[None]:
    """While this lasts, each wait of this task, and of those that it starts, may take so long; None: for ever."""
    token = _limit_s.set(seconds)
    try:
        yield
    finally:
        _limit_s.reset(token)


def limit_s() -> float | None:
    """How long a wait may take that begins now; None where nobody has said so."""
    return _limit_s.get()


def backoff_s(tries: int, first_s: float, longest_s: float) -> float:
    """Seconds to wait after so many failed tries in a row: `first_s`, doubled with each further one."""
    return min(longest_s, first_s * 2.0 ** min(max(tries, 1) - 1, 30))


def jittered(seconds: float) -> float:
    """Half to the whole of it, by chance: so that many who wait don't come back all at once."""
    return seconds * random.uniform(0.5, 1.0)


async def woken(event: asyncio.Event, sleep: Coroutine[Any, Any, object] | None) -> bool:
    """Waits until `sleep` (None: for ever) is over or `event` is set; whether it is."""
    waiting: set[asyncio.Future[Any]] = {asyncio.ensure_future(event.wait())}
    if sleep is not None:
        waiting.add(asyncio.ensure_future(sleep))
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(*waiting)
    return event.is_set()


async def ended(*tasks: asyncio.Future[Any] | None, within_s: float | None = None) -> None:
    """Cancels the tasks and waits until they have ended, for so long at most; what they raise is theirs."""
    left = {task for task in tasks if task is not None}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=within_s)
    for task in left:
        if task.done() and not task.cancelled():
            task.exception()  # retrieved, so that nobody complains of it


async def finish(work: Awaitable[T]) -> T:
    """The outcome of `work`, which goes on to its end when this task is cancelled; only then it is."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()
    raise cancelled


async def outcome(work: Coroutine[Any, Any, T], *, within_s: float | None, give_up: Callable[[], object],
                  grace_s: float = 0.0) -> T:
    """The outcome of `work`, which ends when the time is over or this task is cancelled, whatever it waits for.

    It is cancelled and has `grace_s` seconds to heed that; then `give_up` takes from under it what it waits for.
    Raises TimeoutError.
    """
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=None if within_s is None else max(0.0, within_s))
        if done:
            return task.result()
    finally:
        if not task.done():
            if grace_s:
                await ended(task, within_s=grace_s)
            if not task.done():
                give_up()
            await ended(task)
        elif not task.cancelled():
            task.exception()  # retrieved: it may have failed in the very moment in which this task was cancelled
    raise TimeoutError


async def while_lasting(work: Coroutine[Any, Any, T], *conditions: Coroutine[Any, Any, None]) -> T:
    """The outcome of `work`, which is cancelled when one of the conditions ends. Raises what that one raises."""
    working = asyncio.ensure_future(work)
    lasting = [asyncio.ensure_future(condition) for condition in conditions]
    try:
        await asyncio.wait({working, *lasting}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await ended(working)
            for condition in lasting:
                if condition.done():
                    condition.result()
        return working.result()
    finally:
        await ended(working, *lasting)


async def together(works: Iterable[Awaitable[T]]) -> list[T]:
    """Their outcomes. When one fails, or this task is cancelled, the others are cancelled and waited for."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await ended(*tasks)
