"""pending_restart: settings that were changed in a file and wait for the server's restart.

value = the number of settings with pending_restart (pg_settings). WARNING on any: the next restart, whenever it comes,
changes how the server works.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.settings import PENDING_SETTINGS
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    pending = readings.rows(PENDING_SETTINGS) or []
    if not pending:
        return CheckVerdict(Status.OK, "none", 0)
    status = thresholds.status(len(pending))
    names = ", ".join(item.name for item in pending[:5]) + (", ..." if len(pending) > 5 else "")
    return CheckVerdict(status, f"{fmt.plural(len(pending), 'setting waits', 'settings wait')} for a restart: {names}",
                   len(pending), None if status is Status.OK else "restart when it suits, or take the change back")


CHECK = Check(name="pending_restart", title="Settings for restart", evaluate=evaluate, reads=(PENDING_SETTINGS,),
              warning=0)
