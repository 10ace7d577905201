"""Used, but too few rows or wrong ones: what pgvector's indexes leave out without a word. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.plans.records import Plan, PlanNode
from console.sql.quoting import identifier
from console.text import format as fmt
from console.vectors import plan as plans
from console.vectors.reasons.losses import Loss, loss
from console.vectors.reasons.records import Reason
from console.vectors.records import Candidates, VectorIndex, VectorRelationFacts

HNSW_MOST = 1000
DEAD_SHARE = 0.2


def reasons(plan: Plan, indexes: Sequence[VectorIndex], settings: Mapping[str, str],
            facts: VectorRelationFacts | None, *, wanted: int | None, has_filter: bool) -> list[Reason]:
    """The reasons that hold for `plan`, executed or not. `wanted` is LIMIT plus OFFSET, None without a LIMIT."""
    by_name = {vector_index.name: vector_index for vector_index in indexes}
    scans = plans.ordered_scans(plan, by_name)
    if not scans:
        return []  # an exact search leaves nothing out
    index = by_name[scans[0].text("Index Name")]
    found = plans.candidates(plan, by_name)
    rows = plans.actual_rows(plan)
    has_filter = has_filter or any(node.text("Filter") for node in scans)
    lost = loss(plan, by_name, wanted)
    lacking = lost is not None and lost.is_lacking
    result = _rejected(lost, settings.get(f"{index.method}.iterative_scan", "off")) if lost and lacking else []
    if rows is None or lacking or wanted is None:
        if index.method == "hnsw":
            result += _hnsw(index, settings, facts, found, wanted, has_filter, lacking)
        elif index.method == "ivfflat":
            result += _ivfflat(index, settings, facts, found, has_filter, lacking)
    if lost and lost.outside and not lacking:
        result.append(Reason("rejected-outside", "short", f"{lost.outer} rejected {lost.outside} of the rows that the "
                             "LIMIT below it had let through: they were not replaced by others",
                             "put the condition below the LIMIT, or a larger LIMIT there"))
    if settings.get(f"{index.method}.iterative_scan") == "relaxed_order":
        result.append(Reason(
            "relaxed-order", "short", f"{index.method}.iterative_scan is relaxed_order: rows may come slightly out of "
            "order", f"SET LOCAL {index.method}.iterative_scan = strict_order" if index.method == "hnsw" else
            "sort the rows once more: WITH found AS MATERIALIZED (...) SELECT * FROM found ORDER BY distance + 0"))
    result += _contents(index, facts)
    result += partitions(plan, scans)
    return result


def _rejected(lost: Loss, iterative: str) -> list[Reason]:
    """Of rows that something above the scan rejected: a join, a semi-join, a condition outside of the subquery."""
    if not lost.rejected:
        return []
    return [Reason("rejected-above", "short", f"{lost.sentence}, and the index gives no more" + (
        ": iterative scan is off" if iterative == "off" else ""), "SET LOCAL hnsw.iterative_scan = strict_order")]


def _hnsw(index: VectorIndex, settings: Mapping[str, str], facts: VectorRelationFacts | None,
          found: Candidates | None, wanted: int | None, has_filter: bool, lacking: bool) -> list[Reason]:
    ef = int(settings.get("hnsw.ef_search", "40"))
    iterative = settings.get("hnsw.iterative_scan", "off")
    result = []
    if iterative == "off":
        turn_on = "SET LOCAL hnsw.iterative_scan = strict_order" if "hnsw.iterative_scan" in settings else \
            "ALTER EXTENSION vector UPDATE to 0.8, which has iterative scans"
        if wanted is None:
            result.append(Reason("no-limit-truncated", "short", f"there is no LIMIT, and an hnsw scan ends after "
                                 f"hnsw.ef_search = {ef} candidates", f"add a LIMIT, or {turn_on}"))
        elif wanted > ef:
            fix = f"SET LOCAL hnsw.ef_search = {wanted}" if wanted <= HNSW_MOST else turn_on
            result.append(Reason("limit-over-ef-search", "short", f"LIMIT and OFFSET ask for {wanted} rows, but "
                                 f"hnsw.ef_search is {ef}: an hnsw scan gives no more candidates than that", fix))
        if has_filter and (found is None or found.rejected):
            policy = " (a row security policy is one)" if facts and facts.has_row_security else ""
            what = f"rejected {found.rejected} of the {found.given} candidates" if found else \
                f"is applied to the {ef} candidates afterwards, so that fewer rows may be left"
            result.append(Reason("filtered-afterwards", "short", f"the filter{policy} {what}, and iterative scan is "
                                 "off", f"{turn_on}; or a partial index, a partition, or an exact search"))
        if lacking and found and not found.rejected and found.given < min(ef, wanted or ef):
            result.append(Reason("few-candidates", "short", f"the index gave only {found.given} candidates at "
                                 f"hnsw.ef_search = {ef}: many equal vectors, dead rows, or no more rows indexed",
                                 f"{turn_on}; VACUUM {identifier(index.schema, index.relation)}"))
    elif lacking and found:
        most = int(settings.get("hnsw.max_scan_tuples", "20000"))
        everything = facts and facts.row_estimate is not None and found.given >= facts.row_estimate * 0.98
        if everything:
            result.append(Reason("all-scanned", "short", f"all {found.given} rows were looked at: no more fit"))
        elif found.given >= most:
            result.append(Reason("max-scan-tuples", "short", f"the scan gave up after hnsw.max_scan_tuples = {most} "
                                 "rows", f"SET LOCAL hnsw.max_scan_tuples = {most * 10}"))
        else:
            result.append(Reason("scan-memory", "short", f"the scan gave up after {found.given} rows: the memory, "
                                 "work_mem times hnsw.scan_mem_multiplier, was used up",
                                 "SET LOCAL hnsw.scan_mem_multiplier = 4"))
    return result


def _ivfflat(index: VectorIndex, settings: Mapping[str, str], facts: VectorRelationFacts | None,
             found: Candidates | None, has_filter: bool, lacking: bool) -> list[Reason]:
    probes = int(settings.get("ivfflat.probes", "1"))
    iterative = settings.get("ivfflat.iterative_scan", "off")
    result = []
    if iterative == "off":
        on = "SET LOCAL ivfflat.iterative_scan = relaxed_order" if "ivfflat.iterative_scan" in settings else \
            f"SET LOCAL ivfflat.probes = {probes * 4}"
        if lacking and found:
            probed = "the list that was probed holds" if probes == 1 else f"the {probes} lists that were probed hold"
            result.append(Reason("lists-exhausted", "short", f"{probed} {found.given} candidates, of which the "
                                 f"filter rejected {found.rejected}",
                                 f"SET LOCAL ivfflat.probes = {probes * 4}; or {on}"))
        elif has_filter and found is None:
            held = "1 list holds" if probes == 1 else f"{probes} lists hold"
            result.append(Reason("filtered-afterwards", "short", f"the filter is applied to what {held}, so that fewer "
                                 "rows may be left", on))
    elif lacking and found:
        most = settings.get("ivfflat.max_probes", "32768")
        result.append(Reason("max-probes", "short", f"the scan ended after {found.given} rows: all lists were probed, "
                             f"or ivfflat.max_probes = {most} of them", "SET LOCAL ivfflat.max_probes = 32768"))
    lists = next((int(option[6:]) for option in index.options if option.startswith("lists=") and option[6:].isdigit()),
                 100)
    if facts and facts.row_estimate and facts.row_estimate / lists > 20_000:
        plural = "s" if lists != 1 else ""
        result.append(Reason("few-lists", "short",
                             f"{lists} list{plural} for {fmt.count(facts.row_estimate)} rows: the index "
                             "was built for fewer rows than there are now",
                             f"ALTER INDEX {index.sql_name} SET (lists = {max(1, round(facts.row_estimate / 1000))}); "
                             f"REINDEX INDEX CONCURRENTLY {index.sql_name}"))
    return result


def _contents(index: VectorIndex, facts: VectorRelationFacts | None) -> list[Reason]:
    if facts is None:
        return []
    result = []
    if facts.null_fraction:
        result.append(Reason("null-vectors", "short", f"{fmt.share(facts.null_fraction)} of the vectors are NULL: no "
                             "index holds those rows, an exact search returns them last", "WHERE ... IS NOT NULL"))
    live, dead = facts.live_rows or 0, facts.dead_rows or 0
    if dead > DEAD_SHARE * max(1, live):
        result.append(Reason("dead-rows", "short", f"{dead} dead rows beside {live} live ones take candidates away "
                             "until VACUUM", f"REINDEX INDEX CONCURRENTLY {index.sql_name}; "
                             f"VACUUM {identifier(index.schema, index.relation)}"))
    return result


def partitions(plan: Plan, scans: Sequence[PlanNode]) -> list[Reason]:
    for node in plan.nodes:
        if node.kind == "Merge Append":
            sorted_ones = [part for child in plan.children(node) if child.kind == "Sort"
                           for part in plan.below(child) if part.relation]
            if sorted_ones and scans:
                names = ", ".join(plan_node.relation for plan_node in sorted_ones[:5])
                count = fmt.plural(len(sorted_ones), "partition")
                return [Reason("partition-without-index", "short", f"{count} without an index that fits, searched "
                               f"exactly: {names}", "CREATE INDEX on each, then ALTER INDEX parent ATTACH PARTITION")]
    return []

