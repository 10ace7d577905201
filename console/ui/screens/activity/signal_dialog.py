"""Asking before a query is cancelled or a session ended: whose, how old, what it runs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from console.activity.actions import Signal
from console.activity.records import Backend
from console.ui import text
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.keymap import hint
from console.ui.widgets.painting import console_app
from console.view.activity import sessions as view
from console.view.table import Tone


class SignalDialog(Dialog[Signal]):
    """Answers with the signal that was confirmed: by `y`, or to terminate where `word` is given by typing that."""

    BINDINGS = bindings("signal", borrow={"confirm.yes": "confirm", "confirm.no": "leave"})
    AUTO_FOCUS = ""
    width = 84

    def __init__(self, kind: Signal, backends: Sequence[Backend], target: str, word: str | None) -> None:
        super().__init__("")
        self.kind = kind
        self._backends = backends
        self._target = target
        self._word = word

    def body(self) -> ComposeResult:
        yield Words(id="question")
        yield Words(id="type")
        yield Input(id="word")

    def on_mount(self) -> None:
        self._show()

    def action_choose(self, kind: Signal) -> None:
        self.kind = kind
        self._show()

    def action_confirm(self) -> None:
        if self._typed is None:
            self.dismiss(self.kind)

    @property
    def _typed(self) -> str | None:
        return self._word if self.kind == "terminate" else None

    def _show(self) -> None:
        several = len(self._backends) > 1
        whom = f"{len(self._backends)} sessions" if several else f"pid {self._backends[0].pid}"
        box = self.query_one("#box")
        if self.kind == "cancel":
            title = f"Cancel the {'queries' if several else 'query'} of {whom} on {self._target}?"
            keys = hint("confirm.yes", "confirm.no", "signal.terminate")
        else:
            title = f"Terminate {whom} on {self._target}?"
            keys = hint("confirm.yes", "confirm.no", "signal.cancel") if self._typed is None else \
                hint(("input.submit", "confirm"), ("dialog.leave", "no"))
        box.border_title, box.border_subtitle = text.content(f" {title} "), text.content(f" {keys} ")
        self.query_one("#question", Words).say(
            ("", ""), *view.question(self._backends), ("", ""), *self._consequences(), ("", ""))
        asks = self._typed is not None
        self.query_one("#type", Words).display = self.query_one("#word", Input).display = asks
        self.query_one("#word", Input).disabled = not asks
        if asks:
            self.query_one("#type", Words).say((f"Type {text.clean(self._typed or '')} to confirm:", "strong"))
            self.query_one("#word", Input).focus()

    def _consequences(self) -> list[tuple[str, Tone]]:
        if self.kind == "terminate":
            return [("The connection is closed and its transaction rolled back.", "warning")]
        idle = [backend.pid for backend in self._backends if backend.state not in (None, "active")]
        words: list[tuple[str, Tone]] = [
            ("What runs is stopped with an error; the session and its connection stay.", "")]
        if idle:
            who = "It runs" if len(self._backends) == 1 else f"{', '.join(map(str, idle[:6]))} run"
            words.append((f"{who} nothing now: only terminating would end the transaction.", "warning"))
        return words

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            console_app(self).connection.is_named = True
            self.dismiss(self.kind)
        else:
            event.input.value = ""
