"""Lines of source text to read: scrolled both ways, highlighted, copied whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import cast

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from console.sql.completion import OFFERED
from console.sql.keywords import QUOTED
from console.sql.tokens import tokens
from console.text import sanitiser
from console.ui import text
from console.ui.bindings import bindings
from console.ui.widgets.painting import Filterable, console_app, inks
from console.view.table import Line, Tone, plain

HIGHLIGHTED_CHARACTERS = 200_000
"""Longer texts stay plain: nobody wants to wait for colours."""

SIDEWAYS_CELLS = 8
WHEEL_LINES = 3


class CodePane(Filterable, can_focus=True):
    """Shows toned lines, which can be searched, and copies the text that they were made of."""

    DEFAULT_CSS = """
    CodePane { height: 1fr; background: transparent; }
    """
    BINDINGS = bindings("text", "found", "move")

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self._lines: Sequence[Line] = ()
        self._widths: list[int] = []
        self._top = self._left = 0
        self._found: list[int] = []
        self._at = 0

    def show_text(self, source: str, lines: Sequence[Line]) -> None:
        """Shows `lines`, which are made of `source`, from the top."""
        self.text, self._lines = source, lines
        self._widths = [text.width(text.clean(plain(line))) for line in lines]
        self._top = self._left = 0
        self._find()
        self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size.width - 1, self.size.height
        found, base = inks(self), self.rich_style
        more = Strip([Segment("›", base + found["accent"])])
        strips = []
        for index in range(self._top, min(len(self._lines), self._top + height)):
            line, beyond = self._lines[index], self._left + width
            if self.needle:
                line = marked(line, self.needle, "tab" if self._is_at(index) else "cursor")
            strip = text.strip(line, beyond, found, base).crop(self._left, beyond)
            strips.append(Strip.join([strip.crop(0, width - 1), more]) if self._widths[index] > beyond else strip)
        strips += [Strip.blank(width, base)] * (height - len(strips))
        return [Strip.join([strip, Strip([Segment(thumb, base + found["faint"])])])
                for strip, thumb in zip(strips, self._scrollbar(height), strict=True)]

    def _scrollbar(self, height: int) -> str:
        """A cell a line: where in the text the lines are that are shown, blank when all are."""
        lines = len(self._lines)
        if lines <= height:
            return " " * height
        length = max(1, round(height * height / lines))
        start = round(self._top / (lines - height) * (height - length))
        return " " * start + "▐" * length + " " * (height - start - length)

    def _go(self, top: int) -> None:
        self._top = max(0, min(top, len(self._lines) - self.size.height))
        self.redraw()

    # searching

    def filter(self, needle: str) -> None:
        """Searches for `needle`: marks where it is, and goes to the first place at or below what is shown."""
        self.needle = needle
        self._find()
        self._at = next((place for place, line in enumerate(self._found) if line >= self._top), 0)
        self._go_to_match()

    def _find(self) -> None:
        """The lines that have it."""
        wanted = self.needle.casefold()
        self._found = [number for number, line in enumerate(self._lines)
                       if wanted in text.clean(plain(line)).casefold()] if wanted else []
        self._at = min(self._at, max(0, len(self._found) - 1))

    def _is_at(self, line: int) -> bool:
        return bool(self._found) and self._found[self._at] == line

    def _go_to_match(self) -> None:
        """Scrolls to the match that it is at, both ways, where it isn't seen."""
        if not self._found:
            self.redraw()
            return
        number, height, width = self._found[self._at], self.size.height, max(1, self.size.width - 2)
        whole = text.clean(plain(self._lines[number]))
        column = text.width(whole[:whole.casefold().find(self.needle.casefold())])
        if not self._left <= column + len(self.needle) <= self._left + width:
            self._left = max(0, column - width // 2)
        self._go(self._top if self._top <= number < self._top + height else number - height // 3)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "match":
            return bool(self._found)
        return bool(self.needle) if action == "end_search" else super().check_action(action, parameters)

    def action_match(self, direction: int) -> None:
        """To the next line that has it, round at the ends."""
        self._at = (self._at + direction) % len(self._found)
        self._go_to_match()

    def action_end_search(self) -> None:
        self.filter("")
        if self.filter_ended is not None:
            self.filter_ended()

    # moving

    def action_move(self, lines: int) -> None:
        self._go(self._top + lines)

    def action_half(self, direction: int) -> None:
        self._go(self._top + direction * max(1, self.size.height // 2))

    def action_page(self, direction: int) -> None:
        self._go(self._top + direction * max(1, self.size.height - 1))

    def action_edge(self, direction: int) -> None:
        self._go(len(self._lines) if direction > 0 else 0)

    def action_sideways(self, direction: int) -> None:
        most = max(0, max(self._widths, default=0) - self.size.width + 2)
        self._left = max(0, min(self._left + direction * SIDEWAYS_CELLS, most))
        self.redraw()

    def action_copy(self) -> None:
        console_app(self).copy(self.text)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-WHEEL_LINES)


def marked(line: Line, needle: str, ink: str) -> Line:
    """The line with `needle` in that ink, wherever it stands, whatever its case."""
    whole, wanted = plain(line).casefold(), needle.casefold()
    if len(whole) != len(plain(line)) or wanted not in whole:  # a case that changes the length moves all places
        return line
    inside = bytearray(len(whole))
    at = whole.find(wanted)
    while at >= 0:
        inside[at:at + len(wanted)] = b"\1" * len(wanted)
        at = whole.find(wanted, at + len(wanted))
    pieces: list[tuple[str, Tone]] = []
    start = 0
    for words, tone in line:
        for is_found, run in groupby(enumerate(words, start), lambda place: inside[place[0]]):
            pieces.append(("".join(character for _, character in run), cast(Tone, ink) if is_found else tone))
        start += len(words)
    return tuple(pieces)


def sql_lines(source: str) -> list[Line]:
    """SQL with its keywords, constants and comments in tones."""
    return _lines(source, sql_tones)


def sql_tones(source: str) -> Iterator[tuple[str, Tone]]:
    """The pieces of SQL text, each with its tone; together they are the text."""
    written = 0
    for token in tokens(source):
        if written < token.start:
            yield source[written:token.start], ""
        is_keyword = token.kind == "word" and token.text.lower() in _KEYWORDS
        yield token.text, "accent" if is_keyword else _SQL_TONES.get(token.kind, "")
        written = token.end
    yield source[written:], ""


_KEYWORDS = QUOTED.union(OFFERED)
_SQL_TONES: Mapping[str, Tone] = {"comment": "dim", "string": "ok"}


def highlighted(source: str, language: str) -> list[Line]:
    """`source` as lines of toned text, by Pygments' lexer of that name."""
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    return _lines(source, lambda source: (
        (value, _tone(str(token)))
        for token, value in get_lexer_by_name(language, stripnl=False, ensurenl=False).get_tokens(source)))


def _lines(source: str, tones: Callable[[str], Iterable[tuple[str, Tone]]]) -> list[Line]:
    if len(source) > HIGHLIGHTED_CHARACTERS:
        return [((line, ""),) for line in sanitiser.lines(source)]
    lines: list[list[tuple[str, Tone]]] = [[]]
    for piece, tone in tones(source):
        first, *others = piece.split("\n")
        lines[-1].append((first.expandtabs(4), tone))
        lines.extend([(other.expandtabs(4), tone)] for other in others)
    while lines and not any(piece for piece, _ in lines[-1]):
        lines.pop()
    return [tuple(line) for line in lines]


def _tone(token: str) -> Tone:
    if token.startswith("Token.Comment"):
        return "dim"
    if token.startswith("Token.Keyword"):
        return "accent"
    if token.startswith("Token.Literal.String"):
        return "ok"
    return "strong" if token.startswith("Token.Name.Tag") else ""
