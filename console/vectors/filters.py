"""Conditions on columns, built of parts: typed parameters where they run, literals where they are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.errors import UsageError
from console.sql.quoting import identifier, literal
from console.vectors.records import ShownColumn

COMPARING = ("=", "<>", "<", "<=", ">", ">=", "like", "ilike")
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
        kind = columns[filter_.column].parameter_type
        name = identifier(filter_.column)
        operator = filter_.operator.lower()
        if operator in UNARY and not filter_.values:
            parts.append(f"{name} {operator.upper()}")
        elif operator in COMPARING and len(filter_.values) == 1:
            target = "text" if "like" in operator else kind
            column = f"{name}::text" if "like" in operator and columns[filter_.column].sort != "text" else name
            parts.append(f"{column} {operator.upper()} {value(filter_.values[0], target)}")
        elif operator == "in" and filter_.values:
            parts.append(f"{name} IN ({', '.join(value(each, kind) for each in filter_.values)})")
        else:
            raise UsageError(f"{filter_.column} {filter_.operator} with {len(filter_.values)} values is no condition",
                             hint="operators: " + ", ".join(OPERATORS))
    return (" AND ".join(parts) or None), tuple(params)
