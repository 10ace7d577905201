"""duplicate_indexes: indexes that only cost writes and space, because another one does the same.

value = the number of indexes with the same table, method, columns, operator classes, order, expressions and condition
as another that is at least as unique. WARNING on any, CRITICAL only where configured.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.tables import DUPLICATE_INDEXES
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    indexes = readings.rows(DUPLICATE_INDEXES) or []
    if not indexes:
        return CheckVerdict(Status.OK, "none", 0)
    first = indexes[0]
    status = thresholds.status(first.duplicates)
    names = ", ".join(f"{index.schema}.{index.index} (as {index.same_as})" for index in indexes[:3])
    more = ", ..." if first.duplicates > 3 else ""
    hint = "DROP INDEX CONCURRENTLY them; one behind a constraint goes with ALTER TABLE ... DROP CONSTRAINT" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{fmt.plural(first.duplicates, 'index', 'indexes')}, about "
                           f"{fmt.size(first.duplicate_bytes)}: {names}{more}", first.duplicates, hint)


CHECK = Check(name="duplicate_indexes", title="Duplicate indexes", evaluate=evaluate, reads=(DUPLICATE_INDEXES,),
              warning=0, screen="schemas")
