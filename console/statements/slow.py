"""Slow statements, watched while they run and kept when they have ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from msgspec.structs import replace

from console.statements.records import SlowSession, SlowStatement

MOST_KEPT = 300

Identity = tuple[int, dt.datetime | None, dt.datetime | None]


class SlowLog:
    """The statements that were seen running for `threshold_s` or longer, newest first; the oldest that are over go."""

    def __init__(self, threshold_s: float) -> None:
        self.threshold_s = threshold_s
        self._found: dict[Identity, SlowStatement] = {}

    def __len__(self) -> int:
        return len(self._found)

    @property
    def statements(self) -> list[SlowStatement]:
        return list(reversed(self._found.values()))

    @property
    def running(self) -> list[SlowStatement]:
        return [statement for statement in self._found.values() if not statement.is_over]

    def take(self, sessions: Iterable[SlowSession]) -> None:
        """What runs now."""
        now = {slow_session.identity: slow_session for slow_session in sessions
               if slow_session.running_s >= self.threshold_s}
        for identity, known in self._found.items():
            if identity not in now and not known.is_over:
                self._found[identity] = replace(known, is_over=True)
        for identity, session in sorted(now.items(), key=lambda item: -item[1].running_s):
            earlier = self._found.get(identity)
            blockers = tuple(session.blockers or (earlier.blockers if earlier else ()))
            self._found[identity] = SlowStatement(session, session.running_s, blockers, False)
        for identity in [identity for identity, statement in self._found.items() if statement.is_over]:
            if len(self._found) <= MOST_KEPT:
                break
            del self._found[identity]
