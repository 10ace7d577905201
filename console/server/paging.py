"""The statements that read the rows of a table that we know nothing about, composed from its column names.

Values come as text, cut on the server: a value of 10 MB never crosses the wire. One more column, the notes, says by
an array of one text per field what was cut: the whole length in bytes, `-bytes` as stored where even the cut value
would cost too much, or `dimensions:norm` of a vector.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from psycopg import sql

from console.server import keys
from console.server.keys import BUILT_IN, CTID, KeyColumn
from console.sql.quoting import as_text, quoted

CUT = 300
"""Characters of a value that a page shows; fewer in a very wide table."""

PAGE_BUDGET = 60_000
"""Characters that a row of a page may have altogether."""

RENDER_LIMIT = 256 * 1024
"""Bytes as stored up to which a value other than text and bytea is rendered, which takes all of it."""

Sort = Literal["fixed", "text", "bytea", "vector", "other"]
Order = Literal["forward", "backward"]


class SelectedColumn(Struct, frozen=True):
    """A column to read. `sort` says how its text is cut; `schema` and `type_name` are its type's."""

    name: str
    sort: Sort
    schema: str = BUILT_IN
    type_name: str = ""

    @property
    def text(self) -> sql.SQL:
        """The whole value as text."""
        return _text(self.name, self.schema == BUILT_IN)


class PageSource(Struct, frozen=True):
    """A relation, the fields to read of it, and what identifies a row.

    `key` are the columns of a unique key; without them, rows of a table are found by tableoid and ctid (`has_ctid`),
    those of a view not at all.
    """

    schema: str
    name: str
    fields: tuple[SelectedColumn, ...]
    key: tuple[KeyColumn, ...] = ()
    has_ctid: bool = False

    @property
    def cut(self) -> int:
        """Characters of each value that a page shows."""
        return max(24, min(CUT, PAGE_BUDGET // max(1, len(self.fields))))


_PLACE = (KeyColumn("tableoid", "pg_catalog.oid"), CTID)

Statement = sql.Composed
"""A statement ready to be executed."""


def notes(text: str | None, width: int) -> tuple[str | None, ...]:
    """The column of notes, an array of `width` numbers, dimensions:norm and NULLs."""
    if not text or text == "{}":
        return (None,) * width
    return tuple(None if part == "NULL" else part for part in text[1:-1].split(","))


def rows(source: PageSource) -> sql.Composed:
    """Every row: the fields cut, the notes, and what identifies the row."""
    columns: list[sql.Composable] = [_cut(field, source.cut) for field in source.fields]
    notes = sql.SQL(", ").join([_note(field, source.cut) for field in source.fields])
    columns.append(sql.SQL("ARRAY[{}]::pg_catalog.text[]").format(notes))
    if source.key:
        columns += [_text(part.name, part.is_builtin) for part in source.key]
    elif source.has_ctid:
        columns += [sql.SQL("t.tableoid::pg_catalog.text"), sql.SQL("t.ctid::pg_catalog.text")]
    return sql.SQL("SELECT {} FROM {} AS t").format(sql.SQL(", ").join(columns), _relation(source))


def page(source: PageSource, size: int, order: Order = "forward", *, after: bool = False) -> sql.Composed:
    """One page by key. With `after` it begins behind the key whose values are the parameters.

    Backward the rows come in falling order.
    """
    parts: list[sql.Composable] = [rows(source)]
    if after:
        parts.append(sql.SQL("WHERE " + keys.behind(source.key, ">" if order == "forward" else "<", "t")))
    way = sql.SQL("" if order == "forward" else " DESC")
    parts.append(sql.SQL("ORDER BY {}").format(sql.SQL(", ").join([_column(part.name) + way for part in source.key])))
    parts.append(sql.SQL("LIMIT {}").format(sql.Literal(size)))
    return sql.SQL(" ").join(parts)


def value(source: PageSource, field: SelectedColumn, cap: int) -> sql.Composed:
    """One value, at most `cap` characters of it, and its length in bytes; the row's locators are the parameters."""
    if field.sort in ("text", "bytea", "fixed"):
        text = _cut(field, cap)
    else:
        text = sql.SQL("pg_catalog.left({}, {})").format(field.text, sql.Literal(cap))
    size = _octets(field)
    where = keys.equal(source.key or _PLACE, "t")
    return sql.SQL("SELECT {}, {} FROM {} AS t WHERE {}").format(text, size, _relation(source), sql.SQL(where))


def one(source: PageSource) -> sql.Composed:
    """The row whose key values are the parameters; without a key, whose ctid is."""
    where = sql.SQL(keys.equal(source.key or (CTID,), "t"))
    return sql.SQL("{} WHERE {} LIMIT 1").format(rows(source), where)


def whole(source: PageSource) -> sql.Composed:
    """Every row with every field as it is."""
    columns = sql.SQL(", ").join([_column(field.name) for field in source.fields])
    return sql.SQL("SELECT {} FROM {} AS t").format(columns, _relation(source))


def _relation(source: PageSource) -> sql.Identifier:
    return sql.Identifier(source.schema, source.name)


def _text(name: str, is_builtin: bool) -> sql.SQL:
    return sql.SQL(as_text(f"t.{quoted(name)}", is_builtin=is_builtin))


def _column(name: str) -> sql.Composable:
    return sql.SQL("t.{}").format(sql.Identifier(name))


def _cut(field: SelectedColumn, size: int) -> sql.Composed:
    """The beginning of a value as text. Text and bytea are sliced before they are rendered."""
    column = _column(field.name)
    match field.sort:
        case "fixed":
            return sql.Composed([field.text])
        case "text":
            return sql.SQL("pg_catalog.left({}::pg_catalog.text, {})").format(column, sql.Literal(size))
        case "bytea":
            return sql.SQL("pg_catalog.left(pg_catalog.substr({}, 1, {})::pg_catalog.text, {})").format(
                column, sql.Literal(size // 2 + 1), sql.Literal(size))
        case _:
            return sql.SQL("CASE WHEN pg_catalog.pg_column_size({}) <= {} THEN pg_catalog.left({}, {}) END").format(
                column, sql.Literal(RENDER_LIMIT), field.text, sql.Literal(size))


def _note(field: SelectedColumn, size: int) -> sql.Composed:
    column = _column(field.name)
    match field.sort:
        case "fixed":
            return sql.Composed([sql.SQL("NULL")])
        case "text" | "bytea":
            return sql.SQL("CASE WHEN {0} > {1} THEN {0} END").format(
                _octets(field), sql.Literal(size if field.sort == "text" else size // 2 - 1))
        case "vector":
            return _vector_note(field)
        case _:
            # A short value as stored may be long as text only by much repetition, which compression takes out.
            return sql.SQL("CASE WHEN pg_catalog.pg_column_size({0}) > {1} THEN -pg_catalog.pg_column_size({0}) "
                           "WHEN {2} > {3} THEN {2} END").format(
                column, sql.Literal(RENDER_LIMIT), _octets(field), sql.Literal(size))


def _vector_note(field: SelectedColumn) -> sql.Composed:
    """Dimensions and Euclidean norm, by pgvector's own functions."""
    column = _column(field.name)
    norm = sql.Identifier(field.schema, "vector_norm" if field.type_name == "vector" else "l2_norm")
    if field.type_name == "sparsevec":
        dimensions: sql.Composable = sql.SQL("pg_catalog.split_part({}, '/', 2)").format(field.text)
    else:
        dimensions = sql.SQL("{}({})").format(sql.Identifier(field.schema, "vector_dims"), column)
    return sql.SQL("{}::pg_catalog.text OPERATOR(pg_catalog.||) ':' OPERATOR(pg_catalog.||) {}({})::pg_catalog.text"
                   ).format(dimensions, norm, column)


def _octets(field: SelectedColumn) -> sql.Composed:
    value = _column(field.name) if field.sort == "bytea" else field.text
    return sql.SQL("pg_catalog.octet_length({})").format(value)
