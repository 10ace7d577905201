"""What is kept of a target's active sessions, whoever reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from console.activity.records import Backend
from console.sampler.records import Snapshot
from console.server.session import Readings
from console.ui.active_sessions import SESSIONS, ActiveSessions
from tests.support import builders
from tests.support.activity import backend

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def snapshot(at_s: float, rows: Sequence[Backend]) -> Snapshot:
    return builders.snapshot(taken_at=AT + dt.timedelta(seconds=at_s), monotonic_s=at_s,
                             readings=Readings({SESSIONS: rows}))


def test_what_a_snapshot_still_has_is_no_new_sample() -> None:
    """The sampler reads sessions every 10 s, and its snapshots have them till then; Activity reads them in between."""
    found, of_sampler = ActiveSessions(), [backend(1), backend(2), backend(3)]
    found.take_snapshot(snapshot(100.0, of_sampler), None)
    found.take(101.0, AT + dt.timedelta(seconds=101), [backend(1)], None)
    found.take_snapshot(snapshot(102.0, of_sampler), None)
    assert found.at == AT + dt.timedelta(seconds=101) and len(found.backends) == 1
    assert found.slices is not None and found.slices.shares("user", 102.0, 60.0) == [("app_rw", 2.0)]
    found.take_snapshot(snapshot(110.0, [backend(4)]), None)
    assert [each.pid for each in found.backends] == [4]
