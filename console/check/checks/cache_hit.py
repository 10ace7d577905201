"""cache_hit: how much of what the database read was in shared_buffers.

value = 100 * blks_hit / (blks_hit + blks_read) of pg_stat_database since its statistics were reset, percent; lower is
worse. Below 100,000 blocks nothing is judged: a server that has just started has read everything from disk. WARNING at
worst unless `critical` is configured: a cold cache is slow, not broken.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.rates import hit_percent
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.server.session import Readings
from console.text import format as fmt

ENOUGH_BLOCKS = 100_000


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    counters = readings.first(DATABASE_COUNTERS)
    blocks = counters.blocks_hit + counters.blocks_read if counters else 0
    percent = hit_percent(counters.blocks_hit, counters.blocks_read) if counters else None
    if percent is None or blocks < ENOUGH_BLOCKS:
        read = f"{fmt.count(blocks)} of {fmt.count(ENOUGH_BLOCKS)} blocks read"
        return CheckVerdict(Status.OK, f"too early to judge: {read}", percent)
    status = thresholds.status(percent)
    hint = "shared_buffers may be small for the data in use; Statements shows who reads the most" \
        if status is not Status.OK else None
    return CheckVerdict(status, f"{fmt.percent(percent)} of {fmt.count(blocks)} blocks", percent, hint)


CHECK = Check(name="cache_hit", title="Cache hit ratio", evaluate=evaluate, reads=(DATABASE_COUNTERS,), unit="%",
              warning=95, lower_is_worse=True)
