"""Hybrid search: what a text finds by its words and by its vector, fused by reciprocal rank.

One statement with two legs, each with its own index and LIMIT. A row's score is the sum over the legs of
weight / (rrf_k + its rank there): ranks alone count, since a distance and a text's score can't be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import UsageError
from console.server import effects
from console.server.keys import KeyColumn
from console.server.nearest import Nearest, select_item
from console.server.readonly import ReadStatement, explain, trip
from console.server.session import PgSession
from console.sql import grammar
from console.sql.names import names_in
from console.sql.quoting import identifier, literal, operator, quoted
from console.vectors import plan as plans
from console.vectors import read
from console.vectors.reasons.qualified import catalog_expression
from console.vectors.records import FusedRow, HybridResult, ShownColumn, TextSearch
from console.vectors.search import Composed, SearchRequest, compose

RRF_K = 60
"""The usual constant: the larger it is, the less the first ranks count."""

DEPTH = 100
"""So many rows of each leg are fused."""


class TextLeg(Struct, frozen=True):
    """The words' leg: `operand` is a tsvector as SQL, `config` the text search configuration; `index` None without."""

    operand: str
    config: str
    index: str | None


class Fusion(Struct, frozen=True):
    """How legs are fused: the weights of the vector's and the text's, the constant, and how deep each is read."""

    vector_weight: float = 1.0
    text_weight: float = 1.0
    rrf_k: int = RRF_K
    depth: int = DEPTH

    def __post_init__(self) -> None:
        if not (0 <= self.vector_weight <= 1000 and 0 <= self.text_weight <= 1000) or \
                self.vector_weight + self.text_weight == 0:
            raise UsageError(f"weights {self.vector_weight:g} and {self.text_weight:g}: from 0 to 1000, not both 0")
        if not 0 <= self.rrf_k <= 100_000:
            raise UsageError(f"the constant {self.rrf_k}: from 0 to 100000")
        if not 1 <= self.depth <= 10_000:
            raise UsageError(f"a depth of {self.depth}: from 1 to 10000")


class HybridRequest(Struct, frozen=True):
    """A search's vector leg (its k rows are what comes out), the words of the other, and how they are fused.

    `words` are in the syntax of websearch_to_tsquery: quotes, OR, -.
    """

    search: SearchRequest
    words: str
    leg: TextLeg
    fusion: Fusion = field(default_factory=Fusion)


async def text_leg(session: PgSession, request_column: str, shown: Sequence[ShownColumn], relation_oid: int,
                   config: str | None) -> TextLeg:
    """The tsvector by which the column of that name is searched: itself, or an index's expression of it, else one that
    is computed for every row. Raises UsageError for a column that is not there, Acts where the expression acts."""
    column = next((each for each in shown if each.name == request_column), None)
    if column is None:
        raise UsageError(f"there is no column {request_column!r} to search for words",
                         hint=", ".join(each.name for each in shown))
    found = await read.text_searches(session, relation_oid)
    for each in found:
        if column.name in names_in(each.expression) and (config is None or each.config in (None, config)) \
                and (operand := _operand(each)):
            if each.index is not None:  # an expression may call anything
                await effects.refuse(session, f"SELECT {each.expression}")
            return TextLeg(operand, config or each.config or "english", each.index)
    if column.type == "tsvector":
        return TextLeg(identifier(column.name), config or "english", None)
    chosen = config or "english"
    text = f"coalesce({identifier(column.name)}::pg_catalog.text, '')"
    return TextLeg(f"pg_catalog.to_tsvector({_config(chosen)}, {text})", chosen, None)


def _operand(found: TextSearch) -> str | None:
    tree = catalog_expression(found.expression)
    return None if tree is None else grammar.expression_text(tree)


def _config(name: str) -> str:
    return f"{literal(name)}::pg_catalog.regconfig"


class ComposedHybrid(Struct, frozen=True):
    """The request as a statement: $1 is the vector, then the filters' values, the words last."""

    statement: ReadStatement
    readable: str
    settings: dict[str, str]
    key_columns: tuple[str, ...]
    columns: tuple[str, ...]


OWN = ("vector_rank", "distance", "text_rank", "text_score", "fused")


def composed_hybrid(request: HybridRequest) -> ComposedHybrid:
    """Raises UsageError, and WrongVector where the vector doesn't fit the column."""
    search, subject = request.search, request.search.subject
    if subject.key is None:
        raise UsageError(f"{subject.column.table} has no key by which the legs could be joined",
                         hint="name a column that tells its rows apart: --key COLUMN")
    inner = compose(replace(search, k=request.fusion.depth, offset=0, columns=()))
    outer = compose(search)
    count = len(inner.statement.params)
    statement = ReadStatement(
        _text(request, inner.nearest, outer, "$1", f"${count + 1:d}::pg_catalog.text", subject.key.parts),
        (*inner.statement.params, request.words))
    readable = _text(request, replace(inner.nearest, where=inner.shown_where), outer, literal(search.vector.text),
                     literal(request.words), subject.key.parts)
    return ComposedHybrid(statement, readable, dict(inner.settings), outer.key_columns, outer.columns)


def _text(request: HybridRequest, nearest: Nearest, outer: Composed, vector: str, words: str,
          key: Sequence[KeyColumn]) -> str:
    """Two legs in WITH, joined by the key; of the rows that come out the columns, long ones cut."""
    fusion, search, leg = request.fusion, request.search, request.leg
    names = {column.name: column for column in search.subject.shown}
    own = [_free(name, names) for name in OWN]
    table = identifier(search.subject.column.schema, search.subject.column.relation)
    keys = ", ".join(quoted(part.name) for part in key)
    query = f"pg_catalog.websearch_to_tsquery({_config(leg.config)}, {words})"
    condition = f"\n    AND ({nearest.where}\n)" if nearest.where is not None else ""
    alias = identifier(nearest.alias)
    same = " AND ".join(f"{part.operand('by_vector')} {operator(part.operator_schema, '=')} {part.operand('by_text')}"
                        for part in key)
    whole = " AND ".join(
        f"{part.operand('whole')} {operator(part.operator_schema, '=')} "
        f"coalesce({part.operand('by_vector')}, {part.operand('by_text')})" for part in key)
    shares = " OPERATOR(pg_catalog.+) ".join(
        f"coalesce({weight:g}::pg_catalog.float8 OPERATOR(pg_catalog./) "
        f"({fusion.rrf_k:d} OPERATOR(pg_catalog.+) {name}.rank), 0)"
        for name, weight in (("by_vector", fusion.vector_weight), ("by_text", fusion.text_weight)))
    ranks = ("by_vector.rank", "by_vector.distance", "by_text.rank", "by_text.score", shares)
    items = [f"whole.{quoted(name)}" for name in outer.columns]
    items += [f"{value} AS {identifier(name)}" for value, name in zip(ranks, own, strict=True)]
    last = identifier(own[-1])
    shown = [select_item(name, names[name].sort if name not in outer.key_columns else "fixed", search.cut,
                         is_builtin=names[name].is_builtin) for name in outer.columns]
    order = f"ORDER BY {last} DESC, {keys}"
    lines = [
        "WITH by_vector AS (",
        f"SELECT {keys}, {alias} AS distance, pg_catalog.row_number() OVER (ORDER BY {alias}) AS rank",
        f"FROM (\n{nearest.text(vector)}\n) AS nearest", "), by_text AS (",
        f"SELECT {keys}, score, pg_catalog.row_number() OVER (ORDER BY score DESC) AS rank",
        f"FROM (\nSELECT {keys}, pg_catalog.ts_rank_cd({leg.operand}, {query}) AS score", f"FROM {table}",
        f"WHERE {leg.operand} OPERATOR(pg_catalog.@@) {query}{condition}", f"ORDER BY score DESC, {keys}",
        f"LIMIT {fusion.depth:d}\n) AS matching", ")",
        f"SELECT {', '.join([*shown, *map(identifier, own)])}",
        f"FROM (\nSELECT {', '.join(items)}", f"FROM by_vector FULL JOIN by_text ON {same}",
        f"JOIN {table} AS whole ON {whole}", order,
        f"LIMIT {search.k + (search.exclude is not None):d}" + (f" OFFSET {search.offset:d}" if search.offset else ""),
        ") AS fused_rows", order]
    return "\n".join(lines)


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


async def hybrid(session: PgSession, request: HybridRequest) -> HybridResult:
    """Both legs, fused, and what they went by. Raises ConsoleError, Acts where the condition acts."""
    search, made = request.search, composed_hybrid(request)
    if search.where:
        await effects.refuse(session, made.statement.sql, search.allowed)
    question = ReadStatement(explain(made.statement.sql), made.statement.params)
    library = read.library(session)
    done = await trip(session, [made.statement], settings=made.settings, library=library,
                      timeout_ms=search.timeout_ms, pinned=search.pinned)
    planned = await trip(session, [question], settings=made.settings, library=library, timeout_ms=search.timeout_ms,
                         pinned=search.pinned)
    document = plans.document(planned.pages[0].rows[0][0])
    vector_index = plans.index_used(document, search.subject.index_names)
    text_index = next((name for node in document.nodes if "Index" in node.kind
                       and (name := node.text("Index Name")) == request.leg.index and name), None)
    (page,) = done.pages
    places = [made.columns.index(name) for name in made.key_columns]
    rows: list[FusedRow] = []
    for row in page.rows:
        key = tuple(row[place] for place in places)
        vector_rank, distance, text_rank, score, fused = row[-5:]
        if search.exclude is None or key != search.exclude:
            rows.append(FusedRow(
                search.offset + len(rows) + 1, float(fused or 0), int(vector_rank) if vector_rank else None,
                float(distance) if distance else None, int(text_rank) if text_rank else None,
                float(score) if score else None, key, row[:-5]))
    return HybridResult(
        search.subject.column, search.metric, search.k, tuple(rows[:search.k]), made.columns,
        tuple(column.type_oid for column in page.columns[:-5]), made.key_columns, made.readable,
        made.settings, vector_index, text_index, tuple(_warnings(request, rows, vector_index, text_index)),
        done.server_ms, done.total_ms)


def _warnings(request: HybridRequest, rows: Sequence[FusedRow], vector_index: str | None, text_index: str | None,
              ) -> list[str]:
    found = []
    if vector_index is None:
        found.append("the vector's leg went by no index: it was searched exactly")
    if request.leg.index is None:
        found.append("no index holds the words, which were looked for in every row: CREATE INDEX CONCURRENTLY ON "
                     f"{request.search.subject.column.table} USING gin ({request.leg.operand})")
    elif text_index is None:
        found.append(f"the words' leg didn't go by {request.leg.index}: the planner found another way cheaper")
    if rows and all(row.text_rank is None for row in rows):
        found.append("no row has the words: the order is the vector's alone")
    return found
