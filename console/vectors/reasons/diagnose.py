"""Why isn't the index used? Two plans, the catalog, and the statement changed one thing at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from console.errors import ConsoleError, ServerError, UsageError
from console.plans.records import Plan
from console.server.preamble import SHOWN
from console.server.readonly import ReadStatement, Wire, explain, reading, trip
from console.server.session import PgSession
from console.sql import grammar
from console.sql.relations import of_tree
from console.vectors import plan as plans
from console.vectors import read
from console.vectors.metrics import METRICS
from console.vectors.reasons import ast_edits, cost, ineligible, short
from console.vectors.reasons.ast_edits import Edit, Node, Search
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.records import VectorColumn, VectorIndex

FORCED = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
"""Under these the planner takes a vector index wherever it can. For plans alone: it changes what a search finds."""


class Examination:
    """One statement on one session: its plan, and the plans of its variants. Nothing is executed but with ANALYZE."""

    def __init__(self, session: PgSession, tree: Node, params: Sequence[str | Wire | None],
                 settings: Mapping[str, str], timeout_ms: int | None) -> None:
        self.session = session
        self.tree = tree
        wanted = ast_edits.parameters(tree)
        self.settings = dict(settings)
        self.timeout_ms = timeout_ms
        self.is_generic = wanted > 0 and not params
        self.params = tuple(params)
        self.names: frozenset[str] = frozenset()

    async def plan(self, tree: Node | None = None, *, analyze: bool = False,
                   settings: Mapping[str, str] | None = None) -> Plan:
        """The plan of `tree` (default: the statement) with further settings. Raises ConsoleError."""
        text = grammar.deparse(tree if tree is not None else self.tree)
        statement = ReadStatement(explain(text, analyze=analyze, generic=self.is_generic), self.params)
        chosen = self.settings | dict(settings or {})
        library = read.library(self.session)
        if self.is_generic:
            # by the simple protocol: the extended one, which a pipeline is, wants a value for each parameter
            async with reading(self.session, library=library, timeout_ms=self.timeout_ms,
                               pinned=SHOWN) as found, found.under(chosen):
                page, _ = await found.fetch(statement)
        else:
            done = await trip(self.session, [statement], settings=chosen, library=library, timeout_ms=self.timeout_ms,
                              pinned=SHOWN)
            (page,) = done.pages
        return plans.document(page.rows[0][0])

    async def uses_index(self, tree: Node | None = None, settings: Mapping[str, str] | None = None) -> bool:
        """Whether that plan goes by a vector index; not, where the server refuses the statement."""
        try:
            return plans.index_used(await self.plan(tree, settings=settings), self.names) is not None
        except ServerError:
            return False


async def why(session: PgSession, text: str, params: Sequence[str | Wire | None] = (), *,
              settings: Mapping[str, str] | None = None, analyze: bool = False,
              timeout_ms: int | None = None, plan: Plan | None = None) -> IndexVerdict:
    """What a SELECT's plan does with the vector indexes at hand, and why. Raises ConsoleError.

    `params` are the values of $1, $2...; without them a statement that has some is planned generically (PostgreSQL
    16 and later). With `analyze` it is executed, read-only. `settings` hold as in the search (SET LOCAL).
    `plan` is its plan (VERBOSE), where that has been read already.
    """
    tree = ast_edits.parse(text)
    look = Examination(session, tree, params, settings or {}, timeout_ms)
    if look.is_generic and session.info.major < 16:
        raise UsageError("the statement has parameters, and PostgreSQL plans it without their values only from 16 on",
                         hint="give the values")
    try:
        plan = await look.plan(analyze=analyze) if plan is None else plan
    except ServerError as error:
        if reason := _of_error(session, error):
            return IndexVerdict("ineligible", reason.sentence, None, (reason,))
        raise
    relations = {(node.schema, node.relation) for node in plan.nodes if node.relation}
    every = await read.columns(session)
    columns = [vector_column for vector_column in every if (vector_column.schema, vector_column.relation) in relations]
    found: dict[int, list[VectorIndex]] = {}
    for oid in dict.fromkeys(vector_column.relation_oid for vector_column in columns[:50]):
        found[oid] = await read.indexes(session, oid)
    look.names = frozenset(index.name for each in found.values() for index in each)
    names = [vector_column.name for vector_column in columns]
    search = ast_edits.find(tree, names)
    if search is None:
        return _no_search(plan)
    column = _searched(search, columns, plan)
    effective = {name: setting.setting for name, setting in (await read.settings(session)).items()} | look.settings
    used = plans.index_used(plan, look.names)
    if column is None:
        return _no_search(plan)
    indexes = read.serving(found[column.relation_oid], column)
    facts = await read.relation_facts(session, column.relation_oid, column.position)
    if used:
        wanted = None if search.limit is None else search.limit + search.offset
        has_filter = search.select.HasField("where_clause")
        reasons = short.reasons(plan, [index for each in found.values() for index in each], effective, facts,
                                wanted=wanted, has_filter=has_filter)
        reasons += _of_vector(search) + cost.other_index(used, indexes, search)
        sentence = f"the index {used} is used" + (
            f", with {len(reasons)} thing{'s' * (len(reasons) > 1)} to know" if reasons else "")
        return IndexVerdict("used", sentence, used, tuple(reasons), plans.total_cost(plan), None, plan)
    if _of_vector(search):
        (reason,) = _of_vector(search)
        return IndexVerdict("ineligible", reason.sentence, None, (reason,), plans.total_cost(plan), None, plan)
    if effective.get("enable_indexscan") == "off" and await look.uses_index(settings={"enable_indexscan": "on"}):
        reason = Reason("indexscan-off", "ineligible", "enable_indexscan is off", "RESET enable_indexscan; look into "
                        "pg_db_role_setting for where it comes from", True)
        return IndexVerdict("ineligible", reason.sentence, None, (reason,), plans.total_cost(plan), None, plan)
    forced = await look.plan(settings=FORCED)
    if plans.index_used(forced, look.names):
        reasons = await cost.reasons(look, search, column, indexes, facts, effective, plan, forced)
        first = f": {reasons[0].sentence}" if reasons else ""
        return IndexVerdict("cost", f"the planner could use {plans.index_used(forced, look.names)} but finds the rest "
                       f"cheaper{first}", None, tuple(reasons), plans.total_cost(plan), plans.total_cost(forced), plan)
    reasons = ineligible.of_catalog(search, column, indexes)
    written = list(of_tree(tree))
    reasons += await _barriers(session, [column for column in every if column.relkind == "v"
                                         and any(name.fits(column.schema, column.relation) for name in written)])
    reasons += await _culprits(look, search, column, indexes)
    if not reasons:
        reasons = [Reason("unknown", "ineligible", "no index can be used, and no single change brings one back",
                          "look at the plan")]
    proved = [reason for reason in reasons if reason.is_proved] or reasons
    return IndexVerdict("ineligible", proved[0].sentence, None,
                        tuple(sorted(reasons, key=lambda reason: not reason.is_proved)),
                   plans.total_cost(plan), None, plan)


def _searched(search: Search, columns: Sequence[VectorColumn], plan: Plan) -> VectorColumn | None:
    """The column of `columns` that is searched: of the tables with a column of that name the one that the statement
    means, by the alias that it has in the plan, else by its name."""
    named = [column for column in columns if column.name == search.column]
    sources = ast_edits.sources(search)
    aliases = {source.alias for source in sources}
    meant = {(node.schema, node.relation) for node in plan.nodes if node.relation and (
        node.alias in aliases or _is_partition(node.alias, aliases))}
    return next((column for column in named if (column.schema, column.relation) in meant),
                next((column for column in named if any(source.relation.fits(column.schema, column.relation)
                                                        for source in sources)),
                     next(iter([*named, *columns]), None)))


def _is_partition(alias: str, aliases: Collection[str]) -> bool:
    """Whether a plan calls a partition so: by its table's alias and a number."""
    name, _, number = alias.rpartition("_")
    return name in aliases and number.isdigit()


async def _barriers(session: PgSession, views: Sequence[VectorColumn]) -> list[Reason]:
    """Views of the statement that are planned on their own."""
    found = []
    for view in {column.relation_oid: column for column in views}.values():
        if (await read.relation_facts(session, view.relation_oid)).is_security_barrier:
            found.append(Reason(
                "security-barrier", "ineligible", f"{view.relation} is a view with security_barrier: it is planned on "
                "its own, so that an order outside of it reaches no index", "put ORDER BY and LIMIT into a function or "
                f"view of their own below it; or ALTER VIEW {view.table} RESET (security_barrier)"))
    return found


async def _culprits(look: Examination, search: Search, column: VectorColumn, indexes: Sequence[VectorIndex],
                    ) -> list[Reason]:
    """The smallest set of edits that brings the index back: one alone if it will do, else what of all is needed."""
    names = [column.name]
    edits = ineligible.edits(search, column, indexes)

    async def brings_back(chosen: Sequence[Edit]) -> bool:
        tree = ast_edits.edited(look.tree, names, chosen)
        return tree is not None and await look.uses_index(tree, FORCED)

    needed: list[Edit] = []
    for edit in edits:
        if await brings_back([edit]):
            needed = [edit]
            break
    else:
        if await brings_back(edits):
            needed = list(edits)
            for edit in edits:
                fewer = [item for item in needed if item is not edit]
                if await brings_back(fewer):
                    needed = fewer
    tree = ast_edits.edited(look.tree, names, needed) if needed else None
    rewritten = grammar.deparse(tree) if tree is not None else None
    result = []
    for edit in needed:
        rule, sentence, fix = ineligible.told(edit.rule, search, column, indexes, look.is_generic)
        result.append(Reason(rule, "ineligible", sentence, fix, True, rewritten))
    return result


def _of_vector(search: Search) -> list[Reason]:
    """Of a query vector that can be seen to be NULL or zero."""
    if ast_edits.null_vector(search):
        return [Reason("null-vector", "short", "the query vector is NULL: the order means nothing, any rows come back",
                       "check the vector before the search")]
    text = ast_edits.vector_literal(search)
    if text and search.operator == "<=>" and not text.strip("[] ,0.+-eE"):
        return [Reason("zero-vector", "short", "the query vector is zero: it has no cosine distance to anything",
                       "check the vector before the search")]
    _, other = search.sides
    if any(kind == "sub_link" for kind, _ in grammar.nodes(other)):
        return [Reason("vector-from-subquery", "fact", "the query vector comes from a subquery: when that finds no "
                       "row, it is NULL, and any rows come back without an error", "check that the row exists")]
    return []


def _no_search(plan: Plan) -> IndexVerdict:
    functions = [node for node in plan.nodes if node.kind == "Function Scan"]
    if functions:
        name = functions[0].text("Function Name") or "a function"
        reason = Reason("function-scan", "fact", f"the search is inside {name}, which hides its plan",
                        "EXPLAIN what is inside, or auto_explain.log_nested_statements; an SQL function that can be "
                        "inlined hides nothing")
        return IndexVerdict("no search", reason.sentence, None, (reason,), plans.total_cost(plan), None, plan)
    return IndexVerdict("no search", "the statement orders by no vector distance", None, (), plans.total_cost(plan),
                        None,
                   plan)


def _of_error(session: PgSession, error: ConsoleError) -> Reason | None:
    if not isinstance(error, ServerError) or error.sqlstate != "42883" or not any(
            metric.operator in error.summary for metric in METRICS):
        return None  # of no function or operator; a distance's has its sign in it, whatever the language
    if "[]" in error.summary:
        return Reason("array-parameter", "ineligible", f"{error.summary}: an array is no vector",
                      "cast it, $1::real[]::vector, or register the driver's vector type")
    extension = session.info.extensions.get("vector")
    if extension and any(type_ in error.summary for type_ in ast_edits.VECTOR_TYPES):
        return Reason("search-path", "ineligible", f"{error.summary}: pgvector is in the schema {extension.schema}",
                      f"SET search_path = ..., {extension.schema}; or write OPERATOR({extension.schema}.<=>)")
    return None


__all__ = ["Examination", "why"]
