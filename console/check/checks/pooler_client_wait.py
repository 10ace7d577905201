"""pooler_client_wait: how many clients of PgBouncer wait for a server connection.

value = the sum of cl_waiting over all pools (SHOW POOLS).
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
    clients = sum(saturation.pool.cl_waiting for saturation in waiting)
    status = thresholds.status(clients)
    if not waiting:
        return CheckVerdict(status, "no client waits", 0)
    most = max(waiting, key=lambda saturation: saturation.pool.cl_waiting)
    paused = any(saturation.is_paused for saturation in waiting)
    hint = "a database is paused: RESUME" if paused else "a larger pool_size, or shorter transactions" \
        if status is not Status.OK else None
    verb = "waits" if clients == 1 else "wait"
    return CheckVerdict(status, f"{fmt.plural(clients, 'client')} {verb}, most in {most.pool.key} "
                           f"({most.pool.cl_waiting})", clients, hint)


CHECK = Check(name="pooler_client_wait", title="Clients waiting in PgBouncer", evaluate=evaluate, excuse=no_pooler,
              warning=10, critical=50, screen="pgbouncer", reads_pooler=True)
