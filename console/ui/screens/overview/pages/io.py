"""Reads and writes: by kind of backend, object and context (16 and later), and the SLRU caches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.metrics.io_rates import IoActivity
from console.metrics.reads.io import IO_COUNTERS, IO_TOTALS, SLRU_COUNTERS
from console.server.query import Read
from console.ui.screens.overview.pages.charts import Charts, ChartsPage
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import io as view
from console.view.metrics.pages import IO
from console.view.table import Line


class IoPage(ChartsPage):
    """Watches the counters from one of its own looks to the next."""

    FOCUS = "#io-table"
    PLOTS = IO

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._kinds = IoActivity()
        self._caches = IoActivity()

    def compose(self) -> ComposeResult:
        facts = FactLines(id="facts", least=self.FACTS)
        facts.styles.height = "auto"
        yield facts
        yield Charts(self.PLOTS, id="charts")
        yield RecordTable(id="io-table", sort="bytes_per_s", descending=True)
        yield RecordTable(id="slru-table", sort="looks_per_s", descending=True)

    def reads(self) -> Sequence[Read[Any]]:
        return Read(IO_COUNTERS), Read(SLRU_COUNTERS)

    def facts(self) -> Sequence[Line]:
        why = self.state.why(IO_TOTALS)
        return ((*self.span_words(), (f"   pg_stat_io {why}" if why else "", "faint")),)

    def show(self) -> None:
        super().show()
        every_s = self.connection.every_s
        kinds = self._kinds.add_sample(self.state.readings.rows(IO_COUNTERS) or (), self.state.asked_s, every_s)
        caches = self._caches.add_sample(self.state.readings.rows(SLRU_COUNTERS) or (), self.state.asked_s, every_s)
        self.query_one("#io-table", RecordTable).show(view.kinds(kinds, self.state.why(IO_COUNTERS)))
        self.query_one("#slru-table", RecordTable).show(view.caches(caches, self.state.why(SLRU_COUNTERS)))
