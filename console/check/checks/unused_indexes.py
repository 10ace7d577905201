"""unused_indexes: what indexes cost that no query has scanned here since the statistics began.

value = the estimated bytes of all indexes of 10 MB or more without a scan that no constraint, uniqueness or replica
identity needs. Judged when the statistics are 7 days old: what runs once a week has run then. A standby counts its own
scans, so the hint says to look there as well.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.tables import UNUSED_INDEXES
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.server.session import Readings
from console.text import format as fmt

ENOUGH_S = 7 * 86400.0


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    indexes, age = readings.rows(UNUSED_INDEXES) or [], readings.first(STATISTICS_AGE)
    assert age is not None
    if not indexes:
        return CheckVerdict(Status.OK, f"none of 10 MB or more in {fmt.duration(age.counted_s)}", 0)
    first = indexes[0]
    names = ", ".join(f"{index.schema}.{index.index}" for index in indexes[:3])
    more = ", ..." if first.unused > 3 else ""
    summary = (f"{fmt.plural(first.unused, 'index', 'indexes')}, about {fmt.size(first.unused_bytes)}, without a "
               f"scan in {fmt.duration(age.counted_s)}: {names}{more}")
    if age.counted_s < ENOUGH_S:
        return CheckVerdict(Status.OK, f"too early to judge: {summary}", first.unused_bytes)
    status = thresholds.status(first.unused_bytes)
    hint = None if status is Status.OK else \
        "see whether the standbys scan them, and what runs once a month; then DROP INDEX CONCURRENTLY"
    return CheckVerdict(status, summary, first.unused_bytes, hint)


CHECK = Check(name="unused_indexes", title="Unused indexes", evaluate=evaluate, reads=(UNUSED_INDEXES, STATISTICS_AGE),
              unit="B", warning=2**30, screen="schemas")
