"""A live table: columns that stay, a cursor that follows its row, and repaints of changed cells only."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from console.ui import text
from console.ui.bindings import bindings
from console.ui.themes import Inks
from console.ui.widgets.columns import Placed, place, widths
from console.ui.widgets.painting import Filterable, console_app, inks
from console.view.table import Cell, Column, Row, Table, filtered, sorted_rows

WHEEL_ROWS = 3


FOLLOWED = "◂"


class RecordTable(Filterable, can_focus=True):
    """Shows a view.table.Table and keeps its place when the next one comes.

    `show` is called with each new sample. The rows are sorted and filtered here, as the person asked; `source` gives
    the order otherwise. The cursor is on the first row, whichever that is, until somebody moves it: from then on it
    `follows` its row, which is found again by its key, and the view scrolls no more than that takes. A table that is
    not `focusable` is moved by its dialog.
    """

    BINDINGS = bindings("table", "move", "match")

    FILTER_HINT = "filter: words   column:word   column~regex   /regex/   !not"
    HAS_OWN_LINE = True

    class RowHighlighted(Message):
        """The cursor stands on another row, or on none."""

        def __init__(self, table: RecordTable, row: Row | None) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> RecordTable:
            return self.table

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RecordTable.RowHighlighted) and message.table is self.table

    class RowChosen(Message):
        """Enter or a second click on a row."""

        def __init__(self, table: RecordTable, row: Row) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> RecordTable:
            return self.table

    def __init__(self, table: Table | None = None, *, id: str | None = None, classes: str | None = None,
                 show_header: bool = True, sort: str | None = None, descending: bool = False,
                 focusable: bool = True) -> None:
        super().__init__(id=id, classes=classes)
        self.source = table or Table(())
        self.table = self.source
        self.show_header = show_header
        self.can_focus = focusable
        self.sort_key = sort
        self.descending = descending
        self.cursor = 0
        self.follows = False
        self._placed = 0
        self.first_row = self._first_wanted = 0
        self._first_column = 0
        self._widths: dict[str, int] = {}
        self._cursor_key: str | None = None
        self._wanted: str | None = None
        self.show(self.source)

    # what it shows

    def show(self, table: Table) -> None:
        """Shows `table` instead of the one before; order and filter stay, and so does the place once it was chosen."""
        if tuple(column.key for column in table.columns) != tuple(column.key for column in self.source.columns):
            self._widths = {}
            self._first_column = 0
            if self.is_mounted and self.has_focus:
                self.screen.refresh_bindings()  # other columns may be sortable where these were not
        self.source = table
        self._arrange()

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.table.rows[self.cursor] if self.cursor < len(self.table.rows) else None

    def select(self, key: str) -> bool:
        """Puts the cursor on the row with this key; False when there is none."""
        index = next((i for i, row in enumerate(self.table.rows) if row.key == key), None)
        if index is not None:
            self._go(index)
        return index is not None

    def want(self, key: str) -> None:
        """The same, as soon as a table is shown that has such a row, unless a person goes elsewhere before."""
        self._wanted = None if self.select(key) else key

    def begin_anew(self) -> None:
        """What is shown next is something else: no filter, no order but its own, from the first row on."""
        self.needle, self.sort_key = "", None
        self.leave_row()

    def leave_row(self) -> None:
        """The cursor is on the first row, and stays there whichever comes to be the first."""
        self._go(0)
        self.follows = False

    def filter(self, needle: str) -> None:
        """Shows only the rows that hold every word of `needle`."""
        self.needle = needle
        self._arrange()

    def _arrange(self) -> None:
        table = filtered(self.source, self.needle)
        self.table = sorted_rows(table, self.sort_key, descending=self.descending) if self.sort_key else table
        self._widths = widths(self.table, self._widths)
        rows = self.table.rows
        before = self._cursor_key
        if self.follows:
            found = next((i for i, row in enumerate(rows) if row.key == before), None)
            if found is None:  # it has gone: the cursor stays where it is, on another
                found = self._placed = max(0, min(self.cursor, len(rows) - 1))
            self.cursor = found
        else:
            self.cursor = 0
        self._cursor_key = rows[self.cursor].key if rows else None
        if self.is_mounted:
            self._keep_cursor_visible()
            self.redraw()
            if self.styles.is_auto_height and self.size.height != self.get_content_height(self.size, self.size, 0):
                self.refresh(layout=True)
        if self._cursor_key != before and self.is_mounted:
            self.post_message(self.RowHighlighted(self, self.row))
        if self._wanted is not None and self.is_mounted:
            self.select(self._wanted)

    # painting

    @property
    def _top(self) -> int:
        """Lines above the first row."""
        return 1 if self.show_header else 0

    @property
    def page(self) -> int:
        """How many rows there is room for."""
        return max(1, self.size.height - self._top)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.table.rows)) + self._top

    def _drawn(self) -> list[Strip]:
        width, height = self.size.width - 1, self.size.height
        found, base = inks(self), self.rich_style
        columns, more = place(self.table.columns, self._widths, width, self._first_column)
        strips = [self._heading(columns, more, width, found, base)] if self.show_header else []
        if not self.table.rows:
            lines = text.wrap(self.table.empty, max(10, width - 2)) if self.table.empty else []
            strips += [text.strip(((" " + line, "dim"),), width, found, base) for line in lines]
        shown = range(self.first_row, min(len(self.table.rows), self.first_row + self.page))
        strips += [self._row(self.table.rows[index], columns, width, found, self._row_base(index, found, base))
                   for index in shown]
        strips = (strips + [Strip.blank(width, base)] * (height - len(strips)))[:height]
        return [Strip.join([strip, Strip([Segment(thumb, base + found["faint"])])])
                for strip, thumb in zip(strips, self._scrollbar(height), strict=True)]

    def _scrollbar(self, height: int) -> str:
        """A cell a line: where in the table the rows are that are shown, blank when all are; and a mark beside a row
        that the cursor has followed to where it is now."""
        rows, page = len(self.table.rows), min(self.page, height - self._top)
        cells = [" "] * height
        if rows > page >= 1:
            length = max(1, round(page * page / rows))
            start = min(page - length, round(self.first_row / (rows - page) * (page - length)))
            for line in range(self._top + start, self._top + start + length):
                cells[line] = "▐"
        line = self._top + self.cursor - self.first_row
        if self.follows and self.cursor != self._placed and line < height:
            cells[line] = FOLLOWED
        return "".join(cells)

    def _row_base(self, index: int, found: Inks, base: Style) -> Style:
        if index != self.cursor:
            return base
        return base + found["cursor" if self.has_focus or not self.can_focus else "cursor-blurred"]

    def _heading(self, columns: Sequence[Placed], more: bool, width: int, found: Inks, base: Style) -> Strip:
        style = base + found["dim"]
        segments = []
        for at in columns:
            marked = at.column.key == self.sort_key
            title = at.column.title + (("▾" if self.descending else "▴") if marked else "")
            ink = base + found["accent"] if marked else style
            segments.append(Segment(text.fit(title, at.width, at.column.align), ink))
            segments.append(Segment(" " * at.gap, style))
        strip = Strip(segments).adjust_cell_length(width, style)
        if more or self._first_column:
            arrows = ("‹" if self._first_column else "") + ("›" if more else "")
            strip = Strip.join([strip.crop(0, width - len(arrows)), Strip([Segment(arrows, base + found["accent"])])])
        return strip

    def _row(self, row: Row, columns: Sequence[Placed], width: int, found: Inks, base: Style) -> Strip:
        marked = base.reverse or (base.color is not None and base.color == found["cursor"].color)
        segments = []
        for at in columns:
            cell: Cell = row.cells[at.index]
            ink = found[cell.tone or row.tone]
            style = base + (Style(bold=ink.bold) if marked else ink)
            segments.append(Segment(text.fit(cell.text, at.width, at.column.align), style))
            segments.append(Segment(" " * at.gap, base))
        return Strip(segments).adjust_cell_length(width, base)

    # moving

    def _go(self, index: int) -> None:
        if not self.table.rows:
            return
        self.follows, self._wanted = True, None
        self.cursor = self._placed = max(0, min(index, len(self.table.rows) - 1))
        key = self.table.rows[self.cursor].key
        moved, self._cursor_key = key != self._cursor_key and self.is_mounted, key
        if self.is_mounted:
            self._first_wanted = self.first_row
            self._keep_cursor_visible()
            self._first_wanted = self.first_row
        self.redraw()
        if moved:
            self.post_message(self.RowHighlighted(self, self.row))

    def _keep_cursor_visible(self) -> None:
        if not self.size.height:  # hidden: nobody knows what will be visible
            return
        last = max(0, len(self.table.rows) - self.page)
        self.first_row = min(last, self.cursor, max(self._first_wanted, self.cursor - self.page + 1))

    def action_move(self, rows: int) -> None:
        self._go(self.cursor + rows)

    def action_page(self, direction: int) -> None:
        self._go(self.cursor + direction * max(1, self.page - 1))

    def action_half(self, direction: int) -> None:
        self._go(self.cursor + direction * max(1, self.page // 2))

    def action_edge(self, direction: int) -> None:
        if direction > 0:
            self._go(len(self.table.rows))
        else:
            self.leave_row()

    def action_match(self, direction: int) -> None:
        """To the next row that the filter found, round at the ends."""
        self._go((self.cursor + direction) % len(self.table.rows))

    def action_sideways(self, direction: int) -> None:
        _, more = place(self.table.columns, self._widths, self.size.width - 1, self._first_column)
        if direction < 0 or more:
            self._first_column = max(0, self._first_column + direction)
            self.redraw()

    # what a person does with rows

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "match":
            return bool(self.needle and self.table.rows)
        if action in ("sort", "reverse"):
            return any(column.sortable and column.title for column in self.source.columns)
        return super().check_action(action, parameters)

    def action_choose(self) -> None:
        if self.row is not None:
            self.post_message(self.RowChosen(self, self.row))

    def action_sort(self) -> None:
        """Sorts by the next column; after the last one the order is the source's own."""
        keys = [column.key for column in self.source.columns if column.sortable and column.title]
        order: list[str | None] = [None, *keys]
        self.sort_key = order[(order.index(self.sort_key) + 1) % len(order)] if self.sort_key in order else None
        column = next((column for column in self.source.columns if column.key == self.sort_key), None)
        self.descending = column is not None and column.align == "right"
        self._arrange()

    def _sort_by(self, column: Column | None) -> None:
        """Sorts by that column, or the other way round where it is sorted by it already."""
        if column is not None and column.sortable:
            self.descending = not self.descending if column.key == self.sort_key else column.align == "right"
            self.sort_key = column.key
            self._arrange()

    def _column_at(self, x: int) -> Column | None:
        columns, _ = place(self.table.columns, self._widths, self.size.width - 1, self._first_column)
        for at in columns:
            if x < at.width:
                return at.column
            x -= at.width + at.gap
        return None

    def action_reverse(self) -> None:
        self.descending = not self.descending
        self._arrange()

    def action_copy(self) -> None:
        if self.row is not None:
            console_app(self).copy("\t".join(cell.text for cell in self.row.cells if cell.text))

    # events

    def on_resize(self) -> None:
        self._keep_cursor_visible()
        self.redraw()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._go(self.cursor + WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._go(self.cursor - WHEEL_ROWS)

    def on_click(self, event: events.Click) -> None:
        if event.y < self._top:
            self._sort_by(self._column_at(event.x))
            return
        index = self.first_row + event.y - self._top
        if index < len(self.table.rows):
            self._go(index)
            if event.chain == 2:
                self.action_choose()
