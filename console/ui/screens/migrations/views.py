"""What the screen says: a plan before it is confirmed, what has changed about it, the verdict's proofs and drift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from console.migrate.frameworks.runner import ExternalPlan
from console.migrate.migration_plan import MigrationPlan
from console.migrate.plan import PlanStep
from console.migrate.records import MigrationState
from console.migrate.repair import RepairPlan
from console.migrate.run_plan import PlanChanged, sentences
from console.server.target import Target
from console.text import format as fmt
from console.ui.screens.migrations.reading import ReadPlan
from console.ui.screens.migrations.state import MigrationsState
from console.view.migrate import plan as plan_view
from console.view.migrate import services as view
from console.view.migrate.plan import Highlight, Paragraph
from console.view.table import Tone

Words = Sequence[tuple[str, Tone]]

MOST_LATE = 8
MOST_PIDS = 5


def extra_verdict(state: MigrationsState, now: dt.datetime) -> Words:
    """What the verdict says besides the states: proofs, and drift once it was looked for."""
    words = view.proofs([subject.line for subject in state.found], now)
    if state.drifted is not None:
        when, count = state.drifted
        words.append((f"{fmt.plural(count, 'difference')} to the files" if count else
                      f"no drift {fmt.ago(when, now)}", "warning" if count else "ok"))
    return words


def migrations_summary(found: ReadPlan, target: Target, *, keeps_going: bool = False) -> Words:
    """How much would be run, what the linter says of it, who is in the way, and what is left out; `keeps_going`: one
    tenant's failure stops no other's."""
    findings = [finding for step in found.steps for finding in step.findings]
    amount = f"{fmt.plural(len(found.steps), 'file')}, {fmt.plural(found.statements, 'statement')} {place(target)}"
    words: list[tuple[str, Tone]] = [(amount, "critical" if target.is_production else ""),
                                     plan_view.findings_summary(findings)]
    if pids := sorted(_in_the_way(found.steps)):
        words.append((f"{fmt.plural(len(pids), 'session')} in the way now: it would wait for "
                      f"{', '.join(f'pid {pid}' for pid in pids[:MOST_PIDS])}", "critical"))
    if keeps_going:
        words.append(("where one tenant's file fails, the others are still migrated", "dim"))
    return [*words, *((note, "dim") for note in found.notes)]


def _in_the_way(steps: Sequence[PlanStep]) -> set[int]:
    return {session.pid for step in steps for statement in step.statements for relation in statement.relations
            for session in relation.in_the_way}


def external_paragraphs(lines: Sequence[str], highlight: Highlight) -> list[Paragraph]:
    """What another framework's run would do, below its first line."""
    return [(4, ((" ", ""), *line)) for line in highlight("\n".join(lines[1:]))]


def repair_paragraphs(plan: RepairPlan) -> list[Paragraph]:
    return [(2, ((f" {repair.sentence}", ""),)) for repair in plan.repairs]


def place(target: Target) -> str:
    return f"on {target.label} ({target.environment})"


def changed_words(changed: PlanChanged) -> Words:
    """What has changed since a plan was confirmed: so its run ended, and so the dialog with the new one begins."""
    return [("nothing was run, the plan has changed since it was confirmed", "strong"),
            *((sentence, "warning") for sentence in sentences(changed.changes))]


def late_words(late: Sequence[MigrationState]) -> Words:
    """Migrations that would be run out of order, and when that is all right."""
    more: Words = [(f"and {len(late) - MOST_LATE} more", "dim")] if len(late) > MOST_LATE else []
    return [*((f"{migration.service}/{migration.version} {migration.name} is older than what is applied", "warning")
              for migration in late[:MOST_LATE]), *more,
            ("", ""), ("Run it after what is newer, if the newer ones don't build on it.", "")]


def title(plan: MigrationPlan | ExternalPlan | RepairPlan, name: str) -> str:
    """What a run of `plan` is called; `name` is the service's, or says that it is all of them."""
    match plan:
        case RepairPlan():
            return f"{plan.action} {name}/{plan.version}" if plan.version is not None else f"{plan.action} {name}"
        case MigrationPlan() if plan.asked.failed_only:
            return f"retry {name}"
    return f"{'run' if plan.asked.direction == 'up' else 'roll back'} {name}"
