"""Sessions for tests: who waits for whom, as a server would tell it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import replace

from console.activity.records import Backend

STARTED = dt.datetime(2026, 3, 1, 11, tzinfo=dt.UTC)


def backend(pid: int, *blocked_by: int, **changes: Any) -> Backend:
    """An active session, or with `blocked_by` one that waits for a row that those have locked."""
    plain = Backend(
        pid=pid, backend_start=STARTED + dt.timedelta(seconds=pid), database="console", user="app_rw",
        application="api", client_address="10.0.4.7", client_port=50000 + pid % 1000, backend_type="client backend",
        state="active", wait_event_type=None, wait_event=None, leader_pid=None, transaction_age_s=3.0, query_age_s=2.0,
        state_age_s=2.0, xmin_age=12, query="UPDATE accounts\n   SET balance = $1 WHERE id = $2", is_hidden=False,
        lock_type=None, lock_mode=None, lock_target=None, lock_wait_s=None, blocked_by=None, prepared=None)
    if blocked_by:
        plain = replace(plain, wait_event_type="Lock", wait_event="transactionid", lock_type="transactionid",
                        lock_mode="ShareLock", lock_target="transaction 9912", lock_wait_s=48.0,
                        blocked_by=list(blocked_by))
    return replace(plain, **changes)


def idle(pid: int, **changes: Any) -> Backend:
    return backend(pid, **{"state": "idle", "wait_event_type": "Client", "wait_event": "ClientRead",
                           "transaction_age_s": None, "query_age_s": None, "xmin_age": None, **changes})


def idle_in_transaction(pid: int, **changes: Any) -> Backend:
    return backend(pid, **{"state": "idle in transaction", "application": "report", "wait_event_type": "Client",
                           "wait_event": "ClientRead", "query_age_s": None, "transaction_age_s": 840.0,
                           "state_age_s": 838.0, **changes})
