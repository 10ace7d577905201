"""Up and down of services that other frameworks migrate: by Alembic, or by the commands that the service names."""

from __future__ import annotations

from console.errors import UsageError
from console.migrate.frameworks import alembic, commands
from console.migrate.frameworks.commands import CommandListener, CommandReport
from console.migrate.records import Direction, RunPlan
from console.server.target import Target
from console.services import Service


def can(service: Service, direction: Direction) -> bool:
    """Whether there is something that would run it."""
    return _is_alembic(service, direction) or bool(service.up if direction == "up" else service.down)


async def preview(target: Target, service: Service, plan: RunPlan) -> list[str]:
    """What `run` would do, in lines: Alembic's own SQL, or the command. Raises ConsoleError."""
    if not can(service, plan.direction):
        return [f"{plan.direction:4} {service.name}: nothing, no command is configured"]
    if _is_alembic(service, plan.direction):
        text = await alembic.plan(target, service, plan.direction, to=plan.to, steps=plan.steps)
        return [f"{plan.direction:4} {service.name}: by Alembic", *text.rstrip().splitlines()]
    return [f"{plan.direction:4} {service.name}: {commands.configured(service, plan.direction).shown}"]


async def run(target: Target, service: Service, plan: RunPlan, on_event: CommandListener) -> CommandReport:
    """Runs it under our lock, as far as `plan` says. Raises ConsoleError."""
    if _is_alembic(service, plan.direction):
        return await alembic.migrate(target, service, plan.direction, to=plan.to, steps=plan.steps,
                                     lock_wait_s=plan.lock_wait_s, on_event=on_event)
    if plan.to is not None or plan.steps is not None:
        raise UsageError(f"service {service.name}: its own command says how far it goes, --to and --steps don't",
                         hint=f"leave them out, or run {service.framework} by hand")
    return await commands.run(target, service, commands.configured(service, plan.direction),
                              lock_wait_s=plan.lock_wait_s, on_event=on_event)


def _is_alembic(service: Service, direction: Direction) -> bool:
    """Driven through Alembic itself, unless the service names its own command for this direction."""
    return service.framework == "alembic" and not (service.up if direction == "up" else service.down)
