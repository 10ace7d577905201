"""The live table: places, keys, and how few cells an update repaints."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.app import ComposeResult
from textual.widgets import Input

from console.ui.dialogs.export import ExportDialog
from console.ui.frame import ConsoleScreen
from console.ui.screens import ScreenEntry
from console.ui.widgets.columns import place, widths
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text
from tests.support.waiting import until
from tests.ui.conftest import World, live

COLUMNS = (
    Column("pid", "pid", align="right", fixed=True), Column("user", "user", fixed=True, maximum=8),
    Column("app", "application", minimum=16), Column("wait", "wait", priority=1), Column("age", "age", align="right"),
    Column("query", "query", flexible=True, minimum=20, maximum=500))


def sessions(number: int, *, age: int = 1, changed: int = 0) -> Table:
    return Table(COLUMNS, tuple(
        Row(str(pid), (Cell(str(pid), order=pid), Cell(f"user{pid}"), Cell("api"), Cell("Client:ClientRead"),
                       Cell(f"{age + 1 if pid < changed else age} s", order=age), Cell(f"SELECT {pid} " + "x" * 200)))
        for pid in range(number)), "no session")


class TableScreen(ConsoleScreen):
    FOCUS = "#table"

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def body(self) -> ComposeResult:
        yield RecordTable(sessions(100), id="table")

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        self.chosen.append(event.row.key)


ENTRIES = (ScreenEntry(1, "table", "Table", "tests.ui.test_record_table:TableScreen"),)


def console(world: World, size: tuple[int, int] = (120, 36)) -> Any:
    return world.console(size=size, entries=ENTRIES)


async def test_the_cursor_stays_visible_and_follows_its_row(world: World) -> None:
    async with console(world) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        await pilot.press("end")
        assert table.row is not None and table.row.key == "99" and " 99  user99" in screen_text(app)
        await pilot.press("home", *["down"] * 5)
        table.show(Table(COLUMNS, tuple(reversed(sessions(100).rows))))
        await pilot.pause()
        assert table.row.key == "5" and "  5  user5" in screen_text(app)
        table.show(Table(COLUMNS, (), "nobody is connected"))
        await pilot.pause()
        assert table.row is None and "nobody is connected" in screen_text(app)
        await pilot.press("down", "enter", "end", "y", "pagedown")


def turned(table: Table, first: int) -> Table:
    """The rows from that one on, then those before it."""
    return replace(table, rows=(*table.rows[first:], *table.rows[:first]))


async def test_the_worst_row_is_on_top_until_somebody_moves(world: World) -> None:
    async with console(world) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        for first in (90, 40, 0):
            table.show(turned(sessions(100), first))
            assert (table.first_row, table.cursor) == (0, 0) and table.row is not None and table.row.key == str(first)
        await pilot.press("down", "down")
        table.show(turned(sessions(100), 50))
        await pilot.pause()
        assert table.row is not None and table.row.key == "2" and table.cursor == 52
        assert table.first_row == 52 - table.page + 1 and screen_text(app).count("◂") == 1
        table.show(sessions(100))
        await pilot.pause()
        assert (table.first_row, table.cursor) == (0, 2) and "◂" not in screen_text(app)
        await pilot.press("home")
        table.show(turned(sessions(100), 30))
        assert (table.first_row, table.cursor) == (0, 0)


async def test_the_identity_stays_while_other_columns_scroll(world: World) -> None:
    async with console(world, (60, 20)) as (app, pilot):
        await live(app, pilot)
        assert "pid" in screen_text(app) and "application" in screen_text(app) and "›" in screen_text(app)
        await pilot.press("right", "right", "right")
        shown = screen_text(app)
        assert "pid" in shown and "user1" in shown and "query" in shown and "application" not in shown
        await pilot.press("left", "left", "left")
        assert "application" in screen_text(app)


async def test_sorting_goes_through_the_columns_and_back(world: World) -> None:
    async with console(world) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        await pilot.press("s")
        assert table.sort_key == "pid" and table.table.rows[0].key == "99" and "pid▾" in screen_text(app)
        await pilot.press("S")
        assert table.table.rows[0].key == "0"
        await pilot.press(*["s"] * len(COLUMNS))
        assert table.sort_key is None and table.table.rows[0].key == "0"


async def test_a_click_selects_and_a_second_one_opens(world: World) -> None:
    async with console(world) as (app, pilot):
        await live(app, pilot)
        screen = app.screen
        assert isinstance(screen, TableScreen)
        table = screen.query_one(RecordTable)
        await pilot.click(table, offset=(5, 4))
        assert table.row is not None and table.row.key == "3" and screen.chosen == []
        await pilot.double_click(table, offset=(5, 6))
        assert screen.chosen == ["5"]
        await pilot.double_click(table, offset=(5, 0))  # the heading
        assert screen.chosen == ["5"] and table.row.key == "5"
        await pilot.press("down", "enter")
        assert screen.chosen == ["5", "6"]


async def test_an_update_repaints_the_changed_cells_only(world: World) -> None:
    async with console(world) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        await pilot.pause()
        regions: list[Any] = []
        refresh = table.refresh
        table.refresh = lambda *given, **options: (regions.extend(given or ["all"]), refresh(*given, **options))[1]
        table.show(sessions(100, changed=3))
        assert len(regions) == 3 and sum(region.area for region in regions) == 3
        regions.clear()
        table.show(sessions(100, changed=3))
        assert regions == []


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_cells_keep_the_columns_in_place(world: World, name: str) -> None:
    async with console(world, (80, 24)) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        rows = [replace(row, cells=(row.cells[0], Cell(name), Cell(name), *row.cells[3:])) for row in sessions(5).rows]
        table.show(Table(COLUMNS, tuple(rows)))
        await pilot.pause()
        strips = [table.render_line(y) for y in range(1, 6)]
        assert {strip.cell_length for strip in strips} == {table.size.width}
        assert all(item.isprintable() for strip in strips for item in strip.text)


def test_low_priority_columns_go_first_and_flexible_ones_take_the_rest() -> None:
    needed = widths(sessions(100), {})
    wide, more = place(COLUMNS, needed, 120, 0)
    assert [placed.column.key for placed in wide] == [column.key for column in COLUMNS] and not more
    assert sum(placed.width + placed.gap for placed in wide) - wide[-1].gap == 120
    narrow, more = place(COLUMNS, needed, 70, 0)
    assert "wait" not in [placed.column.key for placed in narrow] and more


def test_columns_do_not_shrink() -> None:
    before = widths(sessions(100), {})
    assert widths(sessions(1), before) == before


async def test_what_is_shown_is_written_to_a_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    async with console(world) as (app, pilot):
        await live(app, pilot)
        table = app.screen.query_one(RecordTable)
        table.filter("user9")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ExportDialog), pilot)
        name = app.screen.query_one(Input)
        assert name.value == "table_table.csv" and "11 rows, as shown" in screen_text(app)
        for wrong, words in (("", "Type the name"), (str(tmp_path), "Type the name"), (f"{tmp_path}/none/x", "No such"),
                             (f"{tmp_path}/{'x' * 300}", "too long"), ("~nobody-of-that-name/x", "home directory")):
            name.value = wrong
            await pilot.press("enter")
            await until(lambda words=words: words in " ".join(screen_text(app).split()), pilot)  # type: ignore[misc]
        name.value = str(path)
        await pilot.press("enter")
        await until(lambda: not isinstance(app.screen, ExportDialog), pilot)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["pid"] for row in rows] == ["9", *map(str, range(90, 100))]
    assert rows[0]["query"] == "SELECT 9 " + "x" * 200, "whole, though the screen has no room for it"
