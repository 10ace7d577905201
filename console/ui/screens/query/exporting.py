"""The result of a statement to a file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from console.catalog.export import TIMEOUT_MS, Format, write
from console.server.interactive import Interactive
from console.server.rows import Typed, stream_query
from console.ui.dialogs.export import FORMATS, ExportDialog, of_table
from console.ui.screens.query.state import QueryOutcome
from console.view.table import Table


def of_outcome(sessions: Callable[[], AbstractAsyncContextManager[Any]], outcome: QueryOutcome, shown: Table,
               sql: Interactive | None) -> ExportDialog[Format]:
    """Asks where to write all rows of a query, read anew while they are written; of another statement those shown."""
    if not outcome.piece.command.is_query:
        return of_table("result", shown)

    typed = Typed(outcome.piece.text, sql.settings if sql is not None else {})

    async def write_all(path: Path, form: Format, progress: Callable[[int], None]) -> int:
        async with sessions() as session:
            return await write(stream_query(session, typed, form, statement_timeout_ms=TIMEOUT_MS), path, progress)

    where = ", outside of your transaction" if sql is not None and sql.transaction != "none" else ""
    return ExportDialog("result", f"The query is run once more{where}: all of its rows.", write_all, FORMATS)
