"""Lines of source text to read: scrolled both ways, highlighted, copied whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from console.sql.completion import OFFERED
from console.sql.keywords import QUOTED
from console.sql.tokens import tokens
from console.text import sanitiser
from console.ui import text
from console.ui.widgets.painting import Painted, console_app, inks
from console.view.table import Line, Tone, plain

HIGHLIGHTED_CHARACTERS = 200_000
"""Longer texts stay plain: nobody wants to wait for colours."""

SIDEWAYS_CELLS = 8
WHEEL_LINES = 3


class CodePane(Painted, can_focus=True):
    """Shows toned lines; `y` copies the text that they were made of."""

    DEFAULT_CSS = """
    CodePane { height: 1fr; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up", show=False),
        Binding("down,j", "scroll(1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "edge(-1)", "first", show=False),
        Binding("end,G", "edge(1)", "last", show=False),
        Binding("left,h", "sideways(-1)", "left", show=False),
        Binding("right,l", "sideways(1)", "right", show=False),
        Binding("y", "copy", "copy", id="code.copy"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self._lines: Sequence[Line] = ()
        self._widths: list[int] = []
        self._top = self._left = 0

    def show_text(self, source: str, lines: Sequence[Line]) -> None:
        """Shows `lines`, which are made of `source`, from the top."""
        self.text, self._lines = source, lines
        self._widths = [text.width(text.clean(plain(line))) for line in lines]
        self._top = self._left = 0
        self.redraw()

    def _drawn(self) -> list[Strip]:
        width, height = self.size.width - 1, self.size.height
        found, base = inks(self), self.rich_style
        more = Strip([Segment("›", base + found["accent"])])
        strips = []
        for index in range(self._top, min(len(self._lines), self._top + height)):
            line, beyond = self._lines[index], self._left + width
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

    def action_scroll(self, lines: int) -> None:
        self._go(self._top + lines)

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
        self.action_scroll(WHEEL_LINES)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_scroll(-WHEEL_LINES)


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
