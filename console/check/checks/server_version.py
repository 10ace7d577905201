"""server_version: that dbconsole knows this version, and that PostgreSQL's developers still mend it.

WARNING for a major version newer than those known (statistics may have moved), and after the end of life that
https://www.postgresql.org/support/versioning/ gives, by the server's clock. An older one than supported is refused
when connecting.
"""

from __future__ import annotations

import datetime as dt

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import SERVER_CLOCK
from console.server.info import NEWEST_MAJOR, OLDEST_MAJOR
from console.server.session import Readings

END_OF_LIFE = {
    14: dt.date(2026, 11, 12),
    15: dt.date(2027, 11, 11),
    16: dt.date(2028, 11, 9),
    17: dt.date(2029, 11, 8),
    18: dt.date(2030, 11, 14),
}


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    info = context.info
    if not info.is_supported:
        return CheckVerdict(Status.WARNING, f"PostgreSQL {info.version} is newer than what dbconsole knows",
                       hint=f"it knows {OLDEST_MAJOR} to {NEWEST_MAJOR}: look for a newer dbconsole")
    clock = readings.first(SERVER_CLOCK)
    assert clock is not None
    end = END_OF_LIFE[info.major]
    if clock.taken_at.date() > end:
        return CheckVerdict(Status.WARNING, f"PostgreSQL {info.version} gets no fixes since {end}",
                       hint=f"upgrade to a later major version; {NEWEST_MAJOR} is the newest known here")
    return CheckVerdict(Status.OK, f"PostgreSQL {info.version}, supported until {end}")


CHECK = Check(name="server_version", title="Server version", evaluate=evaluate, reads=(SERVER_CLOCK,))
