"""The reads of pg_stat_io and pg_stat_slru."""

from __future__ import annotations

from console.metrics.records.io import IoCounters, IoTotals, SlruCounters
from console.server.query import load

IO_TOTALS = load("console.metrics", "io_totals", IoTotals)
IO_COUNTERS = load("console.metrics", "io_counters", IoCounters)
SLRU_COUNTERS = load("console.metrics", "slru_counters", SlruCounters)
