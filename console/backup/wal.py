"""Segments of WAL in a folder of archive_command's: which are missing between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?:\.(?:gz|zst|lz4|xz|bz2))?")
"""A complete segment, compressed or not; what ends in .partial, .backup or .history is none."""


def archived(folder: Path) -> list[str]:
    """The names of all files in the archive. Raises OSError."""
    return [path.name for path in folder.iterdir()]


def number_of(name: str, segment_bytes: int) -> int | None:
    """The place of a segment in the WAL, whatever its timeline; None for another file."""
    match = _SEGMENT.fullmatch(name)
    return None if match is None else int(match[2], 16) * ((1 << 32) // segment_bytes) + int(match[3], 16)


def missing(names: Iterable[str], first: str, last: str, segment_bytes: int) -> list[str]:
    """The segments from `first` to `last`, both with them, that no timeline has, by the names that they would have on
    that of `last`; empty too where the last comes before the first."""
    there = {number_of(name, segment_bytes) for name in names}
    begin, end = number_of(first, segment_bytes), number_of(last, segment_bytes)
    if begin is None or end is None:
        return []
    each = (1 << 32) // segment_bytes
    return [f"{last[:8]}{number // each:08X}{number % each:08X}" for number in range(begin, end + 1)
            if number not in there]
