"""pooler_pools: how full the fullest of PgBouncer's pools is.

value = the largest of 100 * servers in use / pool_size over the pools (SHOW POOLS, SHOW DATABASES), percent. The
reserve counts as in use beyond 100. Never CRITICAL by itself: a full pool in which nobody waits is well sized, and
`pooler_client_wait` and `pooler_maxwait` tell when somebody does. A pooler that doesn't answer is CRITICAL, here alone.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt


def no_pooler(context: CheckContext) -> str | None:
    """Why the checks of PgBouncer don't concern a target."""
    return None if context.target.pgbouncer_conninfo is not None else "no pooler configured"


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    reading = context.pooler
    if reading is None:
        return CheckVerdict(Status.UNKNOWN, "not asked")
    if reading.error is not None:
        return CheckVerdict(Status.CRITICAL, reading.error.summary, hint=reading.error.hint)
    if reading.sample is None:
        return CheckVerdict(Status.OK, "not read yet")
    from console.pooler.saturation import saturations  # not before there is a pooler: many records

    pools = saturations(reading.sample.pools, reading.sample.databases)
    known = [(pool.percent, pool) for pool in pools if pool.percent is not None]
    if not known:
        return CheckVerdict(Status.OK, "no pool is in use" if not pools else "the sizes of the pools are not known")
    percent, fullest = max(known, key=lambda pair: pair[0])
    status = thresholds.status(percent)
    return CheckVerdict(
        status, f"{fullest.pool.key}: {fullest.active} of {fullest.size} servers in use ({fmt.percent(percent)})",
        percent,
        "a larger pool_size where PostgreSQL has connections left, or shorter transactions"
        if status is not Status.OK else None)


CHECK = Check(name="pooler_pools", title="PgBouncer's fullest pool", evaluate=evaluate, excuse=no_pooler, unit="%",
              warning=90, screen="pgbouncer", reads_pooler=True)
