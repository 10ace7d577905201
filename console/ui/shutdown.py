"""Leaving the console: a run that goes on is asked about, or, when nobody can be asked, rolled back first."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.ui.host import Application

GONE_WITHIN_S = 2.0
"""How long the application may take to end when its terminal is gone; it could wait for that for ever."""


def ask(app: Application) -> None:
    """Leaves at once, or, while a run goes on, after a question and when its file is rolled back."""
    run = app.runs.current
    if run is None and app.held:
        ask_to_lose(app, partial(app.exit, 0))
        return
    if run is None:
        app.exit(0)
        return
    from console.ui.dialogs.leave import LeaveDialog

    if isinstance(app.screen, LeaveDialog):
        return

    async def answered(yes: bool | None) -> None:
        if yes:
            app.tell("stopping the run…")
            await app.runs.close()
            app.exit(0)

    app.push_screen(LeaveDialog(run), answered)


def ask_to_lose(app: Application, go_on: Callable[[], Awaitable[None] | None]) -> None:
    """Goes on when a person agrees to lose what screens hold."""
    from console.ui.dialogs.confirm import ConfirmDialog

    async def answered(yes: bool | None) -> None:
        if yes and (going := go_on()) is not None:
            await going

    if not isinstance(app.screen, ConfirmDialog):
        app.push_screen(ConfirmDialog("Leave all the same?", [(text, "warning") for text in app.held.values()]),
                        answered)


@contextmanager
def on_signals(app: Application) -> Iterator[None]:
    """While this lasts, SIGHUP (the terminal was closed) and SIGTERM end a run cleanly, then the application."""
    loop = asyncio.get_running_loop()
    ending: list[asyncio.Task[None]] = []

    def end(number: int) -> None:
        ending.append(loop.create_task(_end(app, number)))

    numbers = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    for number in numbers:
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, end, number)
    try:
        yield
    finally:
        for number in numbers:
            with suppress(NotImplementedError):
                loop.remove_signal_handler(number)


async def _end(app: Application, number: int) -> None:
    with app.batch_update():  # nothing is painted any more: the terminal may be gone, and writing to it would block
        await app.runs.close()
        app.exit(128 + number)
        await asyncio.sleep(GONE_WITHIN_S)
        os._exit(128 + number)
