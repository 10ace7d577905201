"""What the row under the cursor runs, below its table: as much of the statement as fits."""

from __future__ import annotations

from collections.abc import Sequence

from console.ui import text
from console.ui.widgets.painting import Lines
from console.view.table import Line


class StatementPreview(Lines):
    """`show_statement` says which; "" is none."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._statement = ""

    def show_statement(self, statement: str) -> None:
        """Shows this one instead of the one before."""
        self._statement = " ".join(statement.split())
        self.redraw()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        wrapped = text.wrap(self._statement, max(1, width - 2))
        if len(wrapped) > height > 0:
            wrapped = [*wrapped[:height - 1], text.cut(f"{wrapped[height - 1]}{text.ELLIPSIS}", width - 2)]
        return [((f" {line}", "dim"),) for line in wrapped]
