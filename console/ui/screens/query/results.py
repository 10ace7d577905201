"""What statements answered: a tab each, with its rows, its messages or its error."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.ui.screens.query import views
from console.ui.screens.query.state import QueryOutcome, QueryState
from console.ui.widgets.painting import Lines
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar
from console.view.table import Table

NEAR_ROWS = 50
"""This near to the last row the next are read."""


class ResultTable(RecordTable):
    """Rows, of which more are asked for when the cursor comes near the last one."""

    class NearEnd(Message):
        """The cursor is near the last row that is here."""

    def _go(self, index: int) -> None:
        super()._go(index)
        if self.is_mounted and self.cursor >= len(self.table.rows) - NEAR_ROWS:
            self.post_message(self.NearEnd())

    def begin(self) -> None:
        """Other rows from now on: from the first one, in their own order."""
        self._cursor_key, self.cursor, self.first_row = None, 0, 0
        self.sort_key = None


class Results(Vertical):
    """`show` puts up what statements answered; the tabs choose between several."""

    def __init__(self, state: QueryState, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._state = state
        self._latest: QueryOutcome | None = None
        """The last one that has been shown."""

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        yield Lines(id="note")
        yield ResultTable(id="rows")
        yield Paper(id="messages")

    @property
    def table(self) -> ResultTable:
        return self.query_one("#rows", ResultTable)

    @property
    def messages(self) -> Paper:
        return self.query_one("#messages", Paper)

    def show(self) -> None:
        """Everything as it is now."""
        state = self._state
        outcome, latest = state.outcome, state.outcomes[-1] if state.outcomes else None
        if latest is not self._latest:
            self._latest = latest
            self.table.begin()
        self.query_one("#tabs", TabBar).show_tabs([(title, True) for title in views.tabs(state)], state.active)
        has_table = outcome is not None and bool(outcome.columns) and outcome.error is None
        lines = views.messages(outcome)
        self.table.display = has_table
        self.messages.display = bool(lines) or not has_table
        self.messages.styles.height = 5 if has_table else "1fr"
        self.query_one("#note", Lines).show(views.note(outcome))
        self.table.show(outcome.table() if outcome is not None and has_table else Table(()))
        self.messages.show_paragraphs([(4, line) for line in lines], stay=True)
