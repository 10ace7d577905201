"""freeze_age: tables of this database that autovacuum should have frozen by now, and hasn't.

value = the largest 100 * max(age(relfrozenxid) / autovacuum_freeze_max_age, mxid_age(relminmxid) /
autovacuum_multixact_freeze_max_age) of a table or its TOAST, percent. Reaching 100 % is everyday life: then autovacuum
begins. Staying above says that something keeps it from it. How near that is to the end, over all databases, is
`wraparound`, which is CRITICAL in time; this one isn't unless configured.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.tables import TABLE_FREEZE_AGES
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    tables = readings.rows(TABLE_FREEZE_AGES) or []
    if not tables:
        return CheckVerdict(Status.OK, "no table", 0.0)
    worst = tables[0]
    percent = worst.percent_of_max
    status = thresholds.status(percent)
    part = " (its TOAST)" if worst.is_toast else ""
    summary = (f"{worst.schema}.{worst.table}{part}: {fmt.count(worst.transaction_age)} transactions, "
               f"{fmt.count(worst.multixact_age)} multixacts old ({fmt.percent(percent)} of what autovacuum allows)")
    hint = None
    if status is not Status.OK:
        hint = "VACUUM (FREEZE) it; look for old transactions, prepared ones, slots and locks that keep autovacuum away"
    return CheckVerdict(status, summary, percent, hint)


CHECK = Check(name="freeze_age", title="Oldest table", evaluate=evaluate, reads=(TABLE_FREEZE_AGES,), unit="%",
              warning=120)
