"""A row with all its values, and one value as a whole."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from textual.app import ComposeResult

from console.catalog.preview import PreviewRow, Value
from console.errors import ConsoleError
from console.text import format as fmt
from console.text import sanitiser
from console.ui import text
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog
from console.ui.widgets.code_pane import CodePane, highlighted
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.painting import Lines
from console.ui.widgets.record_table import RecordTable
from console.view.catalog import values
from console.view.table import Cell, Column, Line, Row, Table

_COLUMNS = (Column("name", "column", fixed=True, minimum=8, maximum=30), Column("type", "type", maximum=24, priority=1),
            Column("value", "value", flexible=True, minimum=20, maximum=400))

WIDTH = "92%"


class ValueColumn(Protocol):
    """A column: its name, its type with and without modifiers."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def type_name(self) -> str: ...


class WholeValues(Protocol):
    """Where whole values come from: a relation's Preview, or the result of a statement."""

    @property
    def columns(self) -> Sequence[ValueColumn]: ...

    async def value(self, row: PreviewRow, index: int) -> Value: ...


class RowDialog(Dialog[None]):
    """One row, a value a line; enter shows a value as a whole."""

    BINDINGS = bindings("reading")
    HINT = (("table.choose", "whole value"), "table.copy", "dialog.leave")

    def __init__(self, title: str, preview: WholeValues, row: PreviewRow) -> None:
        super().__init__(title)
        self._preview = preview
        self._row = row

    def body(self) -> ComposeResult:
        rows = tuple(
            Row(str(index), (Cell(column.name, order=index), Cell(column.type, "dim"),
                             values.cell(self._row.values[index], self._row.notes[index])))
            for index, column in enumerate(self._preview.columns))
        table = RecordTable(Table(_COLUMNS, rows, "a row without columns"))
        table.styles.height = max(1, min(len(rows) + 1, self.app.size.height - 6))
        table.styles.max_height = max(1, self.app.size.height - 6)
        yield table

    def on_mount(self) -> None:
        self.query_one("#box").styles.width = WIDTH

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        self.app.push_screen(ValueDialog(self._preview, self._row, int(event.row.key)))


class ValueDialog(Dialog[None]):
    """One value as the server has it, JSON indented; a very long one up to a cap, with a note."""

    BINDINGS = bindings("reading", borrow={"screen.filter": "filter"}, words={"screen.filter": "search"})
    HINT = (("screen.filter", "search"), ("move.up move.down", "scroll"), "text.copy", "dialog.leave")

    def __init__(self, preview: WholeValues, row: PreviewRow, index: int) -> None:
        super().__init__(f"{preview.columns[index].name}  {preview.columns[index].type}")
        self._preview = preview
        self._row = row
        self._index = index

    def body(self) -> ComposeResult:
        note = Lines(id="note")
        note.styles.height = 1
        yield note
        pane = CodePane()
        pane.styles.height = max(3, self.app.size.height - 8)
        yield pane
        yield FilterLine()

    def action_filter(self) -> None:
        self.query_one(FilterLine).open(self.query_one(CodePane))

    def on_mount(self) -> None:
        self.query_one("#box").styles.width = WIDTH
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.query_one("#note", Lines).show((("reading…", "dim"),))
        self.run_worker(self._read(), exit_on_error=False)

    async def _read(self) -> None:
        try:
            value = await self._preview.value(self._row, self._index)
        except ConsoleError as error:
            self.query_one("#note", Lines).show(((f"{error.summary} ", "critical"), (error.hint or "", "")))
            return
        note = self._row.notes[self._index]
        self.query_one("#note", Lines).show(describe(value, note))
        pane = self.query_one(CodePane)
        pane.show_text(value.text or "", self._lines(value, pane.size.width - 1))
        pane.focus()

    def _lines(self, value: Value, width: int) -> list[Line]:
        if value.text is None:
            return [(("NULL", "faint"),)]
        if self._preview.columns[self._index].type_name in ("json", "jsonb") and not value.is_cut:
            indented = json.dumps(json.loads(value.text), indent=2, ensure_ascii=False)
            return [piece for line in highlighted(indented, "json") for piece in _folded(line, width)]
        return [((line, ""),) for line in fold(value.text, width)]


def describe(value: Value, note: str | None) -> Line:
    """What is shown of a value: its size, and whether that is all."""
    if value.text is None:
        return (("NULL", "dim"),)
    pieces: list[str] = []
    if note is not None and ":" in note:
        pieces.append(values.vector_facts(note))
    if value.total_bytes is not None:
        pieces.append(fmt.size(value.total_bytes))
    if value.is_cut:
        return ((" · ".join(pieces), ""), (f" · only the first {fmt.count(len(value.text))} characters", "warning"))
    return ((" · ".join(pieces) or ("empty" if not value.text else "the whole value"), "dim"),)


def fold(source: str, width: int) -> list[str]:
    """`source` as harmless lines of at most `width` cells, broken wherever they must be; quick with megabytes."""
    lines = []
    for line in sanitiser.lines(source) or [""]:
        if line.isascii():
            lines += [line[at:at + width] for at in range(0, len(line), width)] or [""]
            continue
        at, used = 0, 0
        for end, character in enumerate(line):
            cells = text.width(character)
            if used + cells > width:
                lines.append(line[at:end])
                at, used = end, 0
            used += cells
        lines.append(line[at:])
    return lines


def _folded(line: Line, width: int) -> list[Line]:
    """A toned line, folded where it is too long; only then its tones go."""
    if sum(text.width(text.clean(piece)) for piece, _ in line) <= width:
        return [line]
    return [((part, ""),) for part in fold("".join(piece for piece, _ in line), width)]
