"""What a diagnosis is made from: what was read last, and what is remembered of the minutes before."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

from msgspec import Struct, field

from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.diagnosis.records import Finding
from console.errors import ConsoleError
from console.metrics.reads.counters import DATABASE_COUNTERS, STANDBYS, WAL_COUNTERS
from console.metrics.reads.tables import TABLE_SCANS
from console.metrics.reads.wal import CHECKPOINTS
from console.metrics.records.counters import Standby
from console.pooler.records import PoolerSample, TrueClient
from console.pooler.true_client import true_clients
from console.sampler.changes import Change
from console.server.info import ServerInfo
from console.server.query import Query
from console.statements import read as statements
from console.statements.deltas import Journal, Window
from console.statements.records import Key, StatementText

R = TypeVar("R")
E = TypeVar("E")

DATA, PG_WAL = "data", "pg_wal"
"""The disks, by what they hold."""

REMEMBERED_S, APART_S = 600.0, 4.0
"""How long counters are remembered; samples nearer to each other add nothing to what they have grown by."""

SESSIONS_REMEMBERED_S, SESSIONS_APART_S = 60.0, 0.8

COUNTED: tuple[tuple[Query[Any], float, float], ...] = (
    *((query, REMEMBERED_S, APART_S) for query in (DATABASE_COUNTERS, WAL_COUNTERS, CHECKPOINTS, TABLE_SCANS)),
    (SESSIONS, SESSIONS_REMEMBERED_S, SESSIONS_APART_S))
"""The reads whose earlier rows are remembered: for how long, and how near to each other."""

TEXTS = statements.texts((), 0).query.name

CALM_S = 25.0
"""How long a standby must have been there to be missed."""


class Observed(Struct, frozen=True, kw_only=True):
    """One sample, wherever it comes from. `rows` are those of every read by its name, `read_at` when each was read, by
    the server's clock as `at` is. `pooler` was looked at `pooler_age_s` before. `disks` says how full they are, in
    percent, by DATA and PG_WAL (where that has one of its own); that, `cores` and `cpu_percent`, the machine's since
    the sample before, only where the server's machine is known."""

    at: dt.datetime
    info: ServerInfo
    rows: Mapping[str, Sequence[Any]]
    read_at: Mapping[str, dt.datetime] = field(default_factory=dict)
    pooler: PoolerSample | None = None
    pooler_age_s: float = 0.0
    disks: Mapping[str, float] = field(default_factory=dict)
    cores: int | None = None
    cpu_percent: float | None = None
    changes: Sequence[Change] = ()
    """What changed on the server, as far as that was seen, oldest first."""


class Growth(Struct, frozen=True):
    """By how much a counter grew in how many seconds."""

    amount: float
    seconds: float

    @property
    def per_s(self) -> float:
        return self.amount / self.seconds


class Case:
    """What the kinds of findings are given: rows by their query, and how counters grew."""

    def __init__(self, observed: Observed, memory: Memory) -> None:
        self.at = observed.at
        self.info = observed.info
        self.pooler = observed.pooler
        self.disks = observed.disks
        self.cores = observed.cores
        self.changes = observed.changes
        self.memory = memory
        self._observed = observed

    def rows(self, query: Query[R]) -> list[R]:
        """The rows that were read last; none, too, where it could not be read."""
        return list(self._observed.rows.get(query.name, ()))

    def first(self, query: Query[R]) -> R | None:
        return next(iter(self.rows(query)), None)

    def is_known(self, query: Query[Any]) -> bool:
        """Whether it was read at all: no rows then means that there is nothing."""
        return query.name in self._observed.rows

    def age_s(self, query: Query[Any]) -> float:
        """How long ago it was read."""
        return max(0.0, (self.at - self._observed.read_at.get(query.name, self.at)).total_seconds())

    def ago(self, seconds: float | None) -> dt.datetime | None:
        """So many seconds before this sample."""
        return None if seconds is None else self.at - dt.timedelta(seconds=seconds)

    def growth(self, query: Query[Any], name: str, within_s: float = 60.0) -> Growth | None:
        """How a counter of a read of one row grew in the last `within_s` seconds; None where nothing tells, as after a
        reset."""
        kept = self.memory.kept(query, within_s)
        if len(kept) < 2:
            return None
        (began, before), (ended, now) = kept[0], kept[-1]
        if not before or not now or getattr(before[0], "stats_reset", None) != getattr(now[0], "stats_reset", None):
            return None
        old, new = getattr(before[0], name), getattr(now[0], name)
        seconds = (ended - began).total_seconds()
        if old is None or new is None or new < old or seconds < 1.0:
            return None
        return Growth(float(new - old), seconds)

    def statements_window(self, seconds: float) -> Window | None:
        """What was added to the counters of statements in the last `seconds`, where two samples of them are known."""
        return self.memory.statements_window(seconds)

    def statement_text(self, key: Key) -> str | None:
        """The beginning of a statement's text, where it was read."""
        texts: Sequence[StatementText] = self._observed.rows.get(TEXTS, ())
        return next((item.text for item in texts if item.query_id == key.query_id and item.text), None)

    def pool_of(self, backend: Backend) -> str | None:
        """The pool of PgBouncer that a session belongs to, where that is certain."""
        found = self._true_clients.get(backend.pid)
        return found.pool if found is not None else None

    @cached_property
    def _true_clients(self) -> dict[int, TrueClient]:
        if self.pooler is None or self.pooler.servers is None:
            return {}
        return true_clients(self.sessions.values(), self.pooler, self._observed.pooler_age_s)

    @cached_property
    def sessions(self) -> dict[int, Backend]:
        """All sessions by pid, ours left out."""
        return {backend.pid: backend for backend in self.rows(SESSIONS)}


class Memory:
    """What is remembered from sample to sample. Forgets everything when the server has restarted or is another one."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.standbys: dict[str, tuple[dt.datetime, dt.datetime, Standby]] = {}
        """By name: when it was seen first and last, and how."""
        self.disks: deque[tuple[dt.datetime, Mapping[str, float]]] = deque()
        """How full they were, as Observed has it."""
        self.cpu: deque[tuple[dt.datetime, float]] = deque()
        """How busy the machine's processors were, in percent."""
        self._kept: dict[str, deque[tuple[dt.datetime, Sequence[Any]]]] = {}
        self._first_seen: dict[object, dt.datetime | None] = {}
        self._has_diagnosed = False
        self._server: object = None
        self._at: dt.datetime | None = None
        self._window: tuple[object, Window | None] | None = None

    def take(self, observed: Observed) -> Case:
        """Another sample, later than those before."""
        server = (observed.info.started_at, observed.info.system_identifier, observed.info.database)
        if self._server is not None and server != self._server:
            self.__init__()  # type: ignore[misc]
        self._server, self._at = server, observed.at
        for query, remembered_s, apart_s in COUNTED:
            if query.name in observed.rows:
                at = observed.read_at.get(query.name, observed.at)
                self._keep(query.name, at, observed.rows[query.name], remembered_s, apart_s)
        if observed.disks:
            self.disks.append((observed.at, observed.disks))
            _forget(self.disks, observed.at, REMEMBERED_S)
        if observed.cpu_percent is not None:
            self.cpu.append((observed.at, observed.cpu_percent))
        _forget(self.cpu, observed.at, SESSIONS_REMEMBERED_S)
        self._take_statements(observed)
        self._take_standbys(observed)
        return Case(observed, self)

    def kept(self, query: Query[R], within_s: float) -> list[tuple[dt.datetime, Sequence[R]]]:
        """The remembered rows of a read with their times, oldest first, of the last `within_s` seconds."""
        return [entry for entry in self._kept.get(query.name, ())
                if self._at is not None and (self._at - entry[0]).total_seconds() <= within_s]

    def statements_window(self, seconds: float) -> Window | None:
        """See Case; it is made once a sample of the counters."""
        known = (self.journal.standing, seconds)
        if self._window is None or self._window[0] != known:
            window = self.journal.window(seconds) if self.journal.has_interval else None
            self._window = known, window if window is not None and window.seconds > 0 else None
        return self._window[1]

    def with_times(self, findings: list[Finding], at: dt.datetime) -> dict[object, dt.datetime | None]:
        """Since when each of these is there, by identity: None where it was when we first looked."""
        known = self._first_seen
        self._first_seen = {finding.identity: known.get(finding.identity, at if self._has_diagnosed else None)
                            for finding in findings}
        self._has_diagnosed = True
        return self._first_seen

    def _keep(self, name: str, at: dt.datetime, rows: Sequence[Any], remembered_s: float, apart_s: float) -> None:
        kept = self._kept.setdefault(name, deque())
        if kept and at <= kept[-1][0]:
            return
        if len(kept) > 1 and (kept[-1][0] - kept[-2][0]).total_seconds() < apart_s:
            kept.pop()
        kept.append((at, rows))
        _forget(kept, at, remembered_s)

    def _take_statements(self, observed: Observed) -> None:
        counters = statements.counters(observed.info)
        standing = observed.rows.get(statements.STANDING.name)
        entries = observed.rows.get(counters.name)
        if standing and entries is not None:
            try:
                self.journal.take(entries, standing[0])
            except (ConsoleError, ValueError):  # counters of a version that this one doesn't know
                self.journal = Journal()

    def _take_standbys(self, observed: Observed) -> None:
        at = observed.read_at.get(STANDBYS.name, observed.at)
        for standby in observed.rows.get(STANDBYS.name, ()):
            if standby.name is not None and standby.state is not None:
                began, _, _ = self.standbys.get(standby.name, (at, None, None))
                self.standbys[standby.name] = (began, at, standby)


def _forget(kept: deque[tuple[dt.datetime, E]], at: dt.datetime, remembered_s: float) -> None:
    """Drops what was so long before `at`."""
    while kept and (at - kept[0][0]).total_seconds() > remembered_s:
        kept.popleft()
