"""Migrations as tables and a verdict: services of every framework in one table, a service's migrations, its history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.migrate.frameworks.records import ForeignMigration, LedgerEntry
from console.migrate.history import LedgerEvent
from console.migrate.records import MigrationState, ServiceStatus
from console.text import format as fmt
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone

TONES: Mapping[str, Tone] = {
    "applied": "", "pending": "accent", "failed": "critical", "changed": "warning", "missing": "warning",
    "held": "dim", "unreadable": "critical", "unknown": "unknown"}
"""How each state looks; its word says the same without colour."""

WORST = ("unreadable", "failed", "changed", "missing", "pending", "unknown", "held")


class MigrationLine(Struct, frozen=True):
    """One migration, whoever applies it. What isn't known is None."""

    version: str
    name: str
    state: str
    detail: str = ""
    applied_at: dt.datetime | None = None
    applied_by: str | None = None
    duration_ms: float | None = None
    history: str = ""
    """The history within a ledger of several: a Django app, a sqitch project."""
    tried: str = ""
    """How the last try of a pending one ended: failed or interrupted."""
    proved_at: dt.datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.history}\0{self.version}"


class ServiceLine(Struct, frozen=True):
    """One service, or one ledger of another framework. `key` identifies it; `notes` are worth a sentence each."""

    key: str
    name: str
    framework: str
    migrations: tuple[MigrationLine, ...]
    state: str
    applied: int | None
    pending: int | None
    latest: str
    last_at: dt.datetime | None = None
    notes: tuple[str, ...] = ()
    is_native: bool = True
    part_of: str = ""
    """The service whose tenant this is; that one's line sums them up."""

    def count(self, state: str) -> int:
        return sum(migration.state == state for migration in self.migrations)


def native(status: ServiceStatus, events: Sequence[LedgerEvent],
           proved: Mapping[tuple[str, str], dt.datetime]) -> ServiceLine:
    """A service of our own; a pending migration whose last try failed or was stopped says so.

    `proved` is when the way back of each service and version was proved.
    """
    name = status.service.name
    tries: dict[str, LedgerEvent] = {}
    for event in events:  # the newest of each
        if event.service == name and event.version is not None:
            tries.setdefault(event.version, event)
    latest = status.latest
    last_at = max((migration.row.applied_at for migration in status.migrations if migration.row is not None),
                  default=None)
    newest = next((event.at for event in events if event.service == name), None)
    migrations = tuple(_native_line(migration, tries.get(migration.version), proved.get((name, migration.version)))
                       for migration in status.migrations)
    return ServiceLine(
        name, name, "dbconsole", migrations, status.state, status.applied, status.pending,
        f"{latest.version} {latest.name}".strip() if latest else "", newest or last_at, status.notes)


def _native_line(migration: MigrationState, last: LedgerEvent | None, proved_at: dt.datetime | None) -> MigrationLine:
    row, detail, tried = migration.row, migration.detail, ""
    if migration.state == "pending" and last is not None and last.event in ("failed", "interrupted"):
        tried = last.event
        happened = "failed" if tried == "failed" else "was interrupted"
        detail = f"the last try {happened} at {last.at.astimezone():%H:%M:%S}: {last.detail or 'rolled back'}"
    return MigrationLine(migration.version, migration.name, migration.state, detail, row.applied_at if row else None,
                         row.applied_by if row else None, row.duration_ms if row else None, "", tried, proved_at)


def foreign(entry: LedgerEntry, title: str, migrations: Sequence[ForeignMigration], state: str | None) -> ServiceLine:
    """A ledger of another framework: `title` is the framework's name, `state` None when it couldn't be read."""
    ledger = entry.ledger
    notes = [words for words in (ledger.unavailable, ledger.note, ledger.detail) if words]
    if (run := ledger.run) is not None:
        who = ", ".join(filter(None, (f"pid {run.pid}" if run.pid else None, run.application, run.detail)))
        notes.insert(0, f"a run of {title} is in progress ({run.evidence}{': ' + who if who else ''})")
    lines = tuple(MigrationLine(migration.version, migration.name or "", migration.state, migration.detail,
                                migration.applied_at, migration.applied_by,
                                migration.duration_ms, migration.line or "") for migration in migrations)
    return ServiceLine(
        f"{entry.service}\0{ledger.schema}.{ledger.table}", entry.service, title, lines, state or "unknown",
        ledger.applied_count, None if ledger.pending is None else len(ledger.pending), ledger.last_version or "",
        ledger.last_applied_at, tuple(notes), is_native=False)


def broken(name: str, framework: str, reason: str) -> ServiceLine:
    """A service whose files or ledger can't be read."""
    return ServiceLine(name, name, framework, (), "unreadable", None, None, "", None, (reason,))


def verdict(lines: Sequence[ServiceLine], extra: Sequence[tuple[str, Tone]] = ()) -> Line:
    """What needs a person first, then what is left to do, then `extra` (proofs, drift)."""
    lines = [line for line in lines if not line.part_of]
    words: list[tuple[str, Tone]] = []
    for state, tone in (("unreadable", "critical"), ("failed", "critical"), ("changed", "warning"),
                        ("missing", "warning"), ("pending", "accent"), ("held", "dim")):
        concerned = [line for line in lines if (line.state == state if state == "unreadable" else line.count(state))]
        amount = len(concerned) if state == "unreadable" else sum(line.count(state) for line in concerned)
        tried = state == "pending" and any(each.tried for line in concerned for each in line.migrations)
        if amount:
            end = ", last try failed" if tried else ""
            words.append((f"{fmt.count(amount)} {state} in {_names(concerned)}{end}",
                          "critical" if tried else tone))  # type: ignore[arg-type]
    if not words:
        total = sum(line.applied or 0 for line in lines)
        words.append((f"all {fmt.plural(total, 'migration')} applied" if total else "no migrations", "ok"))
    elif not any(tone in ("critical", "warning", "accent") for _, tone in words):
        words.insert(0, ("nothing to run", "ok"))
    pieces: list[tuple[str, Tone]] = [(" ", "")]
    for number, piece in enumerate([*words, *extra]):
        pieces += [(" · ", "faint")] if number else []
        pieces.append(piece)
    return tuple(pieces)


def proofs(lines: Sequence[ServiceLine], now: dt.datetime) -> list[tuple[str, Tone]]:
    """How far rollbacks are proved, of what is ours: when, or how many are not."""
    files = [each for line in lines if line.is_native and not line.part_of for each in line.migrations
             if each.state != "missing"]
    if not files:
        return []
    times = [file.proved_at for file in files if file.proved_at is not None]
    if not times:
        return [("rollbacks not proved (V)", "dim")]
    if len(times) < len(files):
        return [(f"{len(files) - len(times)} of {len(files)} rollbacks not proved (V)", "dim")]
    return [(f"all rollbacks proved {fmt.ago(min(times), now)}", "ok")]


def _names(lines: Sequence[ServiceLine]) -> str:
    names = list(dict.fromkeys(line.name for line in lines))
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


_SERVICES = (
    Column("service", "service", fixed=True, minimum=14, maximum=26),
    Column("framework", "framework", maximum=16, priority=1),
    Column("applied", "applied", "right", minimum=7),
    Column("pending", "pending", "right", minimum=7),
    Column("latest", "latest", flexible=True, minimum=12, maximum=48),
    Column("last", "last run", "right", minimum=9, maximum=12),
    Column("state", "state", minimum=10, maximum=10),
)


def services_table(lines: Sequence[ServiceLine], now: dt.datetime, empty: str = "") -> Table:
    """All services; those that need a person keep their place and stand out by tone and word."""
    rows = tuple(Row(line.key, (
        Cell(line.name), Cell(line.framework, "dim"), Cell(_amount(line.applied), order=line.applied),
        Cell(_amount(line.pending), "accent" if line.pending else "dim", line.pending),
        Cell(line.latest or fmt.UNKNOWN, "" if line.latest else "dim"),
        Cell(fmt.ago(line.last_at, now), "dim", line.last_at),
        Cell("ok" if line.state == "applied" else line.state, "ok" if line.state == "applied" else TONES[line.state]),
    ), record=line) for line in lines)
    return Table(_SERVICES, rows, empty)


_MIGRATIONS = (
    Column("version", "version", fixed=True, minimum=7, maximum=20),
    Column("name", "migration", flexible=True, minimum=16, maximum=60),
    Column("state", "state", minimum=8, maximum=8),
    Column("at", "when", "right", minimum=9, maximum=12),
    Column("by", "who", minimum=8, maximum=16, priority=1),
    Column("duration", "duration", "right", minimum=8, priority=1),
    Column("proved", "proved", "right", minimum=9, maximum=12, priority=2),
)


def migrations_table(line: ServiceLine, now: dt.datetime, key: KeyName) -> Table:
    """A service's migrations, in its own order."""
    rows = tuple(Row(migration.key, (
        Cell(migration.version),
        Cell(f"{migration.history}: {migration.name}" if migration.history else migration.name),
        Cell(migration.state, "critical" if migration.tried else TONES[migration.state]),
        Cell(fmt.ago(migration.applied_at, now), "dim", migration.applied_at),
        Cell(migration.applied_by or fmt.UNKNOWN, "dim"),
        Cell(fmt.milliseconds(migration.duration_ms), "dim", migration.duration_ms),
        Cell(fmt.ago(migration.proved_at, now), "dim", migration.proved_at)),
        search=migration.detail, record=migration) for migration in line.migrations)
    return Table(_MIGRATIONS, rows, line.notes[0] if line.notes
                 else f"this service has no migrations yet: {key('migrations.new')} writes one")


_HISTORY = (
    Column("at", "when", fixed=True, minimum=19, maximum=19),
    Column("migration", "migration", minimum=12, maximum=34),
    Column("event", "event", minimum=9, maximum=18),
    Column("duration", "duration", "right", minimum=8, priority=2),
    Column("by", "who", minimum=8, maximum=28, priority=1),
    Column("detail", "detail", flexible=True, minimum=10, maximum=400),
)
_EVENT_TONES: Mapping[str, Tone] = {"failed": "critical", "interrupted": "warning", "reverted": "accent"}


def history_table(events: Sequence[LedgerEvent]) -> Table:
    """The event log, newest first."""
    rows = tuple(Row(str(number), (
        Cell(f"{event.at.astimezone():%Y-%m-%d %H:%M:%S}"), Cell(f"{event.version or ''} {event.name or ''}".strip()),
        Cell(event.event, _EVENT_TONES.get(event.event, "")),
        Cell(fmt.milliseconds(event.duration_ms), "dim", event.duration_ms),
        Cell(_who(event), "dim"), Cell(event.detail or "", "dim")), record=event) for number,
        event in enumerate(events))
    return Table(_HISTORY, rows, "nothing was ever done here with dbconsole")


def _who(event: LedgerEvent) -> str:
    return f"{event.database_user} ({event.os_user}@{event.host})"


def event_words(event: LedgerEvent) -> list[tuple[str, Tone]]:
    """An event in full, as paragraphs."""
    words: list[tuple[str, Tone]] = [
        (f"{event.at.astimezone():%Y-%m-%d %H:%M:%S %Z}", "dim"),
        (f"by {_who(event)}, application {event.application or '-'}, dbconsole {event.tool_version}", "dim")]
    if event.duration_ms is not None:
        words.append((f"in {fmt.milliseconds(event.duration_ms)}", "dim"))
    return words + ([("", ""), (event.detail, "")] if event.detail else [])


def heading(line: ServiceLine, migration: MigrationLine | None = None) -> Line:
    """Whose migrations these are, for the page of one service."""
    pieces: list[tuple[str, Tone]] = [(f" {line.name}", "strong"), (f"  {line.framework}", "dim")]
    for state in ("failed", "changed", "missing", "pending", "held"):
        if amount := line.count(state):
            pieces.append((f" · {amount} {state}", TONES[state]))
    pieces.append((f" · {_amount(line.applied)} applied", "dim"))
    pieces += [(f" · {note}", "warning") for note in line.notes[:1]]
    return tuple(pieces)


def _amount(value: int | None) -> str:
    return fmt.UNKNOWN if value is None else fmt.count(value)
