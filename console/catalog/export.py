"""A whole relation to a file, as CSV or JSON: streamed row by row, and there only when it is complete."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Literal

from console import files
from console.catalog.preview import shape, source
from console.errors import ConsoleError, Denied
from console.server import paging
from console.server.rows import stream_csv, stream_json
from console.server.session import PgSession
from console.sql.quoting import identifier

Format = Literal["csv", "json"]

TIMEOUT_MS = 30 * 60 * 1000
"""An export's own statement_timeout: the target's is for reads that a screen waits for."""

PROGRESS_ROWS = 10_000


async def export(session: PgSession, oid: int, path: Path, form: Format, *, timeout_ms: int = TIMEOUT_MS,
                 progress: Callable[[int], None] | None = None) -> int:
    """Writes the rows of the relation `oid` to `path` and returns their number.

    CSV is RFC 4180's: a header, CRLF, quotes where needed; NULL is empty and an empty text is "". JSON is one array
    of objects. The file appears under its name when it's complete; a cancelled or failed export leaves nothing, and
    what was there before stays. `progress` hears the number of rows every PROGRESS_ROWS. Raises ConsoleError.
    """
    header, columns, _ = await shape(session, oid)
    readable = [column for column in columns if column.is_readable]
    if columns and not readable:
        raise Denied(f"{session.target.label}: {session.info.user} may not read {header.schema}.{header.name}",
                     hint=f"GRANT SELECT ON {identifier(header.schema, header.name)} TO {session.info.quoted_user}")
    statement = paging.whole(source(session, header, readable))
    stream = stream_csv if form == "csv" else stream_json
    async with aclosing(stream(session, statement, statement_timeout_ms=timeout_ms)) as chunks:
        return await write(chunks, path, progress)


async def write(chunks: AsyncIterator[bytes], path: Path, progress: Callable[[int], None] | None = None) -> int:
    """Writes the chunks, one a row and one for CSV's header or JSON's end, and returns the number of rows.

    The file appears when it is complete. Raises ConsoleError.
    The temporary file is beside the real one, so that renaming it can't cross file systems.
    """
    count = -1
    try:
        with ExitStack() as stack:
            file = await asyncio.to_thread(stack.enter_context, files.replacing(path, files.BY_UMASK))
            async for chunk in chunks:
                file.write(chunk)
                count += 1
                if progress is not None and count > 0 and count % PROGRESS_ROWS == 0:
                    progress(count)
    except OSError as error:
        raise ConsoleError(f"{path}: {error.strerror or error}",
                           hint="choose a folder that can be written to") from None
    return count
