"""Measurements as numbers and small pictures that move."""

from __future__ import annotations

from collections.abc import Sequence

from console.ui import text
from console.ui.widgets.painting import Lines
from console.view.overview import Card
from console.view.series import trend
from console.view.table import Line, Tone

WIDE = 106
"""From how many columns on the cards stand further apart."""


class Trends(Lines):
    """Cards side by side: title, value and note on top, the trend below in whatever height there is."""

    cards: Sequence[Card] = ()

    def show_cards(self, cards: Sequence[Card]) -> None:
        self.cards = cards
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        number, gap = len(self.cards), 3 if width >= WIDE else 2
        each = width - gap * (number - 1)
        lines: list[Line] = [()] * height
        column = 0
        for index, card in enumerate(self.cards):
            start = (index * (each + number * gap)) // number
            cells = ((index + 1) * each + index * number * gap) // number - start
            lines = [(*line, (" " * (start - column), ""), *_fitted(piece, cells))
                     for line, piece in zip(lines, _lines(card, cells, height), strict=True)]
            column = start + cells
        return lines


def _lines(card: Card, width: int, height: int) -> list[Line]:
    if width < 4:
        return [()] * height
    title = card.title if text.width(card.title) + text.width(card.value) < width else card.short
    gap = width - text.width(title) - text.width(card.value)
    heading: Line = ((title, "dim"), (" " * max(1, gap), ""), (card.value, "strong"))
    lines = [heading]
    if height > 3:
        note = text.cut(card.note, width)
        lines.append(((" " * (width - text.width(note)), ""), (note, "dim")))
    picture = trend(card.series, width, height - len(lines))
    return [*lines, *(((row, "accent"),) for row in picture)]


def _fitted(line: Line, cells: int) -> Line:
    """The pieces in exactly so many cells."""
    fitted: list[tuple[str, Tone]] = []
    for piece, tone in line:
        shown = text.cut(piece, cells)
        fitted.append((shown, tone))
        cells -= text.width(shown)
    return (*fitted, (" " * cells, ""))
