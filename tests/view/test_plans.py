"""Plans as text and tables: what stands where, at which width, and what is never drawn."""

from __future__ import annotations

import json

import pytest

from console.plans.compare import compare
from console.plans.findings import analyse
from console.plans.parse import parse
from console.plans.records import Analysis
from console.view.plans import tree as view
from console.view.table import plain
from tests.plans.made import document, node

SCAN = node("Seq Scan", ms=20.6, rows=12480, plan_rows=12480, **{
    "Parent Relationship": "Outer", "Schema": "public", "Relation Name": "events", "Alias": "events",
    "Shared Hit Blocks": 1204})
SORT = node("Sort", ms=21.0, rows=10, plan_rows=12480, plans=[SCAN], **{
    "Parent Relationship": "Outer", "Sort Key": ["((embedding <-> '[1,2]'::vector))"],
    "Sort Method": "top-N heapsort", "Sort Space Used": 26, "Sort Space Type": "Memory", "Shared Hit Blocks": 1204})
LIMIT = node("Limit", ms=21.0, rows=10, plan_rows=10, plans=[SORT], **{"Shared Hit Blocks": 1204})


def of(root: dict[str, object], **top: object) -> Analysis:
    return analyse(parse(json.dumps(document(root, **top))))  # type: ignore[arg-type]


def test_the_plan_of_the_sketch() -> None:
    assert view.text(of(LIMIT), 110).splitlines() == [
        "Verdict: Ran in 21 ms, 10 rows; Seq Scan on events took 97.6 %. Nothing stands out.",
        "",
        "node                     rows (planned)   time  self              loops    buffers  notes",
        "Limit                           10 (10)  21 ms               0 %      1",
        "└ Sort                      10 (12 480)  21 ms  ▎            2 %      1             top-N heapsort 26 kB",
        "  └ Seq Scan on events  12 480 (12 480)  21 ms  █████████▊  98 %      1  1 204 hit",
        "",
        "planning: 0.1 ms",
        "execution: 21 ms",
        "blocks: 1 204 (9.4 MB), 100 % in cache",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_lines_fit(width: int) -> None:
    for shown in (view.text(of(LIMIT), width), view.text(of(LIMIT), width, unicode=False)):
        assert all(len(line) <= width for line in shown.splitlines())
        assert "Seq Scan" in shown and "98 %" in shown


def test_without_unicode_there_is_none() -> None:
    shown = view.text(of(LIMIT), unicode=False)
    assert shown.isascii() and "`-Seq Scan on events" in shown.replace("`- ", "`-") and "##########" in shown


def test_rows_carry_what_a_screen_needs() -> None:
    found = of(LIMIT)
    table = view.tree(found)
    assert [row.key for row in table.rows] == ["0", "1", "2"]
    assert [row.record.kind for row in table.rows] == ["Limit", "Sort", "Seq Scan"]
    share = table.rows[2].cells[3]
    assert share.tone == "critical" and share.order == pytest.approx(20.6 / 21.1)
    assert plain(view.verdict(found)).startswith("Verdict: Ran in")
    words = "\n".join(plain(pair) for pair in view.detail(found.plan.nodes[1]))
    assert "Sort Key: ((embedding <-> '[1,2]'::vector))" in words and "0.4 ms of its own" in words


def test_not_run_and_never_executed_and_without_times() -> None:
    planned = {key: value for key, value in SCAN.items() if not key.startswith("Actual")}
    shown = view.text(analyse(parse(json.dumps({"Plan": planned}))))
    assert "Not run: cost 10, about 12 480 rows expected" in shown and "cost 10" in shown and "(12 480)" in shown
    never = node("Result", ms=0, rows=0, loops=0, plan_rows=7)
    shown = view.text(of(node("Append", plans=[never])))
    assert "never (7)" in shown
    untimed = {key: value for key, value in SCAN.items() if "Time" not in key}
    assert "Ran without timing, 12 480 rows" in view.text(analyse(parse(json.dumps({"Plan": untimed}))))


def test_averages_over_loops_are_marked() -> None:
    inner = node("Index Scan", rows=2, loops=300, plan_rows=1, **{"Parent Relationship": "Inner"})
    table = view.tree(of(node("Nested Loop", plans=[node("Result"), inner])))
    assert table.rows[2].cells[1].text == "~600 (1/loop)"


def test_a_wide_tree_draws_its_branches() -> None:
    root = node("Append", plans=[node("Gather", plans=[node("Result")]), node("Result"), node("Sort", plans=[
        node("Result"), node("Result")])])
    assert list(view.rails(parse(json.dumps(document(root))))) == [
        "", "├ ", "│ └ ", "├ ", "└ ", "  ├ ", "  └ "]


@pytest.mark.parametrize(("share", "drawn"), [
    (0.0, "          "), (0.001, "▏         "), (0.5, "█████     "), (0.98, "█████████▊"), (1.0, "██████████")])
def test_bars(share: float, drawn: str) -> None:
    assert view.bar(share) == drawn


def test_two_plans_side_by_side() -> None:
    index = {**SCAN, "Node Type": "Index Scan", "Index Name": "events_at", "Actual Total Time": 0.4}
    before = parse(json.dumps(document(LIMIT)))
    after = parse(json.dumps(document(node("Limit", ms=0.5, rows=10, plan_rows=10, plans=[index]))))
    compared = compare(before, after)
    table = view.comparison_table(compared)
    assert [(row.cells[0].text.strip("└ "), row.cells[1].text) for row in table.rows] == [
        ("Limit", ""), ("Index Scan using events_at on events", "replaced"), ("Sort", "gone")]
    words = [plain(pair) for pair in view.comparison(compared)]
    assert words[0] == "- execution: 21 ms -> 0.6 ms, 35 times faster"
    assert "- Seq Scan on events -> Index Scan using events_at on events: 21 ms -> 0.4 ms of its own" in words
    assert "- Sort is gone (0.4 ms)" in words


def test_what_was_not_run_read_no_blocks() -> None:
    planned = {key: value for key, value in SCAN.items() if not key.startswith("Actual")} | {"Shared Hit Blocks": 0}
    only = analyse(parse(json.dumps([{"Plan": planned}])))
    assert not only.plan.is_analyzed and "blocks" not in view.text(only)
    changes = compare(of(SCAN).plan, only.plan).changes
    assert changes[0].startswith("only one of the two was run") and not any("blocks" in change for change in changes)


def test_joins_that_swapped_sides_are_matched_by_what_they_read() -> None:
    def scan(name: str, side: str, ms: float) -> dict[str, object]:
        return node("Seq Scan", ms=ms, **{"Relation Name": name, "Alias": name, "Parent Relationship": side})

    plan = parse(json.dumps(document(node("Hash Join", ms=5, plans=[scan("a", "Outer", 1), scan("b", "Inner", 2)]))))
    two = parse(json.dumps(document(node("Hash Join", ms=5, plans=[scan("b", "Outer", 2), scan("a", "Inner", 1)]))))
    compared = compare(plan, two)
    assert all(pair.before and pair.after and pair.before.relation == pair.after.relation for pair in compared.pairs)
    assert compared.changes == ("nothing that matters has changed",)
