"""A table of the first few of thousands: the screen sorts and filters all of them, this shows what it is given."""

from __future__ import annotations

from textual.message import Message

from console.ui.widgets.record_table import RecordTable


class StatementTable(RecordTable):
    """Asks for other rows where another order, or a filter, wants them."""

    class Asked(Message):
        """Another order or filter."""

    def _arrange(self) -> None:
        typed, self.needle = self.needle, ""  # its words are looked for in the texts, of which cells have the head
        super()._arrange()
        self.needle = typed

    def action_sort(self) -> None:
        super().action_sort()
        self.post_message(self.Asked())

    def action_reverse(self) -> None:
        super().action_reverse()
        self.post_message(self.Asked())

    def filter(self, needle: str) -> None:
        super().filter(needle)
        self.post_message(self.Asked())
