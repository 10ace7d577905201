"""The reads of the server's counters and measures; asked by `Session.fetch` or `Session.refresh`."""

from __future__ import annotations

from console.metrics.records.counters import (
    ClusterName,
    DatabaseCounters,
    DatabaseSize,
    FreezeAge,
    InvalidIndex,
    PreparedTransaction,
    Recovery,
    ReplicationSlot,
    SchemaSize,
    ServerClock,
    Standby,
    WalCounters,
)
from console.server.query import load

SERVER_CLOCK = load("console.metrics", "server_clock", ServerClock)
DATABASE_COUNTERS = load("console.metrics", "database_counters", DatabaseCounters)
WAL_COUNTERS = load("console.metrics", "wal_counters", WalCounters)
DATABASE_SIZE = load("console.metrics", "database_size", DatabaseSize)
FREEZE_AGES = load("console.metrics", "freeze_ages", FreezeAge)
INVALID_INDEXES = load("console.metrics", "invalid_indexes", InvalidIndex)
STANDBYS = load("console.metrics", "standbys", Standby)
CLUSTER_NAME = load("console.metrics", "cluster_name", ClusterName)
RECOVERY = load("console.metrics", "recovery", Recovery)
REPLICATION_SLOTS = load("console.metrics", "replication_slots", ReplicationSlot)
PREPARED_TRANSACTIONS = load("console.metrics", "prepared_transactions", PreparedTransaction)
SCHEMA_SIZES = load("console.metrics", "schema_sizes", SchemaSize)
