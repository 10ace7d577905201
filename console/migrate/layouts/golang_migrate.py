"""golang-migrate: `N_title.up.sql` and `N_title.down.sql`, N of any width or a timestamp.

golang-migrate sends a file as it is, with its own BEGIN and COMMIT, and a statement that can't run in a transaction
stands alone in its file. It pairs by the number, whatever the titles say.
"""

from __future__ import annotations

import re
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import whole
from console.migrate.records import MigrationFile

_NAME = re.compile(r"(\d+)_(.*)\.(up|down)\.sql")


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The pairs. Raises FileError for a down file alone."""
    ups: list[tuple[str, str, Path]] = []
    downs: dict[int, Path] = {}
    for path in sorted(folder.iterdir()):
        if match := _NAME.fullmatch(path.name):
            number = int(match[1])
            if match[3] == "up":
                ups.append((match[1], match[2], path))
            elif downs.setdefault(number, path) != path:
                raise FileError(path, f"version {match[1]} is there twice, also in {downs[number].name}",
                                hint="a version has one way down")
    for number in downs.keys() - {int(version) for version, _, _ in ups}:
        raise FileError(downs[number], "there is no up file of this number", hint="both files of a pair have the same")
    return [MigrationFile(service, version, name, whole(path),
                          whole(downs[int(version)]) if int(version) in downs else None)
            for version, name, path in ups], {}
