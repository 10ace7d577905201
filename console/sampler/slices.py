"""Active sessions by what they wait for and whose they are, over a day: wait event, statement, user, database,
application and true client."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from console.activity.profile import CPU, waiting_at
from console.activity.records import Backend
from console.metrics.history import TimeSeries
from console.sql import fingerprint

if TYPE_CHECKING:
    from console.pooler.records import TrueClient

KINDS = ("event", "statement", "user", "database", "application", "client")

FINE_S, FINE_KEPT_S = 10.0, 1800.0
COARSE_S, KEPT_S = 60.0, 86400.0
"""Samples are summed up over 10 s; what is older than half an hour, over a minute; what is older than a day goes."""

MOST_NAMES = 8
"""Names that are kept of each part of time and kind: those with most sessions. The others are summed up."""

OTHERS = ""
"""The name of what is left."""


_label = lru_cache(maxsize=1024)(fingerprint.label)


class _Part(Struct):
    """The samples between two moments: how many, when the last was, and all their sessions by kind and name."""

    number: int
    until_s: float
    samples: int
    sessions: dict[str, Counter[str]]


class Slice(Struct, frozen=True):
    """One name of a kind: the average number of sessions in each part of the time, None where not sampled."""

    name: str
    values: tuple[float | None, ...]


class Slices:
    """Takes samples of sessions, gives courses. Bounded: at most 180 parts of 10 s and 1440 of a minute."""

    def __init__(self) -> None:
        self._fine: deque[_Part] = deque()
        self._coarse: deque[_Part] = deque()

    @property
    def first_s(self) -> float | None:
        """When the oldest sample was taken, to a minute; None without one."""
        oldest = next(iter((*self._coarse, *self._fine)), None)
        return None if oldest is None else oldest.until_s

    def take(self, at_s: float, backends: Sequence[Backend], clients: Mapping[int, TrueClient]) -> None:
        """Another sample, at `at_s` of a monotonic clock. One from before the last begins anew: a recording was wound
        back."""
        if self._fine and at_s < self._fine[-1].until_s:
            self._fine.clear()
            self._coarse.clear()
        at_work = [backend for backend in backends
                   if backend.state == "active" and backend.backend_type != "walsender" and waiting_at(backend)]
        number = int(at_s // FINE_S)
        if not self._fine or self._fine[-1].number != number:
            self._fine.append(_Part(number, at_s, 0, {kind: Counter() for kind in KINDS}))
        part = self._fine[-1]
        part.until_s, part.samples = at_s, part.samples + 1
        for kind in KINDS:
            part.sessions[kind].update(_name(kind, backend, clients) for backend in at_work)
        self._thin(at_s)

    def _thin(self, now_s: float) -> None:
        if len(self._fine) > 1:
            _shorten(self._fine[-2])
        while self._fine[0].until_s < now_s - FINE_KEPT_S:
            old = self._fine.popleft()
            number = int(old.until_s // COARSE_S)
            if self._coarse and self._coarse[-1].number == number:
                into = self._coarse[-1]
                into.until_s, into.samples = old.until_s, into.samples + old.samples
                for kind, counts in old.sessions.items():
                    into.sessions[kind].update(counts)
                _shorten(into)
            else:
                self._coarse.append(_Part(number, old.until_s, old.samples, old.sessions))
        while self._coarse and self._coarse[0].until_s < now_s - KEPT_S:
            self._coarse.popleft()

    def shares(self, kind: str, now_s: float, seconds: float) -> list[tuple[str, float]]:
        """The average number of sessions by name in the last `seconds`, at most 1800, the most first."""
        parts = [part for part in self._fine if part.until_s >= now_s - seconds]
        samples = sum(part.samples for part in parts)
        totals: Counter[str] = sum((part.sessions[kind] for part in parts), Counter())
        return [(name, sessions / samples) for name, sessions in totals.most_common()]

    def courses(self, kind: str, now_s: float, span_s: float, count: int, most: int = 5) -> list[Slice]:
        """How the `most` names with most sessions in the last `span_s` seconds went, in `count` equal parts of them,
        the most first, and what is left of all (OTHERS), where there is any. Raises KeyError for an unknown kind."""
        parts = [part for part in (*self._coarse, *self._fine) if part.until_s >= now_s - span_s]
        totals: Counter[str] = Counter()
        for part in parts:
            for name, sessions in part.sessions[kind].items():
                totals[name] += sessions
        names = [name for name, _ in totals.most_common() if name != OTHERS][:most]
        late_s = 150.0 if span_s > FINE_KEPT_S else 30.0
        times = [part.until_s for part in parts]

        def course(name: str, found: Iterable[float]) -> Slice:
            values: list[float | None] = list(found)
            return Slice(name, TimeSeries(times, values, late_s).buckets(now_s, span_s, count))

        slices = [course(name, (part.sessions[kind][name] / part.samples for part in parts)) for name in names]
        rest = [sum(sessions for name, sessions in part.sessions[kind].items() if name not in names) / part.samples
                for part in parts]
        return [*slices, course(OTHERS, rest)] if any(rest) or not slices else slices


def _shorten(part: _Part) -> None:
    """Keeps the names with most sessions, and sums the others up."""
    for kind, counts in part.sessions.items():
        if len(counts) > MOST_NAMES + 1:
            kept = Counter(dict([found for found in counts.most_common() if found[0] != OTHERS][:MOST_NAMES]))
            kept[OTHERS] = counts.total() - kept.total()
            part.sessions[kind] = kept


def _name(kind: str, backend: Backend, clients: Mapping[int, TrueClient]) -> str:
    if kind == "event":
        type_, event = waiting_at(backend) or (CPU, None)
        return f"{type_}:{event}" if event else type_
    if kind == "statement":
        return _label(backend.query or "") or "unknown"
    if kind == "user":
        return backend.user or backend.backend_type or "unknown"
    if kind == "database":
        return backend.database or "none"
    client = clients.get(backend.pid)
    if kind == "application":
        return (client.application if client is not None else None) or backend.application or "unnamed"
    return true_place(backend, client)


def true_place(backend: Backend, client: TrueClient | None) -> str:
    """Where a session's work comes from: the host and application of its client, behind the pooler where there is one.
    """
    if client is not None and client.place is None:
        return f"pool {client.pool}"
    place = backend.client_address if client is None else client.place
    application = backend.application if client is None else client.application
    host = "local" if not place or place.startswith(("unix", "/")) else place.rsplit(":", 1)[0] if client else place
    return f"{application} {host}" if application else host
