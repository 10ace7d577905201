"""idle_in_transaction: the session that has waited longest for its client inside a transaction.

value = the largest now - state_change of sessions in state "idle in transaction" or "idle in transaction (aborted)",
seconds. What it locked stays locked. Sessions that the role may not see count as in long_transactions.
"""

from __future__ import annotations

from console.activity.summary.read import OPEN_TRANSACTIONS, SESSION_COUNTS
from console.check.hidden import with_hidden
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    idle = [open_transaction for open_transaction in readings.rows(OPEN_TRANSACTIONS) or []
            if (open_transaction.state or "").startswith("idle in")]
    if not idle:
        return with_hidden(CheckVerdict(Status.OK, "none", 0.0), readings.first(SESSION_COUNTS), context)
    longest = max(idle, key=lambda item: item.state_age_s or 0.0)
    age_s = longest.state_age_s or 0.0
    status = thresholds.status(age_s)
    summary = f"{fmt.plural(len(idle), 'session')}, the longest for {fmt.duration(age_s)}"
    hint = None
    if status is not Status.OK:
        summary += f": pid {longest.pid}, {longest.user} {longest.application or ''}".rstrip()
        hint = (f"its locks stay: end it in its application, or SELECT pg_terminate_backend({longest.pid}); "
                "idle_in_transaction_session_timeout prevents it")
    return with_hidden(CheckVerdict(status, summary, age_s, hint), readings.first(SESSION_COUNTS), context)


CHECK = Check(name="idle_in_transaction", title="Idle in transaction", evaluate=evaluate,
              reads=(OPEN_TRANSACTIONS, SESSION_COUNTS), unit="s", warning=5 * 60, critical=30 * 60,
              screen="activity")
