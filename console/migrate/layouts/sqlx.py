"""sqlx: `N_description.sql`, or `N_description.up.sql` and `.down.sql`; `-- no-transaction` as a file's first bytes."""

from __future__ import annotations

import re
from pathlib import Path

from console import files
from console.migrate.faults import FileError
from console.migrate.layouts.scripts import marked
from console.migrate.records import MigrationFile, Script

_NAME = re.compile(r"(\d+)_(.*?)(?:\.(up|down))?\.sql")
_MARK = b"-- no-transaction"


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for a down file alone."""
    ups: dict[tuple[str, str], Path] = {}
    downs: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.glob("*.sql")):
        if match := _NAME.fullmatch(path.name):
            (downs if match[3] == "down" else ups)[match[1], match[2]] = path
    for identity in downs.keys() - ups.keys():
        raise FileError(downs[identity], "there is no up file of this name",
                        hint="both files of a pair have the same number and description")
    return [MigrationFile(service, *identity, _script(path),
                          _script(downs[identity]) if identity in downs else None)
            for identity, path in ups.items()], {}


def _script(path: Path) -> Script:
    return marked(Script(path), no_transaction=files.beginning(path, len(_MARK)) == _MARK)
