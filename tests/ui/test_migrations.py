"""Screen 3 on a fake server with real files: what is shown, what is asked before a run, and a run on its way."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from console.errors import Denied
from console.migrate import events, migration_plan
from console.migrate.facts import RelationFacts, RelationSession
from console.migrate.frameworks.find import LedgerCandidate
from console.migrate.frameworks.records import ForeignLedgerRow as ForeignRow
from console.migrate.history import LedgerEvent
from console.migrate.ledger import LedgerTables
from console.migrate.migration_plan import MigrationPlan
from console.migrate.prepare import prepare
from console.migrate.records import LedgerRow, MigrationFile, RunReport, Script, State, Step
from console.migrate.run_plan import PlanChange, PlanChanged, confirmed
from console.services import Service
from console.ui.app import ConsoleApp
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.dialogs.leave import LeaveDialog
from console.ui.jobs import Outcome, Tell
from console.ui.screens import ENTRIES
from console.ui.screens.migrations.confirm import PlanDialog
from console.ui.screens.migrations.screen import MigrationsScreen
from console.ui.widgets.record_table import RecordTable
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live

FILES = {
    "0001_orders.up.sql": "CREATE SCHEMA shop;\nCREATE TABLE shop.orders (id bigint PRIMARY KEY, total numeric);\n",
    "0001_orders.down.sql": "DROP SCHEMA shop CASCADE;\n",
    "0002_customers.up.sql": "-- Who ordered.\nALTER TABLE shop.orders ADD COLUMN customer text NOT NULL DEFAULT '';\n",
    "0002_customers.down.sql": "ALTER TABLE shop.orders DROP COLUMN customer;\n",
    "0003_index.up.sql": "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY by_total ON shop.orders (total);\n",
    "0003_index.down.sql": "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY shop.by_total;\n",
}
GRAPH = {"0001_graph.up.sql": "-- dbconsole: requires-extension=age\nCREATE SCHEMA graph;\n",
         "0001_graph.down.sql": "DROP SCHEMA graph;\n"}
APPLIED_AT = dt.datetime(2026, 2, 27, 12, tzinfo=dt.UTC)
LATELY = dt.datetime(2026, 3, 1, 11, 50, tzinfo=dt.UTC)


def ledger_row(folder: Path, stem: str, **changes: Any) -> LedgerRow:
    version, _, slug = stem.partition("_")
    up = Script(folder / f"{stem}.up.sql")
    facts: dict[str, Any] = {
        "service": folder.name, "version": version, "name": slug, "state": "applied", "direction": "up",
        "checksum_up": up.checksum, "raw_checksum_up": up.raw_checksum, "statements_done": 1, "statements_total": 1,
        "error": None, "rank": int(version), "applied_at": APPLIED_AT, "applied_by": "deploy", "duration_ms": 12.3}
    return LedgerRow(**facts | changes)


def event(word: str, name: str, detail: str | None = None, at: dt.datetime = APPLIED_AT) -> LedgerEvent:
    version, _, slug = name.partition("_")
    return LedgerEvent(at, "shop", version, slug, word, detail, 12.3, "deploy", "ci", "runner-1", "dbconsole", "1.0")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World()
    shop, graph = tmp_path / "shop", tmp_path / "graph"
    for folder, files in ((shop, FILES), (graph, GRAPH)):
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
    made.info = replace(made.info, ledger_exists=True)
    made.services = (Service(name="shop", schemas=("shop",), folder=shop),
                     Service(name="graph", schemas=("graph",), folder=graph),
                     Service(name="billing", schemas=("billing",), framework="alembic"))
    lines = [event("failed", "0002_customers", "shop/0002_customers.up.sql:2:1: canceling statement due to lock "
                   "timeout", LATELY), event("applied", "0001_orders")]
    made.answers |= {
        "migrations": [ledger_row(shop, "0001_orders")],
        "events": lambda params: [line for line in lines if params is None
                                  or params["version"] in (None, line.version)],
        "find_ledgers": [LedgerCandidate("billing", "alembic_version", ["version_num"], ["character varying(32)"], 1.0,
                                         True,
                                   True, "", None, None, None, None)],
        "advisory_locks": [], "ledger_tables": [LedgerTables(False, False, False, True)],
        'alembic on "billing"."alembic_version"': [ForeignRow("a81f3c9d2b11")],
        'alembic on "alembic_version"."billing"': [ForeignRow("a81f3c9d2b11")],
        "plan_relations": [RelationFacts("shop.orders", 1, "shop", "orders", "r", 1_200_000, 340 * 2**20, 0, None, None,
                                         None, None, False)],
        "plan_columns": [], "plan_constraints": [], "plan_functions": [], "plan_dependents": [], "plan_bodies": [],
        "plan_cascades": [], "plan_key_cascades": [],
        "plan_sessions": [RelationSession("shop.orders", 4711, "report", "nightly", "idle in transaction",
                                          "AccessShareLock", True, 840.0, "SELECT 1")],
    }
    return made


@asynccontextmanager
async def migrations(world: World, size: tuple[int, int] = (120, 36), target: str = "staging"
                     ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], MigrationsScreen]]:
    """The screen with its ledgers read."""
    async with world.console(target, size=size, entries=[ENTRIES[0], ENTRIES[2]]) as (app, pilot):
        await live(app, pilot)
        await pilot.press("3")
        await until(lambda: isinstance(app.screen, MigrationsScreen) and app.screen.state.is_read, pilot)
        screen = app.screen
        assert isinstance(screen, MigrationsScreen)
        screen.browse.services.select("shop")
        await pilot.pause()
        yield app, pilot, screen


async def dialog(app: ConsoleApp, pilot: Pilot[Any], kind: type[Any]) -> None:
    await until(lambda: isinstance(app.screen, kind), pilot)


SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


@SIZES
async def test_services_of_every_framework_stand_in_one_table(world: World, size: tuple[int, int]) -> None:
    async with migrations(world, size) as (app, pilot, screen):
        assert [subject.line.name for subject in screen.state.found] == ["billing", "graph", "shop"]
        await until_golden(app, pilot, f"migrations-{size[0]}x{size[1]}")


async def test_a_service_whose_files_are_not_read_says_why_in_every_tab(world: World) -> None:
    (world.services[0].folder or Path()).joinpath("0004_no.way.sql").write_text("")
    async with migrations(world) as (app, pilot, screen):
        tabs = screen.browse.detail.tabs
        assert "Migrations" in tabs and "History" in tabs
        for _ in tabs:
            await until(lambda: "is not read" in screen_text(app) or screen.browse.detail.tab == "History", pilot)
            await pilot.press("right_square_bracket")
            await pilot.pause(0.2)
        assert app.is_running and app.return_code is None


@SIZES
async def test_a_migration_shows_its_sql_and_why_its_last_try_failed(world: World, size: tuple[int, int]) -> None:
    async with migrations(world, size) as (app, pilot, screen):
        await pilot.press("enter")
        assert screen.browse.migration is not None and screen.browse.migration.version == "0002"
        await until(lambda: "ADD COLUMN customer" in screen_text(app), pilot)
        await until_golden(app, pilot, f"migrations-service-{size[0]}x{size[1]}")
        await pilot.press("escape")
        assert screen.place.page == "services"


OFFERED: Mapping[State, tuple[str, dict[str, Any], set[str]]] = {
    "applied": ("0001", {}, {"d"}), "pending": ("0002", {}, {"u"}), "held": ("0001", {}, {"u"}),
    "failed": ("0001", {"state": "running"}, {"u", "d"}),
    "changed": ("0001", {"checksum_up": "0" * 64, "raw_checksum_up": "0" * 64}, {"d"}),
    "missing": ("0000", {"version": "0000", "name": "gone"}, {"d"}),
}
"""For each state a migration in it, how the ledger's only row differs then, and which of u and d are offered."""


@pytest.mark.parametrize("state", OFFERED)
async def test_what_can_be_done_depends_on_the_state(world: World, tmp_path: Path, state: State) -> None:
    version, changes, offered = OFFERED[state]
    world.answers["migrations"] = [ledger_row(tmp_path / "shop", "0001_orders", **changes)]
    async with migrations(world) as (app, pilot, screen):
        screen.browse.services.select("graph" if state == "held" else "shop")
        await pilot.press("enter")
        await until(lambda: screen.place.page == "service" and screen.browse.migrations.table.rows, pilot)
        (row,) = (row for row in screen.browse.migrations.table.rows if row.record.version == version)
        assert screen.browse.migrations.select(row.key)
        await until(lambda: screen.browse.migration is row.record and row.record.state == state, pilot)
        assert {key for key in ("u", "d") if key in app.screen.active_bindings} == offered


async def test_the_tabs_of_a_migration(world: World) -> None:
    async with migrations(world) as (app, pilot, screen):
        await pilot.press("enter")
        for tab, words in (("Down", "DROP COLUMN customer"), ("Plan", "ACCESS EXCLUSIVE on shop.orders"),
                           ("Findings", "no findings"), ("History", "lock timeout")):
            await pilot.press("right_square_bracket")
            assert screen.browse.detail.tab == tab
            await until(lambda words=words: words in screen_text(app), pilot)  # type: ignore[misc]
        await pilot.press("tab", "enter")
        await dialog(app, pilot, DetailDialog)
        assert "runner-1" in screen_text(app)


@SIZES
async def test_a_run_is_confirmed_with_its_plan_before_ones_eyes(world: World, size: tuple[int, int]) -> None:
    async with migrations(world, size) as (app, pilot, _):
        await pilot.press("u")
        await dialog(app, pilot, PlanDialog)
        await until_golden(app, pilot, f"migrations-confirm-{size[0]}x{size[1]}")
        await pilot.press("n")
        assert app.runs.latest is None


def refused(world: World, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object]) -> None:
    """A run that is refused, as by the engine under its lock, since `change` was made after its plan was confirmed."""
    folder = world.services[0].folder
    assert folder is not None

    async def run(target: Any, plan: MigrationPlan, *_: Any) -> RunReport:
        change(folder)
        rows = world.answers["migrations"]
        assert isinstance(rows, list)
        making = asyncio.to_thread(migration_plan.make, plan.services, plan.asked, rows, (), plan)
        await confirmed(plan, making)
        raise AssertionError("it was not refused")

    monkeypatch.setattr("console.migrate.apply.run", run)


def applied_by_another(world: World) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        world.answers["migrations"] = [
            ledger_row(folder, "0001_orders"), ledger_row(folder, "0002_customers", applied_at=LATELY, applied_by="ci")]

    return change


@SIZES
async def test_a_plan_that_has_changed_is_shown_with_what_has(world: World, size: tuple[int, int],
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    async with migrations(world, size) as (app, pilot, screen):
        refused(world, monkeypatch, applied_by_another(world))
        await pilot.press("u")
        await dialog(app, pilot, PlanDialog)
        first = app.screen
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, PlanDialog) and app.screen is not first, pilot)
        second = app.screen
        await until_golden(app, pilot, f"migrations-changed-{size[0]}x{size[1]}")
        await pilot.press("y")
        await pilot.pause(0.1)
        assert app.screen is second, "a key that was on its way has confirmed a plan that nobody has seen"
        world.clock.advance(1)
        monkeypatch.setattr("console.migrate.apply.run", nothing_to_do)
        await pilot.press("y")
        await until(lambda: app.screen is screen and app.runs.current is None, pilot)
        assert app.runs.latest is not None and app.runs.latest.log.outcome[0][0] == "nothing was to be done"


async def nothing_to_do(target: Any, plan: MigrationPlan, *_: Any) -> RunReport:
    return RunReport(())


async def test_a_plan_that_can_no_longer_be_made_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with migrations(world) as (app, pilot, _):
        refused(world, monkeypatch,
                lambda folder: (folder / "0001_orders.up.sql").write_text("SELECT 1"))
        await pilot.press("u")
        await dialog(app, pilot, PlanDialog)
        await pilot.press("y")
        await dialog(app, pilot, FailureDialog)
        text = " ".join(screen_text(app).split())
        assert "nothing of it was run" in text and "shop/0001_orders was changed after it was applied" in text


async def test_a_refusal_doesnt_ask_over_another_screen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with migrations(world) as (app, pilot, screen):
        gone = asyncio.Event()

        async def run(target: Any, plan: MigrationPlan, *_: Any) -> RunReport:
            await gone.wait()
            raise PlanChanged([PlanChange("new", "shop/0009_z is new: pending")], plan)

        monkeypatch.setattr("console.migrate.apply.run", run)
        await pilot.press("u")
        await dialog(app, pilot, PlanDialog)
        await pilot.press("y")
        await until(lambda: app.runs.current is not None, pilot)
        await pilot.press("1")
        await until(lambda: app.screen is not screen, pilot)
        gone.set()
        await until(lambda: app.runs.current is None, pilot)
        await pilot.pause(0.2)
        assert not isinstance(app.screen, PlanDialog)
        await pilot.press("3")
        await dialog(app, pilot, PlanDialog)
        assert "shop/0009_z is new" in screen_text(app)


async def test_production_wants_its_name_typed(world: World) -> None:
    async with migrations(world, target="prod") as (app, pilot, screen):
        await pilot.press("u")
        await dialog(app, pilot, FailureDialog)
        assert "W unlocks it" in screen_text(app)
        await pilot.press("W")  # the refusal's own key
        await dialog(app, pilot, ConfirmDialog)
        await pilot.press(*"pro", "enter")
        assert app.screen.query_one(Input).value == "" and app.connection.read_only
        await pilot.press(*"prod", "enter")
        await until(lambda: not app.connection.read_only, pilot)
        await pilot.press("u")
        await dialog(app, pilot, PlanDialog)
        assert not app.screen.query(Input), "the name is typed once"
        await pilot.press("escape", "W")
        assert app.connection.read_only and not app.connection.is_named and app.screen is screen


async def test_nothing_is_run_on_a_standby(world: World) -> None:
    world.info = replace(world.info, is_standby=True)
    async with migrations(world) as (app, pilot, _):
        await pilot.press("u")
        await dialog(app, pilot, FailureDialog)
        assert "is a standby" in screen_text(app)


class Running:
    """A run whose events the test tells; it ends with `outcome`, or hangs until it is aborted."""

    def __init__(self, app: ConsoleApp, world: World) -> None:
        self.clock = world.clock
        self.tell: Tell
        self.end: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        folder = world.services[0].folder
        assert folder is not None
        self.steps = [Step(MigrationFile("shop", name[:4], name[5:], Script(folder / f"{name}.up.sql")), "up")
                      for name in ("0002_customers", "0003_index")]

        async def work(tell: Tell) -> Outcome:
            self.tell = tell
            return await self.end

        app.runs.start("run shop", "staging", work, on_abort="Its file was rolled back.")

    def begin(self, number: int, *, again: bool = False) -> Any:
        """The file begins, and its first statement, which is returned; `again`: after a rollback."""
        step = self.steps[number]
        statement = prepare(step.script).statements[0]
        if not again:
            self.tell(events.FileStarted(step, number + 1, len(self.steps), 1))
        self.tell(events.StatementStarted(step, statement, 0, 1))
        return statement


@SIZES
async def test_a_run_on_its_way(world: World, size: tuple[int, int]) -> None:
    async with migrations(world, size) as (app, pilot, screen):
        run = Running(app, world)
        screen.show_run()
        await pilot.pause()
        run.tell(events.RunStarted(tuple(run.steps), (), ("shop: no version between 3 and 5",)))
        statement = run.begin(0)
        blocker = events.Peer("blocker", 4711, "report", "nightly", "idle in transaction", None, 840.0, "SELECT 1")
        queued = events.Peer("queued", 4802, "app", "api", "active", None, 1.5, "SELECT 2")
        world.clock.advance(2.1)
        run.tell(events.Waiting(run.steps[0], statement, 2.1, (blocker,), (queued,)))
        await until(lambda: "waiting 2.1 s" in screen_text(app), pilot)
        assert "behind pid 4711 (nightly, report, idle in transaction 14 min)" in " ".join(screen_text(app).split())
        run.tell(events.Retrying(run.steps[0], "canceling statement due to lock timeout", 2, 8, 0.7))
        run.begin(0, again=True)
        run.tell(events.Notice(run.steps[0], "NOTICE", HOSTILE[0]))
        run.tell(events.StatementFinished(run.steps[0], statement, 0, 1, "ALTER TABLE", None, 41.0))
        run.tell(events.FileFinished(run.steps[0], 1, 2, 2900.0))
        statement = run.begin(1)
        world.clock.advance(12)
        run.tell(events.StatementProgress(run.steps[1], statement, 12.0, "building index: loading tuples in tree",
                                      600_000, 1_200_000, "rows"))
        await until(lambda: "50 %" in screen_text(app), pilot)
        screen.query_one("#run").paint()  # type: ignore[attr-defined]
        screen._show_headline()
        await until_golden(app, pilot, f"migrations-run-{size[0]}x{size[1]}")
        run.end.set_result([("1 migration applied", "ok")])
        await until(lambda: app.runs.current is None, pilot)
        await pilot.press("escape", "L")
        assert screen.place.page == "run" and "1 migration applied" in screen_text(app)


async def test_leaving_while_one_runs_asks_first(world: World) -> None:
    async with migrations(world) as (app, pilot, _):
        Running(app, world)
        await pilot.press("1", "q")
        await dialog(app, pilot, LeaveDialog)
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, LeaveDialog)
        await pilot.press("n")
        await until(lambda: not isinstance(app.screen, LeaveDialog), pilot)
        assert app.runs.current is not None
        await pilot.press("q")
        await dialog(app, pilot, LeaveDialog)
        await pilot.press("y")
        await until(lambda: not app.is_running or app.runs.current is None, pilot)
    latest = app.runs.latest
    assert latest is not None and latest.log.outcome[0][0] == "aborted"


async def test_aborting_asks_and_says_what_it_means(world: World) -> None:
    async with migrations(world) as (app, pilot, screen):
        Running(app, world)
        screen.show_run()
        await pilot.press("a")
        await dialog(app, pilot, ConfirmDialog)
        await pilot.press("y")
        await until(lambda: app.runs.current is None, pilot)
        await until(lambda: "Its file was rolled back." in screen_text(app), pilot)


async def test_aborting_what_another_screen_began_says_what_that_means(world: World) -> None:
    async def work(tell: Tell) -> Outcome:
        await asyncio.Event().wait()
        return []

    async with migrations(world) as (app, pilot, screen):
        app.runs.start("build i on t", "staging", work, on_stop="drops the half-built index.")
        screen.show_run()
        await pilot.press("a")
        await dialog(app, pilot, ConfirmDialog)
        assert "build i on t on staging" in screen_text(app) and "That drops the half-built index." in screen_text(app)
        assert "rolls its file back" not in screen_text(app)
        await pilot.press("y")
        await until(lambda: app.runs.current is None, pilot)


async def test_a_mistake_of_ours_ends_the_run_and_is_told(world: World) -> None:
    async def work(tell: Tell) -> Outcome:
        raise ZeroDivisionError("never mind")

    async with migrations(world) as (app, pilot, _):
        run = app.runs.start("run shop", "staging", work)
        await until(lambda: run.is_over, pilot)
        assert run.log.outcome[0] == ("ZeroDivisionError: never mind", "critical")


@pytest.mark.parametrize(("change", "words"), [
    (lambda world: world.answers.update(migrations=Denied("permission denied for table migration")),
     "permission denied for table migration"),
    (lambda world: (world.services[0].folder / "0001_twice.up.sql").write_text("SELECT 1"), "is there twice"),
    (lambda world: world.answers.update(find_ledgers=Denied("no catalog")), "1 pending"),
], ids=["ledger", "files", "catalog"])
async def test_what_cannot_be_read_says_why_and_hides_nothing_else(world: World, change: Callable[[World], object],
                                                                   words: str) -> None:
    change(world)
    async with migrations(world) as (app, _, screen):
        subject = next(subject for subject in screen.state.found if subject.line.name == "shop")
        text = " ".join([screen_text(app), *subject.line.notes])
        assert words in text or "2 pending" in text


async def test_hostile_names_change_nothing(world: World) -> None:
    folder = world.services[0].folder
    assert folder is not None
    world.answers["migrations"] = [ledger_row(folder, "0001_orders"), *(
        ledger_row(folder, "0001_orders", version=f"9{number}", name=text, applied_by=text, rank=number)
        for number, text in enumerate(HOSTILE))]
    async with migrations(world) as (app, pilot, screen):
        await pilot.press("enter", "end")
        for _ in HOSTILE:
            await pilot.press("up")
        text = screen_text(app)
        assert "\x1b" not in text and "\x07" not in text and "[/x]" in "".join(
            row.cells[1].text for row in screen.query_one("#migrations", RecordTable).table.rows)


async def test_a_new_pair_of_files_is_written(world: World) -> None:
    folder = world.services[0].folder
    assert folder is not None
    async with migrations(world) as (_, pilot, screen):
        await pilot.press("n")
        await pilot.press(*"add owner", "enter")
        await until(lambda: (folder / "0004_add_owner.up.sql").exists(), pilot)
        await until(lambda: any(subject.line.count("pending") == 3 for subject in screen.state.found), pilot)
    assert (folder / "0004_add_owner.down.sql").exists()
