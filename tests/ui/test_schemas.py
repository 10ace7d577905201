"""Screen 2 on a fake server: the tree, the search, the detail's tabs, and what goes wrong. Rows: tests/live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.worker import Worker

from console.catalog.records import NameMatch
from console.errors import Denied, Unreachable
from console.services import Service
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.screens.schemas import tree_filter
from console.ui.screens.schemas.detail import ObjectPane
from console.ui.screens.schemas.screen import SchemasScreen
from console.ui.widgets.object_tree import ObjectTree
from console.ui.widgets.record_table import RecordTable
from tests.support import catalog
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live


@pytest.fixture
def world() -> World:
    made = World()
    made.answers |= catalog.answers()
    made.services = (Service(name="document_store", schemas=("document_store",)),
                     Service(name="event_data", schemas=("event_data",), description="Events and speakers"),
                     Service(name="web_access", schemas=("web_access",)))
    return made


@asynccontextmanager
async def schemas(world: World, size: tuple[int, int] = (120, 36)
                  ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], SchemasScreen]]:
    """The screen with its tree read."""
    async with world.console(size=size) as (app, pilot):
        await live(app, pilot)
        await pilot.press("2")
        await until(lambda: isinstance(app.screen, SchemasScreen) and app.screen.state.tree.outline is not None, pilot)
        screen = app.screen
        assert isinstance(screen, SchemasScreen)
        yield app, pilot, screen


async def go_to_tables(pilot: Pilot[Any], screen: SchemasScreen) -> None:
    """The cursor on the first table of event_data, its tables being open."""
    assert screen.query_one(ObjectTree).select("service:event_data/schema:100")
    await pilot.press("right", "right", "right", "right")
    await until(lambda: "events" in [row.cells[0].text.strip() for row in screen.query_one(ObjectTree).table.rows],
                pilot)
    screen.query_one(ObjectTree).select("service:event_data/schema:100/table/1")
    await pilot.pause()


def subject(screen: SchemasScreen) -> str:
    found = screen.state.detail.subject
    return found.name if found else ""


def reading(pane: ObjectPane) -> list[Worker[Any]]:
    """What is under way to read an object."""
    return [worker for worker in pane.workers if worker.group == "subject" and not worker.is_finished]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_the_tree_opens_on_every_schema(world: World, size: tuple[int, int]) -> None:
    async with schemas(world, size) as (app, pilot, screen):
        if size[0] > 100:
            await until(lambda: subject(screen) == "document_store", pilot)
        await until_golden(app, pilot, f"schemas-{size[0]}x{size[1]}")
        shown = screen_text(app)
        assert "unassigned" in shown and "reporting_scratch" in shown and "not in this database" in shown


async def test_opening_a_node_reads_that_node_alone(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        assert world.pool.only.asked.count("schemas") == 1
        assert "relations" not in world.pool.only.asked
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        assert "types" not in world.pool.only.asked
        await until_golden(app, pilot, "schemas-columns-120x36")


async def test_a_click_on_a_mark_or_a_second_one_opens_and_one_on_an_object_goes_to_it(world: World) -> None:
    async with schemas(world, (80, 24)) as (_, pilot, screen):
        await go_to_tables(pilot, screen)
        tree = screen.query_one(ObjectTree)

        def place(key: str, x: int) -> tuple[int, int]:
            return x, [row.key for row in tree.table.rows].index(key) - tree.first_row

        tables, events = "service:event_data/schema:100/table", "service:event_data/schema:100/table/1"
        for times, x, is_open in ((1, 3, False), (1, 10, False), (2, 10, True)):  # the mark is left of the name
            await pilot.click(tree, offset=place(tables, x), times=times)
            await pilot.pause()
            assert tree.row is not None and tree.row.key == tables
            assert (events in [row.key for row in tree.table.rows]) is is_open
        await pilot.click(tree, offset=place(events, 10))
        assert tree.row.key == events and screen.focused is tree
        await pilot.double_click(tree, offset=place(events, 10))
        await until(lambda: screen.focused is not None and screen.focused.id == "content", pilot)


async def test_tabs_by_keys_keep_their_place_from_object_to_object(world: World) -> None:
    async with schemas(world) as (_, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        await pilot.press("]")
        detail = screen.query_one(ObjectPane).state
        assert detail.tab is not None and detail.tab.title == "Indexes"
        await pilot.press("down")
        await until(lambda: subject(screen) == "event_data.speakers", pilot)
        assert detail.tab is not None and detail.tab.title == "Indexes"
        await pilot.press("[", "[", "[")
        assert detail.tab is not None and detail.tab.title == "DDL"


async def test_enter_goes_to_the_detail_and_escape_back(world: World) -> None:
    async with schemas(world, (80, 24)) as (app, pilot, screen):
        await go_to_tables(pilot, screen)
        assert not subject(screen)  # nothing is read of what can't be seen
        await pilot.press("enter")
        await until(lambda: subject(screen) == "event_data.events", pilot)
        await until(lambda: screen.focused is not None and screen.focused.id == "content", pilot)
        await until_golden(app, pilot, "schemas-columns-80x24")
        await pilot.press("escape")
        assert screen.focused is screen.query_one(ObjectTree)
        assert "15" not in screen_text(app).splitlines()[2] and "reporting_scratch" in screen_text(app)


async def test_a_row_that_was_cut_is_shown_whole(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        await pilot.press("]", "tab", "down", "enter")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        assert "CREATE INDEX events_embedding_idx ON event_data.events" in screen_text(app)


async def test_a_list_in_the_detail_leads_into_the_tree(world: World) -> None:
    async with schemas(world) as (_, pilot, screen):
        screen.query_one(ObjectTree).select("service:event_data")
        await until(lambda: subject(screen) == "event_data", pilot)
        await pilot.press("tab", "enter")
        await until(lambda: screen.side.node is not None and screen.side.node.type == "schema", pilot)
        assert screen.focused is screen.query_one(ObjectTree)


async def test_typing_searches_the_server_once_one_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree_filter, "DEBOUNCE_S", 1.0)  # on a busy machine typing takes a while
    asked: list[str] = []

    def search(params: Any) -> list[NameMatch]:
        asked.append(params["text"])
        return [catalog.found("index", 52, "events_embedding_idx", parent_oid=1), catalog.found("table", 1, "events")]

    world.answers["search"] = search
    async with schemas(world) as (app, pilot, screen):
        screen.query_one(ObjectTree).select("service:event_data")
        await pilot.press("slash", *"events")
        await until(lambda: screen.state.tree.found is not None, pilot)
        assert asked == ["events"]
        assert screen.side.node is not None and screen.side.node.name in ("events", "events_embedding_idx")
        await pilot.press("enter")
        screen.query_one(ObjectTree).select("service:event_data/schema:100/index:52")
        await until(lambda: subject(screen) == "event_data.events", pilot)
        detail = screen.query_one(ObjectPane).state
        assert detail.tab is not None and detail.tab.title == "Indexes"
        await until_golden(app, pilot, "schemas-search-120x36")
        await pilot.press("escape")
        assert screen.state.tree.found is None and screen.side.node is not None
        assert screen.side.node.key == "service:event_data"


async def test_keys_are_text_while_one_types_a_name(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        await pilot.press("slash", *"1qt[R")
        await until(lambda: screen.state.tree.found is not None, pilot)
        assert app.screen is screen
        assert "nothing of that name" in screen_text(app)
        await pilot.press("escape")
        assert screen.state.tree.found is None


async def test_a_name_taken_away_shows_everything_while_one_types_on(world: World) -> None:
    world.answers["search"] = lambda params: [catalog.found("table", 1, "events")] if params["text"] == "e" else []
    async with schemas(world) as (app, pilot, screen):
        await pilot.press("slash", "e")
        await until(lambda: screen.state.tree.found is not None, pilot)
        await pilot.press("backspace")
        assert screen.state.tree.found is None and "reporting_scratch" in screen_text(app)
        await pilot.press("q", "backspace", "e")
        await until(lambda: screen.state.tree.found is not None, pilot)
        assert "1 found" in screen_text(app)


async def test_moving_on_leaves_no_read_behind(world: World) -> None:
    async with schemas(world) as (_, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        pane = screen.query_one(ObjectPane)
        await until(lambda: not reading(pane), pilot)
        world.pool.hold()
        await pilot.press("down")
        (first,) = await until(lambda: reading(pane), pilot)
        await pilot.press("up")
        await until(lambda: first.is_finished and len(reading(pane)) == 1, pilot)
        world.pool.release()
        await until(lambda: subject(screen) == "event_data.events", pilot)


async def test_a_slow_read_says_so_and_closing_the_node_cancels_it(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        screen.query_one(ObjectTree).select("service:event_data/schema:100")
        await pilot.press("right", "right")
        world.pool.hold()
        await pilot.press("right")
        await until(lambda: "reading…" in screen_text(app), pilot)
        await pilot.press("left")
        await until(lambda: not screen.side._reads, pilot)
        world.pool.release()
        await until(lambda: "    ▸ tables" in screen_text(app), pilot)


async def test_what_may_not_be_read_says_so_in_its_place(world: World) -> None:
    refusal = Denied("staging: permission denied for relation pg_class", hint="GRANT pg_read_all_data TO you")
    world.answers["relations"] = refusal
    async with schemas(world) as (app, pilot, screen):
        screen.query_one(ObjectTree).select("service:event_data/schema:100")
        await pilot.press("right", "right", "right")
        await until(lambda: "enter tries again" in screen_text(app), pilot)
        assert "GRANT pg_read_all_data TO" in screen_text(app)
        world.answers["relations"] = catalog.answers()["relations"]
        await pilot.press("down", "enter")
        await until(lambda: "speakers" in screen_text(app), pilot)


async def test_what_is_gone_says_so_and_reading_again_helps(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        await go_to_tables(pilot, screen)
        answer, world.answers["relation"] = world.answers["relation"], []
        await pilot.press("down")
        await until(lambda: screen.state.detail.error is not None, pilot)
        assert "no longer there" in screen_text(app)
        world.answers["relation"] = answer
        await pilot.press("R")
        await until(lambda: subject(screen) == "event_data.speakers", pilot)
        assert screen.side.node is not None and screen.side.node.name == "speakers"


async def test_a_lost_connection_leaves_what_was_there(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        world.pool.fail(Unreachable("staging: the server closed the connection"))
        world.clock.advance(2)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        app.show_state()
        await pilot.press("down")
        await asyncio.sleep(0.2)
        assert subject(screen) == "event_data.events" and "embedding" in screen_text(app)
        world.pool.recover()
        app.connection.retry_now()
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
        await until(lambda: subject(screen) == "event_data.speakers", pilot)


async def test_names_from_the_server_are_harmless(world: World) -> None:
    names = dict(enumerate(HOSTILE, 1))
    world.answers |= catalog.answers(names)
    world.answers["schemas"] = [catalog.schema(100 + at, name, len(names)) for at, name in enumerate(HOSTILE[:3])]
    world.services = ()
    async with schemas(world) as (app, pilot, screen):
        await pilot.press("right", "right", "right", "right")
        tree, pane = screen.query_one(ObjectTree), screen.query_one(ObjectPane)
        await until(lambda: sum(row.key.rsplit("/", 1)[-1].isdigit() for row in tree.table.rows) == len(names), pilot)
        for oid in names:
            tree.select(f"/schema:100/table/{oid}")
            await until(lambda oid=oid: pane.state.node is not None and pane.state.node.oid == oid  # type: ignore[misc]
                        and not reading(pane), pilot)
            assert subject(screen) == f"event_data.{names[oid]}"
            shown = screen_text(app)
            assert "\x1b" not in shown and "\u202e" not in shown and "\x9b" not in shown
            assert oid > 1 or f"event_data.{names[oid]}" in shown  # as it is: nothing in it is markup


async def test_without_a_schema_there_is_still_a_tree(world: World) -> None:
    world.answers["schemas"] = []
    world.services = ()
    async with schemas(world) as (app, pilot, screen):
        assert "extensions" in screen_text(app) and "roles" in screen_text(app)
        await pilot.press("right")
        await until(lambda: "no extensions" in screen_text(app), pilot)
        assert screen.side.node is not None


async def test_the_palette_jumps_to_an_object(world: World) -> None:
    world.answers["search"] = [catalog.found("table", 2, "speakers")]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("ctrl+p", *"speakers")
        await until(lambda: "event_data.speakers" in screen_text(app), pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, SchemasScreen) and subject(app.screen) == "event_data.speakers",
                    pilot)


async def test_a_table_of_another_screens_list_is_shown(world: World) -> None:
    world.answers["search"] = [catalog.found("function", 3, "speakers"), catalog.found("table", 2, "speakers")]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        app.hand_over("schemas", ("event_data", "speakers"))
        await until(lambda: isinstance(app.screen, SchemasScreen) and subject(app.screen) == "event_data.speakers",
                    pilot)
        world.answers["search"] = [catalog.found("function", 4, "some"), catalog.found("sequence", 5, "some")]
        app.hand_over("schemas", ("event_data", "some"))
        side = app.screen.side  # type: ignore[attr-defined]
        await until(lambda: side.node is not None and side.node.name == "some", pilot)
        app.hand_over("schemas", ("event_data", "gone"))
        await until(lambda: "event_data.gone is not there any more" in screen_text(app), pilot)
        assert side.node is not None and side.node.name == "some"


async def test_ten_thousand_nodes_are_walked_at_once(world: World) -> None:
    names = {oid: f"table_{oid:05}" for oid in range(1, 10_001)}
    world.answers |= catalog.answers(names)
    async with schemas(world) as (app, pilot, screen):
        await go_to_tables_of(pilot, screen)
        tree = screen.query_one(ObjectTree)
        before = len(tree.table.rows)
        for _ in range(3):
            assert tree.select("service:event_data/schema:100/table/more")
            await pilot.press("enter")
            await until(lambda before=before: len(tree.table.rows) > before, pilot)
            before = len(tree.table.rows)
        assert [row.key.rsplit("/", 1)[-1] for row in tree.table.rows].count("more") == 1
        assert sum("table_" in row.cells[0].text for row in tree.table.rows) == 800
        assert "table_00601" in screen_text(app)


async def go_to_tables_of(pilot: Pilot[Any], screen: SchemasScreen) -> None:
    screen.query_one(ObjectTree).select("service:event_data/schema:100")
    await pilot.press("right", "right", "right")
    await until(lambda: any("table_00001" in row.cells[0].text for row in screen.query_one(ObjectTree).table.rows),
                pilot)


async def test_leaving_the_screen_ends_its_reads_and_coming_back_takes_them_up(world: World) -> None:
    async with schemas(world) as (_, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        world.pool.hold()
        await pilot.press("down")
        pane = screen.query_one(ObjectPane)
        (read,) = await until(lambda: reading(pane), pilot)
        await pilot.press("1")
        await until(lambda: read.is_finished, pilot)
        world.pool.release()
        await pilot.press("2")
        await until(lambda: subject(screen) == "event_data.speakers", pilot)


async def test_a_filter_of_a_table_goes_with_its_tab(world: World) -> None:
    async with schemas(world) as (app, pilot, screen):
        await go_to_tables(pilot, screen)
        await until(lambda: subject(screen) == "event_data.events", pilot)
        await pilot.press("tab", "slash", *"embed", "enter")
        content = screen.query_one("#content", RecordTable)
        assert [row.cells[0].text for row in content.table.rows] == ["embedding"]
        await pilot.press("]")
        assert len(content.table.rows) == 2 and "embed" not in screen_text(app).splitlines()[-2]
