"""Alerts: what has crossed a threshold, since when, how bad it was, and whether somebody knows."""

from __future__ import annotations

from textual.app import ComposeResult

from console.sampler.records import Alert
from console.ui.bindings import bindings
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.view import alerts as view


class AlertsPage(OverviewPage):
    """Reads nothing itself: the sampler keeps the alerts."""

    FOCUS = "#alerts-table"
    BINDINGS = bindings("alerts")

    def compose(self) -> ComposeResult:
        facts = Lines(id="facts")
        facts.styles.height = 1
        yield facts
        yield RecordTable(id="alerts-table")

    def show(self) -> None:
        sampler, snapshot = self.connection.sampler, self.state.snapshot
        if sampler is None or snapshot is None:
            return
        alerts = sampler.alerts
        now = snapshot.taken_at or console_app(self).clock.now()
        self.query_one("#facts", Lines).show(view.facts(
            alerts.unacknowledged, len(alerts.active), console_app(self).config.alerts,
            sampler.notifier.failure if sampler.notifier is not None else None,
            sampler.notifier.left_out if sampler.notifier is not None else 0))
        self.query_one(RecordTable).show(view.table(alerts.active, list(alerts.ended), now))

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        self.screen.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        from console.ui.dialogs.failure import DetailDialog

        alert: Alert = event.row.record
        self.app.push_screen(DetailDialog(
            alert.result.title, *view.detail(alert), lead=self.lead(alert.name)))

    @property
    def _subject(self) -> Alert | None:
        """The alert under the cursor, while it goes on."""
        row = self.query_one(RecordTable).row if self.children else None
        return row.record if row is not None and row.record.ended_at is None else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "acknowledge":
            return self._subject is not None
        if action == "acknowledge_all":
            sampler = self.connection.sampler
            return sampler is not None and sampler.alerts.unacknowledged > 0
        return super().check_action(action, parameters)

    def action_acknowledge(self) -> None:
        """Takes note of it, or no longer."""
        sampler = self.connection.sampler
        if sampler is not None and (alert := self._subject) is not None:
            sampler.alerts.acknowledge(alert.name)
            self._changed()

    def action_acknowledge_all(self) -> None:
        if (sampler := self.connection.sampler) is not None:
            sampler.alerts.acknowledge_all()
            self._changed()

    def _changed(self) -> None:
        self.show_if_there()
        console_app(self).show_state()
        self.screen.refresh_bindings()
