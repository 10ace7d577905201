"""The Overview: the verdict in words, the checks, the services, and four measurements over time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from console.check.records import CheckResult, Status
from console.metrics.records.counters import SchemaSize
from console.sampler.records import Snapshot
from console.text import format as fmt
from console.view.series import Series
from console.view.table import Cell, Column, Line, Row, Table, Tone

if TYPE_CHECKING:
    from console.migrate.records import ServiceStatus

TONES: dict[Status, Tone] = {Status.OK: "ok", Status.WARNING: "warning", Status.CRITICAL: "critical",
                             Status.UNKNOWN: "unknown"}


class Card(Struct, frozen=True):
    """A measurement: its title (`short` where there is little room), the latest value, a note, and how it went."""

    title: str
    short: str
    value: str
    note: str
    series: Series


SERIES = ("transactions_per_s", "connections", "cache_hit_percent", "wal_bytes_per_s")
"""The series of the sampler's history that `cards` wants."""


def cards(snapshot: Snapshot, history: Mapping[str, Sequence[float | None]]) -> tuple[Card, ...]:
    """The four measurements, in the order of `SERIES`. `history` holds their values, oldest first."""
    transactions, connections, hits, wal = (tuple(history[name]) for name in SERIES)
    sessions = snapshot.sessions
    states = [] if sessions is None else [
        (sessions.active, "active"), (sessions.idle, "idle"), (sessions.idle_in_transaction, "in tx"),
        (sessions.own, "own")]
    hit_low = 90.0 if all(value is None or value >= 90 for value in hits) else 0.0
    return (
        Card("transactions/s", "tx/s", fmt.number(snapshot.transactions_per_s), _peak(transactions, fmt.number),
             Series("transactions/s", transactions)),
        Card("connections", "conn", "-" if sessions is None else fmt.count(sessions.connections),
             "  ".join(f"{number} {state}" for number, state in states if number),
             Series("connections", connections, high=None if sessions is None else float(sessions.max_connections))),
        Card("cache hit", "hit", fmt.percent(snapshot.cache_hit_percent), f"from {hit_low:.0f} to 100 %",
             Series("cache hit", hits, "%", low=hit_low, high=100.0)),
        Card("WAL", "WAL", fmt.rate(snapshot.wal_bytes_per_s), _peak(wal, fmt.rate), Series("WAL", wal, "B/s")),
    )


def _peak(values: Sequence[float | None], text: Callable[[float], str]) -> str:
    known = [value for value in values if value is not None]
    return f"peak {text(max(known))}" if known else ""


def _places(screen: str, page: str | None, *checks: str) -> dict[str, tuple[str, str | None]]:
    return dict.fromkeys(checks, (screen, page))


PLACES: Mapping[str, tuple[str, str | None]] = {
    **_places("activity", None, "connections", "idle_in_transaction", "long_transactions"),
    **_places("activity", "blocking", "blocked_sessions", "prepared_transactions"),
    **_places("activity", "replication", "replication_lag", "replication_slots", "standbys"),
    **_places("statements", None, "slow_statements"),
    **_places("overview", "load", "cache_hit", "deadlocks", "temp_files"),
    **_places("overview", "wal", "archiver", "checkpoints_requested", "disk_write", "last_checkpoint"),
    **_places("overview", "vacuum", "dead_tuples", "freeze_age", "wraparound"),
    **_places("overview", "sizes", "database_size"),
    **_places("overview", "indexes", "duplicate_indexes", "invalid_indexes", "unused_indexes"),
    **_places("overview", "settings", "data_safety", "pending_restart"),
    **_places("pgbouncer", None, "pooler_client_wait", "pooler_maxwait", "pooler_pools"),
    **_places("migrations", None, "migrations"),
    **_places("vectors", None, "vector_extension", "vector_health"),
    **_places("schemas", None, "sequences"),
}
"""Where what a check speaks of is shown, the screen and a page of it; those of the server as a whole are nowhere else.
"""


def verdict(results: Sequence[CheckResult], *, is_old: bool = False) -> Line:
    """What needs a person, worst first, in the words of the checks; `is_old` where the server no longer answers."""
    if is_old:
        return ((" Unknown now. When it last answered:", "warning"), *((text, "dim") for text, _ in verdict(results)))
    bad = [result for result in worst_first(results) if result.status is not Status.OK]
    if not results:
        return (("", ""),)
    if not bad:
        return ((" All well", "ok"), (f" · {fmt.plural(len(results), 'check')}", "dim"))
    pieces: list[tuple[str, Tone]] = [(" ", "")]
    for status, noun in ((Status.CRITICAL, "critical"), (Status.WARNING, "warning"), (Status.UNKNOWN, "unknown")):
        number = sum(result.status is status for result in bad)
        if number:
            words = f"{number} {noun}" if noun != "warning" else fmt.plural(number, noun)
            pieces += [(", " if len(pieces) > 1 else "", ""), (words, TONES[status])]
    pieces.append((": ", ""))
    for index, result in enumerate(bad):
        pieces.append((" · " if index else "", "faint"))
        if result.name.replace("_", " ") not in result.summary:
            pieces.append((f"{result.title.lower()} ", "dim"))
        pieces.append((result.summary.partition("; ")[0], ""))
    return tuple(pieces)


def worst_first(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results by how bad they are; equal ones keep their order."""
    return sorted(results, key=lambda result: -result.status.badness)


CHECK_COLUMNS = (
    Column("status", "", fixed=True, sortable=False),
    Column("name", "Checks", fixed=True, minimum=12, maximum=24),
    Column("summary", "", flexible=True, minimum=20, maximum=200, sortable=False),
)


WELL = "well"
"""The key of the row in which the checks that are well are folded."""


def checks_table(results: Sequence[CheckResult], said: Collection[str] = (), *, is_folded: bool = False) -> Table:
    """The checks, worst first: letter, name, what was found. Those in `said` are said by a finding already and left out
    where they are bad; folded, the ones that are well are one row."""
    shown = [result for result in worst_first(results) if result.status is Status.OK or result.name not in said]
    well = [result for result in shown if result.status is Status.OK]
    folded: tuple[Row, ...] = ()
    if is_folded and len(well) > 1:
        shown = shown[:len(shown) - len(well)]
        folded = (Row(WELL, (Cell("O", "ok", order=0), Cell(f"{len(well)} well", "dim"),
                             Cell(", ".join(result.name for result in well[:4]) + "...", "faint")),
                      search=" ".join(result.name for result in well)),)
    rows = tuple(
        Row(result.name, (
            Cell(result.status.letter, TONES[result.status], order=-result.status.badness),
            Cell(result.name, "" if result.status is Status.OK else "strong"),
            Cell(result.summary, "dim" if result.status is Status.OK else TONES[result.status])),
            record=result)
        for result in shown)
    return Table(CHECK_COLUMNS, (*rows, *folded), "no check is enabled: see [checks] in config.toml")


SERVICE_COLUMNS = (
    Column("name", "Services", fixed=True, minimum=10, maximum=24),
    Column("tables", "tables", align="right", minimum=6),
    Column("size", "size", align="right", minimum=7),
    Column("migrations", "migrations", flexible=True, minimum=10, maximum=40, priority=1, sortable=False),
)


def services_table(snapshot: Snapshot, schemas: Sequence[SchemaSize] | None) -> Table:
    """The services with what they hold; where there are none, the schemas (None: not read)."""
    if not snapshot.services:
        return _schemas_table(snapshot, schemas)
    rows = []
    for service in snapshot.services:
        words, tone = _migrations(service.migrations)
        rows.append(Row(service.service.name, (
            Cell(service.service.name), *_holds(service.tables, service.total_bytes, service.is_estimate),
            Cell(words, tone)),
            search=" ".join(service.service.schemas)))
    return Table(SERVICE_COLUMNS, tuple(rows))


def _schemas_table(snapshot: Snapshot, schemas: Sequence[SchemaSize] | None) -> Table:
    columns = (replace(SERVICE_COLUMNS[0], title="Schemas"), *SERVICE_COLUMNS[1:3])
    if schemas is None:
        return Table(columns, (), snapshot.unavailable.get("metrics.schema_sizes", "reading sizes..."))
    rows = tuple(Row(schema.schema,
                     (Cell(schema.schema), *_holds(schema.tables, schema.total_bytes, schema.is_estimate)))
                 for schema in sorted(schemas, key=lambda size: -size.total_bytes))
    return Table(columns, rows, "this database has no schema with tables")


def _holds(tables: int | None, total_bytes: int | None, is_estimate: bool) -> tuple[Cell, Cell]:
    size = fmt.size(total_bytes)
    return (Cell(fmt.count(tables), order=tables),
            Cell(f"~{size}" if is_estimate and total_bytes else size, order=total_bytes))


_MIGRATION_TONES: Mapping[str, Tone] = {
    "failed": "critical", "changed": "critical", "missing": "warning", "pending": "warning"}


def _migrations(status: ServiceStatus | None) -> tuple[str, Tone]:
    if status is None:
        return "", "dim"
    words = [f"{status.applied} applied"]
    words += [f"{status.count(state)} {state}" for state in ("failed", "changed", "missing", "pending", "held")
              if status.count(state)]
    return ", ".join(words), _MIGRATION_TONES.get(status.state, "dim")


def check_detail(result: CheckResult) -> list[tuple[str, Tone]]:
    """A check in full, for its dialog."""
    paragraphs: list[tuple[str, Tone]] = [
        (f"{result.status.name}: {result.summary}", TONES[result.status])]
    if result.hint:
        paragraphs += [("", ""), (result.hint, "")]
    limits = [f"{name} {'below' if result.lower_is_worse else 'above'} {value_text(value, result.unit)}"
              for name, value in (("warning", result.warning), ("critical", result.critical)) if value is not None]
    measured = [f"measured {value_text(result.value, result.unit)}"] if result.value is not None else []
    if limits or measured:
        paragraphs += [("", ""), (", ".join((*measured, *limits)), "dim")]
    paragraphs.append((f"[checks.{result.name}] in config.toml changes this", "dim"))
    return paragraphs


def value_text(value: float, unit: str) -> str:
    if unit == "%":
        return fmt.percent(value)
    if unit == "B":
        return fmt.size(value)
    if unit == "s":
        return fmt.duration(value)
    if unit == "ms":
        return fmt.milliseconds(value)
    return f"{fmt.number(value)} {unit}".strip()
