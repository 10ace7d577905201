"""A table of more rows than are read at once: the server sorts and filters, and gives the first of them."""

from __future__ import annotations

from typing import Any

from textual.message import Message

from console.ui.widgets.record_table import RecordTable
from console.view.table import terms


class ServedTable(RecordTable):
    """Posts `Wanted` when the person asks for another order or filter; `wanted` says which, as parameters.

    What is there is sorted and filtered here at once; whoever reads decides whether there is more to ask for.
    """

    class Wanted(Message):
        """Another order or filter."""

    def wanted(self, served: frozenset[str], sort: str) -> dict[str, Any]:
        """sort, is_descending and needle for the server; `sort` where the chosen column is none that it sorts by."""
        is_served = self.sort_key in served
        plain = next((word for word in terms(self.needle) if word.replace("_", "").replace(".", "").isalnum()), None)
        return {"sort": self.sort_key if is_served else sort, "is_descending": self.descending if is_served else True,
                "needle": plain}

    def action_sort(self) -> None:
        super().action_sort()
        self.post_message(self.Wanted())

    def action_reverse(self) -> None:
        super().action_reverse()
        self.post_message(self.Wanted())

    def filter(self, needle: str) -> None:
        super().filter(needle)
        self.post_message(self.Wanted())
