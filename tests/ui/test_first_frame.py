"""The first frame: nothing is laid out or styled before there is something to see, and nobody waits long for that."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen

from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.first_frame import HeldScreen
from console.ui.screens import ENTRIES as ALL
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


async def test_to_open_a_screen_styles_and_draws_nothing_of_the_one_that_is_left(
        world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.pause()
        left = app.screen
        done: list[Any] = []
        apply, lay_out = Stylesheet.apply, Screen._refresh_layout

        def styled(self: Stylesheet, node: Any, **words: Any) -> None:
            done.append((node.ancestors_with_self[-2:][0], "styled"))  # the last is the application
            apply(self, node, **words)

        def laid_out(self: Screen[Any], *arguments: Any, **words: Any) -> None:
            done.append((self, "laid out"))
            lay_out(self, *arguments, **words)

        monkeypatch.setattr(Stylesheet, "apply", styled)
        monkeypatch.setattr(Screen, "_refresh_layout", laid_out)
        await pilot.press("2")
        await until(lambda: app.screen is not left and bool(app.screen._size), pilot)
        await pilot.pause()
        assert {what for screen, what in done if screen is app.screen} == {"styled", "laid out"}
        assert not [what for screen, what in done if screen is left]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
async def test_a_screen_that_is_opened_is_styled_and_once_more_changes_nothing(
        world: World, size: tuple[int, int]) -> None:
    async with world.console(size=size, entries=ALL) as (app, pilot):
        await live(app, pilot)
        for number, entry in enumerate(ALL, start=1):
            app.action_show_number(number)
            await until(lambda entry=entry: type(app.screen).__name__.lower().startswith(entry.name), pilot)
            await pilot.pause()
            widgets = app.screen.query("*").nodes
            styled = [widget.styles.base.get_rules() for widget in widgets]
            app.screen.update_node_styles(animate=False)
            assert len(widgets) > 3
            assert [(widget, rules) for widget, rules in zip(widgets, styled, strict=True)
                    if widget.styles.base.get_rules() != rules] == []


async def test_a_screen_that_waits_behind_has_the_theme_that_is_chosen_meanwhile(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        first, before = app.screen, app.screen.styles.background
        await pilot.press("2")
        await until(lambda: app.screen is not first, pilot)
        app.choose_theme("paper", remember=False)
        await until(lambda: app.screen.styles.background != before, pilot)
        await pilot.press("1")
        await until(lambda: app.screen is first and first.styles.background != before, pilot)


async def test_a_sheet_is_parsed_once_in_a_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
    parsed: list[Any] = []
    monkeypatch.setattr(Stylesheet, "_parse_rules", lambda *sheet, **words: parsed.append(words) or [])
    async with world.console() as (app, pilot):
        await live(app, pilot)
        assert not parsed and app.stylesheet.rules
