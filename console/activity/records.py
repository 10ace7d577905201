"""Sessions as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

import datetime as dt

from msgspec import Struct


class Backend(Struct, frozen=True):
    """A session or background process (pg_stat_activity); ages in seconds by the server's clock.

    `query` is its first 300 characters; of other users' sessions a role without pg_read_all_stats sees only who they
    are (`is_hidden`). `query_age_s` is None where none runs. `xmin_age` is in transactions. `lock_*` say what it waits
    for (pg_locks), None where it waits for no lock; `blocked_by` are pids, with 0 for each prepared transaction, whose
    names are in `prepared`; None for a waiter beyond the 200 longest.
    """

    pid: int
    backend_start: dt.datetime | None
    database: str | None
    user: str | None
    application: str | None
    client_address: str | None
    client_port: int | None
    backend_type: str | None
    state: str | None
    wait_event_type: str | None
    wait_event: str | None
    leader_pid: int | None
    transaction_age_s: float | None
    query_age_s: float | None
    state_age_s: float | None
    xmin_age: int | None
    query: str | None
    is_hidden: bool | None
    lock_type: str | None
    lock_mode: str | None
    lock_target: str | None
    lock_wait_s: float | None
    blocked_by: list[int] | None
    prepared: list[str] | None

    @property
    def identity(self) -> tuple[int, dt.datetime | None]:
        """What no other session ever has: a pid alone is used again."""
        return self.pid, self.backend_start


class SessionText(Struct, frozen=True):
    """What a session runs or ran last. `is_cut`: the server itself kept no more (track_activity_query_size)."""

    query: str | None
    query_id: int | None
    is_cut: bool | None


class HeldLock(Struct, frozen=True):
    """Locks of a session that are alike (pg_locks); `wait_s` of one that it waits for."""

    is_granted: bool
    mode: str
    target: str
    locks: int
    wait_s: float | None


class SessionWork(Struct, frozen=True):
    """What a session has read, written (of relations, new pages too) and put into the WAL since it began, as of the end
    of its last transaction, from PostgreSQL 18 on (pg_stat_get_backend_io, pg_stat_get_backend_wal).

    `hits` are pages found in shared buffers, `reads` the operations that asked for others. None: not counted for this
    kind of process. Times are 0 unless `is_timed` (track_io_timing).
    """

    read_bytes: int | None
    read_ms: float | None
    write_bytes: int | None
    write_ms: float | None
    hits: int | None
    reads: int | None
    wal_bytes: int | None
    wal_records: int | None
    full_page_images: int | None
    is_timed: bool


class SessionIo(Struct, frozen=True):
    """Asynchronous I/O of a session that is under way, `ios` of one kind and state, from PostgreSQL 18 on (pg_aios).

    `target` is what one of them is about, as the server words it; `bytes` may be None.
    """

    operation: str
    state: str
    ios: int
    bytes: int | None
    target: str | None


class LockWaits(Struct, frozen=True):
    """Locks of a kind that were waited for longer than deadlock_timeout (pg_stat_lock, PostgreSQL 19 on), for
    `counted_s` seconds, None: since the server began; `beyond_fast_path` were taken past full fast-path slots."""

    lock_type: str
    waits: int
    wait_ms: float
    beyond_fast_path: int
    counted_s: float | None


class PreparedHolder(Struct, frozen=True):
    """A transaction prepared for two-phase commit (pg_prepared_xacts); `age` in transactions, None in old ones."""

    gid: str
    owner: str
    database: str
    age_s: float
    age: int | None = None


class WaitEventText(Struct, frozen=True):
    """What a wait event means (pg_wait_events, PostgreSQL 17 on)."""

    type: str
    name: str
    description: str


class Signalled(Struct, frozen=True):
    """What the server said to a signal: whether it was sent, and the session's state just before."""

    was_sent: bool
    state: str | None


class SessionState(Struct, frozen=True):
    """How a session is; `query_start` tells one query from the next."""

    pid: int
    backend_start: dt.datetime | None
    state: str | None
    query_start: dt.datetime | None
    wait_event_type: str | None
    wait_event: str | None


class CommandProgress(Struct, frozen=True):
    """A command that reports how far it is (pg_stat_progress_*). `done` of `total` count `unit` in this phase alone.

    `relation` is the table, "a query", or a base backup's receiver; None counts: the phase says none.
    """

    pid: int
    backend_start: dt.datetime | None
    command: str
    database: str | None
    relation: str | None
    phase: str
    done: int | None
    total: int | None
    unit: str
    detail: str | None
    elapsed_s: float | None


class Blocked(Struct, frozen=True):
    """A place in the blocking forest. `key` is unique in it.

    `pid` is None for a prepared transaction, then `gid` names it. `ancestry` says for each level between root and
    parent whether more of it follow below. `blocks` counts who waits for it, directly or not, wherever drawn, and
    `longest_wait_s` is the longest wait among them. `also_behind` are its blockers beside the one that it is drawn
    beneath. `closes_cycle`: it waits for somebody that it blocks, which only the server's deadlock check ends.
    """

    key: str
    pid: int | None
    gid: str | None
    ancestry: tuple[bool, ...]
    is_last: bool
    is_root: bool
    blocks: int
    also_behind: tuple[str, ...]
    closes_cycle: bool
    longest_wait_s: float | None


class WaitShare(Struct, frozen=True):
    """One wait event in a profile: `event` None is running on a CPU. `sessions` is the average number at it, `share`
    its part of all, 0 to 1; `course` is that average in equal parts of the time, oldest first, None where not sampled.
    """

    type: str
    event: str | None
    sessions: float
    share: float
    course: tuple[float | None, ...]


class SignalOutcome(Struct, frozen=True):
    """What came of a signal: `happened` in words, and whether the session did what was asked."""

    pid: int
    is_done: bool
    happened: str
