"""The nearest-neighbour statement, composed of identifiers and of a person's own condition.

Whatever it names has its schema: the condition means what it means in psql, by the person's search_path, and nothing
else may be looked up by that.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.server.keys import KeyColumn, equal
from console.sql.quoting import as_text, identifier, literal, quoted


class Coarse(Struct, frozen=True):
    """A first order by what tells less than the vector, such as its bits: `limit` rows are ranked again.

    `operand` and `operator` as in Nearest; `query` are the pieces of the same expression around the query vector.
    """

    operand: str
    operator: str
    query: tuple[str, ...]
    limit: int


class Nearest(Struct, frozen=True):
    """A search for the rows of `schema.relation` that are nearest to a vector.

    `operand` is what is compared (a column or an expression of an index, as SQL), `operator` and `vector_type` as SQL
    too, `query` the pieces of an expression around the query vector. `where` is a condition, also as SQL, None without.
    `columns` are select-list items; `shown` are others in their place, computed of the rows that were found alone: what
    cuts a long value would else be run for every row that is sorted. With `coarse` its rows are ranked again, for
    which `carried` are the columns that `operand` needs.
    """

    schema: str
    relation: str
    operand: str
    operator: str
    vector_type: str
    columns: tuple[str, ...]
    limit: int
    offset: int = 0
    where: str | None = None
    alias: str = "distance"
    query: tuple[str, ...] = ("", "")
    shown: tuple[str, ...] | None = None
    coarse: Coarse | None = None
    carried: tuple[str, ...] = ()

    def text(self, vector: str) -> str:
        """The statement, with `vector` ($1, or a literal) in the vector's place."""
        given = f"{vector}::{self.vector_type}"
        alias = identifier(self.alias)
        relation = identifier(self.schema, self.relation)
        # on a line of its own, or a comment at its end would take the rest of the statement along
        where = f"WHERE ({self.where}\n)" if self.where is not None else None
        if (coarse := self.coarse) is not None:
            items = tuple(dict.fromkeys((*self.columns, *self.carried)))
            order = f"ORDER BY {coarse.operand} {coarse.operator} {given.join(coarse.query)}"
            relation = _nested(_select(items, relation, where, order, f"LIMIT {coarse.limit:d}"), "candidates")
            where = None
        item = f"{self.operand} {self.operator} {given.join(self.query)} AS {alias}"
        limit = f"LIMIT {self.limit:d}" + (f" OFFSET {self.offset:d}" if self.offset else "")
        found = _select((*self.columns, item), relation, where, f"ORDER BY {alias}", limit)
        if self.shown is None:
            return found
        return _select((*self.shown, alias), _nested(found, "nearest"), None, f"ORDER BY {alias}", None)

    def core(self, vector: str) -> str:
        """The innermost SELECT of `text`, which is what an index serves."""
        if (coarse := self.coarse) is None:
            return replace(self, shown=None).text(vector)
        return Nearest(self.schema, self.relation, coarse.operand, coarse.operator, self.vector_type, self.columns,
                       coarse.limit, 0, self.where, self.alias, coarse.query).text(vector)

    def readable(self, vector_text: str) -> str:
        """The statement with the vector as a literal: to be shown, copied, or explained."""
        return self.text(literal(vector_text))


def _select(items: Sequence[str], source: str, where: str | None, order: str, limit: str | None) -> str:
    """A SELECT, a clause a line; what is computed last on a line of its own."""
    columns = [f"SELECT {', '.join(items[:-1])},", f"    {items[-1]}"] if " AS " in items[-1] and len(items) > 1 else \
        [f"SELECT {', '.join(items)}"]
    return "\n".join(filter(None, [*columns, f"FROM {source}", where, order, limit]))


def _nested(text: str, alias: str) -> str:
    """A statement as a source of another; a person's condition in it has to keep its lines."""
    return f"(\n{text}\n) AS {alias}"


def select_item(name: str, sort: str, cut: int | None, *, is_builtin: bool = True) -> str:
    """A column in a select list; with `cut` only that many characters of a long one, bytea as its length."""
    column = identifier(name)
    match sort if cut is not None else "fixed":
        case "text":
            return f"pg_catalog.left({column}, {cut:d}) AS {column}"
        case "bytea":
            return f"pg_catalog.octet_length({column}) AS {column}"
        case "fixed":
            return column
        case _:
            return f"pg_catalog.left({as_text(column, is_builtin=is_builtin)}, {cut:d}) AS {column}"


def stored_vector(schema: str, relation: str, column: str, key: Sequence[KeyColumn]) -> str:
    """The vector of the row whose key columns have the values $1, $2..."""
    return (f"SELECT {identifier(column)}::pg_catalog.text FROM {identifier(schema, relation)} "
            f"WHERE {equal(key)} LIMIT 1")


def any_vector(schema: str, relation: str, column: str, key: Sequence[KeyColumn], percent: float | None) -> str:
    """The key and the vector of some row that has one; of a random one in `percent` (0 to 100) of the table's pages.

    `percent` None is for what has no pages to draw from, such as a view: a row that is found quickly.
    """
    name = identifier(column)
    columns = ", ".join(as_text(quoted(part.name), is_builtin=part.is_builtin) for part in key)
    drawn = f" TABLESAMPLE pg_catalog.system ({percent:f})" if percent is not None else ""
    order = " ORDER BY pg_catalog.random()" if percent is not None else ""
    return (f"SELECT {columns}{', ' if columns else ''}{name}::pg_catalog.text\n"
            f"FROM {identifier(schema, relation)}{drawn}\nWHERE {name} IS NOT NULL{order} LIMIT 1")


def sampled_vectors(schema: str, relation: str, column: str, where: str | None, count: int) -> str:
    """`count` random rows' place (tableoid, ctid) and vector; $1 is the seed.

    The order depends on the seed and the place alone, so that a sample can be drawn again while the table is the same.
    """
    condition = f" AND ({where}\n)" if where is not None else ""
    name = identifier(column)
    place = "tableoid::pg_catalog.text OPERATOR(pg_catalog.||) ctid::pg_catalog.text"
    return (f"SELECT tableoid, ctid, {name}::pg_catalog.text\nFROM {identifier(schema, relation)}\n"
            f"WHERE {name} IS NOT NULL{condition}"
            f"\nORDER BY pg_catalog.hashtextextended({place}, $1::pg_catalog.int8), ctid LIMIT {count:d}")


def table_vectors(schema: str, relation: str, column: str, count: int) -> str:
    """The vectors of another table's rows."""
    name = identifier(column)
    return (f"SELECT {name}::pg_catalog.text FROM {identifier(schema, relation)} WHERE {name} IS NOT NULL "
            f"LIMIT {count:d}")


def stored_rows(schema: str, relation: str, columns: Sequence[tuple[str, bool]], vector: str, where: str | None, *,
                as_json: bool, vector_as_text: bool) -> str:
    """All rows: `columns` (name, whether its type is PostgreSQL's own) as text, or as JSON text, and the vector last,
    as text or as it is."""
    items = []
    for name, is_builtin in columns:
        value = identifier(name) if is_builtin else as_text(identifier(name), is_builtin=False)
        items.append(f"pg_catalog.to_json({value})::pg_catalog.text" if as_json else
                     as_text(identifier(name), is_builtin=is_builtin))
    name = identifier(vector)
    items.append(f"{name}::pg_catalog.text" if vector_as_text else name)
    condition = f"\nWHERE ({where}\n)" if where is not None else ""
    return f"SELECT {', '.join(items)}\nFROM {identifier(schema, relation)}{condition}"
