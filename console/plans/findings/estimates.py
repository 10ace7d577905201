"""Rows planned against rows found, and the statistics that the planner had."""

from __future__ import annotations

from collections.abc import Iterator

from console.plans.findings.rule import severity, worst
from console.plans.records import Plan, PlanFacts, PlanFinding, PlanNode
from console.plans.wording import cut
from console.sql.quoting import identifier
from console.sql.tokens import words
from console.text import format as fmt

NOTABLE = 10.0
GROSS = 100.0
MIN_ROWS = 100.0

_NO_ROWS = ("ModifyTable", "BitmapAnd", "BitmapOr", "LockRows")


def misestimate(node: PlanNode) -> float | None:
    """How many times more (above 1) or fewer (below 1) rows came than were planned; None where that can't be said.

    Both count as at least one row. Fewer rows prove nothing where what is above stopped asking.
    """
    if node.plan_rows is None or node.actual_rows is None or not node.loops or node.kind in _NO_ROWS:
        return None
    ratio = max(1.0, node.actual_rows) / max(1.0, node.plan_rows)
    return None if ratio < 1 and node.may_stop_early else ratio


def is_notable(node: PlanNode, ratio: float) -> bool:
    """Whether an estimate that is wrong by `ratio` is off by a factor and a number of rows that matter."""
    return not 1 / NOTABLE < ratio < NOTABLE and max(
        node.actual_rows or 0.0, node.plan_rows or 0.0) * (node.loops or 1) >= MIN_ROWS


def estimates(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Tables whose size was wrong, and other estimates that are, where they arise: what is above inherits them."""
    found = list(statistics(plan, facts))
    yield from found
    stale = {finding.node for finding in found}
    ratios = {node.index: ratio for node in plan.nodes if (ratio := misestimate(node)) is not None
              and is_notable(node, ratio) and node.index not in stale}
    own = [plan.nodes[index] for index, ratio in ratios.items() if not _inherited(plan, plan.nodes[index], ratio)]
    for node in worst(own):
        ratio = ratios[node.index]
        times = max(ratio, 1 / ratio)
        wrong = f"{fmt.factor(times)} times {'more' if ratio > 1 else 'fewer'} rows than planned"
        at_stake = ((plan.parent(node) or node).inclusive_ms) or 0.0
        grade = severity(plan, at_stake if plan.is_timed else None)
        grade = "warning" if grade == "critical" else "info" if times < GROSS else grade
        loops = f" a loop, {fmt.count(node.loops or 0)} loops" if (node.loops or 0) > 1 else ""
        yield PlanFinding("row_misestimate", grade, f"{node.label} gave {wrong}",
                      f"planned {fmt.count(node.plan_rows or 0)}, got {fmt.count(node.actual_rows or 0)}{loops}"
                      + _because(node), _advice(plan, node, facts), node.index, at_stake)


def _inherited(plan: Plan, node: PlanNode, ratio: float) -> bool:
    for child in plan.inputs(node):
        below = misestimate(child)
        if below is not None and (below > 1) == (ratio > 1) and max(below, 1 / below) * 2 >= max(ratio, 1 / ratio):
            return True
    return False


def _because(node: PlanNode) -> str:
    for key in ("Filter", "Index Cond", "Recheck Cond", "Hash Cond", "Merge Cond", "Join Filter", "TID Cond"):
        if condition := node.text(key):
            return f": {cut(condition)}"
    return ""


def _advice(plan: Plan, node: PlanNode, facts: PlanFacts) -> str:
    if node.kind == "Function Scan":
        return f"ALTER FUNCTION {identifier(node.text('Function Name'))} ROWS n, if it usually gives so many"
    if node.kind == "CTE Scan" or node.kind == "WorkTable Scan":
        return "the planner knows little of a CTE's rows: NOT MATERIALIZED, or a temporary table that is analyzed"
    table = identifier(*filter(None, (node.schema, node.relation)))
    if table:
        known = facts.of(node)
        if known and known.analyzed_at is None:
            return f"ANALYZE {table}: it never was"
        conditions = node.text("Filter") + node.text("Index Cond") + node.text("Recheck Cond")
        if "AND" in words(conditions):
            return (f"the columns of the condition may depend on each other: CREATE STATISTICS ON them FROM {table}, "
                    f"then ANALYZE {table}")
        return f"ANALYZE {table}; if that is not enough, ALTER TABLE {table} ALTER COLUMN ... SET STATISTICS 1000"
    return "ANALYZE the tables below; extended statistics (CREATE STATISTICS) where columns depend on each other"


def statistics(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Tables whose size the planner had wrong: a scan without a condition gives all rows that there are."""
    seen = set()
    for node in plan.nodes:
        table = identifier(*filter(None, (node.schema, node.relation)))
        if node.kind != "Seq Scan" or not table or table in seen:
            continue
        known = facts.of(node)
        if plan.is_analyzed and node.loops:
            if node.text("Filter"):
                continue
            whole = (node.actual_rows or 0.0) + (node.number("Rows Removed by Filter") or 0.0)
            ratio = misestimate(node)
            if ratio is None or max(ratio, 1 / ratio) < 2 or max(whole, node.plan_rows or 0) < 1000:
                continue
            has = fmt.count(whole * (node.loops or 1))
            evidence = f"planned {fmt.count(node.plan_rows or 0)} rows, the table has {has}"
        elif not (known and (known.modified_rows or 0) > max(1000.0, 0.5 * (known.estimated_rows or 0.0))):
            continue
        else:
            evidence = f"{fmt.count(known.modified_rows or 0)} rows changed since"
        if known:
            evidence += (f"; last analyzed {known.analyzed_at.astimezone():%Y-%m-%d %H:%M}" if known.analyzed_at
                         else "; never analyzed")
        seen.add(table)
        yield PlanFinding("stale_statistics", severity(plan, node.inclusive_ms),
                      f"the statistics of {table} are out of date", evidence, f"ANALYZE {table}", node.index,
                      node.inclusive_ms)


__all__ = ["estimates", "is_notable", "misestimate", "statistics"]
