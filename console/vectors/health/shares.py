"""Shares of a table from a sample of its pages, with the interval that such a sample allows. Pure.

Rows of one page were often written together and are alike: the interval is that of a cluster sample. By how much the
pages differ among themselves tells how many independent rows the sample is worth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from console.vectors.health.records import Share

Z95 = 1.959964
LEAST_PAGES = 30


def share(flags: Iterable[tuple[str, bool]], *, is_sampled: bool) -> Share:
    """How many of the rows have the flag; (page, flag) for each. Exact where all rows were looked at."""
    pages: dict[str, list[int]] = {}
    for page, flag in flags:
        found = pages.setdefault(page, [0, 0])
        found[0] += flag
        found[1] += 1
    count, rows = (sum(found[place] for found in pages.values()) for place in (0, 1))
    if not rows:
        return Share(0, 0, 0.0, 0.0 if not is_sampled else 1.0)
    if not is_sampled:
        return Share(count, rows, count / rows, count / rows)
    return Share(count, rows, *wilson(count / rows, _worth(pages.values(), count, rows)))


def of_draws(count: int, rows: int, *, is_exact: bool = False) -> Share:
    """How many of rows that were drawn one by one."""
    if not rows or is_exact:
        value = count / rows if rows else 0.0
        return Share(count, rows, value, value)
    return Share(count, rows, *wilson(count / rows, rows))


def wilson(value: float, worth: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share that `worth` independent rows gave; it says something at 0 and 1 too."""
    centre = value + Z95 * Z95 / (2 * worth)
    half = Z95 * math.sqrt(value * (1 - value) / worth + Z95 * Z95 / (4 * worth * worth))
    scale = 1 + Z95 * Z95 / worth
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def _worth(pages: Iterable[list[int]], count: int, rows: int) -> float:
    """How many independent rows the sample is worth: by the variance between its pages, at most all rows.

    Where no row has the flag, or all have, and where there are few of them, the pages don't tell: then each is worth
    one row.
    """
    found = list(pages)
    value = count / rows
    if count in (0, rows) or len(found) < LEAST_PAGES:
        return float(len(found))
    spread = sum((hits - value * size) ** 2 for hits, size in found) / (len(found) - 1)
    variance = len(found) * spread / (rows * rows)
    alone = value * (1 - value) / rows
    return rows / max(1.0, variance / alone)
