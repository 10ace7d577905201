"""Reading a plan of 1,000 nodes and finding what is wrong with it, and the same of 5,000 nodes drawn as a table."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from console.plans.findings import analyse
from console.plans.parse import parse
from console.view.plans import tree as view
from tests.bench.measure import Figure, alternating
from tests.plans.made import document, node
from tests.support.servers import Servers

RUNS = 15


def run(servers: Servers) -> Sequence[Figure]:
    thousand, five = written(1000), written(5000)
    found = analyse(parse(five))

    def of(work: Callable[[], object]) -> Callable[[], float]:
        def measured() -> float:
            started = time.perf_counter()
            work()
            return (time.perf_counter() - started) * 1000
        return measured

    whole, floor, many, drawn = alternating(
        RUNS, of(lambda: analyse(parse(thousand))), of(lambda: json.loads(thousand)), of(lambda: analyse(parse(five))),
        of(lambda: view.tree(found)))
    return (Figure("plan of 1,000 nodes: parse and findings", whole, None, "ms", 50, f"json.loads {floor:.1f} ms"),
            Figure("plan of 5,000 nodes: parse and findings", many, None, "ms", 300),
            Figure("plan of 5,000 nodes: its table", drawn, None, "ms", 200))


def written(nodes: int) -> str:
    """A plan as EXPLAIN (ANALYZE, VERBOSE, BUFFERS, WAL) writes it: joins, sorts, subplans, CTEs, with findings."""
    blocks = {f"{place} {what} Blocks": 10 for place in ("Shared", "Local") for what in (
        "Hit", "Read", "Dirtied", "Written")} | {"Temp Read Blocks": 1, "Temp Written Blocks": 1}
    common: dict[str, Any] = {"Parallel Aware": False, "Async Capable": False, "Output": ["a.id", "a.note", "b.amount"],
                              **blocks, "WAL Records": 0, "WAL FPI": 0, "WAL Bytes": 0}
    parts = []
    for number in range(nodes // 5):
        scan = node("Seq Scan", ms=3.0, rows=5, plan_rows=900, **common, **{
            "Parent Relationship": "Outer", "Schema": "public", "Relation Name": f"t{number}", "Alias": "a",
            "Filter": "((a.status = 'open'::text) AND (a.created > '2026-01-01'::date) AND (a.id > $0))",
            "Rows Removed by Filter": 200_000})
        inner = node("Index Scan", ms=0.001, rows=1, loops=5000, **common, **{
            "Parent Relationship": "Inner", "Relation Name": "b", "Alias": "b", "Index Name": "b_pkey",
            "Index Cond": "(b.id = a.id)"})
        join = node("Nested Loop", ms=8.5, rows=5000, **common, plans=[scan, inner], **{
            "Parent Relationship": "Outer", "Join Type": "Inner"})
        sort = node("Sort", ms=9.5, rows=5000, **common, plans=[join], **{
            "Parent Relationship": "Member", "Sort Key": ["a.note", "b.amount DESC"], "Sort Method": "external merge",
            "Sort Space Used": 4096, "Sort Space Type": "Disk"})
        parts += [sort, node("CTE Scan", ms=0.1, **common, **{"Parent Relationship": "Member", "CTE Name": "c"})]
    cte = node("Result", ms=1.0, **common, **{"Parent Relationship": "InitPlan", "Subplan Name": "CTE c"})
    init = node("Result", ms=0.5, **common, **{
        "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1 (returns $0)"})
    return json.dumps([document(node("Append", ms=10.0 * nodes / 5, plans=[cte, init, *parts]))], indent=2)
