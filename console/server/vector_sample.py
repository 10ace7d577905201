"""Statements that look at many vectors of a column: a row for each, of random pages where a table is large.

Composed of identifiers, and of an index's expression and predicate as the server wrote them under the safe search_path.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.sql.quoting import identifier, operator


class SampledColumn(Struct, frozen=True):
    """A vector column, where pgvector is, and its operator for the cosine distance as SQL, None of a type without one.

    `percent` of the table's pages are drawn by `seed`; None: all are read.
    """

    schema: str
    relation: str
    name: str
    type_name: str
    extension_schema: str
    cosine: str | None
    percent: float | None = None
    seed: int = 0

    @property
    def source(self) -> str:
        """The table in FROM."""
        table = identifier(self.schema, self.relation)
        if self.percent is None:
            return table
        return f"{table} TABLESAMPLE pg_catalog.system ({self.percent:f}) REPEATABLE ({self.seed:d})"


class IndexedPart(Struct, frozen=True):
    """What an index holds: the rows that fulfil `predicate` (None: all) and whose `expression` is not NULL, nor a zero
    vector of `type_name` where `drops_zeros`."""

    expression: str
    predicate: str | None
    type_name: str
    drops_zeros: bool


def norm(extension_schema: str, type_name: str, operand: str) -> str:
    """The Euclidean norm in double precision; of bits the root of how many are set."""
    if type_name == "bit":
        return f"pg_catalog.sqrt(pg_catalog.bit_count({operand})::pg_catalog.float8)"
    function = "vector_norm" if type_name == "vector" else "l2_norm"
    return f"{identifier(extension_schema, function)}({operand})"


def dimensions(extension_schema: str, type_name: str, operand: str) -> str:
    """How many a value has."""
    if type_name == "bit":
        return f"pg_catalog.length({operand})"
    if type_name == "sparsevec":
        return f"pg_catalog.split_part({operand}::pg_catalog.text, '/', 2)::pg_catalog.int4"
    return f"{identifier(extension_schema, 'vector_dims')}({operand})"


def facts(column: SampledColumn, parts: Sequence[IndexedPart], limit: int) -> str:
    """A row a vector: its page, dimensions, norm (NULL for a NULL), whether it has no cosine distance to itself, bytes
    as stored, and for each of `parts` whether it is in it."""
    name, schema = identifier(column.name), column.extension_schema
    no_cosine = "false" if column.cosine is None else \
        f"({name} {column.cosine} {name}) = 'NaN'::pg_catalog.float8"
    items = ["tableoid::pg_catalog.text OPERATOR(pg_catalog.||) pg_catalog.split_part(ctid::pg_catalog.text, ',', 1)",
             dimensions(schema, column.type_name, name), norm(schema, column.type_name, name), no_cosine,
             f"pg_catalog.pg_column_size({name})", *(_holds(schema, part) for part in parts)]
    return "SELECT " + ",\n    ".join(items) + f"\nFROM {column.source}\nLIMIT {limit:d}"


def _holds(schema: str, part: IndexedPart) -> str:
    """CASE, as a cast in the expression may fail on rows that the predicate leaves out."""
    inside = f"({part.expression}) IS NOT NULL"
    if part.drops_zeros:
        inside += f" AND {norm(schema, part.type_name, f'({part.expression})')} > 0"
    if part.predicate is None:
        return inside
    return f"CASE WHEN ({part.predicate}) THEN {inside} ELSE false END"


def drawn(column: SampledColumn, count: int, columns: Sequence[str] = ()) -> str:
    """`count` rows with a vector: tableoid, ctid, the vector as text, and `columns` (select-list items).

    Of those on the drawn pages they are spread evenly, in an order that depends on the seed and the place alone.
    """
    name = identifier(column.name)
    place = "tableoid::pg_catalog.text OPERATOR(pg_catalog.||) ctid::pg_catalog.text"
    items = ", ".join(["tableoid", "ctid", f"{name}::pg_catalog.text", *columns])
    return (f"SELECT {items}\nFROM {column.source}\nWHERE {name} IS NOT NULL\n"
            f"ORDER BY pg_catalog.hashtextextended({place}, {column.seed:d}), 2 LIMIT {count:d}")


def is_equal(name: str, type_name: str, extension_schema: str, vector: str) -> str:
    """Whether the column is the same as `vector` ($1...) in every dimension."""
    return f"{identifier(name)} {operator('pg_catalog' if type_name == 'bit' else extension_schema, '=')} {vector}"


def index_pages(pageinspect_schema: str) -> str:
    """Pages of the index $1 as hexadecimal digits: those whose numbers $2 has, separated by commas."""
    return (f"SELECT pg_catalog.encode({identifier(pageinspect_schema, 'get_raw_page')}"
            "($1::pg_catalog.text, 'main'::pg_catalog.text, page::pg_catalog.int8), 'hex')\n"
            "FROM pg_catalog.unnest(pg_catalog.string_to_array($2, ',')) AS page")
