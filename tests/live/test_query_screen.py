"""Screen 8 and the plan page on a real server: what is run, cancelled, asked about, exported and explained."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.clock import SystemClock
from console.config import Config, PoolConfig
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import Sources
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.export import ExportDialog
from console.ui.dialogs.failure import FailureDialog
from console.ui.dialogs.plan_options import PlanOptionsDialog
from console.ui.plan_page import PlanPage
from console.ui.screens.query.dialogs import SweepDialog
from console.ui.screens.query.screen import QueryScreen
from tests.support.screen_text import screen_text
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until

SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE numbers (i int PRIMARY KEY, word text);"
                           "INSERT INTO numbers SELECT i, 'word ' || i FROM generate_series(1, 700) i")


@pytest.fixture
def numbers(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("query", fill)) as database:
        yield database


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def query(conninfo: str, *, read_only: bool = False, environment: Any = "development"
                ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], QueryScreen]]:
    """The Query screen on a real database."""
    clock, config = SystemClock(), Config()

    @asynccontextmanager
    async def open_target(name: str, tell: Any) -> AsyncIterator[Target]:
        yield Target(name=name, conninfo=conninfo, pool=PoolConfig(min_size=1, max_size=4), environment=environment,
                     read_only=read_only, statement_timeout_ms=60_000)

    app = ConsoleApp("live", Sources(
        config=config, clock=clock, names=lambda: ["live"], open_target=open_target, services_for=lambda _: (),
        pool_for=Pool, sampler_for=lambda pool, services, every_s: Sampler(pool, config, services, clock, every_s)),
        environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(lambda: app.connection.info is not None, pilot)
            await pilot.press("8")
            await until(lambda: isinstance(app.screen, QueryScreen) and app.screen.is_ready
                        and app.screen.editor.has_focus, pilot)
            screen = app.screen
            assert isinstance(screen, QueryScreen)
            yield app, pilot, screen
    finally:
        await app.connection.close()


async def run(pilot: Pilot[int], screen: QueryScreen, text: str, key: str = "ctrl+g") -> None:
    """Puts the text in, runs it and waits for its end."""
    screen.editor.set_text(text)
    actions, before = screen.actions, screen.actions.work
    await pilot.press(key)
    await until(lambda: actions.work is not before and actions.work is not None and actions.work.is_finished, pilot)


def count(database: Database, text: str) -> int:
    with database.connect() as connection:
        row = connection.execute(text).fetchone()  # type: ignore[call-overload]
        return int(row[0]) if row else 0


async def test_the_statement_under_the_cursor_and_all(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "SELECT 1 AS one;\nSELECT 2 AS two;\nSELECT 3 AS three", "f9")
        assert [outcome.title for outcome in screen.state.outcomes] == ["SELECT 1"] and "three" in screen_text(app)
        await run(pilot, screen, "SELECT 1 AS one;\nSELECT 2 AS two;\nSELECT 3 AS three")
        assert len(screen.state.outcomes) == 3
        screen.editor.move_cursor((1, 3))
        await pilot.press("ctrl+r")
        await until(lambda: len(screen.state.outcomes) == 1 and "two" in screen_text(app), pilot)


async def test_an_error_stops_the_script_and_is_shown_in_the_editor(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "SELECT 1;\n\nSELECT 'é', nothing\nFROM numbers;\nSELECT 3")
        assert [outcome.title for outcome in screen.state.outcomes] == ["SELECT 1", "error"]
        assert screen.editor.cursor_location == (2, 12)
        text = screen_text(app)
        assert 'column "nothing" does not exist' in text and "line 1: SELECT 'é', nothing" in text
        assert "1 statement after it not run" in text


async def test_rows_are_read_as_one_scrolls(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "SELECT * FROM numbers ORDER BY i")
        outcome = screen.state.outcome
        assert outcome is not None and len(outcome.rows) == 200 and "SELECT 200+" in screen_text(app)
        await pilot.press("escape")
        for _ in range(4):
            await pilot.press("end")
            await until(lambda: not outcome.is_reading, pilot)
        await until(lambda: len(outcome.rows) == 700 and "700 rows" in screen_text(app), pilot)
        assert [row[0] for row in outcome.rows] == [str(number) for number in range(1, 701)]
        await pilot.press("enter")
        await until(lambda: "word 700" in screen_text(app), pilot)


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_cancelled_at_once(numbers: Database, key: str) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("SELECT pg_sleep(600); SELECT 1")
        await pilot.press("ctrl+g")
        await until(lambda: count(numbers, SLEEPERS) == 1 and "esc cancels: SELECT pg_sleep" in screen_text(app), pilot)
        await pilot.press(key)
        await until(lambda: count(numbers, SLEEPERS) == 0 and screen.state.running is None, pilot)
        assert [outcome.title for outcome in screen.state.outcomes] == ["cancelled"]
        await run(pilot, screen, "SELECT 5 AS five")
        assert "five" in screen_text(app)


async def test_read_only_until_unlocked(numbers: Database) -> None:
    async with query(numbers.conninfo, read_only=True) as (app, pilot, screen):
        await run(pilot, screen, "DELETE FROM numbers")
        assert "read-only transaction" in screen_text(app) and "W unlocks the target" in screen_text(app)
        await pilot.press("escape", "W")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: app.screen is screen and "may write" in screen_text(app), pilot)
        await run(pilot, screen, "DELETE FROM numbers WHERE i > 600")
        assert "DELETE 100" in screen_text(app)
        await pilot.press("escape", "W")
        await until(lambda: " read-only · autocommit" in screen_text(app), pilot)
        await run(pilot, screen, "DELETE FROM numbers WHERE i > 500")
        assert count(numbers, "SELECT count(*) FROM numbers") == 600


async def test_what_acts_although_it_only_reads_is_asked_about_by_name(numbers: Database, own_state: Path) -> None:
    loaded = "SELECT extract(epoch FROM pg_conf_load_time() - '2000-01-01')::int8 * 1000"
    before, audit = count(numbers, loaded), own_state / "dbconsole" / "audit.jsonl"
    async with query(numbers.conninfo, read_only=True) as (app, pilot, screen):
        for key in ("n", "y"):
            screen.editor.set_text("SELECT pg_reload_conf() AS done")
            await pilot.press("ctrl+r")
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            assert "pg_reload_conf() has the server read" in screen_text(app) and "running for" not in screen_text(app)
            assert count(numbers, loaded) == before and not audit.exists()
            while isinstance(app.screen, ConfirmDialog):
                await pilot.press(key)
                await pilot.pause(0.2)
            await until(lambda: screen.state.running is None, pilot)
            if key == "n":
                assert "nothing was sent" in screen_text(app) and "W unlocks the target" in screen_text(app)
                assert count(numbers, loaded) == before and not audit.exists()
        event = json.loads(audit.read_text("utf-8"))
        assert event["event"] == "allowed" and event["query"] == "SELECT pg_reload_conf() AS done"
        assert "pg_reload_conf()" in event["effects"][0] and "done" in screen_text(app)
        await pilot.press("escape", "W")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: app.screen is screen and "may write" in screen_text(app), pilot)
        await run(pilot, screen, "SELECT pg_stat_reset() IS NULL AS reset")
        assert "reset" in screen_text(app)
        assert json.loads(audit.read_text("utf-8").splitlines()[-1])["event"] == "unlocked"


async def test_a_plan_that_acts_is_asked_about_by_name(numbers: Database, own_state: Path) -> None:
    async with query(numbers.conninfo, read_only=True) as (app, pilot, screen):
        screen.editor.set_text("EXPLAIN ANALYZE SELECT pg_stat_reset()")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "pg_stat_reset() resets statistics" in screen_text(app) and "Run it once?" in screen_text(app)
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, PlanPage) and "nothing was sent" in screen_text(app), pilot)
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        while isinstance(app.screen, ConfirmDialog):
            await pilot.press("y")
            await pilot.pause(0.2)
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        assert json.loads((own_state / "dbconsole" / "audit.jsonl").read_text("utf-8"))["event"] == "allowed"


async def test_a_sweep_is_asked_about(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        for key, left in (("n", 700), ("y", 0)):
            screen.editor.set_text("DELETE FROM numbers")
            await pilot.press("ctrl+r")
            await until(lambda: isinstance(app.screen, SweepDialog) and "numbers: 700 rows now" in screen_text(app),
                        pilot)
            assert "DELETE every row of numbers on live: no WHERE limits it" in screen_text(app)
            await pilot.press(key)
            await until(lambda: app.screen is screen and screen.state.running is None, pilot)
            await until(lambda left=left: count(numbers, "SELECT count(*) FROM numbers") == left, pilot)  # type: ignore[misc]


async def test_production_wants_its_name(numbers: Database) -> None:
    async with query(numbers.conninfo, environment="production", read_only=False) as (app, pilot, screen):
        screen.editor.set_text("TRUNCATE numbers")
        await pilot.press("ctrl+r")
        await until(lambda: isinstance(app.screen, SweepDialog) and "700 rows now" in screen_text(app), pilot)
        await pilot.press(*"yes", "enter")
        await until(lambda: app.screen.query_one(Input).value == "", pilot)
        assert isinstance(app.screen, SweepDialog)
        await pilot.press(*"live", "enter")
        await until(lambda: count(numbers, "SELECT count(*) FROM numbers") == 0, pilot)


async def test_transactions_by_hand(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await pilot.press("escape", "M")
        await until(lambda: "manual transactions" in screen_text(app), pilot)
        await run(pilot, screen, "DELETE FROM numbers WHERE i = 1")
        assert "in a transaction for" in screen_text(app)
        assert count(numbers, "SELECT count(*) FROM numbers") == 700
        await pilot.press("escape", "C")
        await until(lambda: count(numbers, "SELECT count(*) FROM numbers") == 699, pilot)
        await run(pilot, screen, "DELETE FROM numbers WHERE i = 2; SELECT 1/0")
        assert "the transaction FAILED" in screen_text(app)
        await pilot.press("escape", "B")
        await until(lambda: screen.state.sql is not None and screen.state.sql.transaction == "none"
                    and "FAILED" not in screen_text(app), pilot)
        assert count(numbers, "SELECT count(*) FROM numbers") == 699


async def test_leaving_with_an_open_transaction_is_asked_about(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "BEGIN; DELETE FROM numbers WHERE i = 1")
        await pilot.press("ctrl+q")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "will be rolled back" in screen_text(app)
        await pilot.press("n")
        await until(lambda: app.screen is screen, pilot)
        await pilot.press("f1", "q")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: not app.is_running or app._exit, pilot)
    assert count(numbers, "SELECT count(*) FROM numbers") == 700


async def test_another_target_is_asked_about_too(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "BEGIN; DELETE FROM numbers WHERE i = 1")
        await app.open_target("live")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, QueryScreen) and app.screen is not screen, pilot)
        assert not app.held
    assert count(numbers, "SELECT count(*) FROM numbers") == 700


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_all_rows_to_a_file(numbers: Database, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"out.{form}"
    async with query(numbers.conninfo, read_only=True) as (app, pilot, screen):
        await run(pilot, screen, "SELECT i, word AS \"a, b\" FROM numbers ORDER BY i -- all")
        await pilot.press("escape", "e")
        await until(lambda: isinstance(app.screen, ExportDialog), pilot)
        if form == "json":
            await pilot.press("ctrl+t")
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(lambda: app.screen is screen, pilot)
    if form == "csv":
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["i", "a, b"] and rows[-1] == ["700", "word 700"] and len(rows) == 701
    else:
        assert json.loads(path.read_text())[699] == {"i": 700, "a, b": "word 700"}


async def test_an_export_can_not_be_made_to_write(numbers: Database, tmp_path: Path) -> None:
    """COPY goes by the simple protocol, which takes several statements."""
    from console.errors import ServerError
    from console.server.rows import Typed, stream_query

    pool = Pool(Target(name="live", conninfo=numbers.conninfo))
    try:
        for text in ("SELECT 1) TO STDOUT; COMMIT; DELETE FROM numbers; COPY (SELECT 1",
                     "SELECT 1; DELETE FROM numbers",
                     "DELETE FROM numbers RETURNING *", "WITH g AS (DELETE FROM numbers RETURNING *) SELECT * FROM g"):
            for form in ("csv", "json"):
                with pytest.raises(ServerError):
                    async with pool.session() as session:
                        async for _ in stream_query(session, Typed(text), form,  # type: ignore[arg-type]
                                                    statement_timeout_ms=10_000):
                            pass
    finally:
        await pool.close()
    assert count(numbers, "SELECT count(*) FROM numbers") == 700


async def test_history(numbers: Database, own_state: Path) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        await run(pilot, screen, "SELECT 'older'")
        await run(pilot, screen, "SELECT 'one with password'")
        await run(pilot, screen, "SELEC")
        await pilot.press("ctrl+o")
        await until(lambda: isinstance(app.screen, ChooseDialog), pilot)
        await pilot.press(*"older", "enter")
        await until(lambda: screen.editor.text == "SELEC;\n\nSELECT 'older'", pilot)
    (path,) = (own_state / "dbconsole" / "history").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "SELECT 'older'" in path.read_text() and "password" not in path.read_text()


async def test_explain_analyze_and_back(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("SELECT * FROM numbers WHERE word = 'word 7'")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        page = app.screen
        assert isinstance(page, PlanPage) and not page.analysis.plan.is_analyzed  # type: ignore[union-attr]
        assert "Verdict: Not run" in screen_text(app)
        await pilot.press("a")
        await until(lambda: page.analysis is not None and page.analysis.plan.is_analyzed, pilot)
        await until(lambda: "run and rolled back" in screen_text(app), pilot)
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, PlanOptionsDialog), pilot)
        await pilot.press("space", "tab", "tab")
        app.screen.query_one("#settings", Input).value = "enable_seqscan = off"
        await pilot.press("enter")
        await until(lambda: app.screen is page and page.request is not None and bool(page.request.settings), pilot)
        assert page.request is not None and page.request.without == {"BUFFERS"}
        assert page.analysis is not None and page.analysis.plan.root.buffers is None
        assert page.analysis.plan.settings.get("enable_seqscan") == "off"
        await pilot.press("n")
        await until(lambda: page.request is not None and page.request.generic, pilot)
        await pilot.press("Q")
        await until(lambda: app.screen is screen, pilot)


async def test_a_statement_with_parameters_gets_its_generic_plan(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("SELECT * FROM numbers WHERE i = $1")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        page = app.screen
        assert isinstance(page, PlanPage) and page.request is not None and page.request.generic
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, PlanOptionsDialog), pilot)
        app.screen.query_one("#parameter0", Input).value = "7"
        await pilot.press("enter")
        await until(lambda: page.analysis is not None and page.analysis.plan.is_analyzed, pilot)
        assert page.analysis is not None and page.analysis.plan.root.rows == 1


async def test_analyze_of_what_writes_asks_first_and_is_rolled_back(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("DELETE FROM numbers")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        page = app.screen
        assert isinstance(page, PlanPage)
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("y")
        await until(lambda: page.analysis is not None and page.analysis.plan.is_analyzed, pilot)
        assert count(numbers, "SELECT count(*) FROM numbers") == 700
        app.connection.read_only = True
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "read-only" in screen_text(app)


async def test_waiting_for_a_plan_is_cancelled(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("SELECT pg_sleep(600)")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        page = app.screen
        assert isinstance(page, PlanPage)
        await pilot.press("a")
        await until(lambda: count(numbers, SLEEPERS) == 1, pilot)
        await pilot.press("escape")
        await until(lambda: count(numbers, SLEEPERS) == 0 and not page.is_asking, pilot)
        assert app.screen is page


async def test_what_has_no_plan_says_so(numbers: Database) -> None:
    async with query(numbers.conninfo) as (app, pilot, screen):
        screen.editor.set_text("SELECT nothing\nFROM numbers")
        await pilot.press("ctrl+t")
        await until(lambda: 'column "nothing" does not exist' in screen_text(app), pilot)
        assert "line 1: SELECT nothing" in screen_text(app)
        await pilot.press("escape")
        await until(lambda: app.screen is screen, pilot)


async def test_plans_and_exports_know_what_was_set(numbers: Database, tmp_path: Path) -> None:
    with numbers.connect() as connection:
        connection.execute("CREATE SCHEMA apart; CREATE TABLE apart.things AS SELECT 7 AS seven")
    path = tmp_path / "things.csv"
    async with query(numbers.conninfo, read_only=True) as (app, pilot, screen):
        await run(pilot, screen, "SET search_path = apart; SELECT * FROM things")
        screen.editor.set_text("SELECT * FROM things")
        await pilot.press("ctrl+t")
        await until(lambda: isinstance(app.screen, PlanPage) and app.screen.analysis is not None, pilot)
        assert "search_path = apart" in screen_text(app)
        await pilot.press("escape", "escape", "e")
        await until(lambda: isinstance(app.screen, ExportDialog), pilot)
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(lambda: app.screen is screen, pilot)
    assert path.read_bytes() == b"seven\r\n7\r\n"
