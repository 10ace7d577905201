"""deadlocks: transactions that the server ended because they waited for each other.

value = deadlocks of the connected database a day since its statistics were reset; counted over less than a day they are
not multiplied. Where the database was never reset, the time is since the server's statistics began, so the rate is at
least that.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.server.session import Readings
from console.text import format as fmt

DAY_S = 86400.0


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    counters, age = readings.first(DATABASE_COUNTERS), readings.first(STATISTICS_AGE)
    assert counters is not None and age is not None
    a_day = counters.deadlocks / max(1.0, age.counted_s / DAY_S)
    status = thresholds.status(a_day)
    hint = "take rows and locks in the same order everywhere; the server's log names both statements" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{fmt.plural(counters.deadlocks, 'deadlock')} in {fmt.duration(age.counted_s)}",
                        a_day,
                   hint)


CHECK = Check(name="deadlocks", title="Deadlocks a day", evaluate=evaluate, reads=(DATABASE_COUNTERS, STATISTICS_AGE),
              warning=10, screen="activity")
