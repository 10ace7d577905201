"""The manual in the console: from `?`, from the palette, by its links and by words."""

from __future__ import annotations

from textual.widgets import Markdown

from console.ui.dialogs.manual import ContentsDialog, PageDialog
from console.ui.screens import ENTRIES
from console.ui.widgets.record_table import RecordTable
from tests.support.screen_text import screen_text
from tests.ui.conftest import World, live, until


async def test_help_opens_the_page_of_the_screen(world: World) -> None:
    async with world.console(entries=ENTRIES, size=(120, 36)) as (app, pilot):
        await live(app, pilot)
        await pilot.press("question_mark", "m")
        await until(lambda: "Overview: what is wrong" in screen_text(app), pilot)
        await pilot.press("slash", *"nosuchword")
        await until(lambda: "no page has these words" in screen_text(app), pilot)
        await pilot.press(*["backspace"] * 10, *"recall")
        await until(lambda: "vectors" in screen_text(app), pilot)
        await pilot.press("enter")
        await until(lambda: "Vectors: search, recall and indexes" in screen_text(app), pilot)
        await pilot.press("b")
        await until(lambda: "Overview: what is wrong" in screen_text(app), pilot)
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, PageDialog), pilot)


async def test_a_passage_that_is_clicked_opens_its_page(world: World) -> None:
    async with world.console(entries=ENTRIES, size=(120, 36)) as (app, pilot):
        await live(app, pilot)
        app.action_open("manual")
        await until(lambda: isinstance(app.screen, ContentsDialog) and "First steps" in screen_text(app), pilot)
        dialog = app.screen
        assert isinstance(dialog, ContentsDialog)
        await pilot.press(*"recall")
        await until(lambda: dialog.table.row is not None and " " in dialog.table.row.key, pilot)
        assert dialog.table.row is not None
        dialog.table.post_message(RecordTable.RowChosen(dialog.table, dialog.table.row))
        await until(lambda: isinstance(app.screen, PageDialog), pilot)


async def test_a_page_leads_to_those_that_it_names(world: World) -> None:
    async with world.console(entries=ENTRIES, size=(80, 24)) as (app, pilot):
        await live(app, pilot)
        app.action_open("manual")
        await until(lambda: isinstance(app.screen, ContentsDialog) and "First steps" in screen_text(app), pilot)
        await pilot.press("enter")
        await until(lambda: "dbconsole demo opens the console" in screen_text(app), pilot)
        await pilot.press("l")
        await until(lambda: "From here to" in screen_text(app), pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PageDialog) and "TARGET is a name" in screen_text(app), pilot)
        app.screen.query_one(Markdown).post_message(Markdown.LinkClicked(app.screen.query_one(Markdown), "nosuch"))
        await until(lambda: "the manual has no topic" in screen_text(app), pilot)
