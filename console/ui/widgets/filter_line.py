"""The line in which a filter of a table, or a search in a text, is typed: printable keys are text there."""

from __future__ import annotations

from textual.widget import Widget
from textual.widgets import Input

from console.ui.bindings import bindings
from console.ui.widgets.painting import Filterable


class FilterLine(Input):
    """Hidden until `open`; filters its table, or searches its text, with every key."""

    BINDINGS = bindings("filter")

    def __init__(self) -> None:
        super().__init__(compact=True)
        self.display = False
        self._subject: Filterable | None = None

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._turn_to, init=False)

    def _turn_to(self, focused: Widget | None) -> None:
        """Shows the filter of what has the keys now, as when another page of the screen was opened."""
        subject = focused if isinstance(focused, Filterable) and (focused.HAS_OWN_LINE or focused.needle) else None
        if focused is None or (subject is not None and subject is not self._subject):
            self._subject = subject
            self.value = subject.needle if subject is not None else ""
            self.display = bool(self.value)

    def open(self, subject: Filterable) -> None:
        """Takes the keys and filters that table, or searches that text."""
        self._subject = subject
        subject.filter_ended = self._hide
        self.placeholder = subject.FILTER_HINT
        self.value = subject.needle
        self.display = True
        self.screen.set_focus(self)  # at once: `focus` waits, and what is typed on quickly would be lost

    def on_input_changed(self) -> None:
        if self._subject is not None and self.display and self.value != self._subject.needle:
            self._subject.filter(self.value)

    def action_keep(self) -> None:
        self._close()

    def action_leave(self) -> None:
        self.value = ""
        if self._subject is not None:
            self._subject.filter("")
        self._close()

    def _close(self) -> None:
        self.display = bool(self.value)
        if self._subject is not None:
            self._subject.focus()

    def _hide(self) -> None:
        self.value = ""
        self.display = False
