"""golang-migrate: `N_title.up.sql` and `N_title.down.sql`, N of any width or a timestamp.

golang-migrate sends a file as it is: one with its own BEGIN and COMMIT is one transaction, and a statement that can't
run in a transaction stands alone in its file.
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
    files: dict[str, dict[tuple[str, str], Path]] = {"up": {}, "down": {}}
    for path in sorted(folder.iterdir()):
        if match := _NAME.fullmatch(path.name):
            files[match[3]][match[1], match[2]] = path
    for identity in files["down"].keys() - files["up"].keys():
        raise FileError(files["down"][identity], "there is no up file of this name",
                        hint="both files of a pair have the same number and title")
    migrations = []
    for (version, name), path in files["up"].items():
        down = files["down"].get((version, name))
        migrations.append(MigrationFile(service, version, name, whole(path, own_transaction=True),
                                        whole(down, own_transaction=True) if down else None))
    return migrations, {}
