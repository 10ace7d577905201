"""The Query screen's words and cells: results of any statement, how it is run, and the state of the transaction."""

from __future__ import annotations

import math
from collections.abc import Sequence

from console.text import format as fmt
from console.view.catalog import values
from console.view.table import Cell, Column, KeyName, Line, Row, Tone

SHOWN_CHARACTERS = 300
"""Of a value in a cell; enter shows it whole."""

_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision", "oid", "money")
_VECTORS = ("vector", "halfvec")


def columns(named: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    """The columns of a result, given with their types; names may come twice, so that places are the keys."""
    widest = values.WIDE if len(named) <= 2 else values.NARROW
    return tuple(Column(str(number), name, "right" if kind in _NUMBERS else "left", minimum=4, maximum=widest)
                 for number, (name, kind) in enumerate(named))


def row(number: int, given: Sequence[str | None], types: Sequence[str]) -> Row:
    """One row, `number` its place from 1; the record is that place."""
    return Row(str(number), tuple(map(cell, given, types)), record=number)


def cell(value: str | None, kind: str) -> Cell:
    """A value by its beginning and its size; numbers are sorted as such."""
    base = kind.partition("(")[0].rpartition(".")[2]
    shown = values.cell(None if value is None else value[:SHOWN_CHARACTERS], note(value, kind))
    if value is not None and base in _NUMBERS:
        try:
            number = float(value)
        except ValueError:
            return shown
        return Cell(shown.text, shown.tone, math.inf if math.isnan(number) else number)  # as PostgreSQL sorts it
    return shown


def note(value: str | None, kind: str) -> str | None:
    """What a cell leaves out, as values.cell takes it: a vector's dimensions and norm, a long text's size in bytes."""
    if value is None:
        return None
    if kind.partition("(")[0].rpartition(".")[2] in _VECTORS:
        try:
            numbers = [float(part) for part in value.strip("[]").split(",")]
        except ValueError:
            return None
        return f"{len(numbers)}:{math.hypot(*numbers):.6g}"
    return str(len(value.encode("utf-8", "replace"))) if len(value) > SHOWN_CHARACTERS else None


def shown_rows(amount: int, *, more: bool, dropped: int, full: bool, given_up: bool, key: KeyName) -> str:
    """Which rows these are."""
    if dropped:
        return f"the first {fmt.count(amount)} rows; {fmt.count(dropped)} more were not kept"
    if given_up:
        return (f"the first {fmt.count(amount)} rows: another statement ended the reading, {key('screen.export')} "
                "writes them all to a file")
    if full:
        return f"the first {fmt.count(amount)} rows: {key('screen.export')} writes them all to a file"
    if more:
        return f"rows 1 to {fmt.count(amount)}, more below"
    return fmt.plural(amount, "row")


def status(*, read_only: bool, manual: bool, transaction: str, is_old_read_only: bool, open_s: float,
           timeout_ms: int, running_s: float | None, statement: str, key: KeyName) -> Line:
    """How statements are run here, the state of the transaction, and what is running."""
    pieces: list[tuple[str, Tone]] = [(" read-only" if read_only else " may write", "ok" if read_only else "warning")]
    pieces.append((" · manual transactions" if manual else " · autocommit", ""))
    if transaction == "open":
        kind = "read-only transaction" if is_old_read_only else "in a transaction"
        pieces.append((f" · {kind} for {fmt.duration(open_s)}", "accent" if is_old_read_only else "warning"))
        pieces.append((f", {key('editor.leave')} then {key('query.commit')} or {key('query.rollback')} ends it", "dim"))
    elif transaction == "failed":
        pieces.append((f" · the transaction FAILED: {key('editor.leave')} then {key('query.rollback')} ends it",
                       "critical"))
    limit = fmt.duration(timeout_ms / 1000) if timeout_ms else "none"
    pieces.append((f" · time limit {limit}", "dim" if timeout_ms else "warning"))
    if running_s is not None:
        pieces.append((f" · running for {fmt.duration(running_s)}, {key('query.cancel')} cancels: ", "accent"))
        pieces.append((" ".join(statement.split())[:200], "dim"))
    return tuple(pieces)


def took(elapsed_ms: float) -> str:
    """How long a statement took."""
    return fmt.milliseconds(elapsed_ms)


def notice(severity: str, message: str, detail: str | None, hint: str | None) -> list[Line]:
    """A message that came beside the result."""
    tone: Tone = "warning" if severity in ("WARNING", "ERROR") else "dim"
    lines: list[Line] = [((f"{severity}: ", tone), (message, ""))]
    lines += [((f"  {word}: ", "dim"), (text, "")) for word, text in (("detail", detail), ("hint", hint)) if text]
    return lines


def pointed(statement: str, position: int, width: int = 100) -> list[Line]:
    """The line of a statement at `position`, counted in characters from 1, and a caret below."""
    start = statement.rfind("\n", 0, max(0, position - 1)) + 1
    line = statement[start:].partition("\n")[0].expandtabs(1)
    column = position - 1 - start
    first = max(0, column - width // 2)
    number = statement.count("\n", 0, start) + 1
    head = f"line {number}: "
    return [((head, "dim"), (line[first:first + width], "")),
            ((" " * (len(head) + column - first), ""), ("^", "critical"))]
