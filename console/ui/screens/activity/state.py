"""What the screen knows: the sessions and what else was read, and what a person chose, marked and follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from console.activity import read
from console.activity.blocking import blockers, forest
from console.activity.pace import Pace
from console.activity.profile import WaitProfile
from console.activity.records import Backend, Blocked, CommandProgress, LockWaits, PreparedHolder, SignalOutcome
from console.metrics.reads.counters import RECOVERY, REPLICATION_SLOTS
from console.metrics.reads.replication import RECOVERY_STATE, SLOT_FACTS, SUBSCRIPTIONS, WAL_RECEIVER, WAL_SENDERS
from console.metrics.records.processes import Process
from console.pooler.true_client import true_clients
from console.sampler.pooler_watch import PoolerWatch
from console.server.query import Query, Read
from console.server.session import Readings
from console.view.activity import sessions
from console.view.activity.effort import Effort
from console.view.activity.replication import Replication
from console.view.activity.true_client import Clients

ViewName = Literal["sessions", "blocking", "progress", "waits", "replication"]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

_REPLICATION: tuple[Query[Any], ...] = (WAL_SENDERS, WAL_RECEIVER, REPLICATION_SLOTS, SLOT_FACTS, SUBSCRIPTIONS)

_BESIDES: dict[ViewName, tuple[Query[Any], ...]] = {
    "sessions": (), "blocking": (read.PREPARED_HOLDERS,), "progress": read.PROGRESS,
    "waits": (read.LOCK_WAITS,), "replication": (*_REPLICATION, RECOVERY, RECOVERY_STATE)}
"""What each view reads beside the sessions, in the same round trip."""

_NAMED_WAITS_SINCE = 17
"""The first major version that says what its wait events mean."""


class ActivityState:
    """`take` a sample of what `reads` asks for. `is_filled` is False until the first."""

    def __init__(self) -> None:
        # what was read
        self.is_filled = False
        self.backends: list[Backend] = []
        self.by_pid: dict[int, Backend] = {}
        self.blocked: list[Blocked] = []
        self.holders: dict[str, PreparedHolder] = {}
        self.progress: list[CommandProgress] = []
        self.replication: Replication | None = None
        self.why: str | None = None
        """Why there are no sessions."""
        self.pace = Pace()
        self.profile = WaitProfile()
        self.effort: Effort | None = None
        """What the session of the pane has done, sample after sample."""
        self.lock_waits: list[LockWaits] = []
        self.meanings: dict[tuple[str, str], str] = {}
        self.clients: Clients | None = None
        """Who is behind the sessions that come through PgBouncer; None where none is configured."""

        # what a person chose
        self.view: ViewName = "sessions"
        self.with_idle = self.with_background = False
        self.marked: dict[str, Backend] = {}
        self.followed: Backend | None = None
        self.selected: Backend | None = None
        """Whom the pane is about; None while it is closed."""
        self.wanted_pid: int | None = None
        """A session that another screen asked for and that hasn't been read yet."""
        self.outcomes: dict[str, SignalOutcome] = {}
        """What came of signals, by session."""

    # reading

    def reads(self, major: int) -> list[Read[Any]]:
        """All that one refresh of the view asks for."""
        asked = {"with_idle": self.with_idle, "also": self._also(),
                 "with_background": self.with_background or self.view == "waits"}
        meanings = [Read(read.WAIT_EVENT_TEXTS)] if not self.meanings and major >= _NAMED_WAITS_SINCE else []
        return [Read(read.SESSIONS, asked), *[Read(query) for query in _BESIDES[self.view]], *meanings]

    def reads_of_selected(self) -> list[Read[Any]]:
        """What the pane asks for; nothing while it is closed."""
        if (subject := self.selected) is None:
            return []
        return [Read(read.SESSION_TEXT, {"pid": subject.pid, "backend_start": subject.backend_start}),
                Read(read.SESSION_LOCKS, {"pid": subject.pid}),
                Read(read.SESSION_WORK, {"pid": subject.pid, "backend_start": subject.backend_start}),
                Read(read.SESSION_IOS, {"pid": subject.pid})]

    def _also(self) -> list[int]:
        """Sessions that are wanted even when their kind is hidden."""
        pids = [backend.pid for backend in (*self.marked.values(), *filter(None, (self.followed, self.selected)))]
        return sorted({*pids, *filter(None, (self.wanted_pid,)), *(command.pid for command in self.progress)})

    def take(self, readings: Readings, at_s: float, pooler: PoolerWatch | None = None) -> None:
        """A new sample of the sessions, and of whatever else was read with them."""
        self.why = readings.why(read.SESSIONS)
        self.is_filled = True
        if (rows := readings.rows(read.SESSIONS)) is not None:
            self._take_sessions(rows, at_s, pooler)
        if (holders := readings.rows(read.PREPARED_HOLDERS)) is not None:
            self.holders = {holder.gid: holder for holder in holders}
        if any(query.name in readings.rows_by_name for query in read.PROGRESS):
            self.progress = [item for query in read.PROGRESS for item in readings.rows(query) or ()]
            self.pace.add_sample(self.progress)
        if (waits := readings.rows(read.LOCK_WAITS)) is not None:
            self.lock_waits = waits
        if (texts := readings.rows(read.WAIT_EVENT_TEXTS)) is not None:
            self.meanings = {(text.type, text.name): text.description for text in texts}
        if any(query.name in readings.rows_by_name or readings.why(query) for query in _REPLICATION[:2]):
            self.replication = _replication(readings)

    def _take_sessions(self, rows: list[Backend], at_s: float, pooler: PoolerWatch | None) -> None:
        self.backends = rows
        self.by_pid = {row.pid: row for row in rows}
        self.blocked = forest(rows)
        self.profile.add_sample(at_s, rows)
        if pooler is not None:
            sample = pooler.sample if pooler.error is None else None
            self.clients = true_clients(rows, sample, at_s - sample.taken_s) if sample is not None else {}
        now = {sessions.key(backend): backend for backend in rows}
        self.marked = {key: now[key] for key in self.marked if key in now}  # those that are gone lose their mark
        if self.followed is not None:
            self.followed = now.get(sessions.key(self.followed), self.followed)

    def take_wanted(self) -> Backend | None:
        """The session that another screen asked for, once, as soon as it has been read."""
        found = self.by_pid.get(self.wanted_pid or 0)
        if found is not None:
            self.wanted_pid = None
        return found

    def take_work(self, subject: Backend, readings: Readings, at_s: float, process: Process | None) -> None:
        """What the session that the pane is about has done until now; `process` where it runs on this machine."""
        if self.effort is None or self.effort.identity != subject.identity:
            self.effort = Effort(subject.identity)
        self.effort.add_sample(at_s, readings.first(read.SESSION_WORK), process,
                               readings.rows(read.SESSION_IOS) or ())

    # what is known of a session

    @property
    def shown(self) -> list[Backend]:
        """The sessions that the list has: of the kinds that are asked for, and whoever is marked or followed."""
        kept = {*self.marked, *(sessions.key(backend) for backend in (self.followed,) if backend is not None)}
        return [backend for backend in self.backends
                if (self.with_idle or backend.state != "idle" or sessions.key(backend) in kept)
                and (self.with_background or is_foreground(backend))]

    def of_record(self, record: object) -> Backend | None:
        """The session that a row is about, in whichever view."""
        if isinstance(record, Backend):
            return record
        if isinstance(record, CommandProgress):
            found = self.by_pid.get(record.pid)
            return found if found is not None and found.backend_start == record.backend_start else None
        return None

    def as_now(self, backend: Backend) -> Backend | None:
        """The same session as it was read last; None when it has ended."""
        return next((found for found in self.backends if found.identity == backend.identity), None)

    def behind(self, backend: Backend) -> Sequence[tuple[str, Backend | None]]:
        """Who is in its way: pids, or prepared transactions, with their sessions."""
        return [(str(node), self.by_pid.get(node) if isinstance(node, int) else None) for node in blockers(backend)]

    def blocks(self, pid: int) -> int:
        """How many sessions wait because of it."""
        return next((blocked.blocks for blocked in self.blocked if blocked.pid == pid), 0)

    def meaning(self, backend: Backend) -> str | None:
        """What it waits for, in the server's words."""
        return self.meanings.get((backend.wait_event_type or "", backend.wait_event or ""))

    # what a person does

    def toggle_mark(self, backend: Backend) -> None:
        key = sessions.key(backend)
        if self.marked.pop(key, None) is None:
            self.marked[key] = backend

    def to_signal(self, subject: Backend | None) -> list[Backend]:
        """Those that are marked, else the one that it is about."""
        return list(self.marked.values()) or ([subject] if subject is not None else [])

    def take_outcomes(self, backends: Sequence[Backend], outcomes: Sequence[SignalOutcome]) -> None:
        """What came of signals to these, whose marks have done their service."""
        self.outcomes |= {sessions.key(backend): came for backend, came in zip(backends, outcomes, strict=True)}
        self.marked = {}


def _replication(readings: Readings) -> Replication:
    receivers = readings.rows(WAL_RECEIVER)
    return Replication(
        readings.rows(WAL_SENDERS), receivers[0] if receivers else None, readings.rows(REPLICATION_SLOTS),
        {slot_fact.name: slot_fact for slot_fact in readings.rows(SLOT_FACTS) or ()}, readings.rows(SUBSCRIPTIONS),
        {query.title: why for query in _REPLICATION if (why := readings.why(query))},
        readings.first(RECOVERY), readings.first(RECOVERY_STATE))


def is_foreground(backend: Backend) -> bool:
    """Whether a session is shown without being asked for: people's, their workers', and whatever waits for a lock."""
    return backend.backend_type in (None, "client backend", "parallel worker", "autovacuum worker") \
        or backend.lock_type is not None
