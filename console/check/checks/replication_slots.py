"""replication_slots: WAL that slots keep from being removed, slots that nobody reads, and slots that are lost.

value = the largest current WAL position - restart_lsn of a slot, bytes. Whatever the thresholds: CRITICAL when a slot
is lost; WARNING when it is unreserved (the next checkpoint may lose it), and on a primary when nobody reads from a slot
that keeps WAL: its standby or consumer is gone. From 17 on that has to last a minute. Needs no privilege.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import REPLICATION_SLOTS
from console.metrics.records.counters import ReplicationSlot
from console.server.session import Readings
from console.text import format as fmt

GONE_AFTER_S = 60.0
"""How long a consumer may take to come back."""


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    slots = readings.rows(REPLICATION_SLOTS) or []
    if not slots:
        return CheckVerdict(Status.OK, "no slot", 0)
    judged = [(_judge(slot, thresholds, context), slot) for slot in slots]
    status, worst = max(judged, key=lambda pair: (pair[0].badness, pair[1].retained_bytes or 0))
    retained = max(slot.retained_bytes or 0 for slot in slots)
    age_s = worst.inactive_age_s
    use = "active" if worst.is_active else "inactive" if age_s is None else f"inactive for {fmt.duration(age_s)}"
    if worst.wal_status == "lost":
        summary, hint = f"{worst.name} is lost, its consumer can't go on", \
            "build the consumer anew, then SELECT pg_drop_replication_slot(...)"
    else:
        held = fmt.size(worst.retained_bytes or 0)
        summary = f"{fmt.plural(len(slots), 'slot')}; {worst.name} ({use}) holds {held}"
        hint = None
        if status is not Status.OK:
            hint = "start its consumer, or drop the slot if it is gone for good: WAL fills the disk"
        if worst.wal_status == "unreserved":
            summary += ", more than the server keeps"
    return CheckVerdict(status, summary, retained, hint)


def _judge(slot: ReplicationSlot, thresholds: Thresholds, context: CheckContext) -> Status:
    by_status = {"lost": Status.CRITICAL, "unreserved": Status.WARNING}.get(slot.wal_status or "", Status.OK)
    return Status.worst([thresholds.status(slot.retained_bytes or 0), by_status,
                         Status.WARNING if _is_unread(slot, context) else Status.OK])


def _is_unread(slot: ReplicationSlot, context: CheckContext) -> bool:
    """Whether its reader is gone. On a standby nobody reads from those that are kept in step with the primary's."""
    return not (slot.is_active or slot.is_temporary or slot.retained_bytes is None or context.info.is_standby) \
        and (slot.inactive_age_s is None or slot.inactive_age_s >= GONE_AFTER_S)


CHECK = Check(name="replication_slots", title="Replication slots", evaluate=evaluate, reads=(REPLICATION_SLOTS,),
              unit="B", warning=2**30, critical=10 * 2**30, screen="activity")
