"""The statements that matter most: sorted by any figure, summed up by what they have in common."""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Callable, Hashable, Mapping

from console.statements import counters
from console.statements.counters import NAMES
from console.statements.records import Key, Ranked, Ranking

FEW = 5
"""Of so many statements the shares are told."""

_PLAIN = {name: index for index, name in enumerate(NAMES)}
_DERIVED = ("total_ms", "mean_ms", "stddev_ms", "mean_plan_ms", "stddev_plan_ms", "rows_per_call", "hit_percent")
FIGURES = frozenset((*NAMES, *_DERIVED))
"""What can be sorted by: fields and properties of Usage."""


def rank(figures: Mapping[Key, array[float]], *, by: str | None, descending: bool, limit: int,
         group: Callable[[Key], Hashable] | None = None, word: Callable[[Key], str] | None = None,
         among: Mapping[Key, array[float]] | None = None) -> Ranking:
    """The first `limit`, by a figure of FIGURES, or by `word` of a row's first key where `by` is none of them.

    `group` says what each statement is summed up under. What has no such figure comes last. Shares are of the time
    of all that `figures` were chosen from, `among`.
    """
    keys: dict[Hashable, list[Key]] = {}
    found: dict[Hashable, array[float]] = {key: figure for key, figure in figures.items()}  # noqa: C416
    if group is not None:
        for key in figures:
            keys.setdefault(group(key), []).append(key)
        found = {name: counters.total(figures[key] for key in parts) for name, parts in keys.items()}
    times = [_total_ms(array) for array in (figures if among is None else among).values()]
    total_ms = math.fsum(times)

    def members(name: Hashable) -> list[Key]:
        return keys[name] if group is not None else [name]  # type: ignore[list-item]

    if by in FIGURES:
        value = _figure(by)
        values = {name: value(array) for name, array in found.items()}
        known = [name for name, value in values.items() if value is not None and not math.isnan(value)]
        known.sort(key=lambda name: values[name] or 0.0, reverse=descending)
        order = known if len(known) == len(found) else known + [name for name in found if name not in set(known)]
    elif word is not None:
        order = sorted(found, key=lambda name: word(members(name)[0]).casefold(), reverse=descending)
    else:
        order = list(found)
    rows = [Ranked(name, tuple(members(name)), counters.usage(found[name], len(members(name))),
                   _total_ms(found[name]) / total_ms if total_ms > 0 else None) for name in order[:limit]]
    longest = heapq.nlargest(FEW, times)
    return Ranking(rows, len(found), total_ms, [value / total_ms for value in longest] if total_ms > 0 else [])


def _total_ms(found: array[float]) -> float:
    return found[counters.EXEC_MS] + found[counters.PLAN_MS]


def _figure(by: str | None) -> Callable[[array[float]], float | None]:
    """A figure straight from the counters, where ten thousand records would take too long."""
    if by in _PLAIN:
        index = _PLAIN[by]
        return lambda array: array[index]
    if by == "total_ms":
        return _total_ms
    if by == "mean_ms":
        return lambda array: array[counters.EXEC_MS] / array[counters.CALLS] if array[counters.CALLS] else None
    assert by is not None
    return lambda array: getattr(counters.usage(array), by)
