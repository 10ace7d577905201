"""The reads of pg_stat_statements, wherever the extension is, and of what is known beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.server.info import ServerInfo
from console.server.query import Query, Read, load
from console.server.session import Session
from console.statements.records import (
    Availability,
    Beside,
    Key,
    LoggingSetting,
    MachineUse,
    NamedOid,
    SampledWait,
    SlowSession,
    StatementEntry,
    StatementText,
    StatsInfo,
    TouchedIndex,
    TouchedTable,
)

EXTENSION = "pg_stat_statements"
OLDEST = "1.9"

_COUNTERS = tuple(load("console.statements", f"counters_{version}", StatementEntry)
                  for version in ("1_13", "1_12", "1_11", "1_10", "1_9"))
_TEXTS = load("console.statements", "texts", StatementText)

OWN_STATEMENTS = load("console.statements", "own_statements", Key)
"""The statements that consoles ask by themselves."""

STANDING = load("console.statements", "standing", StatsInfo)
"""The extension as a whole; one row."""

NAMES = load("console.statements", "names", NamedOid)
AVAILABILITY = load("console.statements", "availability", Availability)
TOUCHED_TABLES = load("console.statements", "touched_tables", TouchedTable)
"""Parameters: schemas, names (arrays of the same length; "" is no schema); path, the schemas to look in without one."""

TOUCHED_INDEXES = load("console.statements", "touched_indexes", TouchedIndex)
"""Parameter: relation_ids."""

MACHINE_USE = load("console.statements", "machine_use", MachineUse)
SAMPLED_WAITS = load("console.statements", "sampled_waits", SampledWait)
SLOW_SESSIONS = load("console.statements", "slow_sessions", SlowSession)
LOGGING_SETTINGS = load("console.statements", "logging_settings", LoggingSetting)


def counters(info: ServerInfo) -> Query[StatementEntry]:
    """The counters of all entries, by the columns that the installed version of the extension has."""
    return next((query for query in _COUNTERS if query.obstacle(info) is None), _COUNTERS[-1])


def texts(keys: Sequence[Key], characters: int) -> Read[StatementText]:
    """The first `characters` characters of the texts of those statements; hidden ones have none."""
    return Read(_TEXTS, {**_identified(keys), "characters": characters})


async def beside(session: Session, keys: Sequence[Key], within_s: float) -> Beside:
    """What pg_stat_kcache and pg_wait_sampling have counted of those statements. Raises ConsoleError."""
    found = _identified(keys)
    wanted = [Read(MACHINE_USE, found), Read(SAMPLED_WAITS, {"query_ids": found["query_ids"]})]
    wanted = [read for read in wanted if read.query.obstacle(session.info) is None]
    if not wanted:
        return Beside()
    readings = await session.refresh(*wanted, within_s=within_s)
    return Beside(readings.first(MACHINE_USE), tuple(readings.rows(SAMPLED_WAITS) or ()))


def _identified(keys: Sequence[Key]) -> dict[str, Any]:
    known = [key for key in keys if key.query_id is not None]
    return {"user_ids": [key.user_id for key in known], "database_ids": [key.database_id for key in known],
            "top_levels": [key.is_top_level for key in known], "query_ids": [key.query_id for key in known]}
