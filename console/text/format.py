"""Numbers, sizes and durations as people read them: the only functions that write them, on screens and in reports.

`None` (the server did not say) and NaN are always `UNKNOWN`, never 0. Sizes count as PostgreSQL's do: kB, MB, GB are
powers of 1024.
"""

from __future__ import annotations

import datetime as dt
import math

UNKNOWN = "-"
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_COUNTS = ("", "k", "M", "B", "T")


def count(value: float | None) -> str:
    """A whole number in groups of three: 12480 is `12 480`, from a million on `12.5 M`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return _infinite(value)
    if abs(value) >= 999_999.5:
        return _scaled(value, 1000.0, _COUNTS)
    return f"{round(value):,}".replace(",", " ")


def number(value: float | None, digits: int = 3) -> str:
    """A measured number with about `digits` significant digits: 0.42, 3.4, 1 240."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value) or abs(value) >= 100 or value == 0:
        return count(value)
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(places, digits - 1)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def factor(value: float) -> str:
    """How many times: `3.2`, `17`, `1 200`."""
    return f"{value:.1f}" if abs(value) < 9.95 else count(value)


def size(value: float | None) -> str:
    """Bytes: `512 B`, `8.0 kB`, `340 MB`, `2.1 GB`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return _scaled(value, 1024.0, _SIZES)


def rate(value: float | None) -> str:
    """Bytes per second: `3.4 MB/s`."""
    return UNKNOWN if value is None else f"{size(value)}/s"


def percent(value: float | None) -> str:
    """A percentage given as 0 to 100: `2.4 %`, `42 %`, `99.2 %`; never rounded up to 100, nor down to 0 (`<0.1 %`).

    It has a decimal within 10 of either end, where a tenth may matter.
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    if 0 < value < 0.05:
        return "<0.1 %"
    if value < 100 and round(value, 1) >= 100:
        return "99.9 %"
    is_near_end = abs(value) < 9.95 or 90 <= value < 100
    return (f"{value:.1f}".removesuffix(".0") if is_near_end else f"{value:.0f}") + " %"


def share(part: float | None) -> str:
    """A part of one, 0 to 1, as a percentage."""
    return UNKNOWN if part is None else percent(100 * part)


def milliseconds(value: float | None) -> str:
    """A duration given in milliseconds, to two digits: `42 µs`, `0.42 ms`, `4.1 ms`, `41 ms`, `1.2 s`, `14 min`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if value == 0:
        return "0 ms"
    if value < 0:
        return f"-{milliseconds(-value)}"
    if value < 0.0995:
        return f"{number(value * 1000, 2)} µs"
    if value < 0.995:
        return f"{value:.2f}".rstrip("0") + " ms"
    if value < 999.5:
        return f"{value:.{1 if value < 9.95 else 0}f} ms"
    return duration(value / 1000)


def duration(seconds: float | None) -> str:
    """A duration given in seconds, in one unit, two where it helps: `310 ms`, `4.8 s`, `48 s`, `14 min`, `2 h 05`,
    `3 d`, `4 y`."""
    if seconds is None or math.isnan(seconds):
        return UNKNOWN
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if math.isinf(seconds):
        return f"{sign}inf"
    if seconds < 0.9995:
        return f"{sign}{milliseconds(seconds * 1000)}" if seconds else "0 s"
    if seconds < 9.95:
        return f"{sign}{seconds:.1f} s"
    if seconds < 99.5:
        return f"{sign}{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{sign}{minutes} min"
    if minutes < 24 * 60:
        return f"{sign}{minutes // 60} h {minutes % 60:02}"
    days = seconds / 86400
    return f"{sign}{days:.0f} d" if days < 1000 else f"{sign}{days / 365.25:.0f} y"


def seconds(value: float) -> str:
    """A clock that counts whole seconds, up or down: `4 s`."""
    return f"{max(0.0, value):.0f} s"


def stopwatch(seconds: float) -> str:
    """Elapsed time as a running clock: `00:12`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


def ago(moment: dt.datetime | None, now: dt.datetime) -> str:
    """How long before `now`: `2 d ago`, `just now`."""
    if moment is None:
        return UNKNOWN
    seconds = (now - moment).total_seconds()
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def plural(amount: float, singular: str, several: str | None = None) -> str:
    """`1 warning`, `2 warnings`, `3 indexes`."""
    return f"{count(amount)} {singular if amount == 1 else several or singular + 's'}"


def _scaled(value: float, base: float, units: tuple[str, ...]) -> str:
    if math.isinf(value):
        return _infinite(value)
    scaled, unit = float(value), units[0]
    for unit in units:
        if abs(scaled) < base - 0.5 or unit == units[-1]:
            break
        scaled /= base
    text = f"{scaled:.0f}" if unit == units[0] or abs(scaled) >= 9.95 else f"{scaled:.1f}"
    return f"{text} {unit}".strip()


def _infinite(value: float) -> str:
    return "inf" if value > 0 else "-inf"
