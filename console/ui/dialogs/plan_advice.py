"""Plan advice to try: what the planner is to obey while it plans this one statement."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from console.ui.dialogs.dialog import Dialog, Words


class PlanAdviceDialog(Dialog[str]):
    """Answers with what was typed; nothing is an answer too: no advice."""

    HINT = (("input.submit", "plan with it"), ("dialog.leave", "not now"))
    width = 110

    def __init__(self, advice: str) -> None:
        super().__init__("Plan advice")
        self._advice = advice

    def body(self) -> ComposeResult:
        yield Words(("", ""), ("It holds for this plan alone (SET LOCAL). What is left out is the planner's to choose.",
                               "dim"))
        yield Input(self._advice)
        yield Words(("HASH_JOIN(d)  INDEX_SCAN(f f_idx)  JOIN_ORDER(f d)  NO_GATHER(f)  NESTED_LOOP_PLAIN(d)…", "dim"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
