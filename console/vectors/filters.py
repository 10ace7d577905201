"""Conditions on columns, built of parts: typed parameters where they run, literals where they are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.errors import UsageError
from console.sql import quoting
from console.sql.quoting import identifier, literal, operator
from console.vectors.records import ShownColumn

COMPARING = ("=", "<>", "<", "<=", ">", ">=", "like", "ilike")
LIKE = {"like": "~~", "ilike": "~~*"}
UNARY = ("is null", "is not null")
OPERATORS = (*COMPARING, "in", *UNARY)


class Filter(Struct, frozen=True):
    """`column operator values`: one value for a comparison, any number for `in`, none for `is null`."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


def condition(where: str | None, filters: Sequence[Filter], columns: Mapping[str, ShownColumn], *,
              first: int | None) -> tuple[str | None, tuple[str, ...]]:
    """The whole condition as SQL and its parameters, from $`first` on; None for `first` writes literals.

    Raises UsageError for an unknown column or operator.
    """
    params: list[str] = []

    def value(text: str, kind: str) -> str:
        if first is None:
            return f"{literal(text)}::{kind}"
        params.append(text)
        return f"${first + len(params) - 1:d}::{kind}"

    parts = [f"({where.strip()}\n)" if filters else where.strip()] if where and where.strip() else []
    for filter_ in filters:
        if filter_.column not in columns:
            raise UsageError(f"there is no column {filter_.column!r} to filter by", hint=", ".join(columns))
        column = columns[filter_.column]
        sign = filter_.operator.lower()
        if sign in UNARY and not filter_.values:
            parts.append(f"{identifier(filter_.column)} {sign.upper()}")
        elif sign in COMPARING and len(filter_.values) == 1:
            left, schema, kind = _compared(column, as_text=sign in LIKE)
            parts.append(f"{left} {operator(schema, LIKE.get(sign, sign))} {value(filter_.values[0], kind)}")
        elif sign == "in" and filter_.values:
            left, schema, kind = _compared(column)
            wanted = ", ".join(value(each, kind) for each in filter_.values)
            parts.append(f"{left} {operator(schema, '=')} ANY (ARRAY[{wanted}])")
        else:
            raise UsageError(f"{filter_.column} {filter_.operator} with {len(filter_.values)} values is no condition",
                             hint="operators: " + ", ".join(OPERATORS))
    return (" AND ".join(parts) or None), tuple(params)


def _compared(column: ShownColumn, *, as_text: bool = False) -> tuple[str, str, str]:
    """The column as it is compared, the schema of the operators for that, and the type of the other side.

    All that is ours in a condition has its schema: beside it may stand a person's, who has another search_path.
    """
    name = identifier(column.name)
    if as_text and column.sort != "text":
        return quoting.as_text(name, is_builtin=column.is_builtin), "pg_catalog", "pg_catalog.text"
    if column.operator_schema != "pg_catalog":
        return f"{name}::{column.parameter_type}", column.operator_schema, column.parameter_type
    return name, "pg_catalog", "pg_catalog.text" if as_text else column.parameter_type
