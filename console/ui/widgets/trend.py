"""A measurement as a number and a small picture that moves."""

from __future__ import annotations

from collections.abc import Sequence

from console.ui import text
from console.ui.widgets.painting import Lines
from console.view.overview import Card
from console.view.series import trend
from console.view.table import Line


class TrendCard(Lines):
    """Title, value and note on top, the trend below in whatever height there is."""

    card: Card | None = None

    def show_card(self, card: Card) -> None:
        self.card = card
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        card = self.card
        if card is None or width < 4:
            return []
        title = card.title if text.width(card.title) + text.width(card.value) < width else card.short
        gap = width - text.width(title) - text.width(card.value)
        heading: Line = ((title, "dim"), (" " * max(1, gap), ""), (card.value, "strong"))
        lines = [heading] if height > 1 else []
        if height > 3:
            note = text.cut(card.note, width)
            lines.append(((" " * (width - text.width(note)), ""), (note, "dim")))
        picture = trend(card.series, width, height - len(lines))
        return [*lines, *(((row, "accent"),) for row in picture)]
