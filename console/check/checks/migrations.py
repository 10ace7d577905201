"""migrations: what the services' folders and the ledger dbconsole.migration say of each other.

value = the number of migrations that are pending, failed, changed or missing. CRITICAL when one failed half-way;
WARNING at least when a file was changed after it was applied or is gone; else by thresholds, WARNING when any is
pending. Held ones (they wait for an extension) are mentioned only. OK where no service is configured, where other
frameworks migrate, and, with the GRANT as hint, where the role may not read the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.query import Query, load
from console.server.session import Readings
from console.text import format as fmt

# The engine is imported where a service needs it: a check of a server without any is to stay quick.
if TYPE_CHECKING:
    from console.migrate.records import LedgerRow, ServiceStatus
    from console.migrate.tenants import TenantSchema
    from console.services import Service

SHOWN = ("failed", "changed", "missing", "pending")
_HINTS = {
    "failed": "dbconsole migrate repair retry --service {0.service}",
    "changed": "put the old text back, or: dbconsole migrate repair accept-checksum --service {0.service} "
               "--version {0.version}",
    "missing": "get its file back from version control, or: dbconsole migrate repair mark-reverted "
               "--service {0.service} --version {0.version}",
    "pending": "dbconsole migrate plan, then migrate up",
}
"""What to do about the first of the worst."""


def ours(context: CheckContext) -> list[Service]:
    """The services that dbconsole itself migrates."""
    return [service for service in context.services if service.folder is not None
            and service.framework in (None, "dbconsole")]


def excuse(context: CheckContext) -> str | None:
    if not context.services:
        return "no services are configured for this target"
    return None if ours(context) else "no service has migrations that dbconsole applies"


def ledger() -> Query[LedgerRow]:
    from console.migrate.records import LedgerRow

    return load("console.migrate", "migrations", LedgerRow)


def tenant_schemas() -> Query[TenantSchema]:
    from console.migrate.tenants import SCHEMAS

    return SCHEMAS


def more(context: CheckContext) -> tuple[Query[Any], ...]:
    schemas = (tenant_schemas(),) if any(service.tenants for service in context.services) else ()
    return (ledger(), *schemas) if context.info.ledger_is_readable else schemas


def statuses(readings: Readings, context: CheckContext) -> tuple[ServiceStatus, ...]:
    """Every service that dbconsole migrates, files against ledger. Raises FileError; none without its ledger."""
    if not (mine := ours(context)):
        return ()
    from console.migrate.files import read_services
    from console.migrate.identity import settle
    from console.migrate.state import compare_all
    from console.migrate.tenants import of_schemas

    rows = readings.rows(ledger())
    if rows is None and context.info.ledger_exists:
        return ()
    services = of_schemas(mine, [row.name for row in readings.rows(tenant_schemas()) or ()])
    return compare_all(read_services(settle(services, rows or [])), rows or [],
                       context.info.extensions)


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    if context.info.ledger_exists and not context.info.ledger_is_readable:
        return CheckVerdict(Status.OK, "the ledger is hidden from this role",
                       hint="GRANT USAGE ON SCHEMA dbconsole, GRANT SELECT ON dbconsole.migration "
                            f"TO {context.info.quoted_user}")
    states = [migration for status in statuses(readings, context) for migration in status.migrations]
    counts = {word: sum(state.state == word for state in states) for word in (*SHOWN, "held")}
    value = sum(counts[word] for word in SHOWN)
    broken = counts["changed"] or counts["missing"]
    least = Status.CRITICAL if counts["failed"] else Status.WARNING if broken else Status.OK
    status = Status.worst([thresholds.status(value), least])
    words = [f"{number} {word}" for word, number in counts.items() if number]
    applied = fmt.plural(sum(state.is_applied for state in states), "applied", "applied")
    if not value:
        return CheckVerdict(status, ", ".join([applied, *words]), 0)
    first = next(state for word in SHOWN for state in states if state.state == word)
    name = f"{first.service}/{first.version}_{first.name}".rstrip("_")
    detail = f": {name} {first.detail}" if first.detail else f", first {name}"
    return CheckVerdict(status, ", ".join([*words, applied]) + detail, value, _HINTS[first.state].format(first))


CHECK = Check(name="migrations", title="Migrations", evaluate=evaluate, more=more, excuse=excuse, warning=0,
              screen="migrations")
