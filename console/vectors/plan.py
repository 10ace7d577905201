"""The little of a plan that a search has to know: which index gave the order, and how much. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from console.plans.json_reader import loads
from console.plans.parse import plan_of
from console.plans.records import Plan, PlanNode
from console.server.preamble import SAFE_PATH
from console.vectors.records import Candidates

EXACT: Mapping[str, str] = {"enable_indexscan": "off", "enable_seqscan": "on", "enable_sort": "on"}
"""The settings by which no index gives the order, whatever a role or a database has switched off: with enable_seqscan
or enable_sort off the planner would sooner go by the index that it should not."""


def document(text: str | None) -> Plan:
    """The one plan of EXPLAIN (FORMAT JSON)'s answer. Raises PlanError."""
    (plan,) = loads(text or "[null]")
    if isinstance(plan, dict) and plan.get("Settings", {}).get("search_path") == SAFE_PATH:
        del plan["Settings"]["search_path"]  # ours, which says nothing of the statement
    return plan_of(plan)


__all__ = ["EXACT", "actual_rows", "candidates", "document", "index_used", "ordered_scans", "plan_of", "total_cost"]


def ordered_scans(plan: Plan, names: Collection[str] | None = None) -> list[PlanNode]:
    """The index scans that give an order by distance, of the indexes `names` or of any."""
    return [node for node in plan.nodes if node.kind == "Index Scan" and node.text("Order By")
            and (names is None or node.text("Index Name") in names)]


def index_used(plan: Plan, names: Collection[str] | None = None) -> str | None:
    """The vector index by whose order the plan goes; of several (partitions) the first. None for a sort."""
    found = ordered_scans(plan, names)
    return found[0].text("Index Name") if found else None


def total_cost(plan: Plan) -> float:
    return plan.root.total_cost or 0.0


def candidates(plan: Plan, names: Collection[str] | None = None) -> Candidates | None:
    """Of a plan that was executed (ANALYZE); None where no vector index was used. Averages are times their loops."""
    scans = [node for node in ordered_scans(plan, names) if node.actual_rows is not None]
    if not scans:
        return None
    kept = sum(round((node.actual_rows or 0) * (node.loops or 0)) for node in scans)
    rejected = sum(round((node.number("Rows Removed by Filter") or 0) * (node.loops or 0)) for node in scans)
    return Candidates(scans[0].text("Index Name"), kept, rejected)


def actual_rows(plan: Plan) -> int | None:
    return None if plan.root.actual_rows is None else round(plan.root.actual_rows)
