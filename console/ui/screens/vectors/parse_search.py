"""What can be read of a search that another screen hands over as SQL."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.sql import grammar
from console.ui.keymap import key
from console.ui.screens.vectors.search_params import SearchParams
from console.vectors.metrics import Metric, metric_of_operator
from console.vectors.query_source import QuerySource
from console.vectors.reasons import statement
from console.vectors.reasons.statement import Search, StatementCatalog
from console.vectors.records import VectorColumn
from console.vectors.search import MAX_K


class ParsedSearch(Struct, frozen=True):
    """The column, metric, k, vector and condition of a statement, as far as they stand there; `why` says what doesn't.
    """

    column: VectorColumn | None
    why: str
    metric: Metric | None = None
    k: int | None = None
    offset: int = 0
    vector: str | None = None
    where: str | None = None

    def setup(self, before: SearchParams) -> SearchParams:
        """`before` with what was taken."""
        question = QuerySource("vector", self.vector) if self.vector else before.question
        return replace(before, question=question, metric=self.metric or before.metric, k=self.k or before.k,
                       offset=self.offset, where=self.where, filters=())


def read(text: str, columns: Sequence[VectorColumn]) -> ParsedSearch:
    """The search in `text`: SELECT ... ORDER BY column operator vector LIMIT k."""
    try:
        found = statement.searches(statement.inner_select(statement.parse(text)).tree, StatementCatalog(()))
    except ConsoleError as error:
        return ParsedSearch(None, f"the statement could not be read: {error.summary}")
    search = next(iter(found), None)
    if search is None:
        return ParsedSearch(None, "the statement orders by no vector distance: "
                                  f"{key('vectors.column')} chooses a column")
    name, relations = statement.named_column(search, {column.name for column in columns})
    fitting = [column for column in columns if column.name == name
               and any(relation.fits(column.schema, column.relation) for relation in relations)]
    if not fitting:
        tables = " or ".join(dict.fromkeys(map(str, relations)))
        return ParsedSearch(None, f"no vector column here is called {name}"
                                  f"{f' in {tables}' if tables else ''}: {key('vectors.column')} chooses one")
    vector = statement.vector_literal(search, name)
    why = "" if vector is not None else \
        f"the statement's vector is a parameter: {key('vectors.ask')} asks for one"
    if len({column.label for column in fitting}) > 1:
        why = f"{name} may be that of {' or '.join(column.table for column in fitting[:3])}: " \
              f"{key('vectors.column')} chooses another"
    where = _condition(search)
    if where is None and search.select.HasField("where_clause"):
        why = "; ".join(filter(None, (why, f"its WHERE can't be taken over: {key('vectors.where')} writes one")))
    k = search.limit if search.limit is not None and 1 <= search.limit <= MAX_K else None
    return ParsedSearch(fitting[0], why, metric_of_operator(search.operator or ""), k, search.offset or 0,
                 vector, where)


def _condition(search: Search) -> str | None:
    """The WHERE of a search in one table, as another statement on that table alone can have it.

    None where there is none, or it needs more than the table: parameters, a subquery, another table.
    """
    select = search.select
    if not select.HasField("where_clause") or [item.WhichOneof("node") for item in select.from_clause] != ["range_var"]:
        return None
    table = select.from_clause[0].range_var
    own = [[table.alias.aliasname]] if table.alias.aliasname else [[table.relname], [table.schemaname, table.relname]]
    condition = grammar.copy(select.where_clause)
    for kind, node in grammar.nodes(condition):
        if kind in ("param_ref", "sub_link"):
            return None
        if kind == "column_ref" and (qualifier := grammar.strings(node.column_ref.fields)[:-1]):
            if qualifier not in own:
                return None
            del node.column_ref.fields[:-1]
    return grammar.expression_text(condition)
