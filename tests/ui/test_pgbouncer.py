"""Screen 7 on a fake pooler: its views, who may command, a command that waits, and what goes wrong.

What commands do to clients: tests/live.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from console.activity.records import SessionText
from console.errors import PasswordNeeded, Unreachable
from console.pooler import actions
from console.pooler.actions import PoolerCommand
from console.sampler.pooler_watch import PoolerWatch
from console.server.admin_console import ShowResult
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState, Sources
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.failure import FailureDialog
from console.ui.dialogs.password import PasswordDialog
from console.ui.screens import ENTRIES
from console.ui.screens.activity.screen import ActivityScreen
from console.ui.screens.pgbouncer.screen import PgBouncerScreen
from console.ui.screens.pgbouncer.setting_dialog import SettingDialog
from console.ui.widgets.record_table import RecordTable
from tests.support.activity import backend, idle_in_transaction
from tests.support.builders import HOSTILE
from tests.support.pooler import SAID, FakeConsole
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World

SCREENS = tuple(next(entry for entry in ENTRIES if entry.name == name) for name in ("pgbouncer", "activity"))
"""The one that the console opens with comes first."""

OURS = idle_in_transaction(4711, user="rw", database="app", client_address="10.0.0.9", client_port=40000)


class PooledWorld(World):
    """A world whose targets have a PgBouncer; `console` answers for it."""

    def __init__(self) -> None:
        super().__init__()
        self.pgbouncer = FakeConsole()
        self.is_configured = True
        self.signals = True
        self.answers |= {
            "sessions": [OURS, backend(4802, 4711)], "session_text": [SessionText("SELECT 1", 1, False)],
            "session_locks": [], "prepared_holders": [], "wait_event_texts": []}

    def open_target(self, name: str, tell: Any) -> Any:
        opened = super().open_target(name, tell)

        @asynccontextmanager
        async def with_pooler() -> AsyncIterator[Target]:
            async with opened as target:
                yield replace(target, pgbouncer_conninfo="host=10.0.0.9 port=6432" if self.is_configured else None,
                              allows_signals=self.signals)

        return with_pooler()

    def sources(self) -> Sources:
        return replace(super().sources(), pooler_for=lambda target, every_s: PoolerWatch(
            target, self.clock, every_s, self.pgbouncer.open))


@pytest.fixture
def world() -> PooledWorld:
    return PooledWorld()


@asynccontextmanager
async def pgbouncer(world: PooledWorld, size: tuple[int, int] = (120, 36), name: str = "staging", *,
                    read_only: bool = False) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], PgBouncerScreen]]:
    """The screen with its first two looks, so that there are rates."""
    async with world.console(name, size=size, entries=SCREENS) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)
        await until(lambda: isinstance(app.screen, PgBouncerScreen) and app.screen.is_ready, pilot)
        app.connection.read_only = read_only
        screen = app.screen
        assert isinstance(screen, PgBouncerScreen)
        if screen.pooler is not None and world.pgbouncer.error is None:
            await look(world, screen.pooler, pilot, 2)
            sampler = app.connection.sampler
            if world.failing is None and sampler is not None:
                await until(lambda: len(sampler.history) > 2, pilot)
            screen.looked()
            app.show_state()
            await pilot.pause()
        yield app, pilot, screen


async def look(world: PooledWorld, watch: PoolerWatch, pilot: Pilot[int], number: int = 1) -> None:
    """So many looks more, each two seconds after the one before."""
    await until(lambda: watch.sample is not None or watch.error is not None, pilot)
    for _ in range(number):
        await until(lambda: watch._wake._waiters, pilot)  # type: ignore[attr-defined]
        before = len(watch.history)
        world.clock.advance(2.0)
        await until(lambda before=before: len(watch.history) > before, pilot)  # type: ignore[misc]


async def opens(app: ConsoleApp, pilot: Pilot[int], kind: type[Screen[Any]], *keys: str) -> None:
    """Presses keys, and waits for the dialog that they open."""
    await pilot.press(*keys)
    await until(lambda: isinstance(app.screen, kind) and app.screen.is_running, pilot)


def table(screen: PgBouncerScreen) -> RecordTable:
    return screen.table


async def test_the_pools(world: PooledWorld) -> None:
    async with pgbouncer(world) as (app, _pilot, _):
        text = screen_text(app)
        assert "pool app/rw saturated: 20 of 20 active, 14 clients wait, longest 3.2 s" in text
        assert "PgBouncer 1.18.0 at 10.0.0.9:6432 · transaction mode · 44 of 200 clients · as admin (admin)" in text
        assert "clients waiting, app/rw" in text and "longest wait, app/rw" in text


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "narrow"])
async def test_each_view_as_it_looks(world: PooledWorld, size: tuple[int, int]) -> None:
    async with pgbouncer(world, size) as (app, pilot, screen):
        watch = screen.pooler
        assert watch is not None
        screen.query_one("#charts").display = False  # plotext's marks on the axis of time are not always the same ones
        await pilot.pause()
        await until_golden(app, pilot, f"pgbouncer-{size[0]}x{size[1]}")
        for name, key in (("clients", "c"), ("servers", "v"), ("databases", "b"), ("averages", "a"), ("options", "o"),
                          ("lists", "i"), ("peers", "p")):
            await pilot.press(key)
            await until(lambda: watch.sample is not None and watch._wanted <= {
                *watch.sample.shown, *watch.sample.unavailable}, pilot)
            await pilot.pause()
            await until_golden(app, pilot, f"pgbouncer-{name}-{size[0]}x{size[1]}")


async def test_a_pool_leads_to_its_clients_and_a_client_to_its_session(world: PooledWorld) -> None:
    async with pgbouncer(world) as (app, pilot, screen):
        await pilot.press("enter")
        assert screen.state.view == "clients" and table(screen).needle == "database:app user:rw"
        await until(lambda: table(screen).table.rows, pilot)
        table(screen).select("c1")
        await pilot.press("enter")
        await until(lambda: app.screen_name == "activity", pilot)
        await until(lambda: isinstance(app.screen, ActivityScreen) and app.screen.state.selected is not None, pilot)
        await until(lambda: "through PgBouncer, pool app/rw: its client is 10.0.4.7:51234, report"
                    in screen_text(app), pilot)


async def test_a_client_that_waits_leads_nowhere(world: PooledWorld) -> None:
    async with pgbouncer(world) as (app, pilot, screen):
        await pilot.press("c")
        await until(lambda: table(screen).table.rows, pilot)
        table(screen).select("c2")
        await pilot.press("enter")
        assert app.screen_name == "pgbouncer"


async def test_escape_goes_back_to_the_pools(world: PooledWorld) -> None:
    async with pgbouncer(world) as (_, pilot, screen):
        await pilot.press("v")
        assert screen.state.view == "servers"
        await pilot.press("escape")
        assert screen.state.view == "pools" and screen.focused is table(screen)


async def test_what_another_view_needed_is_no_longer_asked_for(world: PooledWorld) -> None:
    async with pgbouncer(world) as (_, pilot, screen):
        watch = screen.pooler
        assert watch is not None
        def wanted() -> frozenset[str]:
            """By screens: the diagnosis may want to know whose a full pool is."""
            return frozenset().union(*(names for who, names in watch._wants.items() if isinstance(who, Screen)))

        await pilot.press("c")
        assert wanted() == {"CLIENTS", "SERVERS"}
        await pilot.press("u")
        assert wanted() == {"USERS"}
        await pilot.press("4")
        await until(lambda: wanted() == {"CLIENTS", "SERVERS"}, pilot)
        await pilot.press("7")
        await until(lambda: wanted() == {"USERS"}, pilot)


# commands


async def test_a_command_is_chosen_confirmed_and_run(world: PooledWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    async def run(target: Target, command: PoolerCommand, password: str | None = None) -> str:
        ran.append(command.text)
        return command.verb

    monkeypatch.setattr(actions, "run", run)
    async with pgbouncer(world) as (app, pilot, _):
        await opens(app, pilot, ChooseDialog, "x")
        assert isinstance(app.screen, ChooseDialog)
        assert [row.key for row in app.screen.table.table.rows] == [
            'PAUSE "app"', 'RECONNECT "app"', 'KILL "app"', 'DISABLE "app"', "PAUSE", "RESUME", "RECONNECT", "RELOAD",
            'PAUSE "billing"', 'RECONNECT "billing"', 'KILL "billing"', 'DISABLE "billing"']
        await opens(app, pilot, ConfirmDialog, "down", "enter")
        await until(lambda: 'RECONNECT "app" on staging?' in screen_text(app), pilot)
        await pilot.press("n")
        assert not ran
        await opens(app, pilot, ChooseDialog, "x")
        await opens(app, pilot, ConfirmDialog, "down", "enter")
        await pilot.press("y")
        await until(lambda: ran == ['RECONNECT "app"'], pilot)


async def test_a_pause_that_waits_shows_its_clock_and_is_given_up(
        world: PooledWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    async def run(target: Target, command: PoolerCommand, password: str | None = None) -> str:
        ran.append(command.text)
        if command.verb == "PAUSE":
            await asyncio.Event().wait()
        return command.verb

    monkeypatch.setattr(actions, "run", run)
    async with pgbouncer(world) as (app, pilot, screen):
        await opens(app, pilot, ChooseDialog, "x")
        await opens(app, pilot, ConfirmDialog, "enter")
        await pilot.press("y")
        await until(lambda: ran == ['PAUSE "app"'], pilot)
        world.clock.advance(75.0)
        screen.looked()
        await pilot.pause()
        await until(lambda: 'PAUSE "app" 01:15 · X gives it up (RESUME) · the transactions that run must end first'
                    in screen_text(app), pilot)
        await pilot.press("x")
        assert app.screen is screen, "one at a time"
        await opens(app, pilot, ConfirmDialog, "q")
        await until(lambda: "Leave all the same?" in screen_text(app), pilot)
        await pilot.press("n")
        await until(lambda: app.screen is screen, pilot)
        await pilot.press("X")
        await until(lambda: ran == ['PAUSE "app"', 'RESUME "app"'], pilot)
        await until(lambda: screen.pooler is not None and screen.pooler.pending is None, pilot)
        await until(lambda: "gives it up" not in screen_text(app), pilot)


async def test_production_wants_its_name_typed(world: PooledWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    async with pgbouncer(world, name="prod") as (app, pilot, _):
        await opens(app, pilot, ChooseDialog, "x")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, ConfirmDialog) and "Type prod to confirm" in screen_text(app), pilot)


async def test_nothing_is_changed_on_a_read_only_target(world: PooledWorld) -> None:
    async with pgbouncer(world, read_only=True) as (app, pilot, _):
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, FailureDialog) and "is read-only in this" in screen_text(app), pilot)


async def test_nothing_is_changed_where_the_configuration_locks_it(world: PooledWorld) -> None:
    world.signals = False
    async with pgbouncer(world) as (app, pilot, _):
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, FailureDialog) and "signals = false" in screen_text(app), pilot)


async def test_who_may_only_look_is_offered_no_command(world: PooledWorld) -> None:
    world.pgbouncer.user = "stats"
    async with pgbouncer(world) as (app, pilot, screen):
        assert "as stats (looks only)" in screen_text(app)
        assert "x command" not in screen_text(app).splitlines()[-1]
        await pilot.press("x")
        assert app.screen is screen
        await pilot.press("o", "down", "enter")
        await until(lambda: isinstance(app.screen, FailureDialog) and "admin_users" in screen_text(app), pilot)


async def test_a_setting_is_changed_after_a_question(world: PooledWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    async def run(target: Target, command: PoolerCommand, password: str | None = None) -> str:
        ran.append(command.text)
        return command.verb

    monkeypatch.setattr(actions, "run", run)
    async with pgbouncer(world) as (app, pilot, screen):
        await pilot.press("o")
        table(screen).select("listen_port")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        await until(lambda: "can't be changed while PgBouncer runs" in screen_text(app), pilot)
        await pilot.press("escape")
        table(screen).select("default_pool_size")
        await opens(app, pilot, SettingDialog, "enter")
        app.screen.query_one(Input).value = "40"
        await opens(app, pilot, ConfirmDialog, "enter")
        await until(lambda: "SET default_pool_size = '40' on staging?" in screen_text(app), pilot)
        await pilot.press("y")
        await until(lambda: ran == ["SET default_pool_size = '40'"], pilot)


# bad days


async def test_a_pooler_that_is_away_keeps_its_last_data_dimmed(world: PooledWorld) -> None:
    async with pgbouncer(world) as (app, pilot, screen):
        assert screen.pooler is not None
        world.pgbouncer.error = Unreachable("PgBouncer at 10.0.0.9:6432: no server answers there")
        await look(world, screen.pooler, pilot)
        await until(lambda: screen.pooler is not None and screen.pooler.error is not None, pilot)
        app.show_state()
        await pilot.pause()
        await until(lambda: "no server answers there ·" in screen_text(app), pilot)
        text = screen_text(app)
        assert "no server answers there ·" in text and "billing" in text and screen.has_class("-stale")
        assert "r retry now" in text.splitlines()[-1]
        world.pgbouncer.error = None
        await pilot.press("r")
        await until(lambda: screen.pooler is not None and screen.pooler.error is None, pilot)
        app.show_state()
        assert not screen.has_class("-stale")


async def test_the_pooler_is_there_while_the_server_is_not(world: PooledWorld) -> None:
    world.failing = Unreachable("staging: no server answers there")
    async with world.console("staging", entries=SCREENS) as (app, pilot):
        await until(lambda: app.connection.state is ConnectionState.FAILED, pilot)
        await until(lambda: "pool app/rw saturated" in screen_text(app), pilot)


async def test_a_password_is_asked_for_by_a_key(world: PooledWorld) -> None:
    world.pgbouncer.error = PasswordNeeded("PgBouncer at 10.0.0.9:6432: the password was refused", hint="see ~/.pgpass")
    async with pgbouncer(world) as (app, pilot, screen):
        await until(lambda: "the password was refused" in screen_text(app), pilot)
        assert "see ~/.pgpass" in screen_text(app)
        await opens(app, pilot, PasswordDialog, "r")
        world.pgbouncer.error = None
        app.screen.query_one(Input).value = "secret"
        await pilot.press("enter")
        await until(lambda: screen.pooler is not None and screen.pooler.sample is not None, pilot)
        assert world.pgbouncer.password == "secret" and "secret" not in screen_text(app)


async def test_a_version_never_seen_shows_what_it_has(world: PooledWorld) -> None:
    world.pgbouncer.said = {
        **SAID, "VERSION": ShowResult(("version",), (("PgBouncer 3.0",),)),
        "POOLS": ShowResult(("database", "user", "cl_waiting", "mood"), (("app", "rw", 2, "sleepy"),)),
        "STATE": ShowResult(("key", "value"), (("active", "no"), ("paused", "yes"))),
        "PEERS": ShowResult(("peer_id", "host"), ((1, "db2"),))}
    async with pgbouncer(world, (200, 40)) as (app, pilot, _):
        text = screen_text(app)
        assert "PgBouncer 3.0" in text and "sleepy" in text and "mood" in text
        assert "the whole pooler is paused: 2 clients waiting" in text
        await pilot.press("p")
        await until(lambda: "db2" in screen_text(app), pilot)
        del world.pgbouncer.said["LISTS"]
        await pilot.press("i")
        await until(lambda: "this version of PgBouncer does not know it" in screen_text(app), pilot)


async def test_hostile_names_draw_nothing_but_text(world: PooledWorld) -> None:
    pools = SAID["POOLS"]
    world.pgbouncer.said = {**SAID, "POOLS": replace(pools, rows=tuple(
        (name, f"{name}{index}", *pools.rows[0][2:]) for index, name in enumerate(HOSTILE)))}
    async with pgbouncer(world) as (app, _, screen):
        assert len(table(screen).table.rows) == len(HOSTILE)
        assert "\x1b" not in screen_text(app) and "[bold]not" in screen_text(app)


@pytest.mark.parametrize("pooled", [False, True])
async def test_without_one_it_says_what_to_configure(world: PooledWorld, pooled: bool) -> None:
    world.is_configured = False
    world.info = replace(world.info, is_pooled=pooled, host="db7", port=6543)
    async with pgbouncer(world) as (app, pilot, _):
        await until(lambda: "No PgBouncer is configured for staging." in screen_text(app), pilot)
        text = screen_text(app)
        assert "[targets.staging]" in text
        assert ('pgbouncer = "host=db7 port=6543 dbname=pgbouncer user=stats"' in text) is pooled
        assert ("goes through a pooler, at db7:6543" in text) is pooled


async def test_activity_names_the_true_client(world: PooledWorld) -> None:
    async with pgbouncer(world) as (app, pilot, screen):
        watch = screen.pooler
        assert watch is not None
        await pilot.press("4")
        await until(lambda: watch.sample is not None and watch.sample.clients is not None, pilot)

        def named() -> bool:
            world.clock.advance(2.0)
            return "10.0.4.7:51234" in screen_text(app)

        await until(named, pilot)
        await pilot.press("b")
        await until(lambda: "client (true, behind pgbouncer" in screen_text(app), pilot)
        assert "10.0.4.7:51234 (pool app/rw)" in screen_text(app)
