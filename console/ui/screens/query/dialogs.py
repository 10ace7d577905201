"""The Query screen's questions: a statement that sweeps a table, a statement of the past."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from console.errors import ConsoleError
from console.plans.explain import ExplainRequest, Writes, explain
from console.server.rows import count_rows
from console.sql.statements import Piece, Sweep
from console.text import format as fmt
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.dialog import Words
from console.ui.screens.query.history import HistoryEntry
from console.ui.widgets.painting import console_app
from console.view.table import Tone

COUNT_WITHIN_MS = 5000


class SweepDialog(ConfirmDialog):
    """Asks before a DELETE, UPDATE or TRUNCATE of every row, and says how many those are."""

    def __init__(self, piece: Piece, label: str, typed: str | None) -> None:
        words = " and ".join(f"{sweep.verb} every row of {sweep.relation}" for sweep in piece.sweeps)
        super().__init__("Every row?", ((f"{words} on {label}: no WHERE limits it.", "warning"),), typed=typed)
        self._piece = piece

    def body(self) -> ComposeResult:
        yield Words(("", ""), *self._consequences)
        for number in range(len(self._piece.sweeps)):
            yield Words(("counting the rows…", "dim"), id=f"count{number}")
        yield from list(super().body())[1:] or [Words(("", ""))]

    def on_mount(self) -> None:
        for number, sweep in enumerate(self._piece.sweeps):
            self.run_worker(self._count(number, sweep), exit_on_error=False)

    async def _count(self, number: int, sweep: Sweep) -> None:
        said = self.query_one(f"#count{number}", Words)
        name = str(sweep.relation)
        try:
            async with console_app(self).connection.session() as session:
                if sweep.verb != "TRUNCATE":
                    estimate = await _estimate(session, self._piece.text)
                    if estimate is not None:
                        said.say((f"{name}: about {fmt.plural(round(estimate), 'row')}, by the planner; counting…", ""))
                count = await count_rows(session, sweep.relation.schema, sweep.relation.name,  # type: ignore[arg-type]
                                         timeout_ms=COUNT_WITHIN_MS)
        except ConsoleError as error:
            said.say((f"{name}: how many rows it has could not be counted ({error.summary})", "warning"))
            return
        tone: Tone = "critical" if count else "dim"
        said.say((f"{name}: {fmt.plural(count, 'row')} now", tone))


async def _estimate(session: object, statement: str) -> float | None:
    """How many rows the planner expects to be changed; None where it gives no plan."""
    try:
        plan = await explain(session, ExplainRequest(statement=statement))  # type: ignore[arg-type]
    except (Writes, ConsoleError):
        return None
    writers = [node for node in plan.nodes if node.kind == "ModifyTable"]
    return sum(input_.plan_rows or 0 for node in writers for input_ in plan.inputs(node)) if writers else None


def history_dialog(entries: Sequence[HistoryEntry]) -> ChooseDialog:
    """The statements of the past, the last one first; the answer is the entry's place in `entries`."""
    offered = [Choice(str(number), " ".join(entry.sql.split())[:300],
                      f"{entry.at[5:16].replace('T', ' ')} {'' if entry.worked else 'failed'}")
               for number, entry in reversed(list(enumerate(entries)))]
    dialog = ChooseDialog("History", offered, empty="no statement has been run on this target yet",
                          placeholder="type to search")
    dialog.width = 110
    return dialog
