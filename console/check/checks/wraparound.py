"""wraparound: how near the oldest database is to running out of transaction or multixact ids.

value = 100 * max(age(datfrozenxid), mxid_age(datminmxid)) / 2^31 over all databases, percent. The server refuses to
assign ids about 3 million before the end; autovacuum prevents it from autovacuum_freeze_max_age on (9 % by default).
Defaults 50 % and 65 % (1.07 and 1.4 thousand million): while there is still a day or more to act on most servers.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import FREEZE_AGES
from console.server.session import Readings
from console.text import format as fmt

LIMIT = 2.0**31


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    ages = readings.rows(FREEZE_AGES) or []
    worst = max(ages, key=lambda item: max(item.transaction_age, item.multixact_age))
    age = max(worst.transaction_age, worst.multixact_age)
    kind = "transactions" if worst.transaction_age >= worst.multixact_age else "multixacts"
    percent = 100.0 * age / LIMIT
    status = thresholds.status(percent)
    hint = None
    if status is not Status.OK:
        hint = (f"VACUUM (FREEZE) the oldest tables of {worst.database}; look for old transactions, prepared ones and "
                "replication slots that hold it back")
    return CheckVerdict(status, f"{fmt.count(age)} of {fmt.count(LIMIT)} {kind} ({fmt.percent(percent)}) in "
                           f"{worst.database}", percent, hint)


CHECK = Check(name="wraparound", title="Wraparound", evaluate=evaluate, reads=(FREEZE_AGES,), unit="%",
              warning=50, critical=65)
