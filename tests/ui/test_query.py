"""Screen 8 on a fake server: the editor and its keys, names, what results look like. What is run: tests/live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.catalog.completion import CompletionColumn, CompletionName
from console.errors import Denied, ServerError
from console.server.extended import ResultColumn
from console.server.interactive import QueryResult
from console.server.script import ServerNotice
from console.sql.statements import pieces
from console.ui.app import ConsoleApp
from console.ui.commands import Palette
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.help import HelpDialog
from console.ui.dialogs.open_plan import OpenPlanDialog
from console.ui.dialogs.row_dialog import RowDialog, ValueDialog
from console.ui.plan_page import PlanPage
from console.ui.screens import ENTRIES
from console.ui.screens.query.screen import QueryScreen
from console.ui.screens.query.state import QueryOutcome
from console.ui.widgets.code_pane import CodePane
from tests.support.builders import HOSTILE as HOSTILE_NAMES
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live
from tests.ui.test_replay import recorded, replay

SCREENS = tuple(entry for entry in ENTRIES if entry.name in ("overview", "query"))
HOSTILE = " ".join(HOSTILE_NAMES)
SQL = "SELECT id, name, embedding\nFROM shop.orders -- all of them\nWHERE note = 'late'"


@pytest.fixture
def world() -> World:
    made = World()
    made.answers |= {
        "completion_names": [CompletionName("", "shop", "schema"), CompletionName("shop", "orders", "table"),
                             CompletionName("shop", HOSTILE, "view"), CompletionName("pg_catalog", "now", "function")],
        "completion_columns": lambda params: [
            CompletionColumn("shop", "orders", name, kind)
            for name, kind in (("id", "bigint"), ("note", "text"), ("embedding", "vector(3)"))
            if "orders" in params["names"]],
    }
    return made


@asynccontextmanager
async def screen_8(world: World, size: tuple[int, int] = (120, 36), name: str = "staging"
                   ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], QueryScreen]]:
    async with world.console(name, size=size, entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        await pilot.press("8")
        await until(lambda: isinstance(app.screen, QueryScreen) and app.screen.is_ready
                    and app.screen.editor.has_focus, pilot)
        screen = app.screen
        assert isinstance(screen, QueryScreen)
        yield app, pilot, screen


def rows_outcome() -> QueryOutcome:
    """A result with everything in it."""
    columns = (ResultColumn("id", "bigint"), ResultColumn("name", "text"), ResultColumn("embedding", "vector"),
               ResultColumn("name", "text"))
    rows = (*((str(number), "" if number == 2 else f"order {number}", f"[{number},0,0]", None)
              for number in range(1, 31)), ("31", "x" * 2_000_000, "[0,1,0]", HOSTILE))
    outcome = QueryOutcome(pieces(SQL)[0], QueryResult("SELECT", columns, rows, more=True, elapsed_ms=12.3))
    outcome.take(rows)
    outcome.more = True
    return outcome


def answered(screen: QueryScreen, outcome: QueryOutcome) -> None:
    """Shows that as the answer of a statement."""
    screen.state.add(outcome)
    screen.results.show()


async def settled(app: ConsoleApp, pilot: Pilot[int], name: str) -> None:
    app.show_state()
    app.clear_notifications()
    await pilot.pause()
    await until_golden(app, pilot, name)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_rows(world: World, size: tuple[int, int]) -> None:
    async with screen_8(world, size) as (app, pilot, screen):
        screen.editor.insert(SQL)
        answered(screen, rows_outcome())
        await pilot.press("escape")
        await until(lambda: screen.results.table.has_focus and "31 rows" not in screen_text(app), pilot)
        await settled(app, pilot, f"query-{size[0]}x{size[1]}")


async def test_several_results(world: World) -> None:
    async with screen_8(world) as (app, pilot, screen):
        answered(screen, rows_outcome())
        said = (ServerNotice("WARNING", "careful", "about what", "look twice"),)
        answered(screen, QueryOutcome(pieces("DELETE FROM a")[0],
                                      QueryResult("DELETE 5", elapsed_ms=0.4, notices=said)))
        error = ServerError("staging: syntax error at or near \"FORM\"", sqlstate="42601", position=10, hint="a hint")
        answered(screen, QueryOutcome(pieces("SELECT 1\nFORM x")[0], error=error))
        await until(lambda: "line 2: FORM x" in screen_text(app), pilot)
        await settled(app, pilot, "query-error-120x36")
        await pilot.press("escape", "left_square_bracket")
        await until(lambda: "DELETE 5 · 0.4 ms" in screen_text(app), pilot)
        assert "WARNING: careful" in screen_text(app) and "hint: look twice" in screen_text(app)
        await pilot.press("left_square_bracket")
        await until(lambda: "the first 31 rows: another statement ended the reading" in screen_text(app), pilot)


async def test_a_row_and_a_value_whole(world: World) -> None:
    async with screen_8(world) as (app, pilot, screen):
        answered(screen, rows_outcome())
        await pilot.press("escape", "end", "enter")
        await until(lambda: isinstance(app.screen, RowDialog), pilot)
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, ValueDialog) and app.screen.query_one(CodePane).text != "", pilot)
        assert "1.9 MB" in screen_text(app) and "only the first" in screen_text(app)
        assert len(app.screen.query_one(CodePane).text) == 1024 * 1024


async def test_printable_keys_are_text_and_escape_leaves(world: World) -> None:
    async with screen_8(world) as (app, pilot, screen):
        await pilot.press(*"q t / 1 ? M C".replace(" ", ""))
        assert screen.editor.text == "qt/1?MC" and app.screen is screen
        await pilot.press("escape")
        await until(lambda: not screen.editor.has_focus, pilot)
        await pilot.press("question_mark")
        await until(lambda: isinstance(app.screen, HelpDialog), pilot)
        await pilot.press("escape", "i")
        await until(lambda: screen.editor.has_focus, pilot)
        await pilot.press("f1")
        await until(lambda: app.screen_name == "overview", pilot)
        await pilot.press("f8")
        await until(lambda: app.screen is screen, pilot)
        assert screen.editor.text == "qt/1?MC", "what was typed is still there"


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_names_are_offered(world: World, size: tuple[int, int]) -> None:
    async with screen_8(world, size) as (app, pilot, screen):
        screen.editor.insert("SELECT * FROM shop.orders o WHERE o")
        await pilot.press("full_stop")
        await until(lambda: screen.editor.is_offering and "embedding" in screen_text(app), pilot)
        await settled(app, pilot, f"query-names-{size[0]}x{size[1]}")
        await pilot.press("down", "tab")
        assert screen.editor.text.endswith("WHERE o.note") and not screen.editor.is_offering


async def test_the_list_of_names_takes_no_more_keys_than_it_needs(world: World) -> None:
    async with screen_8(world) as (_, pilot, screen):
        screen.editor.insert("SELECT * FROM shop.")
        await pilot.press("o")
        await until(lambda: screen.editor.is_offering, pilot)
        await pilot.press("enter")
        assert screen.editor.text == "SELECT * FROM shop.o\n", "enter is a new line while nothing was chosen"
        await pilot.press("backspace", "r")
        await until(lambda: screen.editor.is_offering, pilot)
        await pilot.press("escape")
        assert not screen.editor.is_offering and screen.editor.has_focus
        await pilot.press("ctrl+space")
        await until(lambda: screen.editor.is_offering, pilot)
        await pilot.press("down", "up", "enter")
        assert screen.editor.text == "SELECT * FROM shop.orders"


async def test_without_the_catalog_keywords_are_offered(world: World) -> None:
    world.answers["completion_names"] = Denied("staging: permission denied")
    async with screen_8(world) as (app, pilot, screen):
        await pilot.press(*"sele")
        await until(lambda: screen.editor.is_offering and "keyword" in screen_text(app), pilot)
        await pilot.press("tab")
        assert screen.editor.text == "select"


async def test_layout_by_key_and_undo(world: World) -> None:
    async with screen_8(world) as (_, pilot, screen):
        screen.editor.insert("select a from b where c;\nselec 1")
        await pilot.press("ctrl+home", "up", "ctrl+n")
        assert screen.editor.text == "select a\nfrom b\nwhere c;\nselec 1"
        await pilot.press("ctrl+z")
        assert screen.editor.text == "select a from b where c;\nselec 1"


async def test_what_another_screen_hands_over_is_not_run(world: World) -> None:
    async with world.console(entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        app.hand_over("query", "SELECT $1")
        await until(lambda: isinstance(app.screen, QueryScreen) and app.screen.is_ready
                    and app.screen.editor.text == "SELECT $1", pilot)
        screen = app.screen
        assert isinstance(screen, QueryScreen) and screen.state.running is None and not screen.state.outcomes
        app.hand_over("query", "SELECT 2")
        await until(lambda: screen.editor.text == "SELECT $1;\n\nSELECT 2", pilot)


async def test_time_limit(world: World) -> None:
    async with screen_8(world) as (app, pilot, screen):
        await pilot.press("escape", "L")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        await pilot.press(*"none", "enter")
        await until(lambda: "time limit none" in screen_text(app), pilot)
        assert screen.state.sql is not None and screen.state.sql.timeout_ms == 0


async def test_read_only_is_said(world: World) -> None:
    async with screen_8(world, name="prod") as (app, pilot, _):
        assert " read-only · autocommit · time limit 5.0 s" in screen_text(app)
        app.connection.read_only = False
        app.show_state()
        await until(lambda: " may write · autocommit" in screen_text(app), pilot)


PASTED = """                QUERY PLAN
------------------------------------------
 [                                       +
   {                                     +
     "Plan": {"Node Type": "Seq Scan", "Relation Name": "orders", "Alias": "orders", "Startup Cost": 0.0, +
       "Total Cost": 12.5, "Plan Rows": 7, "Plan Width": 8}                                               +
   }                                     +
 ]
(1 row)
"""


async def test_a_plan_that_was_pasted(world: World) -> None:
    async with screen_8(world) as (app, pilot, _):
        await pilot.press("escape", "P")
        await until(lambda: isinstance(app.screen, OpenPlanDialog), pilot)
        dialog = app.screen
        dialog.query_one("TextArea").text = "Seq Scan on orders  (cost=0.00..1.05 rows=5 width=4)\n  ?"  # type: ignore[attr-defined]
        await pilot.press("ctrl+r")
        await until(lambda: "line 2 is no part of a plan" in screen_text(app), pilot)
        dialog.query_one("TextArea").text = PASTED  # type: ignore[attr-defined]
        await pilot.press("ctrl+r")
        await until(lambda: isinstance(app.screen, PlanPage), pilot)
        await until(lambda: "Seq Scan on orders" in screen_text(app) and "cost 12" in screen_text(app), pilot)


async def test_a_plan_in_a_file_that_is_none(world: World) -> None:
    async with screen_8(world) as (app, pilot, _):
        await pilot.press("escape", "P")
        await until(lambda: isinstance(app.screen, OpenPlanDialog), pilot)
        await pilot.press(*"nowhere", "enter")
        await until(lambda: "No such file" in screen_text(app), pilot)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, QueryScreen), pilot)


async def test_the_palette_offers_what_the_screen_does(world: World) -> None:
    async with screen_8(world) as (app, pilot, screen):
        await pilot.press("ctrl+p")
        await until(lambda: isinstance(app.screen, Palette), pilot)
        await pilot.press(*"manual")
        await until(lambda: "Autocommit, or manual" in screen_text(app) and "Commit the" not in screen_text(app), pilot)
        await pilot.press("enter")
        await until(lambda: " · manual transactions" in screen_text(app), pilot)
        assert screen.state.sql is not None and screen.state.sql.manual


async def test_a_recording_has_no_server_to_ask(tmp_path: Path) -> None:
    """Least of all the one that libpq's defaults would find."""
    async with replay(recorded(tmp_path / "a"), entries=SCREENS) as (app, pilot, _):
        await pilot.press("f8")
        await until(lambda: isinstance(app.screen, QueryScreen) and app.screen.is_ready, pilot)
        screen = app.screen
        assert isinstance(screen, QueryScreen)
        screen.editor.set_text("SELECT 1")
        await pilot.press("ctrl+r")
        await until(lambda: "this is a recording" in screen_text(app), pilot)
        assert screen.state.sql is None
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and "this is a recording" in screen_text(app), pilot)
