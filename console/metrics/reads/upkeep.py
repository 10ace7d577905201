"""The reads that only the checks of upkeep ask for; asked by `Session.refresh`."""

from __future__ import annotations

from console.metrics.records.upkeep import ArchiverState, CheckpointCounts, SlowStatementStats, StatisticsAge
from console.server.query import load

STATISTICS_AGE = load("console.metrics", "statistics_age", StatisticsAge)
ARCHIVER_STATE = load("console.metrics", "archiver_state", ArchiverState)
CHECKPOINT_COUNTS = load("console.metrics", "checkpoint_counts", CheckpointCounts)
SLOW_STATEMENTS = load("console.metrics", "slow_statements", SlowStatementStats)
