"""replication_lag: how far the furthest standby is behind, or how far this standby is.

On a server with standbys value = the largest replay_lag of pg_stat_replication, seconds (base backups left out; 0 for
one that has replayed everything). On a standby value = 0 when everything received is replayed and WAL streams, else
now - pg_last_xact_replay_timestamp(); that is by two servers' clocks. A standby that isn't connected doesn't show on
its primary: its slot does, see replication_slots.
"""

from __future__ import annotations

from typing import Any

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import RECOVERY, STANDBYS
from console.metrics.records.counters import Recovery
from console.server.query import Query
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    if context.info.is_standby and (recovery := readings.first(RECOVERY)) is not None:
        return _standby(recovery, thresholds)
    standbys = readings.rows(STANDBYS) or []
    if not standbys:
        return CheckVerdict(Status.OK, "no standby is connected")
    seen = [standby for standby in standbys if standby.state is not None]
    if not seen:
        return CheckVerdict(Status.OK, f"{fmt.plural(len(standbys), 'standby', 'standbys')}, hidden from this role",
                       hint=f"GRANT pg_monitor TO {context.info.quoted_user}")
    known = [(item.lag_s if item.lag_s is not None else 0.0, item.lag_bytes or 0, item) for item in seen
             if item.lag_s is not None or item.lag_bytes == 0]
    if not known:
        furthest = max((item.lag_bytes for item in seen if item.lag_bytes is not None), default=None)
        behind = f", {fmt.size(furthest)} behind" if furthest is not None else ""
        return CheckVerdict(Status.OK,
                            f"{fmt.plural(len(seen), 'standby', 'standbys')}{behind}, no delay measured yet")
    lag_s, lag_bytes, worst = max(known, key=lambda pair: pair[:2])
    status = thresholds.status(lag_s)
    hint = "its disk or network is slow, or its queries hold replay back (max_standby_streaming_delay)" \
        if status is not Status.OK else None
    return CheckVerdict(status,
                        f"{fmt.plural(len(seen), 'standby', 'standbys')}, the furthest {worst.name or worst.pid} "
                           f"{fmt.duration(lag_s)} ({fmt.size(lag_bytes)}) behind", lag_s, hint)


def _standby(recovery: Recovery, thresholds: Thresholds) -> CheckVerdict:
    if recovery.is_streaming and not recovery.lag_bytes:
        return CheckVerdict(Status.OK, "this standby streams and has replayed all that it received", 0.0)
    lag_s = recovery.last_replayed_age_s
    how = "replay is paused" if recovery.is_paused else "streaming" if recovery.is_streaming else "no WAL receiver"
    if lag_s is None:
        return CheckVerdict(Status.OK, f"this standby has replayed no transaction yet, {how}")
    status = thresholds.status(lag_s)
    hint = None
    if status is not Status.OK:
        hint = "resume it: SELECT pg_wal_replay_resume()" if recovery.is_paused else \
            "see primary_conninfo and the standby's log" if not recovery.is_streaming else \
            "queries on the standby may hold replay back (max_standby_streaming_delay)"
    return CheckVerdict(status, f"the last replayed transaction is {fmt.duration(lag_s)} old, {how}", lag_s, hint)


def more(context: CheckContext) -> tuple[Query[Any], ...]:
    return (RECOVERY,) if context.info.is_standby else ()


CHECK = Check(name="replication_lag", title="Replication lag", evaluate=evaluate, reads=(STANDBYS,), more=more,
              unit="s", warning=30, critical=5 * 60, screen="activity")
