"""What there is to say about a plan: rules, each a function of the plan and of what the server knows of its tables."""

from __future__ import annotations

from console.plans.findings import advice, estimates, joins, memory, overhead, scans
from console.plans.findings.rule import MOST_OF_A_RULE, Rule
from console.plans.records import SEVERITIES, Analysis, Plan, PlanFacts, PlanFinding, PlanNode
from console.text import format as fmt

RULES: tuple[Rule, ...] = (
    scans.seq_scan_filter, scans.index_filter, scans.lossy_bitmap, scans.heap_fetches, scans.cte_scan, scans.disabled,
    scans.volatile_filter, estimates.estimates, memory.spills, joins.nested_loops, joins.subplans,
    joins.memoize, joins.sort_index, overhead.jit, overhead.workers, overhead.planning, overhead.triggers,
    overhead.serialization, overhead.reading, advice.not_followed,
)


def analyse(plan: Plan, facts: PlanFacts | None = None) -> Analysis:
    """The plan with its findings, the gravest and costliest first, and the verdict."""
    found: list[PlanFinding] = []
    for rule in RULES:
        several = sorted(rule(plan, facts or PlanFacts()), key=_order)
        found.extend(several[:MOST_OF_A_RULE])
    found.sort(key=_order)
    return Analysis(plan, verdict(plan, found), tuple(found))


def costliest(plan: Plan) -> PlanNode | None:
    """The node with the most time of its own, without times the most cost."""
    if plan.is_timed:
        return max(plan.nodes, key=lambda node: node.exclusive_ms or 0.0)
    if plan.root.total_cost:
        return max(plan.nodes, key=lambda node: node.own_cost or 0.0)
    return None


def verdict(plan: Plan, findings: list[PlanFinding]) -> str:
    """The answer in a sentence or two."""
    top = costliest(plan)
    rows = plan.root.rows if plan.is_analyzed else plan.root.plan_rows
    told = "" if rows is None or plan.root.kind == "ModifyTable" else f", {fmt.plural(round(rows), 'row')}"
    if plan.total_ms is not None:
        begin = f"Ran in {fmt.milliseconds(plan.total_ms)}{told}"
        share = plan.share(top.exclusive_ms) if top else None
        if top and share is not None:
            begin += f"; {top.label} took {fmt.share(share)}"
    elif plan.is_analyzed:
        begin = f"Ran without timing{told}"
    else:
        expected = fmt.plural(round(rows or 0), "row")
        begin = f"Not run: cost {fmt.count(plan.root.total_cost or 0)}, about {expected} expected"
        if top and plan.root.total_cost:
            begin += f"; {top.label} is {fmt.share((top.own_cost or 0) / plan.root.total_cost)} of it"
    grave = [finding for finding in findings if finding.severity != "info"]
    if not grave:
        return f"{begin}. Nothing stands out."
    others = f" ({fmt.plural(len(grave) - 1, 'more finding')})" if len(grave) > 1 else ""
    return f"{begin}. {_sentence(grave[0].message)}{others}."


def _order(finding: PlanFinding) -> tuple[int, float]:
    return -SEVERITIES.index(finding.severity), -(finding.impact_ms or 0.0)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ["RULES", "analyse", "costliest", "verdict"]
