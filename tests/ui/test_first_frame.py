"""The first frame: nothing is laid out or styled before there is something to see, and nobody waits long for that."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from textual.screen import Screen

from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.first_frame import HeldScreen
from tests.support.screen_text import screen_text
from tests.ui.conftest import World, live, until


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the first frame was held, each time that Textual laid a screen out or styled it."""
    found: list[bool] = []

    def watched(name: str) -> Any:
        original = getattr(Screen, name)  # private names of Textual's: gone, they would hold nothing

        def call(self: Screen[Any], *arguments: Any, **words: Any) -> Any:
            if isinstance(self, HeldScreen):
                found.append(self.is_held)
            return original(self, *arguments, **words)

        return call

    for name in ("_refresh_layout", "update_node_styles"):
        monkeypatch.setattr(Screen, name, watched(name))
    return found


def test_the_first_frame_waits_for_no_diagnosis() -> None:
    """It is imported and made with the second sample: a tenth of what the first screen needs."""
    code = ("import sys, console.ui.start, console.ui.sources, console.ui.screens.overview.screen\n"
            "from console.ui.screens.overview.pages import PAGES\nPAGES[0].make()\n"
            "print([name for name in sys.modules if 'diagnos' in name])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def test_nothing_is_drawn_before_there_is_data(world: World, drawn: list[bool]) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        assert isinstance(app, ConsoleApp) and not app.first_frame.is_held
    assert drawn and not any(drawn)


async def test_a_server_that_is_silent_is_not_waited_for(
        world: World, drawn: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    made = world.pool_for

    def silent(target: Target) -> Any:
        pool = made(target)
        pool.hold()
        return pool

    monkeypatch.setattr(world, "pool_for", silent)
    async with world.console() as (app, pilot):
        await until(lambda: not app.first_frame.is_held and "Connecting to staging" in screen_text(app), pilot)
    assert drawn and not any(drawn)
