"""The state as tables and lines."""

from __future__ import annotations

from console.server.info import ServerInfo
from console.statements.records import Ranking
from console.statements.slow import SlowLog
from console.ui.keymap import key, letter
from console.ui.screens.statements.state import StatementsState
from console.view.statements import ranking as view
from console.view.statements import setup, slow
from console.view.table import Line, Table


def tabs(log: SlowLog) -> list[str]:
    """The titles of the two views."""
    running = len(log.running)
    return ["Statements", f"{letter('statements.slow')} Slow{f' {running}' if running else ''}".lstrip()]


def empty(state: StatementsState, info: ServerInfo | None) -> str:
    """Why there is no statement, and what would change that."""
    if info is not None and state.why is not None:
        return setup.what_to_do(info, state.availability, state.why)
    return f"no statement has run in this time: {key('statements.window')} shows another"


def verdict(state: StatementsState, info: ServerInfo | None, log: SlowLog, width: int) -> Line:
    if state.shows_slow:
        return slow.verdict(log.statements, log.threshold_s)
    if state.why is not None:
        return ((f" {empty(state, info)}", "warning"),)
    if state.standing is None or state.ranking is None:
        return ((" reading…", "dim"),)
    anew = state.journal.why_anew if not state.journal.has_interval else None
    return view.verdict(state.ranking, state.standing, len(state.journal), state.window, state.seconds, anew=anew,
                        width=width)


def note(state: StatementsState) -> Line:
    """The line above the table: what is wrong with the figures, else which they are."""
    if state.shows_slow or state.standing is None or state.ranking is None or state.why is not None:
        return ()
    words = view.notes(state.standing, state.columns)
    left_out = 0 if state.with_own else len(state.own.intersection(state.journal.keys))
    return ((f" {words}", "warning"),) if words else view.what_is_shown(
        state.ranking, state.columns, state.grouping, left_out, letter("statements.own"))


def table(state: StatementsState, info: ServerInfo | None) -> Table | None:
    """The ranking; None before there is anything to say."""
    if state.ranking is None or (state.standing is None and state.why is None):
        return None
    ranking = state.ranking if state.standing is not None else Ranking((), 0, 0.0, ())
    return view.table(ranking, state.columns, _basis(state, info), empty(state, info))


def facts(state: StatementsState, info: ServerInfo | None) -> list[Line]:
    """The figures of what the pane is about; nothing while it is closed."""
    ranked = state.of_selected()
    if ranked is None:
        return []
    return list(view.facts(ranked, _basis(state, info), state.window if state.seconds else "reset", state.beside))


def _basis(state: StatementsState, info: ServerInfo | None) -> view.StatisticsBasis:
    return state.basis(info.quoted_user if info is not None else "")
