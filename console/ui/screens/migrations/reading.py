"""What the screen asks of the engine: plans and findings, with all that is slow kept off the screen's loop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from console.migrate import migration_plan
from console.migrate.faults import FileError
from console.migrate.files import is_foreign
from console.migrate.migration_plan import MigrationPlan
from console.migrate.records import Direction, MigrationState, RunRange, ServiceStatus, Step
from console.server.session import Session
from console.services import Service
from console.ui.screens.migrations.state import MigrationSubject
from console.view.migrate.services import MigrationLine

if TYPE_CHECKING:
    from console.migrate.lint import LintFinding
    from console.migrate.plan import PlanStep


class ReadPlan(Struct, frozen=True):
    """What a run would do: its steps, `notes` on what it would leave out and on the reading itself."""

    steps: tuple[PlanStep, ...]
    notes: tuple[str, ...] = ()

    @property
    def statements(self) -> int:
        return sum(len(step.statements) for step in self.steps)


async def make_plan(session: Session, services: Sequence[Service], asked: RunRange,
                    every: Sequence[Service]) -> MigrationPlan:
    """The plan of a run, by the server as it is now; `every` are all services. Raises MigrationError where the run
    would refuse to start."""
    await session.renew()
    return await migration_plan.read(session, services, asked, [service for service in every if is_foreign(service)])


async def show_plan(session: Session, plan: MigrationPlan) -> ReadPlan:
    """What the plan of a run does, statement by statement. Raises ConsoleError when the server can't be asked."""
    return await _planned(session, plan.services, [planned.step for planned in plan.ready], plan.held_notes)


async def read_step(session: Session, service: Service, migration: MigrationState) -> ReadPlan:
    """What running one migration would do, or undoing it where it is applied, whatever comes before or after."""
    direction: Direction = "down" if migration.is_applied or (migration.row is not None
                                                              and migration.row.direction == "down") else "up"
    if migration.file is None or migration.file.script(direction) is None:
        return ReadPlan((), ("there is no file that would do it",))
    done = migration.row.statements_done if migration.row is not None and not migration.is_applied else 0
    return await _planned(session, [service], [Step(migration.file, direction, migration.row, done)])


async def _planned(session: Session, services: Sequence[Service], steps: Sequence[Step],
                   notes: tuple[str, ...] = ()) -> ReadPlan:
    from console.migrate.plan import plan, version_note

    found = await plan(session, steps, services)
    caution = version_note(session) if steps else None
    return ReadPlan(tuple(found), (*notes, caution) if caution is not None else notes)


async def read_findings(session: Session, subject: MigrationSubject,
                        migration: MigrationLine | None) -> Sequence[LintFinding]:
    """The linter's findings in the files of a service, or of one migration, both ways. Raises ConsoleError."""
    from console.migrate.facts import read_catalog
    from console.migrate.lint import lint, lintables_of, relations_and_functions

    assert subject.status is not None and subject.service is not None
    files = [migration_state.file for migration_state in subject.status.migrations
             if migration_state.file is not None
             and (migration is None or migration_state.version == migration.version)]
    lintables = lintables_of(subject.service, files)
    names, functions = await asyncio.to_thread(relations_and_functions, [lintable.script for lintable in lintables])
    catalog = await read_catalog(session, sorted(names, key=str), sorted(functions))
    return await asyncio.to_thread(lint, lintables, catalog)


def proved(statuses: Sequence[ServiceStatus], major: int) -> Mapping[tuple[str, str], dt.datetime]:
    """When the way back of each service and version was proved, as the files are now. Reads them: for a thread."""
    from console.migrate import proofs

    remembered = proofs.read()
    found = {}
    for status in statuses:
        for migration in status.migrations if remembered else ():
            try:
                when = remembered.get(proofs.key(migration.file, major)) if migration.file is not None else None
            except FileError:
                continue
            if when is not None:
                found[migration.service, migration.version] = when
    return found
