"""The state as tables and lines."""

from __future__ import annotations

from console.activity.records import WaitShare
from console.activity.summary.records import SessionCounts
from console.server.info import ServerInfo
from console.ui.keymap import key, letter
from console.ui.screens.activity.state import ActivityState, ViewName
from console.view.activity import blocking, progress, replication, sessions, true_client, waits
from console.view.table import Line, Table

NOTED: tuple[ViewName, ...] = ("waits", "replication")
"""The views with lines of their own above the table."""


def tab_title(state: ActivityState, name: ViewName) -> str:
    """A view's key and name, and how many wait."""
    waiting = sum(not blocked.is_root or not blocked.blocks or blocked.closes_cycle for blocked in state.blocked)
    count = f" {waiting}" if name == "blocking" and waiting else ""
    before = letter(f"activity.{name}") if name != "sessions" else ""
    return f"{before} {name.capitalize()}{count}".lstrip()


def verdict(state: ActivityState, counts: SessionCounts | None, width: int) -> Line:
    return sessions.verdict(counts, state.blocked, with_idle=state.with_idle, with_background=state.with_background,
                            width=width, key=key)


def note(state: ActivityState, info: ServerInfo | None) -> list[Line]:
    """The lines above the table, where the view has any."""
    if state.view == "waits":
        found = [waits.summary(_shares(state), len(state.profile), state.profile.seconds, _whose_waits(state)),
                 waits.lock_waits(state.lock_waits)]
        return [line for line in found if line]
    if state.view == "replication" and state.replication is not None and info is not None:
        return [replication.verdict(state.replication, info)]
    return []


def table(state: ActivityState, info: ServerInfo | None) -> Table:
    """What the view shows."""
    if not state.is_filled:
        return Table((), (), "not read yet")
    followed = sessions.key(state.followed) if state.followed is not None else None
    match state.view:
        case "blocking":
            return blocking.table(state.blocked, state.by_pid, state.holders, state.marked, followed, state.clients)
        case "progress":
            return progress.table(state.progress, state.pace.seconds_left)
        case "waits":
            return waits.table(_shares(state), state.meanings,
                               "nothing was active at any sample; samples are taken while this screen is shown")
        case "replication":
            if state.replication is None or info is None:
                return Table(replication.COLUMNS, (), "reading…")
            return replication.table(state.replication, info)
        case "sessions":
            return sessions.sessions_table(state.shown, state.marked, followed, state.why, state.clients, key=key)


def _shares(state: ActivityState) -> list[WaitShare]:
    return state.profile.shares(state.followed.pid if state.followed else None, waits.PARTS)


def _whose_waits(state: ActivityState) -> str:
    return f"pid {state.followed.pid}" if state.followed else "whole server"


def facts(state: ActivityState) -> list[Line]:
    """What is known of the session that the pane is about; nothing while it is closed."""
    subject = state.selected
    if subject is None:
        return []
    now = state.as_now(subject)
    if now is None and state.is_filled:
        return [(("gone: ", "warning"), (f"{subject.pid} {sessions.who(subject)} has ended; what it ran last is below",
                                         ""))]
    found = now or subject
    lines = sessions.facts(found, state.behind(found), state.blocks(found.pid), state.meaning(found),
                           state.outcomes.get(sessions.key(found)))
    if state.effort is not None and state.effort.identity == found.identity:
        lines += state.effort.lines()
    if (client := (state.clients or {}).get(found.pid)) is not None:
        lines.insert(1, true_client.fact(client))
    return lines
