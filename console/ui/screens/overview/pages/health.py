"""The first page: four small charts, the checks and the services. Reads nothing itself: the sampler does."""

from __future__ import annotations

from textual.app import ComposeResult

from console.metrics.reads.counters import SCHEMA_SIZES
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.painting import Blank
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.trend import Trends
from console.view import overview as view

SAMPLES = 240
"""How many samples the charts look back: two a cell on a wide terminal."""


class HealthPage(OverviewPage):
    """The first page: what the checks say, and how the server does."""

    FOCUS = "#checks"

    def compose(self) -> ComposeResult:
        yield Trends(id="trends")
        with Blank(id="tables"):
            yield RecordTable(id="checks")
            yield RecordTable(id="services")

    def show(self) -> None:
        snapshot, history = self.state.snapshot, self.state.history
        if snapshot is None or history is None:
            return
        self.query_one("#checks", RecordTable).show(view.checks_table(snapshot.results))
        services = self.query_one("#services", RecordTable)
        services.set_class(not snapshot.services, "-schemas")
        services.show(view.services_table(snapshot, snapshot.readings.rows(SCHEMA_SIZES)))
        values = {name: history.values(name, SAMPLES) for name in view.SERIES}
        self.query_one(Trends).show_cards(view.cards(snapshot, values))

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table.id != "checks":
            return
        from console.ui.dialogs.failure import DetailDialog

        result = event.row.record
        self.app.push_screen(DetailDialog(result.title, *view.check_detail(result)))
