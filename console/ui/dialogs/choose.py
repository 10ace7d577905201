"""Choosing one thing from a list, with a filter that is typed straight away."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from console.ui.bindings import MOVES, bindings
from console.ui.dialogs.dialog import Dialog
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table

MOST_ROWS = 16


class Choice(Struct, frozen=True):
    """Something to choose: `key` is the answer, `label` its name, `detail` says more."""

    key: str
    label: str
    detail: str = ""


def as_table(choices: Sequence[Choice], empty: str) -> Table:
    """The choices as a table of two columns."""
    columns = (Column("label", "", flexible=True, minimum=12, maximum=60), Column("detail", "", maximum=34))
    return Table(columns,
                 tuple(Row(choice.key, (Cell(choice.label), Cell(choice.detail, "dim"))) for choice in choices), empty)


class ChooseDialog(Dialog[str]):
    """Answers with the key of the choice. `preview` is told which one the cursor is on."""

    HINT = ("choose.accept", "dialog.leave")
    BINDINGS = bindings("choose", borrow=MOVES, over_text=MOVES)

    def __init__(self, title: str, choices: Sequence[Choice], *, current: str | None = None,
                 preview: Callable[[str], None] | None = None, empty: str = "there is nothing to choose from",
                 placeholder: str = "type to filter") -> None:
        super().__init__(title)
        self._choices = choices
        self._current = current
        self._preview = preview
        self._empty = empty
        self._placeholder = placeholder

    def body(self) -> ComposeResult:
        yield Input(placeholder=self._placeholder, select_on_focus=False)
        table = RecordTable(as_table(self._choices, self._empty), show_header=False, focusable=False)
        if self._current is not None:
            table.select(self._current)
        table.styles.height = self.rows()
        yield table

    def rows(self) -> int:
        """How many rows the list has room for; it keeps them while the filter changes."""
        return max(1, min(MOST_ROWS, len(self._choices), self.app.size.height - 8))

    @property
    def table(self) -> RecordTable:
        return self.query_one(RecordTable)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.table.leave_row()
        self.table.filter(event.value)

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if self._preview is not None and event.row is not None and self.is_current:
            self._preview(event.row.key)

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        self.dismiss(self.answer(event.row))

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_move(self, rows: int) -> None:
        self.table.action_move(rows)

    def action_page(self, direction: int) -> None:
        self.table.action_page(direction)

    def action_half(self, direction: int) -> None:
        self.table.action_half(direction)

    def action_choose(self) -> None:
        if self.table.row is not None:
            self.dismiss(self.answer(self.table.row))

    def answer(self, row: Row) -> str:
        """What choosing that row means."""
        return row.key
