"""Sorting and summing up."""

from __future__ import annotations

import pytest

from console.statements import counters
from console.statements.ranking import FIGURES, rank
from tests.support.statements import entry, key

FIGURES_OF = {key(number, 10 + number % 2): counters.parse(statement_entry.counters) for number, statement_entry in (
    (1, entry(1, 10, 100.0, shared_hit=9, shared_read=1)), (2, entry(2, 1, 700.0)), (3, entry(3, 100, 200.0)))}


def order(by: str | None, *, descending: bool = True, **words: object) -> list[int | None]:
    return [row.keys[0].query_id for row in rank(
        FIGURES_OF, by=by, descending=descending, limit=10, **words).rows]  # type: ignore[arg-type]


def test_by_any_figure() -> None:
    assert order("total_ms") == [2, 3, 1] and order("calls") == [3, 1, 2]
    assert order("mean_ms") == [2, 1, 3] and order("mean_ms", descending=False) == [3, 1, 2]
    assert order("hit_percent")[0] == 1, "what has no figure comes last"
    assert order("hit_percent", descending=False)[0] == 1
    assert order(None) == [1, 2, 3]
    assert order("user", descending=False, word=lambda of: str(of.user_id)) == [2, 1, 3]


@pytest.mark.parametrize("by", sorted(FIGURES))
def test_every_figure_can_be_sorted_by(by: str) -> None:
    assert sorted(number or 0 for number in order(by)) == [1, 2, 3]


def test_shares_are_of_all_time_whatever_is_shown() -> None:
    some = {of: array for of, array in FIGURES_OF.items() if of.query_id != 2}
    ranking = rank(some, by="total_ms", descending=True, limit=1, among=FIGURES_OF)
    assert [row.share for row in ranking.rows] == [0.2] and ranking.number == 2
    assert (ranking.total_ms, ranking.shares) == (1000.0, [0.7, 0.2, 0.1])


def test_summed_up() -> None:
    ranking = rank(FIGURES_OF, by="calls", descending=True, limit=10, group=lambda of: of.user_id)
    assert [(row.name, len(row.keys), row.usage.calls) for row in ranking.rows] == [(11, 2, 110.0), (10, 1, 1.0)]


def test_nothing() -> None:
    ranking = rank({}, by="total_ms", descending=True, limit=10)
    assert (list(ranking.rows), ranking.number, ranking.total_ms, list(ranking.shares)) == ([], 0, 0.0, [])
