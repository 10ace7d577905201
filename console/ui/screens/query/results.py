"""What statements answered: a tab each, with its rows, its messages or its error."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.catalog.preview import VALUE_CAP, PreviewRow, Value
from console.errors import ConsoleError, ServerError
from console.server.extended import Row
from console.server.interactive import QueryResult
from console.sql.statements import Piece
from console.text.format import plural
from console.ui.keymap import key
from console.ui.widgets.painting import Lines
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar
from console.view import query
from console.view.table import Line, Table, Tone
from console.view.table import Row as ViewRow

MOST_ROWS = 5000
MOST_CELLS = 60_000
MOST_BYTES = 64 * 1024 * 1024
"""What is held of a result: e writes all of it to a file."""

NEAR_ROWS = 50
"""This near to the last row the next are read."""


class HeldColumn(Struct, frozen=True):
    """A column, for the dialogs that show a row and a value whole."""

    name: str
    type: str

    @property
    def type_name(self) -> str:
        return self.type


class QueryOutcome(Struct, eq=False):
    """One statement's: its result, or its error, or that it was cancelled; rows are added while they are read."""

    piece: Piece
    result: QueryResult | None = None
    error: ConsoleError | None = None
    more: bool = False
    rows: list[Row] = field(default_factory=list)
    held_bytes: int = 0
    is_reading: bool = False
    is_given_up: bool = False
    """Whether rows were left that can't be read any more."""
    not_run: int = 0
    """How many statements after it were asked for too, and left alone because it failed."""
    _shown: list[ViewRow] = field(default_factory=list)

    def take(self, rows: Sequence[Row]) -> None:
        """Rows that came."""
        self.rows += rows
        self.held_bytes += sum(len(value or "") for row in rows for value in row)

    @property
    def is_full(self) -> bool:
        """Whether no more rows are held."""
        return self.more and (len(self.rows) >= min(MOST_ROWS, MOST_CELLS // max(1, len(self.columns)))
                              or self.held_bytes >= MOST_BYTES)

    @property
    def columns(self) -> tuple[HeldColumn, ...]:
        return tuple(HeldColumn(column.name, column.type_name) for column in self.result.columns) if self.result else ()

    @property
    def title(self) -> str:
        if self.error is not None:
            return "error"
        if self.result is None:
            return "cancelled"
        if self.result.columns:
            return f"{self.result.tag.split(' ')[0]} {len(self.rows)}{'+' if self.more else ''}"
        return self.result.tag or "done"

    async def value(self, row: PreviewRow, index: int) -> Value:
        """A value as a whole: it is here already."""
        text = row.values[index]
        if text is None:
            return Value(None, None, False)
        return Value(text[:VALUE_CAP], len(text.encode("utf-8", "replace")), len(text) > VALUE_CAP)

    def whole(self, number: int) -> PreviewRow:
        """Row `number`, counted from 1, for the dialogs."""
        row = self.rows[number - 1]
        kinds = [column.type for column in self.columns]
        return PreviewRow(row, tuple(map(query.note, row, kinds)), ())

    def table(self) -> Table:
        kinds = [column.type for column in self.columns]
        for number in range(len(self._shown), len(self.rows)):
            self._shown.append(query.row(number + 1, self.rows[number], kinds))
        return Table(query.columns([(column.name, column.type) for column in self.columns]),
                     tuple(self._shown), "no rows")


class ResultTable(RecordTable):
    """Rows, of which more are asked for when the cursor comes near the last one."""

    class NearEnd(Message):
        """The cursor is near the last row that is here."""

    def _go(self, index: int) -> None:
        super()._go(index)
        if self.is_mounted and self.cursor >= len(self.table.rows) - NEAR_ROWS:
            self.post_message(self.NearEnd())


class Results(Vertical):
    """`show` puts up what statements answered; the tabs choose between several."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.outcomes: list[QueryOutcome] = []
        self.active = 0

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        yield Lines(id="note")
        yield ResultTable(id="rows")
        yield Paper(id="messages")

    @property
    def table(self) -> ResultTable:
        return self.query_one("#rows", ResultTable)

    @property
    def messages(self) -> Paper:
        return self.query_one("#messages", Paper)

    @property
    def outcome(self) -> QueryOutcome | None:
        """The one whose tab is active."""
        return self.outcomes[self.active] if self.active < len(self.outcomes) else None

    def begin(self) -> None:
        """Forgets what was shown."""
        self.outcomes, self.active = [], 0
        self.show()

    def add(self, outcome: QueryOutcome) -> None:
        """One more, which is shown."""
        self.outcomes.append(outcome)
        self.active = len(self.outcomes) - 1
        self.table._cursor_key, self.table.cursor, self.table.first_row = None, 0, 0
        self.table.sort_key = None
        self.show()

    def activate(self, index: int) -> None:
        """Shows that tab."""
        if 0 <= index < len(self.outcomes):
            self.active = index
            self.show()

    def show(self) -> None:
        """Everything as it is now."""
        outcome = self.outcome
        self.query_one("#tabs", TabBar).show_tabs(
            [(f"{number} {query_outcome.title}", True) for number, query_outcome in enumerate(self.outcomes, 1)],
            self.active)
        has_table = outcome is not None and bool(outcome.columns) and outcome.error is None
        lines = self._message_lines(outcome) if outcome is not None else []
        self.table.display = has_table
        self.messages.display = bool(lines) or not has_table
        self.messages.styles.height = 5 if has_table else "1fr"
        self.query_one("#note", Lines).show(self._note(outcome))
        self.table.show(outcome.table() if outcome is not None and has_table else Table(()))
        self.messages.show_paragraphs([(4, line) for line in lines], stay=True)

    def _note(self, outcome: QueryOutcome | None) -> Line:
        if outcome is None:
            return ((" no statement has been run", "dim"),)
        if outcome.result is None:
            return ((" cancelled" if outcome.error is None else "", "warning"),)
        result = outcome.result
        pieces: list[tuple[str, Tone]] = []
        if result.columns:
            pieces.append((" " + query.shown_rows(len(outcome.rows), more=outcome.more, dropped=result.dropped,
                                                  full=outcome.is_full, given_up=outcome.is_given_up, key=key), ""))
            if not result.tag.startswith("SELECT"):
                pieces.append((f" · {result.tag}", "strong"))
        else:
            pieces.append((f" {result.tag or 'done'}", "strong"))
        pieces.append((f" · {query.took(result.elapsed_ms)}", "dim"))
        if outcome.is_reading:
            pieces.append((" · reading…", "dim"))
        return tuple(pieces)

    def _message_lines(self, outcome: QueryOutcome) -> list[Line]:
        lines: list[Line] = []
        if (error := outcome.error) is not None:
            lines.append(((error.summary, "critical"),))
            if isinstance(error, ServerError) and error.position:
                lines += query.pointed(outcome.piece.text, error.position)
            lines += [((line, ""),) for line in error.lines()[1:]]
            if code := getattr(error, "sqlstate", None):
                lines.append(((f"SQLSTATE {code}", "dim"),))
        if outcome.not_run:
            lines.append(((f"{plural(outcome.not_run, 'statement')} after it not run", "warning"),))
        if outcome.result is not None:
            for said in outcome.result.notices:
                lines += query.notice(said.severity, said.message, said.detail, said.hint)
        return lines
