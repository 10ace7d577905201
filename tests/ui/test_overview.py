"""Screen 1 on a fake server: what stands where, and how it changes."""

from __future__ import annotations

import pytest

from console.activity.summary.records import BlockedSession
from console.errors import Unreachable
from console.metrics.records.counters import SchemaSize
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.widgets.record_table import RecordTable
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_a_healthy_server(world: World, size: tuple[int, int]) -> None:
    async with world.console(size=size) as (app, pilot):
        await live(app, pilot)
        await ticks(world, app, pilot, 12)
        await until_golden(app, pilot, f"overview-{size[0]}x{size[1]}")


async def test_what_is_wrong_comes_first_in_words(world: World) -> None:
    world.answers["blocked_sessions"] = [BlockedSession(4802, 48.0, "transactionid", "ShareLock", [4711], 1)]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        shown = screen_text(app)
        verdict, first_check = shown.splitlines()[3], app.query_one("#checks", RecordTable).table.rows[0]
        assert "1 warning" in verdict or "1 critical" in verdict
        assert "48 s" in verdict
        assert first_check.key == "blocked_sessions" and first_check.cells[0].text in "WC"


async def test_enter_shows_a_check_in_full(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        assert "config.toml" in screen_text(app)
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, DetailDialog), pilot)


async def test_names_from_the_server_are_harmless(world: World) -> None:
    world.services = ()
    world.answers["schema_sizes"] = [SchemaSize(name, 1, 8192, False) for name in HOSTILE]
    async with world.console(size=(80, 24)) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.LIVE and
                    len(app.query_one("#services", RecordTable).table.rows) == len(HOSTILE), pilot)
        shown = screen_text(app)
        assert "[/x] [bold]not" in shown
        assert not [text for text in shown if text != "\n" and not text.isprintable()]


async def test_a_server_that_refuses_every_read_still_has_a_screen(world: World) -> None:
    world.answers = {}
    async with world.console() as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
        await pilot.pause()
        assert "nothing was prepared" in screen_text(app)


async def test_the_last_data_stays_dimmed_while_the_server_is_away(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        world.pool.fail(Unreachable("staging: the connection was lost"))
        await ticks(world, app, pilot)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        app.show_state()
        assert app.screen.has_class("-stale")
        assert "lost 00:0" in screen_text(app) and "document_store" in screen_text(app)
        world.clock.advance(75)
        app.show_state()
        assert "lost 01:1" in screen_text(app), "since the last answer, whatever was tried since"
        strip = app.query_one("#checks", RecordTable).render_line(3)
        assert {segment.style.color for segment in strip if segment.style and segment.text.strip()} <= {
            app.inks["dim"].color, app.inks["faint"].color}
        lost = app.screen.query_one("Header").render_line(0)  # type: ignore[attr-defined]
        assert any("lost" in segment.text and segment.style and segment.style.color == app.inks["critical"].color
                   for segment in lost)
        world.pool.recover()
        await pilot.press("r")
        await until(lambda: app.connection.state is ConnectionState.LIVE and not app.screen.has_class("-stale"), pilot)
