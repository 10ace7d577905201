"""All incidents and healthy loads."""

from __future__ import annotations

from tests.incidents import disks, healthy, load, locks, replication, upkeep  # noqa: F401
from tests.incidents.incident import INCIDENTS

__all__ = ["INCIDENTS"]
