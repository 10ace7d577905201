"""Whether an ivfflat index was built on the data that it holds: its centres, from its pages (pageinspect)."""

from __future__ import annotations

import struct

from console.errors import ConsoleError
from console.server.query import Query, load
from console.server.readonly import ReadStatement, trip
from console.server.session import PgSession
from console.sql.quoting import identifier
from console.vectors.records import ListPage, VectorColumn, VectorIndex

LIST_PAGE: Query[ListPage] = load("console.vectors", "list_page", ListPage)

MOST_CENTRES = 200
LEAST_DIMENSIONS = 16
"""With fewer all of a centre's numbers may be positive by chance."""

_HEADER, _ITEM = 24, 4


async def untrained(session: PgSession, index: VectorIndex, column: VectorColumn) -> str | None:
    """Why its lists can't be those of its rows: pgvector draws the centres of an empty table at random, all of them
    from positive numbers. None where that isn't so, or can't be told: without pageinspect, or as no superuser."""
    if "pageinspect" not in session.info.extensions or column.type_name != "vector" or index.is_partitioned:
        return None
    try:
        found = await session.fetch(LIST_PAGE, {"index": index.sql_name})
    except ConsoleError:
        return None
    centres = [centre for page in found for centre in centres_in(bytes.fromhex(page.hex))][:MOST_CENTRES]
    if not centres or len(centres[0]) < LEAST_DIMENSIONS or any(number < 0 for centre in centres for number in centre):
        return None
    query = f"SELECT {identifier(column.name)}::pg_catalog.text FROM {column.table} " \
        f"WHERE {identifier(column.name)} IS NOT NULL LIMIT 1"
    try:
        rows = (await trip(session, [ReadStatement(query)])).pages[0].rows
    except ConsoleError:
        return None
    if not rows or "-" not in (rows[0][0] or "").replace("e-", ""):
        return None  # of vectors without negative numbers such centres may be right
    return f"the lists of {index.name} were made before there were rows, of random centres"


def centres_in(page: bytes) -> list[tuple[float, ...]]:
    """The centres on a page of lists: of each item two block numbers and a vector. Pure."""
    lower = struct.unpack_from("<H", page, 12)[0]
    found = []
    for place in range((lower - _HEADER) // _ITEM):
        (pointer,) = struct.unpack_from("<I", page, _HEADER + place * _ITEM)
        offset, length = pointer & 0x7FFF, pointer >> 17
        if length < 16:
            continue
        dimensions = struct.unpack_from("<H", page, offset + 12)[0]
        if 16 + 4 * dimensions > length:
            continue
        found.append(struct.unpack_from(f"<{dimensions}f", page, offset + 16))
    return found
