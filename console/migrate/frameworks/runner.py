"""Up and down of services that other frameworks migrate: by Alembic, or by the commands that the service names.

The plan is what the framework's ledger and its files say: which migrations there are, in which state, with the checksum
of the file of each that may be run. What a command makes of it is the framework's own affair, so all of it must be as
it was shown when the command begins.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from console import files
from console.errors import UsageError
from console.migrate.frameworks import alembic, commands
from console.migrate.frameworks.commands import CommandListener, CommandReport, Program
from console.migrate.frameworks.pending import scripts
from console.migrate.frameworks.records import ForeignLedger
from console.migrate.frameworks.status import ledgers, migrations
from console.migrate.records import Direction, RunOptions, RunRange
from console.migrate.run_plan import FrozenStep, confirmed
from console.migrate.version import version_key
from console.server.target import Target
from console.services import Service

MOST_LINES = 20


class ExternalPlan(Struct, frozen=True):
    """What `program` would find: all migrations of the ledgers `found` and of the files."""

    service: Service
    asked: RunRange
    program: Program
    migrations: tuple[FrozenStep, ...]
    found: tuple[ForeignLedger, ...]

    @property
    def basis(self) -> tuple[FrozenStep, ...]:
        return self.migrations

    @property
    def facts(self) -> Mapping[str, str]:
        """Where the ledgers stand: all that is known of a way down, and where there are no files of a way up too."""
        return {f"the ledger {ledger.schema}.{ledger.table}": _stands(ledger) for ledger in self.found if ledger.table
                and (self.asked.direction == "down" or (ledger.is_position and ledger.differences is None))}

    @property
    def pending(self) -> tuple[FrozenStep, ...]:
        """What an up would apply, as far as there are files."""
        return tuple(step for step in self.migrations if step.action == "up")

    @property
    def is_empty(self) -> bool:
        """Never: what a command does is not known before."""
        return False

    def fate(self, step: FrozenStep) -> FrozenStep | None:
        """By the ledgers; below the position that one has reached, it counts as applied."""
        for ledger in self.found:
            last = ledger.last_version if ledger.is_position and ledger.framework != "alembic" else None
            if last is not None and version_key(step.version) <= version_key(last):
                return replace(step, state="applied")
        return None


def can(service: Service, direction: Direction) -> bool:
    """Whether there is something that would run it."""
    return _is_alembic(service, direction) or bool(service.up if direction == "up" else service.down)


async def is_done(target: Target, service: Service, asked: RunRange) -> bool:
    """Whether an up is known to have nothing to do: every ledger was compared with the files, and says so."""
    found = await ledgers(target.direct(), service) if asked.direction == "up" else ()
    return bool(found) and all(ledger.pending == () and ledger.is_dirty is False for ledger in found)


async def read(target: Target, service: Service, asked: RunRange) -> ExternalPlan:
    """The plan as things are now. Raises ConsoleError; nothing is changed."""
    direct = target.direct()
    return await _made(service, asked, await ledgers(direct, service))


async def shown(target: Target, plan: ExternalPlan) -> list[str]:
    """The plan in lines: Alembic's own SQL, or the command with what is pending or where the ledgers stand.

    Raises ConsoleError when Alembic can't say.
    """
    service, asked = plan.service, plan.asked
    head = f"{asked.direction:4} {service.name}: "
    if _is_alembic(service, asked.direction):
        text = await alembic.sql(target.direct(), service, asked, plan.found)
        return [f"{head}by Alembic", *text.rstrip().splitlines()]
    waiting = [f"     {step.label}: {step.state}" for step in plan.pending]
    more = [f"     and {len(waiting) - MOST_LINES} more"] if len(waiting) > MOST_LINES else []
    return [f"{head}{plan.program.shown}", *waiting[:MOST_LINES], *more,
            *(f"     {what} is {where}" for what, where in plan.facts.items())]


async def run(target: Target, plan: ExternalPlan, on_event: CommandListener,
              options: RunOptions = RunOptions()) -> CommandReport:
    """Runs the plan's command under our lock. Raises PlanChanged where its ledger or files are others now, ConsoleError
    when it fails, also when Alembic changed another database."""
    async def check(found: Sequence[ForeignLedger]) -> None:
        await confirmed(plan, _made(plan.service, plan.asked, found))

    report = await commands.run(target, plan.service, plan.program, check=check, lock_wait_s=options.lock_wait_s,
                                on_event=on_event)
    if _is_alembic(plan.service, plan.asked.direction):
        alembic.check_changed(target, report, plan.asked)
    return report


async def _made(service: Service, asked: RunRange, found: Sequence[ForeignLedger]) -> ExternalPlan:
    """The plan by the ledgers as they were read."""
    is_alembic = _is_alembic(service, asked.direction)
    program = alembic.program(service, asked) if is_alembic else _configured(service, asked)
    frozen = await asyncio.to_thread(lambda: tuple(_frozen(service, asked.direction, found)))
    return ExternalPlan(service, asked, program, frozen, tuple(found))


def _configured(service: Service, asked: RunRange) -> Program:
    program = commands.configured(service, asked.direction)
    if asked.to is not None or asked.steps is not None:
        raise UsageError(f"service {service.name}: its own command says how far it goes, --to and --steps don't",
                         hint=f"leave them out, or run {service.framework} by hand")
    return program


def _stands(ledger: ForeignLedger) -> str:
    return ledger.unavailable or (f"at {ledger.last_version}" if ledger.last_version else "empty")


def _frozen(service: Service, direction: Direction, found: Sequence[ForeignLedger]) -> Iterator[FrozenStep]:
    """All migrations of the ledgers and the files, those that this direction may run with their checksums."""
    wanted = ("applied", "changed") if direction == "down" else ("pending", "failed")
    for ledger in found:
        script_of = scripts(ledger, service.folder, direction) if service.folder is not None else None
        place = f"{ledger.schema}.{ledger.table}" if len(found) > 1 else ""
        for migration in migrations(ledger):
            if ledger.is_position and migration.state == "applied":
                continue
            runs = migration.state in wanted
            yield FrozenStep(
                service.name, migration.version, migration.name or "", "up" if runs and direction == "up" else "",
                _checksum(script_of(migration)) if runs and script_of is not None else None, migration.state, 0,
                migration.applied_at, migration.applied_by, ":".join(filter(None, (place, migration.line))))


def _checksum(file: Path | None) -> str | None:
    try:
        return "sha256:" + hashlib.sha256(files.read_inside(file)).hexdigest() if file is not None else None
    except OSError:
        return None


def _is_alembic(service: Service, direction: Direction) -> bool:
    """Driven through Alembic itself, unless the service names its own command for this direction."""
    return service.framework == "alembic" and not (service.up if direction == "up" else service.down)
