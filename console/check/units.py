"""Durations, sizes and percentages: as a configuration writes them, and as people read them."""

from __future__ import annotations

import math
import re
from typing import Literal

Unit = Literal["", "%", "s", "ms", "B"]
"""Of a check's value: a number of things, percent, seconds, milliseconds, bytes."""

_SECONDS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1.0, "kB": 2.0**10, "KB": 2.0**10, "MB": 2.0**20, "GB": 2.0**30, "TB": 2.0**40}
_FACTORS: dict[Unit, dict[str, float]] = {
    "": {},
    "%": {"%": 1.0},
    "s": _SECONDS,
    "ms": {word: factor * 1000 for word, factor in _SECONDS.items()},
    "B": _BYTES,
}
_EXAMPLES: dict[Unit, str] = {
    "": "3", "%": '"80%" or 80', "s": '"30s", "5min", "2h" or seconds', "ms": '"250ms" or milliseconds',
    "B": '"500MB", "2GB" or bytes',
}


def parse(text: str | int | float, unit: Unit) -> float:
    """A threshold as a number in `unit`. Raises ValueError with what may be written."""
    if isinstance(text, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*", text)
        factor = None if match is None else 1.0 if not match[2] else _FACTORS[unit].get(match[2])
        number = math.nan if match is None or factor is None else float(match[1]) * factor
    else:
        number = math.nan if isinstance(text, bool) else float(text)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"write {_EXAMPLES[unit]}")
    return number


def seconds(value: float) -> str:
    """0.4 s, 48 s, 14 min, 3.2 h, 12 d."""
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    if value < 7200:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h" if value < 172800 else f"{value / 86400:.0f} d"


def size(value: float) -> str:
    """512 B, 9.4 kB, 340 MB, 2.1 GB; in powers of 1024, as PostgreSQL counts."""
    if value < 1024:
        return f"{value:.0f} B"
    words = iter(("kB", "MB", "GB", "TB", "PB"))
    word, value = next(words), value / 1024
    while value >= 1000 and (larger := next(words, None)):
        word, value = larger, value / 1024
    return f"{value:.1f} {word}" if value < 10 else f"{value:.0f} {word}"


def count(number: int, text: str, many: str | None = None) -> str:
    """1 session, 3 sessions."""
    return f"{number} {text if number == 1 else many or text + 's'}"


def millions(value: float) -> str:
    """950, 12 K, 12 M, 1.2 B."""
    for factor, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= factor:
            amount = value / factor
            return f"{amount:.1f} {letter}" if amount < 10 else f"{amount:.0f} {letter}"
    return f"{value:.0f}"
