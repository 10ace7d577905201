"""The reads of WAL, checkpoints and archiving."""

from __future__ import annotations

from console.metrics.records.wal import ArchiveBacklog, Archiver, Checkpoints, WalDirectory, WalWrites
from console.server.query import load

WAL_WRITES = load("console.metrics", "wal_writes", WalWrites)
CHECKPOINTS = load("console.metrics", "checkpoints", Checkpoints)
ARCHIVER = load("console.metrics", "archiver", Archiver)
ARCHIVE_BACKLOG = load("console.metrics", "archive_backlog", ArchiveBacklog)
WAL_DIRECTORY = load("console.metrics", "wal_directory", WalDirectory)
