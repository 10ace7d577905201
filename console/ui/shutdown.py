"""Leaving the console: a run that goes on is asked about, or, when nobody can be asked, rolled back first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from console import ending
from console.ui.jobs import CLOSE_WITHIN_S

if TYPE_CHECKING:
    from console.ui.host import AppHost

GONE_WITHIN_S = 2.0
"""How long the application may take to end once nothing runs any more."""


def ask(app: AppHost) -> None:
    """Leaves at once, or, while a run goes on, after a question and when its file is rolled back."""
    run = app.runs.current
    if run is None and app.held:
        ask_to_lose(app, partial(leave, app, 0))
        return
    if run is None:
        leave(app, 0)
        return
    from console.ui.dialogs.leave import LeaveDialog

    if isinstance(app.screen, LeaveDialog):
        return

    async def answered(yes: bool | None) -> None:
        if yes:
            app.tell("stopping the run…")
            await app.runs.close()
            leave(app, 0)

    app.push_screen(LeaveDialog(run), answered)


def ask_first(app: AppHost) -> None:
    """Leaves when a person agrees to, or says so once more."""
    from console.ui.dialogs.leave import QuitDialog

    if app.runs.current is not None:
        ask(app)  # which asks anyway, and says what it means
        return
    app.push_screen(QuitDialog(), lambda yes: ask(app) if yes else None)


def ask_to_lose(app: AppHost, go_on: Callable[[], Awaitable[None] | None]) -> None:
    """Goes on when a person agrees to lose what screens hold."""
    from console.ui.dialogs.confirm import ConfirmDialog

    async def answered(yes: bool | None) -> None:
        if yes and (going := go_on()) is not None:
            await going

    if not isinstance(app.screen, ConfirmDialog):
        app.push_screen(ConfirmDialog("Leave all the same?", [(text, "warning") for text in app.held.values()]),
                        answered)


def end(app: AppHost, number: int) -> None:
    """A signal wants the console to end, such as SIGHUP when the terminal was closed: without a question."""
    _begun.append(asyncio.get_running_loop().create_task(_end(app, number), name="ending"))


_begun: list[asyncio.Task[None]] = []
"""What signals have begun: a task that nobody holds may be cleared away."""


async def _end(app: AppHost, number: int) -> None:
    if app.runs.current is not None:
        ending.within(CLOSE_WITHIN_S + GONE_WITHIN_S, 128 + number)
        await app.runs.close()
    leave(app, 128 + number)


def leave(app: AppHost, status: int) -> None:
    """Ends the application, whatever else may want to go on."""
    ending.within(GONE_WITHIN_S, status)
    app.exit(status)
