"""invalid_indexes: indexes that no query uses because building them failed; writes may still pay for them.

value = the number of indexes of the database that are not valid, ready and live, without those being built right now
and without partitioned ones. WARNING on any; a failed index is no emergency, so CRITICAL only where configured.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import INVALID_INDEXES
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    invalid = readings.rows(INVALID_INDEXES) or []
    if not invalid:
        return CheckVerdict(Status.OK, "none", 0)
    names = ", ".join(f"{item.schema}.{item.index}" for item in invalid[:3])
    more = ", ..." if invalid[0].invalid > 3 else ""
    status = thresholds.status(invalid[0].invalid)
    hint = "DROP INDEX CONCURRENTLY it and build it again, or REINDEX INDEX CONCURRENTLY" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{fmt.plural(invalid[0].invalid, 'index', 'indexes')}: {names}{more}",
                   invalid[0].invalid, hint)


CHECK = Check(name="invalid_indexes", title="Invalid indexes", evaluate=evaluate, reads=(INVALID_INDEXES,), warning=0,
              screen="schemas")
