"""What a vector index leaves out, told from plans as PostgreSQL writes them."""

from __future__ import annotations

from typing import Any

import pytest

from console.plans.parse import plan_of
from console.plans.records import Plan
from console.vectors.plan import candidates, index_used
from console.vectors.reasons.short import reasons
from console.vectors.records import VectorIndex, VectorRelationFacts

FACTS = VectorRelationFacts(1, "r", 20_000, 100, 0, False, False, None, None, 0, 20_000, 0, 0.0, 500, 1, 1, 1)
SETTINGS = {"hnsw.ef_search": "40", "hnsw.iterative_scan": "off", "ivfflat.probes": "1",
            "ivfflat.iterative_scan": "off", "hnsw.max_scan_tuples": "20000"}


def index(method: str = "hnsw", **changes: Any) -> VectorIndex:
    given: dict[str, Any] = {
        "oid": 2, "relation_oid": 1, "schema": "s", "relation": "t", "name": "i", "method": method,
        "operator_class": "vector_l2_ops", "operand_type": "vector", "operators": ["<->"], "position": 2,
        "expression": "v", "predicate": None, "is_valid": True, "is_ready": True, "options": [], "size_bytes": 1,
        "tuples_per_page": 1.0, "scans": 0, "is_partitioned": False, "definition": ""}
    return VectorIndex(**given | changes)


def plan(rows: int | None, rejected: int = 0, loops: int = 1) -> Plan:
    scan: dict[str, Any] = {"Node Type": "Index Scan", "Index Name": "i", "Order By": "(v <-> '[1]'::vector)"}
    if rows is not None:
        scan |= {"Actual Rows": rows, "Actual Loops": loops, "Rows Removed by Filter": rejected}
    if rejected:
        scan["Filter"] = "(cat = 1)"
    limit: dict[str, Any] = {"Node Type": "Limit", "Plans": [scan]}
    return plan_of({"Plan": limit | ({} if rows is None else {"Actual Rows": rows, "Actual Loops": 1})})


def rules(document: Plan, wanted: int | None, method: str = "hnsw", has_filter: bool = False,
          facts: VectorRelationFacts = FACTS, **settings: str) -> list[str]:
    chosen = SETTINGS | {name.replace("__", "."): value for name, value in settings.items()}
    return [reason.rule
            for reason in reasons(document, [index(method)], chosen, facts, wanted=wanted, has_filter=has_filter)]


def test_enough_is_nothing_to_tell() -> None:
    assert rules(plan(10), 10) == []


@pytest.mark.parametrize(("rows", "wanted", "rule"), [
    (40, 100, "limit-over-ef-search"), (None, 100, "limit-over-ef-search"), (None, None, "no-limit-truncated"),
    (20, 30, "few-candidates"),
])
def test_hnsw_without_iterative_scan(rows: int | None, wanted: int | None, rule: str) -> None:
    assert rules(plan(rows), wanted)[0] == rule


def test_filters() -> None:
    assert rules(plan(1, rejected=39), 10) == ["filtered-afterwards"]
    assert rules(plan(None), 10, has_filter=True) == ["filtered-afterwards"]
    reason, = reasons(plan(None), [index("ivfflat")], SETTINGS, FACTS, wanted=10, has_filter=True)
    assert "what 1 list holds" in reason.sentence
    assert rules(plan(1, rejected=20), 10, "ivfflat") == ["lists-exhausted"]


def test_iterative_scans_that_gave_up() -> None:
    assert rules(plan(1, rejected=20_000), 10, hnsw__iterative_scan="strict_order", hnsw__max_scan_tuples="15000") == [
        "all-scanned"]
    assert rules(plan(1, rejected=15_000), 10, hnsw__iterative_scan="strict_order", hnsw__max_scan_tuples="15000") == [
        "max-scan-tuples"]
    assert rules(plan(1, rejected=225), 10, hnsw__iterative_scan="strict_order") == ["scan-memory"]
    assert rules(plan(1, rejected=225), 10, "ivfflat", ivfflat__iterative_scan="relaxed_order") == [
        "max-probes", "relaxed-order"]


def test_candidates_are_totals_over_loops() -> None:
    found = candidates(plan(10, rejected=30, loops=3), {"i"})
    assert found is not None and (found.kept, found.rejected, found.given) == (30, 90, 120)
    assert index_used(plan(10), {"other"}) is None and index_used(plan(10), {"i"}) == "i"
