"""A measurement of recall as a chart, a table and sentences. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Sequence

from console.text import format as fmt
from console.vectors.records import Latency, Point, Recommendation
from console.view.bars import bar
from console.view.plane import Cloud, Plane
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone

BAR_CELLS = 24

COLUMNS = (
    Column("setting", "setting", align="right", fixed=True, minimum=7, maximum=18),
    Column("recall", "recall", align="right", minimum=6),
    Column("confidence", "±", align="right", minimum=5, priority=2),
    Column("lowest", "min", align="right", minimum=4, priority=1),
    Column("below", "< target", align="right", minimum=8, priority=3),
    Column("p50", "p50 ms", align="right", minimum=6),
    Column("p95", "p95 ms", align="right", minimum=6),
    Column("p99", "p99 ms", align="right", minimum=6, priority=4),
    Column("rows", "rows", align="right", minimum=4, priority=2),
    Column("note", "", minimum=11, maximum=22, flexible=True, sortable=False),
)


def plane(points: Sequence[Point], exact: Latency, best: Collection[Point], chosen: Point | None) -> Plane:
    """Recall over p95: the Pareto points joined, the others, those whose plan left the index, and the exact search."""
    def places(wanted: Sequence[Point]) -> tuple[tuple[float, float, str], ...]:
        return tuple(sorted((point.latency.p95_ms, point.recall_mean, point.label) for point in wanted
                            if math.isfinite(point.recall_mean) and point.latency.p95_ms > 0))

    by_index = [point for point in points if not point.is_exact]
    clouds = (
        Cloud("exact", places([point for point in points if point.is_exact]), "×", "warning"),
        Cloud("beaten", places([point for point in by_index if point not in best]), "○", "dim"),
        Cloud("Pareto", places([point for point in by_index if point in best]), "●", "ok", joined=True),
        Cloud("recommended", places([chosen] if chosen else []), "◆", "accent"))
    lines = ((exact.p95_ms, f"exact {fmt.number(exact.p95_ms)} ms"),) if exact.p95_ms > 0 else ()
    return Plane("p95 ms   ● best   ○ beaten   × left the index   ◆ recommended", clouds, lines, 1.004)


def table(points: Sequence[Point], exact: Latency, best: Collection[Point], chosen: Point | None,
          equal: Collection[Point] = ()) -> Table:
    """A row a point, and one of the exact search; a row's record is its Point, None of the exact search."""
    rows = []
    for place, point in enumerate(points):
        note, tone = _note(point, best, chosen, equal)
        took = point.latency
        rows.append(Row(f"{place} {point.label}", (
            Cell(point.label, "strong" if point == chosen else "", point.setting if point.setting is not None else -1),
            Cell(_share(point.recall_mean), "", point.recall_mean),
            Cell(_share(point.confidence), "dim", point.confidence),
            Cell(f"{point.recall_min:.2f}", "", point.recall_min),
            Cell(fmt.percent(point.below_target * 100), "dim", point.below_target),
            Cell(_ms(took.p50_ms), "", took.p50_ms), Cell(_ms(took.p95_ms), "", took.p95_ms),
            Cell(_ms(took.p99_ms), "", took.p99_ms), Cell(f"{point.rows_mean:.1f}", "", point.rows_mean),
            Cell(note, tone)), record=point))
    rows.append(Row("exact", (
        Cell("exact", "dim"), Cell("1.000", "dim", 1.0), Cell(""), Cell(""), Cell(""), Cell(_ms(exact.p50_ms), "dim",
        exact.p50_ms), Cell(_ms(exact.p95_ms), "dim", exact.p95_ms), Cell(_ms(exact.p99_ms), "dim", exact.p99_ms),
        Cell(""), Cell("no index", "dim"))))
    return Table(COLUMNS, tuple(rows))


def _note(point: Point, best: Collection[Point], chosen: Point | None, equal: Collection[Point],
          ) -> tuple[str, Tone]:
    if point.is_exact:
        return "left index", "warning"
    if point == chosen:
        return "recommended", "accent"
    if point in equal:
        return "as quick (noise)", "ok"
    return ("Pareto", "ok") if point in best else ("", "")


def _share(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "-"


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 100 else fmt.number(value)


def progress_line(phase: str, done: int, total: int, elapsed_s: float, key: KeyName) -> Line:
    """The phase in words, a bar, and how many queries of it are done."""
    words = {"sampling": "drawing the queries", "exact": "searching exactly", "embedding": "embedding the texts",
             "sweep": "searching at each setting, in turn"}
    share = done / total if total else 0.0
    return ((" measuring: ", "strong"), (f"{words.get(phase, phase)}  ", ""), (bar(share, BAR_CELLS), "accent"),
            (f"  {fmt.count(done)} of {fmt.count(total)}  ", ""),
            (f"{fmt.duration(elapsed_s)}   {key('recall.stop')} stops", "dim"))


def headline(found: Recommendation, at: dt.datetime, now: dt.datetime) -> Line:
    """The recommendation first."""
    tone: Tone = "ok" if found.point else "warning"
    return ((f" {found.sentence}", tone), (f"   measured {fmt.ago(at, now)}", "dim"))


def fact(point: Point, k: int, at: dt.datetime, now: dt.datetime) -> str:
    """`recall@10 at this setting 0.94 (measured 3 min ago)`."""
    return f"recall@{k} at this setting {point.recall_mean:.2f} (measured {fmt.ago(at, now)})"
