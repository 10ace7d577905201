"""A line of tabs: the active one stands out, those that hold nothing are faint; a click goes to one."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from console.ui import text
from console.ui.widgets.painting import Lines
from console.view.table import Line, Tone


class TabBar(Lines):
    """`show_tabs` says which there are. Those that don't fit are scrolled to where the active one is."""

    class Chosen(Message):
        """A click on the tab `index`."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: Sequence[tuple[str, bool]] = ()
        self._active = 0

    def show_tabs(self, tabs: Sequence[tuple[str, bool]], active: int) -> None:
        """Tabs with their title and whether there is something in them."""
        self._tabs, self._active = tabs, active
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        shown = self._shown(width)
        pieces: list[tuple[str, Tone]] = [("‹", "accent")] if shown and shown[0] else []
        for index in shown:
            title, filled = self._tabs[index]
            tone: Tone = "tab" if index == self._active else "" if filled else "faint"  # type: ignore[assignment]
            pieces.append((f" {title} ", tone))
        if shown and shown[-1] < len(self._tabs) - 1:
            pieces.append(("›", "accent"))
        return [tuple(pieces)]

    def _shown(self, width: int) -> list[int]:
        """The tabs that fit, the active one among them."""
        first = 0
        while True:
            used = 2
            shown: list[int] = []
            for index in range(first, len(self._tabs)):
                used += text.width(self._tabs[index][0]) + 2
                if used > width and shown:
                    break
                shown.append(index)
            if not shown or self._active in shown or first >= self._active:
                return shown
            first += 1

    def on_click(self, event: events.Click) -> None:
        shown = self._shown(self.size.width)
        x = 1 if shown and shown[0] else 0
        for index in shown:
            x += text.width(self._tabs[index][0]) + 2
            if event.x < x:
                self.post_message(self.Chosen(index))
                return
