"""Numbers, sizes and times as short text: the only functions that format what a screen shows.

`None` (the server did not say) is always shown as `UNKNOWN`, never as 0.
"""

from __future__ import annotations

import datetime as dt
import math

UNKNOWN = "-"
_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_COUNTS = ("", "k", "M", "B", "T")


def count(value: float | None) -> str:
    """A whole number with thin groups: 12480 is `12 480`, from a million on `12.5 M`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
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


def size(value: float | None) -> str:
    """Bytes in powers of 1024 with PostgreSQL's units: `340 MB`, `2.1 GB`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return _scaled(value, 1024.0, _SIZES)


def rate(value: float | None) -> str:
    """Bytes per second: `3.4 MB/s`."""
    return UNKNOWN if value is None else f"{size(value)}/s"


def percent(value: float | None) -> str:
    """A percentage given as 0 to 100: `99.2 %`, `100 %`; never rounded up to 100."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if value < 100 and round(value, 1) >= 100:
        return "99.9 %"
    return f"{value:.0f} %" if value == int(value) or abs(value) >= 100 else f"{value:.1f} %"


def milliseconds(value: float | None) -> str:
    """A duration in milliseconds: `0.3 ms`, `41 ms`, `1.2 s`, `14 min`."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if value < 999.5:
        return f"{value:.0f} ms" if value >= 9.95 else f"{value:.1f} ms"
    return duration(value / 1000)


def duration(seconds: float | None) -> str:
    """A duration in seconds with one unit, two where it helps: `0.8 s`, `48 s`, `14 min`, `2 h 05`, `3 d`."""
    if seconds is None or math.isnan(seconds):
        return UNKNOWN
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if math.isinf(seconds):
        return f"{sign}inf"
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


def plural(amount: int, singular: str, several: str | None = None) -> str:
    """`1 warning`, `2 warnings`, `3 indexes`."""
    return f"{count(amount)} {singular if amount == 1 else several or singular + 's'}"


def _scaled(value: float, base: float, units: tuple[str, ...]) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    scaled, unit = float(value), units[0]
    for unit in units:
        if abs(scaled) < base - 0.5 or unit == units[-1]:
            break
        scaled /= base
    text = f"{scaled:.0f}" if unit == units[0] or abs(scaled) >= 9.95 else f"{scaled:.1f}"
    return f"{text} {unit}".strip()
