"""statistics_reset: that the counters have counted long enough for the other checks to mean something.

value = seconds since the connected database's statistics were reset, or, where they never were, since those of the
whole server began; lower is worse. These begin anew after a crash, so WARNING also then, but not for a cluster that is
itself new. PostgreSQL 14 gives a new database the time of its creation: there it is always OK.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.server.session import Readings
from console.text import format as fmt

NEW_S = 600.0
"""What lies at most between initdb and the first statistics of a new cluster."""


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    age = readings.first(STATISTICS_AGE)
    assert age is not None
    counted = fmt.duration(age.counted_s)
    if age.database_reset_age_s is not None:
        status = Status.OK if context.info.major < 15 else thresholds.status(age.counted_s)
        return CheckVerdict(status, f"reset {counted} ago", age.counted_s,
                       None if status is Status.OK else "rates and unused indexes mean little until more is counted")
    if age.cluster_age_s is None or age.cluster_age_s - age.server_reset_age_s < NEW_S:
        return CheckVerdict(Status.OK, f"never reset, counted for {counted}", age.counted_s)
    status = thresholds.status(age.counted_s)
    return CheckVerdict(status, f"began anew {counted} ago", age.counted_s,
                   None if status is Status.OK else "the server has crashed, or somebody reset them: see its log")


CHECK = Check(name="statistics_reset", title="Statistics reset", evaluate=evaluate, reads=(STATISTICS_AGE,), unit="s",
              warning=3600, lower_is_worse=True)
