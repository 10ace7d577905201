"""last_checkpoint: that checkpoints still succeed. Without them recovery takes ever longer, and WAL fills the disk.

value = age of the last complete checkpoint by the control file, as a part of checkpoint_timeout, percent; 0 while less
than two segments of WAL were written since, as a quiet server makes none. A checkpoint that takes its time is complete
at 190; what fails (a full disk, a broken one) stays incomplete. Any role may ask.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import LAST_CHECKPOINT
from console.server.session import Readings
from console.text import format as fmt

SEGMENTS = 2


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    last = readings.first(LAST_CHECKPOINT)
    assert last is not None
    is_quiet = last.wal_bytes < SEGMENTS * last.segment_bytes
    percent = 0.0 if is_quiet or last.timeout_s <= 0 else 100.0 * last.age_s / last.timeout_s
    status = thresholds.status(percent)
    summary = (f"{fmt.duration(last.age_s)} ago, {fmt.size(last.wal_bytes)} of WAL since; one is due every "
               f"{fmt.duration(last.timeout_s)}")
    hint = "the server's log says why checkpoints fail or take so long: a full or slow disk" \
        if status is not Status.OK else None
    return CheckVerdict(status, summary, percent, hint)


CHECK = Check(name="last_checkpoint", title="Last checkpoint", evaluate=evaluate, reads=(LAST_CHECKPOINT,), unit="%",
              warning=300, critical=1000)
