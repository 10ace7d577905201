"""The reads of tables, indexes and sequences; asked by `Session.refresh`."""

from __future__ import annotations

from console.metrics.records.tables import (
    DeadRows,
    DuplicateIndex,
    IndexActivity,
    SequenceUse,
    TableActivity,
    TableFreezeAge,
    TableScans,
    UnusedIndex,
)
from console.server.query import load

TABLE_FREEZE_AGES = load("console.metrics", "table_freeze_ages", TableFreezeAge)
DEAD_ROWS = load("console.metrics", "dead_rows", DeadRows)
SEQUENCE_USE = load("console.metrics", "sequence_use", SequenceUse)
DUPLICATE_INDEXES = load("console.metrics", "duplicate_indexes", DuplicateIndex)
UNUSED_INDEXES = load("console.metrics", "unused_indexes", UnusedIndex)
TABLE_ACTIVITY = load("console.metrics", "table_activity", TableActivity)
TABLE_SCANS = load("console.metrics", "table_scans", TableScans)
INDEX_ACTIVITY = load("console.metrics", "index_activity", IndexActivity)
