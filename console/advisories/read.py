"""The indexes of a database that faults of an older version may have spoilt."""

from __future__ import annotations

from console.advisories.records import SuspectIndex
from console.server.query import load

SUSPECT_INDEXES = load("console.advisories", "suspect_indexes", SuspectIndex)
