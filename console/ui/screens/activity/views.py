"""The views of the screen: what each reads beside the sessions, and how it shows what came."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from console.activity import read
from console.activity.blocking import forest
from console.activity.pace import Pace
from console.activity.profile import WaitProfile
from console.activity.records import Backend, Blocked, CommandProgress, PreparedHolder
from console.metrics.reads.counters import REPLICATION_SLOTS
from console.metrics.reads.replication import SLOT_FACTS, SUBSCRIPTIONS, WAL_RECEIVER, WAL_SENDERS
from console.sampler.pooler_watch import PoolerWatch
from console.server.query import Query, Read
from console.server.session import Readings
from console.view.activity.replication import Replication
from console.view.activity.true_client import Clients, true_clients

VIEWS = ("sessions", "blocking", "progress", "waits", "replication")
OWN_ACTIONS = ("signal", "tag", "follow", "back", "view", "with_idle", "with_background", "take")

_REPLICATION: tuple[Query[Any], ...] = (WAL_SENDERS, WAL_RECEIVER, REPLICATION_SLOTS, SLOT_FACTS, SUBSCRIPTIONS)

BESIDES: dict[str, tuple[Query[Any], ...]] = {
    "sessions": (), "blocking": (read.PREPARED_HOLDERS,), "progress": read.PROGRESS, "waits": (),
    "replication": _REPLICATION}
"""What each view reads beside the sessions, in the same round trip."""


class ActivityState(Struct):
    """What the last sample brought; empty until the first."""

    backends: list[Backend] = field(default_factory=list)
    by_pid: dict[int, Backend] = field(default_factory=dict)
    blocked: list[Blocked] = field(default_factory=list)
    holders: dict[str, PreparedHolder] = field(default_factory=dict)
    progress: list[CommandProgress] = field(default_factory=list)
    replication: Replication | None = None
    why: str | None = None
    is_filled: bool = False
    pace: Pace = field(default_factory=Pace)
    profile: WaitProfile = field(default_factory=WaitProfile)
    meanings: dict[tuple[str, str], str] = field(default_factory=dict)
    clients: Clients | None = None
    """Who is behind the sessions that come through PgBouncer; None where none is configured."""

    def take(self, readings: Readings, at_s: float, pooler: PoolerWatch | None = None) -> None:
        """A new sample of the sessions, and of whatever else was read with them."""
        rows = readings.rows(read.SESSIONS)
        self.why = readings.why(read.SESSIONS)
        self.is_filled = True
        if rows is not None:
            self.backends = rows
            self.by_pid = {row.pid: row for row in rows}
            self.blocked = forest(rows)
            self.profile.add_sample(at_s, rows)
            if pooler is not None:
                look = pooler.look if pooler.error is None else None
                self.clients = true_clients(rows, look, at_s - look.taken_s) if look is not None else {}
        if (holders := readings.rows(read.PREPARED_HOLDERS)) is not None:
            self.holders = {holder.gid: holder for holder in holders}
        if any(query.name in readings.rows_by_name for query in read.PROGRESS):
            self.progress = [item for query in read.PROGRESS for item in readings.rows(query) or ()]
            self.pace.add_sample(self.progress)
        if (texts := readings.rows(read.WAIT_EVENT_TEXTS)) is not None:
            self.meanings = {(text.type, text.name): text.description for text in texts}
        if any(query.name in readings.rows_by_name or readings.why(query) for query in _REPLICATION[:2]):
            receivers = readings.rows(WAL_RECEIVER)
            self.replication = Replication(
                readings.rows(WAL_SENDERS), receivers[0] if receivers else None, readings.rows(REPLICATION_SLOTS),
                {slot_fact.name: slot_fact for slot_fact in readings.rows(SLOT_FACTS) or ()},
                readings.rows(SUBSCRIPTIONS),
                {query.title: why for query in _REPLICATION if (why := readings.why(query))})

    def holds_up(self, pid: int) -> int:
        return next((blocked.holds_up for blocked in self.blocked if blocked.pid == pid), 0)


def reads(view: str, *, with_idle: bool, with_background: bool, also: list[int], wants_meanings: bool
          ) -> list[Read[Any]]:
    """All that one refresh of a view asks for."""
    sessions = Read(read.SESSIONS, {"with_idle": with_idle, "also": also,
                                    "with_background": with_background or view == "waits"})
    meanings = [Read(read.WAIT_EVENT_TEXTS)] if wants_meanings else []
    return [sessions, *[Read(query) for query in BESIDES[view]], *meanings]


def is_foreground(backend: Backend) -> bool:
    """Whether a session is shown without being asked for: people's, their workers', and whatever waits for a lock."""
    return backend.backend_type in (None, "client backend", "parallel worker", "autovacuum worker") \
        or backend.lock_type is not None
