"""checkpoints_requested: how many checkpoints came because WAL reached max_wal_size (or a command asked), not by time.

value = 100 * requested / (timed + requested) of pg_stat_checkpointer (pg_stat_bgwriter before 17) since they were
reset, percent. Nothing is judged below 20 checkpoints and in the first hour: loading data and dropping databases ask
for some. WARNING at worst unless `critical` is configured: too many checkpoints cost writes, they break nothing.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import CHECKPOINT_COUNTS, STATISTICS_AGE
from console.server.session import Readings
from console.text import format as fmt

ENOUGH = 20
ENOUGH_S = 3600.0


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    counts, age = readings.first(CHECKPOINT_COUNTS), readings.first(STATISTICS_AGE)
    assert counts is not None and age is not None
    total = counts.timed + counts.requested
    percent = 100.0 * counts.requested / total if total else None
    if percent is None or total < ENOUGH or age.server_reset_age_s < ENOUGH_S:
        return CheckVerdict(Status.OK, f"too early to judge: {fmt.plural(total, 'checkpoint')} in "
                                  f"{fmt.duration(age.server_reset_age_s)}", percent)
    status = thresholds.status(percent)
    hint = "raise max_wal_size, so that checkpoints come by checkpoint_timeout" if status is not Status.OK else None
    return CheckVerdict(status, f"{counts.requested} of {total} ({fmt.percent(percent)})", percent, hint)


CHECK = Check(name="checkpoints_requested", title="Requested checkpoints", evaluate=evaluate,
              reads=(CHECKPOINT_COUNTS, STATISTICS_AGE), unit="%", warning=50)
