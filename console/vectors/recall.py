"""Recall and latency as numbers: what was found against what there is, and which setting to take. Pure.

Recall is by distance: a row counts when it is no farther than the k-th of the exact search, so that rows at the same
distance are worth the same. The denominator is what the exact search found, at most k, never what came back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from console.text import format as fmt
from console.vectors import plan as plans
from console.vectors.records import Latency, Point, Recommendation

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9


def recall_at(found: Sequence[float], truth: Sequence[float], k: int) -> float | None:
    """The share of the `k` nearest that was found, from 0 to 1. Distances, `truth` in rising order.

    None where there is nothing to find.
    """
    wanted = min(k, len(truth))
    if wanted == 0:
        return None
    bound = truth[wanted - 1]
    bound += abs(bound) * RELATIVE_TOLERANCE + ABSOLUTE_TOLERANCE
    return min(wanted, sum(1 for value in found[:k] if value <= bound)) / wanted


def percentile(values: Sequence[float], share: float) -> float:
    """The value at `share` (0 to 1) of the sorted values, between two of them by proportion. NaN without values."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def latency(times_ms: Sequence[float]) -> Latency:
    """The percentiles of wall times in milliseconds."""
    mean = sum(times_ms) / len(times_ms) if times_ms else math.nan
    return Latency(percentile(times_ms, 0.5), percentile(times_ms, 0.95), percentile(times_ms, 0.99), mean)


def point(recalls: Sequence[float], rows: Sequence[int], times_ms: Sequence[float], *, setting: int | None,
          parameter: str | None, mode: str | None, index_used: str | None, target: float,
          oversampling: int | None = None) -> Point:
    """The numbers of one setting from those of its queries; all three sequences are in the queries' order."""
    count = len(recalls)
    mean = sum(recalls) / count if count else math.nan
    deviation = math.sqrt(sum((recall - mean) ** 2 for recall in recalls) / (count - 1)) if count > 1 else 0.0
    return Point(
        setting, parameter, mode, mean, min(recalls, default=math.nan), deviation,
        1.96 * deviation / math.sqrt(count) if count else math.nan,
        sum(1 for recall in recalls if recall < target) / count if count else math.nan,
        sum(rows) / len(rows) if rows else math.nan, latency(times_ms), index_used, tuple(recalls), tuple(times_ms),
        oversampling, median_interval(times_ms))


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the values' median, by the order of the values alone; None of fewer than six."""
    ordered, count = sorted(values), len(values)
    if count < 6:
        return None
    reach = 0.98 * math.sqrt(count)
    return ordered[max(0, math.floor(count / 2 - reach))], ordered[min(count - 1, math.ceil(count / 2 + reach) - 1)]


def difference(a: Sequence[float], b: Sequence[float]) -> tuple[float, float]:
    """By how much `a` is more than `b` on average, and half the width of the 95 % interval of that; both sequences are
    in the order of the same queries. NaN where they can't be paired."""
    count = len(a)
    if count != len(b) or count < 2:
        return math.nan, math.nan
    each = [x - y for x, y in zip(a, b, strict=True)]
    mean = sum(each) / count
    deviation = math.sqrt(sum((value - mean) ** 2 for value in each) / (count - 1))
    return mean, 1.96 * deviation / math.sqrt(count)


def is_slower(a: Point, b: Point) -> bool:
    """Whether `a` takes longer than `b`, query by query, by more than the measurement's noise."""
    if not a.times_ms or len(a.times_ms) != len(b.times_ms) or min(*a.times_ms, *b.times_ms) <= 0:
        return a.latency.p50_ms > b.latency.p50_ms
    more, half = difference(list(map(math.log, a.times_ms)), list(map(math.log, b.times_ms)))
    return more > half


def finds_less(a: Point, b: Point) -> bool:
    """Whether `a` finds less than `b` by more than the measurement's noise."""
    less, half = difference(b.recalls, a.recalls)
    return b.recall_mean > a.recall_mean if math.isnan(less) else less > half


def median_ms(point: Point) -> float:
    return point.latency.p50_ms


def tail_ms(point: Point) -> float:
    return point.latency.p95_ms


def pareto(points: Sequence[Point], latency_ms: Callable[[Point], float] = median_ms) -> tuple[Point, ...]:
    """The points that no other beats in both recall and latency, by the median or by p95, the quickest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda each: (latency_ms(each), -each.recall_mean)):
        if not best or point.recall_mean > best[-1].recall_mean:
            best.append(point)
    return tuple(best)


EXACTLY = tuple(f"SET LOCAL {name} = {value}" for name, value in plans.EXACT.items())

TAIL_SHARE = 0.95
"""This share of the queries should reach the target but for one row."""


def recommend(points: Sequence[Point], target: float, k: int, exact: Latency, *, role: str, database: str,
              ) -> Recommendation:
    """The quickest point that reaches `target` on average and, but for one row of k, for 95 % of the queries.

    `role` and `database` are identifiers as SQL has them.
    """
    by_index = [point for point in points if not point.is_exact]
    if not by_index:
        return Recommendation(None, "no point went by the index: there is nothing to tune before it is used")
    good = [point for point in by_index if point.recall_mean >= target and _tail_share(point, target, k) >= TAIL_SHARE]
    if not good:
        best = max(by_index, key=lambda point: point.recall_mean)
        if best.recall_mean >= target:
            below = 1 - _tail_share(best, target, k)
            return Recommendation(None, f"recall {target:g} is reached on average ({best.recall_mean:.3f} at "
                                  f"{best.label}), but {fmt.share(below)} of the queries miss it by more "
                                  "than one row: sweep higher")
        missed = f"no setting reaches recall {target:g}: the best is {best.recall_mean:.3f} at " \
                 f"{best.parameter or 'the setting'} {best.label}"
        took = f"{fmt.milliseconds(best.latency.p50_ms)} against {fmt.milliseconds(exact.p50_ms)} of the exact search"
        if best.latency.p50_ms >= exact.p50_ms:
            return Recommendation(None, f"{missed}, in {took}, which misses nothing: search exactly", EXACTLY)
        return Recommendation(None, f"{missed}, in {took}. Sweep higher, rebuild with a larger m or ef_construction "
                              "(hnsw) or more suitable lists (ivfflat), or search exactly")
    quickest = min(good, key=lambda point: (point.latency.p50_ms, point.setting or 0))
    equal = [point for point in good if point is quickest or not is_slower(point, quickest)]
    best = min(equal, key=lambda point: (not point.keeps_order, point is not quickest, point.latency.p50_ms))
    if best.latency.p50_ms >= exact.p50_ms:
        return Recommendation(None, f"the exact search is quicker here: {fmt.milliseconds(exact.p50_ms)} against "
                              f"{fmt.milliseconds(best.latency.p50_ms)} at {best.label}, and it misses nothing",
                              EXACTLY)
    settings = settings_of(best)
    words = " and ".join([*(f"{name} = {value}" for name, value in settings), *(
        [f"{best.oversampling} candidates a row ranked again"] if best.oversampling is not None else [])]) \
        or "the server's own settings"
    others = tuple(point for point in equal if point is not best)
    return Recommendation(
        best, f"{words}: recall {best.recall_mean:.3f} ± {best.confidence:.3f} at "
        f"{fmt.milliseconds(best.latency.p50_ms)} (exact {fmt.milliseconds(exact.p50_ms)})"
        + (f"; no slower within the noise: {', '.join(other.label for other in others)}" if others else ""),
        tuple(f"{how} {name} = {value}" for name, value in settings
              for how in ("SET LOCAL", f"ALTER ROLE {role} SET", f"ALTER DATABASE {database} SET")), others)


def _tail_share(point: Point, target: float, k: int) -> float:
    bound = target - 1 / k - 1e-9
    return sum(1 for each in point.recalls if each >= bound) / max(1, len(point.recalls))


def settings_of(point: Point) -> list[tuple[str, str]]:
    """The settings of a point, as SET takes them; none where it was measured at the server's own."""
    found = []
    if point.parameter and point.setting is not None:
        found.append((point.parameter, str(point.setting)))
    if point.mode and point.parameter:
        found.append((point.parameter.partition(".")[0] + ".iterative_scan", point.mode))
    return found
