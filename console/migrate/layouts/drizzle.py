"""Drizzle: `NNNN_tag.sql` in the order of meta/_journal.json, whose `when` is the version; there is no way down.

Its statement-breakpoints are comments to everybody else.
"""

from __future__ import annotations

from pathlib import Path

from console.errors import ConsoleError
from console.migrate.faults import FileError
from console.migrate.frameworks.plans import drizzle_entries
from console.migrate.layouts.scripts import whole
from console.migrate.records import MigrationFile


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The journal's migrations. Raises FileError for a journal that can't be read and for an entry without its file."""
    try:
        entries = list(drizzle_entries(folder))
    except ConsoleError as error:
        raise FileError(folder / "meta" / "_journal.json", error.summary, hint=error.hint) from None
    for entry in entries:
        if not (folder / entry.file).is_file():
            raise FileError(folder / entry.file, "is in Drizzle's journal, and not there",
                            hint="get it back from version control")
    return [MigrationFile(service, entry.version, entry.name or "", whole(folder / entry.file))
            for entry in entries], {}
