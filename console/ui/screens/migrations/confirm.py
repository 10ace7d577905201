"""Asking before a run, with its plan before one's eyes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.ui import text
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.paper import Paper, wrapped
from console.view.table import Line, Tone


class PlanDialog(Dialog[bool]):
    """Answers True when confirmed: by `y`, or, where `typed` is given, by typing exactly that and enter."""

    KEYS = "y run it   n no   up down read"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "run it", show=False),
        Binding("n", "answer(False)", "no", show=False),
        *[Binding(key, f"read('{action}', {step})", show=False, priority=True) for key, action, step in (
            ("up", "scroll", -1), ("down", "scroll", 1), ("pageup", "page", -1), ("pagedown", "page", 1))],
    ]
    width = 112

    def __init__(self, title: str, summary: Sequence[tuple[str, Tone]], paragraphs: Sequence[tuple[int, Line]], *,
                 typed: str | None = None) -> None:
        super().__init__(title)
        self._summary = summary
        self._paragraphs = paragraphs
        self._typed = typed
        self.KEYS = "y run it   n no   up down read" if typed is None else "enter run it   esc no   up down read"

    def body(self) -> ComposeResult:
        yield Words(*self._summary, ("", ""))
        paper = Paper()
        paper.can_focus = False
        cells = min(self.width, self.app.size.width * 96 // 100) - 6
        needed = sum(len(wrapped(line, cells, indent)) for indent, line in self._paragraphs)
        spare = self.app.size.height * 90 // 100 - 4 - len(self._summary) - (3 if self._typed is not None else 0)
        paper.styles.height = max(3, min(spare, needed))
        yield paper
        if self._typed is not None:
            yield Words(("", ""), (f"Type {text.clean(self._typed)} to run it:", "strong"))
            yield Input()

    def on_mount(self) -> None:
        self.query_one(Paper).show_paragraphs(self._paragraphs)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._typed is None if action == "answer" else super().check_action(action, parameters)

    def action_read(self, action: str, step: int) -> None:
        paper = self.query_one(Paper)
        (paper.action_page if action == "page" else paper.action_scroll)(step)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == self._typed:
            self.dismiss(True)
        else:
            event.input.value = ""
