"""The Plan tab: EXPLAIN ANALYZE of the search, and first of all whether the index was used, and why not."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.worker import Worker

from console.errors import ConsoleError
from console.plans.explain import analysis
from console.plans.records import Analysis
from console.server.explain import ExplainRequest
from console.server.session import PgSession
from console.ui.keymap import key
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.widgets.painting import console_app
from console.ui.widgets.plan_view import PlanView
from console.vectors.explained import with_vectors
from console.vectors.search import SearchRequest, compose

TIMEOUT_MS = 60_000


class SearchPlanPage(VectorPage):
    """Reads a plan once a search, when the tab is looked at."""

    FOCUS = "#nodes"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._of: SearchRequest | None = None
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        yield PlanView()

    @property
    def view(self) -> PlanView:
        return self.query_one(PlanView)

    def show(self, state: VectorsState) -> None:
        if state.request is None:
            self._of = None
            self.view.say(((f"no search yet: {key('vectors.ask')} asks for one", "dim"),))
        elif state.request is not self._of:
            self._of = state.request
            self.view.say(((f"running EXPLAIN ANALYZE… {key('vectors.cancel')} cancels", "dim"),))
            self._worker = self.run_worker(self._read(state.request), group="plan", exclusive=True,
                                           exit_on_error=False)

    @property
    def is_reading(self) -> bool:
        return self._worker is not None and not self._worker.is_finished

    def cancel(self) -> None:
        """Stops the plan that is being read; the statement is cancelled."""
        if self._worker is not None:
            self._worker.cancel()
        self._of = None
        self.view.say((("cancelled", "warning"),), ((f"{key('vectors.again')} searches again", "dim"),))

    def leave(self) -> None:
        if self.is_reading and self._worker is not None:
            self._worker.cancel()
            self._of = None

    async def _read(self, request: SearchRequest) -> None:
        pool = console_app(self).connection.pool
        try:
            if pool is None:
                raise ConsoleError("not connected")
            async with pool.session() as session:
                found = await analysed(session, request)
        except ConsoleError as error:
            self._of = None
            self.view.say(((error.summary, "critical"),), *(((line, ""),) for line in error.lines()[1:]))
            return
        self.view.show(found)


async def analysed(session: PgSession, request: SearchRequest) -> Analysis:
    """The plan of a search as it ran, its findings, and what became of the index as the verdict."""
    composed = compose(request)
    asked = ExplainRequest(statement=composed.statement.sql, analyze=True, parameters=_texts(request),
                           settings=composed.settings, timeout_ms=TIMEOUT_MS)
    return await with_vectors(session, await analysis(session, asked), asked)


def _texts(request: SearchRequest) -> Sequence[str | None]:
    """The statement's parameters as text: the vector's own, and the filters'."""
    composed = compose(request)
    return (request.vector.text,
            *(param if isinstance(param, str) else None for param in composed.statement.params[1:]))

