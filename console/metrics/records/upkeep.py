"""What tells whether the server is looked after; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class StatisticsAge(Struct, frozen=True):
    """For how many seconds counters have counted: the database's own, those of the whole server, and since initdb.

    `database_reset_age_s` is None where the database's were never reset, or a crash lost them together with the time.
    """

    database_reset_age_s: float | None
    server_reset_age_s: float
    cluster_age_s: float | None

    @property
    def counted_s(self) -> float:
        """The longest that the database's counters can have counted."""
        return self.server_reset_age_s if self.database_reset_age_s is None else self.database_reset_age_s


class ArchiverState(Struct, frozen=True):
    """Whether WAL reaches the archive (pg_stat_archiver); `mode` is archive_mode.

    `waiting_segments`, of `segment_bytes` each, are complete and not archived; None where nothing tells.
    """

    mode: str
    is_failing: bool
    last_failed_wal: str | None
    last_failed_age_s: float | None
    last_archived_age_s: float | None
    failed_count: int
    waiting_segments: int | None
    segment_bytes: int


class CheckpointCounts(Struct, frozen=True):
    """Checkpoints by what brought them, since the statistics were reset."""

    timed: int
    requested: int


class DiskWrite(Struct, frozen=True):
    """A temporary file that was written to find out whether that is possible.

    `bytes` is about its size, None where the role's temp_file_limit allows none so large.
    """

    bytes: int | None


class LastCheckpoint(Struct, frozen=True):
    """How long ago the last complete checkpoint began, how often the server wants one, and the WAL written since."""

    age_s: float
    timeout_s: float
    wal_bytes: int
    segment_bytes: int


class OpenSchema(Struct, frozen=True):
    """A schema that names are looked up in, where others than its owner may create objects.

    `is_open_to_all`: every role may; `roles` are those to whom it was granted by name.
    """

    schema: str
    owner: str
    is_open_to_all: bool
    roles: list[str]


class SlowStatementStats(Struct, frozen=True):
    """A statement of this database that ran 100 times or more (pg_stat_statements); `query_id` is None where hidden.

    Where there is none, `calls` and the times are None; `is_loaded` says whether the library counts at all.
    """

    is_loaded: bool
    query_id: int | None
    calls: int | None
    mean_ms: float | None
    total_ms: float | None


class ScheduledJob(Struct, frozen=True):
    """An active job of pg_cron and its last finished run; `ended_s_ago` and `message` are None where none is recorded.

    Of all `jobs` the last run of `failed` has failed; `recorded` have had one. `is_own_only`: the role sees its own.
    """

    name: str
    database: str
    message: str | None
    ended_s_ago: float | None
    jobs: int
    failed: int
    recorded: int
    is_own_only: bool
