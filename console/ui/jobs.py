"""Migrations and index builds that this console runs: one at a time, owned by the application, whatever is shown.

A run ends with its work, by `abort`, or when the console is left or its terminal closes: then the task is cancelled,
the engine rolls the running file back and writes into the event log that it was interrupted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.clock import Clock
from console.errors import ConsoleError
from console.text import format as fmt
from console.view.table import Tone

if TYPE_CHECKING:
    from console.migrate.events import Event
    from console.migrate.plan import PlanStep
    from console.view.migrate.run import RunLog

Outcome = Sequence[tuple[str, Tone]]
Tell = Callable[["Event | tuple[str, Tone]"], None]
Work = Callable[[Tell], Awaitable[Outcome]]
"""Does it, tells events or words of its own, and says in words how it ended."""

ON_STOP = ("cancels the statement and rolls its file back. What was committed before stays, and the event log says "
           "that the run was interrupted.")

CLOSE_WITHIN_S = 10.0
"""How long leaving waits for the running file to be rolled back."""


class Job(Struct, eq=False):
    """One run on one target. `title` says what: "up document_store"."""

    title: str
    target: str
    log: RunLog
    began_s: float
    task: asyncio.Task[None] | None = None
    ended_s: float | None = None
    on_abort: str = ""
    """What it means that it was stopped."""
    on_stop: str = ON_STOP
    """What stopping it, or leaving the console, does."""
    standing: Any = None
    """How it stands, for the screen that began it and shows more than the log."""

    @property
    def is_over(self) -> bool:
        return self.ended_s is not None


class JobRunner:
    """The application's runs; `listeners` are called when there is something new to show."""

    def __init__(self, clock: Clock) -> None:
        self.latest: Job | None = None
        self.listeners: list[Callable[[Job], None]] = []
        self._clock = clock

    @property
    def current(self) -> Job | None:
        """The run that goes on now."""
        return self.latest if self.latest is not None and not self.latest.is_over else None

    def start(self, title: str, target: str, work: Work, plan: Sequence[PlanStep] = (), *,
              on_abort: str = "", on_stop: str = ON_STOP, standing: Any = None) -> Job:
        """Begins a run. There must be none."""
        assert self.current is None
        from console.view.migrate.run import RunLog  # here: a console that only looks needs none of migrate's events

        run = self.latest = Job(title, target, RunLog(plan), self._clock.monotonic(), on_abort=on_abort,
                                on_stop=on_stop, standing=standing)
        run.task = asyncio.create_task(self._run(run, work), name=f"migrations: {title}")
        self._changed(run)
        return run

    def elapsed_s(self, run: Job) -> float:
        return (self._clock.monotonic() if run.ended_s is None else run.ended_s) - run.began_s

    def abort(self) -> None:
        """Stops the run that goes on; it says so when its file is rolled back.

        Once: cancelled again, while it is cancelled, it could neither roll back in order nor write down that it was
        interrupted.
        """
        if (run := self.current) is not None and run.task is not None and not run.task.cancelling():
            run.task.cancel()

    async def close(self) -> None:
        """Stops what goes on and waits until it is rolled back, for `CLOSE_WITHIN_S` seconds at most."""
        if (run := self.current) is not None and run.task is not None:
            self.abort()
            await asyncio.wait({run.task}, timeout=CLOSE_WITHIN_S)

    async def _run(self, run: Job, work: Work) -> None:
        def tell(event: Event | tuple[str, Tone]) -> None:
            if isinstance(event, tuple):
                run.log.say(*event)
            else:
                run.log.take(event, self._clock.monotonic())
            self._changed(run)

        try:
            outcome = await work(tell)
        except asyncio.CancelledError:
            # Not raised again: this task has ended as was wished, and whoever waits for it wants no exception.
            outcome = [("aborted", "warning"), (run.on_abort, "")]
        except ConsoleError as error:
            outcome = failure(error)
        except Exception as error:  # a mistake of ours must not look like a run that goes on for ever
            logging.getLogger(__name__).exception("the run %s ended", run.title)
            outcome = [(f"{type(error).__name__}: {error}", "critical"), ("please report this", "")]
        run.ended_s = self._clock.monotonic()
        took = ("in " + fmt.duration(run.ended_s - run.began_s), "dim")
        run.log.finish(run.ended_s, *outcome, took)  # type: ignore[arg-type]
        self._changed(run)

    def _changed(self, run: Job) -> None:
        for listener in list(self.listeners):
            listener(run)


def failure(error: ConsoleError) -> list[tuple[str, Tone]]:
    """An error as an outcome: the short place and the message first, then all else that is known."""
    from console.migrate.faults import FileError

    words: list[tuple[str, Tone]] = [(error.summary, "critical")]
    if isinstance(error, FileError):
        place = [f"{error.path.parent.name}/{error.path.name}", error.line, error.column if error.line else None]
        words = [(f"{':'.join(str(part) for part in place if part is not None)}: {error.message}", "critical")]
        words += [(f"SQLSTATE {error.sqlstate}", "dim")] if error.sqlstate else []
    words += [(line, "") for line in (error.detail or "").splitlines()]
    return [*words, ("", ""), (error.hint, "strong")] if error.hint else words
