"""Tables and lines as plain values: what stands where and in which tone, for any widget to draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

Tone = Literal["", "strong", "dim", "faint", "accent", "ok", "warning", "critical", "unknown",
               "layer1", "layer2", "layer3", "layer4", "layer5"]
"""What a piece of text means; a theme decides how that looks. The layers of a picture tell apart what is neither good
nor bad."""

KeyName = Callable[[str], str]
"""The key of an action as people read it now, by the action's id: "activity.cancel"."""

Line = tuple[tuple[str, Tone], ...]
"""One line of a screen: pieces of text, each with its tone."""

LETTERS: Mapping[str, str] = {"ok": "O", "warning": "W", "critical": "C", "unknown": "?"}
"""A status as a letter, for whoever sees no colour."""


def line(*pieces: str | tuple[str, Tone]) -> Line:
    """A line of `pieces`: text, or text and tone."""
    return tuple((piece, "") if isinstance(piece, str) else piece for piece in pieces)


def plain(pieces: Line) -> str:
    """The text of a line."""
    return "".join(text for text, _ in pieces)


class Column(Struct, frozen=True):
    """A column. Widths are in terminal cells.

    `fixed` columns identify the row: they stay while the others scroll sideways. `flexible` takes what is left of the
    screen's width (at least `minimum`). `priority` 0 is always there; in a narrow terminal the highest go first.
    `is_said`: what it says is the same on every row and stands in another heading: it isn't drawn.
    """

    key: str
    title: str
    align: Literal["left", "right"] = "left"
    fixed: bool = False
    flexible: bool = False
    minimum: int = 1
    maximum: int = 40
    priority: int = 0
    sortable: bool = True
    is_said: bool = False


class Cell(Struct, frozen=True):
    """The text of a cell, its tone, and what it is sorted by (the text where `order` is None)."""

    text: str
    tone: Tone = ""
    order: Any = None


class Row(Struct, frozen=True):
    """A row: `key` identifies it from one update to the next; `cells` are in the order of the columns.

    `search` is what a filter looks through besides the cells' text; `record` is what the row stands for. `under` is the
    key of a row that it stays below, however the table is sorted.
    """

    key: str
    cells: tuple[Cell, ...]
    tone: Tone = ""
    search: str = ""
    record: Any = None
    under: str | None = None


class Table(Struct, frozen=True):
    """A table as it should be shown.

    `empty` says why there is no row and what would bring some, `note` what else there is beside the rows.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...] = ()
    empty: str = ""
    note: str = ""


def said_once(table: Table, *keys: str) -> Table:
    """The table with those of the columns `keys` that say the same on every row in the heading of the flexible one."""
    if len(table.rows) < 2:
        return table
    same: dict[str, str] = {}
    for index, column in enumerate(table.columns):
        if column.key in keys and len(texts := {row.cells[index].text for row in table.rows}) == 1 and all(texts):
            same[column.key] = f"{column.title} {texts.pop()}"
    if not same:
        return table
    last = [column.key for column in table.columns if column.flexible][-1:]
    words = f"   all: {', '.join(same.values())}"
    return replace(table, columns=tuple(
        replace(column, is_said=True) if column.key in same else
        replace(column, title=column.title + words) if column.key in last else column for column in table.columns))


def grouped(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows with those that belong under another right below it, if that one is there."""
    keys = {row.key for row in rows}
    below: dict[str, list[Row]] = {}
    for row in rows:
        if row.under in keys:
            below.setdefault(row.under or "", []).append(row)
    return tuple(each for row in rows if row.under not in keys for each in (row, *below.get(row.key, ())))


def sorted_rows(table: Table, key: str | None, *, descending: bool = False) -> Table:
    """`table` ordered by the column `key`; cells without a value come last, equal ones keep their order."""
    index = next((i for i, column in enumerate(table.columns) if column.key == key), None)
    if index is None:
        return replace(table, rows=grouped(table.rows)) if any(row.under for row in table.rows) else table

    def value(row: Row) -> Any:
        cell = row.cells[index]
        return cell.text.casefold() if cell.order is None else cell.order

    known: list[Row] = []
    unknown: list[Row] = []
    for row in table.rows:
        has_value = row.cells[index].order is not None or row.cells[index].text not in ("", "-")
        (known if has_value else unknown).append(row)
    try:
        ordered = sorted(known, key=value, reverse=descending)
    except TypeError:  # text beside numbers
        ordered = sorted(known, key=lambda row: str(value(row)), reverse=descending)
    return replace(table, rows=grouped((*ordered, *unknown)))


_TERM = re.compile(r'''!?(?:\w+[:~])?(?:"[^"]+"(?!\S)|/(?:\\.|[^\\/])+/(?!\S)|\S+)''')


def terms(needle: str) -> list[str]:
    """The terms of a filter: white space parts them, except within /a pattern/ and "quotes"."""
    return _TERM.findall(needle)


def of_column(name: str, word: str) -> str:
    """The term that wants `word` in that column."""
    return f'{name}:"{word}"' if re.search(r"\s", word) else f"{name}:{word}"


def filtered(table: Table, needle: str) -> Table:
    """The rows of `table` that satisfy every term of `needle`, whatever the case; `empty` says why there is none.

    A term is a word that the row holds; `column:word` or `column~pattern` for one column, by its key or title;
    `/pattern/` for a regular expression on the whole row. `!` before a term turns it round, "quotes" hold spaces.
    """
    wanted = terms(needle)
    if not wanted or not table.rows:
        return table
    try:
        satisfied = [_term(term, table.columns) for term in wanted]
    except _NoPatternError as error:
        return replace(table, rows=(), empty=str(error))
    kept = tuple(row for row in table.rows if all(term(row) for term in satisfied))
    return replace(table, rows=kept, empty=f"nothing matches \"{needle}\"{_nameless(wanted, table.columns)}")


class _NoPatternError(ValueError):
    """A term looks like a regular expression and is none."""


def _term(term: str, columns: Sequence[Column]) -> Callable[[Row], bool]:
    if term.startswith("!") and len(term) > 1:
        positive = _term(term[1:], columns)
        return lambda row: not positive(row)
    if len(term) > 2 and term[0] == term[-1] == "/":
        pattern = _pattern(term[1:-1])
        return lambda row: pattern.search(_text(row)) is not None
    if match := _OF_A_COLUMN.fullmatch(term):
        name, word = match[1].casefold(), _unquoted(match[3])
        for index, column in enumerate(columns):
            if name in _names(column):
                pattern = _pattern(word if match[2] == "~" else re.escape(word))
                return lambda row: pattern.search(row.cells[index].text) is not None
    folded = _unquoted(term).casefold()
    return lambda row: folded in _text(row).casefold()


_OF_A_COLUMN = re.compile(r"(\w+)([:~])(.+)", re.DOTALL)


def _names(column: Column) -> tuple[str, str]:
    return column.key.casefold(), column.title.casefold().replace(" ", "_")


def _nameless(wanted: Sequence[str], columns: Sequence[Column]) -> str:
    """That a term looks like one for a column that there isn't: it was taken for a word."""
    named = [match[1] for term in wanted if (match := _OF_A_COLUMN.fullmatch(term.removeprefix("!")))]
    absent = next((name for name in named if not any(name.casefold() in _names(column) for column in columns)), None)
    return "" if absent is None else \
        f"; no column is called {absent}, there are {', '.join(column.key for column in columns if column.title)}"


def _unquoted(word: str) -> str:
    return word[1:-1] if len(word) > 2 and word[0] == word[-1] == '"' else word


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise _NoPatternError(f"{text} is no regular expression: {error}") from None


def _text(row: Row) -> str:
    return "\0".join([*(cell.text for cell in row.cells), row.search])
