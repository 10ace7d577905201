"""How the process ends: when it is told to, whatever its threads, its tasks, its terminal and its servers do.

Three things could hold an end up. Threads can't be cancelled (a resolver that waits for a name, a child that hangs),
so nobody waits for them: `finish` leaves without. Tasks may wait for a server that is silent, so they are given a
moment and no more: `run`. And the event loop itself may hang, in a write to a terminal or a pipe that nobody reads:
a thread of our own is told of each signal by the interpreter's C code, and ends the process when its time is over.
"""

from __future__ import annotations

import _thread
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
Job = Callable[[], object]

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

HEEDED_WITHIN_S = 2.0
"""The longest that an event loop may take to notice a signal before the process ends without its help."""

TASKS_WITHIN_S = 0.15
"""What tasks get to end after they were cancelled, and once more after they were cancelled again."""

LAST_JOBS_WITHIN_S = 0.25
"""What the last jobs get: asking servers to cancel what they still do, killing children, resetting the terminal."""

AGAIN_AFTER_S = 0.4
"""A signal that comes again means it; two within less are one that went to the process and through its parent."""

last_jobs: list[Callable[[], Iterable[Job]]] = []
"""Each says what is to be done at the very end, in a thread for each job; asked in any thread, it must not wait."""

_received: dict[int, float] = {}
_orderly: Callable[[int], object] | None = None
_deadline: tuple[float, int] | None = None
_wake_fd = -1


# signals


def take_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP end the process by the ways of this module, with 128 + their number.

    For the main thread, before anything else. A signal that is ignored stays so: nohup, and `&` in a script.
    """
    global _wake_fd

    taken = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, _on_signal)
    if os.name == "posix" and _wake_fd < 0:
        reader, _wake_fd = os.pipe()
        os.set_blocking(_wake_fd, False)
        signal.set_wakeup_fd(_wake_fd, warn_on_full_buffer=False)
        _thread.start_new_thread(_watch, (reader, frozenset(taken)))


def _on_signal(number: int, frame: FrameType | None) -> None:
    """In the main thread, between two bytecodes; not while it hangs in a write."""
    now_s, act = time.monotonic(), _orderly
    comes_again = now_s - _received.setdefault(number, now_s) > AGAIN_AFTER_S
    if act is None or comes_again:
        finish(128 + number)
    if len(_received) == 1:
        act(number)


def _watch(reader: int, taken: frozenset[int]) -> None:
    """Ends the process when its time is over. The clock starts with a signal, unless an end has begun already."""
    global _deadline

    poll = select.poll()
    poll.register(reader, select.POLLIN)
    while True:
        left_s = None if _deadline is None else _deadline[0] - time.monotonic()
        if left_s is not None and left_s <= 0:
            assert _deadline is not None
            finish(_deadline[1])
        if poll.poll(None if left_s is None else left_s * 1000):
            for number in taken.intersection(os.read(reader, 64)):
                _deadline = _deadline or (time.monotonic() + HEEDED_WITHIN_S, 128 + number)


def within(seconds: float, status: int) -> None:
    """The process is gone in so many seconds, with that exit status unless it ends by itself before."""
    global _deadline

    _deadline = (time.monotonic() + seconds, status)
    if _wake_fd >= 0:
        with suppress(OSError):  # full: then the watch is awake anyway
            os.write(_wake_fd, b"\0")


@contextmanager
def orderly(act: Callable[[int], object], within_s: float, loop: asyncio.AbstractEventLoop | None = None
            ) -> Iterator[None]:
    """While this lasts, a signal calls `act` with its number in the event loop (the running one unless given), and
    the process is gone `within_s` seconds later at most; at once when the signal comes again."""
    global _orderly

    if loop is None:
        import asyncio

        loop = asyncio.get_running_loop()

    def heed(number: int) -> None:
        within(within_s, 128 + number)
        act(number)

    before, _orderly = _orderly, lambda number: loop.call_soon_threadsafe(heed, number)
    try:
        yield
    finally:
        _orderly = before


@contextmanager
def at_once() -> Iterator[None]:
    """While this lasts, a signal ends the process where it stands: for questions, which hold the event loop up."""
    global _orderly

    before, _orderly = _orderly, None
    try:
        yield
    finally:
        _orderly = before


# the event loop


def run(main: Coroutine[Any, Any, T], *, within_s: float = 0.5) -> T:
    """The outcome of `main` in an event loop of its own, which waits for no thread and for no task for long.

    A signal cancels `main`, unless it handles signals itself (`orderly`), and the process is gone `within_s` seconds
    later. Raises SystemExit with 128 + the signal's number when `main` was ended by one.
    """
    import asyncio

    from console import log

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(log.task_failed)
    task = loop.create_task(main)
    try:
        with orderly(lambda number: task.cancel(), within_s, loop):
            try:
                return loop.run_until_complete(task)
            except BaseException:
                for number in _received:  # whatever came of it came of the signal
                    raise SystemExit(128 + number) from None
                raise
            finally:
                _wind_up(loop)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels what is left, and leaves behind what doesn't end.

    Twice, since psycopg asks the server to cancel its statement at first, and closes the connection only then.
    """
    import asyncio

    left = asyncio.all_tasks(loop)
    for _ in range(2):
        for task in left:
            task.cancel()
        if left:
            _, left = loop.run_until_complete(asyncio.wait(left, timeout=TASKS_WITHIN_S))
    with suppress(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(loop.shutdown_asyncgens(), TASKS_WITHIN_S))


# the end


def finish(status: int) -> NoReturn:
    """Ends the process with that exit status now, when the last jobs are done or have had their time.

    Nothing else is waited for: neither threads, nor buffers that nobody reads. May be called in any thread.
    """
    try:
        _do([job for jobs in last_jobs for job in _asked(jobs)], LAST_JOBS_WITHIN_S)
    finally:
        os._exit(status)


def _asked(jobs: Callable[[], Iterable[Job]]) -> Iterable[Job]:
    with suppress(Exception):  # whatever goes wrong now must not keep the others from their end
        return list(jobs())
    return ()


def _do(jobs: Iterable[Job], within_s: float) -> None:
    """Does them all at once. By bare threads: `threading` has locks that a signal may have found held."""
    ends_s = time.monotonic() + within_s
    done = []
    for job in jobs:
        lock = _thread.allocate_lock()
        lock.acquire()
        with suppress(RuntimeError):  # the machine has no thread left, or the interpreter is ending already
            _thread.start_new_thread(_do_one, (job, lock))
            done.append(lock)
    for lock in done:
        lock.acquire(timeout=max(0.0, ends_s - time.monotonic()))


def _do_one(job: Job, lock: _thread.LockType) -> None:
    with suppress(BaseException):
        job()
    lock.release()


# the terminal

RESET = (
    "\x18"  # ends a sequence that was cut
    "\x1b[?2026l"  # synchronised output
    "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"  # the mouse
    "\x1b[?2004l\x1b[?1004l\x1b[?2048l"  # pastes, focus and size, told in band
    "\x1b[<u"  # kitty's keyboard
    "\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"  # wrapped lines, no colour, the screen of before, the cursor
)


_terminal: tuple[int, list[Any], int] | None = None


def take_terminal() -> int:
    """A descriptor of our own to write to the terminal by: what it can't take at once is refused, not waited for.

    From now until it is given back, an end puts the terminal in order: as it is now, on its own screen. Raises OSError
    where there is none.
    """
    global _terminal

    import termios

    assert sys.__stdin__ is not None and sys.__stdout__ is not None
    given, shown = sys.__stdin__.fileno(), sys.__stdout__.fileno()
    try:
        before = termios.tcgetattr(given)
    except termios.error as error:
        raise OSError(*error.args) from None
    try:  # opened anew, since the other one is the shell's too
        own = os.open(os.ttyname(shown), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # it is another user's
        own = os.dup(shown)
    _terminal = given, before, own
    return own


def give_terminal_back() -> None:
    """It is as it was."""
    global _terminal

    if _terminal is not None:
        os.close(_terminal[2])
    _terminal = None


def _terminal_reset() -> list[Job]:
    if _terminal is None:
        return []
    import termios

    given, before, own = _terminal
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})  # a job in the background must not stop at this
    with suppress(termios.error):
        termios.tcsetattr(given, termios.TCSANOW, before)
    with suppress(termios.error):
        termios.tcflow(own, termios.TCOON)
        termios.tcflush(own, termios.TCOFLUSH)  # what nobody has read would keep the rest from being written
    return [partial(os.write, own, RESET.encode())]


last_jobs.append(_terminal_reset)
