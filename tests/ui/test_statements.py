"""Screen 5 on a fake server: windows, columns, grouping, filter, one statement in full, slow ones, resets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from console.errors import Denied, ServerError
from console.server.info import Extension
from console.server.query import Read
from console.statements import read
from console.statements.records import (
    Availability,
    Key,
    LoggingSetting,
    NamedOid,
    StatementEntry,
    TouchedIndex,
    TouchedTable,
    WasReset,
)
from console.ui.app import ConsoleApp
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import FailureDialog
from console.ui.plan_page import PlanPage
from console.ui.screens import ENTRIES
from console.ui.screens.statements.screen import StatementsScreen
from console.ui.widgets.code_pane import CodePane
from console.ui.widgets.record_table import RecordTable
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.statements import entry, key, slow_session, standing, text
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks

SCREENS = tuple(entry for entry in ENTRIES if entry.name in ("overview", "statements", "query"))

TEXTS = {
    1: "UPDATE accounts SET balance = balance + $1 WHERE id = $2",
    2: "/* app */ SELECT id, body FROM document_store.documents WHERE embedding <=> $1 < 0.2 ORDER BY id LIMIT $2",
    3: "SELECT * FROM accounts WHERE id IN ($1, $2)",
    4: "SELECT * FROM accounts WHERE id IN ($1, $2, $3)",
    5: f"SELECT '{HOSTILE}'",
}


class Server:
    """A server on which statements run: `more` adds to their counters with every look, `texts` were asked for."""

    def __init__(self, world: World) -> None:
        self.looks = 0
        self.reset_at = 0
        self.more = {1: (240, 480.0), 2: (12, 164.0), 3: (20, 30.0), 4: (10, 20.0), 5: (1, 1.0)}
        self.rows: list[StatementEntry] | None = None
        self.texts_asked: list[list[int]] = []
        self.changes: dict[str, Any] = {}
        extension = Extension("pg_stat_statements", "1.12", "public", "1.12")
        world.info = replace(world.info, extensions={**world.info.extensions, "pg_stat_statements": extension})
        world.answers |= {
            "standing": self.standing, "counters_1_12": self.entries, "own_statements": [],
            "texts": self.texts,
            "names": [NamedOid("database", 5, world.info.database), NamedOid("role", 10, "app_rw"),
                      NamedOid("role", 20, "billing")],
            "touched_tables": [TouchedTable(1, "public", "accounts", "r", 12_480.0, 48 << 20, 3)],
            "touched_indexes": [TouchedIndex(1, "accounts_pkey", "btree (id)", True, True, 1 << 20, 9000)],
            "availability": [Availability(False, "1.12", "auto_explain")],
            "slow_sessions": [], "logging_settings": [
                LoggingSetting("log_min_duration_statement", "-1", "ms", "default", "superuser")],
        }

    def standing(self, _params: Any) -> list[Any]:
        self.looks += 1
        return [standing(100.0 + 2 * self.looks, **self.changes)]

    def entries(self, _params: Any) -> list[StatementEntry]:
        if self.rows is not None:
            return self.rows
        seen = self.looks - self.reset_at
        return [entry(key(number), calls * seen, ms * seen, rows=calls * seen, shared_hit=99.0 * calls * seen,
                      shared_read=1.0 * seen, min_exec_ms=0.1, max_exec_ms=90.0,
                      temp_written=200.0 * (number == 2) * seen)
                for number, (calls, ms) in self.more.items()]

    def texts(self, params: Any) -> list[Any]:
        self.texts_asked.append(params["query_ids"])
        return [text(Key(user, database, level, number), TEXTS[number][:params["characters"]], len(TEXTS[number]))
                for user, database, level, number in zip(
                    params["user_ids"], params["database_ids"], params["top_levels"], params["query_ids"], strict=True)
                if number in TEXTS]


@pytest.fixture
def world() -> World:
    made = World()
    made.server = Server(made)  # type: ignore[attr-defined]
    return made


def server(world: World) -> Server:
    return world.server  # type: ignore[attr-defined,no-any-return]


@asynccontextmanager
async def statements(world: World, size: tuple[int, int] = (120, 36), name: str = "staging", *, read_only: bool = False,
                     looks: int = 3) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], StatementsScreen]]:
    """The screen after so many looks."""
    async with world.console(name, size=size, entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        app.connection.read_only = read_only
        await pilot.press("5")
        await until(lambda: isinstance(app.screen, StatementsScreen) and app.screen.state.ranking is not None, pilot)
        screen = app.screen
        assert isinstance(screen, StatementsScreen)
        while server(world).looks < looks:
            await look(world, pilot, screen)
        yield app, pilot, screen


async def look(world: World, pilot: Pilot[int], screen: StatementsScreen) -> None:
    """One more sample of the screen's own."""
    before = server(world).looks
    screen.refresh_now()

    def has_come() -> bool:
        standing = screen.state.standing
        return server(world).looks > before and (
            screen.state.why is not None or (standing is not None and standing.now_s == 100 + 2 * server(world).looks))

    await until(has_come, pilot)


def shown(screen: StatementsScreen, column: int = -1) -> list[str]:
    return [row.cells[column].text for row in screen.statements.table.rows]


async def as_golden(app: ConsoleApp, pilot: Pilot[int], name: str) -> None:
    """The screen is the golden one, when nothing is read any more but what is read all the time."""
    pool = app.connection.pool
    await until(lambda: pool is not None and pool.statistics().in_use == 2, pilot)
    app.show_state()
    await pilot.pause()
    await until_golden(app, pilot, name)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_what_takes_the_time(world: World, size: tuple[int, int]) -> None:
    async with statements(world, size) as (app, pilot, screen):
        await until(lambda: "…" not in shown(screen), pilot)
        await as_golden(app, pilot, f"statements-{size[0]}x{size[1]}")
        assert shown(screen)[:2] == [TEXTS[1], TEXTS[2].removeprefix("/* app */ ")]
        assert server(world).texts_asked == [[1, 2, 3, 4, 5]], "each text is read once"


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_one_statement_in_full(world: World, size: tuple[int, int]) -> None:
    async with statements(world, size, looks=6) as (app, pilot, screen):
        await pilot.press("home", "enter")
        await until(lambda: screen.query_one("#text", CodePane).text == TEXTS[1], pilot)
        await until(lambda: screen.query_one("#touched", RecordTable).table.rows, pilot)
        await as_golden(app, pilot, f"statements-one-{size[0]}x{size[1]}")
        code = screen.query_one("#text", CodePane)
        formatted = len(code._lines)
        await pilot.press("f")
        await until(lambda: len(code._lines) == 1, pilot)
        assert formatted > 1 and code.text == TEXTS[1]
        await pilot.press("escape")
        assert screen.state.selected == () and screen.focused is screen.statements


async def test_one_round_trip_a_refresh(world: World) -> None:
    async with statements(world) as (_, pilot, screen):
        await until(lambda: "…" not in shown(screen), pilot)
        before = len(world.pool.only.asked)
        await look(world, pilot, screen)
        own = [name for name in world.pool.only.asked[before:] if name.split()[0] in (
            "standing", "counters_1_12", "texts", "names", "logging_settings")]
        assert own == ["standing", "counters_1_12"]


async def test_the_windows(world: World) -> None:
    async with statements(world, looks=4) as (app, pilot, screen):
        assert "last 6.0 s: 1 statement takes 69 % of the time" in screen_text(app)
        assert shown(screen, 1)[0] == "120", "calls a second"
        await pilot.press("w")
        assert screen.state.window == "gathered" and "last 6.0 s: " in screen_text(app)
        await pilot.press("w")
        assert "the last interval, 2.0 s: " in screen_text(app)
        await pilot.press("w")
        assert "since the reset 2 h 22 ago: " in screen_text(app)
        assert shown(screen, 1)[0] == "960", "calls"
        await pilot.press("w")
        assert screen.state.window == "minute"


async def test_before_the_second_look_it_is_since_the_reset(world: World) -> None:
    async with statements(world, looks=1) as (app, _, screen):
        assert "counting since the first sample" in screen_text(app) and shown(screen, 1)[0] == "240"


async def test_a_reset_makes_a_gap_and_no_spike(world: World) -> None:
    async with statements(world, looks=4) as (app, pilot, screen):
        server(world).reset_at = 4
        server(world).changes = {"stats_reset": standing(0).stats_reset.replace(hour=12)}  # type: ignore[union-attr]
        await look(world, pilot, screen)
        await until(lambda: "the statistics were reset" in screen_text(app), pilot)
        await look(world, pilot, screen)
        await until(lambda: "last 2.0 s: " in screen_text(app), pilot)
        assert shown(screen, 1)[0] == "120"


async def test_every_group_of_columns(world: World) -> None:
    async with statements(world) as (app, pilot, screen):
        titles = []
        for _ in range(5):
            titles.append([column.title for column in screen.statements.table.columns])
            await pilot.press("c")
        assert screen.state.columns == "overview" and "stddev" in titles[1] and "dirtied/s" in titles[2]
        assert "WAL/s" in titles[3] and "JIT time" in titles[4]
        await pilot.press("c", "c", "c", "c")
        assert "track_planning = on" in screen_text(app)


async def test_sorted_by_any_column(world: World) -> None:
    async with statements(world) as (_, pilot, screen):
        await until(lambda: "…" not in shown(screen), pilot)
        await pilot.press("S")
        await until(lambda: shown(screen, 0) == ["0.1", "2.9", "4.3", "23.6", "69.1"], pilot)
        await pilot.press("s", "s", "s")
        await until(lambda: screen.statements.sort_key == "mean_ms" and shown(screen)[0].startswith("SELECT id"), pilot)


async def test_a_filter_looks_into_texts_that_are_not_on_the_screen(world: World) -> None:
    many = server(world)
    many.rows = [entry(key(1000 + number), 1, 500.0 - number) for number in range(400)] + [entry(key(3), 1, 0.1)]
    async with statements(world, looks=1) as (app, pilot, screen):
        assert len(shown(screen)) == 200 and "the first 200 of 401" in screen_text(app)
        await pilot.press("slash", *"accounts", "enter")
        await until(lambda: shown(screen) == [TEXTS[3]], pilot)
        await until(lambda: "user:app_rw" not in screen_text(app), pilot)
        await pilot.press("slash", "escape")
        await until(lambda: len(shown(screen)) == 200, pilot)
        await pilot.press("end")
        await until(lambda: len(shown(screen)) == 400, pilot)


async def test_summed_up(world: World) -> None:
    many = server(world)
    many.rows = [entry(key(number, 10 + 10 * (number == 4)), 10, 10.0) for number in TEXTS]
    async with statements(world, looks=1) as (_, pilot, screen):
        await pilot.press("a")
        await until(lambda: "(2 alike) SELECT * FROM accounts WHERE id IN ($1, $2)" in shown(screen), pilot)
        await pilot.press("home", "enter")
        await until(lambda: screen.query_one("#text", CodePane).text == TEXTS[3], pilot)
        await pilot.press("a")
        assert shown(screen) == [f"{world.info.database}: 5 statements"] and screen.state.selected == ()
        await pilot.press("a")
        assert sorted(shown(screen)) == ["app_rw: 4 statements", "billing: 1 statement"]
        await pilot.press("a")
        assert shown(screen) == ["top level: 5 statements"]


async def test_ten_thousand_statements_are_few_cells(world: World) -> None:
    server(world).rows = [entry(key(number), number, float(number)) for number in range(1, 10_001)]
    async with statements(world, looks=1) as (_, __, screen):
        assert screen.state.ranking is not None and screen.state.ranking.number == 10_000
        assert len(screen.statements.table.rows) == 200
        assert list(map(len, server(world).texts_asked)) == [200], "the server reads its whole file for any of them"


async def test_a_statement_is_handed_over_and_received(world: World) -> None:
    async with statements(world) as (app, pilot, screen):
        await pilot.press("home")
        handed: list[tuple[str, object]] = []
        app.hand_over = lambda name, subject: handed.append((name, subject))  # type: ignore[method-assign]
        await pilot.press("Q")
        await until(lambda: handed == [("query", TEXTS[1])], pilot)
        screen.receive(3)
        await until(lambda: screen.state.selected == (key(3),), pilot)
        await until(lambda: screen.query_one("#text", CodePane).text == TEXTS[3], pilot)
        assert screen.state.window == "reset" and screen.statements.row is not None
        screen.receive(12345)
        await until(lambda: "has no such statement" in screen_text(app), pilot)


async def test_the_plan_is_generic_where_values_are_unknown(world: World) -> None:
    async with statements(world) as (app, pilot, _):
        await pilot.press("home", "p")
        await until(lambda: isinstance(app.screen, PlanPage), pilot)
        assert isinstance(app.screen, PlanPage) and app.screen.request is not None
        assert app.screen.request.statement == TEXTS[1] and app.screen.request.generic


async def test_reset_of_one_after_a_question(world: World, own_state: Path) -> None:
    came: list[Any] = []
    world.answers |= {"reset_1_11": lambda params: came.append(params) or [WasReset(True)]}
    async with statements(world) as (app, pilot, screen):
        await pilot.press("home", "x")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "UPDATE accounts" in screen_text(app)
        await pilot.press("n")
        await until(lambda: app.screen is screen, pilot)
        await pilot.press("x", "y")
        await until(lambda: came == [{"is_all": False, "user_id": 10, "database_id": 5, "query_id": 1}], pilot)
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "all 5 statements on staging" in screen_text(app)
        await pilot.press("y")
        await until(lambda: came[1:] == [{"is_all": True, "user_id": 0, "database_id": 0, "query_id": 0}], pilot)
        world.answers["reset_1_11"] = Denied("permission denied for function pg_stat_statements_reset")
        await pilot.press("X", "y")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "GRANT EXECUTE ON FUNCTION" in screen_text(app)
    events = [json.loads(line) for line in (own_state / "audit.jsonl").read_text().splitlines()]
    assert [event["event"] for event in events] == ["asked", "done", "asked", "done", "asked", "failed"]


async def test_no_reset_on_a_read_only_target(world: World) -> None:
    async with statements(world, read_only=True) as (app, pilot, _):
        await pilot.press("home", "x")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "read-only" in screen_text(app)


async def test_production_is_reset_by_its_name_alone(world: World) -> None:
    async with statements(world, name="prod") as (app, pilot, _):
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y", "enter")
        assert isinstance(app.screen, ConfirmDialog)


async def test_without_the_extension_it_says_what_to_do(world: World) -> None:
    world.info = replace(world.info, extensions={})
    world.answers["standing"] = world.answers["counters_1_12"] = ServerError("it is not there")
    world.answers["counters_1_9"] = ServerError("relation does not exist")
    async with world.console("staging", entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        await pilot.press("5")
        await until(lambda: "1. ALTER SYSTEM SET shared_preload_libraries = auto_explain" in screen_text(app), pilot)
        assert "3. CREATE EXTENSION pg_stat_statements in the database" in " ".join(screen_text(app).split())


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_slow_statements_stay_when_they_are_over(world: World, size: tuple[int, int]) -> None:
    slow = [slow_session(4900, 12.0, blockers=["4711 report (idle in transaction): UPDATE accounts"]),
            slow_session(4901, 3.0, query="VACUUM accounts", application="psql")]
    world.answers["slow_sessions"] = lambda params: slow
    async with statements(world, size) as (app, pilot, screen):
        await pilot.press("n")
        await ticks(world, app, pilot)
        await until(lambda: len(screen.slow.table.rows) == 2, pilot)
        slow.clear()
        await ticks(world, app, pilot)
        await until(lambda: "nothing runs for longer than 1.0 s · 2 slow ones over" in screen_text(app), pilot)
        await pilot.press("home", "enter")
        await until(lambda: "was behind 4711 report" in screen_text(app), pilot)
        watch = app.connection.slow
        await until(lambda: watch.plan_of(watch.log.statements[-1]), pilot)
        await ticks(world, app, pilot)
        await as_golden(app, pilot, f"statements-slow-{size[0]}x{size[1]}")
        assert screen.query_one("#slow-text", CodePane).text == "SELECT count(*) FROM accounts"
        await pilot.press("escape", "escape")
        assert not screen.state.shows_slow and screen.focused is screen.statements


async def test_when_the_read_fails_the_last_figures_stay(world: World) -> None:
    world.answers["availability"] = [Availability(True, "1.12", "pg_stat_statements")]
    async with statements(world) as (app, pilot, screen):
        world.answers["counters_1_12"] = ServerError("canceling statement due to statement timeout")
        await look(world, pilot, screen)
        await until(lambda: "statement timeout" in screen_text(app), pilot)
        assert TEXTS[1] in shown(screen)
        world.answers["counters_1_12"] = server(world).entries
        await look(world, pilot, screen)
        await until(lambda: TEXTS[1] in shown(screen), pilot)


async def test_a_text_of_a_megabyte_is_shown_and_copied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXTS, 1, "SELECT " + "column_x, " * 110_000 + "$1")
    async with statements(world) as (app, pilot, screen):
        await pilot.press("home", "enter")
        await until(lambda: screen.query_one("#text", CodePane).text == TEXTS[1], pilot)
        assert len(TEXTS[1]) > 1_000_000 and "SELECT column_x, column_x" in screen_text(app)
        assert server(world).texts_asked[-1] == [1], "read in full for the one that is looked at"


async def test_what_was_gathered_before_the_screen_was_opened_is_there(world: World) -> None:
    """The recorder's reads are kept: after minutes on other screens there is more than the screen's own first look."""
    server(world)
    async with world.console(entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        sampler = app.connection.sampler
        assert sampler is not None
        sampler.extra_reads.append(lambda info, now_s: [Read(read.STANDING), Read(read.counters(info))])
        await ticks(world, app, pilot, 4)
        await until(lambda: app.connection.statements.has_interval, pilot)
        before = len(app.connection.statements.time_series([key(1)]))
        assert before
        await pilot.press("5")
        await until(lambda: "UPDATE accounts" in screen_text(app), pilot)
        screen = app.screen
        assert isinstance(screen, StatementsScreen) and screen.state.journal is app.connection.statements
        assert len(screen.state.journal.time_series([key(1)])) >= before
