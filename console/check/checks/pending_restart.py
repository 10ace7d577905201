"""pending_restart: settings that were changed in a file and wait for the server's restart.

value = the number of settings with pending_restart (pg_settings). WARNING on any: the next restart, whenever it comes,
changes how the server works.
"""

from __future__ import annotations

from console.check import units
from console.check.records import Check, Context, Status, Thresholds, Verdict
from console.metrics.settings.read import PENDING_SETTINGS
from console.server.session import Readings


def evaluate(readings: Readings, thresholds: Thresholds, context: Context) -> Verdict:
    pending = readings.rows(PENDING_SETTINGS) or []
    if not pending:
        return Verdict(Status.OK, "none", 0)
    status = thresholds.status(len(pending))
    names = ", ".join(one.name for one in pending[:5]) + (", ..." if len(pending) > 5 else "")
    return Verdict(status, f"{units.count(len(pending), 'setting waits', 'settings wait')} for a restart: {names}",
                   len(pending), None if status is Status.OK else "restart when it suits, or take the change back")


CHECK = Check(name="pending_restart", title="Settings for restart", evaluate=evaluate, reads=(PENDING_SETTINGS,),
              warning=0)
