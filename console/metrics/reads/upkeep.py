"""The reads that tell whether the server is looked after; asked by `Session.refresh`."""

from __future__ import annotations

from console.metrics.records.upkeep import (
    ArchiverState,
    CheckpointCounts,
    DiskWrite,
    LastCheckpoint,
    OpenSchema,
    ScheduledJob,
    SlowStatementStats,
    StatisticsAge,
)
from console.server.query import load

STATISTICS_AGE = load("console.metrics", "statistics_age", StatisticsAge)
ARCHIVER_STATE = load("console.metrics", "archiver_state", ArchiverState)
CHECKPOINT_COUNTS = load("console.metrics", "checkpoint_counts", CheckpointCounts)
DISK_WRITE = load("console.metrics", "disk_write", DiskWrite)
LAST_CHECKPOINT = load("console.metrics", "last_checkpoint", LastCheckpoint)
OPEN_SCHEMAS = load("console.metrics", "open_schemas", OpenSchema)
SLOW_STATEMENTS = load("console.metrics", "slow_statements", SlowStatementStats)
SCHEDULED_JOBS = load("console.metrics", "scheduled_jobs", ScheduledJob)
