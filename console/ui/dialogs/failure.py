"""An error in full: what happened, what else is known, and what to do about it."""

from __future__ import annotations

from textual.app import ComposeResult

from console.errors import ConsoleError
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.painting import console_app
from console.view.table import Tone


class DetailDialog(Dialog[None]):
    """Some paragraphs to read; `y` copies them."""

    HINT = ("text.copy", "dialog.leave")
    BINDINGS = bindings("reading", borrow={"text.copy": "copy"})
    width = 76

    def __init__(self, title: str, *paragraphs: tuple[str, Tone]) -> None:
        super().__init__(title)
        self._paragraphs = paragraphs

    def body(self) -> ComposeResult:
        yield Words(("", ""), *self._paragraphs, ("", ""))

    def action_copy(self) -> None:
        console_app(self).copy("\n".join(words for words, _ in self._paragraphs))


class FailureDialog(DetailDialog):
    """A ConsoleError."""

    def __init__(self, error: ConsoleError, title: str = "That did not work") -> None:
        paragraphs: list[tuple[str, Tone]] = [(error.summary, "critical")]
        if error.detail and error.detail not in error.summary:
            paragraphs += [("", ""), (error.detail, "dim")]
        if error.hint:
            paragraphs += [("", ""), (error.hint, "")]
        super().__init__(title, *paragraphs)
