"""Keys on the screen: what the configuration changes, everywhere that a person reads or presses it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widgets import Input

import console.ui
from console.config import KeysConfig
from console.errors import ConfigError
from console.ui.app import ConsoleApp
from console.ui.bindings import bindings, offers, textual_names
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.help import HelpDialog
from console.ui.frame import ConsoleScreen
from console.ui.keymap import around, hint, key, letter
from console.ui.keys import ACTIONS, SCOPES
from console.ui.screens import ENTRIES, ScreenEntry
from console.ui.screens.overview.screen import OverviewScreen
from console.ui.start import run_console
from console.ui.widgets.code_pane import CodePane
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table
from tests.support.screen_text import screen_text
from tests.ui.conftest import World, live, until

ROWS = 40
LINES = "\n".join(f"line {number} {'needle' if number % 10 == 3 else 'hay'}" for number in range(100))


class ListScreen(ConsoleScreen):
    """A list with a text beside it, and a letter of its own on n."""

    FOCUS = "#list"
    BINDINGS = bindings(borrow={"vectors.ask": "ask"})
    asked = 0

    def body(self) -> ComposeResult:
        table = RecordTable(Table((Column("name", "name"),), tuple(
            Row(f"{number}", (Cell(f"row {number} {'odd' if number % 2 else 'even'}"),)) for number in range(ROWS))),
            id="list")
        table.styles.height = 12
        yield table
        yield CodePane(id="text")

    def action_ask(self) -> None:
        self.asked += 1


LISTS = (ScreenEntry(1, "lists", "Lists", "tests.ui.test_keys:ListScreen"),
         ScreenEntry(2, "overview", "Overview", "console.ui.screens.overview.screen:OverviewScreen"))


def changed(world: World, preset: str = "", **changes: str | tuple[str, ...]) -> None:
    """The world's configuration with these keys; `activity__cancel` is activity.cancel."""
    world.config = replace(world.config, keys=KeysConfig(preset=preset, changes={
        name.replace("__", "."): (keys,) if isinstance(keys, str) else keys for name, keys in changes.items()}))


@asynccontextmanager
async def lists(world: World, preset: str = "", **changes: Any) -> AsyncIterator[
        tuple[ConsoleApp, Pilot[int], RecordTable]]:
    changed(world, preset, **changes)
    async with world.console(entries=LISTS) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one("#list", RecordTable)
        await until(lambda: table.has_focus, pilot)
        yield app, pilot, table


# the registry and the classes


def ui_classes() -> Iterator[type[DOMNode]]:
    for module in pkgutil.walk_packages(console.ui.__path__, "console.ui."):
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(found, DOMNode) and found.__module__ == module.name:
                yield found


def test_every_action_is_bound_somewhere_and_calls_what_there_is() -> None:
    """A key without a method does nothing, and an action that no class binds has no key."""
    bound: set[str] = set()
    for found in ui_classes():
        for binding in found.__dict__.get("BINDINGS", ()):
            if getattr(binding, "id", None) is None:
                continue
            bound.add(binding.id)
            namespace, _, name = binding.action.partition("(")[0].rpartition(".")
            if not namespace:
                assert hasattr(found, f"action_{name}"), (found, binding)
            elif namespace == "app":
                assert hasattr(ConsoleApp, f"action_{name}"), (found, binding)
    assert bound | {"input.submit"} >= ACTIONS.keys(), ACTIONS.keys() - bound


def test_every_screen_has_a_key() -> None:
    assert [f"app.{entry.name}" for entry in ENTRIES] == [
        action.id for action in ACTIONS.values() if action.run.startswith("show_number")]


async def test_the_registry_knows_what_stands_around_what(world: World) -> None:
    """Conflicts are found by the scopes that can meet: those that really do, on every screen, are among them."""
    async with world.console(entries=ENTRIES, size=(140, 40)) as (app, pilot):
        await live(app, pilot)
        for entry in ENTRIES:
            app.show_screen(entry.name)
            await until(lambda entry=entry: app.screen_name == entry.name and app.screen.is_current, pilot)  # type: ignore[misc]
            for widget in [None, *(each for each in app.screen.query("*") if each.focusable)]:
                nodes = [app.screen, app] if widget is None else list(widget.ancestors_with_self)
                chain = [{binding.id.partition(".")[0] for _, binding in node._bindings if binding.id}
                         for node in nodes]
                for place, inner in enumerate(chain):
                    for scope in inner:
                        outer = set().union(*chain[place + 1:]) - inner
                        known = around(next(found for found in SCOPES if found.name == scope))
                        lent = {name.partition(".")[0] for found in SCOPES if found.name in inner
                                for name in found.borrows}
                        assert outer <= {*known, *lent} or scope in lent, (entry.name, widget, scope, outer - known)


# what is configured


async def test_a_key_is_moved_on_its_screen_and_in_all_that_is_read(world: World) -> None:
    changed(world, overview__load="ctrl+k", app__unlock="ctrl+w", table__sort="f11", app__themes="")
    async with world.console("prod") as (app, pilot):
        await live(app, pilot)
        screen = app.screen
        assert isinstance(screen, OverviewScreen)
        assert "^k Load" in screen_text(app) and "f11 sort" in screen_text(app)
        await pilot.press("l")
        assert screen.page_name == "health"
        await pilot.press("ctrl+k")
        await until(lambda: screen.page_name == "load", pilot)
        await pilot.press("escape", "W")
        assert app.screen is screen
        await pilot.press("ctrl+w")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "or ^w locks it again" in screen_text(app)
        await pilot.press("escape", "T", "question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        rows = {key.text.strip(): what.text for key, what in
                (row.cells for row in app.screen.query_one(RecordTable).table.rows)}
        assert rows["^k"] == "the page Load" and rows["f11"] == "sort by the next column" and "l" not in rows
        assert "choose a theme" not in rows.values()  # it has no key
        await pilot.press("escape", "ctrl+p", *"theme")
        await until(lambda: "Choose a theme" in screen_text(app), pilot)  # but the palette has it
        await pilot.press("enter")
        await until(lambda: "Theme" in screen_text(app), pilot)


async def test_help_is_grouped_and_leaves_out_what_does_not_apply(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("p")
        await until(lambda: getattr(app.screen, "page_name", "") == "settings", pilot)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        rows = [(row.cells[0].text, row.cells[1].text) for row in app.screen.query_one(RecordTable).table.rows]
        titles = [title for title, what in rows if not what]
        assert titles == ["This page", "This screen", "This list or text", "Everywhere"]
        assert ("  esc", "back to the first page") in rows and ("  r", "choose how often to refresh") in rows
        sentences = [what for _, what in rows]
        assert "connect again now" not in sentences  # it is connected
        assert "acknowledge the alert" not in sentences  # that is another page's
        await pilot.press("slash", *"sort")
        await until(lambda: [row.cells[1].text for row in app.screen.query_one(RecordTable).table.rows] == [
            "sort by the next column"], pilot)
        await pilot.press("escape", "escape")
        await until(lambda: not isinstance(app.screen, HelpDialog), pilot)


async def test_dialogs_name_their_keys_as_configured(world: World) -> None:
    async with lists(world, confirm__yes="j", input__submit="ctrl+j", dialog__leave="ctrl+z") as (app, pilot, _):
        answers: list[bool | None] = []
        app.push_screen(ConfirmDialog("Really?"), answers.append)
        await until(lambda: "j yes   n no" in screen_text(app), pilot)
        await pilot.press("y", "escape")
        assert not answers
        await pilot.press("j")
        await until(lambda: answers == [True], pilot)
        app.push_screen(ConfirmDialog("Really?", typed="it"), answers.append)
        await until(lambda: "^j confirm   ^z no" in screen_text(app), pilot)
        await pilot.press(*"it", "enter")
        assert len(answers) == 1
        await pilot.press("ctrl+j")
        await until(lambda: answers == [True, True], pilot)


async def test_a_wrong_configuration_is_said_before_anything_is_opened(world: World) -> None:
    changed(world, activity__cancel="q")
    with pytest.raises(ConfigError, match=r"app\.quit .* activity\.cancel"):
        run_console("staging", world.sources())
    assert not world.opened


async def test_the_keys_of_two_consoles_are_their_own(world: World) -> None:
    async with lists(world, table__sort="f11") as (app, pilot, table):
        await pilot.press("f11")
        assert table.sort_key == "name"
        assert "f11 sort" in screen_text(app)
    async with lists(World()) as (app, pilot, table):
        await pilot.press("f11")
        assert table.sort_key is None and "s sort" in screen_text(app)
        assert key("table.sort") == "s"


# vim


async def test_vim_moves_in_lists(world: World) -> None:
    async with lists(world, "vim") as (_, pilot, table):
        for pressed, place in (("j", 1), ("G", ROWS - 1), ("k", ROWS - 2), ("g", ROWS - 2), ("g", 0), ("ctrl+d", 5),
                               ("ctrl+d", 10), ("ctrl+u", 5), ("g", 5), ("j", 6), ("g", 6)):
            await pilot.press(pressed)
            assert table.cursor == place, pressed
        await pilot.press("g")
        assert table.cursor == 0


async def test_the_second_of_two_keys_comes_soon_or_is_one_of_its_own(world: World) -> None:
    async with lists(world, "vim") as (_, pilot, table):
        await pilot.press("G", "g")
        world.clock.advance(1.5)
        await pilot.press("g")
        assert table.cursor == ROWS - 1
        await pilot.press("g")
        assert table.cursor == 0


async def test_n_goes_to_matches_while_there_is_a_filter_and_is_the_screens_else(world: World) -> None:
    async with lists(world, "vim") as (app, pilot, table):
        screen = app.screen
        assert isinstance(screen, ListScreen)
        await pilot.press("n")
        assert screen.asked == 1 and table.cursor == 0
        await pilot.press("slash", *"odd", "enter")
        await until(lambda: len(table.table.rows) == ROWS // 2 and table.has_focus, pilot)
        await pilot.press("n", "n")
        assert table.cursor == 2 and screen.asked == 1
        await pilot.press("N", "N", "N")
        assert table.cursor == ROWS // 2 - 1
        await pilot.press("n")
        assert table.cursor == 0
        await pilot.press("slash", "escape")
        await until(lambda: table.has_focus and not table.needle, pilot)
        await pilot.press("n")
        assert screen.asked == 2


async def test_a_screens_letter_goes_before_one_that_moves(world: World) -> None:
    async with lists(world, "vim") as (app, pilot, _):
        await pilot.press("2")
        await until(lambda: isinstance(app.screen, OverviewScreen) and app.screen.focused is not None, pilot)
        screen = app.screen
        assert isinstance(screen, OverviewScreen)
        await pilot.press("l")
        await until(lambda: screen.page_name == "load", pilot)
        await pilot.press("escape", "m", "j")
        assert isinstance(screen.focused, RecordTable) and screen.focused.cursor == 1
    async with lists(World(), "vim", overview__load="ctrl+k") as (app, pilot, _):
        await pilot.press("2")
        await until(lambda: isinstance(app.screen, OverviewScreen) and app.screen.focused is not None, pilot)
        found = {offer.action.id: offer.keys for offer in offers(app.screen)}
        assert found["move.right"] == ("right", "l") and found["overview.load"] == ("ctrl+k",)


@pytest.mark.parametrize("preset", ["", "vim"])
async def test_what_is_typed_is_text(world: World, preset: str) -> None:
    async with lists(world, preset, screen__export="Z") as (app, pilot, table):
        await pilot.press("slash", *"ggnNjk?q1ZW", "space", "G")
        line = app.screen.query_one("FilterLine", Input)
        await until(lambda: line.value == "ggnNjk?q1ZW G", pilot)
        assert app.screen.query_one(RecordTable) is table and app.is_running
        await pilot.press("escape")
        app.push_screen(ChooseDialog("Which?", [Choice(f"{number}", f"item {number}") for number in range(30)]))
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        dialog = app.screen
        assert isinstance(dialog, ChooseDialog)
        await pilot.press(*"ggjn")
        await until(lambda: dialog.query_one(Input).value == "ggjn", pilot)
        await pilot.press(*["backspace"] * 4, "down")
        await until(lambda: dialog.table.cursor == 1, pilot)
        await pilot.press("ctrl+d")
        assert (dialog.table.cursor > 1) == (preset == "vim")


# texts that are searched


async def test_a_text_is_searched(world: World) -> None:
    async with lists(world) as (app, pilot, table):
        pane = app.screen.query_one(CodePane)
        pane.show_text(LINES, [((line, ""),) for line in LINES.split("\n")])
        app.screen.set_focus(pane)
        screen = app.screen
        assert isinstance(screen, ListScreen)
        await pilot.press("n")
        assert screen.asked == 1  # nothing is searched for: it is the screen's
        await pilot.press("slash", *"NEEDLE")
        await until(lambda: pane.needle == "NEEDLE", pilot)
        assert not table.needle and len(table.table.rows) == ROWS
        await pilot.press("enter")
        await until(lambda: pane.has_focus, pilot)
        places = []
        for pressed in ("n", "n", "N", "N", "N"):
            await pilot.press(pressed)
            places.append(pane._found[pane._at])
        assert places == [13, 23, 13, 3, 93] and "line 93 needle" in screen_text(app)
        assert screen.asked == 1 and "end the search" in screen_text(app)
        await pilot.press("escape", "n")
        assert not pane.needle and screen.asked == 2
        assert not app.screen.query_one("FilterLine").display


# helpers


def test_textual_has_another_name_for_some_keys() -> None:
    assert textual_names("?") == ("question_mark",) and textual_names("ctrl+space") == ("ctrl+space", "ctrl+@")
    assert textual_names("g g") == ("g g",) and textual_names("ctrl++") == ("ctrl+plus",)
    assert textual_names(", ,") == ("comma comma",)


def test_outside_of_a_console_keys_are_the_registrys() -> None:
    assert key("app.commands") == "^p" and letter("match.next") == ""
    assert hint("choose.accept", ("dialog.leave", "not now"), "match.next") == "enter choose   esc not now"
    assert hint(("move.up move.down", "kind")) == "up down kind"


def test_no_binding_is_made_but_of_the_registry() -> None:
    """No key is written anywhere else: no Binding and no list of them outside ui/bindings.py."""
    wrong = []
    for module in pkgutil.walk_packages(console.ui.__path__, "console.ui."):
        source = inspect.getsource(importlib.import_module(module.name))
        for node in ast.walk(ast.parse(source)):
            made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Binding"
            given = [ast.unparse(node.value or node)] if isinstance(node, ast.Assign | ast.AnnAssign) and any(
                getattr(target, "id", "") == "BINDINGS"
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])) else []
            if (made or any(not value.startswith("bindings(") for value in given)) \
                    and module.name != "console.ui.bindings":
                wrong.append(f"{module.name}: {ast.unparse(node)}")
    assert not wrong
