"""A search of many rows whose results are read piece by piece, so that they are never all in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec.structs import replace

from console.server import effects
from console.server.readonly import ReadStatement, reading
from console.server.session import PgSession
from console.vectors import read
from console.vectors.records import Neighbor, SearchResult
from console.vectors.search import SearchRequest, compose, examine, hits_of, result_of

PIECE = 200
"""Rows that are read at once."""


async def search_in_pieces(session: PgSession, request: SearchRequest, take: Callable[[SearchResult], None],
                           ) -> SearchResult:
    """Hands every piece of the result to `take`; gives back the whole of it, examined, its rows without their values.

    One snapshot, a cursor on the server. `server_ms` is the time until the first piece was there. Raises ConsoleError,
    Acts where the condition acts.
    """
    composed = compose(request)
    if request.where:
        await effects.refuse(session, composed.statement.sql, request.allowed)
    kept: list[Neighbor] = []
    began = time.perf_counter()
    first_ms: float | None = None
    # a cursor is planned for its first rows: here all are wanted
    settings = {**composed.settings, "cursor_tuple_fraction": "1"}
    async with reading(session, library=read.library(session), timeout_ms=request.timeout_ms,
                       pinned=request.pinned) as lead, lead.under(settings):
        await lead.run(ReadStatement(f"DECLARE found NO SCROLL CURSOR FOR {composed.statement.sql}",
                                     composed.statement.params))
        while True:
            page, _ = await lead.fetch(ReadStatement(f"FETCH {PIECE:d} FROM found"))
            first_ms = first_ms or (time.perf_counter() - began) * 1000
            hits = hits_of(request, composed, page, len(kept))[:request.k - len(kept)]
            take(result_of(request, composed, hits, page, 0.0, 0.0))
            kept += [replace(hit, values=()) for hit in hits]
            if len(page.rows) < PIECE or len(kept) >= request.k:
                break
    total_ms = (time.perf_counter() - began) * 1000
    return await examine(session, request, result_of(request, composed, kept, page, first_ms, total_ms))
