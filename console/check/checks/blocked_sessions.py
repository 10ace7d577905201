"""blocked_sessions: sessions that wait for a heavyweight lock.

value = now - pg_locks.waitstart of all locks that aren't granted, added up, in seconds: ten sessions that wait for half
a minute are as bad as one that waits for five; 0 where none waits. Needs no privilege.
"""

from __future__ import annotations

from console.activity.summary.read import BLOCKED_SESSIONS
from console.activity.summary.records import WAITED_CRITICAL_S, WAITED_WARNING_S
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    blocked = readings.rows(BLOCKED_SESSIONS) or []
    if not blocked:
        return CheckVerdict(Status.OK, "none", 0.0)
    longest = max(blocked, key=lambda item: item.wait_age_s or 0.0)
    age_s = longest.wait_age_s or 0.0
    waited_s = longest.waited_s if longest.waited_s is not None else sum(item.wait_age_s or 0.0 for item in blocked)
    status = thresholds.status(waited_s)
    holders = sorted(set(longest.blocked_by or ()))
    for_whom = " and ".join(f"pid {pid}" if pid else "a prepared transaction" for pid in holders[:3])
    behind = f" behind {for_whom}" if for_whom else ""
    together = f" for {fmt.duration(waited_s)} together" if longest.blocked > 1 else ""
    summary = (f"{fmt.plural(longest.blocked, 'session')}{together}, the longest for {fmt.duration(age_s)}: "
               f"pid {longest.pid} wants {longest.mode}{behind}")
    hint = "Activity shows the tree of blockers; end the root, not those that wait" if status is not Status.OK else None
    return CheckVerdict(status, summary, waited_s, hint)


CHECK = Check(name="blocked_sessions", title="Blocked sessions", evaluate=evaluate, reads=(BLOCKED_SESSIONS,),
              unit="s", warning=WAITED_WARNING_S, critical=WAITED_CRITICAL_S, screen="activity")
