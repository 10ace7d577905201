"""scheduled_jobs: jobs of pg_cron whose last run has failed.

value = the number of active jobs whose last finished run, of the last 10,000 of all, failed. WARNING on any. A database
without pg_cron is OK and says so: its jobs are in the database that `cron.database_name` names. A role that is no
superuser and hasn't BYPASSRLS sees its own jobs alone.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import SCHEDULED_JOBS
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    jobs = readings.rows(SCHEDULED_JOBS) or []
    if not jobs:
        return CheckVerdict(Status.OK, "pg_cron has no active job that this role may see", 0)
    first = jobs[0]
    whose = " of this role" if first.is_own_only else ""
    count = f"{fmt.plural(first.jobs, 'job')}{whose}"
    status = thresholds.status(first.failed)
    if not first.failed:
        unknown = first.jobs - first.recorded
        return CheckVerdict(status, f"{count}, none failed at its last run"
                            + (f"; of {unknown} no run is recorded" if unknown else ""), 0)
    ago = "" if first.ended_s_ago is None else f" {fmt.duration(first.ended_s_ago)} ago"
    why = (first.message or "without a message").strip().splitlines()[0]
    more = f"; {first.failed - 1} more" if first.failed > 1 else ""
    return CheckVerdict(status, f"{first.failed} of {count} failed at the last run: {first.name}{ago}: {why}{more}",
                        first.failed, None if status is Status.OK else
                        "the table cron.job_run_details has its last runs, with their messages")


def _excuse(context: CheckContext) -> str | None:
    return None if "pg_cron" in context.info.extensions else "pg_cron is not installed in this database"


CHECK = Check(name="scheduled_jobs", title="Scheduled jobs", evaluate=evaluate, reads=(SCHEDULED_JOBS,), warning=0,
              excuse=_excuse)
