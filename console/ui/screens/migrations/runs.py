"""Runs of other frameworks: their output as a log, their ledger read before and after."""

from __future__ import annotations

from console.migrate.events import Event
from console.migrate.frameworks import runner
from console.migrate.frameworks.commands import CommandEvent, CommandFinished, CommandStarted, OutputLine
from console.migrate.frameworks.runner import ExternalPlan
from console.server.target import Target
from console.ui.jobs import Outcome, Tell
from console.view import format as fmt


async def run(target: Target, plan: ExternalPlan, tell: Tell) -> Outcome:
    """Runs the framework's own command under our lock. Raises ConsoleError."""
    def told(event: Event | CommandEvent) -> None:
        match event:
            case CommandStarted():
                tell((f"{event.shown}  (process {event.pid})", "strong"))
            case OutputLine():
                tell((f"  {event.text}", "" if event.stream == "stdout" else "dim"))
            case CommandFinished():
                tell((f"ended with {event.exit_status} in {fmt.milliseconds(event.duration_ms)}", "dim"))
            case _:
                tell(event)

    report = await runner.run(target, plan, told)
    if not report.is_changed:
        return [("done; its ledger says the same as before", "ok")]
    return [(f"done: {ledger.schema}.{ledger.table} is at {ledger.last_version or 'nothing'}", "ok")
            for ledger in report.after]
