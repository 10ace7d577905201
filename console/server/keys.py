"""Conditions by which rows are found: keys compared by the operators of their index, whatever lies in the search_path.

Pure text. An operator without its schema is PostgreSQL's own where the path is ours; in a statement that holds a
person's text too it would be the first that fits, so that here each has its schema.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.sql.quoting import operator, quoted

BUILT_IN = "pg_catalog"


class KeyColumn(Struct, frozen=True):
    """A column of a unique key.

    `type_name` is the type, as SQL with its schema, that the operators in `operator_schema` compare.
    """

    name: str
    type_name: str
    operator_schema: str = BUILT_IN

    @property
    def is_builtin(self) -> bool:
        """Whether the type is PostgreSQL's own."""
        return self.type_name.startswith(f"{BUILT_IN}.")

    def operand(self, alias: str = "") -> str:
        """The column as its operators take it. Of a domain over an extension's type, an operator that somebody has put
        beside the extension's could fit better than its own."""
        column = f"{alias}.{quoted(self.name)}" if alias else quoted(self.name)
        return column if self.operator_schema == BUILT_IN else f"{column}::{self.type_name}"

    def compared(self, sign: str, number: int, alias: str = "") -> str:
        """The comparison with $number."""
        return f"{self.operand(alias)} {operator(self.operator_schema, sign)} ${number:d}::{self.type_name}"


CTID = KeyColumn("ctid", "pg_catalog.tid")
"""Where a row of a table is at this moment."""


def equal(key: Sequence[KeyColumn], alias: str = "") -> str:
    """The row whose key values are $1, $2..."""
    return " AND ".join(part.compared("=", number, alias) for number, part in enumerate(key, 1))


def behind(key: Sequence[KeyColumn], sign: str, alias: str = "") -> str:
    """The rows behind the one whose key values are $1, $2...: compared as one row, which an index can look up.

    One operator compares a row with another, so that keys by operators of several schemas need the long form of it.
    """
    first, *others = (part.operator_schema for part in key)
    if all(schema == first for schema in others):
        columns = ", ".join(part.operand(alias) for part in key)
        values = ", ".join(f"${number:d}::{part.type_name}" for number, part in enumerate(key, 1))
        return f"({columns}) {operator(first, sign)} ({values})"
    *leading, last = enumerate(key, 1)
    condition = last[1].compared(sign, last[0], alias)
    for number, part in reversed(leading):
        condition = (f"({part.compared(sign, number, alias)} OR {part.compared('=', number, alias)} "
                     f"AND {condition})")
    return condition
