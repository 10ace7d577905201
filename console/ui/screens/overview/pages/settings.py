"""Settings: all of them with their origin, what was changed, what waits for a restart, and advice with its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.metrics.reads.settings import RISKY_OVERRIDES, SETTINGS
from console.metrics.records.settings import Machine, ServerSetting, SettingAdvice
from console.metrics.settings_advice import GB, advise
from console.server.query import Read
from console.ui.bindings import bindings
from console.ui.dialogs.failure import DetailDialog
from console.ui.keymap import key
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import settings as view


class SettingsPage(OverviewPage):
    """Advice by the machine's size only where that is known: configured, or the server proven to run on this one."""

    FOCUS = "#settings-table"
    BINDINGS = bindings("settings")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._choice: view.Choice = "notable"
        self._advice: dict[str, SettingAdvice] = {}
        self._wanted = ""

    def compose(self) -> ComposeResult:
        facts = Lines(id="facts")
        facts.styles.height = 2
        yield facts
        yield RecordTable(id="settings-table")

    def reads(self) -> Sequence[Read[Any]]:
        return Read(SETTINGS), Read(RISKY_OVERRIDES)

    def show(self) -> None:
        settings, info, machine = self.state.readings.rows(SETTINGS), self.connection.info, self.machine
        advice = advise({setting.name: setting for setting in settings}, machine,
                        info.major) if settings and info else []
        self._advice = {setting_advice.name: setting_advice for setting_advice in advice}
        if settings and self._wanted and not view.is_notable(self._wanted, settings, self._advice):
            self._choice = "all"
        self.query_one("#facts", Lines).show(*view.facts(settings, self._advice, machine, self._choice))
        table = self.query_one(RecordTable)
        table.show(view.table(settings, self._advice, self._choice, self.state.why(SETTINGS), key))
        if settings and self._wanted:
            table.want(self._wanted)
            self._wanted = ""

    def want(self, subject: str) -> None:
        """A setting's name; all are shown where it is none of the notable."""
        self._wanted = subject
        self.show_if_there()

    @property
    def machine(self) -> Machine:
        """What the server runs on; the configuration is believed before what we see here."""
        given = console_app(self).config.targets.get(self.connection.name)
        host = self.state.snapshot.host if self.state.snapshot is not None else None
        if given is not None and (given.machine.memory_gb or given.machine.cores):
            memory = given.machine.memory_gb
            return Machine(round(memory * GB) if memory else None, given.machine.cores, "as configured")
        return Machine() if host is None else Machine(host.memory_total_bytes, host.cores, "this one")

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        self.screen.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        setting: ServerSetting = event.row.record
        overrides = self.state.readings.rows(RISKY_OVERRIDES) or ()
        self.app.push_screen(DetailDialog(
            setting.name, *view.detail(setting, self._advice.get(setting.name), overrides)))

    @property
    def _statement(self) -> str | None:
        row = self.query_one(RecordTable).row if self.children else None
        return None if row is None else view.statement(row.record, self._advice.get(row.record.name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._statement is not None if action == "statement" else super().check_action(action, parameters)

    def action_all(self) -> None:
        """Shows all settings, or again only those that are notable."""
        self._choice = "notable" if self._choice == "all" else "all"
        self.show_if_there()

    def action_statement(self) -> None:
        """Copies the statement that follows the advice."""
        if (statement := self._statement) is not None:
            console_app(self).copy(statement)
