"""long_transactions: the oldest open transaction of a client.

value = the largest now - xact_start in pg_stat_activity, seconds. An old transaction keeps vacuum from removing dead
rows in the whole database. Without pg_read_all_stats a role sees its own user's sessions only: what they show counts,
and the summary says how many are hidden.
"""

from __future__ import annotations

from console.activity.summary.read import OPEN_TRANSACTIONS, SESSION_COUNTS
from console.check.hidden import with_hidden
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    transactions = readings.rows(OPEN_TRANSACTIONS) or []
    if not transactions:
        return with_hidden(CheckVerdict(Status.OK, "no open transaction", 0.0), readings.first(SESSION_COUNTS), context)
    oldest = max(transactions, key=lambda item: item.transaction_age_s)
    age_s = oldest.transaction_age_s
    status = thresholds.status(age_s)
    late = sum(thresholds.status(transaction.transaction_age_s) is not Status.OK for transaction in transactions)
    more = f", {late - 1} more" if late > 1 else ""
    summary = f"the oldest is open for {fmt.duration(age_s)}"
    hint = None
    if status is not Status.OK:
        summary += f": pid {oldest.pid}, {oldest.user} {oldest.application or ''}".rstrip() + more
        hint = f"it holds back vacuum: end it in its application, or SELECT pg_terminate_backend({oldest.pid})"
    return with_hidden(CheckVerdict(status, summary, age_s, hint), readings.first(SESSION_COUNTS), context)


CHECK = Check(name="long_transactions", title="Long transactions", evaluate=evaluate,
              reads=(OPEN_TRANSACTIONS, SESSION_COUNTS), unit="s", warning=30 * 60, critical=2 * 3600,
              screen="activity")
