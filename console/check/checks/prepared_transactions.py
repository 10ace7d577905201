"""prepared_transactions: the oldest transaction prepared for two-phase commit that nobody has finished.

value = the largest now - prepared of pg_prepared_xacts, seconds. It keeps its locks, also over a restart, and holds
back vacuum. Needs no privilege.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import PREPARED_TRANSACTIONS
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    prepared = readings.rows(PREPARED_TRANSACTIONS) or []
    if not prepared:
        return CheckVerdict(Status.OK, "none", 0.0)
    oldest = max(prepared, key=lambda item: item.age_s)
    status = thresholds.status(oldest.age_s)
    summary = f"{oldest.prepared}, the oldest for {fmt.duration(oldest.age_s)}: {oldest.gid} of {oldest.owner}"
    hint = None if status is Status.OK else f"in database {oldest.database}: COMMIT PREPARED or ROLLBACK PREPARED it"
    return CheckVerdict(status, summary, oldest.age_s, hint)


CHECK = Check(name="prepared_transactions", title="Prepared transactions", evaluate=evaluate,
              reads=(PREPARED_TRANSACTIONS,), unit="s", warning=5 * 60, critical=30 * 60, screen="activity")
