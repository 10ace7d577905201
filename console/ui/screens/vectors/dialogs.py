"""The dialogs of a search: which column, what to look for, and one value typed or chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from console.services import Service
from console.ui.bindings import MOVES, bindings
from console.ui.dialogs.choose import Choice, ChooseDialog, as_table
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.record_table import RecordTable
from console.vectors.query_source import Kind, QuerySource
from console.vectors.records import VectorColumn
from console.view.vectors import search as view


class ColumnDialog(ChooseDialog):
    """Every vector column by service, filtered as one types; answers with the label."""

    width = 110

    def __init__(self, title: str, columns: Sequence[VectorColumn], services: Sequence[Service],
                 current: str | None) -> None:
        super().__init__(title, (), current=current)
        self._table = view.columns_table(columns, services, "no vector column")

    def body(self) -> ComposeResult:
        yield Input(placeholder="type to filter", select_on_focus=False)
        table = RecordTable(self._table, focusable=False)
        if self._current is not None:
            table.select(self._current)
        table.styles.height = max(2, min(len(self._table.rows) + 1, self.app.size.height - 8))
        yield table


class PromptDialog(Dialog[str]):
    """One line of text. `check` says what is wrong with it, None when nothing is."""

    HINT = (("input.submit", "take it"), "dialog.leave")
    width = 80

    def __init__(self, title: str, value: str = "", *, hint: str = "",
                 check: Callable[[str], str | None] | None = None) -> None:
        super().__init__(title)
        self._value = value
        self._hint = hint
        self._check = check

    def body(self) -> ComposeResult:
        yield Input(value=self._value, select_on_focus=False)
        yield Words((self._hint, "dim"), id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        wrong = self._check(event.value) if self._check else None
        if wrong is None:
            self.dismiss(event.value)
        else:
            self.query_one(Words).say((wrong, "critical"), (self._hint, "dim"))


def where_dialog(column: VectorColumn, where: str | None) -> PromptDialog:
    """Asks for the condition of a search of that column."""
    return PromptDialog("WHERE", where or "", hint=f"a condition on {column.table}, as in SQL; empty for none")


KINDS: Sequence[tuple[Kind, str, str]] = (
    ("text", "a text", "made a vector by an embedder"),
    ("row", "a row of this table", "by its key; empty: one at random"),
    ("vector", "a vector", "[0.1, -0.2, ...] pasted, or @FILE"),
    ("other", "a row of another table", "its column is asked for next"),
)

LONGEST = 4096
"""Characters of what was asked before that are offered again."""


class QuerySourceDialog(Dialog[QuerySource]):
    """What to look for: the arrows choose of which kind it is, what is typed is it."""

    HINT = (("move.up move.down", "kind"), ("input.submit", "search"), "dialog.leave")
    BINDINGS = bindings(borrow=MOVES, over_text=MOVES)
    width = 84

    def __init__(self, title: str, before: QuerySource | None, *, key: str,
                 check: Callable[[QuerySource], str | None], without_text: str | None) -> None:
        super().__init__(title)
        self._before = before
        self._key = key
        self._check = check
        self._without_text = without_text

    def body(self) -> ComposeResult:
        before = self._before
        yield Input(value=before.given if before and len(before.given) <= LONGEST else "")
        choices = [Choice(kind, f"like {title}" if kind != "text" else "for a text",
                          self._without_text if kind == "text" and self._without_text else detail)
                   for kind, title, detail in KINDS]
        table = RecordTable(as_table(choices, ""), show_header=False, focusable=False)
        table.styles.height = len(choices)
        table.select(before.kind if before and before.given else "row" if self._without_text else "text")
        yield table
        yield Words(id="wrong")

    @property
    def kind(self) -> Kind:
        row = self.query_one(RecordTable).row
        return next((kind for kind, _, _ in KINDS if row is not None and kind == row.key), "text")

    def _placeholder(self, kind: Kind) -> str:
        return {"text": "words to search for", "row": f"{self._key}: empty for a random row",
                "vector": "[0.1, -0.2, ...] or @FILE", "other": "its key: empty for a random row"}[kind]

    def on_mount(self) -> None:
        self.query_one(Input).placeholder = self._placeholder(self.kind)

    def action_move(self, rows: int) -> None:
        self.query_one(RecordTable).action_move(rows)
        self._kind_changed()

    def action_page(self, direction: int) -> None:
        self.query_one(RecordTable).action_page(direction)
        self._kind_changed()

    def action_half(self, direction: int) -> None:
        self.action_page(direction)

    def _kind_changed(self) -> None:
        self.query_one(Input).placeholder = self._placeholder(self.kind)
        self.query_one(Words).say()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What begins like a vector or a file's name is one."""
        if event.value[:1] in ("[", "{", "@") and self.kind != "vector":
            self.query_one(RecordTable).select("vector")
        self.query_one(Words).say()

    def on_record_table_row_chosen(self) -> None:
        self._answer()

    def on_input_submitted(self) -> None:
        self._answer()

    def _answer(self) -> None:
        given = self.query_one(Input).value
        question = QuerySource(self.kind, given if self.kind != "vector" else given.strip())
        wrong = self._without_text if question.kind == "text" and self._without_text else self._check(question)
        if wrong is None:
            self.dismiss(question)
        else:
            self.query_one(Words).say((wrong, "critical"))
