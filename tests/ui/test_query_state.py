"""The state of the Query screen, without a terminal: what is run, its answers, which keys are possible."""

from __future__ import annotations

import pytest

from console.errors import ServerError
from console.server.interactive import Interactive, QueryResult, ResultColumn
from console.server.target import Target
from console.sql.statements import pieces
from console.ui.screens.query import views
from console.ui.screens.query.state import MOST_ROWS, QueryOutcome, QueryState, appended, to_run
from console.view.table import plain

TEXT = "SELECT 1;\n\nSELECT 'a;b';\nSELECT 3"


def outcome(text: str = "SELECT 1", rows: int = 1, *, more: bool = False) -> QueryOutcome:
    found = tuple((str(number),) for number in range(rows))
    made = QueryOutcome(pieces(text)[0], QueryResult("SELECT", (ResultColumn("n", "integer"),), found, more=more,
                                                     elapsed_ms=1.0), more=more)
    made.take(found)
    return made


def texts(selection: tuple[int, int], cursor: int = 0) -> tuple[list[str], int]:
    found, base = to_run(TEXT, selection, cursor)
    return [piece.text for piece in found], base


def test_the_statement_under_the_cursor_is_run_else_what_is_selected() -> None:
    place = TEXT.index("'a;b'")
    assert texts((place, place), place) == (["SELECT 'a;b'"], 0)
    selected = (TEXT.index(";\n\n") + 1, len(TEXT))
    assert texts(selected) == texts(selected[::-1]) == (["SELECT 'a;b'", "SELECT 3"], TEXT.index("SELECT 'a"))
    assert texts((9, 11), 0) == (["SELECT 1"], 0)  # white space is no selection
    assert to_run("  ", (0, 0), 0) == ((), 0)


def test_the_place_of_an_error_in_a_selection_is_that_of_the_text() -> None:
    text = "SELECT 1;\n  SELEC 2"
    found, base = to_run(text, (9, len(text)), 0)
    assert text[base + found[0].offset:] == "SELEC 2"


@pytest.mark.parametrize("before, after", [
    ("", "SELECT 2"), ("SELECT 1", "SELECT 1;\n\nSELECT 2"), ("SELECT 1;\n\n", "SELECT 1;\n\nSELECT 2")])
def test_sql_from_elsewhere_is_a_statement_of_its_own(before: str, after: str) -> None:
    assert appended(before, "SELECT 2") == after


def test_another_answer_is_shown_and_ends_the_reading_of_those_before() -> None:
    state = QueryState()
    first, second = outcome(more=True), outcome()
    state.add(first)
    assert state.outcome is first and first.more
    state.add(second)
    assert state.outcome is second and first.is_given_up and not first.more and not second.is_given_up
    state.move_tab(1)
    assert state.outcome is first
    state.activate(7)
    assert state.outcome is first
    assert "another statement ended the reading" in plain(views.note(first))
    state.begin()
    assert state.outcome is None and "no statement has been run" in plain(views.note(None))


def test_more_rows_are_wanted_until_as_many_are_held_as_may_be() -> None:
    state = QueryState()
    state.add(outcome(more=True))
    assert not state.wants_more  # there is no connection that could have them
    state.sql = Interactive(Target(name="t"))
    assert state.wants_more
    state.running = pieces("SELECT 2")[0]
    assert not state.wants_more
    state.running = None
    state.add(outcome(rows=MOST_ROWS, more=True))
    assert state.outcome is not None and state.outcome.is_full and not state.wants_more


def test_which_keys_are_possible() -> None:
    state = QueryState()
    possible = {action for action in ("cancel", "run", "mode", "end", "edit", "move_tab", "export")
                if state.can(action, is_editing=True)}
    assert possible == {"run", "mode"}
    state.add(outcome())
    assert state.can("export", is_editing=False) and not state.can("export", is_editing=True)
    assert state.can("edit", is_editing=False) and not state.can("move_tab", is_editing=False)
    state.add(outcome())
    assert state.can("move_tab", is_editing=False)
    state.running = pieces("SELECT 2")[0]
    assert state.can("cancel", is_editing=True) and not any(
        state.can(action, is_editing=True) for action in ("run", "run_all", "mode", "end", "limit"))


def test_nothing_would_be_lost_without_a_transaction_of_ones_own() -> None:
    state = QueryState()
    assert state.lost_if_left is None
    state.sql = Interactive(Target(name="t"))
    assert state.lost_if_left is None and state.transaction == "none"


def test_an_error_is_said_with_its_place_and_what_was_left_alone() -> None:
    failed = QueryOutcome(pieces("SELECT 1\nFORM x")[0], not_run=2, error=ServerError(
        "t: syntax error", sqlstate="42601", position=10, hint="a hint"))
    lines = [plain(line) for line in views.messages(failed)]
    assert lines[0] == "t: syntax error" and "SQLSTATE 42601" in lines and "2 statements after it not run" in lines
    assert any("FORM x" in line for line in lines) and failed.title == "error"
    assert QueryOutcome(pieces("SELECT 1")[0]).title == "cancelled" and views.messages(None) == []
