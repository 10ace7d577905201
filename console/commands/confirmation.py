"""A plan that is shown, confirmed and run; shown and asked for once more where it has changed meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from console.commands.migrate import Request
from console.commands.narration import Narration
from console.migrate.run_plan import PlanChanged, RunPlan
from console.server.target import Target

P = TypeVar("P", bound=RunPlan)
R = TypeVar("R")


async def carry_out(request: Request, target: Target, plan: P, lines: Callable[[P], Awaitable[Sequence[str]]],
                    run: Callable[[P], Awaitable[R]], narration: Narration, *, was_asked: bool) -> R:
    """What `run` makes of `plan`, which a person has confirmed or (not `was_asked`) nobody was asked about.

    Where it has changed, a person at a terminal is told what, shown the new plan in `lines`, and asked once more; with
    --yes, or without a terminal, PlanChanged is raised. But where nobody was asked, and all that is different is that
    others have done steps of it, the rest is run: of several runners at once one applies, and the others find it done.
    """
    while True:
        try:
            return await run(plan)
        except PlanChanged as changed:
            now = changed.plan
            if not isinstance(now, type(plan)):
                raise
            if changed.is_done_by_others and (now.is_empty or not was_asked):
                for change in changed.changes:
                    narration.note(change.sentence)
            elif now.is_empty or not request.can_ask:
                raise
            else:
                for line in (changed.summary, *(f"  {change.sentence}" for change in changed.changes), "now:"):
                    narration.note(line)
                request.ask(target, await lines(now), refused="the new plan was not run")
                was_asked = True
            plan = now


def in_lines(lines: Callable[[P], Sequence[str]]) -> Callable[[P], Awaitable[Sequence[str]]]:
    """A plan's own lines, which nobody has to be asked for."""
    async def shown(plan: P) -> Sequence[str]:
        return lines(plan)

    return shown
