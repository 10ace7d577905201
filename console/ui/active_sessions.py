"""What a target's active sessions did: the samples by whose they were, and what a person chose to see of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.sampler.changes import Changes
from console.text import format as fmt
from console.ui import text
from console.view import active_sessions as view
from console.view.metrics.plots import SPANS
from console.view.stack import Layer, Stack, TimeMark, stretched
from console.view.table import Line, Tone

if TYPE_CHECKING:
    from console.activity.records import Backend
    from console.clock import Clock
    from console.config import Config
    from console.pooler.records import PoolerSample, TrueClient
    from console.sampler.records import Snapshot
    from console.sampler.sampler import Sampler
    from console.sampler.slices import Slices

WAIT = "wait"
CHOICES = (WAIT, "event", "statement", "user", "database", "application", "client")
"""What active sessions are told apart by: what they wait for, or a kind of sampler.slices."""

TONES: tuple[Tone, ...] = ("layer1", "layer2", "layer3", "layer4", "layer5")
LETTERS = "abcde"
NAME_CELLS = 22

SESSIONS = "activity.sessions"
"""The read by its name: its module is no part of the start."""

SAMPLED_S = 10.0
"""How long before it a sample of whose they are speaks for."""

HELD_S = 5.0
"""A picture stays for so long at least: while there is little, every refresh would move all of it."""


class ActiveSessions:
    """One for each target. `kind` is what the sessions are told apart by, `span` which of SPANS is looked back."""

    def __init__(self) -> None:
        self.slices: Slices | None = None
        """None before sessions were read: the first screen waits for nothing that it doesn't show."""
        self.backends: Sequence[Backend] = ()
        """The sessions as they were read last, by the server's clock `at`; None before."""
        self.at: dt.datetime | None = None
        self.changes = Changes()
        self.kind = WAIT
        self.span = 1
        self._sampled: Sequence[Backend] | None = None
        self._held: tuple[object, float, Stack] | None = None

    @property
    def span_s(self) -> float:
        return SPANS[self.span][0]

    def change_span(self, steps: int) -> None:
        """More or less time, as far as there is any."""
        self.span = max(0, min(len(SPANS) - 1, self.span + steps))

    def choose_next(self) -> None:
        """The sessions by something else."""
        self.kind = CHOICES[(CHOICES.index(self.kind) + 1) % len(CHOICES)]

    def take_snapshot(self, snapshot: Snapshot, pooler: PoolerSample | None) -> None:
        """What the sampler has: its sessions stay in its snapshots until they are read again, and count once."""
        self.changes.take(snapshot)
        rows = snapshot.readings.rows_by_name.get(SESSIONS)
        if snapshot.error is None and rows is not None and rows is not self._sampled:
            self._sampled = rows
            self.take(snapshot.monotonic_s, snapshot.taken_at, rows, pooler)

    def take(self, at_s: float, at: dt.datetime | None, backends: Sequence[Backend], pooler: PoolerSample | None
             ) -> None:
        """Sessions that were read at `at_s` of the monotonic clock, with what was last seen of the pooler."""
        if backends and backends == self.backends:  # a recording repeats what was recorded
            return
        from console.sampler.slices import Slices

        self.slices = self.slices or Slices()
        self.backends, self.at = backends, at
        self.slices.take(at_s, backends, _clients(at_s, backends, pooler))

    def picture(self, sampler: Sampler, clock: Clock, cores: int | None, width: int, hint: Line) -> Stack | None:
        """The main chart in `width` values; the same again while nothing would be seen of what is new. None before
        there is a sample. `hint` is what keys there are for it."""
        first_s, now_s = sampler.history.first_s, clock.monotonic()
        if first_s is None:
            return None
        if self.kind != WAIT:
            first_s = ((self.slices.first_s if self.slices is not None else None) or now_s) - SAMPLED_S
        span_s = stretched(max(1.0, now_s - first_s), self.span_s)
        asked = (sampler, self.kind, span_s, width, cores, hint)
        if self._held is not None and self._held[0] == asked and now_s < self._held[1]:
            return self._held[2]
        part_s = span_s / width
        layers = self._by_wait(sampler, now_s, span_s, width) if self.kind == WAIT else \
            self._by_name(now_s, span_s, width)
        sessions = sampler.latest.sessions if sampler.latest is not None else None
        left_s = part_s - now_s % part_s
        edge = clock.now().astimezone() + dt.timedelta(seconds=left_s)
        found = view.picture(
            layers, by=self.kind, cores=cores, hidden=sessions.hidden if sessions is not None else 0, edge=edge,
            span_s=span_s, width=width, aside=self._aside(span_s, hint),
            marks=self.marks(sampler.latest, now_s, left_s, span_s), empty=self._empty())
        self._held = asked, now_s + max(part_s / 4, HELD_S), found
        return found

    def marks(self, latest: Snapshot | None, now_s: float, left_s: float, span_s: float) -> list[TimeMark]:
        """The changes of the last `span_s` seconds, the right edge of which is in `left_s`."""
        if latest is None or latest.taken_at is None:
            return []
        age_s = now_s - latest.monotonic_s + left_s  # of what the server's clock said, at the edge
        places = ((-(latest.taken_at - change.at).total_seconds() - age_s, change) for change in self.changes.found)
        return [TimeMark(at_s, change.words) for at_s, change in places if -span_s <= at_s <= 0]

    def _by_wait(self, sampler: Sampler, now_s: float, span_s: float, count: int) -> tuple[Layer, ...]:
        names = [series for series, *_ in view.WAITS]
        values = {name: sampler.time_series(name, span_s * (1 + 1 / count)).buckets(now_s, span_s, count)
                  for name in names}
        return view.by_wait(values, span_s)

    def _by_name(self, now_s: float, span_s: float, count: int) -> tuple[Layer, ...]:
        if self.slices is None:
            return ()
        found = self.slices.courses(self.kind, now_s, span_s, count)
        if not any(value is not None for part in found for value in part.values):
            return ()
        return tuple(
            Layer("others", "o", "faint", part.values, _recent(part.values, span_s)) if not part.name else
            Layer(text.cut(part.name, NAME_CELLS), LETTERS[number], TONES[number], part.values,
                  _recent(part.values, span_s))
            for number, part in enumerate(found))

    def _aside(self, span_s: float, hint: Line) -> Line:
        return ((f"last {fmt.duration(span_s)}   ", "dim"), *hint)

    def _empty(self) -> str:
        return "not known yet; an older recording says it by event alone" if self.kind == WAIT else \
            "sampled every 10 s: not yet"


def _clients(at_s: float, backends: Sequence[Backend], pooler: PoolerSample | None) -> Mapping[int, TrueClient]:
    """Who is behind the sessions that come through the pooler, by pid."""
    if pooler is None or pooler.servers is None:
        return {}
    from console.pooler.true_client import true_clients

    return true_clients(backends, pooler, max(0.0, at_s - pooler.taken_s))


def _recent(values: Sequence[float | None], span_s: float) -> str:
    return view.number(view.recent(values, span_s))


def cores(sampler: Sampler | None, name: str, config: Config) -> int | None:
    """How many cores the server has: as configured, or as this machine has where it runs here; None: not known."""
    given: Any = config.targets.get(name)
    if given is not None and given.machine.cores:
        return int(given.machine.cores)
    host = sampler.latest.host if sampler is not None and sampler.latest is not None else None
    return host.cores if host is not None else None
