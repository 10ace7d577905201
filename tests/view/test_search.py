"""A search in lines and rows: what is loud, what is calm, and two results side by side."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.plans.parse import plan_of
from console.services import UNASSIGNED, Service
from console.vectors.metrics import BY_NAME
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.records import Candidates, Neighbor, SearchResult
from console.view.table import plain
from console.view.vectors import search as view
from tests.ui.test_vectors import index
from tests.view.test_vectors import column, result

PLAN = plan_of({"Plan": {"Node Type": "Limit"}})
SHORT = Reason("filtered-afterwards", "short", "the filter rejected 39 of 40", "SET x")


def said(found: SearchResult) -> str:
    return plain(view.verdict(found, (index(name="i"),), "40", "1"))


def searched(keys: str, **changes: object) -> SearchResult:
    return replace(result(keys), **{"warnings": (), "plan": PLAN} | changes)  # type: ignore[arg-type]


def test_the_verdict_names_index_and_setting() -> None:
    assert said(searched("123")) == "3 of 3 rows in 1.0 ms through i (hnsw, ef_search 40)"
    assert said(searched("123", index_used=None)) == "3 of 3 rows in 1.0 ms by an exact search"
    assert "reading the plan" in said(replace(searched("123"), plan=None))


def test_too_few_rows_are_loud_through_an_index_and_calm_after_an_exact_search() -> None:
    few = searched("1", reasons=(SHORT,), warnings=("1 of 3 rows: the index gave 40", SHORT.sentence))
    assert said(few).startswith("ONLY 1 of 3 rows: the filter rejected 39 of 40 · 1.0 ms through i")
    assert view.verdict(few, (), None, None)[0][1] == "critical"
    assert view.notes(few) == []  # the verdict says it
    all_there_are = searched("", index_used=None, warnings=("0 of 3 rows: the table has no more that fit",))
    assert said(all_there_are).startswith("NO ROWS, 3 asked for: the table has no more that fit")
    assert view.verdict(all_there_are, (), None, None)[0][1] == "warning"
    assert view.notes(all_there_are) == []


@pytest.mark.parametrize(("outcome", "tone"), [("cost", ""), ("ineligible", "warning")])
def test_an_exact_search_by_choice_is_nothing_to_mend(outcome: str, tone: str) -> None:
    verdict = IndexVerdict(outcome, "so it is", None, (Reason("r", "cost", "few rows", "SET y"),))  # type: ignore[arg-type]
    notes = view.notes(searched("123", index_used=None, verdict=verdict, warnings=("not used: so it is",)))
    assert [note_tone for _, note_tone in notes] == [tone]


def test_candidates_are_told_where_they_were_counted() -> None:
    assert view.candidates(searched("1")) == ""
    assert view.candidates(searched("1", candidates=Candidates("i", 1, 39))) == \
        "the index gave 40 candidates, the filter rejected 39"
    assert view.candidates(searched("1", candidates=Candidates("i", 3, 0))).endswith("none was rejected")


def test_rows() -> None:
    table = view.results_table(replace(searched("12"), hits=(
        Neighbor(1, 0.25, ("1",), ("1", "t", None)), Neighbor(2, float("nan"), ("2",), ("2", None, "x")),
        Neighbor(3, None, (), ("3", None, "x")))))
    assert [column.title for column in table.columns] == ["#", "distance", "similarity", "id", "flag", "note"]
    first, second, third = table.rows
    assert [cell.text for cell in first.cells][1:3] == ["0.25", "███████▌·· 0.75"] and first.cells[5].text == "NULL"
    assert second.cells[1].tone == "warning" and second.cells[2].text == "-" and third.key == "3"
    assert table.columns[3].align == "right" and table.columns[3].fixed


@pytest.mark.parametrize(("distances", "told"), [((-0.9, -0.25, 0.1), ["0.90", "0.25", "0.00"]),
                                                 ((-7.0, -0.25), ["1.00", "0.56"])])
def test_an_inner_product_of_unit_vectors_is_its_own_similarity(distances: tuple[float, ...], told: list[str]) -> None:
    hits = tuple(Neighbor(rank, distance, (str(rank),), (str(rank), None, None)) for rank,
                 distance in enumerate(distances, 1))
    table = view.results_table(searched("12", hits=hits, metric=BY_NAME["ip"]))
    assert [row.cells[2].text.split()[-1] for row in table.rows] == told


def test_two_results_side_by_side() -> None:
    a, b = searched("123"), searched("314")
    assert "67 % of the rows in common, 2 ranks moved" in plain(view.comparison_line(a, b, "ef 10", "ef 40"))
    rows = {row.cells[5].text: [cell.text for cell in row.cells[:5]] for row in view.comparison_table(a, b).rows}
    assert rows == {"3": ["3", "1", "up 2", "0.3", "0.1"], "1": ["1", "2", "down 1", "0.1", "0.2"],
                    "4": ["-", "3", "new", "-", "0.3"], "2": ["2", "-", "gone", "0.2", "-"]}


def test_columns_to_choose_from() -> None:
    table = view.columns_table([column("b", is_readable=False), column("a", dimensions=None, comment="of titles")],
                               [Service(name="one", schemas=("a",))], "none")
    assert [[cell.text for cell in row.cells][:3] for row in table.rows] == [
        ["one", "a.t.v", "vector, no dim."], [UNASSIGNED, "b.t.v (no right)", "vector(3)"]]
    assert table.rows[0].search == "of titles"
