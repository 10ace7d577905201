"""All about one session: who it is and what it waits for, its whole query, and its locks."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.activity.records import HeldLock, SessionText
from console.sql.layout import laid_out
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.record_table import RecordTable
from console.view.activity import sessions as view
from console.view.table import Line


class SessionPane(Container):
    """Filled by the screen with each sample; the query keeps its place while it stays the same."""

    def compose(self) -> ComposeResult:
        with Vertical(id="parts"):
            yield FactLines(id="facts")
            yield CodePane(id="query")
        yield RecordTable(id="locks")

    def begin(self) -> None:
        """About another session from now on: nothing of the one before may be taken for its."""
        self.query_one("#query", CodePane).show_text("", ())
        self.query_one("#locks", RecordTable).show(view.locks_table(None))

    def show_facts(self, lines: Sequence[Line]) -> None:
        self.query_one(FactLines).show(*lines)

    def show_text(self, text: SessionText | None) -> None:
        """The query as it is, laid out in lines and highlighted; `y` copies the original."""
        query = text.query if text is not None and text.query else ""
        code = self.query_one("#query", CodePane)
        if query == code.text:
            return
        lines = sql_lines(laid_out(query))
        if text is not None and text.is_cut:
            lines.append((("… the server keeps no more: track_activity_query_size", "dim"),))
        code.show_text(query, lines)

    def show_locks(self, locks: Sequence[HeldLock] | None, why: str | None) -> None:
        self.query_one("#locks", RecordTable).show(view.locks_table(locks, why))
