"""One vector search: chosen, composed, run, and looked at critically."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from console.catalog.records import PageKey
from console.errors import ConsoleError, Missing, UsageError
from console.plans.records import Fix, Plan
from console.server import effects
from console.server.keys import CTID
from console.server.nearest import Coarse, Nearest, any_vector, select_item, stored_vector
from console.server.preamble import PINNED, SHOWN
from console.server.readonly import ReadStatement, TextPage, Wire, explain, trip
from console.server.session import PgSession
from console.sql.names import names_in
from console.sql.quoting import identifier, literal
from console.vectors import plan as plans
from console.vectors import read, values
from console.vectors.filters import Filter, condition
from console.vectors.metrics import BY_NAME, Metric, metrics_of_type
from console.vectors.reasons import short
from console.vectors.reasons.diagnose import why
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.records import Neighbor, SearchResult, ShownColumn, VectorColumn, VectorIndex
from console.vectors.representations import (
    MOST_OVERSAMPLING,
    Representation,
    chosen,
    default_metric_of,
    exact_condition,
    representations,
)
from console.vectors.values import QueryVector

CUT = 300
"""Characters of a long value that a result shows."""

MAX_K = 100_000
EF_SEARCH, MOST_EF_SEARCH = 40, 1000
"""Of hnsw: the default, and the most."""

ITERATIVE = ("off", "relaxed_order", "strict_order")

DRAWN_ROWS = 500
"""Among so many rows, taken from random pages, one is drawn."""

AGAIN_WITHIN_MS = 1000.0
"""A filtered search that took longer is not run a second time to count what the filter rejected."""


class SearchOptions(Struct, frozen=True):
    """What may be set for a search; None leaves the server's. `exact` forbids the index.

    `by` names one of the column's searches, None takes what is preferred; `oversampling` is how many candidates for
    each row wanted are ranked again by the vector, None as usual for that search, 1 where it needs none. `more` are
    further settings, by name: those of a fix that was adopted.
    """

    ef_search: int | None = None
    probes: int | None = None
    iterative_scan: str | None = None
    max_scan_tuples: int | None = None
    exact: bool = False
    by: str | None = None
    oversampling: int | None = None
    more: tuple[tuple[str, str], ...] = ()

    def adopting(self, settings: Mapping[str, str]) -> SearchOptions:
        """These options with the settings of a fix: those that are options become them, the rest go to `more`."""
        changes: dict[str, Any] = {"exact": True} if plans.EXACT.items() <= settings.items() else {}
        rest = dict(self.more)
        for name, value in settings.items():
            field_name = name.partition(".")[2]
            if name in ("hnsw.ef_search", "ivfflat.probes", "hnsw.max_scan_tuples"):
                changes[field_name] = int(value)
            elif field_name == "iterative_scan":
                changes[field_name] = value
            elif "exact" not in changes or name not in plans.EXACT:
                rest[name] = value
        return replace(self, **changes, more=tuple(rest.items()))

    def settings(self, method: str | None = None) -> dict[str, str]:
        """The settings for SET LOCAL; `method` is the index's, which decides whose iterative scan is meant."""
        found = dict(self.more)
        if self.ef_search is not None:
            found["hnsw.ef_search"] = str(self.ef_search)
        if self.probes is not None:
            found["ivfflat.probes"] = str(self.probes)
        if self.iterative_scan is not None:
            if self.iterative_scan not in ITERATIVE:
                raise UsageError(f"iterative scan {self.iterative_scan!r} is none of {', '.join(ITERATIVE)}")
            if method == "ivfflat" and self.iterative_scan == "strict_order":
                raise UsageError("ivfflat has no strict_order iterative scan", hint="use relaxed_order")
            found[f"{method or 'hnsw'}.iterative_scan"] = self.iterative_scan
        if self.max_scan_tuples is not None:
            found["hnsw.max_scan_tuples"] = str(self.max_scan_tuples)
        if self.exact:
            found |= plans.EXACT
        return found


class SearchableColumn(Struct, frozen=True):
    """A vector column with all that a search of it needs: read once, used for many searches.

    `ef_search` is the server's, None where that isn't known.
    """

    column: VectorColumn
    indexes: tuple[VectorIndex, ...]
    key: PageKey | None
    shown: tuple[ShownColumn, ...]
    ef_search: int | None = None

    @property
    def searches(self) -> tuple[Representation, ...]:
        """The searches that its indexes serve, those that are preferred first."""
        serving = read.serving(self.indexes, self.column)
        if self.column.relkind == "p":  # an index of a partition serves it, also where not every one has its own
            serving += [index for index in self.indexes if index.relation_oid != self.column.relation_oid
                        and self.column.name in names_in(index.expression)]
        return representations(self.column, serving)

    @property
    def index_names(self) -> frozenset[str]:
        return frozenset(index.name for index in self.indexes)

    @property
    def has_ctid(self) -> bool:
        """Whether a row without a key is found by its ctid; a partition's alone says nothing."""
        return self.column.relkind in "rm"


class SearchRequest(Struct, frozen=True):
    """A search of `subject` for what is near `vector`.

    `where` is a person's SQL, `filters` are ours; `columns` None shows all but vectors. `cut` None shows whole values.
    `exclude` is the key of the row that the vector came from, left out of the result. `timeout_ms` None is the
    target's. `allowed` names what may act in `where` although the target is locked.
    """

    subject: SearchableColumn
    vector: QueryVector
    metric: Metric
    k: int = 10
    offset: int = 0
    where: str | None = None
    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] | None = None
    options: SearchOptions = field(default_factory=SearchOptions)
    cut: int | None = CUT
    exclude: tuple[str, ...] | None = None
    timeout_ms: int | None = None
    allowed: Collection[str] = ()

    @property
    def pinned(self) -> Mapping[str, str]:
        """What is set for its statement: a person's condition keeps the search_path that it is meant for."""
        return SHOWN if self.where else PINNED

    def __post_init__(self) -> None:
        if not 1 <= self.k <= MAX_K:
            raise UsageError(f"k is {self.k}: it must be from 1 to {MAX_K}")
        if self.offset < 0:
            raise UsageError(f"the offset is {self.offset}: it can't be negative")
        oversampling = self.options.oversampling
        if oversampling is not None and not 1 <= oversampling <= MOST_OVERSAMPLING:
            raise UsageError(f"oversampling {oversampling}: from 1 to {MOST_OVERSAMPLING}")


class Composed(Struct, frozen=True):
    """A request as a statement: $1 is the vector, the rest the filters' values. `by` is the search that it goes by,
    None for an exact one; `oversampling` 1 where nothing is ranked again. `shown_where` is the condition with its
    values."""

    nearest: Nearest
    statement: ReadStatement
    readable: str
    settings: Mapping[str, str]
    key_columns: tuple[str, ...]
    columns: tuple[str, ...]
    by: Representation | None = None
    oversampling: int = 1
    shown_where: str | None = None

    @property
    def core(self) -> ReadStatement:
        """The innermost SELECT: what an index serves, or fails to."""
        return ReadStatement(self.nearest.core("$1"), self.statement.params)

    def core_readable(self, vector: QueryVector) -> str:
        """The innermost SELECT with the vector and the filters' values in it."""
        return replace(self.nearest, where=self.shown_where).core(literal(vector.text))


async def subject(session: PgSession, column: VectorColumn, key_column: str | None = None) -> SearchableColumn:
    """Reads what searches of `column` need. Raises ConsoleError, Acts where reading its relation, or what its indexes
    hold, would act.

    `key_column` is what rows are told apart by where the relation has no key of its own, such as a view; without it a
    column is taken that is called as keys are.
    """
    await effects.refuse_relation(session, column.relation_oid)
    found = await read.indexes(session, column.relation_oid)
    if expressions := [text for index in found if index.position is None or index.predicate is not None
                       for text in (index.expression, index.predicate) if text]:
        await effects.refuse(session, f"SELECT {', '.join(expressions)}")
    shown = await read.shown_columns(session, column.relation_oid)
    key = await read.page_key(session, column.relation_oid)
    if key_column is not None or (key is None and column.relkind not in "rm"):
        key = named_key(column, shown, key_column)
    ef_search = (await read.settings(session)).get("hnsw.ef_search")
    return SearchableColumn(column, tuple(found), key, tuple(shown), int(ef_search.setting) if ef_search else None)


def named_key(column: VectorColumn, shown: Sequence[ShownColumn], name: str | None) -> PageKey | None:
    """The column of that name as a key, or one called id or TABLE_id; it has no index. Raises UsageError without it."""
    names = {each.name: each for each in shown}
    if name is not None and name not in names:
        raise UsageError(f"{column.table} has no column {name!r} to find a row by", hint=f"it has {', '.join(names)}")
    found = names.get(name or next((each for each in ("id", f"{column.relation}_id", "uuid") if each in names), ""))
    return PageKey("", [found.name], [found.parameter_type], [found.operator_schema]) if found else None


def default_metric(subject: SearchableColumn) -> Metric:
    """The metric that an index of the column serves; without any, cosine, of bits Hamming."""
    found = default_metric_of(subject.column, subject.searches)
    return found or BY_NAME["hamming" if subject.column.type_name == "bit" else "cosine"]


def way(subject: SearchableColumn, metric: Metric, options: SearchOptions | None = None,
        dimensions: int | None = None) -> Representation | None:
    """The search that `options` mean for a vector of so many dimensions; None where it is exact for want of an index.
    Raises UsageError for one that the column hasn't."""
    return chosen(subject.searches, metric, options.by if options else None, dimensions)


def fitting(subject: SearchableColumn, metric: Metric, options: SearchOptions | None = None) -> VectorIndex | None:
    """The index that a search by `metric` can use; None without any, also where `options` name no search."""
    try:
        found = way(subject, metric, options)
    except UsageError:
        return None
    return found.index if found else None


def compose(request: SearchRequest) -> Composed:
    """The statement of a request. Raises UsageError, and WrongVector where the vector doesn't fit the column."""
    subject, column, metric = request.subject, request.subject.column, request.metric
    if metric not in metrics_of_type(column.type_name):
        raise UsageError(f"{column.label} is a {column.type_name}: it has no metric {metric.name}")
    values.check(request.vector, column.dimensions, metric, column.label)
    by = way(subject, metric, request.options, request.vector.dimensions)
    if by is not None and request.options.by is not None and by.dimensions not in (None, request.vector.dimensions):
        raise UsageError(f"{by.name} takes vectors of {by.dimensions} dimensions, this has {request.vector.dimensions}")
    if request.options.exact and by is not None and by.kind != "dimensions":
        by = None
    names = {shown_column.name: shown_column for shown_column in subject.shown}
    key = tuple(subject.key.columns) if subject.key else (("ctid",) if subject.has_ctid else ())
    shown = _shown(request, names)
    items = tuple(select_item(item, names[item].sort if item not in key else "fixed", request.cut,
                              is_builtin=names[item].is_builtin) for item in shown)
    plain = tuple(identifier(item) for item in shown)
    if key == ("ctid",):
        items, plain = ("ctid", *items), ("ctid", *plain)
    own = by.condition if by is not None and by.condition else exact_condition(column, request.vector.dimensions)
    where, params = condition(request.where, request.filters, names, first=2)
    wanted = request.k + (request.exclude is not None)
    oversampling = _oversampling(request.options, by)
    nearest = replace(
        _ordered(column, metric, by, plain, (wanted + request.offset) * oversampling if oversampling > 1 or (
            by is not None and by.is_coarse) else None),
        limit=wanted, offset=request.offset, where=both(where, own), alias=_alias(names),
        shown=items if items != plain else None)
    readable_where, _ = condition(request.where, request.filters, names, first=None)
    shown_where = both(readable_where, own)
    readable = replace(nearest, where=shown_where).readable(request.vector.text)
    return Composed(nearest, ReadStatement(nearest.text("$1"), (Wire(request.vector.wire), *params)), readable,
                    _settings(request, by, nearest), key, shown, by, oversampling, shown_where)


def _shown(request: SearchRequest, names: Mapping[str, ShownColumn]) -> tuple[str, ...]:
    """The columns that are shown, those of the key first."""
    subject = request.subject
    wanted = request.columns if request.columns is not None else tuple(
        name for name, column in names.items() if column.sort != "vector" and name != subject.column.name)
    if unknown := [text for text in wanted if text not in names]:
        raise UsageError(f"{subject.column.table} has no column {unknown[0]!r}", hint=f"it has {', '.join(names)}")
    return tuple(dict.fromkeys((*(subject.key.columns if subject.key else ()), *wanted)))


def _alias(names: Collection[str]) -> str:
    alias = "distance"
    while alias in names:
        alias += "_"
    return alias


def _oversampling(options: SearchOptions, by: Representation | None) -> int:
    if by is None or not by.can_rerank:
        return 1
    return by.oversampling if options.oversampling is None else options.oversampling


def _ordered(column: VectorColumn, metric: Metric, by: Representation | None, columns: tuple[str, ...],
             candidates: int | None) -> Nearest:
    """What is ordered by what: the column, or what an index has of it; of so many `candidates` again by the column."""
    name, sign, kind = identifier(column.name), column.operator(metric), column.type_sql()
    if by is None:
        return Nearest(column.schema, column.relation, name, sign, kind, columns, 0)
    if candidates is None:
        return Nearest(column.schema, column.relation, by.operand, sign, kind, columns, 0, query=by.query)
    coarse = Coarse(by.operand, column.operator(by.metric), by.query, candidates)
    return Nearest(column.schema, column.relation, name, sign, kind, columns, 0, coarse=coarse, carried=(name,))


def both(where: str | None, own: str | None) -> str | None:
    """A person's condition and what the search itself needs."""
    if where is None or own is None:
        return where or own
    return f"({where}\n) AND {own}"


def _settings(request: SearchRequest, by: Representation | None, nearest: Nearest) -> dict[str, str]:
    """The settings of the options, and of hnsw as many candidates as are to be ranked again."""
    found = request.options.settings(by.index.method if by is not None else None)
    if by is not None and by.index.method == "hnsw" and nearest.coarse is not None and "hnsw.ef_search" not in found:
        server, wanted = request.subject.ef_search or EF_SEARCH, min(nearest.coarse.limit, MOST_EF_SEARCH)
        if wanted > server:
            found["hnsw.ef_search"] = str(wanted)
    return found


async def find(session: PgSession, request: SearchRequest) -> SearchResult:
    """Runs the search in one round trip, one more for a person's condition. Without the plan: `index_used` and
    `warnings` are empty. Raises ConsoleError, Acts where the condition acts.
    """
    return await _found(session, request, compose(request))


async def _found(session: PgSession, request: SearchRequest, composed: Composed) -> SearchResult:
    if request.where:
        await effects.refuse(session, composed.statement.sql, request.allowed)
    done = await trip(session, [composed.statement], settings=composed.settings, library=read.library(session),
                      timeout_ms=request.timeout_ms, pinned=request.pinned)
    (page,) = done.pages
    hits = hits_of(request, composed, page)
    return result_of(request, composed, hits[:request.k], page, done.server_ms, done.total_ms)


def hits_of(request: SearchRequest, composed: Composed, page: TextPage, before: int = 0) -> list[Neighbor]:
    """The rows of a page, of whose search `before` were found already; without the row that is looked for itself."""
    has_ctid = composed.key_columns == ("ctid",)
    places = [0] if has_ctid else [composed.columns.index(key_column) for key_column in composed.key_columns]
    hits: list[Neighbor] = []
    for row in page.rows:
        key = tuple(row[place] for place in places)
        if request.exclude is not None and key == request.exclude:
            continue
        distance = None if row[-1] is None else float(row[-1])
        hits.append(Neighbor(request.offset + before + len(hits) + 1, distance, key, row[int(has_ctid):-1]))
    return hits


def result_of(request: SearchRequest, composed: Composed, hits: Sequence[Neighbor], page: TextPage, server_ms: float,
              total_ms: float) -> SearchResult:
    """What was found, not examined yet; `page` has the columns."""
    oids = tuple(column.type_oid for column in page.columns[int(composed.key_columns == ("ctid",)):-1])
    return SearchResult(
        request.subject.column, request.metric, request.k, tuple(hits), composed.columns, oids,
        composed.key_columns, composed.readable, dict(composed.settings), None, None, (), server_ms, total_ms,
        by=composed.by.name if composed.by else None, oversampling=composed.oversampling,
        dimensions=request.vector.dimensions)


async def search(session: PgSession, request: SearchRequest) -> SearchResult:
    """The search, its plan, and warnings: fewer rows than asked for and why, an index that was not used and why."""
    composed = compose(request)
    return await _examined(session, request, composed, await _found(session, request, composed))


async def examine(session: PgSession, request: SearchRequest, result: SearchResult) -> SearchResult:
    """What `find` brought, with its plan, what the index gave, and the warnings. Raises ConsoleError.

    The statement is executed a second time where rows are lacking, or where a filter may have rejected some and that
    takes no longer than `AGAIN_WITHIN_MS`.
    """
    return await _examined(session, request, compose(request), result)


async def _examined(session: PgSession, request: SearchRequest, composed: Composed, result: SearchResult,
                    ) -> SearchResult:
    lacking = len(result.hits) < request.k
    is_filtered = bool(request.where or request.filters)
    analyze = lacking or (is_filtered and result.server_ms <= AGAIN_WITHIN_MS)
    question = ReadStatement(explain(composed.statement.sql, analyze=analyze), composed.statement.params)
    warnings: list[str] = []
    try:
        answer = await trip(session, [question], settings=composed.settings, library=read.library(session),
                            timeout_ms=request.timeout_ms, pinned=request.pinned)
    except ConsoleError as error:
        return replace(result, warnings=(f"the plan could not be read: {error.summary}",))
    document = plans.document(answer.pages[0].rows[0][0])
    used = plans.index_used(document, request.subject.index_names)
    reasons: list[Reason] = []
    if lacking:
        found, reasons = await _why_so_few(session, request, composed, document, len(result.hits))
        warnings += found
    elif used and result.settings.get("hnsw.iterative_scan") == "relaxed_order" and _is_disordered(result.hits):
        warnings.append("relaxed_order gave the rows out of order: sort them by distance")
    if request.subject.column.dimensions is None and (composed.by is None or composed.by.condition is None) \
            and exact_condition(request.subject.column, request.vector.dimensions):
        warnings.append(f"only vectors of {request.vector.dimensions} dimensions are compared: the column has none of "
                        "its own, so that there may be others")
    if not lacking and used and request.subject.column.relkind == "p":
        reasons += short.partitions(document, plans.ordered_scans(document, request.subject.index_names))
        warnings += [reason.sentence for reason in reasons]
    verdict, more = await _fit(session, request, composed, used)
    warnings += more
    if any(hit.distance is not None and math.isnan(hit.distance) for hit in result.hits):
        warnings.append("some distances are NaN: zero vectors have no cosine distance")
    if any(hit.distance is None for hit in result.hits):
        warnings.append("rows whose vector is NULL came last: no vector index holds them; add WHERE ... IS NOT NULL")
    return replace(result, index_used=used, plan=document, warnings=tuple(warnings), reasons=tuple(reasons),
                   verdict=verdict, candidates=plans.candidates(document, request.subject.index_names))


async def fixes_of(session: PgSession, request: SearchRequest, result: SearchResult) -> tuple[Fix, ...]:
    """What brings the rows that are lacking, or the index that wasn't used, each tried, the best first; none where
    nothing is wrong or it can't be found out."""
    if result.plan is None or not (result.reasons or result.verdict):
        return ()
    composed = compose(request)
    try:
        verdict = await why(session, composed.statement.sql, composed.statement.params, settings=composed.settings,
                            timeout_ms=request.timeout_ms, plan=result.plan, is_run=True)
    except ConsoleError:
        return ()
    return tuple(fix for reason in verdict.reasons for fix in reason.fixes)


def parsed_key(text: str, subject: SearchableColumn) -> tuple[str, ...]:
    """A row's key as a person writes it: of several columns a JSON array. Raises UsageError."""
    names = subject.key.columns if subject.key else ["ctid"]
    if len(names) == 1:
        return (text,)
    try:
        parts = json.loads(text)
    except ValueError:
        parts = None
    if not isinstance(parts, list) or len(parts) != len(names):
        raise UsageError(f"the key {text[:60]}: {subject.column.table} has a key of {len(names)} columns "
                         f"({', '.join(names)}): give a JSON array of {len(names)}")
    return tuple(part if isinstance(part, str) else json.dumps(part) for part in parts)


async def vector_of_row(session: PgSession, subject: SearchableColumn, key: Sequence[str]) -> QueryVector:
    """The vector stored in the row with that key (or ctid). Raises Missing where there is no row, or no vector."""
    column = subject.column
    parts = subject.key.parts if subject.key else (CTID,)
    names = ", ".join(part.name for part in parts)
    if len(key) != len(parts):
        raise UsageError(f"the key of {column.table} is ({names}): {len(key)} given for it")
    if subject.key is None and not subject.has_ctid:
        raise UsageError(f"{column.table} has neither a key nor a ctid to find a row by",
                         hint="name a column that tells its rows apart: --key COLUMN")
    statement = ReadStatement(stored_vector(column.schema, column.relation, column.name, parts), tuple(key))
    rows = (await trip(session, [statement])).pages[0].rows
    if not rows:
        raise Missing(f"{session.target.label}: {column.table} has no row with {names} {', '.join(key)}")
    if rows[0][0] is None:
        raise Missing(f"{session.target.label}: {column.name} of the row with {names} {', '.join(key)} is NULL",
                      hint="choose a row that has a vector")
    return values.parse(rows[0][0], column.type_name)


async def any_row(session: PgSession, subject: SearchableColumn) -> tuple[tuple[str, ...], QueryVector]:
    """Key and vector of a row drawn at random, for whoever just wants to see something. Raises Missing without any."""
    column = subject.column
    key = subject.key.parts if subject.key else (CTID,) if subject.has_ctid else ()
    percents: list[float | None] = [None]
    if subject.has_ctid and column.row_estimate is not None:
        percents.insert(0, min(100.0, max(0.01, 100 * DRAWN_ROWS / max(1.0, column.row_estimate))))
    for percent in percents:
        text = any_vector(column.schema, column.relation, column.name, key, percent)
        rows = (await trip(session, [ReadStatement(text)])).pages[0].rows
        if rows and rows[0][-1] is not None:
            return tuple(text or "" for text in rows[0][:-1]), values.parse(rows[0][-1], column.type_name)
    raise Missing(f"{session.target.label}: {column.label} holds no vector: the table is empty, or all are NULL",
                  hint="search by a pasted vector, or another column")


async def _fit(session: PgSession, request: SearchRequest, composed: Composed, used: str | None,
               ) -> tuple[IndexVerdict | None, list[str]]:
    """Whether index and metric fit: why the index was not used, and all of it in sentences."""
    subject, metric = request.subject, request.metric
    if request.options.exact:
        return None, []
    if (by := composed.by) is None:
        words = misfit(metric, read.serving(subject.indexes, subject.column))
        return None, [words] if words else []
    if used is None:
        try:
            core = composed.core
            verdict = await why(session, core.sql, core.params, settings=composed.settings)
        except ConsoleError as error:
            return None, [f"the index {by.index.name} was not used, the search was exact ({error.summary})"]
        return verdict, [f"the index {by.index.name} was not used, the search was exact: {verdict.sentence}"]
    if by.kind == "halfvec" and composed.oversampling == 1:
        words = f"through the index {by.index.name}: the distances are of {by.index.expression}, at half precision"
        return None, [words]
    return None, []


def misfit(metric: Metric, others: Sequence[VectorIndex]) -> str:
    """Why a search by `metric` fits none of the indexes that there are; empty without any."""
    if invalid := next((index for index in others if not index.is_usable and metric.operator in index.operators), None):
        return (f"the index {invalid.name} is not valid, so the search was exact; "
                f"REINDEX INDEX CONCURRENTLY {invalid.sql_name}")
    other = next((index for index in others if index.is_usable and index.position is not None and index.metrics), None)
    return "" if other is None else (
        f"{metric.title} ({metric.operator}) fits no index: {other.name} serves "
        f"{other.metrics[0].title} ({other.metrics[0].operator}), so the search was exact")


async def _why_so_few(session: PgSession, request: SearchRequest, composed: Composed, document: Plan,
                      count: int) -> tuple[list[str], list[Reason]]:
    """One loud line and the reasons below it, the same with their fixes."""
    found = plans.candidates(document, request.subject.index_names)
    settings = await read.settings(session)
    values_now = {name: setting.setting for name, setting in settings.items()} | dict(composed.settings)
    facts = await read.relation_facts(session, request.subject.column.relation_oid, request.subject.column.position)
    reasons = short.reasons(document, request.subject.indexes, values_now, facts, wanted=request.k + request.offset,
                            has_filter=request.where is not None or bool(request.filters))
    if found is None:
        first = f"{count} of {request.k} rows" + ("" if reasons else ": the table has no more that fit")
    else:
        first = (f"{count} of {request.k} rows: the index {found.index} gave {found.given} candidates"
                 + (f", {found.rejected} of them rejected by the filter" if found.rejected else ""))
    return [first, *(reason.sentence for reason in reasons)], reasons


def _is_disordered(hits: Sequence[Neighbor]) -> bool:
    distances = [hit.distance for hit in hits if hit.distance is not None]
    return any(a > b for a, b in pairwise(distances))
