"""temp_files: what queries wrote to temporary files because work_mem was too small for their sorts and hashes.

value = temp_bytes of the connected database an hour since its statistics were reset, bytes; counted over less than an
hour they are not multiplied. Where the database was never reset, the time is since the server's statistics began.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.server.session import Readings
from console.text import format as fmt

HOUR_S = 3600.0


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    counters, age = readings.first(DATABASE_COUNTERS), readings.first(STATISTICS_AGE)
    assert counters is not None and age is not None
    an_hour = counters.temp_bytes / max(1.0, age.counted_s / HOUR_S)
    status = thresholds.status(an_hour)
    hint = "Statements shows who writes them; give those more work_mem, or an index that brings the order" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{fmt.plural(counters.temp_files, 'file')}, {fmt.size(counters.temp_bytes)} in "
                           f"{fmt.duration(age.counted_s)} ({fmt.size(an_hour)} an hour)", an_hour, hint)


CHECK = Check(name="temp_files", title="Temporary files an hour", evaluate=evaluate,
              reads=(DATABASE_COUNTERS, STATISTICS_AGE), unit="B", warning=5 * 2**30, screen="statements")
