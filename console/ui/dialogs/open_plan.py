"""A plan from elsewhere: in a file, or pasted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from console.errors import ConsoleError, UsageError
from console.plans.findings import analyse
from console.plans.parse import MAX_CHARACTERS, parse_all
from console.plans.records import Analysis
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words

if TYPE_CHECKING:
    from console.ui.host import Host


def open_plan(app: Host) -> None:
    """Asks for a plan and shows it on a page of its own."""
    from console.ui.plan_page import PlanPage

    def read(found: tuple[Analysis, str] | None) -> None:
        if found is not None:
            app.push_screen(PlanPage.of(*found))

    app.push_screen(OpenPlanDialog(), read)


class OpenPlanDialog(Dialog[tuple[Analysis, str]]):
    """Answers with the plan in a file or in what was pasted, and what it is called. It is read in a thread."""

    HINT = (("input.submit", "read the file"), "open_plan.paste", "dialog.leave")
    BINDINGS = bindings("open_plan")
    DEFAULT_CSS = "OpenPlanDialog TextArea { height: 8; border: none; background: $panel; }"
    width = 90

    def __init__(self) -> None:
        super().__init__("Open a plan")

    def body(self) -> ComposeResult:
        yield Words(("EXPLAIN (FORMAT JSON)'s output, as psql shows it too, or a log of auto_explain in JSON.", "dim"),
                    ("", ""), ("File:", ""))
        yield Input(placeholder="plan.json")
        yield Words(("Or paste it here:", ""))
        yield TextArea()
        yield Words(id="told")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if name := event.value.strip():
            self._begin(name, None)

    def action_paste(self) -> None:
        if text := self.query_one(TextArea).text.strip():
            self._begin("what was pasted", text)

    def _begin(self, name: str, text: str | None) -> None:
        self.query_one("#told", Words).say((f"reading {name}…", "dim"))
        self.run_worker(self._read(name, text), group="plan", exclusive=True, exit_on_error=False)

    async def _read(self, name: str, text: str | None) -> None:
        try:
            found = await asyncio.to_thread(_analysis, name if text is None else None, text or "")
        except (ConsoleError, RuntimeError) as error:
            words = error.lines() if isinstance(error, ConsoleError) else [str(error)]
            self.query_one("#told", Words).say(*((word, "warning") for word in words))
            return
        self.dismiss((found, name.rpartition("/")[2]))


def _analysis(name: str | None, text: str) -> Analysis:
    """The plan in a file or in a text, of several the one that took longest. Raises ConsoleError."""
    if name is not None:
        path = Path(name).expanduser()
        try:
            with path.open("rb") as file:
                data = file.read(MAX_CHARACTERS + 1)
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
        if len(data) > MAX_CHARACTERS:
            raise UsageError(f"{path} is larger than {fmt.size(MAX_CHARACTERS)}",
                             hint="cut the plan out of it")
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace")
    plans = parse_all(text)
    return analyse(max(plans, key=lambda plan: plan.total_ms or plan.root.total_cost or 0.0))
