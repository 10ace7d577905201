"""Files of dbconsole's services that another tool's ledger says are applied, and dbconsole's own knows nothing of.

Running them again would do everything twice, so that runs refuse until `migrate adopt` has taken them over. What
dbconsole itself has once applied, undone or adopted is its own from then on, whatever the old ledger says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate import mirror
from console.migrate.faults import MigrationError
from console.migrate.files import read_services
from console.migrate.frameworks.find import LedgerCandidate, candidates
from console.migrate.frameworks.pending import compare, recorded
from console.migrate.frameworks.read import read_ledgers
from console.migrate.frameworks.records import ForeignLedger, ForeignLedgerRow
from console.migrate.frameworks.specs import TITLES, recognise
from console.migrate.frameworks.status import belonging
from console.migrate.records import LedgerRow, MigrationFile, ServiceStatus
from console.migrate.version import VersionKey, version_key
from console.server.query import load
from console.server.session import Session
from console.services import Service
from console.services.recognise import LAYOUT_NAMES

Node = tuple[str, VersionKey]


class MigrationIdentity(Struct, frozen=True):
    """sql/known_migrations.sql as it comes."""

    service: str
    version: str


KNOWN = load("console.migrate", "known_migrations", MigrationIdentity)


class Claim(Struct, frozen=True):
    """What `ledger`, compared with the service's files, records of them: each file with its row, in order of version.

    The row is None where the ledger tells only how far it has come. `unknown` are those with a version of which
    dbconsole's own ledger and log know nothing; `every` are all files of the service.
    """

    service: Service
    ledger: ForeignLedger
    files: tuple[tuple[MigrationFile, ForeignLedgerRow | None], ...]
    unknown: frozenset[VersionKey]
    every: tuple[MigrationFile, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.ledger.schema}.{self.ledger.table}"

    @property
    def title(self) -> str:
        return TITLES[self.ledger.framework]

    def apart(self, applied: Collection[VersionKey]) -> tuple[list[MigrationFile], list[MigrationFile]]:
        """Files that are `applied` and that the ledger lacks, and those that it has and aren't.

        A ledger that stores a number alone is apart where that isn't the last applied one.
        """
        recorded = {file.key for file, _ in self.files}
        whole = {file.up.path for file in self.every} - {file.up.path for file in self.every if file.key not in applied}
        lacking = [file for file in self.every if file.key in applied and file.key not in recorded
                   and file.up.path in whole and not _is_run_again(self.ledger, file)]
        more = [file for file, _ in self.files if file.key not in applied and not _is_run_again(self.ledger, file)]
        if self.ledger.framework in ("golang-migrate", "tern"):
            last = max(applied, default=())
            return ([file for file in lacking if file.key > max(recorded, default=())],
                    [file for file in more if file.key > last])
        return lacking, more

    @property
    def refusal(self) -> MigrationError:
        name = self.service.name
        return MigrationError(
            f"{name}: {self.title} has applied {len(self.unknown)} of its migrations, which dbconsole's ledger doesn't "
            "know of", detail=f"the ledger {self.place} is at {self.ledger.last_version}",
            hint=f"dbconsole migrate adopt --service {name} takes them over; if that ledger is about other files: "
                 'framework = "dbconsole" in service.toml says so')


async def read_claims(session: Session, services: Sequence[Service], rows: Iterable[LedgerRow],
                      beside: Sequence[Service] = (), among: Sequence[LedgerCandidate] | None = None,
                      tool: str | None = None, every: bool = False) -> Mapping[str, Claim]:
    """The claims on the files of `services`, by service; `rows` are dbconsole's own, `beside` services of other
    frameworks, whose ledgers are theirs. Only those of `tool`, where it is given; with `every` also those of which
    dbconsole knows all. Raises ConsoleError."""
    among = await candidates(session) if among is None else among
    if not recognise(among):
        return {}
    found = (await read_ledgers(session, among)).ledgers
    theirs = {(ledger.schema, ledger.table) for service in beside for ledger in belonging(
        replace(service, folder=None), found)}
    free = [ledger for ledger in found if (ledger.schema, ledger.table) not in theirs and ledger.last_version
            and tool in (None, ledger.framework)]
    claims = await asyncio.to_thread(lambda: [claim for service in services for claim in _claims(service, free)])
    if not claims:
        return {}
    known = {(row.service, row.key) for row in rows}
    if session.info.ledger_exists:
        known |= {(each.service, version_key(each.version)) for each in await session.fetch(KNOWN)}
    left = [claim for claim in (_without(claim, known) for claim in claims) if every or claim.unknown]
    return {claim.service.name: claim for claim in sorted(left, key=lambda claim: len(claim.files))}


async def check(session: Session, services: Sequence[Service], rows: Iterable[LedgerRow],
                beside: Sequence[Service] = ()) -> None:
    """Raises MigrationError where another tool's ledger covers files of one of `services`, or where one that is written
    into by each run says something else than dbconsole's."""
    rows = [*rows]
    mirrors = await mirror.read(session)
    for name, claim in (await read_claims(session, services, rows, beside, every=bool(mirrors))).items():
        if claim.unknown:
            raise claim.refusal
        if name in mirrors and (words := apart(claim, rows)):
            raise MigrationError(
                f"{name}: {claim.title}'s ledger {claim.place}, which each run is written into, says something else "
                "than dbconsole's", detail="\n".join(words),
                hint=f"dbconsole migrate adopt --service {name} --mirror writes what is applied here into it; where "
                     f"{claim.title} itself was run: dbconsole migrate repair mark-applied or mark-reverted")


def apart(claim: Claim, rows: Iterable[LedgerRow]) -> list[str]:
    """What a mirrored ledger lacks, and what it has besides, in sentences."""
    lacking, more = claim.apart({row.key for row in rows if row.service == claim.service.name
                                 and row.state == "applied"})
    return [*(f"{file.label} is applied, and {claim.title}'s ledger doesn't have it" for file in lacking),
            *(f"{file.label} is not applied, and {claim.title}'s ledger has it" for file in more)]


def marked(status: ServiceStatus, claim: Claim | None) -> ServiceStatus:
    """The status with a word on each migration that is pending here and applied by the other tool."""
    if claim is None:
        return status
    words = f"applied by {claim.title}, says {claim.place}: dbconsole migrate adopt takes it over"
    return replace(status, migrations=tuple(
        replace(each, detail=words) if each.state == "pending" and each.key in claim.unknown else each
        for each in status.migrations))


async def with_mirrors(session: Session, statuses: tuple[ServiceStatus, ...], rows: Iterable[LedgerRow],
                       beside: Sequence[Service] = (), among: Sequence[LedgerCandidate] | None = None
                       ) -> tuple[ServiceStatus, ...]:
    """The statuses with a note on each service whose runs are written into another ledger too, and on what that has
    otherwise than dbconsole's. Raises ConsoleError."""
    mirrors = await mirror.read(session)
    mirrored = [status.service for status in statuses if status.service.name in mirrors]
    if not mirrored:
        return statuses
    rows = [*rows]
    claims = await read_claims(session, mirrored, rows, beside, among, every=True)

    def noted(status: ServiceStatus) -> ServiceStatus:
        found, claim = mirrors.get(status.service.name), claims.get(status.service.name)
        if found is None:
            return status
        words = apart(claim, rows) if claim is not None else []
        return replace(status, notes=(*status.notes, found.note, *words))

    return tuple(map(noted, statuses))


def _is_run_again(ledger: ForeignLedger, file: MigrationFile) -> bool:
    """Flyway's repeatable files: it runs them again by itself where it doesn't know of their last run, and so does
    dbconsole, which then knows their way back."""
    return file.is_repeatable and ledger.framework == "flyway"


def _claims(service: Service, ledgers: Sequence[ForeignLedger]) -> Iterable[Claim]:
    if service.folder is None or service.framework == "dbconsole":
        return
    yield from _by_header(service, ledgers)
    by_path: dict[str, list[MigrationFile]] = {}
    for ledger in ledgers:
        if service.tenant not in (None, ledger.schema):
            continue
        try:
            found = recorded(ledger, service.folder)
            if found and not by_path:
                for migration in read_services([service])[0].migrations:
                    inside = migration.up.path.relative_to(service.folder).as_posix()
                    by_path.setdefault(inside, []).append(migration)
        except ConsoleError:  # its files are not of this kind, or are told when they are read
            continue
        files = [(migration, found[place]) for path, migrations in by_path.items() for migration in migrations
                 if (place := next((place for place in ((path, None), (path, migration.name)) if place in found),
                                   None)) is not None]
        if files:
            (compared,) = compare((ledger,), service.folder)
            files.sort(key=lambda pair: pair[0].key)
            yield Claim(service, compared, tuple(files),
                        frozenset(migration.key for migration, _ in files if not _is_run_again(compared, migration)),
                        tuple(file for migrations in by_path.values() for file in migrations))


def _by_header(service: Service, ledgers: Sequence[ForeignLedger]) -> Iterable[Claim]:
    """The claims of tools whose migrations are code on files that say which of them they adopt.

    Raises MigrationError where a file adopts several of which some alone are applied, and where Alembic's ledger is at
    a revision that no file adopts: what comes before it is not known then.
    """
    coded = [ledger for ledger in ledgers if ledger.framework not in LAYOUT_NAMES
             and service.tenant in (None, ledger.schema)]
    if not coded or service.layout not in (None, "dbconsole"):
        return
    every = read_services([service])[0].migrations
    for ledger in coded:
        adopting = {file.key: [each.version for each in file.up.directives.adopts if each.tool == ledger.framework]
                    for file in every}
        if not any(adopting.values()):
            continue
        rows = {f"{row.line}.{row.version}" if ledger.framework == "django" else row.version: row
                for row in ledger.rows if row.state in ("applied", "baseline")}
        if ledger.framework == "alembic":
            rows = _up_to_heads(service, rows, every, adopting)
        files: list[tuple[MigrationFile, ForeignLedgerRow | None]] = []
        for file in every:
            names = adopting[file.key]
            there = [name for name in names if name in rows]
            if there and len(there) < len(names):
                raise MigrationError(f"{file.label} adopts {', '.join(sorted({*names} - {*there}))} too, which "
                                     f"{TITLES[ledger.framework]} has not applied",
                                     hint=f"let {TITLES[ledger.framework]} apply it first, or part the file")
            if there:
                files.append((file, rows[there[-1]]))
        if files:
            yield Claim(service, ledger, tuple(files), frozenset(file.key for file, _ in files), every)


def _up_to_heads(service: Service, heads: Mapping[str, ForeignLedgerRow], every: Sequence[MigrationFile],
                 adopting: Mapping[VersionKey, Sequence[str]]) -> dict[str, ForeignLedgerRow]:
    """What Alembic's ledger, which has the heads alone, says is applied: all that the files have up to them."""
    place = {name: file.key for file in every for name in adopting[file.key]}
    if unknown := [head for head in heads if head not in place]:
        raise MigrationError(f"Alembic's ledger is at {', '.join(unknown)}, which no file of {service.name} adopts",
                             hint="write the files anew: migrate adopt --write-sql; or a line -- dbconsole: "
                                  f"adopts=alembic/{unknown[0]} in the file that does what it has done")
    last = max(place[head] for head in heads)
    return {name: ForeignLedgerRow(name) for name, key in place.items() if key <= last}


def _without(claim: Claim, known: Collection[Node]) -> Claim:
    if claim.ledger.is_position and (claim.service.name, max(file.key for file, _ in claim.files)) in known:
        return replace(claim, unknown=frozenset())  # a file below the number that came later is no claim of the tool's
    return replace(claim, unknown=frozenset(key for key in claim.unknown if (claim.service.name, key) not in known))
