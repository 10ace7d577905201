"""A plan as it is put before a person: read with all that it does, with what is slow kept off the screen's loop."""

from __future__ import annotations

from msgspec import Struct

from console.migrate.frameworks import runner
from console.migrate.frameworks.runner import ExternalPlan
from console.migrate.migration_plan import MigrationPlan
from console.migrate.plan import PlanStep
from console.migrate.records import RunOptions
from console.migrate.repair import RepairPlan
from console.server.target import Target
from console.ui.connection import Connection
from console.ui.screens.migrations import views
from console.ui.screens.migrations.reading import show_plan
from console.ui.screens.migrations.runs import RunnablePlan
from console.ui.widgets.code_pane import sql_lines
from console.view.migrate import plan as plan_view
from console.view.migrate.plan import Paragraph


class Proposal(Struct, frozen=True):
    """What would be run: `plan`, shown as `summary` and `paragraphs`; `steps` name its locks while it runs."""

    name: str
    plan: RunnablePlan
    summary: views.Words
    paragraphs: list[Paragraph]
    steps: tuple[PlanStep, ...] = ()
    options: RunOptions = RunOptions()

    @property
    def title(self) -> str:
        return views.title(self.plan, self.name)


async def propose(connection: Connection, target: Target, name: str, plan: RunnablePlan,
                  options: RunOptions) -> Proposal:
    """Reads what `plan` does, which is run with `options`; `name` says whose it is. Raises ConsoleError."""
    match plan:
        case MigrationPlan():
            async with connection.session() as session:
                found = await show_plan(session, plan)
            return Proposal(name, plan, views.migrations_summary(found, target, keeps_going=options.keep_going),
                            plan_view.plan_paragraphs(found.steps, sql_lines), found.steps, options)
        case ExternalPlan():
            lines = await runner.shown(target, plan)
            return Proposal(name, plan, [(lines[0], ""), (views.place(target), "dim")],
                            views.external_paragraphs(lines, sql_lines))
        case RepairPlan():
            return Proposal(name, plan, [(f"The ledger {views.place(target)} is put right; no migration is run.", "")],
                            views.repair_paragraphs(plan))
