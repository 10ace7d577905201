"""The little of an EXPLAIN document that a search has to know: which index gave the order, and how much. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from console.vectors.records import Candidates

Node = dict[str, Any]


def document(text: str | None) -> dict[str, Any]:
    """The one plan of EXPLAIN (FORMAT JSON)'s answer."""
    plan: dict[str, Any] = json.loads(text or "[{}]")[0]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[Node]:
    """Every node, from the root on."""
    waiting = [plan["Plan"]] if "Plan" in plan else []
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.get("Plans", ())))


def ordered_scans(plan: dict[str, Any], names: Collection[str] | None = None) -> list[Node]:
    """The index scans that give an order by distance, of the indexes `names` or of any."""
    return [node for node in nodes(plan) if node["Node Type"] == "Index Scan" and "Order By" in node
            and (names is None or node.get("Index Name") in names)]


def index_used(plan: dict[str, Any], names: Collection[str] | None = None) -> str | None:
    """The vector index by whose order the plan goes; of several (partitions) the first. None for a sort."""
    found = ordered_scans(plan, names)
    return str(found[0]["Index Name"]) if found else None


def total_cost(plan: dict[str, Any]) -> float:
    return float(plan["Plan"]["Total Cost"])


def candidates(plan: dict[str, Any], names: Collection[str] | None = None) -> Candidates | None:
    """Of a plan that was executed (ANALYZE); None where no vector index was used. Averages are times their loops."""
    scans = [node for node in ordered_scans(plan, names) if "Actual Rows" in node]
    if not scans:
        return None
    kept = sum(round(node["Actual Rows"] * node.get("Actual Loops", 1)) for node in scans)
    rejected = sum(round(node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)) for node in scans)
    return Candidates(str(scans[0]["Index Name"]), kept, rejected)


def actual_rows(plan: dict[str, Any]) -> int | None:
    root = plan["Plan"]
    return round(root["Actual Rows"]) if "Actual Rows" in root else None
