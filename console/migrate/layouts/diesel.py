"""Diesel: a directory a migration, `2017-09-23-182408_title/up.sql` and `down.sql`.

`metadata.toml` in it may say `run_in_transaction = false`. The version is the directory's name up to the first
underscore without its dashes, as Diesel's own ledger has it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from console import files
from console.migrate.faults import FileError
from console.migrate.layouts.scripts import marked
from console.migrate.records import MigrationFile, Script


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for a directory without up.sql and a metadata.toml that can't be read."""
    migrations = []
    passed: dict[Path, str] = {}
    for directory in sorted(path for path in folder.iterdir() if path.is_dir()):
        version, underscore, name = directory.name.partition("_")
        version = version.replace("-", "")
        up, down = directory / "up.sql", directory / "down.sql"
        if not version.isdigit():
            if up.is_file():
                passed |= dict.fromkeys((up, down), f"{directory.name} is no migration: its name begins with no number")
            continue
        if not up.is_file():
            raise FileError(directory, "there is no up.sql in it", hint="a migration's directory holds up.sql")
        no_transaction = not _runs_in_transaction(directory / "metadata.toml")
        migrations.append(MigrationFile(
            service, version, name if underscore else "", marked(Script(up), no_transaction=no_transaction),
            marked(Script(down), no_transaction=no_transaction)
            if down.is_file() else None))
    return migrations, passed


def _runs_in_transaction(metadata: Path) -> bool:
    if not metadata.is_file():
        return True
    try:
        value = tomllib.loads(files.read_inside(metadata).decode("utf-8")).get("run_in_transaction", True)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileError(metadata, str(error)) from None
    if not isinstance(value, bool):
        raise FileError(metadata, f"run_in_transaction: must be true or false, is {value!r}")
    return value
