"""The reads of pg_stat_activity and pg_locks; a screen or a check asks them by `Session.fetch` or `Session.refresh`."""

from __future__ import annotations

from console.activity.records import (
    Backend,
    CommandProgress,
    HeldLock,
    LockWaits,
    PreparedHolder,
    SessionIo,
    SessionText,
    SessionWork,
    WaitEventText,
)
from console.server.query import load

SESSIONS = load("console.activity", "sessions", Backend)
"""Parameters: with_idle, with_background, also (pids that come in any case)."""

SESSION_TEXT = load("console.activity", "session_text", SessionText)
"""Parameters: pid, backend_start."""

SESSION_LOCKS = load("console.activity", "session_locks", HeldLock)
"""Parameter: pid."""

SESSION_IOS = load("console.activity", "session_ios", SessionIo)
SESSION_WORK = load("console.activity", "session_work", SessionWork)
"""Parameters: pid, backend_start."""

PREPARED_HOLDERS = load("console.activity", "prepared_holders", PreparedHolder)
WAIT_EVENT_TEXTS = load("console.activity", "wait_event_texts", WaitEventText)

LOCK_WAITS = load("console.activity", "lock_waits", LockWaits)

PROGRESS = tuple(load("console.activity", f"progress_{name}", CommandProgress) for name in (
    "vacuum", "analyze", "create_index", "cluster", "copy", "base_backup"))
