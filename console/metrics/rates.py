"""From counters to rates: two samples at a counter and the time between, and where that would lie, None."""

from __future__ import annotations

from console.metrics.records.counters import ServerClock

LATE_FACTOR = 3.0
"""A sample that comes after more than this many intervals is late: what happened between is not known in time."""


def rate(before: float | None, now: float | None, seconds: float | None) -> float | None:
    """Units per second; None when a value or the time is unknown, or the counter went down."""
    grown = growth(before, now)
    return None if grown is None or seconds is None or seconds <= 0 else grown / seconds


def growth(before: float | None, now: float | None) -> float | None:
    """How much a counter grew; None when a value is unknown or it went down."""
    return None if before is None or now is None or now < before else now - before


def interval_s(before: float | None, now: float, every_s: float, *marks: tuple[object, object]) -> float | None:
    """The seconds between two samples, None where no rate may be formed over them.

    That is: there is no earlier one, time stood still or went back, the later one came after more than LATE_FACTOR
    intervals of `every_s` seconds (at least five seconds), or one of `marks`, (before, now) pairs such as stats_reset
    or the server's start, has changed.
    """
    if before is None or any(old != new for old, new in marks):
        return None
    elapsed = now - before
    return elapsed if 0 < elapsed <= max(every_s * LATE_FACTOR, 5.0) else None


def hit_percent(hit: float | None, read: float | None) -> float | None:
    """100 * hit / (hit + read); None when nothing was read at all."""
    return None if hit is None or read is None or hit + read <= 0 else 100.0 * hit / (hit + read)


def network_ms(wall_ms: float, clock: ServerClock) -> float:
    """What a refresh of `wall_ms` took beyond the server's own work on it, milliseconds, never below 0."""
    return max(0.0, wall_ms - (clock.taken_at - clock.began_at).total_seconds() * 1000)
