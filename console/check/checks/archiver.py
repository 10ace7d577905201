"""archiver: that WAL reaches the archive, where archive_mode is on.

value = complete WAL segments that wait to be archived, by the position of WAL and the last name in pg_stat_archiver
(any role may read both). WARNING at least while the last try failed, however little waits: nothing that is written from
then on can be restored from the archive. A standby archives only with archive_mode = always.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import ARCHIVER_STATE
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    state = readings.first(ARCHIVER_STATE)
    assert state is not None
    if state.mode == "off" or (context.info.is_standby and state.mode != "always"):
        return CheckVerdict(Status.OK, f"does not archive (archive_mode = {state.mode})")
    waiting = state.waiting_segments
    status = thresholds.status(waiting or 0)
    held = "" if not waiting else \
        f"{fmt.plural(waiting, 'segment waits', 'segments wait')} ({fmt.size(waiting * state.segment_bytes)})"
    if state.is_failing:
        age = fmt.duration(state.last_failed_age_s or 0.0)
        words = [f"archiving {state.last_failed_wal} failed {age} ago", held]
        return CheckVerdict(Status.worst([status, Status.WARNING]), ", ".join(filter(None, words)), waiting,
                       "see archive_command or archive_library, and what it says in the server's log")
    if state.last_archived_age_s is None:
        return CheckVerdict(status, "nothing has been archived yet", waiting)
    last = f"the last segment was archived {fmt.duration(state.last_archived_age_s)} ago"
    return CheckVerdict(status, ", ".join(filter(None, [held, last])), waiting,
                   None if status is Status.OK else "archiving is slower than WAL is written: pg_wal grows")


CHECK = Check(name="archiver", title="WAL archiving", evaluate=evaluate, reads=(ARCHIVER_STATE,), warning=10,
              critical=64)
"""The critical 64 segments are 1 GB as PostgreSQL comes."""
