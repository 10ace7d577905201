"""Sizes of databases and tablespaces, and how they grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.metrics.growth import GrowthByName
from console.metrics.reads.sizes import DATABASE_SIZES, TABLESPACE_SIZES
from console.server.query import Read
from console.ui.screens.overview.pages.charts import Charts, ChartsPage
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import sizes as view
from console.view.metrics.pages import SIZES
from console.view.table import Line


class SizesPage(ChartsPage):
    """Asks the file system through the server, every five minutes while it is visible."""

    FOCUS = "#database-sizes"
    PLOTS = SIZES

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._databases = GrowthByName()
        self._tablespaces = GrowthByName()

    def compose(self) -> ComposeResult:
        facts = FactLines(id="facts", least=self.FACTS)
        facts.styles.height = "auto"
        yield facts
        yield Charts(self.PLOTS, id="charts")
        yield RecordTable(id="database-sizes", sort="size", descending=True)
        yield RecordTable(id="tablespace-sizes", sort="size", descending=True)

    def reads(self) -> Sequence[Read[Any]]:
        return Read(DATABASE_SIZES), Read(TABLESPACE_SIZES)

    def facts(self) -> Sequence[Line]:
        return (self.span_words(),)

    def show(self) -> None:
        super().show()
        for growth, query, table, title in (
                (self._databases, DATABASE_SIZES, "#database-sizes", "database"),
                (self._tablespaces, TABLESPACE_SIZES, "#tablespace-sizes", "tablespace")):
            rows = self.state.readings.rows(query)
            if rows is not None:
                growth.add_sample(rows, self.state.asked_s)
            self.query_one(table, RecordTable).show(view.table(title, rows, growth.per_hour, self.state.why(query)))
