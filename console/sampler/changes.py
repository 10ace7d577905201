"""What changed on a server and when, as far as its samples tell: for the time axis of charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from msgspec import Struct

from console.sampler.records import Snapshot

MOST_KEPT = 200

DATABASE_COUNTERS, SETTINGS, INDEX_BUILDS = (
    "metrics.database_counters", "metrics.settings", "activity.progress_create_index")
"""The reads by name: their modules are no part of the start."""


class Change(Struct, frozen=True):
    """Something that changed, by the server's clock, in a few words."""

    at: dt.datetime
    words: str


class Changes:
    """Takes snapshots one after the other; `found` are the changes, oldest first.

    Some have a time of their own and are known from before the first sample: the server's start, a reset of its
    statistics, migrations of the ledger. The others are of the sample in which they were seen first.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._found: dict[Change, None] = {}
        self._settings: Sequence[object] = ()
        self._values: dict[str, str | None] = {}
        self._builds: set[object] = set()
        self._is_standby: bool | None = None
        self._last: tuple[object, ...] = ()
        self._at: dt.datetime | None = None

    @property
    def found(self) -> list[Change]:
        return sorted(self._found, key=lambda change: change.at)

    def take(self, snapshot: Snapshot) -> None:
        """The next snapshot; one that failed says nothing."""
        if snapshot.error is not None or snapshot.taken_at is None or snapshot.info is None:
            return
        if self._at is not None and snapshot.taken_at < self._at:  # a recording was wound back
            self._begin()
        self._at = snapshot.taken_at
        for change in (*self._role(snapshot, snapshot.taken_at), *self._with_times(snapshot),
                       *self._set(snapshot, snapshot.taken_at), *self._built(snapshot, snapshot.taken_at)):
            self._found[change] = None
        while len(self._found) > MOST_KEPT:
            del self._found[next(iter(self._found))]

    def _with_times(self, snapshot: Snapshot) -> Iterator[Change]:
        assert snapshot.info is not None
        counters = snapshot.readings.rows_by_name.get(DATABASE_COUNTERS, ())
        reset = counters[0].stats_reset if counters else None
        statuses = tuple(footprint.migrations for footprint in snapshot.services)
        told = (snapshot.info.started_at, reset, *map(id, statuses))
        if told == self._last:
            return
        self._last = told
        if snapshot.info.started_at is not None:
            yield Change(snapshot.info.started_at, "restart")
        if reset is not None:
            yield Change(reset, "statistics reset")
        for status in statuses:
            for state in status.migrations if status is not None else ():
                if state.row is not None and state.is_applied:
                    yield Change(state.row.applied_at, f"migration {state.service} {state.version}")

    def _role(self, snapshot: Snapshot, at: dt.datetime) -> Iterator[Change]:
        assert snapshot.info is not None
        before, self._is_standby = self._is_standby, snapshot.info.is_standby
        if before is not None and before != self._is_standby:
            yield Change(at, "now a standby" if self._is_standby else "promoted")

    def _set(self, snapshot: Snapshot, at: dt.datetime) -> Iterator[Change]:
        rows = snapshot.readings.rows_by_name.get(SETTINGS, ())
        if rows is self._settings or not rows:
            return
        before, self._settings = self._values, rows
        self._values = {setting.name: setting.reset_setting for setting in rows}
        if before:
            for name, value in self._values.items():
                if name in before and before[name] != value:
                    yield Change(at, f"{name} {value}")

    def _built(self, snapshot: Snapshot, at: dt.datetime) -> Iterator[Change]:
        rows = snapshot.readings.rows_by_name.get(INDEX_BUILDS, ())
        before, self._builds = self._builds, {(row.pid, row.backend_start, row.relation) for row in rows}
        for row in rows:
            if (row.pid, row.backend_start, row.relation) not in before:
                began = at - dt.timedelta(seconds=row.elapsed_s or 0.0)
                yield Change(began, f"{row.command} {row.relation}" if row.relation else row.command)
