"""The counters of an entry as numbers: read from their text when they have changed, subtracted, and added up.

They are kept in arrays, which for ten thousand entries is a tenth of what objects would take; `usage` makes the record
of those that somebody looks at.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from console.statements.records import Usage

Counters = array  # of "d", in the order of NAMES

NAMES = Usage.__struct_fields__[1:]
"""The order of the numbers in Entry.counters; where the squares are, that has standard deviations."""

_AT = {name: index for index, name in enumerate(NAMES)}
CALLS, EXEC_MS, PLANS, PLAN_MS, SINCE_S = (_AT[name] for name in ("calls", "exec_ms", "plans", "plan_ms", "since_s"))
SHARED_READ = _AT["shared_read"]
_EXEC_SQUARES, _PLAN_SQUARES = _AT["exec_squares"], _AT["plan_squares"]
_MIN_EXEC, _MAX_EXEC, _MIN_PLAN, _MAX_PLAN = (
    _AT[name] for name in ("min_exec_ms", "max_exec_ms", "min_plan_ms", "max_plan_ms"))
ADDITIVE = _MIN_EXEC
"""How many of the counters, from the first on, can be subtracted and added; the rest are extremes."""


def parse(text: str) -> array[float]:
    """The numbers of Entry.counters; NaN where the version doesn't say. Raises ValueError on another number of them."""
    found = array("d", map(float, text.split()))
    if len(found) != len(NAMES):
        raise ValueError(f"{len(found)} counters instead of {len(NAMES)}")
    found[_EXEC_SQUARES] = _squares(found[CALLS], found[EXEC_MS], found[_EXEC_SQUARES])
    found[_PLAN_SQUARES] = _squares(found[PLANS], found[PLAN_MS], found[_PLAN_SQUARES])
    return found


def _squares(number: float, total: float, deviation: float) -> float:
    return (deviation * deviation + (total / number) ** 2) * number if number else 0.0


def went_back(before: array[float], now: array[float]) -> bool:
    """Whether this is another entry than before, made since: reset alone, or evicted and come again."""
    return (now[CALLS] < before[CALLS] or now[PLANS] < before[PLANS] or now[EXEC_MS] < before[EXEC_MS]
            or now[SINCE_S] > before[SINCE_S])


def difference(before: array[float], now: array[float]) -> array[float]:
    """What was added since `before`; the extremes as they are now."""
    found = array("d", now)
    for index in range(ADDITIVE):
        found[index] -= before[index]
    return found


def total(parts: Iterable[array[float]]) -> array[float]:
    """All of them together: sums, and of the extremes the extremes."""
    rows = list(parts)
    if len(rows) == 1:
        return rows[0]
    columns = list(zip(*rows, strict=True))
    found = array("d", map(sum, columns[:ADDITIVE]))
    planned = [row for row in rows if row[PLANS]]
    found.extend((min(columns[_MIN_EXEC]), max(columns[_MAX_EXEC]),
                  min((row[_MIN_PLAN] for row in planned), default=0.0), max(columns[_MAX_PLAN]),
                  min(columns[SINCE_S])))
    return found


def usage(found: array[float], entries: int = 1) -> Usage:
    """The record of some counters."""
    return Usage(entries, *(None if math.isnan(value) else value for value in found))  # type: ignore[arg-type]
