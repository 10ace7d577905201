"""Durations, sizes and percentages as people, configuration files and PostgreSQL write them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

Unit = Literal["", "%", "s", "ms", "B"]
"""What a number counts: things, percent, seconds, milliseconds, bytes."""

SECONDS = {"us": 1e-6, "ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
MILLISECONDS = {word: factor * 1000 for word, factor in SECONDS.items()}
BYTES = {"B": 1.0, "kB": 2.0**10, "KB": 2.0**10, "MB": 2.0**20, "GB": 2.0**30, "TB": 2.0**40}
SETTING_BYTES = BYTES | {f"{pages}kB": pages * 2.0**10 for pages in (4, 8, 16, 32, 64)}
"""By the unit of a setting in pg_settings."""

_FACTORS: Mapping[Unit, Mapping[str, float]] = {
    "": {}, "%": {"%": 1.0}, "s": SECONDS, "ms": MILLISECONDS, "B": BYTES}
_EXAMPLES: Mapping[Unit, str] = {
    "": "3", "%": '"80%" or 80', "s": '"30s", "5min", "2h" or seconds', "ms": '"250ms" or milliseconds',
    "B": '"500MB", "2GB" or bytes',
}


def duration(text: str, bare: str = "") -> float | None:
    """Seconds, of "250ms", "5s", "10min", "2h", "1d"; None where it is no duration.

    A bare number is in the unit `bare`; "": it is no duration.
    """
    return _number(text, SECONDS, bare)


def milliseconds(text: str, bare: str = "") -> float | None:
    """The same in milliseconds."""
    return _number(text, MILLISECONDS, bare)


def size(text: str, bare: str = "") -> float | None:
    """Bytes, of "512kB", "1.5GB"; None where it is no size. A bare number is in the unit `bare`; "": it is no size."""
    return _number(text, BYTES, bare)


def threshold(value: str | int | float, unit: Unit) -> float:
    """A check's threshold as a number in `unit`; a bare number is one. Raises ValueError with what may be written."""
    number: float | None
    if isinstance(value, str):
        number = _number(value, {**_FACTORS[unit], "": 1.0}, "")
    else:
        number = None if isinstance(value, bool) else float(value)
    if number is None or not (math.isfinite(number) and number >= 0):
        raise ValueError(f"write {_EXAMPLES[unit]}")
    return number


def _number(text: str, factors: Mapping[str, float], bare: str) -> float | None:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*", text, re.ASCII)
    factor = factors.get(match[2] or bare) if match else None
    return None if match is None or factor is None else float(match[1]) * factor


def version_numbers(version: str) -> tuple[int, ...]:
    """The numbers of a version in their order, to compare it with another: "1.24.1" as (1, 24, 1), () of none."""
    return tuple(map(int, re.findall(r"\d+", version)))


def command_words(line: str) -> tuple[str, ...]:
    """A program and its arguments, as a shell would split them; none runs it, so that nothing in it is expanded.

    Raises ValueError where there is no program, a quote is open, or a shell is meant and not named.
    """
    import shlex

    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words = tuple(lexer)
    meant = next((word for word in words if word and not word.strip("();<>|&")), None) \
        or next(iter(re.findall(r"[$`]", re.sub(r"'[^']*'|\\.", "", line))), None) or ("\n" in line and "a new line")
    if meant:
        raise ValueError(f"{meant} is a shell's, and none runs it: sh -c '...' where one is meant")
    if not words:
        raise ValueError("is empty")
    return words


def retention(text: str) -> dict[str, int]:
    """How many days, weeks, months and years of backups are kept, of "7d,4w,6m": {"d": 7, "w": 4, "m": 6}.

    Raises ValueError for anything else, and where nothing would be kept.
    """
    found: dict[str, int] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,4})\s*([dwmy])\s*", part, re.ASCII)
        if match is None or match[2] in found:
            raise ValueError(f'{text!r} must name days, weeks, months or years, each once, as "7d,4w,6m"')
        found[match[2]] = int(match[1])
    if not any(found.values()):
        raise ValueError(f"{text!r} would keep nothing")
    return found
