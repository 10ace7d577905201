"""What the screen asks of the engine: plans and findings, with all that is slow kept off the screen's loop."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.migrate.faults import FileError
from console.migrate.preview import preview
from console.migrate.records import Direction, MigrationState, RunPlan, ServiceStatus, Step
from console.migrate.version import ZERO
from console.server.session import Session
from console.services import Service
from console.ui.screens.migrations.subjects import Subject
from console.view.migrations import MigrationLine

if TYPE_CHECKING:
    from console.migrate.lint import Finding
    from console.migrate.plan import PlanStep


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a run would do: its steps, `notes` on what it would leave out and on the reading itself."""

    steps: tuple[PlanStep, ...]
    notes: tuple[str, ...] = ()

    @property
    def statements(self) -> int:
        return sum(len(one.statements) for one in self.steps)


async def read_plan(session: Session, services: Sequence[Service], asked: RunPlan) -> ReadPlan:
    """The plan of a run. Raises MigrationError where it would refuse to start."""
    await session.renew()
    found = await preview(session, services, asked)
    held = tuple(f"{one.step.migration.label} is held: {one.held}" for one in found if one.held is not None)
    return await _planned(session, services, [one.step for one in found if one.held is None], held)


async def read_step(session: Session, service: Service, one: MigrationState) -> ReadPlan:
    """What running one migration would do, or undoing it where it is applied, whatever comes before or after."""
    direction: Direction = "down" if one.is_applied or (one.row is not None and one.row.direction == "down") else "up"
    if one.file is None or one.file.script(direction) is None:
        return ReadPlan((), ("there is no file that would do it",))
    done = one.row.statements_done if one.row is not None and not one.is_applied else 0
    return await _planned(session, [service], [Step(one.file, direction, one.row, done)])


async def _planned(session: Session, services: Sequence[Service], steps: Sequence[Step],
                   notes: tuple[str, ...] = ()) -> ReadPlan:
    from console.migrate.plan import plan, version_note

    found = await plan(session, steps, {service.name: service.schemas for service in services})
    caution = version_note(session) if steps else None
    return ReadPlan(tuple(found), (*notes, caution) if caution is not None else notes)


async def read_findings(session: Session, subject: Subject, migration: MigrationLine | None) -> Sequence[Finding]:
    """The linter's findings in the files of a service, or of one migration, both ways. Raises ConsoleError."""
    from console.migrate.facts import read_catalog
    from console.migrate.lint import Lintable, lint, relations_and_functions

    assert subject.status is not None and subject.service is not None
    files = [one.file for one in subject.status.migrations
             if one.file is not None and (migration is None or one.version == migration.version)]
    directions: tuple[Direction, ...] = ("up", "down")
    lintables = [Lintable(subject.service.name, script, direction, subject.service.schemas) for file in files
                 for direction in directions if (script := file.script(direction)) is not None]
    names, functions = await asyncio.to_thread(relations_and_functions, [one.script for one in lintables])
    catalog = await read_catalog(session, sorted(names, key=str), sorted(functions))
    return await asyncio.to_thread(lint, lintables, catalog)


def proved(statuses: Sequence[ServiceStatus], major: int) -> Mapping[tuple[str, str], dt.datetime]:
    """When the way back of each service and version was proved, as the files are now. Reads them: for a thread."""
    from console.migrate import proofs

    remembered = proofs.read()
    found = {}
    for status in statuses:
        for one in status.migrations if remembered else ():
            try:
                when = remembered.get(proofs.key(one.file, major)) if one.file is not None else None
            except FileError:
                continue
            if when is not None:
                found[one.service, one.version] = when
    return found


def range_of(subject: Subject, migration: MigrationLine | None, direction: Direction, *,
             out_of_order: bool = False) -> RunPlan:
    """Up to and with `migration`, or down to before it; without one everything up, or one step down."""
    if migration is None:
        return RunPlan(direction=direction, steps=None if direction == "up" else 1, out_of_order=out_of_order)
    if direction == "up":
        return RunPlan(to=migration.version, out_of_order=out_of_order)
    before = ZERO
    for one in subject.line.migrations:
        if one.version == migration.version:
            break
        before = one.version
    return RunPlan(direction="down", to=before)
