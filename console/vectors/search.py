"""One vector search: chosen, composed, run, and looked at critically."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field
from msgspec.structs import replace

from console.catalog.records import PageKey
from console.errors import ConsoleError, Missing, UsageError
from console.plans.records import Plan
from console.server import effects
from console.server.keys import CTID
from console.server.nearest import Nearest, any_vector, select_item, stored_vector
from console.server.preamble import PINNED, SHOWN
from console.server.readonly import ReadStatement, Wire, explain, trip
from console.server.session import PgSession
from console.sql.tokens import words
from console.vectors import plan as plans
from console.vectors import read, values
from console.vectors.filters import Filter, condition
from console.vectors.metrics import BY_NAME, Metric, metrics_of_type
from console.vectors.reasons import short
from console.vectors.reasons.diagnose import why
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.records import Neighbor, SearchResult, ShownColumn, VectorColumn, VectorIndex
from console.vectors.values import QueryVector

CUT = 300
"""Characters of a long value that a result shows."""

MAX_K = 100_000
ITERATIVE = ("off", "relaxed_order", "strict_order")

DRAWN_ROWS = 500
"""Among so many rows, taken from random pages, one is drawn."""

AGAIN_WITHIN_MS = 1000.0
"""A filtered search that took longer is not run a second time to count what the filter rejected."""


class SearchOptions(Struct, frozen=True):
    """What may be set for a search; None leaves the server's. `exact` forbids the index."""

    ef_search: int | None = None
    probes: int | None = None
    iterative_scan: str | None = None
    max_scan_tuples: int | None = None
    exact: bool = False

    def settings(self, method: str | None = None) -> dict[str, str]:
        """The settings for SET LOCAL; `method` is the index's, which decides whose iterative scan is meant."""
        found: dict[str, str] = {}
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
            found["enable_indexscan"] = "off"
        return found


class SearchableColumn(Struct, frozen=True):
    """A vector column with all that a search of it needs: read once, used for many searches."""

    column: VectorColumn
    indexes: tuple[VectorIndex, ...]
    key: PageKey | None
    shown: tuple[ShownColumn, ...]

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


class Composed(Struct, frozen=True):
    """A request as a statement: $1 is the vector, the rest the filters' values."""

    nearest: Nearest
    statement: ReadStatement
    readable: str
    settings: Mapping[str, str]
    key_columns: tuple[str, ...]
    columns: tuple[str, ...]


async def subject(session: PgSession, column: VectorColumn) -> SearchableColumn:
    """Reads what searches of `column` need. Raises ConsoleError, Acts where reading its relation would act."""
    await effects.refuse_relation(session, column.relation_oid)
    found = await read.indexes(session, column.relation_oid)
    key = await read.page_key(session, column.relation_oid)
    shown = await read.shown_columns(session, column.relation_oid)
    return SearchableColumn(column, tuple(found), key, tuple(shown))


def default_metric(subject: SearchableColumn) -> Metric:
    """The metric that an index of the column serves; without any, cosine, of bits Hamming."""
    for index in sorted(read.serving(subject.indexes, subject.column),
                        key=lambda vector_index: vector_index.position is None):
        if index.is_usable and index.metrics:
            return index.metrics[0]
    return BY_NAME["hamming" if subject.column.type_name == "bit" else "cosine"]


def fitting(subject: SearchableColumn, metric: Metric) -> VectorIndex | None:
    """The index that a search by `metric` can use: on the column itself, else on a cast of it to halfvec."""
    usable = [index for index in read.serving(subject.indexes, subject.column)
              if index.is_usable and metric.operator in index.operators]
    plain = [index for index in usable if index.position is not None]
    cast = [index for index in usable if index.position is None and index.operand_type.endswith("halfvec")
            and [word for word in words(index.expression) if word not in ("(", ")")][1:2] == ["::"]]
    return next(iter(sorted(plain, key=lambda vector_index: vector_index.predicate is not None) + cast), None)


def compose(request: SearchRequest) -> Composed:
    """The statement of a request. Raises UsageError, and WrongVector where the vector doesn't fit the column."""
    subject, column, metric = request.subject, request.subject.column, request.metric
    if metric not in metrics_of_type(column.type_name):
        raise UsageError(f"{column.label} is a {column.type_name}: it has no metric {metric.name}")
    values.check(request.vector, column.dimensions, metric, column.label)
    index = fitting(subject, metric)
    operand, kind = select_item(column.name, "fixed", None), column.type_name
    if index is not None and index.position is None and not request.options.exact:
        operand, kind = index.expression, "halfvec"
        vector = values.parse(request.vector.text, "halfvec")
    else:
        vector = request.vector
    names = {shown_column.name: shown_column for shown_column in subject.shown}
    wanted = request.columns if request.columns is not None else tuple(
        shown_column.name for shown_column in subject.shown if shown_column.sort != "vector"
        and shown_column.name != column.name)
    if unknown := [text for text in wanted if text not in names]:
        raise UsageError(f"{column.table} has no column {unknown[0]!r}", hint=f"it has {', '.join(names)}")
    key = tuple(subject.key.columns) if subject.key else (("ctid",) if subject.has_ctid else ())
    shown = tuple(dict.fromkeys((*(subject.key.columns if subject.key else ()), *wanted)))
    items = [select_item(item, names[item].sort if item not in key else "fixed", request.cut,
                         is_builtin=names[item].is_builtin) for item in shown]
    alias = "distance"
    while alias in names:
        alias += "_"
    where, params = condition(request.where, request.filters, names, first=2)
    nearest = Nearest(column.schema, column.relation, operand, column.operator(metric), column.type_sql(kind),
                      tuple(["ctid", *items] if key == ("ctid",) else items),
                      request.k + (request.exclude is not None), request.offset, where, alias)
    readable_where, _ = condition(request.where, request.filters, names, first=None)
    readable = replace(nearest, where=readable_where).readable(vector.text)
    method = index.method if index else None
    return Composed(nearest, ReadStatement(nearest.text("$1"), (Wire(vector.wire), *params)), readable,
                    request.options.settings(method), key, shown)


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
    has_ctid = composed.key_columns == ("ctid",)
    places = [0] if has_ctid else [composed.columns.index(key_column) for key_column in composed.key_columns]
    hits: list[Neighbor] = []
    for row in page.rows:
        key = tuple(row[place] for place in places)
        if request.exclude is not None and key == request.exclude:
            continue
        distance = None if row[-1] is None else float(row[-1])
        hits.append(Neighbor(request.offset + len(hits) + 1, distance, key, row[int(has_ctid):-1]))
    oids = tuple(column.type_oid for column in page.columns[int(has_ctid):-1])
    return SearchResult(
        request.subject.column, request.metric, request.k, tuple(hits[:request.k]), composed.columns, oids,
        composed.key_columns, composed.readable, dict(composed.settings), None, None, (), done.server_ms, done.total_ms)


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
    verdict, more = await _fit(session, request, composed, used)
    warnings += more
    if any(hit.distance is not None and math.isnan(hit.distance) for hit in result.hits):
        warnings.append("some distances are NaN: zero vectors have no cosine distance")
    if any(hit.distance is None for hit in result.hits):
        warnings.append("rows whose vector is NULL came last: no vector index holds them; add WHERE ... IS NOT NULL")
    return replace(result, index_used=used, plan=document, warnings=tuple(warnings), reasons=tuple(reasons),
                   verdict=verdict, candidates=plans.candidates(document, request.subject.index_names))


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
        raise UsageError(f"{column.table} has neither a key nor a ctid to find a row by")
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
    index = fitting(subject, metric)
    if index is None:
        words = misfit(metric, read.serving(subject.indexes, subject.column))
        return None, [words] if words else []
    if index.position is None and used:
        return None, [f"through the index {index.name}: the distances are of {index.expression}, at half precision"]
    if used is None:
        try:
            verdict = await why(session, composed.statement.sql, composed.statement.params, settings=composed.settings)
        except ConsoleError as error:
            return None, [f"the index {index.name} was not used, the search was exact ({error.summary})"]
        return verdict, [f"the index {index.name} was not used, the search was exact: {verdict.sentence}"]
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
