"""blocked_sessions: sessions that wait for a heavyweight lock.

value = the longest now - pg_locks.waitstart of a lock that isn't granted, seconds; 0 where none waits. Needs no
privilege.
"""

from __future__ import annotations

from console.activity.summary.read import BLOCKED_SESSIONS
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    blocked = readings.rows(BLOCKED_SESSIONS) or []
    if not blocked:
        return CheckVerdict(Status.OK, "none", 0.0)
    longest = max(blocked, key=lambda item: item.wait_age_s or 0.0)
    age_s = longest.wait_age_s or 0.0
    status = thresholds.status(age_s)
    holders = sorted(set(longest.blocked_by or ()))
    for_whom = " and ".join(f"pid {pid}" if pid else "a prepared transaction" for pid in holders[:3])
    behind = f" behind {for_whom}" if for_whom else ""
    summary = (f"{fmt.plural(longest.blocked, 'session')}, the longest for {fmt.duration(age_s)}: "
               f"pid {longest.pid} wants {longest.mode}{behind}")
    hint = "Activity shows the tree of blockers; end the root, not those that wait" if status is not Status.OK else None
    return CheckVerdict(status, summary, age_s, hint)


CHECK = Check(name="blocked_sessions", title="Blocked sessions", evaluate=evaluate, reads=(BLOCKED_SESSIONS,),
              unit="s", warning=30, critical=5 * 60, screen="activity")
