"""The reads of the checks and of the first screen."""

from __future__ import annotations

from console.activity.summary.records import BlockedSession, OpenTransaction, SessionCounts
from console.server.query import load

SESSION_COUNTS = load("console.activity", "session_counts", SessionCounts)
OPEN_TRANSACTIONS = load("console.activity", "open_transactions", OpenTransaction)
BLOCKED_SESSIONS = load("console.activity", "blocked_sessions", BlockedSession)
