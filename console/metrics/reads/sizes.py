"""The reads of sizes of what is larger than a relation."""

from __future__ import annotations

from console.metrics.records.sizes import NamedSize
from console.server.query import load

DATABASE_SIZES = load("console.metrics", "database_sizes", NamedSize)
TABLESPACE_SIZES = load("console.metrics", "tablespace_sizes", NamedSize)
