"""Screen 4 on a fake server: its views, one session in full, marks and signals, and what goes wrong.

What signals do to sessions: tests/live.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from console.activity.records import (
    CommandProgress,
    HeldLock,
    PreparedHolder,
    SessionState,
    SessionText,
    Signalled,
    WaitEventText,
)
from console.errors import Denied, Unreachable
from console.metrics.records.replication import WalSender
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.plan_page import PlanPage
from console.ui.screens import ENTRIES
from console.ui.screens.activity.screen import ActivityScreen
from console.ui.screens.activity.signal_dialog import SignalDialog
from console.ui.widgets.code_pane import CodePane
from tests.support.activity import backend, idle, idle_in_transaction
from tests.support.builders import HOSTILE, sessions
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks

SCREENS = tuple(entry for entry in ENTRIES if entry.name in ("overview", "activity"))

EVERYBODY = [
    idle_in_transaction(4711), backend(4802, 4711), backend(4810, 4711, lock_wait_s=31.0, user="billing"),
    backend(4900, application="document-worker", wait_event_type="IO", wait_event="DataFileRead",
            query="SELECT id, body FROM document_store.documents WHERE embedding <=> $1 < 0.2 ORDER BY id LIMIT 10"),
    backend(5001, 0, prepared=["transfer 17"], lock_mode="AccessExclusiveLock", lock_target="public.accounts"),
    idle(6000), idle(6001),
    backend(7, user=None, database=None, application="", client_address=None, client_port=None, state=None,
            backend_type="checkpointer", wait_event_type="Activity", wait_event="CheckpointerMain",
            transaction_age_s=None, query_age_s=None, state_age_s=None, xmin_age=None, query=""),
]


@pytest.fixture
def world() -> World:
    made = World()
    everybody = list(EVERYBODY)

    def asked(params: Any) -> list[Any]:
        return [backend for backend in everybody
                if (backend.state != "idle" or params["with_idle"] or backend.pid in params["also"])
                and (backend.backend_type != "checkpointer" or params["with_background"])]

    made.everybody = everybody  # type: ignore[attr-defined]
    made.answers |= {
        "sessions": asked,
        "session_text": lambda params: [SessionText(backend.query, 1, False) for backend in everybody
                                        if backend.pid == params["pid"]],
        "session_locks": [HeldLock(False, "ShareLock", "transaction 9912", 1, 48.0),
                          HeldLock(True, "RowExclusiveLock", "public.accounts", 1, None)],
        "prepared_holders": [PreparedHolder("transfer 17", "app_rw", "console", 90.0)],
        "wait_event_texts": [WaitEventText("IO", "DataFileRead", "Waiting for a read from a relation data file.")],
        "progress_create_index": [CommandProgress(4900, EVERYBODY[3].backend_start, "create index", "console",
                                           "public.accounts", "building index: scanning table", 250, 1000, "blocks",
                                           "accounts_idx", 12.0)],
        **{f"progress_{name}": [] for name in ("vacuum", "analyze", "cluster", "copy", "base_backup")},
        "wal_senders": [WalSender(9, "replicator", "standby1", "10.0.0.2", "streaming", "async", 0, 4096, 0.001, 0.002,
                                  0.003, None)],
        "wal_receiver": [], "slot_facts": [], "subscriptions": [],
    }
    return made


@asynccontextmanager
async def activity(world: World, size: tuple[int, int] = (120, 36), name: str = "staging", *, read_only: bool = False
                   ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], ActivityScreen]]:
    """The screen with its first sample."""
    async with world.console(name, size=size, entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        app.connection.read_only = read_only
        await pilot.press("4")
        await until(lambda: isinstance(app.screen, ActivityScreen) and app.screen.state.is_filled, pilot)
        screen = app.screen
        assert isinstance(screen, ActivityScreen)
        yield app, pilot, screen


async def as_golden(app: ConsoleApp, pilot: Pilot[int], name: str) -> None:
    """The screen is the golden one, when its header has caught up with the pool."""
    app.show_state()
    await pilot.pause()
    await until_golden(app, pilot, name)


def shown(screen: ActivityScreen) -> list[str]:
    return [row.cells[1].text for row in screen.table.table.rows]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_sessions(world: World, size: tuple[int, int]) -> None:
    async with activity(world, size) as (app, pilot, screen):
        await as_golden(app, pilot, f"activity-{size[0]}x{size[1]}")
        assert shown(screen)[0] == "4711", "the oldest transaction comes first"


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_one_session_in_full(world: World, size: tuple[int, int]) -> None:
    async with activity(world, size) as (app, pilot, screen):
        screen.table.select("4802 2026-03-01 12:20:02+00:00")
        await pilot.press("enter")
        await until(lambda: screen.query_one("#query", CodePane).text != "", pilot)
        await as_golden(app, pilot, f"activity-session-{size[0]}x{size[1]}")
        assert screen.query_one("#query", CodePane).text == "UPDATE accounts\n   SET balance = $1 WHERE id = $2"
        await pilot.press("escape")
        assert screen.state.selected is None and screen.focused is screen.table


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
async def test_the_blocking_tree(world: World, size: tuple[int, int]) -> None:
    async with activity(world, size) as (app, pilot, screen):
        await pilot.press("b")
        await until(lambda: screen.state.holders, pilot)
        await as_golden(app, pilot, f"activity-blocking-{size[0]}x{size[1]}")
        await pilot.press("end", "enter")
        assert screen.state.selected is not None or screen.table.row is not None
        await pilot.press("escape", "b")
        assert screen.state.view == "sessions"


async def test_the_other_views(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        await pilot.press("P")
        await until(lambda: screen.state.progress, pilot)
        assert "building: scanning table" in screen_text(app) and "████····" in screen_text(app)
        await pilot.press("w")
        await until(lambda: "IO:DataFileRead" in screen_text(app), pilot)
        assert "Waiting for a read from" in screen_text(app) and "whole server: " in screen_text(app)
        await pilot.press("l")
        await until(lambda: screen.state.replication, pilot)
        assert "└ standby1  10.0.0.2" in screen_text(app) and "4.0 kB" in screen_text(app)
        await pilot.press("escape")
        assert screen.state.view == "sessions" and screen.focused is screen.query_one("#sessions")


async def test_one_round_trip_a_refresh(world: World) -> None:
    async with activity(world) as (app, pilot, _):
        before = len(world.pool.only.asked)
        await ticks(world, app, pilot)
        await until(lambda: "sessions" in world.pool.only.asked[before:], pilot)
        own = [name for name in world.pool.only.asked[before:] if name in (
            "sessions", "session_text", "session_locks", "prepared_holders", "wal_senders", "progress_copy")]
        assert own == ["sessions"], "views that are not shown are not read, and no text but what is looked at"


async def test_idle_and_background_come_and_go(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        assert not {"6000", "7"} & set(shown(screen))
        await pilot.press("i")
        await until(lambda: "6000" in shown(screen), pilot)
        await pilot.press("I")
        await until(lambda: "7" in shown(screen), pilot)
        assert "checkpointer" in screen_text(app)
        await pilot.press("i", "I")
        await until(lambda: not {"6000", "7"} & set(shown(screen)), pilot)


async def test_a_followed_session_stays_when_it_goes_idle_and_when_it_is_gone(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        screen.table.select("4900 2026-03-01 12:21:40+00:00")
        await pilot.press("f")
        await until(lambda: screen.query_one("#query", CodePane).text.startswith("SELECT id, body"), pilot)
        everybody = world.everybody  # type: ignore[attr-defined]
        everybody[3] = replace(everybody[3], state="idle", transaction_age_s=None, query_age_s=None)
        await pilot.press("home")
        await ticks(world, app, pilot)
        await until(lambda: "4900 app_rw document-worker" in screen_text(app) and "idle for" in screen_text(app), pilot)
        del everybody[3]
        await ticks(world, app, pilot)
        await until(lambda: "gone: 4900 document-worker has ended" in screen_text(app), pilot)
        assert "FROM document_store.documents" in screen_text(app)
        await pilot.press("w")
        await until(lambda: "pid 4900: " in screen_text(app), pilot)
        await pilot.press("escape", "escape", "escape")
        assert screen.state.followed is None


async def test_the_pane_goes_with_the_cursor(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        await pilot.press("enter", "down")
        await until(lambda: screen.state.selected is not None and screen.state.selected.pid == 4802, pilot)
        await until(lambda: "behind 4711 report" in screen_text(app), pilot)


async def test_a_pause_keeps_what_is_shown_but_not_what_is_asked_for(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        await pilot.press("space")
        world.everybody.clear()  # type: ignore[attr-defined]
        world.clock.advance(10)
        await pilot.pause(0.05)
        assert "4711" in shown(screen)
        await pilot.press("enter")
        await until(lambda: "RowExclusiveLock" in screen_text(app), pilot)
        assert "4711" in shown(screen)


def signals(world: World, state: SessionState | None = None) -> list[tuple[str, int]]:
    """Lets the server take signals, after which a session is in `state` (None: gone), and tells which came."""
    came: list[tuple[str, int]] = []

    def take(name: str) -> Any:
        def answer(params: Any) -> list[Signalled]:
            came.append((name, params["pid"]))
            return [Signalled(True, "active")]

        return answer

    def states(params: Any) -> list[SessionState]:
        found = [backend for backend in EVERYBODY if backend.pid in params["pids"]]
        if not came:
            return [SessionState(backend.pid, backend.backend_start, backend.state, backend.backend_start, None, None)
                    for backend in found]
        return [replace(state, pid=backend.pid, backend_start=backend.backend_start)
                for backend in found] if state else []

    world.answers |= {"cancel": take("cancel"), "terminate": take("terminate"), "session_states": states}
    return came


async def test_a_query_is_cancelled_after_a_question(world: World, own_state: Path) -> None:
    came = signals(world, SessionState(0, None, "idle", None, None, None))
    async with activity(world) as (app, pilot, screen):
        screen.table.select("4802 2026-03-01 12:20:02+00:00")
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, SignalDialog), pilot)
        await as_golden(app, pilot, "activity-cancel-120x36")
        await pilot.press("n")
        await until(lambda: app.screen is screen, pilot)
        assert came == []
        await pilot.press("c", "y")
        await until(lambda: came == [("cancel", 4802)], pilot)
        await until(lambda: "4802: its query is cancelled, the session is idle" in screen_text(app), pilot)
    events = [json.loads(line) for line in (own_state / "audit.jsonl").read_text().splitlines()]
    assert [(event["event"], event["action"], event["pid"], event["target"]) for event in events] == [
        ("asked", "cancel", 4802, "staging"), ("done", "cancel", 4802, "staging")]


async def test_several_are_terminated_by_their_marks(world: World) -> None:
    came = signals(world)
    async with activity(world) as (app, pilot, screen):
        await pilot.press("home", "m", "m", "x")
        await until(lambda: isinstance(app.screen, SignalDialog), pilot)
        assert "Terminate 2 sessions on staging?" in screen_text(app)
        await pilot.press("c", "x", "y")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        assert sorted(came) == [("terminate", 4711), ("terminate", 4802)]
        assert screen_text(app).count("the session has ended") == 2
        assert screen.state.marked == {}


async def test_a_refusal_of_the_servers_is_said(world: World) -> None:
    signals(world)
    world.answers["terminate"] = Denied("permission denied to terminate process",
                                        detail="Only roles with privileges of pg_signal_backend may.")
    async with activity(world) as (app, pilot, _):
        await pilot.press("home", "x", "y")
        await until(lambda: isinstance(app.screen, DetailDialog), pilot)
        assert "the server refused: permission denied" in screen_text(app) and "pg_signal" in screen_text(app)


async def test_nobody_is_signalled_on_a_read_only_target(world: World) -> None:
    came = signals(world)
    async with activity(world, read_only=True) as (app, pilot, _):
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "read-only" in screen_text(app) and "W unlocks" in screen_text(app)
    assert came == []


async def test_a_sessions_statement_is_taken_to_its_plan_and_to_statements(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        handed: list[tuple[str, object]] = []
        app.hand_over = lambda name, subject: handed.append((name, subject))  # type: ignore[method-assign]
        screen.table.select("4802 2026-03-01 12:20:02+00:00")
        await pilot.press("o")
        await until(lambda: handed == [("statements", 1)], pilot)
        await pilot.press("p")
        await until(lambda: isinstance(app.screen, PlanPage), pilot)
        assert isinstance(app.screen, PlanPage) and app.screen.request is not None
        assert app.screen.request.statement.startswith("UPDATE accounts") and app.screen.request.generic


async def test_nor_where_the_configuration_forbids_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with activity(world) as (app, pilot, _):
        assert app.connection.target is not None
        app.connection.target = replace(app.connection.target, allows_signals=False)
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "signals = false in [targets.staging]" in screen_text(app)


async def test_production_is_terminated_by_its_name_alone(world: World) -> None:
    came = signals(world)
    async with activity(world, name="prod") as (app, pilot, _):
        await pilot.press("home", "x")
        await until(lambda: isinstance(app.screen, SignalDialog), pilot)
        await pilot.press("y", "enter")
        assert isinstance(app.screen, SignalDialog) and came == []
        await pilot.press(*"prod", "enter")
        await until(lambda: came == [("terminate", 4711)], pilot)


async def test_without_the_audit_log_nothing_is_signalled(world: World, own_state: Path) -> None:
    came = signals(world)
    (own_state / "audit.jsonl").mkdir(parents=True)
    async with activity(world) as (app, pilot, _):
        await pilot.press("home", "x", "y")
        await until(lambda: isinstance(app.screen, FailureDialog), pilot)
        assert "audit log can't be written" in screen_text(app)
    assert came == []


async def test_hostile_text_is_harmless(world: World) -> None:
    everybody = world.everybody  # type: ignore[attr-defined]
    everybody[:] = [backend(100 + number, *([100] if number else []), user=name, application=name, database=name,
                            query=name, lock_target=name if number else None)
                    for number, name in enumerate(HOSTILE)]
    world.answers["session_locks"] = [HeldLock(True, name, name, 1, None) for name in HOSTILE]
    async with activity(world, (120, 60)) as (app, pilot, _):
        for key in ("enter", "down", "down", "escape", "b", "enter", "escape", "b", "home", "down", "x"):
            await pilot.press(key)
            await pilot.pause()
            assert not [text for text in screen_text(app) if text != "\n" and not text.isprintable()]
        assert "[/x] [bold]not" in screen_text(app)


async def test_a_server_that_refuses_the_view_says_why(world: World) -> None:
    world.answers["sessions"] = Denied("permission denied for view pg_stat_activity", hint="GRANT pg_monitor")
    async with activity(world) as (app, pilot, screen):
        assert "permission denied for view pg_stat_activity" in screen_text(app)
        await pilot.press("c", "x", "m", "f", "enter", "b", "w", "P", "l")
        assert app.screen is screen


async def test_the_last_data_stays_while_the_server_is_away(world: World) -> None:
    async with activity(world) as (app, pilot, screen):
        world.pool.fail(Unreachable("staging: the connection was lost"))
        await ticks(world, app, pilot)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        assert "4711" in shown(screen)
        world.pool.recover()
        await pilot.press("r")
        await until(lambda: app.connection.state is ConnectionState.LIVE, pilot)


async def test_five_thousand_sessions(world: World) -> None:
    world.everybody[:] = [backend(pid) for pid in range(1, 5001)]  # type: ignore[attr-defined]
    world.answers["session_counts"] = [sessions(connections=5000, active=5000)]
    async with activity(world) as (_, pilot, screen):
        assert len(screen.table.table.rows) == 5000
        await pilot.press("end", "slash", *"pid:4999")
        await until(lambda: shown(screen) == ["4999"], pilot)




async def test_what_was_never_read_is_not_said_to_be_well(world: World) -> None:
    async with world.console(entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        world.pool.fail(Unreachable("staging: the connection was lost"))
        world.clock.advance(2)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        await pilot.press("4")
        await until(lambda: isinstance(app.screen, ActivityScreen) and app.screen.is_ready, pilot)
        for key in ("", "b", "P", "w", "l"):
            await pilot.press(*key)
            await until(lambda: "not read yet" in screen_text(app), pilot)
            assert "Sessions  b Blocking" in screen_text(app) and "nobody" not in screen_text(app)


async def test_what_is_asked_for_while_it_is_lost_is_tried_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with activity(world) as (app, pilot, screen):
        world.pool.fail(Unreachable("staging: the connection was lost"))
        world.clock.advance(2)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        tried, session = [], app.connection.session
        monkeypatch.setattr(app.connection, "session", lambda: (tried.append(1), session())[1])
        screen.refresh_now()
        for _ in range(50):
            await pilot.pause()
        assert len(tried) == 1


async def test_a_finding_leads_to_the_view_or_the_session_that_it_is_about(world: World) -> None:
    async with world.console(entries=SCREENS) as (app, pilot):
        await live(app, pilot)
        app.hand_over("activity", ("replication", None))
        await until(lambda: isinstance(app.screen, ActivityScreen) and app.screen.state.view == "replication", pilot)
        app.hand_over("activity", ("replication", None))
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ActivityScreen) and screen.state.view == "replication", "the same again stays there"
        app.hand_over("activity", 4711)
        await until(lambda: screen.state.selected is not None and screen.state.selected.pid == 4711, pilot)
