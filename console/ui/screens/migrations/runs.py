"""The run of a confirmed plan, whatever its kind: its events for the log, and in words how it ended."""

from __future__ import annotations

from console.migrate import apply, repair
from console.migrate.events import Event
from console.migrate.frameworks import runner
from console.migrate.frameworks.commands import CommandEvent, CommandFinished, CommandStarted, OutputLine
from console.migrate.frameworks.runner import ExternalPlan
from console.migrate.migration_plan import MigrationPlan
from console.migrate.records import RunOptions, RunReport
from console.migrate.repair import RepairPlan
from console.server.target import Target
from console.text import format as fmt
from console.ui.jobs import Outcome, Tell
from console.view.table import Tone

RunnablePlan = MigrationPlan | ExternalPlan | RepairPlan


def on_abort(plan: RunnablePlan) -> str:
    """What it means that a run of `plan` was stopped."""
    match plan:
        case MigrationPlan():
            return "The file that ran was rolled back and the event log says so. What was committed before stays."
        case ExternalPlan():
            return "Its command was ended; its ledger says what it has done."
        case RepairPlan():
            return "The ledger is as it was."


async def run(target: Target, plan: RunnablePlan, tell: Tell, options: RunOptions = RunOptions()) -> Outcome:
    """Runs exactly `plan`. Raises PlanChanged where it is another now, ConsoleError."""
    match plan:
        case MigrationPlan():
            return report_words(await apply.run(target, plan, tell, options))
        case ExternalPlan():
            return await _external(target, plan, tell)
        case RepairPlan():
            return [(done.sentence, "ok") for done in await repair.run(target, plan, tell)]


async def _external(target: Target, plan: ExternalPlan, tell: Tell) -> Outcome:
    def on_event(event: Event | CommandEvent) -> None:
        match event:
            case CommandStarted():
                tell((f"{event.shown}  (process {event.pid})", "strong"))
            case OutputLine():
                tell((f"  {event.text}", "" if event.stream == "stdout" else "dim"))
            case CommandFinished():
                tell((f"ended with {event.exit_status} in {fmt.milliseconds(event.duration_ms)}", "dim"))
            case _:
                tell(event)

    report = await runner.run(target, plan, on_event)
    if not report.is_changed:
        return [("done; its ledger says the same as before", "ok")]
    return [(f"done: {ledger.schema}.{ledger.table} is at {ledger.last_version or 'nothing'}", "ok")
            for ledger in report.after]


def report_words(report: RunReport) -> Outcome:
    """A report in words, the answer first."""
    up = sum(step.direction == "up" for step in report.done)
    down = len(report.done) - up
    words = [f"{fmt.plural(up, 'migration')} applied" if up else "",
             f"{fmt.plural(down, 'migration')} rolled back" if down else ""]
    done = " and ".join(filter(None, words)) or "nothing was to be done"
    held: list[tuple[str, Tone]] = [
        (f"held: {migration.service}/{migration.version} {migration.name}: {migration.detail}", "dim")
        for migration in report.held]
    failed: list[tuple[str, Tone]] = [(f"failed: {step.migration.label}: {error.message}", "critical")
                                      for step, error in report.failed]
    if failed:
        done += f"; {fmt.plural(len(failed), 'tenant')} failed, the others were gone on with"
    return [(done, "critical" if failed else "ok"), *failed, *held]
