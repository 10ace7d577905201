"""Development data: `seed/*.sql` of each service, after the services it depends on, one transaction a file.

Seeds have no versions: running them twice runs them twice, so they say ON CONFLICT DO NOTHING or delete first.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct

from console.migrate import ledger, tenants
from console.migrate.apply import Runner, guarded
from console.migrate.events import FileFinished, FileStarted, Listener
from console.migrate.faults import MigrationError
from console.migrate.files import read_services
from console.migrate.migration_plan import PlannedStep
from console.migrate.prepare import prepare
from console.migrate.records import LedgerRow, MigrationFile, RunOptions, Script, Step
from console.migrate.run_lock import RunLock, locked_session
from console.migrate.run_plan import FrozenStep, confirmed
from console.server.query import load
from console.server.session import Session
from console.server.target import Target
from console.services import Service

VERSION = "seed"


class SeedRun(Struct, frozen=True):
    """sql/last_seeds.sql as it comes: the last run of one seed file, `name` without its suffix."""

    service: str
    name: str
    at: dt.datetime
    database_user: str
    os_user: str
    host: str


LAST_SEEDS = load("console.migrate", "last_seeds", SeedRun)


class SeedPlan(Struct, frozen=True):
    """The seed files of `services` in their order, each with its last run, and where the services' ledgers stand."""

    services: tuple[Service, ...]
    steps: tuple[PlannedStep, ...]
    applied: Mapping[str, str]

    @property
    def basis(self) -> tuple[FrozenStep, ...]:
        return tuple(step.frozen for step in self.steps)

    @property
    def facts(self) -> Mapping[str, str]:
        return self.applied

    @property
    def is_empty(self) -> bool:
        return not self.steps

    def fate(self, step: FrozenStep) -> FrozenStep | None:
        """None: a seed that is no step has no file."""
        return None


def seeds(services: Sequence[Service]) -> tuple[Step, ...]:
    """The seed files in the order in which they run. Raises MigrationError."""
    by_name = {service.name: service for service in services}
    graph = {name: [text for text in service.depends_on if text in by_name] for name, service in by_name.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise MigrationError("services depend on each other: " + " -> ".join(error.args[1]),
                             hint="take one of the depends_on entries out") from None
    return tuple(Step(MigrationFile(name, VERSION, path.stem, Script(path), tenant=files.service.tenant), "up")
                 for name, files in zip(order, read_services(map(by_name.__getitem__, order)), strict=True)
                 for path in files.seeds)


async def read(session: Session, services: Sequence[Service]) -> SeedPlan:
    """The plan as things are now. Raises MigrationError."""
    services = await tenants.expanded(session, services)
    there = session.info.ledger_exists
    rows, last = await ledger.read(session), await session.fetch(LAST_SEEDS) if there else []
    return await asyncio.to_thread(make, services, rows, last)


def make(services: Sequence[Service], rows: Sequence[LedgerRow], last: Iterable[SeedRun]) -> SeedPlan:
    """The plan by the files, which it reads, the ledger's rows and the last run of each file. Raises MigrationError."""
    runs = {(run.service, run.name): run for run in last}
    planned = []
    for step in seeds(services):
        file, run = step.migration, runs.get((step.migration.service, step.migration.name))
        step.script.keep()
        planned.append(PlannedStep(FrozenStep(
            file.service, f"{VERSION}_{file.name}", "", "seed", step.script.checksum, "seed", 0,
            run.at if run else None, f"{run.database_user} ({run.os_user}@{run.host})" if run else None),
            step, prepare(step.script)))
    names = {planned_step.frozen.service for planned_step in planned}
    latest = {row.service: row for row in rows if row.state == "applied"}
    counts = {name: sum(row.service == name and row.state == "applied" for row in rows) for name in names}
    applied = {f"the ledger of {name}": f"at {latest[name].version}, {counts[name]} applied" if name in latest
               else "empty" for name in sorted(names)}
    return SeedPlan(tuple(services), tuple(planned), applied)


async def run(target: Target, plan: SeedPlan, on_event: Listener, options: RunOptions = RunOptions()) -> int:
    """Runs exactly the files of `plan` and returns how many. Raises PlanChanged, MigrationError."""
    return await _run(target, plan.services, plan, on_event, options)


async def plan_and_run(target: Target, services: Sequence[Service], on_event: Listener,
                       options: RunOptions = RunOptions()) -> int:
    """Plans under the lock and runs at once, for what shows its plan to nobody. Raises MigrationError."""
    return await _run(target, services, None, on_event, options)


async def _run(target: Target, services: Sequence[Service], shown: SeedPlan | None, on_event: Listener,
               options: RunOptions) -> int:
    target = target.direct()
    async with locked_session(target, wait_s=options.lock_wait_s, on_event=on_event) as (lock, session):
        await ledger.ensure(session)
        services = await tenants.expanded(session, services)
        making = asyncio.to_thread(make, services, await session.fetch(ledger.ROWS), await session.fetch(LAST_SEEDS))
        plan = await (making if shown is None else confirmed(shown, making))
        runner = Runner(target, session, options, on_event)
        await guarded(lock, runner, _run_all(runner, plan.steps, lock))
    return len(plan.steps)


async def _run_all(runner: Runner, steps: Sequence[PlannedStep], lock: RunLock) -> None:
    for number, planned in enumerate(steps, 1):
        lock.check()
        step, script = planned.step, planned.script
        runner.on_event(FileStarted(step, number, len(steps), len(script.statements)))
        event = ledger.event(step.migration, "seeded", None, None, step.migration.up.checksum)
        elapsed_ms = await runner.timed(step, runner.with_retries(runner.turn(step, script, (event,))))
        runner.on_event(FileFinished(step, number, len(steps), elapsed_ms))
