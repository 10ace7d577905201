"""A dialog of values to set, a line each: enter changes one, and what follows from all of them stands below."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from textual.app import ComposeResult

from console.errors import ConsoleError
from console.ui.dialogs.choose import Choice, ChooseDialog
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.screens.vectors.dialogs import PromptDialog
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table, Tone

_COLUMNS = (Column("name", "", fixed=True, minimum=14), Column("value", "", minimum=32, maximum=44, flexible=True),
            Column("note", "", maximum=48, priority=1))

Answer = TypeVar("Answer")


class Item(Struct, frozen=True):
    """A value: what it is called, what it is, a note; `choices` to choose from, without them it is typed."""

    key: str
    name: str
    value: str
    note: str = ""
    choices: tuple[str, ...] = ()


class LinesDialog(Dialog[Answer]):
    """A subclass says its `items`, takes a `change`, tells in `words` what follows, and answers with `answer`;
    its binding for `go` is the key that answers."""

    width = 112
    _wrong: str | None = None

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """The lines."""

    @abstractmethod
    def change(self, key: str, value: str) -> None:
        """Takes a new value. Raises ConsoleError for one that makes no sense."""

    def words(self) -> Sequence[tuple[str, Tone]]:
        """What follows from the values. Raises ConsoleError where they don't fit together."""
        return ()

    @abstractmethod
    def answer(self) -> Answer:
        """Raises ConsoleError where the values make no sense."""

    # the dialog

    def body(self) -> ComposeResult:
        yield RecordTable(show_header=False, id="items")
        yield Words(id="told")

    def on_mount(self) -> None:
        self.show()

    @property
    def table(self) -> RecordTable:
        return self.query_one("#items", RecordTable)

    def show(self) -> None:
        """Shows the values as they are now."""
        items = self.items()
        self.table.show(Table(_COLUMNS, tuple(
            Row(item.key, (Cell(item.name), Cell(item.value, "strong"), Cell(item.note, "dim"))) for item in items)))
        self.table.styles.height = max(4, min(len(items), self.app.size.height - 15))
        try:
            words = list(self.words())
        except ConsoleError as error:
            words = [(error.summary, "critical")]
            words += [(error.hint, "")] if error.hint else []
        if self._wrong:
            words.insert(0, (self._wrong, "critical"))
        self.query_one("#told", Words).say(("", ""), *words)

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        item = next(item for item in self.items() if item.key == event.row.key)

        def taken(value: str | None) -> None:
            if value is None:
                return
            self._wrong = None
            try:
                self.change(item.key, value.strip())
            except ConsoleError as error:
                self._wrong = error.summary
            self.show()

        if item.choices:
            self.app.push_screen(ChooseDialog(item.name, [Choice(choice, choice) for choice in item.choices],
                                              current=item.value), taken)
        else:
            self.app.push_screen(PromptDialog(item.name, item.value if item.value not in ("-", "auto") else "",
                                           hint=item.note), taken)

    def action_go(self) -> None:
        try:
            found = self.answer()
        except ConsoleError as error:
            self._wrong = error.summary
            self.show()
            return
        self.dismiss(found)


__all__ = ["Item", "LinesDialog"]
