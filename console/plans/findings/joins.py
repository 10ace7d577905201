"""Joins and sorts: loops over many rows, joins and orders that an index would serve."""

from __future__ import annotations

from collections.abc import Iterator

from console.plans.findings.conditions import (
    MAX_COLUMNS,
    comparisons,
    create_index,
    existing,
    leading_column,
    right_columns,
)
from console.plans.findings.conditions import index_columns as btree_columns
from console.plans.findings.rule import severity
from console.plans.findings.scans import removed
from console.plans.records import Plan, PlanFacts, PlanFinding, PlanNode
from console.plans.wording import cut
from console.text import format as fmt

MANY_LOOPS = 1000
MIN_SORTED = 10_000.0


def nested_loops(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Nested loops whose inner side runs often, and those that read a whole table each time."""
    for node in plan.nodes:
        if node.kind != "Nested Loop":
            continue
        inner = next((input_ for input_ in plan.inputs(node) if input_.relationship == "Inner"), None)
        if inner is None:
            continue
        scan = _scan_below(plan, inner)
        outer = next((input_ for input_ in plan.inputs(node) if input_.relationship == "Outer"), None)
        found = _unindexed(plan, node, inner, scan, outer, facts) if scan and scan.kind == "Seq Scan" else None
        if found:
            yield found
            continue
        loops = inner.loops or 0
        share = plan.share(inner.inclusive_ms)
        if loops >= MANY_LOOPS and share is not None and share >= 0.3:
            planned = (outer.plan_rows or 0) if outer else 0
            few = f"; {fmt.count(planned)} were planned" if outer and planned * 10 < loops / inner.participants else ""
            grade = severity(plan, inner.inclusive_ms)
            yield PlanFinding("nested_loop", grade if few else "warning" if grade == "critical" else grade,
                          f"{node.label} runs its inner side {fmt.count(loops)} times",
                          f"{inner.label}: {fmt.count(loops)} loops, {fmt.milliseconds(inner.inclusive_ms or 0)} "
                          f"({fmt.share(share)}){few}",
                          "the outer side's estimate is what misled the planner: see its finding" if few else
                          "a hash join reads the inner table once: it needs an equality and enough work_mem; SET LOCAL "
                          "enable_nestloop = off shows whether it would be faster", node.index, inner.inclusive_ms)


def _scan_below(plan: Plan, node: PlanNode) -> PlanNode | None:
    """The scan that a node passes rows on from."""
    while node.kind in ("Materialize", "Memoize", "Hash", "Gather", "Gather Merge", "Sort", "Incremental Sort"):
        inputs = plan.inputs(node)
        if len(inputs) != 1:
            return None
        node = inputs[0]
    return node if node.relation else None


def _unindexed(plan: Plan, join: PlanNode, inner: PlanNode, scan: PlanNode, outer: PlanNode | None,
               facts: PlanFacts) -> PlanFinding | None:
    """A nested loop that compares each pair of rows."""
    condition = join.text("Join Filter") or scan.text("Filter")
    columns = _join_columns(condition, scan)
    compared = (join.number("Rows Removed by Join Filter") or 0.0) * (join.loops or 0) + removed(scan)
    if plan.is_analyzed:
        if compared < 100 * MANY_LOOPS:
            return None
        evidence = f"{fmt.count(compared)} pairs of rows compared in vain by {cut(condition)}"
    else:
        pairs = ((outer.plan_rows or 0.0) if outer else 0.0) * (scan.plan_rows or 0.0)
        if pairs < 1000 * MANY_LOOPS or not condition:
            return None
        evidence = f"about {fmt.count(pairs)} pairs of rows to compare by {cut(condition)}"
    fix = "an equality that a hash or an index can serve"
    if columns:
        found = existing(facts.of(scan), columns)
        fix = f"{found} is there: compare the same type, and ANALYZE" if found else create_index(scan, columns)
    at_stake = join.exclusive_ms
    if at_stake is not None:
        at_stake += inner.inclusive_ms or 0.0
    return PlanFinding("join_without_index", severity(plan, at_stake),
                   f"{join.label} reads all of {scan.relation} for each row of the other side", evidence, fix,
                   join.index, at_stake)


def _join_columns(condition: str, scan: PlanNode) -> tuple[str, ...]:
    """The columns of `scan` that a join's condition compares, whichever side they stand on."""
    found = btree_columns(comparisons(condition, scan.alias))
    if found:
        return found
    return right_columns(condition, scan.alias)[:MAX_COLUMNS]


def subplans(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A correlated subquery that runs for each row."""
    for node in plan.nodes:
        if node.relationship != "SubPlan" or (node.loops or 0) < MANY_LOOPS or node.subplan.startswith("CTE"):
            continue
        share = plan.share(node.inclusive_ms)
        if share is None or share < 0.1:
            continue
        yield PlanFinding("correlated_subquery", severity(plan, node.inclusive_ms),
                      f"{node.subplan or 'a subquery'} runs for each row of its query",
                      f"{fmt.count(node.loops or 0)} times, {fmt.milliseconds(node.inclusive_ms or 0)} "
                      f"({fmt.share(share)}), {node.label}",
                      "write it as a join or LATERAL, or index what it looks up", node.index,
                      node.inclusive_ms)


def memoize(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A cache of inner rows that is hardly ever hit."""
    for node in plan.nodes:
        if node.kind != "Memoize":
            continue
        hits, misses = node.number("Cache Hits") or 0.0, node.number("Cache Misses") or 0.0
        evictions = node.number("Cache Evictions") or 0.0
        if misses < MANY_LOOPS or hits > misses * 0.2:
            continue
        yield PlanFinding("memoize_misses", "info", "Memoize keeps rows that are hardly asked for again",
                      f"{fmt.count(hits)} hits, {fmt.count(misses)} misses, {fmt.count(evictions)} evictions",
                      "more work_mem if there are evictions; else ANALYZE, or compare with enable_memoize = off",
                      node.index, node.exclusive_ms)


def sort_index(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A sort of a table by its own columns, which an index would give in order."""
    for node in plan.nodes:
        if node.kind != "Sort":
            continue
        scan = next(iter(plan.inputs(node)), None)
        if scan is None or scan.kind != "Seq Scan" or not scan.relation:
            continue
        rows = scan.rows if plan.is_analyzed else scan.plan_rows
        above = plan.parent(node)
        while above is not None and above.kind in ("Gather Merge", "Incremental Sort"):
            above = plan.parent(above)
        is_limited = above is not None and above.kind == "Limit"
        columns = _sort_columns(node, scan)
        if not columns or (rows or 0.0) < MIN_SORTED or not (is_limited or node.text("Sort Space Type") == "Disk"):
            continue
        took = None if node.exclusive_ms is None else node.exclusive_ms + (scan.exclusive_ms or 0.0)
        equal = tuple(comparison.column for comparison in comparisons(scan.text("Filter"), scan.alias)
                      if comparison.operator == "=")
        wanted = tuple(dict.fromkeys([*equal[:2], *columns]))
        fix = create_index(scan, wanted)
        if found := existing(facts.of(scan), tuple(column.partition(" ")[0] for column in wanted)):
            fix = f"{found} is there and was not chosen: compare with SET LOCAL enable_seqscan = off"
        method = node.text("Sort Method")
        used = node.number("Sort Space Used")
        yield PlanFinding("sort_without_index", severity(plan, took),
                      f"an index on ({', '.join(wanted)}) would give the rows of {scan.relation} in order"
                      + (", and only as many as the LIMIT asks for" if is_limited else ""),
                      f"{fmt.count(rows or 0)} rows sorted{f', {method}' if method else ''}"
                      f"{f', {fmt.size(used * 1024)}' if used else ''}", fix, node.index, took)


def _sort_columns(node: PlanNode, scan: PlanNode) -> tuple[str, ...]:
    """The sort key where it is plain columns of one table, as an index has them; () where it isn't."""
    columns = []
    for key in node.texts("Sort Key"):
        name, order = leading_column(key, scan.alias)
        if name is None or order not in ("", "DESC", "NULLS FIRST", "DESC NULLS LAST"):
            return ()
        columns.append(f"{name} {order}".rstrip())
    return tuple(columns[:4])
