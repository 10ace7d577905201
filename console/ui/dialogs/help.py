"""The keys that work on a screen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from console.ui.dialogs.dialog import Dialog
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table

_KEYS = (
    ("1 to 8, f1 to f8", "go to a screen"),
    ("up down, page up, page down", "move"),
    ("left right", "more columns"),
    ("S", "reverse the order"),
    ("e", "the rows to a CSV or JSON file"),
    ("D", "another database of this server"),
    ("T", "theme"),
    ("W", "unlock the target, or lock it"),
    ("F", "flight recorder: save the last minutes, or record to a file"),
    ("ctrl+q, f1 to f8", "work in text fields too"),
)


class HelpDialog(Dialog[None]):
    """What each key does here."""

    KEYS = "esc close"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,q,enter", "leave", "close", show=False)]
    width = 66

    def __init__(self, screen: Screen[Any]) -> None:
        from console.ui.widgets.header import shown_keys

        super().__init__("Keys")
        self._keys = [(name, what) for _, name, what in shown_keys(screen)]

    def body(self) -> ComposeResult:
        columns = (Column("key", "", maximum=28), Column("what", "", flexible=True))
        shown = {key for key, _ in self._keys}
        others = [one for one in _KEYS if one[0] not in shown]
        rows = tuple(Row(f"{number}", (Cell(key, "accent"), Cell(what)))
                     for number, (key, what) in enumerate((*self._keys, *others)))
        table = RecordTable(Table(columns, rows), show_header=False)
        table.styles.height = min(len(rows), self.app.size.height - 6)
        yield table
