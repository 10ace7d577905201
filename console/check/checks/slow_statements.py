"""slow_statements: the slowest statement, on average, of those that ran 100 times or more.

value = the largest mean_exec_time of the connected database's in pg_stat_statements since it was reset, milliseconds.
WARNING at worst unless `critical` is configured. A database without the extension is OK and says so.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import SLOW_STATEMENTS
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    statements = readings.rows(SLOW_STATEMENTS) or []
    if not all(statement.is_loaded for statement in statements):
        return CheckVerdict(Status.OK, "pg_stat_statements is made, but not loaded",
                       hint="add it to shared_preload_libraries and restart")
    means = [(statement.mean_ms, statement) for statement in statements if statement.mean_ms is not None]
    if not means:
        return CheckVerdict(Status.OK, "no statement ran 100 times yet, as far as pg_stat_statements knows", 0.0)
    slow = sum(thresholds.status(mean_ms) is not Status.OK for mean_ms, _ in means)
    mean_ms, worst = means[0]
    status = thresholds.status(mean_ms)
    name = "a hidden one" if worst.query_id is None else f"query id {worst.query_id}"
    summary = f"the slowest takes {fmt.milliseconds(mean_ms)} on average: {name}, " \
              f"{fmt.plural(worst.calls or 0, 'call')}"
    if slow > 1:
        summary += f"; {slow - 1} more are slow"
    return CheckVerdict(status, summary, mean_ms,
                   None if status is Status.OK else "Statements shows its text, its plan and what it reads")


CHECK = Check(name="slow_statements", title="Slow statements", evaluate=evaluate, reads=(SLOW_STATEMENTS,), unit="ms",
              warning=1000, screen="statements")
