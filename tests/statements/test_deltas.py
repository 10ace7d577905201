"""Differences between looks: gaps where nothing can be said, and never a spike."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.statements import deltas
from console.statements.counters import CALLS, EXEC_MS
from console.statements.deltas import Journal
from console.statements.records import StatementEntry
from tests.support.statements import RESET, entry, key, standing


def calls(journal: Journal, seconds: float | None = None) -> dict[int | None, float] | None:
    found = journal.window(seconds)
    return None if found is None else {of.query_id: array[CALLS] for of, array in found.added.items()}


def looks(*samples: list[StatementEntry], every_s: float = 2.0) -> Journal:
    journal = Journal()
    for number, sample in enumerate(samples):
        journal.take(sample, standing(100 + every_s * number))
    return journal


def test_the_first_look_forms_no_interval() -> None:
    journal = looks([entry(1, 5)])
    assert journal.window() is None and journal.why_anew == "the first sample"
    assert [array[CALLS] for array in journal.since_reset().values()] == [5]


def test_what_was_added() -> None:
    journal = looks([entry(1, 5, 10.0), entry(2, 1)], [entry(1, 8, 16.0), entry(2, 1)])
    window = journal.window()
    assert window is not None and window.seconds == 2.0
    assert {of.query_id: (array[CALLS], array[EXEC_MS]) for of, array in window.added.items()} == {1: (3.0, 6.0)}


def test_a_window_is_as_long_as_was_looked() -> None:
    journal = looks(*[[entry(1, 10 * number)] for number in range(1, 41)])
    assert calls(journal, 60) == {1: 300.0}
    window = journal.window(60)
    assert window is not None and window.seconds == 60.0
    assert calls(journal, 10) == {1: 50.0} and calls(journal) == {1: 10.0}
    short = looks([entry(1, 1)], [entry(1, 3)]).window(60)
    assert short is not None and short.seconds == 2.0


def test_a_statement_that_is_new_has_all_its_calls_in_the_interval() -> None:
    assert calls(looks([entry(1)], [entry(1), entry(2, 7)])) == {2: 7.0}


def test_an_entry_that_was_reset_or_evicted_and_came_again() -> None:
    journal = looks([entry(1, 100, 900.0)], [entry(1, 200, 1800.0)], [entry(1, 3, 27.0)])
    assert calls(journal) == {1: 3.0}
    assert calls(journal, 60) == {1: 3.0}, "its past is not subtracted from another entry"


def test_an_entry_that_went_leaves_no_trace() -> None:
    journal = looks([entry(1), entry(2)], [entry(1), entry(2, 9)], [entry(1, 2)])
    assert calls(journal, 60) == {1: 1.0} and key(2) not in journal


def test_a_reset_of_all_begins_anew() -> None:
    journal = looks([entry(1, 100)], [entry(1, 200)])
    journal.take([entry(1, 2)], standing(104, stats_reset=RESET.replace(hour=12)))
    assert journal.window() is None and journal.why_anew == "the statistics were reset"
    journal.take([entry(1, 5)], standing(106, stats_reset=RESET.replace(hour=12)))
    assert calls(journal) == {1: 3.0} and journal.why_anew is None


@pytest.mark.parametrize(("now_s", "why"), [(102 + 3600, "the sample before is too long ago"),
                                            (90.0, "the server's clock went back")])
def test_a_late_look_and_a_clock_that_went_back_begin_anew(now_s: float, why: str) -> None:
    journal = looks([entry(1, 1)], [entry(1, 2)])
    journal.take([entry(1, 90_000)], standing(now_s))
    assert journal.window() is None and journal.why_anew == why


def test_hidden_statements_share_one_entry_that_adds_nothing_when_it_shrinks() -> None:
    hidden = key(None, 20)
    journal = looks([entry(hidden, 10), entry(hidden, 5)], [entry(hidden, 12), entry(hidden, 5)])
    assert calls(journal) == {None: 2.0}
    journal.take([entry(hidden, 5)], standing(104))
    assert calls(journal) == {None: 0.0}, "which of them was evicted nobody knows"


def test_the_course_of_a_statement() -> None:
    journal = looks([entry(1, 1, 10.0)], [entry(1, 3, 30.0)], [entry(1, 3, 30.0)],
                    [entry(1, 4, 100.0), entry(2, 5, 5.0)])
    assert [(span.calls, span.exec_ms) for span in journal.time_series([key(1)])] == [(2.0, 20.0), (0.0, 0.0),
                                                                                      (1.0, 70.0)]
    assert [span.calls for span in journal.time_series([key(1), key(2)])] == [2.0, 0.0, 6.0]
    assert [span.calls for span in journal.time_series([key(3)])] == [0.0, 0.0, 0.0]


def test_what_is_kept_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deltas, "MOST_KEPT", 50)
    journal = looks(*[[entry(query, number + query) for query in range(20)] for number in range(30)])
    assert len(journal.time_series([key(1)])) == 2
    old = looks(*[[entry(1, number)] for number in range(1, 500)])
    assert len(old.time_series([key(1)])) <= deltas.KEPT_S / 2 + 1


def test_ten_thousand_statements_of_which_one_runs() -> None:
    many = [entry(number, number, 1.0) for number in range(1, 10_001)]
    journal = looks(many, [*many[:6], entry(7, 1000, 9.0), *many[7:]], [*many[:6], entry(7, 1001, 9.5), *many[7:]])
    assert calls(journal) == {7: 1.0}


def test_settings_do_not_begin_anew() -> None:
    journal = looks([entry(1, 1)])
    journal.take([entry(1, 2)], replace(standing(102), evictions=4))
    assert calls(journal) == {1: 1.0}
