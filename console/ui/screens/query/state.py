"""What the screen knows: what statements answered, which of them runs, and what of the text is to be run."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from console.catalog.preview import VALUE_CAP, PreviewRow, Value
from console.errors import ConsoleError
from console.server.extended import Row
from console.server.interactive import Interactive, QueryResult, TransactionState
from console.sql import statements
from console.sql.statements import Piece
from console.view import query
from console.view.table import Row as ViewRow
from console.view.table import Table

MOST_ROWS = 5000
MOST_CELLS = 60_000
MOST_BYTES = 64 * 1024 * 1024
"""What is held of a result: e writes all of it to a file."""


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


class QueryState:
    """The results of the last run, a tab each, and the connection that they came by."""

    def __init__(self) -> None:
        self.sql: Interactive | None = None
        """The connection of this screen's own, once one was needed."""
        self.running: Piece | None = None
        self.running_since_s = 0.0
        """When it began, by time.monotonic()."""
        self.is_asking = False
        """Whether a person is asked first, so that nothing of what is wanted runs."""
        self.outcomes: list[QueryOutcome] = []
        self.active = 0

    @property
    def outcome(self) -> QueryOutcome | None:
        """The one whose tab is active."""
        return self.outcomes[self.active] if self.active < len(self.outcomes) else None

    @property
    def transaction(self) -> TransactionState:
        return self.sql.transaction if self.sql is not None else "none"

    @property
    def lost_if_left(self) -> str | None:
        """What would be lost if the target were left, in words."""
        if self.sql is None or self.transaction == "none" or self.sql.is_in_read_only_transaction:
            return None
        return "A transaction is open on the Query screen: what it has done will be rolled back."

    # results

    def begin(self) -> None:
        """Forgets what was answered."""
        self.outcomes, self.active = [], 0

    def add(self, outcome: QueryOutcome) -> None:
        """One more, which is shown. What older ones had left to read has been given up."""
        for older in self.outcomes:
            older.is_given_up, older.more = older.is_given_up or older.more, False
        self.outcomes.append(outcome)
        self.active = len(self.outcomes) - 1

    def activate(self, index: int) -> None:
        """Shows that tab, if there is one."""
        if 0 <= index < len(self.outcomes):
            self.active = index

    def move_tab(self, step: int) -> None:
        """Shows another tab, round at the ends."""
        self.activate((self.active + step) % max(1, len(self.outcomes)))

    @property
    def wants_more(self) -> bool:
        """Whether more rows of what is shown can be read, and may be held."""
        outcome = self.outcome
        return outcome is not None and outcome.more and not outcome.is_full and not outcome.is_reading \
            and self.running is None and self.sql is not None

    # keys

    def can(self, action: str, *, is_editing: bool) -> bool:
        """Whether an action of the screen is possible now; `is_editing`: the editor has the keys."""
        is_idle, outcome = self.running is None, self.outcome
        match action:
            case "cancel":
                return not is_idle
            case "run" | "run_all" | "explain" | "format" | "open_plan" | "history" | "limit":
                return is_idle
            case "mode":
                return is_idle and self.transaction == "none"
            case "end":
                return is_idle and self.transaction != "none"
            case "edit":
                return not is_editing
            case "move_tab":
                return len(self.outcomes) > 1
            case "export":
                return not is_editing and outcome is not None and bool(outcome.columns)
        return True


def to_run(text: str, selection: tuple[int, int], cursor: int) -> tuple[Sequence[Piece], int]:
    """The statements to run, and where in `text` the offsets of theirs begin: those in the selection, else the one that
    the cursor is on. All places are in characters from the start."""
    start, end = sorted(selection)
    if selected := text[start:end].strip():
        lead = len(text[start:end]) - len(text[start:end].lstrip())
        return statements.pieces(selected), start + lead
    piece = statements.at(statements.pieces(text), cursor)
    return (piece,) if piece is not None else (), 0


def appended(text: str, sql: str) -> str:
    """`text` with `sql` as another statement below it."""
    before = text.rstrip()
    if before and not before.endswith(";"):
        before += ";"
    return f"{before}\n\n{sql}" if before else sql
