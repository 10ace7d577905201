"""The rows of a relation as a table that reads on as one moves: a window of a few pages, never all of them."""

from __future__ import annotations

from textual.message import Message

from console.catalog.preview import PAGE_SIZE, PreviewPage, PreviewRow, RelationPreview, preview
from console.errors import ConsoleError
from console.server.rows import Sessions
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.widgets.record_table import RecordTable
from console.view.catalog import values
from console.view.table import Cell, Column, Line, Row, Table

MOST_PAGES = 5
MOST_CELLS = 60_000
"""How much the window holds at most, but always two pages."""

NEAR_ROWS = 25
"""This near to the window's edge the next page is read."""


class DataTable(RecordTable, inherit_bindings=False):
    """`open` begins with a relation, `close` gives back what reading it holds. Only one read runs at a time."""

    BINDINGS = bindings("move", borrow={"table.choose": "choose", "table.copy": "copy"},
                        words={"table.choose": "whole row"})

    class Progressed(Message):
        """A page came, or a read began or failed: `status` has changed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.preview: RelationPreview | None = None
        self.error: ConsoleError | None = None
        self.reading = False
        self._pages: list[PreviewPage] = []
        self._columns: tuple[Column, ...] = ()

    @property
    def status(self) -> Line:
        """Which rows these are, and how they are read."""
        if self.error is not None:
            return ((f"{self.error.summary} ", "critical"), (self.error.hint or "", ""))
        if self.preview is None or not self._pages:
            return (("reading…", "dim"),) if self.reading else ()
        first, last = self._pages[0], self._pages[-1]
        end = last.offset + len(last.rows)
        if not end:
            return ()
        words = f"rows {fmt.count(first.offset + 1)} to {fmt.count(end)}"
        more = ", more below" if last.has_next else ", the last"
        tail = " · reading…" if self.reading else ""
        return ((words + more, ""), (f" · {self.preview.method}{tail}", "dim"))

    # what it reads

    def open(self, sessions: Sessions, oid: int) -> None:
        """Reads the first page of the relation `oid`."""
        self.clear()
        self._run(self._open(sessions, oid))

    def resume(self) -> None:
        """Comes back to what was read before."""
        if self.preview is not None and not self._pages:
            self._run(self._page_of(None))

    def close(self) -> None:
        """Cancels what is being read and gives the connection back; the rows that were read stay."""
        self.workers.cancel_group(self, "rows")
        self.reading = False
        if self.preview is not None:
            self.run_worker(self._close(self.preview), group="closing", exit_on_error=False)

    def clear(self) -> None:
        """Forgets the relation."""
        self.close()
        self.preview, self.error, self._pages, self._columns = None, None, [], ()
        self._first_column = 0
        self._cursor_key, self.cursor, self._widths = None, 0, {}
        self.show(Table(()))

    async def on_unmount(self) -> None:
        if self.preview is not None:
            await self._close(self.preview)

    async def _close(self, old: RelationPreview) -> None:
        try:
            await old.close()
        except ConsoleError:
            pass  # the connection is gone, and with it what was to be given back

    def _run(self, work: object) -> None:
        self.reading = True
        self.error = None
        self.run_worker(self._told(work), group="rows", exclusive=True, exit_on_error=False)
        self.post_message(self.Progressed())

    async def _told(self, work: object) -> None:
        try:
            await work  # type: ignore[misc]
        except ConsoleError as error:
            self.error = error
        self.reading = False
        self.post_message(self.Progressed())

    async def _open(self, sessions: Sessions, oid: int) -> None:
        found = await preview(sessions, oid)
        self.preview = found
        self._columns = values.columns(found.columns, found.key.columns if found.key else ())
        await self._page_of(None)

    async def _page_of(self, page: PreviewPage | None) -> None:
        assert self.preview is not None
        self._pages = [await self.preview.first()]
        self._show_window(0)

    async def _next(self) -> None:
        assert self.preview is not None
        last = self._pages[-1]
        page = await self.preview.next(last)
        if page.offset == last.offset:
            self._pages[-1] = page
            return
        self._pages.append(page)
        dropped = self._pages[:-self._most_pages]
        self._pages = self._pages[-self._most_pages:]
        self._show_window(-sum(len(preview_page.rows) for preview_page in dropped))

    async def _previous(self) -> None:
        assert self.preview is not None
        page = await self.preview.previous(self._pages[0])
        if page.offset >= self._pages[0].offset:
            self._pages = [page]
            self._show_window(0)
            return
        self._pages = [page, *self._pages][:self._most_pages]
        self._show_window(len(page.rows))

    @property
    def _most_pages(self) -> int:
        return max(2, min(MOST_PAGES, MOST_CELLS // (PAGE_SIZE * max(1, len(self._columns)))))

    def _show_window(self, shift: int) -> None:
        """Shows the pages at hand; `shift` is by how many rows those that stay have moved."""
        top = self.first_row + shift
        rows = tuple(self._row_of(page.offset + number, row)
                     for page in self._pages for number, row in enumerate(page.rows, 1))
        assert self.preview is not None
        empty = "no rows" if self._columns else f"{fmt.plural(len(rows), 'row')} without columns"
        self.show(Table(self._columns, rows if self._columns else (), empty))
        if shift:
            self.first_row = max(0, top)
            self._keep_cursor_visible()
            self.redraw()

    def _row_of(self, number: int, row: PreviewRow) -> Row:
        cells: tuple[Cell, ...] = tuple(map(values.cell, row.values, row.notes))
        return Row(str(number), cells, record=row)

    # moving

    def _go(self, index: int) -> None:
        super()._go(index)
        if self.reading or not self._pages:
            return  # after an error the next move tries again
        if self._pages[-1].has_next and self.cursor >= len(self.table.rows) - NEAR_ROWS:
            self._run(self._next())
        elif self._pages[0].has_previous and self.cursor < NEAR_ROWS:
            self._run(self._previous())

    def action_edge(self, direction: int) -> None:
        """The first is the very first row, whatever has been read since."""
        if direction < 0 and self._pages and self._pages[0].has_previous:
            self._cursor_key, self.cursor = None, 0
            self._run(self._page_of(None))
        else:
            super().action_edge(direction)
