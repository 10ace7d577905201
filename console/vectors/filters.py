"""Conditions on columns, built of parts: typed parameters where they run, literals where they are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.errors import UsageError
from console.server.identifiers import identifier, literal
from console.vectors.records import ShownColumn

COMPARING = ("=", "<>", "<", "<=", ">", ">=", "like", "ilike")
UNARY = ("is null", "is not null")
OPERATORS = (*COMPARING, "in", *UNARY)


@dataclass(frozen=True, slots=True)
class Filter:
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
    for one in filters:
        if one.column not in columns:
            raise UsageError(f"there is no column {one.column!r} to filter by", hint=", ".join(columns))
        kind = columns[one.column].parameter_type
        name = identifier(one.column)
        operator = one.operator.lower()
        if operator in UNARY and not one.values:
            parts.append(f"{name} {operator.upper()}")
        elif operator in COMPARING and len(one.values) == 1:
            target = "text" if "like" in operator else kind
            column = f"{name}::text" if "like" in operator and columns[one.column].sort != "text" else name
            parts.append(f"{column} {operator.upper()} {value(one.values[0], target)}")
        elif operator == "in" and one.values:
            parts.append(f"{name} IN ({', '.join(value(each, kind) for each in one.values)})")
        else:
            raise UsageError(f"{one.column} {one.operator} with {len(one.values)} values is no condition",
                             hint="operators: " + ", ".join(OPERATORS))
    return (" AND ".join(parts) or None), tuple(params)
