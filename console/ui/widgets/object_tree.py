"""A tree as a table of one column: fast with thousands of nodes, repainted by changed cells, moved in by keys alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from console.ui import text
from console.ui.bindings import bindings
from console.ui.themes import Inks
from console.ui.widgets.columns import Placed
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table, Tone

INDENT = 2

_COLUMNS = (Column("name", "", fixed=True, flexible=True, minimum=12, maximum=200, sortable=False),
            Column("note", "", "right", maximum=12, sortable=False))


class Branch(Struct, frozen=True):
    """Where a row stands in the tree. `is_open` None: nothing below. `record` is what the row stands for."""

    depth: int
    is_open: bool | None
    record: Any


def tree_row(key: str, branch: Branch, label: str, note: str = "", tone: Tone = "") -> Row:
    """A row of a tree: its label indented behind ▸ or ▾, and a short note on the right."""
    mark = {None: " ", True: "▾", False: "▸"}[branch.is_open]
    return Row(key, (Cell(f"{' ' * (branch.depth * INDENT)}{mark} {label}", tone), Cell(note, "dim")), record=branch)


class ObjectTree(RecordTable, inherit_bindings=False):
    """Rows made by `tree_row`, in the order of a walk through the tree. What opening means is the owner's to do."""

    BINDINGS = bindings(borrow={"table.choose": "choose"}, words={"table.choose": "open"}) + bindings(
        "tree", "move", "match", without=("move.left", "move.right"))

    class Toggled(Message):
        """A branch should be opened (`to_open`) or closed."""

        def __init__(self, tree: ObjectTree, row: Row, to_open: bool) -> None:
            super().__init__()
            self.tree = tree
            self.row = row
            self.to_open = to_open

        @property
        def control(self) -> ObjectTree:
            return self.tree

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Table(_COLUMNS), id=id, show_header=False)
        self.is_match: Callable[[Row], bool] | None = None
        """Which rows a search found; None while there is none."""

    def show_rows(self, rows: Sequence[Row], empty: str = "") -> None:
        """Shows these rows; the cursor stays on its row."""
        self._widths.pop("name", None)
        self.show(Table(_COLUMNS, tuple(rows), empty))

    @property
    def branch(self) -> Branch | None:
        """Where the row under the cursor stands."""
        return None if self.row is None else self.row.record

    def _row(self, row: Row, columns: Sequence[Placed], width: int, found: Inks, base: Style) -> Strip:
        """The label takes all that the row's own note leaves."""
        note = text.width(row.cells[1].text)
        label, last = columns[0], columns[-1]
        placed = [replace(label, width=width, gap=0)] if not note or label is last else \
            [replace(label, width=max(8, width - note - 1), gap=1), replace(last, width=note, gap=0)]
        return super()._row(row, placed, width, found, base)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.is_match is not None if action == "match" else super().check_action(action, parameters)

    def action_match(self, direction: int) -> None:
        rows, is_match = self.table.rows, self.is_match
        places = [(self.cursor + direction * step) % len(rows) for step in range(1, len(rows) + 1)]
        if is_match is not None and (found := next((at for at in places if is_match(rows[at])), None)) is not None:
            self._go(found)

    def action_enter(self) -> None:
        """Opens a closed branch; from an open one goes to what is first below it."""
        if self.row is None or self.branch is None or self.branch.is_open is None:
            return
        if self.branch.is_open:
            self.action_move(1)
        else:
            self.post_message(self.Toggled(self, self.row, True))

    def action_leave(self) -> None:
        """Closes an open branch; from anything else goes to the branch above it."""
        if self.row is None or self.branch is None:
            return
        if self.branch.is_open:
            self.post_message(self.Toggled(self, self.row, False))
            return
        depth = self.branch.depth
        above = next((index for index in range(self.cursor - 1, -1, -1)
                      if self.table.rows[index].record.depth < depth), None)
        if above is not None:
            self._go(above)

    def on_click(self, event: events.Click) -> None:
        """A click selects the row, on its mark opens or closes it too; a second one does what enter does."""
        event.prevent_default()
        index = self.first_row + event.y
        if index >= len(self.table.rows):
            return
        self._go(index)
        branch = self.branch
        assert branch is not None and self.row is not None
        on_mark = event.x <= branch.depth * INDENT + 1
        if branch.is_open is not None and on_mark:
            self.post_message(self.Toggled(self, self.row, not branch.is_open))
        elif event.chain == 2:
            self.action_choose()
