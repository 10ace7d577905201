"""The Overview: the verdict in words, the checks, the services, and four measurements over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from console.check.records import Result, Status
from console.view import format as fmt
from console.view.series import Series
from console.view.table import Cell, Column, Line, Row, Table, Tone

TONES: dict[Status, Tone] = {Status.OK: "ok", Status.WARNING: "warning", Status.CRITICAL: "critical",
                             Status.UNKNOWN: "unknown"}


@dataclass(frozen=True, slots=True)
class Card:
    """A measurement: its title, the latest value as text, a note beside it, and how it went."""

    title: str
    value: str
    note: str
    series: Series


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service's schemas taken together; `migrations` is a short text, "" where nothing is known of them."""

    name: str
    tables: int | None
    total_bytes: int | None
    is_estimate: bool = False
    migrations: str = ""
    tone: Tone = ""


def verdict(results: Sequence[Result]) -> Line:
    """What needs a person, worst first, in the words of the checks."""
    bad = [result for result in worst_first(results) if result.status is not Status.OK]
    if not results:
        return (("", ""),)
    if not bad:
        return ((" All ", "ok"), (fmt.plural(len(results), "check"), "ok"), (" are well", "ok"))
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
        pieces.append((result.summary, ""))
    return tuple(pieces)


def worst_first(results: Sequence[Result]) -> list[Result]:
    """The results by how bad they are; equal ones keep their order."""
    return sorted(results, key=lambda result: -result.status.badness)


CHECK_COLUMNS = (
    Column("status", "", fixed=True, sortable=False),
    Column("name", "Checks", fixed=True, minimum=12, maximum=24),
    Column("summary", "", flexible=True, minimum=20, maximum=200, sortable=False),
)


def checks_table(results: Sequence[Result]) -> Table:
    """The checks, worst first: letter, name, what was found."""
    rows = tuple(
        Row(result.name, (
            Cell(result.status.letter, TONES[result.status], order=-result.status.badness),
            Cell(result.name, "" if result.status is Status.OK else "strong"),
            Cell(result.summary, "dim" if result.status is Status.OK else TONES[result.status])),
            record=result)
        for result in worst_first(results))
    return Table(CHECK_COLUMNS, rows, "no check is enabled: see [checks] in config.toml")


SERVICE_COLUMNS = (
    Column("name", "Services", fixed=True, minimum=10, maximum=24),
    Column("tables", "tables", align="right", minimum=6),
    Column("size", "size", align="right", minimum=7),
    Column("migrations", "migrations", flexible=True, minimum=12, maximum=40, priority=1),
)


def services_table(services: Sequence[ServiceRow] | None, why: str | None = None) -> Table:
    """The services; None when the sizes have not been read yet, `why` when they can't be."""
    if services is None:
        return Table(SERVICE_COLUMNS, (), why or "reading sizes...")
    rows = tuple(
        Row(service.name, (
            Cell(service.name),
            Cell(fmt.count(service.tables), order=service.tables),
            Cell(("~" if service.is_estimate else "") + fmt.size(service.total_bytes), order=service.total_bytes),
            Cell(service.migrations, service.tone or "dim")))
        for service in services)
    return Table(SERVICE_COLUMNS, rows, "no service and no schema: [services.NAME] in config.toml names some")


def check_detail(result: Result) -> list[tuple[str, Tone]]:
    """A check in full, for its dialog."""
    paragraphs: list[tuple[str, Tone]] = [
        (f"{result.status.name}: {result.summary}", TONES[result.status])]
    if result.hint:
        paragraphs += [("", ""), (result.hint, "")]
    limits = [f"{name} {'below' if result.lower_is_worse else 'above'} {_value(value, result.unit)}"
              for name, value in (("warning", result.warning), ("critical", result.critical)) if value is not None]
    measured = [f"measured {_value(result.value, result.unit)}"] if result.value is not None else []
    if limits or measured:
        paragraphs += [("", ""), (", ".join((*measured, *limits)), "dim")]
    paragraphs.append((f"[checks.{result.name}] in config.toml changes this", "dim"))
    return paragraphs


def _value(value: float, unit: str) -> str:
    if unit == "%":
        return fmt.percent(value)
    if unit in ("B", "bytes"):
        return fmt.size(value)
    if unit == "s":
        return fmt.duration(value)
    if unit == "ms":
        return fmt.milliseconds(value)
    return f"{fmt.number(value)} {unit}".strip()
