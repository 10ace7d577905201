"""data_safety: settings that endanger data, or starve vacuum: fsync, full_page_writes, autovacuum and track_counts off.

value = how many of them are off. CRITICAL on any: what is lost by them isn't noticed before it is too late.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.settings import GUARDING_SETTINGS
from console.metrics.settings_advice import GUARDING
from console.server.session import Readings


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    off = [setting.name for setting in readings.rows(GUARDING_SETTINGS) or () if not setting.is_on]
    if not off:
        return CheckVerdict(Status.OK, f"{', '.join(GUARDING)} are on", 0)
    status = thresholds.status(len(off))
    return CheckVerdict(status, "; ".join(f"{name} is off: {GUARDING[name]}" for name in off), len(off),
                        None if status is Status.OK else "; ".join(f"ALTER SYSTEM SET {name} = on" for name in off)
                        + "; then SELECT pg_reload_conf()")


CHECK = Check(name="data_safety", title="Settings that endanger data", evaluate=evaluate, reads=(GUARDING_SETTINGS,),
              critical=0)
