"""What is wrong with a migration, with its file, line and column."""

from __future__ import annotations

from pathlib import Path

from console.errors import ConsoleError


class MigrationError(ConsoleError):
    """A run can't start or go on; nothing half done is left that the ledger doesn't know."""


class FileError(MigrationError):
    """A file is wrong, or the server refused a statement of it.

    `line` and `column` count from 1 in the file; None where the whole file is meant. The summary begins with
    `path:line:column:`. `sqlstate` is the server's code where the server refused.
    """

    def __init__(self, path: Path, summary: str, *, line: int | None = None, column: int | None = None,
                 sqlstate: str | None = None, detail: str | None = None, hint: str | None = None) -> None:
        place = ":".join(str(part) for part in (path, line, column if line else None) if part is not None)
        super().__init__(f"{place}: {summary}", detail=detail, hint=hint)
        self.path = path
        self.message = summary
        self.line = line
        self.column = column
        self.sqlstate = sqlstate
