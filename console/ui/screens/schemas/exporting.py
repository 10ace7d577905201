"""All rows of a relation to a file, read from the server while they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from console.catalog.export import Format, export
from console.server.rows import Sessions
from console.ui.dialogs.export import FORMATS, ExportDialog


def of_relation(sessions: Sessions, oid: int, name: str) -> ExportDialog[Format]:
    """Asks where to write the rows of the relation `oid`."""
    async def write(path: Path, form: Format, progress: Callable[[int], None]) -> int:
        async with sessions() as session:
            return await export(session, oid, path, form, progress=progress)

    return ExportDialog(name, "All rows, not only those shown.", write, FORMATS)
