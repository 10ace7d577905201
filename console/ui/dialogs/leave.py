"""Whether to leave: after `^c`, and while a run goes on."""

from __future__ import annotations

from console.ui.bindings import bindings
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.jobs import Job
from console.ui.keymap import Hint


class QuitDialog(ConfirmDialog):
    """Whether `^c` was meant for leaving: once more is a yes."""

    HINT: Hint = (("confirm.yes app.copy_or_quit", "leave"), ("confirm.no", "stay"))
    BINDINGS = bindings("leave", borrow={"app.copy_or_quit": "answer(True)"})
    width = 44

    def __init__(self) -> None:
        super().__init__("Leave dbconsole?")


class LeaveDialog(ConfirmDialog):
    """Says what leaving does to the run."""

    BINDINGS = bindings("leave", borrow={"app.copy_or_quit": "answer(True)"})

    def __init__(self, run: Job) -> None:
        super().__init__("A run is going on. Leave?", (
            (f"{run.title} on {run.target}", "strong"), ("", ""),
            (f"Leaving {run.on_stop}", "")))
