"""database_size: value = pg_database_size() of the connected database, bytes.

No thresholds by default: how much is too much depends on a disk that the server doesn't describe.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Thresholds
from console.metrics.reads.counters import DATABASE_SIZE
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    size = readings.first(DATABASE_SIZE)
    assert size is not None
    return CheckVerdict(thresholds.status(size.total_bytes), f"{size.database}: {fmt.size(size.total_bytes)}",
                   size.total_bytes)


CHECK = Check(name="database_size", title="Database size", evaluate=evaluate, reads=(DATABASE_SIZE,), unit="B",
              screen="schemas")
