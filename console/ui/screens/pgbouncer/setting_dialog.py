"""Another value for a setting of PgBouncer."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from console.pooler.records import PoolerSetting
from console.server.target import Target
from console.ui import text
from console.ui.dialogs.dialog import Dialog, Words


class SettingDialog(Dialog[str]):
    """Answers with the new value of a setting."""

    HINT = (("input.submit", "set"), ("dialog.leave", "leave it"))
    width = 72

    def __init__(self, setting: PoolerSetting, target: Target) -> None:
        super().__init__(f"Set {setting.key} on {target.label}")
        self._setting = setting

    def body(self) -> ComposeResult:
        default = self._setting.default
        yield Words(("", ""), (f"Now: {text.clean(self._setting.value or '(empty)')}", ""),
                    (f"Default: {text.clean(default or '(empty)')}", "dim"), ("", ""))
        yield Input(self._setting.value or "")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)
