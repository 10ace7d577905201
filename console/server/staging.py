"""Rows for a table by way of a temporary one, which goes with the transaction: checked there before any is written.

The statements run in a script's transaction. Columns of the file travel as text and are cast where they are written,
the vector is binary. `line` says where in the file a row stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.server.keys import KeyColumn
from console.sql.quoting import identifier, operator

TABLE = "dbconsole_load"
_STAGED = f"pg_temp.{TABLE}"


class StagedColumn(Struct, frozen=True):
    """A column of the table that the file has, and its type as SQL with its schema."""

    name: str
    type_sql: str


class Staging(Struct, frozen=True):
    """A load into `schema.relation`. `vector_type` is the vector's as SQL, without dimensions; `key` what tells rows
    apart, empty where the file doesn't have it."""

    schema: str
    relation: str
    vector: str
    vector_type: str
    columns: tuple[StagedColumn, ...]
    key: tuple[KeyColumn, ...]

    @property
    def table(self) -> str:
        return identifier(self.schema, self.relation)

    @property
    def names(self) -> tuple[str, ...]:
        """The temporary table's columns in their order: c0, c1..., whatever the file calls them."""
        return ("line", *(f"c{place}" for place in range(len(self.columns))), "v")

    def create(self) -> str:
        items = ["line pg_catalog.int8", *(f"c{place} pg_catalog.text" for place in range(len(self.columns))),
                 f"v {self.vector_type}"]
        return f"CREATE TEMPORARY TABLE {TABLE} ({', '.join(items)}) ON COMMIT DROP"

    @staticmethod
    def schema_of() -> str:
        """The temporary table's schema, which has another name in each session."""
        return "SELECT pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace::pg_catalog.text"

    def analyze(self) -> str:
        return f"ANALYZE {_STAGED}"

    def repeated(self) -> str:
        """Lines whose key an earlier line has, and that line."""
        keys = ", ".join(self._staged(part) for part in self.key)
        return (f"SELECT line, first FROM (SELECT line, pg_catalog.min(line) OVER (PARTITION BY {keys}) AS first "
                f"FROM {_STAGED}) AS s WHERE line OPERATOR(pg_catalog.<>) first ORDER BY line")

    def without_key(self) -> str:
        """Lines of which a part of the key is NULL."""
        nulls = " OR ".join(f"{self._staged(part)} IS NULL" for part in self.key)
        return f"SELECT line FROM {_STAGED} WHERE {nulls} ORDER BY line"

    def existing(self) -> str:
        """Lines whose key the table has already."""
        return (f"SELECT s.line FROM {_STAGED} AS s JOIN {self.table} AS t ON {self._same()} ORDER BY s.line")

    @staticmethod
    def forget(lines: Sequence[int]) -> str:
        """Takes lines out, so that they aren't written."""
        listed = ",".join(map(str, lines))
        return f"DELETE FROM {_STAGED} WHERE line OPERATOR(pg_catalog.=) ANY ('{{{listed}}}'::pg_catalog.int8[])"

    def update(self) -> str:
        """Has the table's rows of these keys take what the file says."""
        keys = {part.name for part in self.key}
        items = [f"{identifier(column.name)} = s.c{place}::{column.type_sql}"
                 for place, column in enumerate(self.columns) if column.name not in keys]
        items.append(f"{identifier(self.vector)} = s.v")
        return f"UPDATE {self.table} AS t SET {', '.join(items)} FROM {_STAGED} AS s WHERE {self._same()}"

    def insert(self, *, only_new: bool) -> str:
        """Writes the file's rows, with `only_new` those whose key the table hasn't."""
        into = ", ".join(identifier(name) for name in (*(column.name for column in self.columns), self.vector))
        items = ", ".join([*(f"s.c{place}::{column.type_sql}" for place, column in enumerate(self.columns)), "s.v"])
        text = f"INSERT INTO {self.table} ({into}) SELECT {items} FROM {_STAGED} AS s"
        if only_new:
            text += f" WHERE NOT EXISTS (SELECT FROM {self.table} AS t WHERE {self._same()})"
        return text + " ORDER BY s.line"

    def _staged(self, part: KeyColumn, alias: str = "") -> str:
        place = next(place for place, column in enumerate(self.columns) if column.name == part.name)
        return f"{alias}c{place}::{part.type_name}"

    def _same(self) -> str:
        return " AND ".join(f"{part.operand('t')} {operator(part.operator_schema, '=')} {self._staged(part, 's.')}"
                            for part in self.key)
