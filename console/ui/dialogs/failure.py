"""An error in full: what happened, what else is known, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult

from console.errors import ConsoleError
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.keymap import Hint
from console.ui.keys import ACTIONS
from console.ui.widgets.painting import console_app
from console.view.table import Tone

TAKEN = ("app.unlock", "app.targets")
"""What a NotAllowed may name."""


class DetailDialog(Dialog[None]):
    """Some paragraphs to read; `y` copies them, and `o` goes to what they are about where `lead` does."""

    HINT: Hint = ("text.copy", "dialog.leave")
    BINDINGS = bindings("reading", "detail", borrow={"text.copy": "copy"})
    width = 76

    def __init__(self, title: str, *paragraphs: tuple[str, Tone], lead: Callable[[], object] | None = None) -> None:
        super().__init__(title)
        self._paragraphs = paragraphs
        self._lead = lead
        if lead is not None:
            self.HINT = ("detail.lead", *self.HINT)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._lead is not None if action == "lead" else super().check_action(action, parameters)

    def action_lead(self) -> None:
        if self._lead is not None:
            self.dismiss(None)
            self.app.call_later(self._lead)

    def body(self) -> ComposeResult:
        yield Words(("", ""), *self._paragraphs, ("", ""))

    def action_copy(self) -> None:
        console_app(self).copy("\n".join(words for words, _ in self._paragraphs))


class NotAllowed(ConsoleError):
    """That something is not done here. `action` is the id of what would let it be done: a key of the console's."""

    def __init__(self, summary: str, *, hint: str, action: str) -> None:
        super().__init__(summary, hint=hint)
        self.action = action


class FailureDialog(DetailDialog):
    """A ConsoleError; the key that a NotAllowed names works here too."""

    BINDINGS = bindings("failure", borrow={name: f"take('{name}')" for name in TAKEN})

    def __init__(self, error: ConsoleError, title: str = "That did not work") -> None:
        paragraphs: list[tuple[str, Tone]] = [(error.summary, "critical")]
        if error.detail and error.detail not in error.summary:
            paragraphs += [("", ""), (error.detail, "dim")]
        if error.hint:
            paragraphs += [("", ""), (error.hint, "")]
        super().__init__(title, *paragraphs)
        self._action = error.action if isinstance(error, NotAllowed) else None
        if self._action is not None:
            self.HINT = (self._action, *self.HINT)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return parameters == (self._action,) if action == "take" else super().check_action(action, parameters)

    async def action_take(self, name: str) -> None:
        """What the refusal names, as if it were closed first."""
        self.dismiss(None)
        self.app.call_later(self.app.run_action, ACTIONS[name].run, self.app)
