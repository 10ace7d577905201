"""What the connected database does: transactions, rows, cache, temporary files; and this machine, if it runs here."""

from __future__ import annotations

from collections.abc import Sequence

from console.ui.screens.overview.pages.charts import ChartsPage
from console.view.metrics import facts as view
from console.view.metrics.pages import HOST, LOAD
from console.view.metrics.plots import Plot
from console.view.table import Line


class LoadPage(ChartsPage):
    """Reads nothing itself."""

    PLOTS = LOAD
    FACTS = 2

    def plots(self) -> Sequence[Plot]:
        return (*LOAD, *HOST) if self.state.snapshot is not None and self.state.snapshot.host is not None else LOAD

    def facts(self) -> Sequence[Line]:
        snapshot = self.state.snapshot
        return () if snapshot is None else (view.load(snapshot), (*self.span_words(), *view.host(snapshot)))
