"""Asking before something that can't be taken back."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from console.ui import text
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.keymap import Hint
from console.ui.widgets.painting import console_app
from console.view.table import Tone

SETTLE_S = 1.0
"""How long a question that comes by itself is there before a key can answer yes: one on its way meant what was there
before."""


class ConfirmDialog(Dialog[bool]):
    """Answers True when confirmed: by `y`, or, where `typed` is given, by typing exactly that and enter.

    `comes_unasked`: no key of this moment has opened it, so none is taken for the answer at once.
    """

    HINT: Hint = ("confirm.yes", "confirm.no")
    HINT_TYPED: Hint = (("input.submit", "confirm"), ("dialog.leave", "no"))
    PURPOSE = "confirm"
    BINDINGS = bindings("confirm")

    def __init__(self, question: str, consequences: Sequence[tuple[str, Tone]] = (), *, typed: str | None = None,
                 comes_unasked: bool = False) -> None:
        super().__init__(question)
        self._consequences = consequences
        self._typed = typed
        self._answers_from_s = SETTLE_S if comes_unasked else 0.0
        if typed is not None:
            self.HINT = self.HINT_TYPED

    def body(self) -> ComposeResult:
        yield Words(("", ""), *self._consequences, ("", ""))
        yield from self.question()

    def question(self) -> ComposeResult:
        """Where the word is typed, if one is."""
        if self._typed is not None:
            yield Words((f"Type {text.clean(self._typed)} to {self.PURPOSE}:", "strong"))
            yield Input()

    def on_mount(self) -> None:
        if self._answers_from_s:
            self._answers_from_s += console_app(self).clock.monotonic()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._typed is None if action == "answer" else super().check_action(action, parameters)

    def action_answer(self, answer: bool) -> None:
        if not answer or console_app(self).clock.monotonic() >= self._answers_from_s:
            self.dismiss(answer)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            console_app(self).connection.is_named = True
            self.dismiss(True)
        else:
            event.input.value = ""
