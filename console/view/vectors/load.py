"""How many searches a second a server answers for so many clients, as a sentence and a table. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from console.text import format as fmt
from console.vectors.records import ConcurrencyMeasurement, ConcurrencyPoint
from console.view.bars import bar
from console.view.table import Cell, Column, Line, Row, Table, Tone

BAR_CELLS = 24
NEARLY = 0.95
"""Of the most searches a second: whoever has so many gains nothing by more clients."""

COLUMNS = (
    Column("clients", "clients", "right", fixed=True, minimum=7), Column("rate", "searches/s", "right", minimum=10),
    Column("bar", "", minimum=BAR_CELLS, maximum=BAR_CELLS, priority=1, sortable=False),
    Column("p50", "p50 ms", "right", minimum=7), Column("p95", "p95 ms", "right", minimum=7),
    Column("p99", "p99 ms", "right", minimum=7), Column("searches", "searches", "right", minimum=8, priority=2),
    Column("note", "", minimum=12, flexible=True, sortable=False))


def enough(points: Sequence[ConcurrencyPoint]) -> ConcurrencyPoint | None:
    """The fewest clients that have nearly the most searches a second; None where nothing was answered."""
    most = max((point.per_second for point in points), default=0.0)
    return next((point for point in points if most and point.per_second >= NEARLY * most), None)


def verdict(done: ConcurrencyMeasurement) -> Line:
    """How much the server answers, how many clients that takes, and what more of them cost."""
    found = enough(done.points)
    if found is None:
        return ((done.warnings[-1] if done.warnings else "nothing was answered", "critical"),)
    words = f"{fmt.count(found.per_second)} searches a second with {fmt.plural(found.clients, 'client')}, " \
            f"p95 {fmt.milliseconds(found.latency.p95_ms)}"
    last = done.points[-1]
    more = ""
    if last.clients > found.clients and found.latency.p95_ms:
        times = last.latency.p95_ms / found.latency.p95_ms
        more = f"; {last.clients} clients get no more, at {fmt.milliseconds(last.latency.p95_ms)}" \
               + (f" ({fmt.number(times, 2)} times as long)" if math.isfinite(times) else "")
    elif len(done.points) > 1:
        more = "; it may answer more with more clients"
    tone: Tone = "strong" if done.index_used else "warning"
    return ((words, tone), (more, ""), (f" · through {done.index_used}" if done.index_used else
                                        " · every search was exact", "" if done.index_used else "warning"))


def table(points: Sequence[ConcurrencyPoint]) -> Table:
    """A row for each number of clients; a row's record is its point."""
    most, best = max((point.per_second for point in points), default=0.0), enough(points)
    return Table(COLUMNS, tuple(Row(str(point.clients), (
        Cell(str(point.clients), "strong", point.clients), Cell(fmt.count(point.per_second), "", point.per_second),
        Cell(bar(point.per_second / most if most else 0.0, BAR_CELLS), "accent"),
        *(Cell(_ms(value), "", value) for value in (
            point.latency.p50_ms, point.latency.p95_ms, point.latency.p99_ms)),
        Cell(fmt.count(point.queries), "dim", point.queries),
        Cell("enough clients" if point is best else "", "ok")), record=point) for point in points), "no answer")


def _ms(value: float) -> str:
    return "-" if not math.isfinite(value) else f"{value:.2f}" if value < 100 else fmt.number(value)


def running(clients: int, planned: Sequence[int], seconds: float, elapsed_s: float, stop: str) -> Line:
    """How far it is."""
    if not clients:
        return (("drawing the queries", "strong"), (f"   {stop} stops", "dim"))
    whole = len(planned) * seconds
    return ((f"{fmt.plural(clients, 'client')} search ", "strong"),
            (bar(min(1.0, elapsed_s / whole if whole else 1.0), BAR_CELLS), "accent"),
            (f"  {fmt.duration(elapsed_s)} of about {fmt.duration(whole)}   {stop} stops", "dim"))
