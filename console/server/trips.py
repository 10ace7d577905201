"""Who wants to know of every round trip to a server; nobody does unless telemetry is on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from console.redaction import masked
from console.server.info import ServerInfo
from console.server.target import Target


class RoundTrip(Struct, frozen=True):
    """One round trip: the names of the queries that it asked, when (nanoseconds since 1970), and why it failed."""

    target: Target
    info: ServerInfo
    reads: tuple[str, ...]
    began_ns: int
    ended_ns: int
    error: str | None


listeners: list[Callable[[RoundTrip], None]] = []
"""Called in the event loop, in the context of whoever asked; must be quick and not raise."""


@contextmanager
def traced(target: Target, info: ServerInfo, reads: Sequence[str]) -> Iterator[None]:
    """Tells the listeners of the round trip that the block is."""
    began_ns, error = time.time_ns(), None
    try:
        yield
    except BaseException as caught:
        error = masked(str(caught)) or type(caught).__name__
        raise
    finally:
        trip = RoundTrip(target, info, tuple(reads), began_ns, time.time_ns(), error)
        for listener in listeners:
            listener(trip)
