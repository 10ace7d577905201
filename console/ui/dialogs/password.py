"""Asking for a password: masked, kept in memory only."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from console.ui.dialogs.dialog import Dialog, Words


class PasswordDialog(Dialog[str]):
    """Answers with what was typed."""

    HINT = (("input.submit", "connect"), ("dialog.leave", "not now"))

    def __init__(self, label: str, reason: str) -> None:
        super().__init__("Password")
        self._label = label
        self._reason = reason

    def body(self) -> ComposeResult:
        yield Words(("", ""), (self._reason, "warning"), ("", ""), (f"Password for {self._label}:", ""))
        yield Input(password=True)
        yield Words(("It is kept in memory only, never stored.", "dim"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value:
            self.dismiss(event.value)
