"""Statements, as the server would tell of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import astuple, replace

from console.statements.counters import NAMES
from console.statements.records import Key, SlowSession, StatementEntry, StatementText, StatsInfo

RESET = dt.datetime(2026, 3, 1, 10, 0, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 1, 12, 22, tzinfo=dt.UTC)


def key(query_id: int | None, user_id: int = 10, database_id: int = 5, *, is_top_level: bool = True) -> Key:
    return Key(user_id, database_id, is_top_level, query_id)


def entry(of: Key | int, calls: int = 1, exec_ms: float = 1.0, **others: float) -> StatementEntry:
    """An entry's counters; those that are not given are 0, the standard deviations go by the names of the squares."""
    values = dict.fromkeys(NAMES, 0.0) | {"calls": calls, "exec_ms": exec_ms, "since_s": 1.0} | others
    return StatementEntry(*astuple(of if isinstance(of, Key) else key(of)),
                          counters=" ".join(str(values[name]) for name in NAMES))


def standing(now_s: float, **changes: Any) -> StatsInfo:
    made = StatsInfo(now_s=now_s, stats_reset=RESET, reset_age_s=8520.0, evictions=0, max_entries=5000, track="top",
                    tracks_planning=False, tracks_io_timing=True, block_bytes=8192)
    return replace(made, **changes)


def text(of: Key | int, words: str | None, characters: int | None = None) -> StatementText:
    found = of if isinstance(of, Key) else key(of)
    assert found.query_id is not None
    return StatementText(found.user_id, found.database_id, found.is_top_level, found.query_id, words,
                         characters if characters is not None or words is None else len(words))


def slow_session(pid: int = 4900, running_s: float = 12.0, **changes: Any) -> SlowSession:
    made = SlowSession(
        pid=pid, backend_start=NOW - dt.timedelta(hours=1), query_start=NOW - dt.timedelta(seconds=60),
        database="console", user="app_rw",
        application="report", query_id=77, running_s=running_s, wait_event_type=None, wait_event=None,
        query="SELECT count(*) FROM accounts", is_cut=False, is_superusers=False, blockers=None)
    return replace(made, **changes)
