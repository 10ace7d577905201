"""Services that other frameworks migrate, in `dbconsole migrate up` and `down`: their own commands under our lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.commands.confirmation import carry_out
from console.commands.output import say
from console.errors import UsageError
from console.migrate.files import by_framework
from console.migrate.frameworks import runner
from console.migrate.frameworks.commands import CommandFinished, CommandStarted, OutputLine
from console.migrate.frameworks.runner import ExternalPlan
from console.server.target import Target
from console.services import Service
from console.text import format as fmt

if TYPE_CHECKING:
    from console.commands.migrate import Request
    from console.commands.narration import Narration
    from console.migrate.events import Event
    from console.migrate.frameworks.commands import CommandEvent
    from console.migrate.records import RunRange


def parted(services: Sequence[Service], asked: RunRange) -> tuple[Sequence[Service], Sequence[Service]]:
    """The services that dbconsole migrates and those of other frameworks that a run is about.

    Several never go down by one word: others are left out, which is said. Raises UsageError where nothing would be
    left.
    """
    own, others = by_framework(services)
    if asked.failed_only:
        return own, ()
    if asked.direction == "down" and others and len(services) > 1:
        if not own:
            raise UsageError("down of which service?", hint="--service, one of "
                             + ", ".join(service.name for service in others))
        say(*(f"{service.name} is left out: down --service {service.name} is for it alone" for service in others))
        return own, ()
    return own, others


async def plans(target: Target, services: Sequence[Service], asked: RunRange) -> list[ExternalPlan]:
    """What up or down of foreign services would do, in order.

    A service that nothing is configured to run is left out where its files and its ledger agree that there is nothing
    to do; else that is an error. Raises ConsoleError.
    """
    return [await runner.read(target, service, asked) for service in services
            if runner.can(service, asked.direction) or not await runner.is_done(target, service, asked)]


async def shown(target: Target, plans: Sequence[ExternalPlan]) -> list[str]:
    """The plans in lines. Raises ConsoleError."""
    return [line for plan in plans for line in await runner.shown(target, plan)]


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
