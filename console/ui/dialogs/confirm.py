"""Asking before something that can't be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.ui import text
from console.ui.dialogs.dialog import Dialog, Words
from console.view.table import Tone


class ConfirmDialog(Dialog[bool]):
    """Answers True when confirmed: by `y`, or, where `typed` is given, by typing exactly that and enter."""

    KEYS = "y yes   n no"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes", show=False),
        Binding("n", "answer(False)", "no", show=False),
    ]

    def __init__(self, question: str, consequences: Sequence[tuple[str, Tone]] = (), *,
                 typed: str | None = None) -> None:
        super().__init__(question)
        self._consequences = consequences
        self._typed = typed
        if typed is not None:
            self.KEYS = "enter confirm   esc no"

    def body(self) -> ComposeResult:
        yield Words(("", ""), *self._consequences, ("", ""))
        if self._typed is not None:
            yield Words((f"Type {text.clean(self._typed)} to confirm:", "strong"))
            yield Input()

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            self.dismiss(True)
        else:
            event.input.value = ""
