"""The editor: SQL in tones, the place of an error, and names offered while one types."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import TextArea

from console.sql.completion import Completion, context_at
from console.ui.bindings import bindings
from console.ui.keymap import key
from console.ui.screens.query.completing import Completer
from console.ui.widgets.code_pane import HIGHLIGHTED_CHARACTERS, sql_tones
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table, Tone

MOST_OFFERED = 8
SHORTEST = 2
"""From so many characters of a name on others are offered unasked."""

_COLUMNS = (Column("name", "", minimum=14, maximum=40), Column("what", "", minimum=8, maximum=24))

Span = tuple[int, int, Tone]
"""From column to column of a line, in characters."""


class Offered(RecordTable):
    """The names that fit where the cursor is, over whatever is below it."""

    DEFAULT_CSS = """
    Offered { display: none; overlay: screen; constrain: inside inside; width: 46; height: auto; max-height: 8;
              background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__(show_header=False, focusable=False)
        self.candidates: Sequence[Completion] = ()

    def offer(self, candidates: Sequence[Completion], at: Offset) -> None:
        """Shows these, the best first, at a place of the screen."""
        self.candidates = candidates
        self._cursor_key, self.cursor, self._widths = None, 0, {}
        self.show(Table(_COLUMNS, tuple(Row(str(number), (Cell(candidate.text), Cell(candidate.what, "dim")))
                                        for number, candidate in enumerate(candidates))))
        self.absolute_offset = at
        self.display = bool(candidates)
        self.refresh(layout=True)

    @property
    def chosen(self) -> Completion | None:
        return self.candidates[int(self.row.key)] if self.row is not None else None


class SqlEditor(TextArea):
    """A text area for SQL. `Left` is posted when escape leaves it."""

    BINDINGS = bindings("names", "editor") + [binding for binding in TextArea.BINDINGS
                                              if isinstance(binding, Binding) and binding.key in ("up", "down")]

    class Left(Message):
        """Escape: the keys are for the result now."""

    def __init__(self, completer: Completer, offered: Offered, *, id: str | None = None) -> None:
        super().__init__(id=id, soft_wrap=True, show_line_numbers=True, tab_behavior="indent",
                         highlight_cursor_line=False,
                         placeholder=f"SQL; {key('query.run')} runs the statement that the cursor is on")
        self.cursor_blink = False  # a blink is a repaint, and an SSH link has better to do
        self.indent_width = 4
        self.completer = completer
        self._offered = offered
        self._spans: list[list[Span]] | None = None
        self._wrong: tuple[int, int] | None = None
        self._has_moved = False

    # tones

    def _build_highlight_map(self) -> None:
        super()._build_highlight_map()
        self._spans = None

    def get_line(self, line_index: int) -> Text:
        line = super().get_line(line_index)
        if self._spans is None:
            self._spans = _spans(self.text)
        inks = console_app(self).inks
        for start, end, tone in self._spans[line_index] if line_index < len(self._spans) else ():
            line.stylize(inks[tone], start, end)
        if self._wrong is not None and self._wrong[0] == line_index:
            column = self._wrong[1]
            line.stylize(inks["critical"] + inks["tab"], column, max(column + 1, _word_end(line.plain, column)))
        return line

    def show_wrong(self, offset: int | None) -> None:
        """Marks the place of an error, in characters from the start, and goes there; None marks nothing."""
        self._wrong = None if offset is None else self.location_of(offset)
        self._line_cache.clear()
        if self._wrong is not None:
            self.move_cursor(self._wrong)
        self.refresh()

    # places

    @property
    def offset_of_cursor(self) -> int:
        """The cursor's place in characters from the start of the text."""
        return self._offset_of(self.cursor_location)

    @property
    def selected_span(self) -> tuple[int, int]:
        """Both ends of the selection, in characters from the start of the text; the same where nothing is selected."""
        return self._offset_of(self.selection.start), self._offset_of(self.selection.end)

    def _offset_of(self, location: tuple[int, int]) -> int:
        row, column = location
        return sum(len(self.document.get_line(line)) + 1 for line in range(row)) + column

    def location_of(self, offset: int) -> tuple[int, int]:
        """Line and column of a place in characters."""
        before = self.text[:max(0, offset)]
        return before.count("\n"), len(before) - (before.rfind("\n") + 1)

    def set_text(self, text: str) -> None:
        """Another text, which undo takes back."""
        self.put(text, (0, 0), self.document.end)
        self.move_cursor(self.document.end)

    def put(self, text: str, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Replaces a part of the text without offering names, as nobody typed it."""
        self.hide_offered()
        with self.prevent(TextArea.Changed):
            self.replace(text, start, end)

    # names

    @property
    def is_offering(self) -> bool:
        return bool(self._offered.display)

    def hide_offered(self) -> None:
        self._offered.display = False

    def action_complete(self) -> None:
        """Offers what fits here, however little has been typed."""
        self._offer(asked=True)

    def _offer(self, *, asked: bool) -> None:
        context = context_at(self.text, self.offset_of_cursor)
        is_short = len(context.prefix) < SHORTEST and context.qualifier is None and context.place != "operator"
        if not asked and is_short:
            self.hide_offered()
            return
        self._has_moved = False
        self.run_worker(self._fill(asked), group="names", exclusive=True, exit_on_error=False)

    async def _fill(self, asked: bool) -> None:
        text, place = self.text, self.offset_of_cursor
        found = await self.completer.candidates(text, place)
        if text != self.text or place != self.offset_of_cursor or not self.has_focus:
            return
        context = context_at(text, place)
        if len(found) == 1 and found[0].text == context.prefix and not asked:
            found = ()
        at = self.cursor_screen_offset
        self._offered.offer(found, Offset(max(0, at.x - len(context.prefix)), at.y + 1))

    def _accept(self) -> None:
        chosen = self._offered.chosen
        self.hide_offered()
        if chosen is None:
            return
        row, column = self.cursor_location
        prefix = context_at(self.text, self.offset_of_cursor).prefix
        self.put(chosen.text, (row, column - len(prefix)), (row, column))
        if chosen.text.endswith("."):
            self._offer(asked=False)

    # keys

    async def _on_key(self, event: events.Key) -> None:
        self._wrong = None
        await super()._on_key(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "take_chosen_name":
            return self.is_offering and self._has_moved
        if action in ("take_name", "move_name", "close_names"):
            return self.is_offering
        return super().check_action(action, parameters)

    def action_take_name(self) -> None:
        self._accept()

    def action_take_chosen_name(self) -> None:
        """By a key that is text otherwise: only after a choice was made in the list."""
        self._accept()

    def action_move_name(self, rows: int) -> None:
        self._has_moved = True
        self._offered.action_move(rows)

    def action_close_names(self) -> None:
        self.hide_offered()

    def action_leave(self) -> None:
        self.hide_offered()
        self.post_message(self.Left())

    def on_text_area_changed(self) -> None:
        if self.has_focus and len(self.text) < HIGHLIGHTED_CHARACTERS:
            self._offer(asked=False)

    def on_blur(self) -> None:
        self.hide_offered()


def _spans(source: str) -> list[list[Span]]:
    """The toned parts of each line."""
    if len(source) > HIGHLIGHTED_CHARACTERS // 10:  # it is done anew with every key
        return []
    found: list[list[Span]] = [[]]
    column = 0
    for piece, tone in sql_tones(source):
        for number, part in enumerate(piece.split("\n")):
            if number:
                found.append([])
                column = 0
            if tone and part:
                found[-1].append((column, column + len(part), tone))
            column += len(part)
    return found


def _word_end(line: str, column: int) -> int:
    end = column
    while end < len(line) and (line[end].isalnum() or line[end] in "_$"):
        end += 1
    return end
