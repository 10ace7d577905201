"""Slow statements of the connection's life: seen by the sampler, kept with their plans. Knows no widget."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from console.errors import ConsoleError
from console.server.explain import ExplainRequest
from console.sql.fingerprint import shape
from console.sql.statements import has_plan
from console.sql.tokens import parameters
from console.statements.read import SLOW_SESSIONS
from console.statements.records import SlowSession, SlowStatement
from console.statements.slow import SlowLog
from console.ui.keymap import key
from console.waiting import ended

if TYPE_CHECKING:
    from console.plans.records import Analysis
    from console.sampler.records import Snapshot
    from console.server.session import PgSession, Session

PLAN_WITHIN_MS = 1000
PLAN_EVERY_S = 2.0
MOST_PLANS = 200



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

    def add_sample(self, snapshot: Snapshot) -> None:
        """A sample of the target's."""
        rows = snapshot.readings.rows(SLOW_SESSIONS)
        if snapshot.error is not None or rows is None:
            return
        self.log.take(rows)
        for statement in self.log.running:
            # Who waits for a lock would only get company: its plan is taken when it runs.
            if self.plan_of(statement) is None and all(statement_of(statement.session) != statement_of(other)
                                                 for other in self._waiting):
                self._waiting.append(statement.session)
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._plan(), name="plans of slow statements")

    def plan_of(self, statement: SlowStatement) -> Analysis | str | None:
        """The plan, why there is none, or None where it is waited for."""
        known = self.plans.get(statement_of(statement.session))
        if known is None and statement.session.wait_event_type == "Lock":
            return f"not taken while it waits for a lock: {key('statements.plan')} takes it"
        return known

    async def close(self) -> None:
        """Asks for no more plans."""
        await ended(self._task, within_s=1.0)

    async def _plan(self) -> None:
        while self._waiting:
            session = self._waiting.popleft()
            self.plans[statement_of(session)] = await self._planned(session)
            while len(self.plans) > MOST_PLANS:
                del self.plans[next(iter(self.plans))]
            await asyncio.sleep(PLAN_EVERY_S)

    async def _planned(self, slow_session: SlowSession) -> Analysis | str:
        from console.plans.explain import analysis  # not with the first sample of every console

        label = ""
        try:
            async with self._session() as session:
                label = session.target.label
                if (why := obstacle(slow_session, session)) is not None:
                    return why
                return await analysis(cast("PgSession", session), plan_request(slow_session.query or ""))
        except ConsoleError as error:
            return error.summary.removeprefix(f"{label}: ")


def statement_of(session: SlowSession) -> str:
    """What tells one statement from another; it has no number as long as it waits for a lock to be parsed."""
    return _shape(session.query or "")


_shape = lru_cache(maxsize=1024)(shape)


def plan_request(statement: str) -> ExplainRequest:
    """EXPLAIN without running it; generic where there are parameters whose values nobody knows."""
    return ExplainRequest(statement=statement, generic=parameters(statement) > 0, timeout_ms=PLAN_WITHIN_MS)


def obstacle(slow_session: SlowSession, session: Session) -> str | None:
    """Why a statement is not planned without a person's asking."""
    info = session.info
    if session.target.is_recording:
        return "a recording has no server to plan it"
    if slow_session.is_cut:
        return "the server keeps no more of the text: track_activity_query_size"
    if slow_session.database != info.database:
        return (f"it runs in {slow_session.database}, this is {info.database}: {key('app.databases')} opens another "
                "database")
    if not has_plan(slow_session.query or ""):
        return "a statement of that kind has none"
    if info.is_superuser and slow_session.user != info.user and not slow_session.is_superusers:
        # Planning may evaluate the user's functions, and would do so with our rights.
        return ("not taken by itself, as it would be planned with a superuser's rights: "
                    f"{key('statements.plan')} takes it")
    return None

