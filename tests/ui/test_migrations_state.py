"""What can be done where on screen 3, without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from console.errors import ConsoleError
from console.migrate.frameworks.records import ForeignLedger, LedgerEntry
from console.migrate.overview import Overview
from console.migrate.records import MigrationState, RunRange, ServiceStatus, State
from console.services import Service
from console.ui.screens.migrations.screen import MigrationsScreen
from console.ui.screens.migrations.state import (
    ACTIONS,
    REPAIRS,
    MigrationsState,
    MigrationSubject,
    Standpoint,
    subjects,
)
from console.view.migrate import services as view

SERVICE = Service(name="shop", schemas=("shop",))


def subject(*states: State) -> MigrationSubject:
    """A service of our own whose migrations 1, 2... are in these states."""
    migrations = tuple(MigrationState("shop", str(number), "x", state, None, None)
                       for number, state in enumerate(states, 1))
    status = ServiceStatus(SERVICE, migrations)
    return MigrationSubject(view.native(status, (), {}), SERVICE, status)


def foreign(up: str | None = None, down: str | None = None, framework: str = "ecto") -> MigrationSubject:
    service = Service(name="crm", schemas=("crm",), framework=framework, up=up, down=down)
    entry = LedgerEntry("crm", ForeignLedger(framework, "crm", "schema_migrations", applied_count=0, is_dirty=False))
    (found,) = subjects(Overview((), (entry,), (), ()), [service], {})
    return found


@pytest.mark.parametrize(("state", "up", "down"), [
    ("applied", False, True), ("pending", True, False), ("failed", True, True), ("changed", False, True),
    ("missing", False, True), ("held", True, False)])
def test_which_states_are_run_and_which_are_rolled_back(state: State, up: bool, down: bool) -> None:
    found = subject(state)
    (line,) = found.line.migrations
    for migration in (None, line):
        place = Standpoint("service", (found,), found, migration)
        assert (ACTIONS["run"](place, "up"), ACTIONS["run"](place, "down")) == (up, down)


def test_every_state_has_its_repairs_and_its_keys() -> None:
    assert REPAIRS.keys() == set(get_args(State))
    of_screen = {binding.action.partition("(")[0] for binding in MigrationsScreen.BINDINGS}  # type: ignore[union-attr]
    assert of_screen == ACTIONS.keys()


def test_one_migration_counts_not_what_is_beside_it() -> None:
    found = subject("applied", "pending")
    first, second = found.line.migrations
    assert found.can_run(None, "up") and found.can_run(None, "down")
    assert (found.can_run(first, "up"), found.can_run(first, "down")) == (False, True)
    assert (found.can_run(second, "up"), found.can_run(second, "down")) == (True, False)


def test_other_frameworks_are_run_by_what_is_configured() -> None:
    assert not foreign().can_run(None, "up")
    only_up = foreign(up="mix ecto.migrate")
    assert only_up.can_run(None, "up") and not only_up.can_run(None, "down")
    assert foreign(framework="alembic").can_run(None, "down")
    stray = MigrationSubject(only_up.line, None, entry=only_up.entry)
    assert not stray.can_run(None, "up"), "a ledger that no service owns can't be run"


def test_how_far_a_run_goes() -> None:
    found = subject("applied", "applied", "pending")
    first, second, third = found.line.migrations
    assert found.range_to(None, "up") == RunRange() and found.range_to(third, "up") == RunRange(to="3")
    assert found.range_to(None, "down") == RunRange(direction="down", steps=1)
    assert found.range_to(second, "down") == RunRange(direction="down", to="1")
    assert found.range_to(first, "down") == RunRange(direction="down", to="0")


def test_nothing_is_begun_while_a_run_goes_on() -> None:
    found = subject("applied", "pending")
    free = Standpoint("service", (found,), found, found.line.migrations[0], has_run=True, tabs=5)
    busy = Standpoint("service", (found,), found, found.line.migrations[0], is_running=True, has_run=True, tabs=5)
    begins = {"run_all", "verify", "verify_all", "verify_pending", "rehearse", "drift", "repair"}
    assert {name for name in begins if ACTIONS[name](free)} == begins
    assert not [name for name in begins if ACTIONS[name](busy)]
    assert not ACTIONS["run"](busy, "down") and ACTIONS["abort"](busy) and not ACTIONS["abort"](free)
    assert all(ACTIONS[name](busy) for name in ("findings", "new", "log", "other_side", "back", "reread"))


def test_on_the_page_of_the_run_there_is_the_way_back() -> None:
    found = subject("pending")
    place = Standpoint("run", (found,), found, None, has_run=True, tabs=4)
    parameters = {"run": ("up",), "move_tab": (1,)}
    assert {name for name in ACTIONS if ACTIONS[name](place, *parameters.get(name, ()))} == {"back", "reread"}


def test_lists() -> None:
    found, other = subject("pending"), foreign(up="x")
    services = Standpoint("services", (found, other), found, tabs=4)
    assert not ACTIONS["repair"](services) and not ACTIONS["back"](services) and not ACTIONS["log"](services)
    assert ACTIONS["back"](Standpoint("services", (found,), found, is_inside=True))
    assert ACTIONS["move_tab"](services, 1)
    assert not ACTIONS["move_tab"](Standpoint("services", (other,), other, tabs=1), 1)
    on_other = Standpoint("services", (found, other), other)
    assert not any(ACTIONS[name](on_other) for name in ("verify", "findings", "new"))
    assert ACTIONS["verify_all"](on_other) and ACTIONS["run"](on_other, "up")
    nothing = Standpoint("services")
    assert not any(ACTIONS[name](nothing) for name in ("run_all", "verify", "verify_all", "drift", "findings", "new"))
    assert not ACTIONS["run"](nothing, "up")


def test_what_was_read(tmp_path: Path) -> None:
    state = MigrationsState()
    assert not state.is_read and state.found == ()
    broken = Service(name="broken", schemas=("broken",), folder=tmp_path)
    state.take(Overview((ServiceStatus(SERVICE, ()),), (), ((broken, ConsoleError("no")),), ()), [SERVICE, broken], {})
    assert state.is_read and [found.line.name for found in state.found] == ["broken", "shop"]
    assert [found.line.name for found in state.own] == ["shop"] and state.unreadable == {"broken"}
