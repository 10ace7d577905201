"""Asking before a run, with its plan before one's eyes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.ui import text
from console.ui.bindings import MOVES, bindings
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.dialog import Words
from console.ui.keymap import Hint
from console.ui.widgets.paper import Paper, wrapped
from console.view.migrate.plan import Paragraph
from console.view.table import Tone

READING = {name: f"read('{run.partition('(')[0]}', {run.partition('(')[2]}" for name, run in MOVES.items()}
"""The dialog's paper is moved while an answer is typed."""

_READ = ("move.up move.down", "read")


class PlanDialog(ConfirmDialog):
    """Answers True when confirmed: by `y`, or, where `typed` is given, by typing exactly that and enter.

    `changes` is what is different from the plan that was confirmed before.
    """

    HINT: Hint = (("confirm.yes", "run it"), "confirm.no", _READ)
    HINT_TYPED: Hint = (("input.submit", "run it"), ("dialog.leave", "no"), _READ)
    PURPOSE = "run it"
    BINDINGS = bindings(borrow=READING, over_text=READING)
    width = 112

    def __init__(self, title: str, summary: Sequence[tuple[str, Tone]], paragraphs: Sequence[Paragraph], *,
                 typed: str | None = None, changes: Sequence[tuple[str, Tone]] = ()) -> None:
        words = [*changes, ("", ""), *summary] if changes else summary
        super().__init__(title[0].upper() + title[1:], words, typed=typed, comes_unasked=bool(changes))
        self._paragraphs = paragraphs

    def body(self) -> ComposeResult:
        yield Words(*self._consequences, ("", ""))
        paper = Paper()
        paper.can_focus = False
        cells = min(self.width, self.app.size.width * 96 // 100) - 6
        needed = sum(len(wrapped(line, cells, indent)) for indent, line in self._paragraphs)
        above = sum(max(1, len(list(text.wrap(words, cells)))) for words, _ in self._consequences)
        spare = self.app.size.height * 90 // 100 - 4 - above - (3 if self._typed is not None else 0)
        paper.styles.height = max(3, min(spare, needed))
        yield paper
        if self._typed is not None:
            yield Words(("", ""))
        yield from self.question()

    def on_mount(self) -> None:
        self.query_one(Paper).show_paragraphs(self._paragraphs)

    def action_read(self, action: str, step: int) -> None:
        paper = self.query_one(Paper)
        {"move": paper.action_move, "page": paper.action_page, "half": paper.action_half}[action](step)
