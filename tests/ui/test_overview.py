"""Screen 1 on a fake server: what stands where, and how it changes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.activity.summary.records import BlockedSession
from console.errors import Unreachable
from console.metrics.records.counters import SchemaSize
from console.metrics.records.tables import SequenceUse
from console.ui.active_sessions import CHOICES
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.widgets.active_sessions_chart import ActiveSessionsChart
from console.ui.widgets.record_table import RecordTable
from tests.support.activity import backend, idle
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
        await ticks(world, app, pilot)
        verdict, table = screen_text(app).splitlines()[3], app.query_one("#findings", RecordTable)
        assert "1 finding · the worst is warning, since 11:59:1" in verdict and app.focused is table
        assert table.table.rows[0].cells[1].text == "pid 4711 holds a lock and blocks 1 session"
        checks = app.query_one("#checks", RecordTable).table.rows
        assert [row.key for row in checks] == ["well"], "what a finding says is not said again"
        world.answers["blocked_sessions"] = []
        await ticks(world, app, pilot)
        assert "All well" in screen_text(app) and not table.display
        assert app.focused is app.query_one("#checks", RecordTable), "the keys go back to what is there"


ROWS_LEFT = SequenceUse("public", "orders_id_seq", "orders", "id", True, 2_100_000_000, 2_147_483_647, 97.8, 1, 1)


async def test_a_findings_evidence_is_a_key_away_and_its_subject_another(world: World) -> None:
    world.answers["sequence_use"] = [ROWS_LEFT]
    handed: list[tuple[str, object]] = []
    async with world.console(size=(80, 24)) as (app, pilot):
        await live(app, pilot)
        await ticks(world, app, pilot)
        rows = app.query_one("#findings", RecordTable).table.rows
        assert len(rows) == 2 and " ".join(row.cells[1].text for row in rows) == (
            "orders.id has used 97.8 % of its values, 47 M are left; then each INSERT fails"), "wrapped, not cut"
        assert [row.cells[2].text for row in rows] == ["2", ""]
        await pilot.press("d")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        shown = " ".join(screen_text(app).split())
        assert "since when: unknown" in shown and "limited by: the column's type" in shown and "bigint" in shown
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, DetailDialog), pilot)
        app.hand_over = lambda name, subject: handed.append((name, subject))  # type: ignore[method-assign]
        await pilot.press("enter")
        assert handed == [("schemas", ("public", "orders_id_seq"))]


async def test_a_subject_of_any_name_is_gone_to(world: World) -> None:
    handed: list[object] = []
    world.answers["sequence_use"] = [replace(ROWS_LEFT, schema="a.b", sequence='Or "der" seq')]
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await ticks(world, app, pilot)
        app.hand_over = lambda name, subject: handed.append((name, subject))  # type: ignore[method-assign]
        await pilot.press("enter")
        assert handed == [("schemas", ("a.b", 'Or "der" seq'))]


async def test_checks_that_are_well_are_one_line_until_they_are_asked_for(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        checks = app.query_one("#checks", RecordTable)
        assert [row.key for row in checks.table.rows] == ["well"]
        await pilot.press("enter")
        await until(lambda: len(checks.table.rows) > 20, pilot)
        await pilot.press("m")
        await until(lambda: len(checks.table.rows) == 1, pilot)


async def test_enter_shows_a_check_in_full(world: World) -> None:
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await pilot.press("m", "down", "enter")
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
        strip = app.query_one("#services", RecordTable).render_line(3)
        assert {segment.style.color for segment in strip if segment.style and segment.text.strip()} <= {
            app.inks["dim"].color, app.inks["faint"].color}
        lost = app.screen.query_one("Header").render_line(0)  # type: ignore[attr-defined]
        assert any("lost" in segment.text and segment.style and segment.style.color == app.inks["critical"].color
                   for segment in lost)
        world.pool.recover()
        await pilot.press("r")
        await until(lambda: app.connection.state is ConnectionState.LIVE and not app.screen.has_class("-stale"), pilot)


async def test_what_runs_now_and_the_main_chart(world: World) -> None:
    """The sessions as the console took them last; the chart by wait class, and with a key by anything else."""
    async with world.console() as (app, pilot):
        await live(app, pilot)
        await ticks(world, app, pilot)
        assert "active sessions by wait  8" in screen_text(app) and "█ CPU 4" in screen_text(app)
        assert "sampled every 10 s: not yet" in screen_text(app)
        rows = [backend(4711, query_age_s=95.0), backend(4802, 4711), idle(4900)]
        app.connection.active_sessions.take(world.clock.monotonic(), world.clock.now(), rows, None)
        await ticks(world, app, pilot)
        running = app.query_one("#running", RecordTable).table
        assert [row.cells[1].text for row in running.rows] == ["api 4711", "api 4802"], "the longest first, no idle one"
        assert running.rows[1].cells[2].text == "4711" and running.rows[1].cells[2].tone == "critical"
        shown = screen_text(app)
        assert "statement, last minute" in shown and "UPDATE accounts SET balance = $1" in shown
        assert "Lock:transactionid" in shown
        seen = []
        for _ in CHOICES:
            await pilot.press("e")
            await ticks(world, app, pilot, 3)
            seen.append(next(line for line in screen_text(app).splitlines() if "active sessions by" in line))
        assert [line.split("by ")[1].split()[0] for line in seen] == [*CHOICES[1:], CHOICES[0]]
        assert "█ app_rw 2" in seen[2] and "█ api 10.0.4.7" in seen[5]
        await pilot.press("left_square_bracket")
        assert app.connection.active_sessions.span == 0
        handed: list[tuple[str, object]] = []
        app.hand_over = lambda name, subject: handed.append((name, subject))  # type: ignore[method-assign]
        app.screen.set_focus(app.query_one("#running", RecordTable))
        await pilot.press("enter")
        assert handed == [("activity", 4711)]


@pytest.mark.parametrize("environment", [{"LANG": "C", "TERM": "xterm"}, {"LANG": "en_US.UTF-8", "NO_COLOR": "1"}])
async def test_the_layers_differ_without_colours_and_without_utf8(world: World, environment: dict[str, str]) -> None:
    async with world.console(environment=environment) as (app, pilot):
        await live(app, pilot)
        await ticks(world, app, pilot, 3)
        chart = app.query_one(ActiveSessionsChart)
        drawn = "\n".join(chart.render_line(y).text for y in range(1, chart.size.height - 1))
        assert set("ciL" if environment["LANG"] == "C" else "█▓▒") <= set(drawn)
        assert drawn.isascii() == (environment["LANG"] == "C")
