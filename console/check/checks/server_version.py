"""server_version: that dbconsole knows this version, that PostgreSQL's developers still mend it, and what was mended.

value = how many minor releases of its major version came after the server's, of those that this dbconsole knows.
WARNING for a major version newer than those known (statistics may have moved), and after the end of life that
https://www.postgresql.org/support/versioning/ gives, by the server's clock. An older one than supported is refused
when connecting.
"""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import SERVER_CLOCK
from console.server.info import NEWEST_MAJOR, OLDEST_MAJOR
from console.server.session import Readings
from console.text import format as fmt


class Release(Struct, frozen=True):
    """A major version: the day on which its fixes end, None where none is announced, and its newest minor release."""

    end: dt.date | None
    minor: int
    released: dt.date


_MINORS = dt.date(2026, 11, 12)

RELEASES = {
    14: Release(dt.date(2026, 11, 12), 25, _MINORS),
    15: Release(dt.date(2027, 11, 11), 20, _MINORS),
    16: Release(dt.date(2028, 11, 9), 16, _MINORS),
    17: Release(dt.date(2029, 11, 8), 12, _MINORS),
    18: Release(dt.date(2030, 11, 14), 7, _MINORS),
    19: Release(None, 0, dt.date(2026, 11, 19)),
}


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    info = context.info
    if not info.is_supported:
        return CheckVerdict(Status.WARNING, f"PostgreSQL {info.version} is newer than what dbconsole knows",
                       hint=f"it knows {OLDEST_MAJOR} to {NEWEST_MAJOR}: look for a newer dbconsole")
    clock, release = readings.first(SERVER_CLOCK), RELEASES[info.major]
    assert clock is not None
    behind = max(0, release.minor - info.version_num % 10000)
    newer = f"; {info.major}.{release.minor} of {release.released} is newer" if behind else ""
    if release.end is not None and clock.taken_at.date() > release.end:
        return CheckVerdict(
            Status.WARNING, f"PostgreSQL {info.version} gets no fixes since {release.end}{newer}", behind,
            hint=f"upgrade to a later major version; {NEWEST_MAJOR} is the newest known here")
    until = f"until {release.end}" if release.end else f"for five years from {release.released}"
    status = thresholds.status(behind)
    return CheckVerdict(
        status, f"PostgreSQL {info.version}, supported {until}{newer}", behind,
        hint=f"{fmt.plural(behind, 'minor release')} of fixes: install the packages and restart, after their notes"
        if behind else None)


CHECK = Check(name="server_version", title="Server version", evaluate=evaluate, reads=(SERVER_CLOCK,), warning=2)
