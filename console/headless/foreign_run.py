"""Services that other frameworks migrate, in `dbconsole migrate up` and `down`: their own commands under our lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.errors import UsageError
from console.migrate.frameworks import alembic, commands
from console.migrate.frameworks.commands import CommandFinished, CommandReport, CommandStarted, OutputLine
from console.migrate.frameworks.specs import TITLES
from console.server.target import Target
from console.services import Service

if TYPE_CHECKING:
    from console.headless.migrate import Request
    from console.headless.narration import Narration
    from console.migrate.events import Event
    from console.migrate.frameworks.commands import CommandEvent
    from console.migrate.records import RunPlan


async def run(request: Request, target: Target, services: Sequence[Service], plan: RunPlan,
              narration: Narration) -> list[dict[str, Any]]:
    """Runs up or down of foreign services by their frameworks' own commands, in order. Raises ConsoleError."""
    done = []
    for service in services:
        if not _can(service, plan) and request.options.service is None:
            narration.note(f"{service.name} is left to {TITLES.get(service.framework or '', service.framework)}: "
                           f"no {plan.direction} command is configured")
            continue
        report = await _run(target, service, plan, narration)
        done.append({"service": service.name, "version": report.after[0].last_version if report.after else None,
                     "name": None, "direction": plan.direction, "duration_ms": report.duration_ms})
    return done


async def preview(target: Target, services: Sequence[Service], plan: RunPlan) -> list[str]:
    """What `run` would do: Alembic's own SQL, or the command. Raises ConsoleError."""
    found = []
    for service in services:
        if not _can(service, plan):
            found.append(f"{plan.direction:4} {service.name}: nothing, no command is configured")
        elif _is_alembic(service, plan):
            text = await alembic.plan(target, service, plan.direction, to=plan.to, steps=plan.steps)
            found += [f"{plan.direction:4} {service.name}: by Alembic", *text.rstrip().splitlines()]
        else:
            found.append(f"{plan.direction:4} {service.name}: {commands.configured(service, plan.direction).shown}")
    return found


async def _run(target: Target, service: Service, plan: RunPlan, narration: Narration) -> CommandReport:
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

    if _is_alembic(service, plan):
        return await alembic.migrate(target, service, plan.direction, to=plan.to, steps=plan.steps,
                                     lock_wait_s=plan.lock_wait_s, on_event=tell)
    if plan.to is not None or plan.steps is not None:
        raise UsageError(f"service {service.name}: its own command says how far it goes, --to and --steps don't",
                         hint=f"leave them out, or run {service.framework} by hand")
    return await commands.run(target, service, commands.configured(service, plan.direction),
                              lock_wait_s=plan.lock_wait_s, on_event=tell)


def _can(service: Service, plan: RunPlan) -> bool:
    return _is_alembic(service, plan) or bool(service.up if plan.direction == "up" else service.down)


def _is_alembic(service: Service, plan: RunPlan) -> bool:
    """Driven through Alembic itself, unless the service names its own command for this direction."""
    return service.framework == "alembic" and not (service.up if plan.direction == "up" else service.down)
