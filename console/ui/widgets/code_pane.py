"""Lines of source text to read: scrolled both ways, highlighted, copied whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.ui import text
from console.ui.widgets.painting import console_app, inks
from console.view.table import Line, Tone, plain

HIGHLIGHTED_CHARACTERS = 200_000
"""Longer texts stay plain: nobody wants to wait for colours."""


class CodePane(ScrollView, can_focus=True):
    """Shows toned lines; `y` copies the text that they were made of."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    CodePane { height: 1fr; background: transparent; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "scroll_up", show=False),
        Binding("j", "scroll_down", show=False),
        Binding("h", "scroll_left", show=False),
        Binding("l", "scroll_right", show=False),
        Binding("g", "scroll_home", show=False),
        Binding("G", "scroll_end", show=False),
        Binding("y", "copy", "copy", id="code.copy"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = ""
        self._lines: Sequence[Line] = ()
        self._widths: list[int] = []

    def show_text(self, source: str, lines: Sequence[Line]) -> None:
        """Shows `lines`, which are made of `source`, from the top."""
        self.text, self._lines = source, lines
        self._widths = [text.width(text.clean(plain(line))) for line in lines]
        self.virtual_size = Size(max(self._widths, default=0), len(lines))
        self.scroll_to(0, 0, animate=False, force=True, immediate=True)
        self.refresh()

    def redraw(self, *, everything: bool = False) -> None:
        """Draws anew, in the inks of now."""
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        x, top = self.scroll_offset
        width, base = self.size.width, self.rich_style
        if top + y >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[top + y]
        strip = text.strip(line, x + width, inks(self), base).crop(x, x + width)
        if self._widths[top + y] <= x + width:
            return strip
        return Strip.join([strip.crop(0, width - 1), Strip([Segment("›", base + inks(self)["accent"])])])

    def action_copy(self) -> None:
        console_app(self).copy(self.text)



def sql_lines(source: str) -> list[Line]:
    """SQL with its keywords, literals and comments in tones."""
    return highlighted(source, "postgresql")


def highlighted(source: str, language: str) -> list[Line]:
    """`source` as lines of toned text, by Pygments' lexer of that name."""
    if len(source) > HIGHLIGHTED_CHARACTERS:
        return [((line, ""),) for line in text.clean_lines(source)]
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

    lines: list[list[tuple[str, Tone]]] = [[]]
    for token, value in get_lexer_by_name(language, stripnl=False, ensurenl=False).get_tokens(source):
        tone = _tone(str(token))
        first, *others = value.split("\n")
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
    if token.startswith(("Token.Literal.String", "Token.String")):
        return "ok"
    return "strong" if token.startswith("Token.Name.Tag") else ""
