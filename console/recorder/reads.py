"""What a recording holds beside the sampler's own reads, and how often it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import Any

from msgspec import Struct

from console.activity.read import PREPARED_HOLDERS, PROGRESS, SESSIONS, WAIT_EVENT_TEXTS
from console.metrics.reads.counters import REPLICATION_SLOTS
from console.metrics.reads.io import IO_COUNTERS, SLRU_COUNTERS
from console.metrics.reads.replication import SLOT_FACTS, SUBSCRIPTIONS, WAL_RECEIVER, WAL_SENDERS
from console.metrics.reads.settings import RISKY_OVERRIDES, SETTINGS
from console.metrics.reads.tables import TABLE_SCANS
from console.metrics.reads.upkeep import OPEN_SCHEMAS
from console.metrics.reads.vacuum import VACUUM_TABLES
from console.metrics.reads.wal import ARCHIVE_BACKLOG, WAL_DIRECTORY
from console.recorder.records import Judged
from console.server.info import ServerInfo
from console.server.query import Query, Read
from console.statements import read as statements
from console.statements.counters import EXEC_MS
from console.statements.records import StatementEntry

MOST_TEXTS = 200
"""Statements whose texts are recorded: those that took most time."""

TEXT_CHARACTERS = 1000

Rows = Mapping[str, Sequence[Any]]
Wanted = Callable[[ServerInfo, Rows], Sequence[Read[Any]]]
"""What to ask, given the server's facts and the rows that all reads had last, by name."""


class Paced(Struct, frozen=True):
    """Reads with their pace in seconds: 0 is every sample. `memory_s` is that of the recorder that always runs, which
    must cost the server next to nothing."""

    reads: Wanted
    file_s: float
    memory_s: float


def always(*reads: Read[Any] | Query[Any]) -> Wanted:
    """The same on every server; what one can't answer is left out with its reason."""
    asked = tuple(read if isinstance(read, Read) else Read(read) for read in reads)
    return lambda info, rows: asked


def statement_counters(info: ServerInfo, rows: Rows) -> Sequence[Read[Any]]:
    return Read(statements.STANDING), Read(statements.counters(info))


def statement_texts(info: ServerInfo, rows: Rows) -> Sequence[Read[Any]]:
    """The texts of the statements that took most time, once their counters are known."""
    entries: Sequence[StatementEntry] = rows.get(statements.counters(info).name, ())
    top = nlargest(MOST_TEXTS, entries, key=lambda entry: float(entry.counters.split(None, EXEC_MS + 1)[EXEC_MS]))
    return [statements.texts([entry.key for entry in top], TEXT_CHARACTERS)] if top else []


SESSIONS_PACED = Paced(always(Read(SESSIONS, {"with_idle": True, "with_background": True, "also": []})), 0.0, 10.0)

ALONG: tuple[Paced, ...] = (
    SESSIONS_PACED,
    Paced(always(PREPARED_HOLDERS, *PROGRESS), 0.0, 60.0),
    Paced(always(WAL_SENDERS, WAL_RECEIVER, REPLICATION_SLOTS, SLOT_FACTS, SUBSCRIPTIONS), 10.0, 60.0),
    Paced(always(IO_COUNTERS, SLRU_COUNTERS), 10.0, 60.0),
    Paced(always(TABLE_SCANS), 30.0, 30.0),
    Paced(statement_counters, 30.0, 40.0),
    Paced(statement_texts, 120.0, 600.0),
    Paced(always(VACUUM_TABLES, WAL_DIRECTORY, ARCHIVE_BACKLOG), 60.0, 300.0),
    Paced(always(statements.NAMES, statements.AVAILABILITY, statements.LOGGING_SETTINGS, SETTINGS, RISKY_OVERRIDES,
                 OPEN_SCHEMAS), 300.0, 1800.0),
    Paced(always(WAIT_EVENT_TEXTS), 3600.0, 3600.0),
)
"""None of these asks for sizes, which may take seconds."""

JUDGED = Query("checks_judged", Judged, ())
"""Not asked of a server: what checks found that don't work on rows alone, under a name like a read's."""


class Schedule:
    """Which of `ALONG` are due."""

    def __init__(self, paced: Iterable[Paced] = ALONG) -> None:
        self._paced = tuple(paced)
        self._asked_s: dict[Paced, float] = {}

    def due(self, now_s: float, info: ServerInfo, rows: Rows, *, to_file: bool) -> list[Read[Any]]:
        """What to ask now, by a monotonic clock; it counts as asked."""
        found: list[Read[Any]] = []
        for paced in self._paced:
            every_s = paced.file_s if to_file else paced.memory_s
            asked_s = self._asked_s.get(paced)
            if (asked_s is None or now_s - asked_s >= every_s - 0.1) and (reads := paced.reads(info, rows)):
                self._asked_s[paced] = now_s
                found += reads
        return found

    def answered(self, paced: Paced, now_s: float) -> None:
        """Somebody else has asked it now."""
        self._asked_s[paced] = now_s

    def restart(self) -> None:
        """Everything is due again."""
        self._asked_s.clear()
