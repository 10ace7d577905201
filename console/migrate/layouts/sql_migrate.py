"""sql-migrate: `name.sql` with `-- +migrate Up` and `-- +migrate Down`, each `notransaction` if it says so.

The sections may alternate; those of one direction run from first to last. A file's number orders it, or its name.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, section
from console.migrate.layouts.sections import marks, nothing_before
from console.migrate.records import MigrationFile, Script

_NUMBER = re.compile(r"(\d+)[_-]?(.*)")
_MARK = re.compile(r"^--\s*\+migrate[ \t]+(.*?)[ \t]*\r?$", re.MULTILINE)


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for annotations that sql-migrate doesn't know or that don't pair."""
    paths = sorted(folder.glob("*.sql"))
    numbers = {path: _NUMBER.fullmatch(path.stem) for path in paths}
    taken = Counter(int(match[1]) for match in numbers.values() if match)
    migrations = []
    for path, match in numbers.items():
        up, down = _sections(path)
        if match and taken[int(match[1])] == 1:
            migrations.append(MigrationFile(service, match[1], match[2], up, down))
        else:
            # To sql-migrate the whole name is the version, so two files may have the same number.
            migrations.append(MigrationFile(service, path.stem, "", up, down))
    return migrations, {}


def _sections(path: Path) -> tuple[Script, Script | None]:
    text = content(path)
    found = list(marks(text, _MARK))
    open_line: int | None = None
    turns: list[tuple[str, int, int]] = []
    no_transaction: set[str] = set()
    for mark in found:
        command, *options = mark.words.split()
        match command.lower():
            case "up" | "down" as direction:
                if open_line is not None:
                    raise FileError(path, "StatementBegin without StatementEnd", line=open_line)
                turns.append((direction, mark.offset, mark.line))
                if "notransaction" in options:
                    no_transaction.add(direction)
            case "statementbegin":
                open_line = mark.line
            case "statementend":
                if open_line is None:
                    raise FileError(path, "StatementEnd without StatementBegin", line=mark.line)
                open_line = None
            case _:
                raise FileError(path, f"sql-migrate knows no annotation {mark.words!r}", line=mark.line,
                                hint="Up, Down, StatementBegin, StatementEnd; notransaction after Up or Down")
    if open_line is not None:
        raise FileError(path, "StatementBegin without StatementEnd", line=open_line)
    first = next((mark for mark in found if mark.words.lower().startswith(("up", "down"))), None)
    nothing_before(path, text, first, "sql-migrate", "-- +migrate Up")
    up = _joined(path, text, turns, "up", no_transaction)
    if up is None:
        raise FileError(path, "has no line -- +migrate Up", line=1)
    return up, _joined(path, text, turns, "down", no_transaction)


def _joined(path: Path, text: str, turns: list[tuple[str, int, int]], direction: str,
            no_transaction: set[str]) -> Script | None:
    """The sections of one direction as one text, from the first to the last; the others between them become blank
    lines, so that every line stays at its place in the file."""
    ends = [offset for _, offset, _ in turns[1:]] + [len(text)]
    parts: list[str] = []
    first_line = 0
    blank = ""
    for (turn, offset, line), end in zip(turns, ends, strict=True):
        body = text[offset:end]
        if turn != direction:
            blank += "\n" * body.count("\n")
            continue
        if not parts:
            first_line, blank = line, ""
        parts.append(blank + body)
        blank = ""
    if not parts:
        return None
    joined = "".join(parts)
    return section(path, joined, first_line, no_transaction=direction in no_transaction)
