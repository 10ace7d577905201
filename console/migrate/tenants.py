"""One folder over many schemas: a service whose `schemas` are a pattern is run in each schema that is like it.

Each tenant has a history of its own in the ledger, under the name `SERVICE@SCHEMA`, and its files run with its schema
first in search_path. Which tenants there are is asked each time: they come and go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from console.migrate.records import WORST, MigrationState, ServiceStatus
from console.migrate.version import VersionKey
from console.server.query import load
from console.server.session import Session
from console.services import Service
from console.sql.quoting import identifier, literal
from console.text import format as fmt


class TenantSchema(Struct, frozen=True):
    """sql/tenant_schemas.sql as it comes."""

    name: str


SCHEMAS = load("console.migrate", "tenant_schemas", TenantSchema)


async def expanded(session: Session, services: Sequence[Service]) -> tuple[Service, ...]:
    """The services with each tenant's own in place of those of many; one without tenants keeps its place, and has no
    files to run. Raises ConsoleError."""
    if not any(is_of_many(service) for service in services):
        return tuple(services)
    return of_schemas(services, [row.name for row in await session.fetch(SCHEMAS)])


def of_schemas(services: Iterable[Service], schemas: Sequence[str]) -> tuple[Service, ...]:
    """The same where the names of the database's schemas are known."""
    found: list[Service] = []
    for service in services:
        if not is_of_many(service):
            found.append(service)
        elif mine := [schema for schema in schemas if fnmatchcase(schema, service.tenants or "")]:
            found += map(service.of_tenant, mine)
        else:
            found.append(replace(service, folder=None))
    return tuple(found)


def sample_of(service: Service) -> Service:
    """The service in a schema that it might have, for a scratch database; one of no tenants as it is."""
    return service.of_tenant((service.tenants or "").replace("*", "1")) if is_of_many(service) else service


def is_of_many(service: Service) -> bool:
    """Whether it stands for tenants that nobody has asked for yet."""
    return service.tenants is not None and service.tenant is None and service.folder is not None


def search_path(schema: str, *, local: bool) -> str:
    """The statement that puts a tenant's schema before what search_path has; an error where there is none."""
    name = f"{literal(identifier(schema))}::pg_catalog.regnamespace::pg_catalog.text"
    return (f"SELECT pg_catalog.set_config('search_path', pg_catalog.concat({name}, ', ', "
            f"pg_catalog.current_setting('search_path')), {'true' if local else 'false'})")


def summed(statuses: Sequence[ServiceStatus]) -> tuple[ServiceStatus, ...]:
    """The statuses with one in place of those of a service's tenants: of each migration the worst of its states, with
    in how many tenants it is applied, and as a note how many are up to date."""
    families: dict[str, list[ServiceStatus]] = {}
    for status in statuses:
        families.setdefault(status.service.family, []).append(status)
    return tuple(_sum(some) if some[0].service.tenant is not None else some[0] for some in families.values())


def is_up_to_date(status: ServiceStatus) -> bool:
    """Whether everything that isn't held is applied, as the files have it."""
    return status.state in ("applied", "held")


def _sum(some: Sequence[ServiceStatus]) -> ServiceStatus:
    first = some[0].service
    service = replace(first, name=first.family, schemas=(), tenant=None)
    versions: dict[VersionKey, list[MigrationState]] = {}
    for migration in (migration for status in some for migration in status.migrations):
        versions.setdefault(migration.key, []).append(migration)
    migrations = []
    for _, group in sorted(versions.items()):
        worst = min(group, key=lambda migration: WORST.index(migration.state))
        applied = sum(migration.is_applied for migration in group)
        detail = f"applied in {applied} of {len(some)} tenants" if applied < len(some) else ""
        where = f"{worst.service}: {worst.detail}" if worst.detail else ""
        migrations.append(replace(worst, service=service.name, detail=", ".join(filter(None, (detail, where)))))
    whole = sum(map(is_up_to_date, some))
    return ServiceStatus(service, tuple(migrations), (f"{whole} of {fmt.plural(len(some), 'tenant')} up to date",
                                                      *some[0].notes))
