"""connections: how many of the slots that an ordinary role can get are taken.

value = 100 * client sessions / (max_connections - superuser_reserved_connections - reserved_connections), percent.
Every role sees the number of sessions. dbconsole's own take slots, and are counted apart from what others do.
"""

from __future__ import annotations

from console.activity.summary.read import SESSION_COUNTS
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    counts = readings.first(SESSION_COUNTS)
    assert counts is not None
    slots = max(1, counts.max_connections - counts.reserved_connections)
    percent = 100.0 * counts.connections / slots
    status = thresholds.status(percent)
    parts = [f"{number} {word}" for number, word in (
        (counts.active, "active"), (counts.idle, "idle"), (counts.idle_in_transaction, "idle in transaction"),
        (counts.hidden, "hidden"), (counts.own, "of dbconsole")) if number]
    hint = "a pooler in front, a smaller pool in the services, or a larger max_connections (needs a restart)" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{counts.connections} of {slots} ({fmt.percent(percent)}): {', '.join(parts)}",
                        percent, hint)


CHECK = Check(name="connections", title="Connections used", evaluate=evaluate, reads=(SESSION_COUNTS,), unit="%",
              warning=80, critical=95, screen="activity")
