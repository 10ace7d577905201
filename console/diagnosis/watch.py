"""The diagnosis of a target that is sampled: one more sample, what is wrong now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.diagnosis.case import DATA, PG_WAL, Memory, Observed
from console.diagnosis.diagnose import diagnose
from console.diagnosis.records import Finding
from console.pooler.records import PoolerSample
from console.sampler.changes import Change
from console.sampler.records import Snapshot

if TYPE_CHECKING:
    from console.metrics.local import HostLoad


class ReadTimes:
    """When the rows of each read came: those of a read that wasn't asked again are the very rows of the sample before.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[Sequence[Any], dt.datetime]] = {}

    def take(self, rows: Mapping[str, Sequence[Any]], at: dt.datetime) -> dict[str, dt.datetime]:
        self._last = {name: (found, self._time(name, found, at)) for name, found in rows.items()}
        return {name: time for name, (_, time) in self._last.items()}

    def _time(self, name: str, found: Sequence[Any], at: dt.datetime) -> dt.datetime:
        before, time = self._last.get(name, ((), at))
        is_same = before is found or (len(before) == len(found) > 0 and all(map(_is, before, found)))
        return time if is_same else at


def _is(row: object, other: object) -> bool:
    return row is other


def of_machine(host: HostLoad | None) -> dict[str, Any]:
    """What Observed has of the server's machine, where that is known."""
    if host is None:
        return {}
    disks = {DATA: host.disk_percent, PG_WAL: host.wal_disk_percent}
    return {"disks": {name: used for name, used in disks.items() if used is not None}, "cores": host.cores,
            "cpu_percent": host.cpu_percent}


class Diagnosis:
    """Takes snapshots of a sampler one after the other; `findings` are those of the last, most urgent first."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._memory = Memory()
        self._times = ReadTimes()
        self._at: dt.datetime | None = None

    @property
    def names_sessions(self) -> bool:
        """Whether a finding is about sessions that may be a pooler's: a session, or a pool."""
        return any(finding.subject.pid is not None or finding.subject.pool is not None for finding in self.findings)

    def take(self, snapshot: Snapshot, changes: Sequence[Change], pooler: PoolerSample | None = None) -> None:
        """The next snapshot, with the changes that were seen up to it. One that failed changes nothing; one from
        before the last, as when a recording is wound back, begins anew."""
        if snapshot.error is not None or snapshot.taken_at is None or snapshot.info is None:
            return
        if self._at is not None and snapshot.taken_at < self._at:
            self._memory, self._times = Memory(), ReadTimes()
        self._at = snapshot.taken_at
        rows = snapshot.readings.rows_by_name
        self.findings = diagnose(self._memory.take(Observed(
            at=snapshot.taken_at, info=snapshot.info, rows=rows, read_at=self._times.take(rows, snapshot.taken_at),
            pooler=pooler, pooler_age_s=max(0.0, snapshot.monotonic_s - pooler.taken_s) if pooler is not None else 0.0,
            changes=changes, **of_machine(snapshot.host))))
