"""Vacuum: workers that run, tables that are due and why, dead rows, and how far from freezing everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.activity.read import PROGRESS
from console.metrics.reads.vacuum import AUTOVACUUM, AUTOVACUUM_SCORES, ROW_TOTALS, VACUUM_TABLES
from console.server.query import Read
from console.ui.screens.overview.pages.charts import Charts, ChartsPage
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import facts, vacuum
from console.view.metrics.pages import VACUUM
from console.view.table import Line

RUNNING = tuple(query for query in PROGRESS if query.name == "activity.progress_vacuum")


class VacuumPage(ChartsPage):
    """The tables nearest to autovacuum's thresholds, and what runs now."""

    FOCUS = "#vacuum-table"
    PLOTS = VACUUM
    FACTS = 3

    def compose(self) -> ComposeResult:
        facts = FactLines(id="facts", least=self.FACTS)
        facts.styles.height = "auto"
        yield facts
        yield Charts(self.PLOTS, id="charts")
        yield RecordTable(id="vacuum-table")

    def reads(self) -> Sequence[Read[Any]]:
        return (Read(VACUUM_TABLES), Read(ROW_TOTALS), Read(AUTOVACUUM_SCORES), *(Read(query) for query in RUNNING))

    def facts(self) -> Sequence[Line]:
        workers, totals = self.state.rows(AUTOVACUUM), self.state.rows(ROW_TOTALS)
        running = [item for query in RUNNING for item in self.state.readings.rows(query) or ()]
        due = vacuum.due_words(self.state.readings.rows(VACUUM_TABLES),
                               self.state.readings.rows(AUTOVACUUM_SCORES) or ())
        return (facts.vacuum(workers[0] if workers else None, due, totals[0] if totals else None),
                vacuum.running(running), self.span_words())

    def show(self) -> None:
        super().show()
        self.query_one("#vacuum-table", RecordTable).show(
            vacuum.table(self.state.readings.rows(VACUUM_TABLES), self.state.why(VACUUM_TABLES),
                         self.state.readings.rows(AUTOVACUUM_SCORES) or ()))

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        table = event.row.record
        console_app(self).hand_over("schemas", (table.schema, table.table))
