"""Scans: rows read to be thrown away, heap visits, lossy bitmaps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from console.plans.findings.conditions import comparisons, create_index, existing, index_columns
from console.plans.findings.rule import severity, worst
from console.plans.records import Plan, PlanFacts, PlanFinding, PlanNode
from console.plans.wording import cut
from console.sql.names import text_of
from console.sql.quoting import identifier
from console.sql.tokens import significant
from console.text import format as fmt

MIN_REMOVED = 1000
REMOVED_SHARE = 0.9
MIN_HEAP_FETCHES = 100


def removed(node: PlanNode) -> float:
    """Rows that the node read and threw away, of all loops."""
    return (node.number("Rows Removed by Filter") or 0.0) * (node.loops or 0)


def seq_scan_filter(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A whole table read for a few of its rows."""
    scans = [node for node in plan.nodes if node.kind == "Seq Scan" and node.text("Filter")]
    told: set[tuple[int | None, tuple[str, ...]]] = set()
    for node in worst(node for node in scans if not plan.is_analyzed or removed(node) >= MIN_REMOVED):
        condition = node.text("Filter")
        parent = plan.parent(node)
        siblings = 0
        if parent is not None and parent.kind in ("Append", "Merge Append"):
            # Partitions are read alike: one of them is enough to tell of.
            columns = index_columns(comparisons(condition, node.alias))
            if (parent.index, columns) in told:
                continue
            told.add((parent.index, columns))
            siblings = len({scan.relation for scan in scans if scan.parent == parent.index}) - 1
        known = facts.of(node)
        if plan.is_analyzed:
            thrown, kept = removed(node), node.rows or 0.0
            if thrown < REMOVED_SHARE * (thrown + kept):
                continue
            part = fmt.share(thrown / (thrown + kept))
            evidence = (f"{fmt.count(thrown + kept)} rows read, {fmt.count(thrown)} ({part}) removed by "
                        f"{cut(condition)}")
        else:
            whole, expected = known.estimated_rows if known else None, node.plan_rows
            if (whole is None or expected is None or whole < 10 * MIN_REMOVED
                    or expected > (1 - REMOVED_SHARE) * whole):
                continue
            evidence = f"about {fmt.count(whole)} rows to read for about {fmt.count(expected)}, by {cut(condition)}"
        columns = index_columns(comparisons(condition, node.alias))
        if not columns:
            fix = _other_index(condition, node)
        elif found := existing(known, columns):
            fix = (f"{found} is there and was not chosen: its columns may be compared in another type or collation, "
                   "its statistics be stale, or random_page_cost too high for this storage")
        else:
            fix = create_index(node, columns) + ("; or the same on the partitioned table" if siblings else "")
        others = f", and so do up to {fmt.count(siblings)} scans beside it" if siblings else ""
        yield PlanFinding("seq_scan_filter", severity(plan, node.exclusive_ms),
                      f"{node.label} reads the whole table to keep few of its rows{others}", evidence, fix, node.index,
                      node.exclusive_ms)


def _other_index(condition: str, node: PlanNode) -> str:
    found = list(significant(condition))
    if any(token.text == "~~*" or (token.text == "~~" and text_of(following.text).startswith("%"))
           for token, following in pairwise(found)):
        return ("a pattern that begins with % is served by a trigram index alone: CREATE EXTENSION pg_trgm, then "
                "CREATE INDEX CONCURRENTLY ... USING gin (column gin_trgm_ops)")
    if any(token.word == "OR" for token in found):
        return "an index for each side of the OR, which a bitmap joins; or write it as a UNION"
    return ("the condition compares no column as it is: compare the bare column, or index the expression that the "
            "filter computes")


def index_filter(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """An index that finds many rows which a filter then throws away."""
    for node in plan.nodes:
        if node.kind not in ("Index Scan", "Index Only Scan", "Bitmap Heap Scan") or "Order By" in node.properties:
            continue
        thrown, kept = removed(node), node.rows or 0.0
        if thrown < MIN_REMOVED or thrown < REMOVED_SHARE * (thrown + kept):
            continue
        condition = node.text("Filter")
        columns = index_columns(comparisons(condition, node.alias))
        used = index_columns(comparisons(node.text("Index Cond") or node.text("Recheck Cond"), node.alias))
        wanted = tuple(dict.fromkeys([*used, *columns]))
        fix = create_index(node, wanted) if columns else "an index that also serves the filter, perhaps a partial one"
        yield PlanFinding("index_filter", severity(plan, node.exclusive_ms),
                      f"{node.label}: the index finds many rows that the filter then removes",
                      f"{fmt.count(thrown)} of {fmt.count(thrown + kept)} rows removed by {cut(condition)}", fix,
                      node.index,
                      node.exclusive_ms)


def lossy_bitmap(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A bitmap that outgrew work_mem and knows pages only, so that every row on them is checked again."""
    for node in plan.nodes:
        lossy, exact = node.number("Lossy Heap Blocks") or 0.0, node.number("Exact Heap Blocks") or 0.0
        if not lossy:
            continue
        again = (node.number("Rows Removed by Index Recheck") or 0.0) * (node.loops or 0)
        yield PlanFinding("lossy_bitmap", severity(plan, node.exclusive_ms),
                      f"{node.label}: the bitmap did not fit into work_mem and kept whole pages instead of rows",
                      f"{fmt.count(lossy)} of {fmt.count(lossy + exact)} pages lossy, {fmt.count(again)} rows "
                      "rechecked in vain",
                      "SET LOCAL work_mem to a few times as much for this query, or make the condition more selective",
                      node.index, node.exclusive_ms)


def heap_fetches(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """An index-only scan that visits the table all the same, for want of VACUUM."""
    for node in plan.nodes:
        fetches = node.number("Heap Fetches")
        if node.kind != "Index Only Scan" or not fetches or node.rows is None:
            continue
        read = node.rows + removed(node)
        if fetches < MIN_HEAP_FETCHES or fetches < 0.1 * max(1.0, read):
            continue
        known = facts.of(node)
        when = f"; last vacuumed {known.vacuumed_at.astimezone():%Y-%m-%d %H:%M}" if known and known.vacuumed_at else (
            "; never vacuumed" if known else "")
        table = identifier(*filter(None, (node.schema, node.relation)))
        yield PlanFinding("heap_fetches", severity(plan, node.exclusive_ms),
                      f"{node.label} visits the table all the same: its pages are not marked all-visible",
                      f"{fmt.count(fetches)} heap fetches for {fmt.count(read)} rows{when}",
                      f"VACUUM {table}; if this comes back, a smaller autovacuum_vacuum_scale_factor (and "
                      "autovacuum_vacuum_insert_scale_factor) for the table", node.index, node.exclusive_ms)


def cte_scan(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A CTE computed in full, of which a filter keeps little."""
    for node in plan.nodes:
        if node.kind != "CTE Scan":
            continue
        thrown, kept = removed(node), node.rows or 0.0
        if thrown < 10 * MIN_REMOVED or thrown < REMOVED_SHARE * (thrown + kept):
            continue
        name = node.text("CTE Name")
        body = next((plan_node for plan_node in plan.nodes if plan_node.subplan == f"CTE {name}"), None)
        took = (node.exclusive_ms or 0.0) + (body.inclusive_ms or 0.0 if body else 0.0)
        yield PlanFinding("cte_scan", severity(plan, took if plan.is_timed else None),
                      f"the CTE {name} is computed in full, and a filter outside then removes most of it",
                      f"{fmt.count(thrown)} of {fmt.count(thrown + kept)} rows removed by {cut(node.text('Filter'))}",
                      f"WITH {name} AS NOT MATERIALIZED (...) lets the condition in, or write it inside", node.index,
                      took)


def disabled(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Nodes that a setting (enable_...) forbids and that were used for want of anything else."""
    found = [node for node in plan.nodes if node.is_disabled and not any(
        plan.nodes[child].is_disabled for child in node.children)]
    if not found and (plan.root.total_cost or 0.0) >= 1e10:
        found = [node for node in plan.nodes if (node.total_cost or 0.0) >= 1e10 and not any(
            (plan.nodes[child].total_cost or 0.0) >= 1e10 for child in node.children)]
    for node in found:
        off = ", ".join(f"{key} = {value}" for key, value in plan.settings.items()
                        if key.startswith("enable_") and value == "off")
        yield PlanFinding("disabled_node", "warning",
                      f"{node.label} is switched off by a setting and was used for want of anything else",
                      off or f"cost {fmt.count(node.total_cost or 0.0)}",
                      "RESET the setting; SELECT name, source, sourcefile FROM pg_settings WHERE name LIKE 'enable%' "
                      "says where it comes from", node.index, node.exclusive_ms)


def volatile_filter(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """A condition with a volatile function: computed anew for each row, and no index can serve it."""
    for node in plan.nodes:
        condition = node.text("Filter")
        named = sorted(name for name in facts.volatile if f"{name}(" in condition)
        examined = removed(node) + (node.rows or 0.0) if plan.is_analyzed else node.plan_rows or 0.0
        if not named or examined < MIN_REMOVED:
            continue
        took = f", {fmt.milliseconds(node.exclusive_ms)}" if node.exclusive_ms is not None else ""
        yield PlanFinding("volatile_function", severity(plan, node.exclusive_ms),
                      f"{node.label} calls the volatile function {', '.join(named)} for each row, and no index can "
                      "serve the condition", f"{fmt.count(examined)} rows{took}: {cut(condition)}",
                      "declare the function STABLE if it is, or compute the value once: (SELECT f())", node.index,
                      node.exclusive_ms)
