"""vector_health: rows that no search through a vector index finds, and vectors that can't be compared.

Off unless `[checks.vector_health]` stands in the configuration, or `--only vector_health` asks for it: it reads about
1000 rows of each vector column that has an index, on random pages, of at most 20 columns. value = the largest share of
rows, in percent, that an index without a condition lacks: NULL, or zero vectors under cosine. CRITICAL for a vector
that holds NaN or infinity, whatever the thresholds. WARNING too for zero vectors, and for lengths that aren't 1 below
an index by inner product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import PgSession, Readings
from console.text import format as fmt

if TYPE_CHECKING:
    from console.vectors.health.records import ColumnHealth

ROWS, MOST_COLUMNS, TIMEOUT_MS = 1000, 20, 5000
_WRONG = {"zeros", "not comparable", "norms", "dimensions"}


async def probe(session: PgSession, context: CheckContext) -> tuple[int, list[ColumnHealth], list[str]]:
    """How many columns have an index, the health of the first of them, and why some of these weren't looked at.

    Raises ConsoleError.
    """
    from console.server.effects import Acts
    from console.vectors import read
    from console.vectors.health.read import HealthRequest, health

    found = []
    for column in await read.columns(session):
        if column.is_readable and not column.is_partition and column.relkind in "rpm" \
                and read.serving(await read.indexes(session, column.relation_oid), column):
            found.append(column)
    request = HealthRequest(ROWS, queries=0, timeout_ms=TIMEOUT_MS)
    seen, refused = [], []
    for column in found[:MOST_COLUMNS]:
        try:
            seen.append(await health(session, column, request))
        except Acts as refusal:  # an index's expression: the other columns are looked at all the same
            refused.append(f"{column.label}: {refusal.summary}")
    return len(found), seen, refused


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    from console.vectors.health.findings import findings, unseen_share

    count, seen, refused = cast("tuple[int, list[ColumnHealth], list[str]]", context.probed[CHECK.name])
    if refused and not seen:
        return CheckVerdict(Status.UNKNOWN, refused[0])
    if not seen:
        return CheckVerdict(Status.OK, "no vector column with an index that this role may read")
    lacking = max((100 * pair[1].value if (pair := unseen_share(health)) else 0.0) for health in seen)
    status = thresholds.status(lacking)
    told = [(health, finding) for health in seen for finding in findings(health)
            if finding.severity == "critical" or (finding.kind in _WRONG and finding.severity == "warning")
            or (finding.kind == "unseen" and finding.severity == "warning" and status is not Status.OK)]
    told.sort(key=lambda pair: pair[1].severity != "critical")
    looked = f"{fmt.plural(len(seen), 'column')}" + (f" of {count}" if count > len(seen) else "")
    if refused and not told and status is Status.OK:
        return CheckVerdict(Status.UNKNOWN, refused[0], lacking)
    if not told:
        return CheckVerdict(status, f"{looked}: an index lacks {fmt.percent(lacking)} of its column's rows at most",
                            lacking)
    health, finding = told[0]
    worst = Status.CRITICAL if finding.severity == "critical" else Status.WARNING
    more = f"; {len(told) - 1} more" if len(told) > 1 else ""
    return CheckVerdict(Status.worst([status, worst]), f"{health.column.label}: {finding.sentence}{more}", lacking,
                        finding.fix or f"dbconsole vectors health --column {health.column.label} says more")


def excuse(context: CheckContext) -> str | None:
    return None if "vector" in context.info.extensions else "pgvector is not installed in this database"


CHECK = Check(name="vector_health", title="Vector columns", evaluate=evaluate, probe=probe, excuse=excuse,
              is_optional=True, unit="%", warning=10, screen="vectors")
