"""The state of the Statements screen, without a terminal: what keys are about, and what is kept of it."""

from __future__ import annotations

from array import array

from console.sql.mark import marked
from console.statements import counters
from console.statements.records import Ranked, SlowStatement
from console.ui.screens.statements import views
from console.ui.screens.statements.state import StatementsState
from console.view.statements.ranking import GROUPINGS, WINDOWS
from console.view.table import plain
from tests.support import statements as build

USAGE = counters.usage(array("d", [0.0] * len(counters.NAMES)))


def ranked(*ids: int) -> Ranked:
    keys = tuple(build.key(number) for number in ids)
    return Ranked(keys, keys, USAGE, 0.5)


def test_keys_are_about_the_pane_else_the_row_but_never_about_a_sum() -> None:
    state = StatementsState()
    row = ranked(1, 2)
    assert state.subject(None) is None and state.subject(row) == row.keys
    state.grouping = "database"
    assert state.subject(row) is None  # it sums up a database
    state.select(ranked(3).keys)
    assert state.subject(row) == ranked(3).keys
    state.leave()
    state.grouping = "shape"
    assert state.subject(row) == row.keys


def test_a_statement_without_a_number_is_nothing_to_act_on() -> None:
    state = StatementsState()
    hidden = build.key(None)
    assert state.subject(Ranked((hidden,), (hidden,), USAGE, 0.5)) is None


def test_among_slow_ones_keys_are_about_a_slow_one() -> None:
    state = StatementsState()
    state.shows_slow = True
    slow: SlowStatement = SlowStatement(build.slow_session(), 12.0, (), is_over=False)
    assert state.subject(ranked(1)) is None and state.subject(slow) is slow
    state.slow_statement = slow
    assert state.subject(None) is slow


def test_another_statement_forgets_the_text_of_the_one_before() -> None:
    state = StatementsState()
    one, two = ranked(1).keys, ranked(2).keys
    assert state.select(one) and not state.select(one)
    state.text, state.is_original = build.text(one[0], "SELECT 1"), True
    assert state.known_text(one) is state.text and state.known_text(two) is None
    assert state.select(two) and state.text is None and not state.is_original


def test_choices_go_round() -> None:
    state = StatementsState()
    seen = []
    for _ in range(len(WINDOWS)):
        seen.append(state.window)
        state.next_window()
    assert sorted(seen) == sorted(WINDOWS) and state.window == seen[0]
    for _ in range(len(GROUPINGS)):
        state.next_grouping()
    assert state.grouping == "statement"
    state.next_columns()
    assert state.columns != "overview"


def test_what_consoles_ask_is_left_out_of_shares_until_it_is_asked_for() -> None:
    state = StatementsState()
    for looks in (1, 2):
        state.journal.take([build.entry(number, calls=looks, exec_ms=each_ms * looks)
                            for number, each_ms in ((1, 10.0), (2, 90.0))], build.standing(2.0 * looks))
    assert state.lacks_own(0.0)
    state.take_own([build.key(2)], 0.0)
    assert not state.lacks_own(0.0)
    state.figure("", "total_ms", descending=True)
    assert state.ranking is not None and [(row.keys[0].query_id, row.share) for row in state.ranking.rows] == [(1, 1.0)]
    assert "1 of dbconsole's own left out" in plain(views.note(state))
    state.with_own = True
    state.figure("", "total_ms", descending=True)
    assert [(row.keys[0].query_id, row.share) for row in state.ranking.rows] == [(2, 0.9), (1, 0.1)]
    state.take_texts([build.key(1)], [build.text(build.key(1), marked("SELECT 1"))])
    assert state.own == {build.key(1), build.key(2)}


def test_before_the_first_sample_nothing_is_claimed() -> None:
    state = StatementsState()
    assert views.table(state, None) is None and views.facts(state, None) == [] and views.note(state) == ()
    assert "w shows another" in views.empty(state, None)
