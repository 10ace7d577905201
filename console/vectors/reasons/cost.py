"""The index could be used, but something else looks cheaper: what tips the balance, found by trying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.plans.records import Fix, Plan, Trial
from console.sql.quoting import identifier
from console.text import format as fmt
from console.text.parse import version_numbers
from console.vectors import plan as plans
from console.vectors.reasons import ast_edits
from console.vectors.reasons.ast_edits import USUAL_LIMIT, Edit, Edited
from console.vectors.reasons.records import Reason
from console.vectors.reasons.statement import Search
from console.vectors.reasons.trials import Examination
from console.vectors.records import VectorColumn, VectorIndex, VectorRelationFacts

SMALL_ROWS = 2_000
QUICK_MS = 20.0
"""A search of a small table that takes no longer needs no index."""

STALE_SHARE = 0.2
MISJUDGED = 10
"""A condition that keeps so many times more rows than were planned is not selective."""


async def reasons(look: Examination, edited: Edited, search: Search, column: VectorColumn,
                  indexes: Sequence[VectorIndex], facts: VectorRelationFacts, settings: Mapping[str, str], plan: Plan,
                  forced: Plan) -> list[Reason]:
    """What was proved first, then facts that make the index look dear. `plan` is the planner's own, `forced` the one
    with the index, both of the statement in `edited`."""
    index = plans.index_used(forced, look.names)
    method = next((vector_index.method for vector_index in indexes if vector_index.name == index), "hnsw")
    gap = f"{fmt.count(plans.total_cost(plan))} against {fmt.count(plans.total_cost(forced))} with the index"
    result = small_table(column, facts, plan, gap)
    result += await _of_the_limit(look, edited, search)
    result += await _of_the_filter(look, edited, search, plan)
    result += await _of_settings(look, edited, settings, method, gap)
    return result + _facts(look, column, facts, gap)


def small_table(column: VectorColumn, facts: VectorRelationFacts, plan: Plan, gap: str = "") -> list[Reason]:
    """A table of which the exact search is quick whatever the planner would do."""
    rows, took = facts.row_estimate, plan.total_ms
    if rows is None or rows >= SMALL_ROWS or (took is not None and took > QUICK_MS):
        return []
    measured = f": {fmt.milliseconds(took)}" if took is not None else f" ({gap})" if gap else ""
    fix = Fix("nothing", "nothing: an exact search of so few rows is fast, and it misses none",
              Trial("run" if took is not None else "planned", ms=took, note="as it is"))
    return [Reason("small-table", "cost", f"{column.table} has about {fmt.count(rows)} rows: to read them all is "
                   f"quick{measured}", fix.sql, True, None, (fix,))]


async def _of_the_limit(look: Examination, edited: Edited, search: Search) -> list[Reason]:
    fresh = edited.having([Edit("no-limit", ast_edits.with_limit(USUAL_LIMIT))])
    if fresh is None or search.form != "order":
        return []
    if not search.has_limit:
        if not await look.uses_index(fresh.tree):
            return []
        fix = await look.statement(fresh.tree, note=f"only the nearest {USUAL_LIMIT}: choose the number that is needed")
        return [Reason("no-limit", "cost", "there is no LIMIT: to sort all rows is cheaper than to walk all of the "
                       "index", "add LIMIT k", True, fresh.text, (fix,) if fix else ())]
    limit = search.limit
    if limit is None or limit <= USUAL_LIMIT or not await look.uses_index(fresh.tree):
        return []
    most = await _turning_point(look, edited, limit)
    smaller = edited.having([Edit("", ast_edits.with_limit(most))])
    fixes = [await look.statement(smaller.tree)] if smaller is not None else []
    fixes.append(await look.setting({"enable_seqscan": "off", **_enough(search)}))
    return [Reason("limit-too-large", "cost", f"LIMIT {limit} is too large for the index, which is chosen up to about "
                   f"{most} rows", f"LIMIT {most}, or accept the exact search", True,
                   smaller.text if smaller is not None else None, tuple(fix for fix in fixes if fix))]


def _enough(search: Search) -> dict[str, str]:
    wanted = search.wanted or 0
    return {"hnsw.ef_search": str(wanted)} if 40 < wanted <= 1000 else {}


async def _of_the_filter(look: Examination, edited: Edited, search: Search, plan: Plan) -> list[Reason]:
    fresh = edited.having([Edit("", ast_edits.unfiltered)])
    if fresh is None or not await look.uses_index(fresh.tree):
        return []
    if served := _served_otherwise(plan):
        return [Reason("filter-has-index", "cost", f"the filter is selective, and {served} serves it: an exact search "
                       "among its rows, with every row that fits. A vector index has no bitmap, so that the two can't "
                       "be combined", None, True)]
    planned, came = _filtered_rows(plan)
    if came is not None and planned is not None and came > MISJUDGED * max(1.0, planned):
        return [Reason("misjudged-filter", "cost", f"the planner expects {fmt.count(planned)} rows behind the filter, "
                       f"and {fmt.count(came)} came: it isn't as selective as it is taken for",
                       "ANALYZE, or CREATE STATISTICS on the columns that depend on each other", True)]
    share = "" if came is None else f", and {fmt.count(came)} came"
    return [Reason("selective-filter", "cost", f"with the filter the planner expects few rows to sort{share}",
                   "an index on the filter's columns makes the exact search quick", True)]


def _filtered_rows(plan: Plan) -> tuple[float | None, float | None]:
    """How many rows the first scan with a filter was to give, and gave."""
    scan = next((node for node in plan.nodes if node.text("Filter") and node.relation), None)
    if scan is None:
        return None, None
    return scan.plan_rows, scan.actual_rows


async def _of_settings(look: Examination, edited: Edited, settings: Mapping[str, str], method: str, gap: str,
                       ) -> list[Reason]:
    result = []
    tree = None if edited.tree is look.tree else edited.tree
    for name, usual in (("hnsw.ef_search", "40"), ("ivfflat.probes", "1")):
        now = settings.get(name, usual)
        if name.startswith(method) and int(now) > int(usual) and await look.uses_index(tree, {name: usual}):
            rule = "probes-near-lists" if name == "ivfflat.probes" else "ef-search-high"
            fixes = [await look.setting({"enable_seqscan": "off"}, tree), await look.setting({name: usual}, tree)]
            result.append(Reason(rule, "cost", f"{name} = {now} makes the index dear ({gap}); fewer find less",
                                 f"SET LOCAL enable_seqscan = off, which keeps what {now} find; {name} = {usual} is "
                                 "quicker and cuts recall", True, None, tuple(fix for fix in fixes if fix)))
    page_cost = float(settings.get("random_page_cost", "4"))
    if page_cost > 1.1 and await look.uses_index(tree, {"random_page_cost": "1.1"}):
        found = await look.setting({"random_page_cost": "1.1"}, tree)
        result.append(Reason("random-page-cost", "cost", f"random_page_cost is {page_cost:g}, as for disks that turn "
                             f"({gap})", "SET LOCAL random_page_cost = 1.1, on SSDs", True, None,
                             (found,) if found else ()))
    return result


def other_index(used: str, indexes: Sequence[VectorIndex], search: Search) -> list[Reason]:
    """Of several indexes that could serve the order, which one was taken."""
    same = [index.name for index in indexes
            if index.is_usable and search.operator in index.operators and index.name != used
            and index.predicate is None]
    mine = next((index for index in indexes if index.name == used), None)
    if mine is None or not same:
        return []
    return [Reason("another-index", "fact", f"{', '.join(same)} could serve the order too, {used} is cheaper",
                   "drop the one that is not needed")]


def _facts(look: Examination, column: VectorColumn, facts: VectorRelationFacts, gap: str) -> list[Reason]:
    result = []
    rows = facts.row_estimate
    stale = (facts.modified_since_analyze or 0) > STALE_SHARE * max(1.0, rows or 0.0)
    if rows is None or facts.analyzed_at is None or stale:
        since = "never been analyzed" if facts.analyzed_at is None else \
            f"had {facts.modified_since_analyze} changes since it was analyzed"
        result.append(Reason("stale-statistics", "cost", f"{column.table} has {since}: the planner guesses",
                             f"ANALYZE {column.table}", fixes=(upkeep(f"ANALYZE {column.table}"),)))
    if facts.toast_pages > 2 * max(1, facts.heap_pages):
        result.append(Reason("toast", "cost", f"the vectors are stored apart ({facts.toast_pages} TOAST pages beside "
                             f"{facts.heap_pages} of the table), which the planner doesn't count when it reads all "
                             f"rows ({gap})", f"SET LOCAL enable_seqscan = off for this query; or halfvec; or ALTER "
                             f"TABLE {column.table} ALTER {identifier(column.name)} SET STORAGE PLAIN and rewrite, up "
                             "to 8 kB"))
    extension = look.session.info.extensions.get("vector")
    if extension and version_numbers(extension.version) < (0, 8):
        result.append(Reason("old-pgvector", "cost", f"pgvector {extension.version} estimates filtered searches badly",
                             "ALTER EXTENSION vector UPDATE, to 0.8 or later"))
    return result


def upkeep(sql: str, note: str = "it writes") -> Fix:
    """A statement that can't be tried in a read-only transaction."""
    return Fix("upkeep", sql, Trial("not tried", note=note))


async def _turning_point(look: Examination, edited: Edited, limit: int) -> int:
    """The largest LIMIT, to two digits, with which the planner still takes the index."""
    low, high = USUAL_LIMIT, limit
    while high - low > max(1, low // 20):
        middle = (low + high) // 2
        fresh = edited.having([Edit("", ast_edits.with_limit(middle))])
        if fresh is not None and await look.uses_index(fresh.tree):
            low = middle
        else:
            high = middle
    return low


def _served_otherwise(plan: Plan) -> str | None:
    """The ordinary index by which the planner finds the filter's rows."""
    return next((node.text("Index Name") for node in plan.nodes
                 if node.text("Index Name") and not node.text("Order By") and node.text("Index Cond")
                 and node.relationship != "InitPlan"), None)
