"""The reads of pg_stat_activity and pg_locks; a screen or a check asks them by `Session.fetch` or `Session.refresh`."""

from __future__ import annotations

from console.activity.records import BlockedSession, OpenTransaction, SessionCounts
from console.server.query import load

SESSION_COUNTS = load("console.activity", "session_counts", SessionCounts)
OPEN_TRANSACTIONS = load("console.activity", "open_transactions", OpenTransaction)
BLOCKED_SESSIONS = load("console.activity", "blocked_sessions", BlockedSession)
