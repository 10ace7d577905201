"""dbmate: `N_name.sql` with the sections `-- migrate:up` and `-- migrate:down`, each with options of its own.

A file may hold several pairs of sections, each its own transaction: the second becomes the version N.2, and so on,
so that the ways down run in the opposite order.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, section
from console.migrate.layouts.sections import Mark, marks, nothing_before
from console.migrate.records import MigrationFile, Script

_NAME = re.compile(r"(\d+)[_-]?(.*)\.sql")
_MARK = re.compile(r"^--\s*migrate:((?:up|down)(?:[ \t]+\S.*)?)[ \t]*\r?$", re.MULTILINE)


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for sections that are missing or out of order."""
    migrations: list[MigrationFile] = []
    for path in sorted(folder.glob("*.sql")):
        if match := _NAME.fullmatch(path.name):
            for number, (up, down) in enumerate(_pairs(path), 1):
                version = match[1] if number == 1 else f"{match[1]}.{number}"
                migrations.append(MigrationFile(service, version, match[2], up, down))
    return migrations, {}


def _pairs(path: Path) -> list[tuple[Script, Script | None]]:
    text = content(path)
    found = list(marks(text, _MARK))
    first = nothing_before(path, text, next(iter(found), None), "dbmate", "-- migrate:up")
    if not first.words.startswith("up"):
        raise FileError(path, "-- migrate:down stands before -- migrate:up", line=first.line)
    pairs: list[tuple[Script, Script | None]] = []
    ends = [mark.offset for mark in found[1:]] + [len(text)]
    for index, (mark, end) in enumerate(zip(found, ends, strict=True)):
        body = text[mark.offset:end]
        if mark.words.startswith("up"):
            pairs.append((section(path, body, mark.line, no_transaction=_no_transaction(mark)), None))
        elif found[index - 1].words.startswith("down"):
            raise FileError(path, "this -- migrate:down follows another one", line=mark.line,
                            hint="each -- migrate:down belongs to the -- migrate:up before it")
        else:
            pairs[-1] = pairs[-1][0], section(path, body, mark.line, no_transaction=_no_transaction(mark))
    for before, after in pairwise(found):
        if before.words.startswith("up") and after.words.startswith("up"):
            raise FileError(path, "no -- migrate:down between two -- migrate:up", line=after.line,
                            hint="it may be empty, but dbmate wants it")
    return pairs


def _no_transaction(mark: Mark) -> bool:
    return "transaction:false" in mark.words.split()[1:]
