"""Whether the sample data is in a database: its load leaves its version in the database's comment."""

from __future__ import annotations

from msgspec import Struct

from console.server.query import Query, load
from console.server.session import Session

TITLE = "dbconsole demo, sample data "
VERSION = 1
"""Of the data; another one is loaded by `demo reset`."""


class SampleMarker(Struct, frozen=True):
    """sql/sample_marker.sql as it comes."""

    comment: str | None

    @property
    def is_there(self) -> bool:
        return (self.comment or "").startswith(TITLE)


MARKER: Query[SampleMarker] = load("console.demo", "sample_marker", SampleMarker)


async def is_loaded(session: Session) -> bool:
    """Whether sample data, of whichever version, is in this database. Raises ConsoleError."""
    (found,) = await session.fetch(MARKER)
    return found.is_there
