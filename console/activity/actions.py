"""Cancelling queries and ending sessions: only those that were meant, written down, and watched until it is done."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal

from console.activity import audit
from console.activity.records import Backend, SessionState, Signalled, SignalOutcome
from console.errors import ConsoleError, Denied
from console.server.query import load
from console.server.session import Session
from console.text import format as fmt

CANCEL = load("console.activity", "cancel", Signalled)
TERMINATE = load("console.activity", "terminate", Signalled)
SESSION_STATES = load("console.activity", "session_states", SessionState)

Signal = Literal["cancel", "terminate"]

WATCHED_S = 2.0
LOOK_EVERY_S = 0.1


async def signal(session: Session, kind: Signal, backends: Sequence[Backend]) -> list[SignalOutcome]:
    """Signals those of `backends` whose pids are still the same sessions, and watches for up to two seconds.

    What was asked and what came of it is in the audit log; a refusal of the server's is an Outcome. Raises
    ConsoleError where the log can't be written, and Unreachable.
    """
    outcomes: dict[int, SignalOutcome] = {}
    before = await _states(session, backends)
    for backend in backends:
        audit.write("asked", _facts(session, kind, backend))
        try:
            refusal = await _send(session, kind, backend)
        except ConsoleError as error:
            audit.write("failed", _facts(session, kind, backend) | {"outcome": error.summary})
            raise
        if refusal is not None:
            outcomes[backend.pid] = refusal
    for turn in range(round(WATCHED_S / LOOK_EVERY_S) + 1):
        now = await _states(session, backends)
        is_over = turn * LOOK_EVERY_S >= WATCHED_S
        for found in backends:
            if found.pid not in outcomes and (came := _came_of(kind, found, before, now, is_over)) is not None:
                outcomes[found.pid] = came
        if len(outcomes) == len(backends):
            break
        await asyncio.sleep(LOOK_EVERY_S)
    for current in backends:
        outcome = outcomes[current.pid]
        audit.write("done" if outcome.is_done else "not done",
                    _facts(session, kind, current) | {"outcome": outcome.happened})
    return [outcomes[backend.pid] for backend in backends]


States = Mapping[tuple[int, dt.datetime | None], SessionState]


async def _states(session: Session, backends: Sequence[Backend]) -> States:
    rows = await session.fetch(SESSION_STATES, {"pids": [backend.pid for backend in backends]})
    return {(row.pid, row.backend_start): row for row in rows}


async def _send(session: Session, kind: Signal, backend: Backend) -> SignalOutcome | None:
    """Why it was not signalled; None when it was."""
    if backend.backend_start is None:
        return SignalOutcome(backend.pid, False,
                             "not signalled: this role can't see when it began, so it might be another "
                       f"by now; GRANT pg_read_all_stats TO {session.info.quoted_user}")
    try:
        signalled = await session.fetch(CANCEL if kind == "cancel" else TERMINATE,
                                        {"pid": backend.pid, "backend_start": backend.backend_start})
    except Denied as error:
        detail = f" ({error.detail})" if error.detail else ""
        return SignalOutcome(backend.pid, False, f"the server refused: {error.summary}{detail}")
    if not signalled:
        return SignalOutcome(backend.pid, False, "that session is gone; no other one was signalled")
    return None if signalled[0].was_sent else SignalOutcome(backend.pid, False, "the server could not signal it")


def _came_of(kind: Signal, backend: Backend, before: States, now: States, is_over: bool) -> SignalOutcome | None:
    """What came of a signal; None while there is hope."""
    was, is_ = before.get(backend.identity), now.get(backend.identity)
    if is_ is None:
        return SignalOutcome(backend.pid, True, "the session has ended")
    if kind == "cancel" and was is not None:
        if was.state != "active":
            return SignalOutcome(backend.pid, False, f"it ran no query: it is {was.state or 'as it was'}")
        if is_.state != "active" or is_.query_start != was.query_start:
            return SignalOutcome(backend.pid, True, f"its query is cancelled, the session is {is_.state}")
    if not is_over:
        return None
    at = f", at {is_.wait_event_type}: {is_.wait_event}" if is_.wait_event else ""
    return SignalOutcome(backend.pid, False,
                         f"signalled, but still {is_.state or 'there'} after {fmt.duration(WATCHED_S)}{at}")


def _facts(session: Session, kind: Signal, backend: Backend) -> dict[str, object]:
    return {"action": kind, "target": session.target.label, "server": session.info.host, "role": session.info.user,
            "pid": backend.pid, "backend_start": backend.backend_start, "database": backend.database,
            "user": backend.user, "application": backend.application, "client": backend.client_address,
            "query": (backend.query or "")[:audit.QUERY_CHARACTERS]}
