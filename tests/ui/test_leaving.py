"""Keys that leave: `q` at once, `^c` after a question, unless something is selected or typed."""

from __future__ import annotations

import pytest
from textual.selection import SELECT_ALL
from textual.widgets import Input, Static

from console.ui.app import ConsoleApp
from console.ui.dialogs.help import HelpDialog
from console.ui.dialogs.leave import QuitDialog
from console.ui.screens import ENTRIES
from tests.support.screen_text import screen_text
from tests.ui.conftest import World, live, until


def has_left(app: ConsoleApp) -> bool:
    return app._exit


async def test_q_leaves_at_once(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("q")
        assert has_left(app) and app.return_value == 0


@pytest.mark.parametrize("answer", ["ctrl+c", "y"])
async def test_ctrl_c_asks_before_leaving_and_once_more_is_a_yes(world: World, answer: str) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("ctrl+c")
        await until(lambda: isinstance(app.screen, QuitDialog), pilot)
        assert "Leave dbconsole?" in screen_text(app) and not has_left(app)
        await pilot.press(answer)
        await until(lambda: has_left(app), pilot)
        assert app.return_value == 0


@pytest.mark.parametrize("answer", ["n", "escape"])
async def test_who_did_not_mean_it_stays(world: World, answer: str) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("ctrl+c", answer)
        await until(lambda: not isinstance(app.screen, QuitDialog), pilot)
        assert not has_left(app)


async def test_ctrl_c_copies_what_is_selected(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        words = Static("shop.orders")
        await app.screen.mount(words)
        app.screen.selections = {words: SELECT_ALL}
        await pilot.press("ctrl+c")
        await until(lambda: app.clipboard == "shop.orders", pilot)
        assert not isinstance(app.screen, QuitDialog) and not has_left(app)


async def test_in_a_dialog_it_asks_too(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        await pilot.press("ctrl+c")
        await until(lambda: isinstance(app.screen, QuitDialog), pilot)
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        assert not has_left(app)


async def test_in_a_text_field_it_copies(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("slash")
        await until(lambda: isinstance(app.focused, Input), pilot)
        await pilot.press("a", "b", "shift+home", "ctrl+c")
        await until(lambda: app.clipboard == "ab", pilot)
        assert not isinstance(app.screen, QuitDialog) and not has_left(app)


async def test_what_would_be_lost_is_asked_about_after_the_question(world: World) -> None:
    async with world.console(entries=ENTRIES) as (app, pilot):
        await live(app, pilot)
        app.held["query"] = "an open transaction"
        await pilot.press("ctrl+c", "ctrl+c")
        await until(lambda: "an open transaction" in screen_text(app), pilot)
        assert not has_left(app)
        await pilot.press("y")
        await until(lambda: has_left(app), pilot)
