"""Statements as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Sequence

from msgspec import Struct


class Key(Struct, frozen=True):
    """What identifies an entry of pg_stat_statements. `query_id` None: of another role, and hidden from this one."""

    user_id: int
    database_id: int
    is_top_level: bool
    query_id: int | None


class StatementEntry(Struct, frozen=True):
    """An entry of pg_stat_statements(false): its key, and its counters as text in the order of counters.NAMES."""

    user_id: int
    database_id: int
    is_top_level: bool
    query_id: int | None
    counters: str

    @property
    def key(self) -> Key:
        return Key(self.user_id, self.database_id, self.is_top_level, self.query_id)


class StatsInfo(Struct, frozen=True):
    """pg_stat_statements as a whole (pg_stat_statements_info, settings) and the server's clock in seconds.

    `evictions` is how often its table was full and the least used entries were dropped, since `stats_reset`.
    """

    now_s: float
    stats_reset: dt.datetime | None
    reset_age_s: float | None
    evictions: int
    max_entries: int | None
    track: str | None
    tracks_planning: bool | None
    tracks_io_timing: bool
    block_bytes: int


class NamedOid(Struct, frozen=True):
    """The name of a database or of a role (`kind`)."""

    kind: str
    id: int
    name: str


class StatementText(Struct, frozen=True):
    """The first characters of a statement's text, and how many it has; None where the server has lost it."""

    user_id: int
    database_id: int
    is_top_level: bool
    query_id: int
    text: str | None
    characters: int | None

    @property
    def key(self) -> Key:
        return Key(self.user_id, self.database_id, self.is_top_level, self.query_id)

    @property
    def is_cut(self) -> bool:
        return self.characters is not None and self.text is not None and self.characters > len(self.text)


class Availability(Struct, frozen=True):
    """Whether the library is loaded, the version that could be created, and shared_preload_libraries (None: hidden)."""

    is_loaded: bool
    available_version: str | None
    preloaded: str | None


class Usage(Struct, frozen=True):
    """What a statement, or several together, cost in some time. None: this version of the extension doesn't say.

    Times in milliseconds, blocks in blocks, `wal_bytes` in bytes. The minimum and maximum times are since
    `since_s` (seconds of the server's clock) or the last reset: no difference can be formed of them. `generic_plans`
    and `custom_plans` are calls that ran a prepared statement's plan for all values, or one made for its own.
    `*_squares` are sums of squared times, of which standard deviations follow. `entries` says how many are summed up.
    """

    entries: int
    calls: float
    exec_ms: float
    exec_squares: float
    rows: float
    shared_hit: float
    shared_read: float
    shared_dirtied: float
    shared_written: float
    local_hit: float
    local_read: float
    local_dirtied: float
    local_written: float
    temp_read: float
    temp_written: float
    shared_read_ms: float
    shared_write_ms: float
    other_read_ms: float | None
    other_write_ms: float | None
    wal_records: float
    wal_full_pages: float
    wal_bytes: float
    wal_buffers_full: float | None
    plans: float
    plan_ms: float
    plan_squares: float
    jit_functions: float | None
    jit_ms: float | None
    workers: float | None
    generic_plans: float | None
    custom_plans: float | None
    min_exec_ms: float | None
    max_exec_ms: float | None
    min_plan_ms: float | None
    max_plan_ms: float | None
    since_s: float | None

    @property
    def total_ms(self) -> float:
        """Planning and execution."""
        return self.exec_ms + self.plan_ms

    @property
    def mean_ms(self) -> float | None:
        return self.exec_ms / self.calls if self.calls else None

    @property
    def stddev_ms(self) -> float | None:
        return _deviation(self.calls, self.exec_ms, self.exec_squares)

    @property
    def mean_plan_ms(self) -> float | None:
        return self.plan_ms / self.plans if self.plans else None

    @property
    def stddev_plan_ms(self) -> float | None:
        return _deviation(self.plans, self.plan_ms, self.plan_squares)

    @property
    def rows_per_call(self) -> float | None:
        return self.rows / self.calls if self.calls else None

    @property
    def hit_percent(self) -> float | None:
        """How many of the blocks that were looked at were in shared buffers."""
        looked_at = self.shared_hit + self.shared_read
        return 100 * self.shared_hit / looked_at if looked_at > 0 else None


def _deviation(number: float, total: float, squares: float) -> float | None:
    if not number:
        return None
    return float(max(0.0, squares / number - (total / number) ** 2) ** 0.5)


class Ranked(Struct, frozen=True):
    """A statement, or a group of them (`keys`), with its part of all time, 0 to 1 (None: nothing took any)."""

    name: Hashable
    keys: tuple[Key, ...]
    usage: Usage
    share: float | None


class Ranking(Struct, frozen=True):
    """The first of `number` statements or groups.

    `total_ms` is all time, also of what a filter left out, and `shares` the parts of it of the few single statements
    that take most of it, largest first.
    """

    rows: Sequence[Ranked]
    number: int
    total_ms: float
    shares: Sequence[float]


class Span(Struct, frozen=True):
    """One sample of one statement: the time that it ends at and its length in seconds, calls and milliseconds in it."""

    at_s: float
    seconds: float
    calls: float
    exec_ms: float


class TouchedTable(Struct, frozen=True):
    """A table that a statement names (pg_class, pg_stat_all_tables)."""

    relation_id: int
    schema: str
    name: str
    kind: str
    estimated_rows: float | None
    total_bytes: int | None
    sequential_scans: int | None


class TouchedIndex(Struct, frozen=True):
    """An index of such a table: `definition` is what comes after USING."""

    relation_id: int
    name: str
    definition: str
    is_unique: bool
    is_valid: bool
    total_bytes: int | None
    scans: int | None


class WasReset(Struct, frozen=True):
    """The server has forgotten the counters."""

    is_done: bool


class SlowSession(Struct, frozen=True):
    """A statement that runs for long (pg_stat_activity); `running_s` by the server's clock.

    `query` is its first 8,000 characters; `is_cut`: it is longer than that, or than the server keeps. `blockers` say
    who is in its way, None where it waits for no lock.
    """

    pid: int
    backend_start: dt.datetime | None
    query_start: dt.datetime | None
    database: str | None
    user: str | None
    application: str | None
    query_id: int | None
    running_s: float
    wait_event_type: str | None
    wait_event: str | None
    query: str | None
    is_cut: bool | None
    is_superusers: bool | None
    blockers: list[str] | None

    @property
    def identity(self) -> tuple[int, dt.datetime | None, dt.datetime | None]:
        """One run of one statement: pids, and sessions' statements, are used again."""
        return self.pid, self.backend_start, self.query_start


class SlowStatement(Struct, frozen=True):
    """A slow statement as it was seen last: `lasted_s` is how long it had run by then, at least.

    `blockers` are the last ones that it had; `is_over`: it wasn't there any more at the sample after.
    """

    session: SlowSession
    lasted_s: float
    blockers: tuple[str, ...]
    is_over: bool


class LoggingSetting(Struct, frozen=True):
    """A setting about logging slow statements (pg_settings); `context` says what it takes to change it."""

    name: str
    setting: str | None
    unit: str | None
    source: str
    context: str


class MachineUse(Struct, frozen=True):
    """What executions have taken of the machine since pg_stat_kcache was reset; None where it has counted none."""

    cpu_ms: float | None
    system_ms: float | None
    read_bytes: int | None
    written_bytes: int | None


class SampledWait(Struct, frozen=True):
    """How often pg_wait_sampling saw statements wait for an event, of all times that it saw them; "CPU" is no wait."""

    event: str
    samples: int
    all_samples: int


class Beside(Struct, frozen=True):
    """What other extensions know of statements: None and nothing where they are not installed."""

    use: MachineUse | None = None
    waits: tuple[SampledWait, ...] = ()
