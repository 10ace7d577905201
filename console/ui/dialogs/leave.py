"""Whether to leave while a run goes on."""

from __future__ import annotations

from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.jobs import Job


class LeaveDialog(ConfirmDialog):
    """Says what leaving does to the run."""

    def __init__(self, run: Job) -> None:
        super().__init__("A run is going on. Leave?", (
            (f"{run.title} on {run.target}", "strong"), ("", ""),
            (f"Leaving {run.on_stop}", "")))
