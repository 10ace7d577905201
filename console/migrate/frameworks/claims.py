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

Node = tuple[str, VersionKey]


class MigrationIdentity(Struct, frozen=True):
    """sql/known_migrations.sql as it comes."""

    service: str
    version: str


KNOWN = load("console.migrate", "known_migrations", MigrationIdentity)


class Claim(Struct, frozen=True):
    """What `ledger`, compared with the service's files, records of them: each file with its row, in order of version.

    The row is None where the ledger tells only how far it has come. `unknown` are those of which dbconsole's own ledger
    and log know nothing.
    """

    service: Service
    ledger: ForeignLedger
    files: tuple[tuple[MigrationFile, ForeignLedgerRow | None], ...]
    unknown: frozenset[VersionKey]

    @property
    def place(self) -> str:
        return f"{self.ledger.schema}.{self.ledger.table}"

    @property
    def title(self) -> str:
        return TITLES[self.ledger.framework]

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
                      tool: str | None = None) -> Mapping[str, Claim]:
    """The claims on the files of `services`, by service; `rows` are dbconsole's own, `beside` services of other
    frameworks, whose ledgers are theirs. Only those of `tool`, where it is given. Raises ConsoleError."""
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
    left = [claim for claim in (_without(claim, known) for claim in claims) if claim.unknown]
    return {claim.service.name: claim for claim in sorted(left, key=lambda claim: len(claim.files))}


async def check(session: Session, services: Sequence[Service], rows: Iterable[LedgerRow],
                beside: Sequence[Service] = ()) -> None:
    """Raises MigrationError where another tool's ledger covers files of one of `services`."""
    for claim in (await read_claims(session, services, rows, beside)).values():
        raise claim.refusal


def marked(status: ServiceStatus, claim: Claim | None) -> ServiceStatus:
    """The status with a word on each migration that is pending here and applied by the other tool."""
    if claim is None:
        return status
    words = f"applied by {claim.title}, says {claim.place}: dbconsole migrate adopt takes it over"
    return replace(status, migrations=tuple(
        replace(each, detail=words) if each.state == "pending" and each.key in claim.unknown else each
        for each in status.migrations))


def _claims(service: Service, ledgers: Sequence[ForeignLedger]) -> Iterable[Claim]:
    if service.folder is None or service.framework == "dbconsole":
        return
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
            yield Claim(service, compared, tuple(files), frozenset(migration.key for migration, _ in files))


def _without(claim: Claim, known: Collection[Node]) -> Claim:
    return replace(claim, unknown=frozenset(key for key in claim.unknown if (claim.service.name, key) not in known))
