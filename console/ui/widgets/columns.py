"""Which columns of a table are on the screen, where, and how wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.ui import text
from console.view.table import Column, Table

GAP = 2


class Placed(Struct, frozen=True):
    """A column on the screen: which of the table's it is, its cells' width and the space after it."""

    column: Column
    index: int
    width: int
    gap: int = GAP


def widths(table: Table, before: Mapping[str, int]) -> dict[str, int]:
    """The width that each column's texts need. Columns never shrink while a table lives: jumping would be worse."""
    found = {}
    for index, column in enumerate(table.columns):
        title = text.width(column.title) + (1 if column.sortable and column.title else 0)
        needed = max((text.width(text.clean(row.cells[index].text)) for row in table.rows), default=0)
        found[column.key] = max(column.minimum, title, min(column.maximum, needed), before.get(column.key, 0))
    return found


def place(columns: Sequence[Column], needed: Mapping[str, int], width: int, first: int) -> tuple[list[Placed], bool]:
    """The columns that are shown in `width` cells, and whether others are to be had further right.

    Fixed columns are always there. `first` is how many of the others have been scrolled away. As long as none has,
    those of high priority number are left out until the rest fits.
    """
    at = {column.key: Placed(column, index, column.minimum if column.flexible else needed[column.key])
          for index, column in enumerate(columns)}
    away = {id(column) for column in [column for column in columns if not column.fixed][:first]}
    shown = [column for column in columns if id(column) not in away and not column.is_said]

    def total() -> int:
        return sum(at[column.key].width + GAP for column in shown) - GAP

    left_out = False
    while first == 0 and total() > width:
        expendable = max((column for column in shown if not column.fixed and column.priority), default=None,
                         key=lambda column: column.priority)
        if expendable is None:
            break
        shown.remove(expendable)
        left_out = True
    placed: list[Placed] = []
    used = 0
    for column in shown:
        if used >= width:
            return _stretched(placed, width), True
        placed.append(at[column.key])
        used += at[column.key].width + GAP
    return _stretched(placed, width), left_out or (used - GAP > width and len(placed) > 1)


def _stretched(placed: list[Placed], width: int) -> list[Placed]:
    """Flexible columns share what is left."""
    left = width - sum(item.width + item.gap for item in placed) + (placed[-1].gap if placed else 0)
    flexible = [index for index, item in enumerate(placed) if item.column.flexible]
    for number, index in enumerate(flexible):
        extra = left // (len(flexible) - number) if left > 0 else 0
        found = placed[index]
        placed[index] = Placed(found.column, found.index, found.width + extra, found.gap)
        left -= extra
    return placed
