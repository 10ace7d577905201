"""Where the rows of an index scan went: what rejected them on the way to the result. Pure, on a plan that was run."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import Struct

from console.plans.records import Plan, PlanNode
from console.vectors import plan as plans

_JOINS = {"Nested Loop": "the join", "Hash Join": "the join", "Merge Join": "the join"}


class Loss(Struct, frozen=True):
    """`came` of `wanted` rows, OFFSET's with them (None without a LIMIT).

    Of `given` candidates the scan's own filter rejected `filtered`, and `above`, what stands over it, `rejected`.
    `outside` rows were thrown away above the LIMIT, by `outer`.
    """

    wanted: int | None
    came: int
    given: int
    filtered: int
    rejected: int
    above: str
    outside: int = 0
    outer: str = ""

    @property
    def is_lacking(self) -> bool:
        return self.wanted is not None and self.came < self.wanted

    @property
    def sentence(self) -> str:
        """`0 of 10 rows: the join rejected 40 of 40 candidates`."""
        of = f"{self.came} of {self.wanted} rows" if self.wanted is not None else f"{self.came} rows"
        parts = []
        if self.filtered:
            parts.append(f"the filter rejected {self.filtered} of {self.given} candidates")
        if self.rejected:
            parts.append(f"{self.above} rejected {self.rejected} of {self.given - self.filtered} candidates")
        return f"{of}: {', '.join(parts) or f'the index gave only {self.given} candidates'}"


def loss(plan: Plan, names: Collection[str], wanted: int | None) -> Loss | None:
    """What became of the rows of the scans by the indexes `names`, where the LIMIT is `wanted`; None of a plan that
    wasn't run, or has none."""
    scans = [node for node in plans.ordered_scans(plan, names) if node.rows is not None]
    if not scans:
        return None
    kept = sum(round(node.rows or 0) for node in scans)
    filtered = sum(round((node.number("Rows Removed by Filter") or 0) * (node.loops or 0)) for node in scans)
    top, above = _to_the_limit(plan, scans[0])
    reached = round(top.rows or 0)
    if top.kind == "Limit":  # what OFFSET skips has come too
        reached = max((round(node.rows or 0) for node in plan.inputs(top)), default=reached)
    outside, outer = _outside(plan, top)
    return Loss(None if wanted is None else wanted * max(1, top.loops or 1), reached, kept + filtered, filtered,
                max(0, kept - reached), above or "what stands above it", outside, outer)


def _to_the_limit(plan: Plan, scan: PlanNode) -> tuple[PlanNode, str]:
    """The LIMIT above a scan, or the root; and the first thing between them that may reject rows."""
    above = ""
    top = scan
    for node in plan.above(scan):
        if not above:
            above = _rejecting(node)
        top = node
        if node.kind == "Limit" or node.relationship in ("InitPlan", "SubPlan"):
            break
    return top, above


def _rejecting(node: PlanNode) -> str:
    if node.kind in _JOINS:
        join = node.text("Join Type")
        return "the semi-join (IN or EXISTS)" if join == "Semi" else "the anti-join (NOT IN or NOT EXISTS)" \
            if join == "Anti" else _JOINS[node.kind]
    if node.text("Filter"):
        return "the condition outside of the subquery" if node.kind in ("Subquery Scan", "CTE Scan") else "the filter"
    return "DISTINCT" if node.kind == "Unique" else "GROUP BY" if node.kind == "Aggregate" else ""


def _outside(plan: Plan, top: PlanNode) -> tuple[int, str]:
    """How many rows of a LIMIT were thrown away above it, and by what."""
    if top.kind != "Limit" or top.index == 0:
        return 0, ""
    before = round(top.rows or 0)
    for node in _upward(plan, top):
        if node.kind in ("Limit", "Aggregate", "Unique", "Append", "Merge Append", "SetOp", "WindowAgg"):
            return 0, ""
        now = round(node.rows or 0)
        if now < before and (what := _rejecting(node)):
            return before - now, what
    return 0, ""


def _upward(plan: Plan, node: PlanNode) -> Iterator[PlanNode]:
    """The nodes that a node's rows go through, by way of the scan of its WITH query."""
    current: PlanNode | None = node
    while current is not None:
        if current.relationship == "InitPlan" and current.subplan.startswith("CTE "):
            name = current.subplan.removeprefix("CTE ")
            current = next((each for each in plan.nodes if each.text("CTE Name") == name), None)
        else:
            current = plan.parent(current)
        if current is not None:
            yield current
