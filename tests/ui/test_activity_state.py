"""The state of the Activity screen, without a terminal: what it asks for, what it shows, what marks and signals do."""

from __future__ import annotations

import pytest

from console.activity import read
from console.activity.records import Backend, SignalOutcome
from console.server.session import Readings
from console.ui.screens.activity import views
from console.ui.screens.activity.state import VIEWS, ActivityState
from console.view.activity import sessions
from console.view.table import plain
from tests.support.activity import backend, idle
from tests.support.builders import info


def state_of(*backends: Backend) -> ActivityState:
    state = ActivityState()
    state.take(Readings({read.SESSIONS.name: list(backends)}), 0.0)
    return state


def pids(state: ActivityState) -> list[int]:
    return [found.pid for found in state.shown]


def test_each_view_asks_for_its_own_beside_the_sessions() -> None:
    state = ActivityState()
    asked = {}
    for view in VIEWS:
        state.view = view
        first, *others = state.reads(16)
        assert first.query is read.SESSIONS and first.params["with_background"] == (view == "waits")
        asked[view] = {found.query.name for found in others}
    assert asked["sessions"] == set() and asked["waits"] == {read.LOCK_WAITS.name}
    assert asked["blocking"] == {read.PREPARED_HOLDERS.name}
    assert asked["progress"] == {query.name for query in read.PROGRESS} and len(asked["replication"]) == 7
    assert read.WAIT_EVENT_TEXTS in [found.query for found in state.reads(17)]


def test_whoever_is_marked_followed_or_wanted_is_asked_for_though_his_kind_is_hidden() -> None:
    one, two, three = backend(1), idle(2), idle(3)
    state = state_of(one, two, three)
    state.toggle_mark(two)
    state.followed, state.wanted_pid = three, 9
    assert state.reads(18)[0].params["also"] == [2, 3, 9]
    assert pids(state) == [1, 2, 3]
    state.toggle_mark(two)
    assert pids(state) == [1, 3] and state.take_wanted() is None
    state.take(Readings({read.SESSIONS.name: [one, backend(9)]}), 2.0)
    assert (found := state.take_wanted()) is not None and found.pid == 9 and state.take_wanted() is None
    assert state.followed == three  # its pane keeps what it was


def test_a_mark_is_of_one_session_and_goes_with_it() -> None:
    state = state_of(backend(1), backend(2))
    state.toggle_mark(state.backends[0])
    state.take(Readings({read.SESSIONS.name: [backend(1, query_age_s=9.0), backend(2)]}), 2.0)
    assert [found.query_age_s for found in state.marked.values()] == [9.0]  # as it is now
    state.take(Readings({read.SESSIONS.name: [backend(1, backend_start=None), backend(2)]}), 4.0)
    assert not state.marked  # the pid is somebody else's


def test_signals_go_to_the_marked_else_to_the_subject_and_are_remembered() -> None:
    one, two = backend(1), backend(2)
    state = state_of(one, two)
    assert state.to_signal(None) == [] and state.to_signal(two) == [two]
    state.toggle_mark(one)
    assert state.to_signal(two) == [one]
    came = SignalOutcome(1, True, "cancelled")
    state.take_outcomes([one], [came])
    assert state.outcomes == {sessions.key(one): came} and not state.marked


def test_a_session_that_has_ended_is_said_to_be_gone() -> None:
    one = backend(1)
    state = state_of(one)
    assert views.facts(state) == []
    state.selected = one
    assert "gone" not in plain(views.facts(state)[0])
    state.take(Readings({read.SESSIONS.name: [backend(1, backend_start=None)]}), 2.0)
    assert plain(views.facts(state)[0]).startswith("gone: 1 ")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_table_before_and_after_its_first_sample(view: str) -> None:
    state = ActivityState()
    state.view = view  # type: ignore[assignment]
    assert views.table(state, None).empty == "not read yet"
    state.take(Readings({read.SESSIONS.name: [backend(1), backend(2, 1)]}), 0.0)
    assert views.table(state, info()).columns
    assert views.tab_title(state, "blocking") == "b Blocking 1"
