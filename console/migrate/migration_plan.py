"""The plan of a run up or down: which scripts, in which order, checked and frozen."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.migrate import callbacks, ledger, repeatable, state, steps, tenants
from console.migrate.faults import FileError
from console.migrate.files import read_services
from console.migrate.frameworks import claims
from console.migrate.identity import settle
from console.migrate.prepare import Prepared
from console.migrate.records import LedgerRow, MigrationState, RunRange, ServiceStatus, Step
from console.migrate.run_plan import FrozenStep
from console.migrate.version import VersionKey, version_key
from console.server.session import Session
from console.services import Service

Node = tuple[str, VersionKey]


class PlannedStep(Struct, frozen=True):
    """One script of a run with its text, read and checked. `held` says why it would be left out as things are now."""

    frozen: FrozenStep
    step: Step
    script: Prepared
    held: str | None = None


class MigrationPlan(Struct, frozen=True):
    """What was `asked` of `services`, as steps; `statuses`, `states` by service and version, and `rows` are what they
    follow from. `beside` are services of other frameworks, whose ledgers say nothing of these files."""

    services: tuple[Service, ...]
    asked: RunRange
    steps: tuple[PlannedStep, ...]
    statuses: tuple[ServiceStatus, ...]
    rows: tuple[LedgerRow, ...]
    states: Mapping[Node, MigrationState]
    beside: tuple[Service, ...] = ()

    @property
    def basis(self) -> tuple[FrozenStep, ...]:
        return tuple(step.frozen for step in self.steps)

    @property
    def facts(self) -> Mapping[str, str]:
        """The callbacks that would be run, by their checksums."""
        found = {id(file.callbacks): file.callbacks for file in (planned.step.migration for planned in self.steps)}
        return {f"the callback {script.path}": script.checksum for events in found.values()
                for scripts in events.values() for script in scripts}

    @property
    def is_empty(self) -> bool:
        """Whether everything that there is waits for something."""
        return all(step.held is not None for step in self.steps)

    @property
    def ready(self) -> tuple[PlannedStep, ...]:
        """The steps that nothing holds."""
        return tuple(step for step in self.steps if step.held is None)

    @property
    def held_notes(self) -> tuple[str, ...]:
        """The steps that something holds, each with what it waits for, in words."""
        return tuple(f"{step.step.migration.label} is held: {step.held}" for step in self.steps
                     if step.held is not None)

    @property
    def held(self) -> tuple[MigrationState, ...]:
        """All that wait for something, steps or not."""
        return tuple(state for status in self.statuses for state in status.migrations if state.state == "held")

    def fate(self, step: FrozenStep) -> FrozenStep | None:
        found = self.states.get((step.service, version_key(step.version)))
        return None if found is None else frozen(found, step.action, found.row.checksum_up if found.row else None)


def frozen(migration: MigrationState, action: str, checksum: str | None, run: int = 0) -> FrozenStep:
    """A migration as it is now, for a plan; `run` is which one of a repeatable file's is meant."""
    row = migration.row
    return FrozenStep(migration.service, migration.version, migration.name, action, checksum, migration.state,
                      row.statements_done if row is not None and migration.state == "failed" else 0,
                      row.applied_at if row is not None else None, row.applied_by if row is not None else None,
                      f"run {run}" if run else "")


async def read(session: Session, services: Sequence[Service], asked: RunRange,
               beside: Sequence[Service] = ()) -> MigrationPlan:
    """The plan as things are now. Raises MigrationError where a run would refuse to start."""
    rows = await ledger.read_with_runs(session)
    services = await asyncio.to_thread(settle, await tenants.expanded(session, services), rows)
    await claims.check(session, services, rows, beside)
    plan = await asyncio.to_thread(make, services, asked, rows, session.info.extensions)
    return replace(plan, beside=tuple(beside))


def make(services: Sequence[Service], asked: RunRange, rows: Sequence[LedgerRow], extensions: Collection[str],
         shown: MigrationPlan | None = None) -> MigrationPlan:
    """The plan by the files, which it reads, and the ledger's rows. Raises MigrationError.

    Steps that are as they were `shown` come with the text of that time.
    """
    statuses = state.compare_all(read_services(services), rows, extensions)
    states = {(migration.service, migration.key): migration for status in statuses for migration in status.migrations}
    known = {step.frozen: step.script for step in shown.steps} if shown is not None else {}
    planned = []
    prepared: dict[int, Prepared] = {}  # tenants share their scripts, and the texts are parsed once
    for step in steps.choose(statuses, rows, asked):
        migration = states[step.migration.service, step.migration.key]
        step.script.keep()
        kept = frozen(migration, step.direction, step.script.checksum, step.run)
        script = known.get(kept) or prepared.get(id(step.script)) or repeatable.prepared(step)
        if step.migration.callbacks:
            callbacks.check(step, script)
        if step.migration.tenant is not None:  # the others have the same script
            prepared[id(step.script)] = script
            _check_tenants(step, script)
        planned.append(PlannedStep(kept, step, script,
                                   migration.detail if migration.state == "held" else None))
    return MigrationPlan(tuple(services), asked, tuple(planned), statuses, tuple(rows), states)


def _check_tenants(step: Step, script: Prepared) -> None:
    """Raises FileError for what isn't run in the one transaction that has the tenant's schema before others."""
    if script.directives.command is not None:
        raise FileError(step.script.path, "is code, which a service with tenants can't have",
                        hint="what it does in each tenant's schema is to be SQL")
    if step.migration.is_repeatable or script.directives.batches is not None:
        what = "is repeatable" if step.migration.is_repeatable else "is run in batches"
        raise FileError(script.script.path, f"{what}, which a service with tenants can't have",
                        hint="a versioned file without batches is run in each tenant's schema")
