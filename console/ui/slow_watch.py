"""Slow statements of the connection's life: seen by the sampler, kept with their plans. Knows no widget."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from console.errors import ConsoleError
from console.server.explain import ExplainRequest
from console.statements.read import SLOW_SESSIONS
from console.statements.records import SlowSession, SlowStatement
from console.statements.shapes import shape
from console.statements.slow import SlowLog

if TYPE_CHECKING:
    from console.plans.records import Analysis
    from console.sampler.records import Snapshot
    from console.server.session import PgSession, Session

PLAN_WITHIN_MS = 1000
PLAN_EVERY_S = 2.0
MOST_PLANS = 200

_PARAMETER = re.compile(r"\$\d")
_PLANNED = re.compile(
    r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/|\()*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|VALUES|TABLE)\b",
    re.IGNORECASE | re.DOTALL)


class SlowWatch:
    """Listens to the sampler. Each statement is planned once, one at a time, never run, and given up after a second.

    `plans` has, by statement, its plan or why there is none.
    """

    def __init__(self, threshold_s: float, session: Callable[[], AbstractAsyncContextManager[Session]]) -> None:
        self.log = SlowLog(threshold_s)
        self.plans: dict[str, Analysis | str] = {}
        self._session = session
        self._waiting: deque[SlowSession] = deque(maxlen=20)
        self._task: asyncio.Task[None] | None = None

    def look(self, snapshot: Snapshot) -> None:
        """A sample of the target's."""
        rows = snapshot.readings.rows(SLOW_SESSIONS)
        if snapshot.error is not None or rows is None:
            return
        self.log.take(rows)
        for one in self.log.running:
            # Who waits for a lock would only get company: its plan is taken when it runs.
            if self.plan_of(one) is None and all(statement_of(one.session) != statement_of(other)
                                                 for other in self._waiting):
                self._waiting.append(one.session)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._plan(), name="plans of slow statements")

    def plan_of(self, one: SlowStatement) -> Analysis | str | None:
        """The plan, why there is none, or None where it is waited for."""
        known = self.plans.get(statement_of(one.session))
        if known is None and one.session.wait_event_type == "Lock":
            return "not taken while it waits for a lock: p takes it"
        return known

    async def close(self) -> None:
        """Asks for no more plans."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=1.0)

    async def _plan(self) -> None:
        while self._waiting:
            one = self._waiting.popleft()
            self.plans[statement_of(one)] = await self._planned(one)
            while len(self.plans) > MOST_PLANS:
                del self.plans[next(iter(self.plans))]
            await asyncio.sleep(PLAN_EVERY_S)

    async def _planned(self, one: SlowSession) -> Analysis | str:
        from console.plans.explain import analysis  # not with the first sample of every console

        label = ""
        try:
            async with self._session() as session:
                label = session.target.label
                if (why := obstacle(one, session)) is not None:
                    return why
                return await analysis(cast("PgSession", session), plan_request(one.query or ""))
        except ConsoleError as error:
            return error.summary.removeprefix(f"{label}: ")


def statement_of(one: SlowSession) -> str:
    """What tells one statement from another; it has no number as long as it waits for a lock to be parsed."""
    return _shape(one.query or "")


_shape = lru_cache(maxsize=1024)(shape)


def plan_request(statement: str) -> ExplainRequest:
    """EXPLAIN without running it; generic where there are parameters whose values nobody knows."""
    return ExplainRequest(statement=statement, generic=bool(_PARAMETER.search(statement)), timeout_ms=PLAN_WITHIN_MS)


def obstacle(one: SlowSession, session: Session) -> str | None:
    """Why a statement is not planned without a person's asking."""
    info = session.info
    if session.target.is_recording:
        return "a recording has no server to plan it"
    if one.is_cut:
        return "the server keeps no more of the text: track_activity_query_size"
    if one.database != info.database:
        return f"it runs in {one.database}, this is {info.database}: D opens another database"
    if not _PLANNED.match(one.query or ""):
        return "a statement of that kind has none"
    if info.is_superuser and one.user != info.user and not one.is_superusers:
        # Planning may evaluate the user's functions, and would do so with our rights.
        return "not taken by itself, as it would be planned with a superuser's rights: p takes it"
    return None

