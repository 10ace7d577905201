"""The state as lines: the screen's status, and what a statement answered."""

from __future__ import annotations

import time

from console.errors import ServerError
from console.text.format import plural
from console.ui.keymap import key
from console.ui.screens.query.state import QueryOutcome, QueryState
from console.view import query
from console.view.table import Line, Tone


def status(state: QueryState, *, read_only: bool, timeout_ms: int) -> Line:
    sql, running = state.sql, state.running
    now_s = time.monotonic()
    return query.status(
        read_only=read_only, manual=sql is not None and sql.manual, transaction=state.transaction,
        is_old_read_only=sql is not None and sql.is_in_read_only_transaction,
        open_s=now_s - sql.began_s if sql is not None else 0.0, timeout_ms=timeout_ms,
        running_s=None if running is None or state.is_asking else now_s - state.running_since_s,
        statement=running.text if running is not None else "", key=key)


def tabs(state: QueryState) -> list[str]:
    """A title for each statement that was run."""
    return [f"{number} {outcome.title}" for number, outcome in enumerate(state.outcomes, 1)]


def note(outcome: QueryOutcome | None) -> Line:
    """The line above the rows: how many, how long it took."""
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


def messages(outcome: QueryOutcome | None) -> list[Line]:
    """The error with its place, what was left alone because of it, and the server's notices."""
    if outcome is None:
        return []
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
