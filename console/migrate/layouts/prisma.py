"""Prisma: a directory a migration, `20240101000000_name/migration.sql`, sent as it is; there is no way down.

What stands beside the directories (migration_lock.toml, schema.prisma) is Prisma's own.
"""

from __future__ import annotations

from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import whole
from console.migrate.records import MigrationFile


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for a directory with a number and without migration.sql."""
    migrations = []
    for directory in sorted(path for path in folder.iterdir() if path.is_dir()):
        version, _, name = directory.name.partition("_")
        if version.isdigit():
            if not (directory / "migration.sql").is_file():
                raise FileError(directory, "there is no migration.sql in it",
                                hint="Prisma's migrate dev writes one; a directory that it left is to be removed")
            migrations.append(MigrationFile(service, version, name,
                                            whole(directory / "migration.sql")))
    return migrations, {}
