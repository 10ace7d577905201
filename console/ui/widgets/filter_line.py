"""The line in which a filter is typed; printable keys are text, enter keeps it, escape takes it away."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from console.ui.widgets.record_table import RecordTable


class FilterLine(Input):
    """Hidden until `open`; filters its table with every key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "clear filter"),
        Binding("enter", "keep", "keep"),
        Binding("down", "keep", "to the table", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="filter: words   column:word   column~regex   /regex/   !not", compact=True)
        self.display = False
        self._table: RecordTable | None = None

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._turn_to, init=False)

    def _turn_to(self, focused: Widget | None) -> None:
        """Shows the filter of the table that has the keys now, as when another page of the screen was opened."""
        if focused is None or (isinstance(focused, RecordTable) and focused is not self._table):
            self._table = focused
            self.value = focused.needle if focused is not None else ""
            self.display = bool(self.value)

    def open(self, table: RecordTable) -> None:
        """Takes the keys and filters `table`."""
        self._table = table
        self.value = table.needle
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` waits, and what is typed on quickly would be lost

    def on_input_changed(self) -> None:
        if self._table is not None and self.display and self.value != self._table.needle:
            self._table.filter(self.value)

    def action_keep(self) -> None:
        self._close()

    def action_leave(self) -> None:
        self.value = ""
        if self._table is not None:
            self._table.filter("")
        self._close()

    def _close(self) -> None:
        self.display = bool(self.value)
        if self._table is not None:
            self._table.focus()
