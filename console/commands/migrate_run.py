"""The commands of `dbconsole migrate` that write: up, down, baseline, repair, seed.

Each makes its plan, shows it and has it confirmed where that is needed, and runs exactly that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.commands import external_run, naming
from console.commands.confirmation import carry_out, in_lines
from console.commands.migrate import Request
from console.commands.narration import Narration
from console.commands.output import say, write_json, write_lines
from console.errors import UsageError
from console.migrate import apply, code_step, migration_plan
from console.migrate import repair as repairing
from console.migrate import seed as seeding
from console.migrate.migration_plan import MigrationPlan, PlannedStep
from console.migrate.records import RunRange, RunReport, Step
from console.migrate.repair import Action, RepairPlan
from console.migrate.seed import SeedPlan
from console.server.script import script_session
from console.server.target import Target
from console.services import Service
from console.text import format as fmt


async def up(request: Request) -> int:
    """Applies what is pending."""
    return await _run(request, request.range())


async def down(request: Request) -> int:
    """Rolls back."""
    return await _run(request, request.range())


async def baseline(request: Request) -> int:
    """Rows for what is in the database already."""
    return await _repair(request, "baseline", request.options.to)


async def repair(request: Request) -> int:
    """Puts the ledger right; `retry` runs again what is half done."""
    options = request.options
    if options.action == "retry":
        return await _run(request, RunRange(failed_only=True))
    return await _repair(request, options.action, options.old_name if options.action == "rename" else options.version)


async def seed(request: Request) -> int:
    """Development data."""
    target = await request.target_to_write()
    services = request.services(target)
    if request.options.dry_run or not seeding.seeds(services):
        say(*(_seed_lines(seeding.make(services, (), ())) or ["no service has seed files"]))
        return 0
    if target.is_production and not request.options.force:
        raise UsageError(f"{target.label} is production: seeds are development data", hint="--force, if that is meant")
    async with script_session(target.direct(), purpose="migrate") as session:
        plan = await seeding.read(session, services)
    if was_asked := request.has_to_ask(target):
        request.ask(target, _seed_lines(plan))
    with Narration() as narration:
        count = await carry_out(
            request, target, plan, in_lines(_seed_lines),
            lambda plan: seeding.run(target, plan, narration, request.run_options()), narration,
            was_asked=was_asked)
    if request.options.json:
        write_json({"target": target.label, "seeded": count})
    return 0


async def _run(request: Request, asked: RunRange) -> int:
    target = await request.target_to_write()
    own, others = external_run.parted(request.services(target), asked)
    plan: MigrationPlan | None = None
    if own or not others:
        plan = await _read(request, target, own, asked)
        if asked.direction == "up" and not plan.is_empty and (named := naming.named(request, own, plan.statuses)):
            plan = await _read(request, target, named, asked)
    foreign = await external_run.plans(target, others, asked)
    options = request.options
    was_asked = (bool(foreign) or (plan is not None and not plan.is_empty)) and request.has_to_ask(target)
    if options.dry_run or was_asked:
        commands = await external_run.shown(target, foreign)
        steps = _steps_text(plan) if plan is not None and (plan.steps or not foreign) else []
        if options.dry_run:
            _put_dry_run(request, target, plan, [*steps, *commands], commands)
            return 0
        request.ask(target, [*steps, *commands])
    document: dict[str, Any] = {"target": target.label, "done": [], "held": [], "duration_ms": 0.0}
    with Narration() as narration:
        if plan is not None:
            report = await carry_out(
                request, target, plan, in_lines(_steps_text),
                lambda plan: apply.run(target, plan, narration, request.run_options()), narration,
                was_asked=was_asked)
            document = _report_document(target.label, report)
            if report.failed:
                narration.note(f"{fmt.plural(len(report.failed), 'tenant')} failed, the others were gone on with: "
                               + ", ".join(step.migration.service for step, _ in report.failed))
        for external in foreign:
            document["done"].append(await external_run.run(request, target, external, narration, was_asked=was_asked))
    if options.json:
        write_json(document)
    return 2 if document.get("failed") else 0


async def _read(request: Request, target: Target, services: Sequence[Service], asked: RunRange) -> MigrationPlan:
    async with script_session(target.direct(), purpose="migrate") as session:
        return await migration_plan.read(session, services, asked, request.beside(target))


def _put_dry_run(request: Request, target: Target, plan: MigrationPlan | None, lines: Sequence[str],
                 commands: Sequence[str]) -> None:
    if request.options.json:
        steps = [] if plan is None else [_step_document(planned.step) for planned in plan.steps]
        write_json({"target": target.label, "steps": steps, "commands": commands})
    else:
        write_lines(lines)


async def _repair(request: Request, action: Action, version: str | None) -> int:
    target = await request.target_to_write()
    services = request.services(target)
    async with script_session(target.direct(), purpose="migrate") as session:
        plan = await repairing.read(session, services, action, version)
    if action in ("baseline", "mark-applied") and (named := naming.named(request, services, plan.statuses)):
        async with script_session(target.direct(), purpose="migrate") as session:
            plan = await repairing.read(session, named, action, version)
    options = request.options
    lines = _repair_lines(plan)
    drifted = await _drifted(request, target, plan) if action == "accept" and plan.repairs else []
    if drifted and not options.allow_drift:
        say(*lines, *drifted, f"{len(drifted)} {'difference' if len(drifted) == 1 else 'differences'} from what the "
                              "files make: nothing was written; --allow-drift accepts it all the same")
        return 1
    if plan.repairs and not options.dry_run:
        if was_asked := request.has_to_ask(target):
            request.ask(target, lines)
        with Narration() as narration:
            done = await carry_out(
                request, target, plan, in_lines(_repair_lines),
                lambda plan: repairing.run(target, plan, narration, request.run_options()), narration,
                was_asked=was_asked)
        lines = [repair.sentence for repair in done]
    if options.json:
        write_json({"target": target.label, "done": [] if options.dry_run else lines, "planned": lines})
    else:
        say(*lines)
    return 0


async def _drifted(request: Request, target: Target, plan: RepairPlan) -> list[str]:
    """How the live schema differs from what the applied files make together with those that were run by hand."""
    if request.options.no_proof:
        return []
    from console.commands.migrate_verify import facts
    from console.demo.scratch import own_cluster
    from console.migrate.run_by_hand import differences

    version, installed = await facts(target)
    return await differences(target, request.services(target, every=True), plan, own_cluster(version, installed)[0])


def _repair_lines(plan: RepairPlan) -> list[str]:
    return [repair.sentence for repair in plan.repairs] or ["there is nothing to do"]


def _seed_lines(plan: SeedPlan) -> list[str]:
    return [f"{planned.frozen.service}: {planned.step.script.path} ({len(planned.script.statements)} statements)"
            for planned in plan.steps]


def _steps_text(plan: MigrationPlan) -> list[str]:
    return [f"{planned.step.direction:4} {planned.step.migration.label}: "
            f"{len(planned.script.statements) - planned.step.done} statements{_manner(planned)}"
            + (f" ({planned.held})" if planned.held else "") for planned in plan.steps] or ["there is nothing to do"]


def _manner(planned: PlannedStep) -> str:
    script = planned.script
    if planned.step.replaced:
        return f", it is put in place of {len(planned.step.replaced)} migrations that are applied"
    if script.directives.command is not None:
        return f", by {code_step.program(planned.step).shown}"
    if (batches := script.directives.batches) is not None:
        return f", in batches of {batches.size} rows"
    if script.in_transaction:
        return ""
    return f", in {len(script.blocks)} transactions of its own" if script.blocks else ", without a transaction"


def _step_document(step: Step) -> dict[str, Any]:
    file = step.migration
    return {"service": file.service, "version": file.version, "name": file.name, "direction": step.direction}


def _report_document(label: str, report: RunReport) -> dict[str, Any]:
    return {
        "target": label, "done": [_step_document(step) for step in report.done],
        "held": [{"service": migration.service, "version": migration.version, "name": migration.name,
                  "reason": migration.detail}
                 for migration in report.held],
        "failed": [_step_document(step) | {"error": error.message} for step, error in report.failed],
        "duration_ms": report.duration_ms}
