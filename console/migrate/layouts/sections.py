"""Files that hold both ways, parted by comment lines: what dbmate, goose and sql-migrate have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import says_something


class Mark(Struct, frozen=True):
    """A line that means something to the tool: its 1-based number, its offset, and what follows the tool's name."""

    line: int
    offset: int
    words: str


def marks(text: str, pattern: re.Pattern[str]) -> Iterator[Mark]:
    """The lines of `text` that `pattern` (with MULTILINE, one group: the words) matches, in order."""
    line = 1
    position = 0
    for match in pattern.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        yield Mark(line, position, match[1].strip())


def nothing_before(path: Path, text: str, first: Mark | None, tool: str, wanted: str) -> Mark:
    """The first mark. Raises FileError when there is none or SQL stands before it."""
    if first is None:
        raise FileError(path, f"has no line {wanted}", line=1, hint=f"{tool} files begin with it")
    if says_something(text[:first.offset]):
        lines = text[:first.offset].splitlines()
        line = next(number for number, line in enumerate(lines, 1) if says_something(line))
        raise FileError(path, f"SQL before the line {wanted}", line=line, hint=f"{tool} refuses or drops it: move it")
    return first
