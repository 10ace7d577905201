"""Services that other frameworks migrate, in `dbconsole migrate up` and `down`: their own commands under our lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.commands.confirmation import carry_out
from console.migrate.frameworks import runner
from console.migrate.frameworks.commands import CommandFinished, CommandStarted, OutputLine
from console.migrate.frameworks.runner import ExternalPlan
from console.migrate.frameworks.specs import TITLES
from console.server.target import Target
from console.services import Service
from console.text import format as fmt

if TYPE_CHECKING:
    from console.commands.migrate import Request
    from console.commands.narration import Narration
    from console.migrate.events import Event
    from console.migrate.frameworks.commands import CommandEvent
    from console.migrate.records import RunRange


async def plans(target: Target, services: Sequence[Service], asked: RunRange, *, is_named: bool
                ) -> tuple[list[ExternalPlan], list[str]]:
    """What up or down of foreign services would do, in order, and a word on each that nothing is configured to run.

    `is_named`: the service was asked for by name, so that having no command is an error. Raises ConsoleError.
    """
    found, left_out = [], []
    for service in services:
        if runner.can(service, asked.direction) or is_named:
            found.append(await runner.read(target, service, asked))
        else:
            left_out.append(f"{service.name} is left to {TITLES.get(service.framework or '', service.framework)}: "
                            f"no {asked.direction} command is configured")
    return found, left_out


async def run(request: Request, target: Target, plan: ExternalPlan, narration: Narration, *,
              was_asked: bool) -> dict[str, Any]:
    """Runs the plan by the framework's own command; its entry in the document. Raises ConsoleError."""
    def tell(event: Event | CommandEvent) -> None:
        match event:
            case CommandStarted():
                narration.note(f"{event.service}: {event.shown}")
            case OutputLine():
                narration.note(f"  {event.text}")
            case CommandFinished():
                narration.note(f"{event.service}: ended with {event.exit_status} in "
                               f"{fmt.milliseconds(event.duration_ms)}")
            case _:
                narration(event)

    report = await carry_out(request, target, plan, lambda plan: runner.shown(target, plan),
                             lambda plan: runner.run(target, plan, tell, request.run_options()), narration,
                             was_asked=was_asked)
    return {"service": plan.service.name, "version": report.after[0].last_version if report.after else None,
            "name": None, "direction": plan.asked.direction, "duration_ms": report.duration_ms}
