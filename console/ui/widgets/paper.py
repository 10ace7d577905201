"""Paragraphs of toned text, wrapped at the width at hand, scrolled like source text."""

from __future__ import annotations

from collections.abc import Sequence

from console.ui import text
from console.ui.widgets.code_pane import CodePane
from console.view.table import Line, Tone, plain

Paragraph = tuple[int, Line]
"""A line and the indentation of its continuations, in cells."""


class Paper(CodePane):
    """`show_paragraphs` shows them from the top; `stay` keeps the place, `follow` the end for whoever was there."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs: Sequence[Paragraph] = ()
        self._wrapped_at = 0

    def show_paragraphs(self, paragraphs: Sequence[Paragraph], *, follow: bool = False, stay: bool = False) -> None:
        """Shows these paragraphs instead of those before."""
        top, at_end = self._top, self._top + self.size.height >= len(self._lines)
        self._paragraphs = paragraphs
        self._lay_out(top if stay or follow else 0)
        if follow and at_end:
            self.action_edge(1)

    def say(self, *paragraphs: tuple[str, Tone]) -> None:
        """Shows words."""
        self.show_paragraphs([(1, ((f" {words}", tone),)) for words, tone in paragraphs])

    def _lay_out(self, top: int) -> None:
        self._wrapped_at = self.size.width
        cells = max(20, (self.size.width or 80) - 2)
        lines = [line for indent, paragraph in self._paragraphs for line in wrapped(paragraph, cells, indent)]
        self.text, self._lines = "\n".join(plain(paragraph) for _, paragraph in self._paragraphs), lines
        self._widths = [0] * len(lines)
        self._left = 0
        self._find()
        self._go(top)

    def on_resize(self) -> None:
        if self.size.width != self._wrapped_at:
            self._lay_out(self._top)


def wrapped(paragraph: Line, cells: int, indent: int = 0) -> list[Line]:
    """`paragraph` in lines of at most `cells`, broken at spaces; continuations begin with `indent` spaces."""
    pieces = [(text.clean(words), tone) for words, tone in paragraph]
    if sum(text.width(words) for words, _ in pieces) <= cells:
        return [tuple(pieces)]
    indent = min(indent, cells // 2)
    lines: list[list[tuple[str, Tone]]] = [[]]
    used = 0
    for word, tone in _words(pieces):
        wide = text.width(word)
        if used + text.width(word.rstrip()) > cells and used > (indent if len(lines) > 1 else 0):
            last, its_tone = lines[-1][-1]
            lines[-1][-1] = (last.rstrip(), its_tone)  # the space at the break would be one cell too many
            lines.append([(" " * indent, "")])
            used, word = indent, word.lstrip()
            wide = text.width(word)
        while used + text.width(word.rstrip()) > cells:
            head = text.cut(word, cells - used + 1)[:-1] or word[0]
            lines[-1].append((head, tone))
            lines.append([(" " * indent, "")])
            used, word = indent, word[len(head):]
            wide = text.width(word)
        lines[-1].append((word, tone))
        used += wide
    return [tuple(line) for line in lines]


def _words(pieces: Sequence[tuple[str, Tone]]) -> list[tuple[str, Tone]]:
    """Words with the spaces after them; a piece's leading spaces stand alone."""
    found: list[tuple[str, Tone]] = []
    for words, tone in pieces:
        start = 0
        for at in range(1, len(words) + 1):
            if at == len(words) or (words[at] != " " and words[at - 1] == " "):
                found.append((words[start:at], tone))
                start = at
    return found
