"""dead_tuples: tables that vacuum doesn't keep up with.

value = the largest share of dead rows of a table that is beyond autovacuum's own threshold and has 10,000 dead rows or
more, percent; 0 when there is none. As PostgreSQL comes autovacuum begins at 17 %. WARNING at worst unless `critical`
is configured: bloat is slow, not broken.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.tables import DEAD_ROWS
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    tables = readings.rows(DEAD_ROWS) or []
    if not tables:
        return CheckVerdict(Status.OK, "no table with many dead rows beyond autovacuum's threshold", 0.0)
    worst = tables[0]
    status = thresholds.status(worst.dead_percent)
    vacuumed = "" if worst.last_vacuum_age_s is None else f", vacuumed {fmt.duration(worst.last_vacuum_age_s)} ago"
    summary = (f"{fmt.plural(worst.tables, 'table is', 'tables are')} due for vacuum; {worst.schema}.{worst.table} is "
               f"{fmt.percent(worst.dead_percent)} dead ({fmt.count(worst.dead_rows)} rows){vacuumed}")
    hint = None
    if status is not Status.OK:
        hint = "an old transaction, a slot or a lock may keep vacuum away; else VACUUM it, and lower the table's " \
               "autovacuum_vacuum_scale_factor"
        if not worst.is_autovacuumed:
            hint = "autovacuum is off for it: VACUUM it, and turn autovacuum_enabled on again"
    return CheckVerdict(status, summary, worst.dead_percent, hint)


CHECK = Check(name="dead_tuples", title="Dead tuples", evaluate=evaluate, reads=(DEAD_ROWS,), unit="%", warning=30)
