"""The index could be used, but something else looks cheaper: what tips the balance, found by trying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from console.plans.records import Plan
from console.sql import grammar
from console.sql.quoting import identifier
from console.text import format as fmt
from console.text.parse import version_numbers
from console.vectors import plan as plans
from console.vectors.reasons import ast_edits
from console.vectors.reasons.ast_edits import Edit, Search
from console.vectors.reasons.records import Reason
from console.vectors.records import VectorColumn, VectorIndex, VectorRelationFacts

if TYPE_CHECKING:
    from console.vectors.reasons.diagnose import Examination

SMALL_ROWS = 2_000
USUAL_LIMIT = 10
STALE_SHARE = 0.2


async def reasons(look: Examination, search: Search, column: VectorColumn, indexes: Sequence[VectorIndex],
                  facts: VectorRelationFacts, settings: Mapping[str, str], plan: Plan, forced: Plan,
                  ) -> list[Reason]:
    """What was proved first, then facts that make the index look dear. `plan` is the planner's own, `forced` the one
    with the index."""
    index = plans.index_used(forced, look.names)
    method = next((vector_index.method for vector_index in indexes if vector_index.name == index), "hnsw")
    gap = f"{fmt.count(plans.total_cost(plan))} against {fmt.count(plans.total_cost(forced))} with the index"
    result: list[Reason] = []
    rewritten: str | None

    async def tried(edit: Edit | None = None, changes: Mapping[str, str] | None = None) -> bool:
        nonlocal rewritten
        tree = ast_edits.edited(look.tree, [column.name], [edit]) if edit else None
        if edit and tree is None:
            return False
        rewritten = grammar.deparse(tree) if tree is not None else None
        return await look.uses_index(tree, changes)

    rewritten = None
    has_limit = search.select.HasField("limit_count")
    if not has_limit and await tried(Edit("", ast_edits.with_limit(USUAL_LIMIT))):
        result.append(Reason("no-limit", "cost",
                             "there is no LIMIT: to sort all rows is cheaper than to walk all of the index",
                             "add LIMIT k", True, rewritten))
    limit = search.limit
    if limit is not None and limit > USUAL_LIMIT and await tried(Edit("", ast_edits.with_limit(USUAL_LIMIT))):
        most = await _turning_point(look, column, limit)
        result.append(Reason("limit-too-large", "cost", f"LIMIT {limit} is too large for the index, which is chosen up "
                             f"to about {most} rows", f"LIMIT {most}, or accept the exact search", True, rewritten))
    facts_served = _served_otherwise(plan)
    if search.select.HasField("where_clause") and await tried(Edit("", ast_edits.unfiltered)):
        if facts_served:
            result.append(Reason("filter-has-index", "cost", f"the filter is selective, and {facts_served} serves it: "
                                 "an exact search among its rows, with every row that fits. A vector index has no "
                                 "bitmap, so that the two can't be combined", None, True))
        else:
            result.append(Reason("selective-filter", "cost", "with the filter the planner expects few rows to sort",
                                 "an index on the filter's columns makes the exact search quick", True))
    for name, usual in (("hnsw.ef_search", "40"), ("ivfflat.probes", "1")):
        now = settings.get(name, usual)
        if name.startswith(method) and int(now) > int(usual) and await tried(changes={name: usual}):
            rule = "probes-near-lists" if name == "ivfflat.probes" else "ef-search-high"
            result.append(Reason(rule, "cost", f"{name} = {now} makes the index dear ({gap})",
                                 f"SET LOCAL {name} = {usual}, or force it: SET LOCAL enable_seqscan = off", True))
    page_cost = float(settings.get("random_page_cost", "4"))
    if page_cost > 1.1 and await tried(changes={"random_page_cost": "1.1"}):
        result.append(Reason("random-page-cost", "cost", f"random_page_cost is {page_cost:g}, as for disks that turn "
                             f"({gap})", "ALTER SYSTEM SET random_page_cost = 1.1, on SSDs", True))
    return result + _facts(look, column, facts, gap)


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
                             f"ANALYZE {column.table}"))
    if rows is not None and rows < SMALL_ROWS:
        result.append(Reason("small-table", "cost",
                             f"{column.table} has about {fmt.count(rows)} rows: to read them all is "
                             f"quick ({gap})", "nothing: an exact search of so few rows is fast"))
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


async def _turning_point(look: Examination, column: VectorColumn, limit: int) -> int:
    """The largest LIMIT, to two digits, with which the planner still takes the index."""
    low, high = USUAL_LIMIT, limit
    while high - low > max(1, low // 20):
        middle = (low + high) // 2
        tree = ast_edits.edited(look.tree, [column.name], [Edit("", ast_edits.with_limit(middle))])
        if tree is not None and await look.uses_index(tree):
            low = middle
        else:
            high = middle
    return low


def _served_otherwise(plan: Plan) -> str | None:
    """The ordinary index by which the planner finds the filter's rows."""
    return next((node.text("Index Name") for node in plan.nodes
                 if node.text("Index Name") and not node.text("Order By") and node.text("Index Cond")), None)
