"""All sessions in a few numbers, and those that need somebody; field names are those of the .sql files."""

from __future__ import annotations

from msgspec import Struct

WAITED_WARNING_S, WAITED_CRITICAL_S = 30.0, 300.0
"""From which time on, of all sessions that wait for locks together, blocking is a warning, and critical: one session
for five minutes hurts as much as ten for half a minute."""


class SessionCounts(Struct, frozen=True):
    """Client sessions of the whole server by state (pg_stat_activity).

    `connections` are all of them, as each takes a slot. `own` are this process's, which no list shows and the states
    leave out; 0 in recordings that don't say. `hidden` are those whose state this role may not see.
    `reserved_connections` slots of `max_connections` are kept for superusers and, from 16 on, for
    pg_use_reserved_connections. The `active_*` are all sessions at work but ours, workers too, by what they wait for
    (`active_cpu`: nothing); None in recordings that don't say.
    """

    connections: int
    active: int
    idle: int
    idle_in_transaction: int
    other: int
    hidden: int
    max_connections: int
    reserved_connections: int
    own: int = 0
    active_cpu: int | None = None
    active_io: int | None = None
    active_lock: int | None = None
    active_lwlock: int | None = None
    active_client: int | None = None
    active_other: int | None = None

    @property
    def of_others(self) -> int:
        """What lists of sessions are about."""
        return self.connections - self.own


class OpenTransaction(Struct, frozen=True):
    """A session inside a transaction (pg_stat_activity); ages in seconds by the server's clock."""

    pid: int
    user: str | None
    database: str | None
    application: str | None
    state: str | None
    transaction_age_s: float
    state_age_s: float | None


class BlockedSession(Struct, frozen=True):
    """A session that waits for a heavyweight lock (pg_locks).

    `blocked_by` are the pids it waits for, 0 for a prepared transaction, None when they were not asked for;
    `blocked` is the number of all waiting sessions, also of those that are not in the list, and `waited_s` how long all
    of them together have waited, None in recordings that don't say.
    """

    pid: int
    wait_age_s: float | None
    lock_type: str
    mode: str
    blocked_by: list[int] | None
    blocked: int
    waited_s: float | None = None
