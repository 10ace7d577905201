"""What a recording holds beside the sampler's own reads, and how often it is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from console.activity.read import PREPARED_HOLDERS, PROGRESS, SESSIONS, WAIT_EVENT_TEXTS
from console.metrics.read import REPLICATION_SLOTS
from console.metrics.replication.read import SLOT_FACTS, SUBSCRIPTIONS, WAL_RECEIVER, WAL_SENDERS
from console.recorder.records import Judged
from console.server.query import Query, Read


@dataclass(frozen=True, slots=True)
class Paced:
    """Reads with their pace in seconds: 0 is every sample. `memory_s` is that of the recorder that always runs, which
    must cost the server next to nothing."""

    reads: tuple[Read[Any], ...]
    file_s: float
    memory_s: float


ALONG: tuple[Paced, ...] = (
    Paced((Read(SESSIONS, {"with_idle": True, "with_background": True, "also": []}),), 0.0, 10.0),
    Paced((Read(PREPARED_HOLDERS), *map(Read, PROGRESS)), 0.0, 30.0),
    Paced(tuple(map(Read, (WAL_SENDERS, WAL_RECEIVER, REPLICATION_SLOTS, SLOT_FACTS, SUBSCRIPTIONS))), 10.0, 60.0),
    Paced((Read(WAIT_EVENT_TEXTS),), 3600.0, 3600.0),
)


JUDGED = Query("checks_without_reads", Judged, ())
"""Not asked of a server: what checks found that don't work on reads, under a name like a read's."""


class Schedule:
    """Which of `ALONG` are due."""

    def __init__(self, paced: Iterable[Paced] = ALONG) -> None:
        self._paced = tuple(paced)
        self._asked_s: dict[int, float] = {}

    def due(self, now_s: float, *, to_file: bool) -> list[Read[Any]]:
        """What to ask now, by a monotonic clock; it counts as asked."""
        found: list[Read[Any]] = []
        for number, one in enumerate(self._paced):
            every_s = one.file_s if to_file else one.memory_s
            if now_s - self._asked_s.get(number, -every_s - now_s) >= every_s - 0.1:
                self._asked_s[number] = now_s
                found += one.reads
        return found

    def restart(self) -> None:
        """Everything is due again."""
        self._asked_s.clear()
