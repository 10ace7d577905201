"""pooler_maxwait: how long the client has waited that PgBouncer keeps waiting longest.

value = the largest maxwait + maxwait_us / 1e6 over all pools (SHOW POOLS), seconds.
"""

from __future__ import annotations

from console.check.checks.pooler_pools import no_pooler
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    reading = context.pooler
    if reading is None or reading.error is not None:
        return CheckVerdict(Status.UNKNOWN, "PgBouncer does not answer: see pooler_pools" if reading else "not asked")
    if reading.sample is None:
        return CheckVerdict(Status.OK, "not read yet")
    from console.pooler.saturation import saturations  # not before there is a pooler: many records

    waiting = [saturation for saturation in saturations(reading.sample.pools, reading.sample.databases)
               if saturation.pool.cl_waiting]
    if not waiting:
        return CheckVerdict(Status.OK, "no client waits", 0.0)
    longest = max(waiting, key=lambda saturation: saturation.pool.maxwait_s)
    seconds = longest.pool.maxwait_s
    status = thresholds.status(seconds)
    return CheckVerdict(status, f"a client of {longest.pool.key} has waited {fmt.duration(seconds)} for a server",
                        seconds,
                   "Activity shows who keeps the servers busy" if status is not Status.OK else None)


CHECK = Check(name="pooler_maxwait", title="Longest wait in PgBouncer", evaluate=evaluate, excuse=no_pooler, unit="s",
              warning=1, critical=5, screen="pgbouncer", reads_pooler=True)
