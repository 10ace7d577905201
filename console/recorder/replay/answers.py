"""Reads with parameters, answered from what was recorded, as their .sql files answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from console.activity.read import SESSION_TEXT, SESSIONS
from console.activity.records import Backend, SessionText
from console.recorder.recording import RecordedSample
from console.server.query import Query
from console.statements.records import Key, StatementText

RECORDED_CHARACTERS = 300
"""The recorded read of the sessions has no more of a query."""

FOREGROUND = ("client backend", "parallel worker", "autovacuum worker")

Answer = Callable[[RecordedSample, Query[Any], Mapping[str, Any]], list[Any]]


def sessions(sample: RecordedSample, query: Query[Backend], params: Mapping[str, Any]) -> list[Backend]:
    """Those of all recorded sessions that were asked for: see activity/sql/sessions.sql."""
    rows = sample.rows(query)
    anyway = {pid for row in rows for pid in row.blocked_by or ()} | set(params["also"])

    def is_wanted(row: Backend) -> bool:
        if row.lock_type is not None or row.pid in anyway:
            return True
        in_front = row.backend_type in FOREGROUND or (row.backend_type is None and row.user is not None)
        return (row.state != "idle" or params["with_idle"]) and (in_front or params["with_background"])

    return [row for row in rows if is_wanted(row)]


def session_text(sample: RecordedSample, query: Query[SessionText], params: Mapping[str, Any]) -> list[SessionText]:
    """The query of one session, as much as was recorded of it; a comment says where that ends."""
    return [SessionText(f"{row.query}\n-- recorded up to here" if len(row.query or "") >= RECORDED_CHARACTERS
                        else row.query, None, False)
            for row in sample.rows(SESSIONS) if row.identity == (params["pid"], params["backend_start"])]


def statement_texts(sample: RecordedSample, query: Query[StatementText], params: Mapping[str, Any]
                    ) -> list[StatementText]:
    """Of the statements that were asked for those whose texts were recorded, as much of them as there is."""
    wanted = set(map(Key, params["user_ids"], params["database_ids"], params["top_levels"], params["query_ids"]))
    return [row for row in sample.rows(query) if row.key in wanted]


ANSWERS: Mapping[str, Answer] = {SESSIONS.name: sessions, SESSION_TEXT.name: session_text,
                                 "statements.texts": statement_texts}
"""By the query's name; a read without parameters needs none."""
