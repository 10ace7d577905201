"""`migrate drift`: the live schema against what the applied files produce when they run in an empty database.

Comments are no drift, and the owner of what the files make is whoever runs them. What nobody's files make counts in
the schemas of the services and in those that the files use: elsewhere it is somebody else's. The live database is only
read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from console.migrate import differences, repeatable, tenants
from console.migrate.differences import LIVE, NO_DRIFT, restricted
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import is_foreign, own_services
from console.migrate.fingerprint import Fingerprint, Identity, ObjectRow, read_fingerprint
from console.migrate.frameworks import claims
from console.migrate.frameworks.find import LedgerCandidate, candidates
from console.migrate.frameworks.specs import Spec, recognise
from console.migrate.identity import settle
from console.migrate.ledger import read_with_runs
from console.migrate.records import LedgerRow, MigrationFile, ServiceStatus
from console.migrate.rollback_test import NeedsOwnCluster, Node, OwnCluster, Place, ScratchRun, apart
from console.migrate.scratch import scratch_server
from console.migrate.scratch_setup import AGE
from console.migrate.status import read_status
from console.server.info import ServerInfo
from console.server.script import script_session
from console.server.target import Target
from console.services import Service
from console.sql.quoting import identifier

READ_TIMEOUT_MS = 60_000
_PUBLIC: Identity = ("schema", "public")
_PUBLIC_BEFORE_15 = {"PUBLIC": "CREATE, USAGE", "(owner)": "CREATE, USAGE"}
"""What may be done in the schema public of a database that an older server has made: nobody did that by hand."""
DATABASE = "(database)"
"""What the differences stand under that are in no service's schema: extensions, default privileges."""


Part = tuple[str, Fingerprint, Fingerprint]
"""Whose it is, what the files make, and what is there."""
PartsOf = Callable[[Fingerprint, str], Sequence[Part]]
"""The parts by what the files make and the role that made it."""
OnBuilt = Callable[[ScratchRun, PartsOf, Fingerprint], Awaitable[None]]
Inspect = Callable[[ScratchRun, Fingerprint], Awaitable[None]]


class Drift(Struct, frozen=True):
    """Sentences by service, in the order of the services; `where` the expected schema was built, in words."""

    differences: tuple[tuple[str, tuple[str, ...]], ...]
    where: str
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return sum(len(sentences) for _, sentences in self.differences)


async def drift(target: Target, services: Sequence[Service], names: Collection[str], *,
                own_cluster: OwnCluster | None = None, only_own_cluster: bool = False,
                taken: Sequence[MigrationFile] | None = None, by_hand: Sequence[MigrationFile] = (),
                on_built: OnBuilt | None = None) -> Drift:
    """How the live schemas of the services `names` differ from what the applied files of all `services` produce.

    A production target is compared with a throwaway cluster. `taken` are files that another tool has applied, before
    all others (None: its ledger must have none), `by_hand` those that somebody has run after them. Raises
    MigrationError where the applied files can't be run anywhere, or another tool's ledger records more of them;
    ConsoleError where the live schema can't be read.
    `on_built` is given the scratch database while it is there, and what tells the parts that are compared.
    """
    own = [service for service in services if not is_foreign(service)]
    others = [service for service in services if is_foreign(service)]
    kept, notes = own_services([service for service in services if service.name in names], "compared")
    if len(kept) < len(own):
        notes.append("what is in no service's own schema is compared for all services together only")
    live_target = replace(target.direct(), statement_timeout_ms=READ_TIMEOUT_MS)
    async with script_session(live_target, purpose="migrate drift") as session:
        live = await read_fingerprint(session)
        rows = await read_with_runs(session)
        each = await tenants.expanded(session, own)
        chosen = {service.name for service in kept}
        pairs = list(zip(each, settle(each, rows), strict=True))
        own, named = [new for _, new in pairs], [new for old, new in pairs if chosen & {old.name, old.family}]
        statuses = await read_status(session, own)
        if taken is None:
            await claims.check(session, named, rows, others)
        ledgers = recognise(await candidates(session))
        live = _without_ledgers(live, ledgers)
        major, has_age = session.info.major, AGE in session.info.extensions
    applied = [*(taken or ()), *applied_files(statuses, {(row.service, row.key): row for row in rows}, notes), *by_hand]
    foreign = {schema for service in others for schema in service.schemas}
    runners = {row.applied_by for row in rows}

    def parts_of(expected: Fingerprint, role: str) -> Sequence[Part]:
        expected = _without_ledgers(expected, ledgers)  # which verify_setup may have made, for files that write to one
        return _parts(expected, _owned_alike(expected, role, live, runners), named, own, foreign)

    async def inspect(scratch_run: ScratchRun, expected: Fingerprint) -> None:
        if on_built is not None:
            await on_built(scratch_run, parts_of, expected)

    built: Fingerprint | None = None
    where = ""
    if not (only_own_cluster or target.is_production):
        try:
            async with scratch_server(target) as server:
                where = f"a scratch database on this server, PostgreSQL {server.major}"
                built, info = await build(Place(where, True, server.create, server.drop), own, applied, has_age,
                                          inspect)
        except NeedsOwnCluster as needs:
            if own_cluster is None:
                raise MigrationError(f"the applied files change {needs.what}, which the whole cluster shares",
                                     hint="pip install 'dbconsole[demo]' brings a PostgreSQL to run them in") from None
    if built is None:
        if own_cluster is None:
            raise MigrationError(f"{target.label} is production: no scratch database is made there"
                                 if target.is_production else "there is no embedded PostgreSQL here to build in",
                                 hint="pip install 'dbconsole[demo]' brings a PostgreSQL to compare with")
        built, info = await build_apart(own_cluster, own, applied, has_age, inspect)
        where = f"a throwaway cluster of PostgreSQL {info.version}"
        if info.major != major:
            notes.append(f"the files were run on PostgreSQL {info.version}, the live server is {major}: definitions "
                         "that these spell differently show up as differences")
    return Drift(sentences(parts_of(built, info.user), notes), where, tuple(notes))


def _without_ledgers(live: Fingerprint, ledgers: Sequence[tuple[LedgerCandidate, Spec, LedgerCandidate | None]]
                     ) -> Fingerprint:
    """Without the tables in which other tools keep their own books."""
    tables = {(table.schema, table.table) for ledger, _, lock in ledgers for table in (ledger, lock)
              if table is not None}
    tables |= {(ledger.schema, spec.beside) for ledger, spec, _ in ledgers if spec.beside is not None}
    gone = {row.name for row in live.objects.values() if (row.bare_schema, row.own_name) in tables}
    return Fingerprint({identity: row for identity, row in live.objects.items()
                        if row.name not in gone and row.parent not in gone})


def _owned_alike(built: Fingerprint, role: str, live: Fingerprint, runners: Collection[str]) -> Fingerprint:
    """`live` with `role` in place of the roles that run the files there, so that what is left is another's.

    Those are `runners`, by the ledger; where nothing belongs to them any more, whoever has most of what the files make.
    """
    def is_made(identity: Identity, row: ObjectRow) -> bool:
        return identity in built.objects and built.objects[identity].facts.get("owner") == role and "owner" in row.facts

    owners = Counter(row.facts["owner"] for identity, row in live.objects.items() if is_made(identity, row))
    theirs = owners.keys() & {identifier(name) for name in runners} or {owner for owner, _ in owners.most_common(1)}
    alike = {identity: replace(row, facts={**row.facts, "owner": role})
             if is_made(identity, row) and row.facts["owner"] in theirs else row
             for identity, row in live.objects.items()}
    public = alike.get(_PUBLIC)
    if public is not None and _PUBLIC in built.objects and public.facts.get("privileges") == _PUBLIC_BEFORE_15:
        alike[_PUBLIC] = built.objects[_PUBLIC]
    return Fingerprint(alike)


def applied_files(statuses: Sequence[ServiceStatus], rows: Mapping[Node, LedgerRow],
                  notes: list[str]) -> list[MigrationFile]:
    """The files of what is applied, in the order of application; a repeatable one as it was at each of its runs."""
    found: list[tuple[int, MigrationFile]] = []
    for migration in (migration_state for status in statuses for migration_state in status.migrations):
        label = f"{migration.service}/{migration.version}_{migration.name}".rstrip("_")
        row = rows.get((migration.service, migration.key))
        if row is not None and row.runs:
            found += [(run.rank, repeatable.as_run(row, run)) for run in row.runs]
        elif migration.state == "failed":
            notes.append(f"{label} is half done: what it did shows up as differences")
        elif migration.is_applied and migration.file is None:
            notes.append(f"{label} is applied, but its files are missing: what it made shows up as differences")
        elif migration.is_applied and migration.file is not None:
            if migration.state == "changed":
                notes.append(f"{label} was changed after it was applied: compared is what the file says now")
            assert row is not None
            found.append((row.rank, migration.file))
    return [file for _, file in sorted(found, key=lambda pair: pair[0])]


async def build(place: Place, services: Sequence[Service], applied: Sequence[MigrationFile], has_age: bool,
                inspect: Inspect) -> tuple[Fingerprint, ServerInfo]:
    """What `applied` produce, and the server that they ran on; `has_age`: the live database has Apache AGE.

    Raises MigrationError, NeedsOwnCluster.
    """
    by_name = {service.name: service for service in services}
    scratch_run = ScratchRun(place, by_name, frozenset() if has_age else frozenset({AGE}))
    try:
        await scratch_run.open()
        for schema in sorted({service.tenant for service in services if service.tenant}):
            await scratch_run.make_schema(schema)
        for file, following in zip_longest(applied, applied[1:]):
            try:
                await scratch_run.provide(file)
                await scratch_run.run(file, "up", following)
            except FileError as error:
                raise MigrationError(
                    f"{file.label} is applied, but can't be run in an empty database: {error.message}",
                    detail=error.summary, hint="drift compares with what the files make: see migrate verify") from error
        await scratch_run.call_after(applied)
        built = await read_fingerprint(scratch_run.session)
        await inspect(scratch_run, built)
        return built, scratch_run.session.info
    finally:
        await scratch_run.close()


async def build_apart(own_cluster: OwnCluster, services: Sequence[Service], applied: Sequence[MigrationFile],
                      has_age: bool, inspect: Inspect) -> tuple[Fingerprint, ServerInfo]:
    async with apart(own_cluster) as place:
        return await build(place, services, applied, has_age, inspect)


def _of_service(side: Fingerprint, service: Service) -> Fingerprint:
    """What is in the service's schemas; without a tenant's schema as such, which no file makes."""
    return Fingerprint({identity: row for identity, row in restricted(side, service.schemas).objects.items()
                        if service.tenant is None or row.kind != "schema"})


def _parts(built: Fingerprint, live: Fingerprint, named: Sequence[Service], services: Sequence[Service],
           foreign: Collection[str]) -> Sequence[Part]:
    """What is compared of each service, then what is in no service's schema; `foreign` are other frameworks'."""
    parts = [(service.name, _of_service(built, service), _of_service(live, service)) for service in named]
    if len(named) == len(services):
        taken = {schema for service in services for schema in service.schemas}
        others = {identity: row for identity, row in built.objects.items() if row.bare_schema not in taken}
        used = {row.bare_schema for row in others.values() if row.kind != "schema"} - {None, *foreign}
        kept = {identity: row for identity, row in live.objects.items() if row.bare_schema not in taken
                and (identity in others or row.bare_schema in used)}
        parts.append((DATABASE, Fingerprint(others), Fingerprint(kept)))
    return parts


def sentences(parts: Sequence[Part], notes: list[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The differences of each part; `notes` hears of what is none."""
    found = []
    for name, expected, actual in parts:
        comparison = differences.compare(expected, actual, LIVE, ignored=NO_DRIFT)
        notes += [f"{name}: {words}" for words in (*comparison.renamed, *comparison.order)]
        found.append((name, comparison.differences))
    return tuple(found)
