"""Whether to leave: after `^c`, and while a run goes on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.jobs import Job


class QuitDialog(ConfirmDialog):
    """Whether `^c` was meant for leaving: once more is a yes."""

    KEYS = "y or ^c leave   n stay"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "answer(True)", "leave", show=False)]
    width = 44

    def __init__(self) -> None:
        super().__init__("Leave dbconsole?")


class LeaveDialog(ConfirmDialog):
    """Says what leaving does to the run."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "answer(True)", "leave", show=False)]

    def __init__(self, run: Job) -> None:
        super().__init__("A run is going on. Leave?", (
            (f"{run.title} on {run.target}", "strong"), ("", ""),
            (f"Leaving {run.on_stop}", "")))
