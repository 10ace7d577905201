"""`migrate adopt`: what another tool has applied is written into dbconsole's ledger; nothing is run.

The other tool's ledger stays as it is. `--undo` takes back what was adopted, as long as dbconsole has applied nothing
on top of it: afterwards the other tool goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.migrate import ledger, mirror, repeatable, state, tenants
from console.migrate.events import Listener, ignore
from console.migrate.faults import MigrationError
from console.migrate.files import is_foreign, read_services
from console.migrate.frameworks.claims import Claim, MigrationIdentity, read_claims
from console.migrate.frameworks.specs import TITLES
from console.migrate.identity import settle
from console.migrate.migration_plan import frozen
from console.migrate.mirror import Mirror, Mirrors
from console.migrate.records import LedgerRow, MigrationFile, MigrationState, RunOptions, ServiceStatus, Step
from console.migrate.repair import LedgerPlan, Repair, written
from console.migrate.run_lock import locked_session
from console.migrate.run_plan import FrozenStep, confirmed
from console.migrate.version import VersionKey, version_key
from console.server.query import load
from console.server.session import Session
from console.server.target import Target
from console.services import Service
from console.services.recognise import LAYOUT_NAMES

ADOPTED = load("console.migrate", "adopted_migrations", MigrationIdentity)


class Adoption(Struct, frozen=True):
    """What is asked: of which `services`, of which tool (None: any), and whether to take it back.

    `beside` are services that other frameworks go on migrating. `mirror`: whether runs are written into the other
    tool's ledger too from now on, or no longer.
    """

    services: tuple[Service, ...]
    beside: tuple[Service, ...] = ()
    tool: str | None = None
    is_undo: bool = False
    mirror: Literal["begin", "end"] | None = None


class AdoptionPlan(LedgerPlan, frozen=True, kw_only=True):
    """The rows to be written or taken back, in order; `facts` on the other ledgers, `notes` on what doesn't match,
    `files` as they would count as applied."""

    asked: Adoption
    facts: Mapping[str, str]
    notes: tuple[str, ...] = ()
    files: tuple[MigrationFile, ...] = ()


async def read(session: Session, asked: Adoption) -> AdoptionPlan:
    """The plan as things are now. Raises MigrationError where it makes no sense."""
    for service in asked.services:
        if is_foreign(service):
            framework = service.framework or ""
            raise MigrationError(
                f"service {service.name} is left to {TITLES.get(framework, framework)}",
                hint=f'layout = "{framework}" in place of the framework lets dbconsole run its files'
                if framework in LAYOUT_NAMES else "its files are none that dbconsole could run: adopt --write-sql DIR "
                                                  "makes files of SQL of them first, or says what blocks that")
    rows = await ledger.read_with_runs(session)
    services = await tenants.expanded(session, asked.services)
    asked = replace(asked, services=await asyncio.to_thread(settle, services, rows))
    mirrors = await mirror.read(session)
    if asked.mirror == "end":
        ending = [mirrors[service.name] for service in asked.services if service.name in mirrors]
        statuses = await asyncio.to_thread(_statuses, asked, rows, session.info.extensions)
        return AdoptionPlan(repairs=tuple(map(_ended, ending)), statuses=statuses, asked=asked, facts={})
    if asked.is_undo:
        adopted = await session.fetch(ADOPTED) if session.info.ledger_exists else []
        keys = {(each.service, version_key(each.version)) for each in adopted}
        return await asyncio.to_thread(_undone, asked, rows, keys, mirrors, session.info.extensions)
    claims = await read_claims(session, asked.services, rows, asked.beside, tool=asked.tool,
                               every=asked.mirror == "begin")
    plan = await asyncio.to_thread(_adopted, asked, rows, claims, session.info.extensions)
    if asked.mirror is None:
        return plan
    for service in asked.services:
        if (claim := claims.get(service.name)) is None:
            raise MigrationError(f"no other tool's ledger records anything of the files of {service.name}: there is "
                                 "none that runs could be written into", hint="--mirror goes with what is adopted")
        await mirror.check(session, service, claim.ledger.framework, claim.ledger.schema, claim.ledger.table)
    return await asyncio.to_thread(_mirrored, plan, claims, mirrors)


async def run(target: Target, plan: AdoptionPlan, on_event: Listener = ignore,
              options: RunOptions = RunOptions()) -> tuple[Repair, ...]:
    """Writes exactly what `plan` says, all or nothing, under the lock of runs. Raises PlanChanged, MigrationError."""
    target = target.direct()
    async with locked_session(target, wait_s=options.lock_wait_s, on_event=on_event) as (_, session):
        await ledger.ensure(session)
        await session.renew()
        if plan.asked.mirror == "begin":
            await ledger.ensure_table(session, "mirror")
        return await written(session, (await confirmed(plan, read(session, plan.asked), session)).repairs)


def _statuses(asked: Adoption, rows: Sequence[LedgerRow], extensions: Collection[str]) -> tuple[ServiceStatus, ...]:
    return state.compare_all(read_services(asked.services), rows, extensions)


def _adopted(asked: Adoption, rows: Sequence[LedgerRow], claims: Mapping[str, Claim],
             extensions: Collection[str]) -> AdoptionPlan:
    statuses = _statuses(asked, rows, extensions)
    repairs: list[Repair] = []
    notes: list[str] = []
    again: list[MigrationState] = []
    for status in statuses:
        if (claim := claims.get(status.service.name)) is None:
            continue
        if claim.ledger.is_dirty:
            raise MigrationError(f"{claim.title}'s ledger {claim.place} is dirty", detail=claim.ledger.detail,
                                 hint=f"finish or take back what it left half done, by {claim.title}'s own means")
        states = {migration.key: migration for migration in status.migrations}
        for file, row in claim.files:
            migration = states[file.key]
            if file.is_repeatable and not migration.is_applied and file.key not in claim.unknown:
                again.append(migration)
                notes.append(f"{file.label} is run once more by the next up, which so knows what to put back")
            elif file.key in claim.unknown and not migration.is_applied:
                at = row.applied_at.isoformat() if row is not None and row.applied_at is not None else None
                repairs.append(_repair(migration, file, claim, at))
        notes += [f"{status.service.name}/{each.version}: {each.reason or f'{claim.title} has it, no file is there'}"
                  for each in claim.ledger.differences or () if each.state in ("missing", "changed")]
    facts = {f"{claim.title}'s ledger {claim.place}": f"at {claim.ledger.last_version}" for claim in claims.values()}
    files = (*(file for claim in claims.values() for file, _ in claim.files if file.key in claim.unknown),
             *repeatable.in_order(again))
    return AdoptionPlan(repairs=tuple(repairs), statuses=statuses, asked=asked, facts=facts, notes=tuple(notes),
                        files=files)


def _repair(migration: MigrationState, file: MigrationFile, claim: Claim, applied_at: str | None) -> Repair:
    since = f" at {applied_at}" if applied_at else ""
    return Repair(frozen(migration, "adopt", file.up.checksum),
                  f"{file.label} becomes applied: {claim.title} has applied it{since}",
                  (ledger.marked(file, migration.row, applied_at),
                   ledger.event(file, "adopted", f"{claim.title}, {claim.place}", None, file.up.checksum)))


def _mirrored(plan: AdoptionPlan, claims: Mapping[str, Claim], mirrors: Mapping[str, Mirror]) -> AdoptionPlan:
    """The plan, and what makes the other ledgers say what dbconsole's does: now, and with every run from now on."""
    repairs = [*plan.repairs]
    for status in plan.statuses:
        name, claim = status.service.name, claims[status.service.name]
        found = mirrors.get(name) or Mirror(name, claim.ledger.framework, claim.ledger.schema, claim.ledger.table,
                                            _prefix(claim))
        writing = Mirrors({name: found}, {name: status})
        states = {migration.key: migration for migration in status.migrations}
        applied = {migration.key for migration in status.migrations if migration.is_applied} | claim.unknown
        lacking, more = claim.apart(applied)
        for direction, files, words in (("up", lacking, "is written into"), ("down", more, "leaves")):
            for file in files:
                commands = writing.commands(Step(file, "up" if direction == "up" else "down"))
                repairs.append(Repair(frozen(states[file.key], "mirror", file.up.checksum),
                                      f"{file.label} {words} {claim.title}'s ledger {claim.place}", commands))
        if name not in mirrors:
            begun = ledger.mirror_begun(name, found.tool, (found.ledger_schema, found.ledger_table), found.prefix)
            repairs.append(Repair(_service_step(name, "mirror"), f"{name}: {found.note}, until adopt --end-mirror",
                                  (begun, ledger.event(None, "mirror begun", f"{name}: {found.tool}, {found.place}"))))
    return replace(plan, repairs=tuple(repairs))


def _prefix(claim: Claim) -> str:
    """What stands before the files' paths in Liquibase's ledger. Raises MigrationError where that isn't one thing."""
    found = set()
    for _, row in claim.files if claim.ledger.framework == "liquibase" else ():
        assert row is not None
        there, here = ((text or "").rpartition("::")[0] for text in (row.name, row.line))
        if not there.endswith(here):
            raise MigrationError(f"Liquibase's ledger calls {here} {there}, from a folder below the service's",
                                 hint="the service's folder is the one that the ledger's paths begin in, or above it")
        found.add(there.removesuffix(here))
    if len(found) > 1:
        raise MigrationError("Liquibase's ledger names files from several folders: "
                             f"{', '.join(repr(prefix) for prefix in sorted(found))}",
                             hint="what it would be told of the next file can't be known")
    return next(iter(found), "")


def _ended(found: Mirror) -> Repair:
    return Repair(_service_step(found.service, "mirror ended"),
                  f"{found.service}: runs are no longer written into {TITLES[found.tool]}'s ledger {found.place}",
                  (ledger.mirror_ended(found.service),
                   ledger.event(None, "mirror ended", f"{found.service}: {found.tool}, {found.place}")))


def _service_step(service: str, action: str) -> FrozenStep:
    return FrozenStep(service, "", "", action, None, "")


def _undone(asked: Adoption, rows: Sequence[LedgerRow], adopted: Collection[tuple[str, VersionKey]],
            mirrors: Mapping[str, Mirror], extensions: Collection[str]) -> AdoptionPlan:
    """What was taken over; where runs were written into the other ledger too, all that is applied, and the mirror."""
    statuses = _statuses(asked, rows, extensions)
    repairs = []
    for status in statuses:
        found = mirrors.get(status.service.name)
        mine = [migration for migration in status.migrations if (migration.service, migration.key) in adopted
                or (found is not None and migration.is_applied)]
        others = [migration for migration in status.migrations if migration.row is not None and migration not in mine]
        if mine and others:
            last = others[-1]
            raise MigrationError(f"{last.service}/{last.version} was applied on top of what was adopted",
                                 hint="roll it back first: the other tool knows nothing of it")
        for migration in mine:
            assert migration.row is not None
            file = migration.file or ledger.file_of(migration.row)
            repairs.append(Repair(frozen(migration, "adoption undone", None), f"{file.label} leaves dbconsole's ledger",
                                  (*ledger.forgotten(migration.row),
                                   ledger.event(file, "adoption undone", None))))
        if found is not None:
            repairs.append(_ended(found))
    return AdoptionPlan(repairs=tuple(repairs), statuses=statuses, asked=asked, facts={})
