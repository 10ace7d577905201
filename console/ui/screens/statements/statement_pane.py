"""All about one statement: its figures, its course, its whole text, the tables that it names and their indexes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical

from console.statements.records import TouchedIndex, TouchedTable
from console.text import format as fmt
from console.ui.widgets.chart import Chart
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.painting import Lines
from console.ui.widgets.record_table import RecordTable
from console.view.series import Series
from console.view.statements.tables import touched
from console.view.table import Line


class StatementPane(Container):
    """Filled by the screen; the text keeps its place while it stays the same."""

    def compose(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield FactLines(id="facts")
            yield CodePane(id="text")
        with Vertical(id="beside"):
            with Horizontal(id="course"):
                for name in ("calls", "mean"):
                    with Vertical():
                        yield Lines(id=f"{name}-title", classes="title")
                        yield Chart(id=name)
            yield RecordTable(id="touched")

    def begin(self) -> None:
        """About another statement from now on: nothing of the one before may be taken for its."""
        self.query_one("#text", CodePane).show_text("", ())
        self.query_one("#touched", RecordTable).show(touched(None, ()))

    def show_facts(self, lines: Sequence[Line]) -> None:
        self.query_one(FactLines).show(*lines)

    def show_text(self, original: str, shown: str, note: str = "") -> None:
        """The text as `shown`; `y` copies the original."""
        code = self.query_one("#text", CodePane)
        lines = sql_lines(shown)
        if note:
            lines.append(((note, "dim"),))
        code.show_text(original, lines)

    def show_time_series(self, calls: Series, mean: Series, every_s: float) -> None:
        for name, title, series, words in (("calls", "calls/s", calls, fmt.number),
                                           ("mean", "mean", mean, fmt.milliseconds)):
            latest = next((value for value in reversed(series.values) if value is not None), None)
            self.query_one(f"#{name}-title", Lines).show(((f"{title} ", "dim"), (words(latest), "strong")))
            self.query_one(f"#{name}", Chart).show(series, seconds_a_sample=every_s)

    def show_tables(self, tables: Sequence[TouchedTable], indexes: Sequence[TouchedIndex], why: str = "") -> None:
        self.query_one("#touched", RecordTable).show(touched(tables, indexes, why))
