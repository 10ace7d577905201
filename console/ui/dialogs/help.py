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
        known = dict(_KEYS)
        keys = dict.fromkeys((*shown_keys(screen), *shown_keys(screen, more=True)))
        self._keys = [(name, known.pop(name, what)) for _, name, what in keys]
        self._keys += known.items()

    def body(self) -> ComposeResult:
        columns = (Column("key", "", maximum=28), Column("what", "", flexible=True))
        rows = tuple(Row(f"{number}", (Cell(key, "accent"), Cell(what)))
                     for number, (key, what) in enumerate(self._keys))
        table = RecordTable(Table(columns, rows), show_header=False)
        table.styles.height = min(len(rows), self.app.size.height - 6)
        yield table
