"""Why isn't the index used, or gives too little? Plans, the catalog, and the statement changed one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, ServerError, UsageError
from console.plans.records import Fix, Plan, Trial
from console.server.preamble import SHOWN
from console.server.readonly import ReadStatement, Wire, trip
from console.server.session import PgSession
from console.sql import grammar, selects
from console.sql.grammar import Node
from console.vectors import plan as plans
from console.vectors import read
from console.vectors.metrics import METRICS
from console.vectors.reasons import cost, fixes, ineligible, rewrites, short, statement
from console.vectors.reasons.ast_edits import Edit, Edited
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.reasons.statement import Search, StatementCatalog
from console.vectors.reasons.trials import FORCED, Examination, Ran
from console.vectors.records import VectorColumn, VectorIndex, VectorRelationFacts

VECTOR_TYPES = ("vector", "halfvec", "sparsevec")


class SearchCase(Struct):
    """One search of a statement with all that is known of it. `edited` is the statement that is changed: the one that
    was asked about, its views written out. `plan` is that of the statement as it was asked."""

    look: Examination
    edited: Edited
    search: Search
    column: VectorColumn
    indexes: list[VectorIndex]
    facts: VectorRelationFacts
    settings: Mapping[str, str]
    plan: Plan
    inner: statement.InnerSelect


async def why(session: PgSession, text: str, params: Sequence[str | Wire | None] = (), *,
              settings: Mapping[str, str] | None = None, analyze: bool = False, timeout_ms: int | None = None,
              plan: Plan | None = None, is_run: bool | None = None, may_write: bool = False) -> IndexVerdict:
    """What a statement's plan does with the vector indexes at hand, and why. Raises ConsoleError.

    `params` are the values of $1, $2...; without them a statement that has some is planned generically (PostgreSQL
    16 and later). With `analyze` it is executed, read-only. `settings` hold as in the search (SET LOCAL).
    `plan` is its plan (VERBOSE), where that has been read already. `is_run` (default: as `analyze`): fixes are tried by
    running them, else they are planned. `may_write`: an index that is proposed may be built on a sample, in a
    transaction that is rolled back.
    """
    inner = statement.inner_select(statement.parse(text))
    look = Examination(session, inner.tree, params, settings or {}, timeout_ms,
                       is_run=analyze if is_run is None else is_run)
    look.may_write = may_write
    if look.is_generic and session.info.major < 16:
        raise UsageError("the statement has parameters, and PostgreSQL plans it without their values only from 16 on",
                         hint="give the values")
    try:
        if plan is None or not inner.is_whole:
            plan = await look.plan(analyze=analyze or (plan is not None and plan.is_analyzed))
    except ServerError as error:
        if reason := await of_error(session, error, text, look.settings):
            return IndexVerdict("ineligible", reason.sentence, None, (reason,))
        raise
    return await _examined(look, inner, plan)


async def _examined(look: Examination, inner: statement.InnerSelect, plan: Plan) -> IndexVerdict:
    catalog = await read.catalog(look.session, look.schemas, inner.tree)
    working = statement.with_views(inner.tree, catalog)
    if working is not None:
        catalog = await read.catalog(look.session, look.schemas, inner.tree, working)
    tree = inner.tree if working is None else working
    found = statement.searches(tree, catalog, [str(value) for value in look.params])
    known = [place for place, search in enumerate(found) if search.column is not None]
    if not known:
        return await _of_a_function(look, inner, catalog, plan)
    cases = [await _case(look, inner, Edited(tree, catalog, place, tuple(look.params)), found[place], plan)
             for place in known[:3]]
    verdicts = []
    for case in cases:
        look.names = frozenset(index.name for index in case.indexes)
        verdict = await _verdict(case)
        verdicts.append(verdict)
        if verdict.outcome != "used":
            break
    return next((verdict for verdict in verdicts if verdict.outcome != "used"),
                next((verdict for verdict in verdicts if verdict.reasons), verdicts[0]))


async def _case(look: Examination, inner: statement.InnerSelect, edited: Edited, search: Search, plan: Plan,
                ) -> SearchCase:
    column = search.column
    assert column is not None
    session = look.session
    effective = {name: setting.setting for name, setting in (await read.settings(session)).items()} | look.settings
    family = edited.catalog.indexes.get(column.relation_oid, [])
    return SearchCase(look, edited, search, column, read.serving_family(family, column),
                await read.relation_facts(session, column.relation_oid, column.position), effective, plan, inner)


async def _verdict(case: SearchCase) -> IndexVerdict:
    look, plan = case.look, case.plan
    if look.is_run:
        try:
            look.before = await look.run()
        except ConsoleError:
            look.is_run = False
    used = plans.index_used(plan, look.names)
    if used is not None:
        return await _of_a_used_index(case, used)
    first = await _of_vector(case, is_used=False)
    if case.settings.get("enable_indexscan") == "off" and await look.uses_index(settings={"enable_indexscan": "on"}):
        fix = await look.setting({"enable_indexscan": "on"})
        reason = Reason("indexscan-off", "ineligible", "enable_indexscan is off", "RESET enable_indexscan; look into "
                        "pg_db_role_setting for where it comes from", True, None, (fix,) if fix else ())
        return _not_used(case, "ineligible", [reason, *first])
    forced = await look.plan(settings=FORCED)
    if plans.index_used(forced, look.names) and (fenced := await _fenced(case)):
        return _not_used(case, "ineligible", _in_order(first, await fixes.of_ineligible(case, fenced)))
    if plans.index_used(forced, look.names):
        reasons = await cost.reasons(look, case.edited, case.search, case.column, case.indexes, case.facts,
                                     case.settings, plan, forced)
        reasons = await fixes.of_cost(case, reasons)
        verdict = _not_used(case, "cost", _in_order(first, reasons))
        return replace(verdict, forced_cost=plans.total_cost(forced))
    reasons = ineligible.of_catalog(case.search, case.column, case.indexes)
    reasons += await _barriers(case)
    if not any(reason.is_proved for reason in reasons):
        reasons += await _culprits(case)
    small = cost.small_table(case.column, case.facts, plan)
    if small and reasons and all(reason.rule == "no-index" for reason in reasons):
        reasons = [*small, *reasons]
    reasons = reasons or small or [
        Reason("unknown", "ineligible", "no index can be used, and no single change brings one back",
               "look at the plan")]
    return _not_used(case, "ineligible", _in_order(first, await fixes.of_ineligible(case, reasons)))


def _in_order(of_vector: Sequence[Reason], reasons: Sequence[Reason]) -> list[Reason]:
    """What is wrong with the query vector for certain, the causes, and then what is only to be known."""
    certain = [reason for reason in of_vector if reason.kind != "fact"]
    return [*certain, *reasons, *(reason for reason in of_vector if reason.kind == "fact")]


def _not_used(case: SearchCase, outcome: str, reasons: Sequence[Reason]) -> IndexVerdict:
    index = next((index.name for index in case.indexes if index.is_usable), "an index")
    if outcome == "cost":
        first = f": {reasons[0].sentence}" if reasons else ""
        sentence = f"the planner could use {index} but finds the rest cheaper{first}"
    else:
        sentence = reasons[0].sentence
    return IndexVerdict("cost" if outcome == "cost" else "ineligible", sentence, None, tuple(reasons),
                        plans.total_cost(case.plan), None, case.plan)


async def _of_a_used_index(case: SearchCase, used: str) -> IndexVerdict:
    search = case.search
    of_vector = await _of_vector(case, is_used=True)
    is_null = any(reason.rule == "null-vector" for reason in of_vector)
    reasons: list[Reason] = []
    if not is_null:
        wanted = search.wanted
        reasons = short.reasons(case.plan, case.indexes, case.settings, case.facts, wanted=wanted,
                                has_filter=search.select.HasField("where_clause"))
        if search.has_limit and wanted is None:  # a LIMIT whose number isn't known asks for few
            reasons = [reason for reason in reasons if reason.rule != "no-limit-truncated"]
        reasons = await fixes.of_short(case, reasons)
    reasons = _in_order(of_vector, reasons) + cost.other_index(used, case.indexes, search)
    told = [reason for reason in reasons if reason.kind != "fact"]
    words = f", with {len(reasons)} thing{'s' * (len(reasons) > 1)} to know" if reasons else ""
    sentence = f"the index {used} is used{words}" + (f": {told[0].sentence}" if told else "")
    return IndexVerdict("used", sentence, used, tuple(reasons), plans.total_cost(case.plan), None, case.plan)


async def _fenced(case: SearchCase) -> list[Reason]:
    """What wants every row, where an index could give all of them in order, which is dear: the nearest first are cheap.
    """
    if rewrites.fence(case.search) is None:
        return []
    edit = next(edit for edit in ineligible.edits(case.search, case.column, case.indexes, case.edited.catalog)
                if edit.rule == "nearest-first")
    fresh = case.edited.having([edit])
    if fresh is None or not await case.look.uses_index(fresh.tree):
        return []
    rule, sentence, fix = ineligible.told(edit.rule, case.search, case.column, case.indexes, case.look.is_generic)
    return [Reason(rule, "ineligible", sentence, fix, True, fresh.text)]


async def _barriers(case: SearchCase) -> list[Reason]:
    """Views of the statement that are planned on their own: written out, they let the order reach the index."""
    if case.edited.tree is case.look.tree or not await case.look.uses_index(case.edited.tree, FORCED):
        return []
    views = [view for name in statement.relation_names(case.look.tree)
             if (view := case.edited.catalog.relation(grammar.Name(None, name))) is not None and view.definition]
    barred = next((view for view in views if view.is_security_barrier), None)
    name = (barred or views[0]).name if views else "the view"
    what = "with security_barrier" if barred else "whose query"
    return [Reason("security-barrier" if barred else "view", "ineligible", f"{name} is a view {what}: it is planned on "
                   "its own, so that an order outside of it reaches no index", "ask its table: put ORDER BY and LIMIT "
                   "where its query is, or into a function or view of their own below it", True, case.edited.text)]


async def _culprits(case: SearchCase) -> list[Reason]:
    """The smallest set of edits that brings the index back: one alone, two, else what of all is needed."""
    edits = ineligible.edits(case.search, case.column, case.indexes, case.edited.catalog)
    needed = await _needed(case, edits)
    fresh = case.edited.having(needed) if needed else None
    rewritten = None if fresh is None or any(edit.rule in ineligible.DIAGNOSTIC for edit in needed) else fresh.text
    result: list[Reason] = []
    for edit in needed:
        rule, sentence, fix = ineligible.told(edit.rule, case.search, case.column, case.indexes, case.look.is_generic)
        rule = rule.removesuffix("-alone")
        if not any(reason.rule == rule for reason in result):
            result.append(Reason(rule, "ineligible", sentence, fix, True, rewritten))
    return result


async def _needed(case: SearchCase, edits: Sequence[Edit]) -> list[Edit]:
    async def brings_back(chosen: Sequence[Edit]) -> bool:
        fresh = case.edited.having(chosen)
        return fresh is not None and await case.look.uses_index(fresh.tree, FORCED)

    changing = [edit for edit in edits if case.edited.having([edit]) is not None]
    for edit in changing:
        if await brings_back([edit]):
            return [edit]
    for pair in combinations(changing, 2):
        if await brings_back(pair):
            return list(pair)
    # of several ways out of the same one is enough
    needed = list({edit.rule: edit for edit in reversed(changing) if edit.rule not in ineligible.DIAGNOSTIC}.values())
    needed.reverse()
    if not await brings_back(needed):
        return []
    for edit in list(needed):
        fewer = [item for item in needed if item is not edit]
        if await brings_back(fewer):
            needed = fewer
    return needed


async def _of_vector(case: SearchCase, *, is_used: bool) -> list[Reason]:
    """Of a query vector that is NULL or zero, or may be."""
    search = case.search
    if statement.null_vector(search):
        return [_null("the query vector is NULL")]
    if found := _zero(search, statement.vector_literal(search)):
        return found
    _, other = search.sides
    if not any(kind == "sub_link" for kind, _ in grammar.nodes(other)):
        return []
    if case.look.is_run and statement.query_vector_is_alone(search):
        tree = selects.statement(grammar.parse("SELECT 1").stmts[0].stmt.select_stmt)
        select = tree.stmts[0].stmt.select_stmt
        select.target_list[0].res_target.val.CopyFrom(other)
        root = case.edited.tree.stmts[0].stmt.select_stmt
        if root.HasField("with_clause"):
            select.with_clause.CopyFrom(root.with_clause)
        if (value := await _value(case.look, tree)) is None:
            return [_null("the query vector is NULL: its subquery found no row")]
        return _zero(search, value)
    return [Reason("vector-from-subquery", "fact", "the query vector comes from a subquery: when that finds no "
                   "row, it is NULL, and any rows come back without an error", "check that the row exists")]


def _zero(search: Search, text: str | None) -> list[Reason]:
    if text and search.operator == "<=>" and text.startswith("[") and not text.strip("[] ,0.+-eE"):
        return [Reason("zero-vector", "short", "the query vector is zero: it has no cosine distance to anything",
                       "check the vector before the search")]
    return []


def _null(what: str) -> Reason:
    return Reason("null-vector", "short", f"{what}; the order means nothing, and any rows come back",
                  "check the vector before the search: where it is NULL there is nothing to search for")


async def _value(look: Examination, tree: Node) -> str | None:
    """The one value of a query; "?" where it can't be read."""
    try:
        await look.admit(tree, is_run=True)
        asked = ReadStatement(grammar.deparse(tree), look.params[:statement.parameters(tree)])
        done = await trip(look.session, [asked], settings=look.settings, library=read.library(look.session),
                          timeout_ms=look.timeout_ms, pinned=SHOWN)
    except ConsoleError:
        return "?"
    rows = done.pages[0].rows
    return rows[0][0] if rows else None


async def _of_a_function(look: Examination, inner: statement.InnerSelect, catalog: StatementCatalog, plan: Plan,
                         ) -> IndexVerdict:
    """Of a statement that searches in the body of a function, which is planned and tried by itself."""
    call = statement.called(inner.tree, catalog)
    if call is None:
        return _no_search(plan)
    name = call.function.name
    if call.function.runs_as_owner:
        sentence = f"the search is inside {name}, which runs as its owner: it isn't tried by itself"
        reason = Reason("function-scan", "fact", sentence, "EXPLAIN what is inside as that role")
        return IndexVerdict("no search", sentence, None, (reason,), plans.total_cost(plan), None, plan)
    settings = {**look.settings, **_own_settings(call.function.settings)}
    inside = Examination(look.session, call.tree, look.params, settings, look.timeout_ms, is_run=look.is_run)
    hidden = Reason("function-scan", "fact", f"the search is inside {name} ({call.function.language}), whose plan "
                    "EXPLAIN doesn't show: its statement was planned by itself, with this call's arguments",
                    "EXPLAIN what is inside, or auto_explain.log_nested_statements")
    try:
        part = statement.InnerSelect(call.tree, True, lambda changed: changed, "")
        verdict = await _examined(inside, part, await inside.plan(analyze=plan.is_analyzed))
    except ConsoleError as error:
        reason = replace(hidden, sentence=f"{hidden.sentence}; that failed: {error.summary}")
        return IndexVerdict("no search", reason.sentence, None, (reason,), plans.total_cost(plan), None, plan)
    hidden = replace(hidden, rewritten=grammar.deparse(call.tree), fixes=await _by_itself(inside, call.tree, verdict))
    inside_reasons = [replace(reason, sentence=f"inside {name}: {reason.sentence}") for reason in verdict.reasons]
    return replace(verdict, sentence=f"the search is hidden in the function {name}; inside, {_inside(verdict)}",
                   reasons=(hidden, *inside_reasons), plan=plan)


async def _by_itself(inside: Examination, tree: Node, verdict: IndexVerdict) -> tuple[Fix, ...]:
    """The statement in a function's body, to be looked at by itself."""
    text = grammar.deparse(tree)
    took = verdict.plan.execution_ms if verdict.plan else None
    rows = plans.actual_rows(verdict.plan) if verdict.plan else None
    state: Literal["run", "planned"] = "run" if inside.is_run and took is not None else "planned"
    trial = Trial(state, verdict.index, rows, None, ms=took, note="what the function runs, by itself")
    return (Fix("statement", text, trial, {}, text),)


def _inside(verdict: IndexVerdict) -> str:
    return verdict.sentence if verdict.outcome == "used" else f"no vector index is used: {verdict.sentence}"


def _own_settings(settings: Sequence[str]) -> dict[str, str]:
    """Those of a function's settings that a trial takes over: what limits it, and who runs it, isn't the function's to
    say."""
    found = {name: value for name, _, value in (setting.partition("=") for setting in settings)}
    return {name: value for name, value in found.items() if name not in _NOT_ITS_OWN and not name.startswith(
        "transaction_")}


_NOT_ITS_OWN = ("lock_timeout", "role", "row_security", "session_authorization", "statement_timeout")


def _no_search(plan: Plan) -> IndexVerdict:
    functions = [node for node in plan.nodes if node.kind == "Function Scan"]
    if functions:
        name = functions[0].text("Function Name") or "a function"
        reason = Reason("function-scan", "fact", f"the search is inside {name}, which hides its plan",
                        "EXPLAIN what is inside, or auto_explain.log_nested_statements; an SQL function that can be "
                        "inlined hides nothing")
        return IndexVerdict("no search", reason.sentence, None, (reason,), plans.total_cost(plan), None, plan)
    return IndexVerdict("no search", "the statement orders by no vector distance", None, (), plans.total_cost(plan),
                        None, plan)


async def of_error(session: PgSession, error: ConsoleError, text: str, settings: Mapping[str, str]) -> Reason | None:
    """Why an operator on vectors wasn't found, and the statement with which it is; None for another error."""
    if not isinstance(error, ServerError) or error.sqlstate != "42883" or not any(
            metric.operator in error.summary for metric in METRICS):
        return None  # of no function or operator; a distance's has its sign in it, whatever the language
    return await fixes.of_refusal(session, error, text, settings)


__all__ = ["Examination", "Ran", "SearchCase", "of_error", "why"]
