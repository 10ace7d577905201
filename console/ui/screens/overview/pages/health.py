"""The first page: what is wrong, four small charts, checks and services. Reads nothing itself: the sampler does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from console.metrics.reads.counters import SCHEMA_SIZES
from console.sampler.records import Snapshot
from console.ui import text
from console.ui.bindings import bindings
from console.ui.keymap import letter
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.active_sessions_chart import ActiveSessionsChart
from console.ui.widgets.painting import Blank, Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.trend import Trends
from console.view import overview as view

if TYPE_CHECKING:
    from console.diagnosis.records import Finding, Subject

SAMPLES = 240
"""How many samples the charts look back: two a cell on a wide terminal."""

MINUTE_S = 60.0

REPLICATION = "replication"
"""The view of Activity that shows slots and standbys."""


class HealthPage(OverviewPage):
    """The first page: what is wrong, what the checks say, and how the server does."""

    FOCUS = "#checks"
    BINDINGS = bindings("health", "active_sessions")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._is_folded = True

    def compose(self) -> ComposeResult:
        yield RecordTable(id="findings", show_header=False)
        with Blank(id="now"):
            yield RecordTable(id="running")
            yield Lines(id="minute")
        yield ActiveSessionsChart()
        yield Trends(id="trends")
        with Blank(id="tables"):
            yield RecordTable(id="checks")
            yield RecordTable(id="services")

    def show(self) -> None:
        snapshot, history = self.state.snapshot, self.state.history
        if snapshot is None or history is None:
            return
        self._show_findings()
        self._show_checks(snapshot)
        services = self.query_one("#services", RecordTable)
        services.set_class(not snapshot.services, "-schemas")
        services.show(view.services_table(snapshot, snapshot.readings.rows(SCHEMA_SIZES)))
        if len(history) > 1:  # the first picture waits for nothing that isn't in it yet
            self._show_running()
        self.query_one(ActiveSessionsChart).show_latest()
        values = {name: history.values(name, SAMPLES) for name in view.SERIES}
        self.query_one(Trends).show_cards(view.cards(snapshot, values))

    def _show_running(self) -> None:
        from console.view import running

        found = self.connection.active_sessions
        table, lines = self.query_one("#running", RecordTable), self.query_one("#minute", Lines)
        table.show(running.table(found.backends, found.at, max(1, table.size.height - 1)))
        if found.slices is not None and lines.size.width:
            now_s = console_app(self).clock.monotonic()
            statements, waits = (found.slices.shares(kind, now_s, MINUTE_S) for kind in ("statement", "event"))
            lines.show(*running.minute(statements, waits, lines.size.width, lines.size.height, text.fit))

    def action_slice(self) -> None:
        """The active sessions by something else."""
        self.query_one(ActiveSessionsChart).choose_next()

    def action_span(self, direction: int) -> None:
        self.query_one(ActiveSessionsChart).change_span(direction)

    def _show_findings(self) -> None:
        table, findings = self.query_one("#findings", RecordTable), self.findings
        if findings:
            from console.view import diagnosis

            table.show(diagnosis.table(findings, self.size.width - 2, self._where))
        self.set_class(bool(findings), "-wrong")
        if table.display != bool(findings):
            table.display = bool(findings)
            self._give_keys(table)

    def _give_keys(self, table: RecordTable) -> None:
        """The keys go to what is wrong when that comes, unless a person is about something else, and back."""
        checks = self.query_one("#checks", RecordTable)
        self.FOCUS = "#findings" if table.display else "#checks"
        focused = self.screen.focused
        if table.display and (focused is None or (focused is checks and not checks.follows)):
            self.screen.set_focus(table)
        elif not table.display and focused in (table, None):
            self.screen.set_focus(checks)

    def _show_checks(self, snapshot: Snapshot) -> None:
        said = {name for finding in self.findings for name in finding.checks}
        self.query_one("#checks", RecordTable).show(
            view.checks_table(snapshot.results, said, is_folded=self._is_folded))

    def _where(self, subject: Subject) -> str:
        """The key that goes to what shows it, and its title."""
        if subject.screen == "overview":
            from console.ui.screens.overview.pages import PAGES

            entry = next((entry for entry in PAGES if entry.name == subject.page), None)
            return f"{letter(entry.action)} {entry.title}" if entry is not None and entry.action else ""
        return next((f"{entry.number} {entry.title}" for entry in console_app(self).entries
                     if entry.name == subject.screen), "")

    def on_resize(self) -> None:
        self.show_if_there()

    # keys

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table.id == "findings":
            self.go_to(event.row.record.subject)
        elif event.table.id == "running":
            console_app(self).hand_over("activity", event.row.record.pid)
        elif event.table.id == "checks" and event.row.key == view.WELL:
            self.action_fold()
        elif event.table.id == "checks":
            from console.ui.dialogs.failure import DetailDialog

            result = event.row.record
            self.app.push_screen(DetailDialog(
                result.title, *view.check_detail(result), lead=self.lead(result.name)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "evidence":
            return bool(self.children) and bool(self.findings)
        return super().check_action(action, parameters)

    def action_evidence(self) -> None:
        """What proves the finding under the cursor, whom it hurts, and what to do."""
        from console.ui.dialogs.failure import DetailDialog
        from console.view import diagnosis

        row = self.query_one("#findings", RecordTable).row
        if row is not None:
            finding: Finding = row.record
            self.app.push_screen(DetailDialog(
                finding.kind.replace("_", " ").capitalize(), *diagnosis.detail(finding),
                lead=lambda: self.go_to(finding.subject)))

    def action_fold(self) -> None:
        """Shows the checks that are well, or folds them into one line again."""
        self._is_folded = not self._is_folded
        self.set_class(not self._is_folded, "-unfolded")
        self.show_if_there()
