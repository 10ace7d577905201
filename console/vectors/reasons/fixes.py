"""What to do about a reason, each way out tried before it is named."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.errors import ConsoleError
from console.plans.records import Fix, Trial
from console.server.session import PgSession
from console.sql import grammar, selects
from console.sql.grammar import Node
from console.sql.quoting import identifier, operator
from console.text import format as fmt
from console.vectors import centroids, read
from console.vectors import plan as plans
from console.vectors.metrics import metric_of_operator
from console.vectors.reasons import ineligible, statement, trials
from console.vectors.reasons.ast_edits import USUAL_LIMIT, Edit, with_limit, with_operand
from console.vectors.reasons.cost import upkeep
from console.vectors.reasons.index_trials import hypothetical, on_a_sample
from console.vectors.reasons.records import Reason
from console.vectors.reasons.trials import POOR_RECALL, Examination, Ran, is_complete, ranked

if TYPE_CHECKING:
    from console.vectors.reasons.diagnose import SearchCase

SHOWN = 3
"""So many ways out of one matter are named."""

LEAST_ROWS = 5
"""Of fewer rows a recall says nothing."""

HNSW_MOST = 1000
DEEPER = 3
"""So often four times as many of the nearest are taken first."""

_LACKING = ("rejected-above", "limit-over-ef-search", "filtered-afterwards", "few-candidates",
            "max-scan-tuples", "scan-memory", "lists-exhausted", "max-probes", "no-limit-truncated")


# too few rows, or wrong ones

async def of_short(case: SearchCase, reasons: Sequence[Reason]) -> list[Reason]:
    """Reasons of an index that gives too little, with what gives more; one more where it gives wrong rows."""
    look = case.look
    lacking = [reason for reason in reasons if reason.rule in _LACKING]
    if not look.is_run or look.before is None:
        return [await _planned(case, reason) if reason in lacking else reason for reason in reasons]
    before, exact = look.before, await look.exact()
    result = [replace(reason, fixes=await _deeper(case, before)) if reason.rule == "rejected-outside" else reason
              for reason in reasons]
    if exact is not None and lacking and exact.count <= before.count and case.search.has_limit:
        result = [reason for reason in result if reason not in lacking]
        lacking = []
        if case.search.wanted is not None and before.count < case.search.wanted:
            result.append(Reason("all-found", "fact", f"{fmt.count(before.count)} rows: an exact search finds no more"))
    right = trials.overlap(before, exact)
    is_poor = not lacking and exact is not None and right is not None and before.count >= LEAST_ROWS \
        and right < POOR_RECALL * min(exact.count, before.count)
    if not lacking and not is_poor:
        return result
    found = await _tried(case, exact)
    if is_poor and right is not None and exact is not None:
        result[:0] = await _wrong_rows(case, before, right, exact.count, () if lacking else found)
    if lacking:
        result = [replace(reason, fixes=(*found, *_vacuum(case, reasons)), fix=found[0].sql if found else reason.fix)
                  if reason is lacking[0] else reason for reason in result]
    return [*result, *await _zero_vectors(case, exact, lacking)]


async def _deeper(case: SearchCase, before: Ran) -> tuple[Fix, ...]:
    """A larger LIMIT below what rejects rows, until as many are left as that LIMIT asks for, or all were looked at."""
    limit, best = case.search.limit or 0, None
    for times in (4, 16, 64, 256):
        fresh = case.edited.having([Edit("", with_limit(times * limit))])
        settings = {"hnsw.ef_search": str(max(40, min(HNSW_MOST, times * limit)))}
        if fresh is None or (fix := await case.look.statement(fresh.tree, settings)) is None:
            break
        if (fix.trial.rows or 0) > max(before.count, (best.trial.rows or 0) if best else 0):
            best = fix
        if (fix.trial.rows or 0) >= limit:
            break
    return (best,) if best else ()


async def _planned(case: SearchCase, reason: Reason) -> Reason:
    """With the first settings that would do, planned alone."""
    for settings in candidates(case, None):
        if (fix := await case.look.setting(settings)) is not None:
            return replace(reason, fixes=(fix,), fix=fix.sql)
    return reason


async def _tried(case: SearchCase, exact: Ran | None) -> tuple[Fix, ...]:
    """Settings that bring the rows, and the exact search, the best first."""
    look, wanted = case.look, exact.count if exact is not None else case.search.wanted
    found: list[Fix] = []
    good = 0
    if not case.search.has_limit:
        fresh = case.edited.having([Edit("", with_limit(USUAL_LIMIT))])
        limited = await look.statement(fresh.tree, note="only so many as are needed") if fresh is not None else None
        found += [limited] if limited else []
    enough: list[Mapping[str, str]] = []
    for settings in candidates(case, exact):
        if any(known.items() <= settings.items() for known in enough) and "hnsw.ef_search" not in settings:
            continue  # that alone has brought all rows
        fix = await look.setting(settings)
        if fix is None:
            continue
        if is_complete(fix, wanted):
            enough.append(settings)
        found.append(fix)
        good += is_complete(fix, wanted) and (fix.trial.recall is None or fix.trial.recall >= trials.GOOD_RECALL)
        if good >= 2 or look.is_out_of_time:
            break
    fix = await look.setting(plans.EXACT)
    if fix is not None:
        found.append(fix)
    best = ranked(found, wanted)
    complete = [fix for fix in best if is_complete(fix, wanted)]
    return tuple((complete or list(best))[:SHOWN])


def candidates(case: SearchCase, exact: Ran | None) -> Iterator[dict[str, str]]:
    """Settings by which the index may give more, those that cost least first."""
    settings = case.settings
    used = plans.index_used(case.plan, case.look.names)
    index = next((index for index in case.indexes if index.name == used), None)
    found = plans.candidates(case.plan, case.look.names)
    wanted = case.search.wanted or (exact.count if exact is not None else None)
    if index is not None and index.method == "ivfflat":
        yield from _of_ivfflat(index.options, settings)
        return
    ef = int(settings.get("hnsw.ef_search", "40"))
    iterative = "hnsw.iterative_scan" in settings
    came = case.look.before.count if case.look.before else found.kept if found else 0
    enough = math.ceil((wanted or ef) * (found.given / max(1, min(came, found.kept)) if found else 1.0) * 1.2)
    tries = [wanted] if wanted and wanted > ef else []
    tries += [enough, 2 * enough, 200, HNSW_MOST]
    efs = [value for value in dict.fromkeys(tries) if ef < value <= HNSW_MOST][:3]
    if settings.get("hnsw.iterative_scan", "off") == "off":
        yield from ({"hnsw.ef_search": str(value)} for value in efs[:2])
        if iterative:
            yield {"hnsw.iterative_scan": "strict_order"}
            yield {"hnsw.iterative_scan": "relaxed_order"}
            yield {"hnsw.iterative_scan": "strict_order", "hnsw.ef_search": str(max(200, 2 * ef))}
        yield from ({"hnsw.ef_search": str(value)} for value in efs[2:])
    rows = int(case.facts.row_estimate or 0)
    on = {} if settings.get("hnsw.iterative_scan", "off") != "off" else {"hnsw.iterative_scan": "strict_order"}
    if iterative:
        yield from ({**on, "hnsw.scan_mem_multiplier": str(times)} for times in (4, 20, 100, 1000))
        most = max(10 * int(settings.get("hnsw.max_scan_tuples", "20000")), rows)
        yield {**on, "hnsw.max_scan_tuples": str(most), "hnsw.scan_mem_multiplier": "100"}
    yield from ({"hnsw.ef_search": str(value)} for value in efs if on == {})


def _of_ivfflat(options: Sequence[str], settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    probes = int(settings.get("ivfflat.probes", "1"))
    lists = next((int(option[6:]) for option in options if option.startswith("lists=")), 100)
    tries = [value for value in dict.fromkeys((4 * probes, round(math.sqrt(lists)), 16 * probes, lists))
             if probes < value <= lists]
    is_off = settings.get("ivfflat.iterative_scan", "off") == "off"
    yield from ({"ivfflat.probes": str(value)} for value in tries[:1])
    if is_off and "ivfflat.iterative_scan" in settings:
        yield {"ivfflat.iterative_scan": "relaxed_order"}
    yield from ({"ivfflat.probes": str(value)} for value in tries[1:])
    if not is_off:
        yield {"ivfflat.max_probes": "32768"}


async def _wrong_rows(case: SearchCase, before: Ran, right: int, exact: int, found: Sequence[Fix]) -> list[Reason]:
    """Neighbours that aren't the nearest ones: what the matter is, as far as it can be told."""
    used = plans.index_used(case.plan, case.look.names)
    index = next(index for index in case.indexes if index.name == used)
    said = f"{right} of the {fmt.count(before.count)} rows that came are among the {fmt.count(exact)} nearest"
    if index.method == "ivfflat" and (why := await centroids.untrained(case.look.session, index, case.column)):
        sql = f"REINDEX INDEX CONCURRENTLY {index.sql_name}"
        return [Reason("untrained-lists", "short", f"{said}: {why}", sql,
                       fixes=(upkeep(sql, "it writes: the lists are made anew, of the rows that there are now"),
                              *found))]
    rejected = plans.candidates(case.plan, case.look.names)
    filtered = ""
    if rejected and rejected.rejected:
        filtered = f"; the filter rejected {rejected.rejected} of {rejected.given} candidates"
    reason = Reason("wrong-neighbours", "short", f"{said}: the index {index.name} finds the others too seldom"
                    f"{filtered}", found[0].sql if found else None, fixes=tuple(found))
    if index.method == "ivfflat":
        sql = f"REINDEX INDEX CONCURRENTLY {index.sql_name}"
        reason = replace(reason, fixes=(*found, upkeep(sql, "it writes; its lists may be those of other rows")))
    return [reason]


def _vacuum(case: SearchCase, reasons: Sequence[Reason]) -> list[Fix]:
    if not any(reason.rule in ("dead-rows", "few-candidates") for reason in reasons):
        return []
    return [upkeep(f"VACUUM {case.column.table}", "it writes: dead rows take no places any more")]


async def _zero_vectors(case: SearchCase, exact: Ran | None, lacking: Sequence[Reason]) -> list[Reason]:
    """Told where there are some: an exact search finds them last, an index for cosine distance never."""
    if not lacking or exact is None or case.search.operator != "<=>" or case.column.type_name == "bit":
        return []
    name = identifier(case.column.extension_schema, "l2_norm" if case.column.type_name != "vector" else "vector_norm")
    query = grammar.parse(f"SELECT 1 FROM {case.column.table} WHERE {name}({identifier(case.column.name)}) = 0 LIMIT 1")
    try:
        found = await case.look.run(selects.unplaced(query), {"enable_indexscan": "on"})
    except ConsoleError:
        return []
    return [Reason("zero-vectors", "short", "zero vectors are not in an index for cosine distance")] \
        if found.count else []


# not used because it costs too much

async def of_cost(case: SearchCase, reasons: Sequence[Reason]) -> list[Reason]:
    """With the index forced on the planner beside what it chose, where that can be run."""
    look = case.look
    if not look.is_run or look.before is None or any(reason.rule == "small-table" for reason in reasons):
        return list(reasons)
    forced = await look.setting({"enable_seqscan": "off"} if case.search.has_limit else
                                {"enable_seqscan": "off", "enable_sort": "off"})
    if forced is None or (took := forced.trial.ms) is None:
        return list(reasons)
    before, trial = look.before, forced.trial
    lost = trial.rows is not None and trial.rows < before.count
    if took > before.ms or lost:
        less = f", with {fmt.count(trial.rows)} of the {fmt.count(before.count)} rows" if lost else ""
        quicker = Reason("exact-is-quicker", "fact", f"the exact search takes {fmt.milliseconds(before.ms)}, this one "
                         f"through {trial.index} {fmt.milliseconds(took)}{less}: the planner is right")
        return [*reasons, quicker]
    if any(reason.fixes for reason in reasons if reason.kind == "cost" and reason.rule != "stale-statistics"):
        return list(reasons)
    if not reasons:
        reasons = [Reason("misjudged", "cost", "the planner takes the index for dearer than it is", None, True)]
    return [replace(reasons[0], fixes=(*reasons[0].fixes, forced), fix=reasons[0].fix or forced.sql), *reasons[1:]]


# not used because it can't be

async def of_ineligible(case: SearchCase, reasons: Sequence[Reason]) -> list[Reason]:
    """With the statement in another form, and with an index for the statement as it is."""
    if not reasons:
        return []
    rewritten = await _rewritten(case, reasons)
    result = []
    for reason in reasons:
        found = list(await _of_index(case, reason))
        if rewritten is not None and reason.rewritten is not None and reason is next(
                each for each in reasons if each.rewritten is not None):
            found.insert(0, rewritten)
        result.append(replace(reason, fixes=tuple(found)) if found else reason)
    return result


async def _rewritten(case: SearchCase, reasons: Sequence[Reason]) -> Fix | None:
    """The statement so changed, with as many of the nearest taken first as it needs for all its rows."""
    text = next((reason.rewritten for reason in reasons if reason.rewritten), None)
    if text is None or any(reason.rule == "generic-plan" for reason in reasons):
        return None  # with the predicate's own value it proves the cause, and asks for other rows
    look = case.look
    tree = statement.parse(text)
    fix = await look.statement(tree)
    is_fence = any(reason.rule in ("fence", "computed-order") for reason in reasons)
    if is_fence and look.is_run and look.before is not None:
        for _ in range(DEEPER):
            if fix is not None and (fix.trial.rows or 0) >= look.before.count and "other rows" not in fix.trial.note:
                break
            count = 0
            for select in _nearest_first(tree):
                count = 4 * (selects.integer(select.limit_count) or 0)
                selects.set_limit(select, count)
            more = await look.statement(tree, {"hnsw.ef_search": str(min(HNSW_MOST, count))}) if count else None
            if more is not None and (fix is None or (more.trial.rows or 0) > (fix.trial.rows or 0)
                                     or more.trial.note != fix.trial.note):
                fix = more
    fix = fix or await look.statement(tree, {"enable_seqscan": "off"}) or await _otherwise(case, reasons, text)
    if fix is None:
        return None
    if any(reason.rule == "partial-index" for reason in reasons) and not fix.trial.note.startswith("the same rows"):
        return None
    if not case.inner.is_whole:
        whole = grammar.deparse(case.inner.put_back(statement.parse(fix.statement or "")))
        fix = replace(fix, sql=fix.sql.replace(fix.statement or "", whole), statement=whole)
    return fix


async def _otherwise(case: SearchCase, reasons: Sequence[Reason], text: str) -> Fix | None:
    """Another edit for the same reason, where the first one failed as it was run."""
    rules = {reason.rule for reason in reasons}
    for edit in ineligible.edits(case.search, case.column, case.indexes, case.edited.catalog):
        if edit.rule in rules and (fresh := case.edited.having([edit])) is not None and fresh.text != text \
                and (fix := await case.look.statement(fresh.tree)) is not None:
            return fix
    return None


def _nearest_first(tree: Node) -> list[Node]:
    """The subqueries of a rewritten statement that order by a distance and have a LIMIT."""
    root = tree.stmts[0].stmt.select_stmt
    return [scope.select for scope in selects.scopes(root) if scope.select is not root
            and selects.integer(scope.select.limit_count)
            and any(statement.has_distance(item) for item in scope.select.sort_clause)]


async def _of_index(case: SearchCase, reason: Reason) -> list[Fix]:
    """An index, or upkeep of one, for the statement as it is."""
    column, operator_ = case.column, case.search.operator
    sql = None
    match reason.rule:
        case "no-index" | "too-many-dimensions" | "domain" | "operator-class":
            sql = ineligible.create_index(column, operator_)
        case "partial-index":
            sql = ineligible.create_index(column, operator_, _own_condition(case))
        case "index-invalid":
            index = next(index for index in case.indexes if not index.is_usable)
            return [upkeep(f"REINDEX INDEX CONCURRENTLY {index.sql_name}", "it writes")]
        case "no-dimensions":
            return await _dimensions(case)
    if sql is None:
        return []
    fixes = [Fix("index", sql, await index_trial(case, sql))]
    if reason.rule == "too-many-dimensions" or reason.rule == "domain":
        fixes = [replace(fixes[0], statement=_by_expression(case))]
    return fixes


def _by_expression(case: SearchCase) -> str | None:
    """The statement that orders by the expression of the proposed index."""
    expression = ineligible.indexed_expression(case.column)
    if expression == identifier(case.column.name):
        return None
    kind = "bit" if "binary_quantize" in expression else "halfvec" if "halfvec" in expression else case.column.type_name
    schema = case.column.extension_schema
    operand = selects.unplaced(grammar.expression(expression))
    fresh = case.edited.having([Edit("", with_operand(operand, (schema, kind)))])
    return fresh.text if fresh is not None else None


def _own_condition(case: SearchCase) -> str | None:
    """The statement's own condition on the columns of the partial index's: constants alone."""
    index = ineligible.likeliest(case.search, case.indexes)
    base = case.search.base
    if index is None or index.predicate is None or base is None:
        return None
    wanted = {selects.path(reference)[-1] for reference in selects.references(grammar.expression(index.predicate))}
    own = []
    for part in selects.conjuncts(base.select.where_clause):
        paths = {selects.path(reference)[-1:] for reference in selects.references(part)}
        if paths and all(path and path[0] in wanted for path in paths) and not any(
                kind in ("param_ref", "sub_link") for kind, _ in grammar.nodes(part)):
            for reference in selects.references(part):
                reference.CopyFrom(selects.reference(selects.path(reference)[-1]))
            own.append(part)
    condition = selects.conjoined(own)
    return grammar.expression_text(condition) if condition is not None else None


async def _dimensions(case: SearchCase) -> list[Fix]:
    """The dimensions that the column's vectors have; of several an index of one of them alone is possible."""
    column = case.column
    name = identifier(column.name)
    function = identifier(column.extension_schema, "vector_dims")
    query = f"SELECT DISTINCT {function}({name})::pg_catalog.text FROM (SELECT {name} FROM {column.table} " \
        f"WHERE {name} IS NOT NULL LIMIT 10000) AS sample LIMIT 3"
    try:
        ran = await case.look.run(grammar.parse(query))
    except ConsoleError:
        return []
    found = [row[0] for row in ran.rows or () if row[0]]
    metric = metric_of_operator(case.search.operator or "")
    if len(found) == 1 and metric:
        sql = f"ALTER TABLE {column.table} ALTER {name} TYPE {column.type_sql()}({found[0]}); " \
            f"CREATE INDEX ON {column.table} USING hnsw ({name} " \
            f"{identifier(column.extension_schema, metric.operator_class(column.type_name))})"
        return [upkeep(sql, f"it writes; all of a sample have {found[0]} dimensions")]
    if found and metric:
        opclass = identifier(column.extension_schema, metric.operator_class(column.type_name))
        sql = f"CREATE INDEX CONCURRENTLY ON {column.table} USING hnsw (({name}::{column.type_sql()}({found[0]})) " \
            f"{opclass}) WHERE {function}({name}) = {found[0]}"
        return [upkeep(sql, f"it writes; the vectors have {', '.join(map(str, found))} dimensions, and an index is of "
                            "one of them")]
    return []


async def index_trial(case: SearchCase, sql: str) -> Trial:
    """An index that isn't there: planned by HypoPG where that knows its kind, else on a sample where the person allows
    writing, else not tried."""
    look = case.look
    text = _by_expression(case)
    tree = case.edited.tree if text is None else statement.parse(text)
    if "hypopg" in look.session.info.extensions and (planned := await hypothetical(look, sql, tree)) is not None:
        return planned
    if look.may_write:
        return await on_a_sample(look, sql, case.column, tree)
    return Trial("not tried", note="it writes; --try-indexes builds it on a sample")


# not even planned

async def of_refusal(session: PgSession, error: ConsoleError, text: str, settings: Mapping[str, str]) -> Reason:
    """An operator that wasn't found: of an array, or in a schema that the search_path leaves out."""
    inner = statement.inner_select(statement.parse(text))
    look = Examination(session, inner.tree, (), settings, None)
    said = error.summary.removeprefix(f"{session.target.label}: ")
    found = await read.catalog(session, look.schemas, inner.tree)
    look.names = frozenset(index.name for indexes in found.indexes.values() for index in indexes)
    extension = session.info.extensions.get("vector")
    if "[]" in error.summary:
        schema = extension.schema if extension else "public"
        tree = grammar.copy(inner.tree)
        changed = _cast_arrays(tree, schema)
        fix = await look.statement(tree) if changed else None
        fix = fix or (await _only_planned(look, tree) if changed else None)
        return Reason("array-parameter", "ineligible", f"{said}: an array is no vector",
                      fix.sql if fix else "cast it, $1::real[]::vector, or register the driver's vector type",
                      fixes=(fix,) if fix else ())
    if extension is None:
        return Reason("no-extension", "ineligible", f"{said}: pgvector is not installed in this database",
                      "CREATE EXTENSION vector")
    if extension.schema in look.schemas:
        return Reason("operand-types", "ineligible", f"{said}: pgvector has no such operator for these types",
                      "cast both sides to one vector type")
    now = settings.get("search_path", session.info.search_path)
    path = f"{now}, {identifier(extension.schema)}"
    tree = grammar.copy(inner.tree)
    _with_schema(tree, extension.schema)
    tries = [await look.setting({"search_path": path}), await look.statement(tree)]
    fixes = tuple(fix for fix in tries if fix is not None)
    if not fixes and (planned := await _only_planned(look, tree)) is not None:
        fixes = (planned,)
    return Reason("search-path", "ineligible", f"{said}: pgvector is in the schema {extension.schema}, which "
                  f"the search_path ({now}) leaves out", fixes[0].sql if fixes else
                  f"SET search_path = {path}", fixes=fixes)


async def _only_planned(look: Examination, tree: Node) -> Fix | None:
    """A statement that the server takes, though it goes by no index."""
    try:
        await look.plan(tree)
    except ConsoleError:
        return None
    text = grammar.deparse(tree)
    return Fix("statement", text, Trial("planned", note="the server takes it"), {}, text)


def _cast_arrays(tree: Node, schema: str) -> bool:
    changed = False
    for _, node in list(grammar.nodes(tree)):
        if node.WhichOneof("node") != "a_expr" or metric_of_operator(statement.last(node.a_expr.name)) is None:
            continue
        for side in statement.sides(node):
            kind = side.WhichOneof("node")
            if kind == "a_array_expr" or kind == "param_ref" or (
                    kind == "type_cast" and len(side.type_cast.type_name.array_bounds)):
                model = grammar.expression(f"NULL::real[]::{identifier(schema, 'vector')}")
                model.type_cast.arg.type_cast.arg.CopyFrom(side)
                side.CopyFrom(selects.unplaced(model))
                changed = True
    return changed


def _with_schema(tree: Node, schema: str) -> None:
    """pgvector's operators and types with its schema before them."""
    for _, node in list(grammar.nodes(tree)):
        if node.WhichOneof("node") == "a_expr" and len(node.a_expr.name) == 1 and (
                metric_of_operator(sign := statement.last(node.a_expr.name))) is not None:
            model = grammar.expression(f"1 {operator(schema, sign)} 2")
            del node.a_expr.name[:]
            for part in model.a_expr.name:
                node.a_expr.name.add().CopyFrom(part)
        elif node.WhichOneof("node") == "type_cast":
            names = node.type_cast.type_name.names
            if len(names) == 1 and statement.last(names) in ("vector", "halfvec", "sparsevec"):
                names.insert(0, grammar.expression(f"{identifier(schema)}.f()").func_call.funcname[0])
