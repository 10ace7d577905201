"""A screen as text, and goldens made of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from console.ui.app import ConsoleApp
from tests.support.waiting import until

GOLDENS = Path(__file__).parents[1] / "ui" / "goldens"
WITHIN_S = 20.0
"""How long a screen may take to become the golden one: what differs takes so long to fail."""


def screen_text(app: App[Any]) -> str:
    """What the top screen shows, line by line, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


async def until_golden(app: ConsoleApp, pilot: Pilot[Any], name: str) -> None:
    """The screen becomes as in goldens/NAME.txt. With DBCONSOLE_UPDATE_GOLDENS=1 the file is written anew."""
    path = GOLDENS / f"{name}.txt"
    if os.environ.get("DBCONSOLE_UPDATE_GOLDENS"):
        path.write_text(await _still(app, pilot), encoding="utf-8")
    wanted = path.read_text("utf-8")

    def shown() -> str:
        app.show_state()  # the header, which else follows the clock
        return screen_text(app)

    with contextlib.suppress(AssertionError):
        await until(lambda: shown() == wanted, pilot, WITHIN_S)
    assert screen_text(app) == wanted, f"{path.name} differs:\n{screen_text(app)}"


async def _still(app: ConsoleApp, pilot: Pilot[Any]) -> str:
    """What the screen shows when it hasn't changed for a second."""
    shown, before = "", None
    while shown != before:
        before = shown
        await pilot.pause(1)
        app.show_state()
        await pilot.pause()
        shown = screen_text(app)
    return shown
