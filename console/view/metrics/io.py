"""What kinds of backends read and write, and how the SLRU caches serve, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from console.metrics.records.io import IoCounters, SlruCounters
from console.text import format as fmt
from console.view.table import Cell, Column, Row, Table


class HasRates(Protocol):
    """Counters and their rates, as console.metrics.io_rates finds them."""

    @property
    def counters(self) -> IoCounters | SlruCounters: ...

    @property
    def per_s(self) -> Mapping[str, float | None]: ...


def _right(key: str, title: str, priority: int = 0) -> Column:
    return Column(key, title, align="right", minimum=7, priority=priority)


KINDS = (
    Column("backend", "backend", fixed=True, minimum=12, maximum=22),
    Column("object", "object", minimum=8, maximum=18, priority=1),
    Column("context", "context", minimum=8, maximum=12),
    _right("bytes_per_s", "bytes/s"), _right("read_bytes_per_s", "read"), _right("write_bytes_per_s", "write"),
    _right("extend_bytes_per_s", "extend", 4), _right("read_ms", "read ms", 3), _right("write_ms", "write ms", 3),
    _right("hits_per_s", "hits/s", 5), _right("evictions_per_s", "evicted", 6), _right("syncs_per_s", "syncs", 7),
)

CACHES = (
    Column("name", "SLRU cache", fixed=True, minimum=12, maximum=22),
    _right("looks_per_s", "looks/s"), _right("hit_percent", "hit"), _right("reads_per_s", "reads/s"),
    _right("writes_per_s", "writes/s"), _right("looks", "since reset", 2), _right("all_hit_percent", "hit", 2),
    _right("flushes", "flushes", 3),
)


def kinds(found: Sequence[HasRates], why: str | None) -> Table:
    """What is done now by backend type, object and context; rows that never did anything are left out."""
    rows = []
    for rates in found:
        row, now = rates.counters, rates.per_s
        if not isinstance(row, IoCounters) or not any((row.reads, row.writes, row.extends, row.hits, row.syncs)):
            continue
        moved = [now.get(name) for name in ("read_bytes", "write_bytes", "extend_bytes")]
        busy = None if all(value is None for value in moved) else sum(value or 0.0 for value in moved)
        rows.append(Row(row.key, (
            Cell(row.backend_type), Cell(row.object, "dim"), Cell(row.context, "dim"),
            _cell(busy, fmt.rate, "strong"), *(_cell(value, fmt.rate) for value in moved),
            _each(row.read_ms, row.reads), _each(row.write_ms, row.writes),
            _cell(now.get("hits"), fmt.number), _cell(now.get("evictions"), fmt.number),
            _cell(now.get("syncs"), fmt.number))))
    return Table(KINDS, tuple(rows), why or "reading pg_stat_io…")


def caches(found: Sequence[HasRates], why: str | None) -> Table:
    """How the caches of transaction status, multixacts, subtransactions and notifications serve."""
    rows = []
    for rates in found:
        row, now = rates.counters, rates.per_s
        if not isinstance(row, SlruCounters):
            continue
        hit, read = now.get("blocks_hit"), now.get("blocks_read")
        busy = None if hit is None or read is None else hit + read
        total = row.blocks_hit + row.blocks_read
        rows.append(Row(row.key, (
            Cell(row.name), _cell(busy, fmt.number, "strong"),
            Cell(fmt.percent(100 * (hit or 0) / busy) if busy else "", order=100 * (hit or 0) / busy if busy else None),
            _cell(read, fmt.number), _cell(now.get("blocks_written"), fmt.number),
            Cell(fmt.count(total), "dim", order=total),
            Cell(fmt.percent(100 * row.blocks_hit / total) if total else "", "dim",
                 order=100 * row.blocks_hit / total if total else None),
            Cell(fmt.count(row.flushes), "dim", order=row.flushes))))
    return Table(CACHES, tuple(rows), why or "reading pg_stat_slru…")


def _cell(value: float | None, text: Callable[[float | None], str], tone: str = "") -> Cell:
    """A rate; nothing is faint, and unknown is a dash."""
    return Cell(text(value), "faint" if not value else tone, order=-1.0 if value is None else value)  # type: ignore[arg-type]


def _each(total_ms: float | None, number: int | None) -> Cell:
    """Milliseconds for one operation since the reset; none where times aren't taken."""
    if not total_ms or not number:
        return Cell("", order=-1.0)
    return Cell(fmt.number(total_ms / number), "dim", order=total_ms / number)
