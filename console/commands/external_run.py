"""Services that other frameworks migrate, in `dbconsole migrate up` and `down`: their own commands under our lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.migrate.frameworks import runner
from console.migrate.frameworks.commands import CommandFinished, CommandStarted, OutputLine
from console.migrate.frameworks.specs import TITLES
from console.server.target import Target
from console.services import Service

if TYPE_CHECKING:
    from console.commands.migrate import Request
    from console.commands.narration import Narration
    from console.migrate.events import Event
    from console.migrate.frameworks.commands import CommandEvent
    from console.migrate.records import RunPlan


async def run(request: Request, target: Target, services: Sequence[Service], plan: RunPlan,
              narration: Narration) -> list[dict[str, Any]]:
    """Runs up or down of foreign services by their frameworks' own commands, in order. Raises ConsoleError."""
    def tell(event: Event | CommandEvent) -> None:
        match event:
            case CommandStarted():
                narration.note(f"{event.service}: {event.shown}")
            case OutputLine():
                narration.note(f"  {event.text}")
            case CommandFinished():
                narration.note(f"{event.service}: ended with {event.exit_status} in {event.duration_ms:.0f} ms")
            case _:
                narration(event)

    done = []
    for service in services:
        if not runner.can(service, plan.direction) and request.options.service is None:
            narration.note(f"{service.name} is left to {TITLES.get(service.framework or '', service.framework)}: "
                           f"no {plan.direction} command is configured")
            continue
        report = await runner.run(target, service, plan, tell)
        done.append({"service": service.name, "version": report.after[0].last_version if report.after else None,
                     "name": None, "direction": plan.direction, "duration_ms": report.duration_ms})
    return done


async def preview(target: Target, services: Sequence[Service], plan: RunPlan) -> list[str]:
    """What `run` would do: Alembic's own SQL, or the command. Raises ConsoleError."""
    return [line for service in services for line in await runner.preview(target, service, plan)]
