"""The pages of screen 1 on a fake server: keys, charts, alerts, and what a server that refuses leaves."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from console.activity.summary.records import BlockedSession
from console.check.registry import every_check
from console.config import AlertsConfig, Config
from console.diagnosis.records import Subject
from console.metrics.records.io import IoCounters, SlruCounters
from console.metrics.records.sizes import NamedSize
from console.metrics.records.vacuum import Autovacuum, RowTotals, VacuumTable
from console.metrics.records.wal import ArchiveBacklog, Archiver, Checkpoints, WalDirectory, WalWrites
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.keymap import letter
from console.ui.screens import ENTRIES
from console.ui.screens.overview import screen as module
from console.ui.screens.overview.pages import PAGES
from console.ui.screens.overview.screen import OverviewScreen
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.time_chart import TimeChart
from console.view.overview import PLACES
from console.view.stack import TimeMark
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
OURS = tuple(entry for entry in PAGES if entry.name in ("health", "load", "wal", "io", "vacuum", "sizes", "alerts"))


@pytest.fixture(autouse=True)
def our_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pages and always the same, so that another one changes nobody's pictures."""
    monkeypatch.setattr(module, "PAGES", OURS)


def busy(world: World) -> None:
    """Answers of a server that is at work, for every page. What goes on goes on steadily, and shows as a rate alone."""
    def passed() -> int:
        return round(world.clock.elapsed_s)

    world.answers |= {
        "checkpoints": lambda _: [Checkpoints(
            40 + passed() // 30, 60, 1000.0 + passed() * 250, 10.0, 9000, 100 + passed(), 0, None, None,
            5000 + 7 * passed(), 40.0, 300, 2**30, False, None, None)],
        "wal_writes": lambda _: [WalWrites(1000 + 5 * passed(), 100 + passed(), 80.0, 900.0, True, None)],
        "archiver": [Archiver("on", 500, 3, "000000010000000A", 12.0, "000000010000000B", 3.0, True, None)],
        "archive_backlog": [ArchiveBacklog(7, 90.0)],
        "wal_directory": [WalDirectory(40, 40 * 2**24)],
        "autovacuum": [Autovacuum(3, 3, True, 150_000_000, 2_000_000, 200_000_000)],
        "row_totals": [RowTotals(51_000, 900_000)],
        "vacuum_tables": [
            VacuumTable("shop", "orders", 90_000, 40_000, 18_050.0, 10, 18_050.0, 99, 9_050.0, 150_000_000, 2e8, True,
                        86_400.0, 3_600.0, 12),
            VacuumTable("shop", HOSTILE[0], 10, 0, 52.0, 0, None, 0, 51.0, 31, 2e8, False, None, None, 0)],
        "progress_vacuum": [],
        "io_counters": lambda _: [
            IoCounters("client backend", "relation", "normal", 10, 8192 * passed(), 5.0, 7, 8192 * 3, 1.0, 1,
                       8192, 1000 * passed(), 0, None, 0, 0.0, None),
            IoCounters("checkpointer", "relation", "normal", None, None, None, 9, 8192 * 90 * passed(), 30.0, None,
                       None, None, None, None, 4, 8.0, None)],
        "slru_counters": [SlruCounters("transaction", 5_000, 50, 0, 0, 3, 0, None)],
        "database_sizes": lambda _: [
            NamedSize("console", 48 * 2**20 + passed() * 2**20, "app", ""), NamedSize(HOSTILE[1], None, "else", "")],
        "tablespace_sizes": [NamedSize("pg_default", 60 * 2**20, "postgres", "")],
    }


async def shown(world: World, app: ConsoleApp, pilot: Any, key: str) -> OverviewScreen:
    await live(app, pilot)
    await ticks(world, app, pilot, 5)
    await pilot.press(key)
    screen = app.screen
    assert isinstance(screen, OverviewScreen)
    await until(lambda: screen.page_name != "health" and bool(screen.page.children)
                and (not screen.has_reads or bool(screen.page.state.readings.rows_by_name)), pilot)
    await ticks(world, app, pilot, 2)
    await ticks(world, app, pilot, 2)
    return screen


WORDS = {
    "load": ("database console", "commits", "in tx", "rows written/s"),
    "wal": ("last checkpoint 40 s ago", "archiving failing", "pg_wal 640 MB", "checkpoints", "timed"),
    "io": ("relations", "checkpointer", "720 kB/s", "SLRU cache", "99 %"),
    "vacuum": ("workers 3 of 3", "tables due 1", "nothing is being vacuumed", "shop.orders", "dead rows", "[bold]"),
    "sizes": ("this database", "console", "pg_default", "60 MB"),
}


@SIZES
@pytest.mark.parametrize("name", WORDS)
async def test_pages(world: World, name: str, size: tuple[int, int]) -> None:
    busy(world)
    async with world.console(size=size) as (app, pilot):
        await shown(world, app, pilot, next(letter(entry.action) for entry in OURS if entry.name == name))
        app.screen.page.draw_anew()  # type: ignore[attr-defined]
        await until(lambda: all(words in screen_text(app) for words in WORDS[name]), pilot)
        charts = [chart for chart in app.screen.query(TimeChart) if chart.size.height >= 6]
        assert charts and charts[0].buckets <= 2 * charts[0].size.width
        known = [series for chart in charts if chart._drawing for series in chart._drawing.series if series.known]
        assert known or name == "io"


async def test_at_80_columns_no_fact_and_no_heading_of_a_chart_is_cut(world: World) -> None:
    busy(world)
    async with world.console(size=(80, 24)) as (app, pilot):
        await shown(world, app, pilot, "l")
        app.screen.page.draw_anew()  # type: ignore[attr-defined]
        await until(lambda: "tx/s  commits" in screen_text(app), pilot)
        assert "…" not in "".join(screen_text(app).splitlines()[4:])
        chart = next(iter(app.screen.query(TimeChart)))
        assert chart._drawing is not None
        chart.show(replace(chart._drawing, marks=(TimeMark(-chart._drawing.span_s / 2, "restart"),)))
        axis = chart.render_line(chart.size.height - 1).text
        assert abs(axis.index("▲") - (9 + (chart.size.width - 9) // 2)) <= 1, axis


async def test_a_key_goes_to_its_page_and_back_also_from_within_a_table(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        screen = app.screen
        assert isinstance(screen, OverviewScreen) and isinstance(app.focused, RecordTable)
        for entry in OURS[1:]:
            await pilot.press(letter(entry.action))
            await until(lambda entry=entry: screen.page_name == entry.name, pilot)  # type: ignore[misc]
            assert [page.display for page in screen.pages.values()].count(True) == 1
        await pilot.press(letter(OURS[-1].action))
        await until(lambda: screen.page_name == "health", pilot)
        await pilot.press("l", "escape")
        await until(lambda: screen.page_name == "health" and app.focused is screen.query_one("#checks"), pilot)


async def test_letters_in_the_filter_are_letters(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("slash", *"wal")
        assert app.screen.page_name == "health"  # type: ignore[attr-defined]


async def test_a_page_without_reads_needs_no_connection_and_one_with_reads_gives_it_back(world: World) -> None:
    busy(world)
    async with world.console() as (app, pilot):
        await live(app, pilot)
        assert world.pool.statistics().in_use == 1
        await pilot.press("o")
        await until(lambda: world.pool.statistics().in_use == 2, pilot)
        await pilot.press("l")
        await until(lambda: world.pool.statistics().in_use == 1, pilot)


async def test_the_span_is_the_same_for_all_pages(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("l", *["right_square_bracket"] * 2)
        await pilot.pause()
        assert "(up to 6 h)" in screen_text(app), "and what there is, in words"
        await pilot.press("w", "left_square_bracket")
        await pilot.pause()
        assert "(up to 2 h)" in screen_text(app)


async def test_a_reset_is_a_gap_in_the_chart_and_never_a_spike(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("l")
        await ticks(world, app, pilot, 8)
        world.clock.advance(100)
        await ticks(world, app, pilot, 8)
        app.screen.page.draw_anew()  # type: ignore[attr-defined]
        await pilot.pause()
        drawing = next(iter(app.screen.query(TimeChart)))._drawing
        assert drawing is not None
        values = drawing.series[0].values
        first = next(index for index, value in enumerate(values) if value is not None)
        gap = [index for index, value in enumerate(values[first:]) if value is None]
        assert len(gap) >= 10 and max(drawing.series[0].known) < 1300
        assert drawing.series[0].known and drawing.columns


async def test_alerts_are_counted_everywhere_acknowledged_and_end(world: World) -> None:
    world.config = Config(targets=world.config.targets, alerts=AlertsConfig(bell=True))
    async with world.console() as (app, pilot):
        await live(app, pilot)
        assert "alert" not in screen_text(app).splitlines()[0]
        rung: list[bool] = []
        app.bell = lambda: rung.append(True)  # type: ignore[method-assign]
        world.answers["blocked_sessions"] = [BlockedSession(4802, 48.0, "transactionid", "ShareLock", [4711], 1)]
        await ticks(world, app, pilot)
        await until(lambda: rung == [True], pilot)
        await pilot.press("2")
        await pilot.pause()
        assert "! 1 alert" in screen_text(app).splitlines()[0]
        await pilot.press("1", "a")
        await until(lambda: "blocked_sessions" in screen_text(app) and "new" in screen_text(app), pilot)
        await until_golden(app, pilot, "overview-alerts-120x36")
        await pilot.press("c")
        await until(lambda: "acknowledged" in screen_text(app), pilot)
        assert "alert" not in screen_text(app).splitlines()[0]
        world.answers["blocked_sessions"] = []
        await ticks(world, app, pilot)
        await until(lambda: "ended" in screen_text(app), pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "ended 20" in screen_text(app) and rung == [True]


@pytest.mark.parametrize("key", [letter(entry.action) for entry in OURS if entry.action])
async def test_a_server_that_refuses_every_read_leaves_every_page_standing(world: World, key: str) -> None:
    world.answers = {}
    async with world.console(size=(80, 24)) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
        await pilot.press(key)
        await ticks(world, app, pilot, 3)
        text = screen_text(app)
        assert not [item for item in text if item != "\n" and not item.isprintable()]
        assert app.is_running


async def test_in_ascii_a_chart_is_ascii(world: World) -> None:
    busy(world)
    world.config = Config(targets=world.config.targets, console=world.config.console)
    async with world.console(environment={"TERM": "vt100", "LANG": "C"}) as (app, pilot):
        await shown(world, app, pilot, "l")
        app.screen.page.draw_anew()  # type: ignore[attr-defined]
        await pilot.pause()
        chart = next(iter(app.screen.query(TimeChart)))
        drawn = "\n".join(chart.render_line(y).text for y in range(1, chart.size.height))
        assert drawn.strip() and drawn.isascii()


async def test_curves_have_the_colours_of_their_names_and_thresholds_their_own(world: World) -> None:
    async with world.console() as (app, pilot):
        await shown(world, app, pilot, "l")
        app.screen.page.draw_anew()  # type: ignore[attr-defined]
        await pilot.pause()
        chart = list(app.screen.query(TimeChart))[1]
        colours = {segment.style.color for y in range(1, chart.size.height - 1) for segment in chart.render_line(y)
                   if segment.style and segment.text.strip()}
        assert {app.inks[tone].color for tone in ("accent", "warning", "dim")} <= colours


async def test_a_page_without_a_table_offers_no_filter_of_one_that_is_not_shown(world: World) -> None:
    busy(world)
    async with world.console(size=(80, 24)) as (app, pilot):
        screen = await shown(world, app, pilot, "l")
        await pilot.press("slash")
        assert screen.query_one_optional(FilterLine) is None
        assert screen.check_action("filter", ()) is False and screen.check_action("export", ()) is False


NOWHERE = {"advisories", "connection", "role", "server_version", "statistics_reset", "backup_age", "backup_verified",
           "wal_gap", "scheduled_jobs"}
"""Checks of the server as a whole, and of what no screen shows."""


def test_every_check_leads_somewhere_or_is_of_the_server_as_a_whole() -> None:
    assert PLACES.keys() | NOWHERE == {check.name for check in every_check()} and not PLACES.keys() & NOWHERE
    pages = {entry.name for entry in PAGES}
    for screen, page in PLACES.values():
        assert page in pages if screen == "overview" else screen in {entry.name for entry in ENTRIES}


async def test_a_dialog_about_a_check_leads_to_what_it_speaks_of(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        page = app.screen.page  # type: ignore[attr-defined]
        went: list[object] = []
        page.go_to = went.append
        result = next(found for found in page.state.snapshot.results if found.name == "cache_hit")
        app.push_screen(DetailDialog("Cache", ("words", ""), lead=page.lead(result.name)))
        await until(lambda: "o go there" in screen_text(app), pilot)
        await pilot.press("o")
        await until(lambda: went == [Subject(screen="overview", page="load")], pilot)
        assert not isinstance(app.screen, DetailDialog) and page.lead("role") is None
