"""What the Load tab knows: which load is to be put on the server, and what was measured. Knows no widget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.server.effects import Acts
from console.server.rows import Sessions
from console.ui.screens.vectors.recalls import where_of
from console.ui.screens.vectors.state import VectorsState
from console.vectors.concurrency import CLIENTS, measure_concurrency
from console.vectors.measure import MeasurementPlan
from console.vectors.records import ConcurrencyMeasurement
from console.vectors.search import SearchableColumn, default_metric, way


class LoadSetup(Struct, frozen=True):
    """`clients` search at once, one number after the other, each for `seconds`; `queries` stored rows, drawn by `seed`,
    are what they ask for. `ef_search` and `probes` None are the server's."""

    clients: tuple[int, ...] = CLIENTS
    seconds: float = 5.0
    queries: int = 200
    seed: int = 0


class LoadState:
    """`done` is what was measured last for the column, `told` the search it was measured of in words."""

    def __init__(self) -> None:
        self.shown = VectorsState()
        self.setup = LoadSetup()
        self.clients: int | None = None
        """How many search now; None while none do."""
        self.began_s = 0.0
        self.done: ConcurrencyMeasurement | None = None
        self.told = ""
        self.error: ConsoleError | None = None
        self.is_stopped = False

    def take(self, shown: VectorsState) -> None:
        before, self.shown = self.shown.subject, shown
        about = shown.subject
        if about is not None and (before is None or before.column.label != about.column.label):
            self.done = self.error = None
            self.is_stopped = False

    @property
    def words(self) -> str:
        """The search that is measured: metric, k, settings, condition."""
        about = self.shown.subject
        if about is None:
            return ""
        try:
            plan = self._plan(about)
        except ConsoleError as error:
            return error.summary
        parts = [plan.metric.title, f"k {plan.k}", *(f"{self._setting(about)[0]} {value}" for value in plan.sweep),
                 *plan.modes, *([f"by {plan.by}"] if plan.by is not None else []),
                 *(f"oversampling {value}" for value in plan.oversampling)]
        return ", ".join([*parts, *([f"where {plan.where}"] if plan.where else [])])

    def _setting(self, about: SearchableColumn) -> tuple[str, int | None]:
        """The setting that the search's index has, and its value; None for the server's."""
        setup = self.shown.setup
        by = way(about, setup.metric or default_metric(about), setup.options)
        if by is None or by.index.method not in ("hnsw", "ivfflat"):
            return "", None
        return ("ef_search", setup.options.ef_search) if by.index.method == "hnsw" else \
            ("probes", setup.options.probes)

    def begin(self, now_s: float) -> None:
        self.began_s, self.error, self.is_stopped, self.clients = now_s, None, False, 0

    def stop(self) -> None:
        self.clients, self.is_stopped = None, True

    async def measure(self, sessions: Sessions, allow: Callable[[Acts, str], Awaitable[frozenset[str]]]) -> None:
        """Puts the load on the server. What goes wrong is told by `error`."""
        about = self.shown.subject
        assert about is not None
        try:
            plan, told = self._plan(about), self.words
            try:
                done = await self._measured(sessions, plan)
            except Acts as refusal:
                allowed = await allow(refusal, plan.where or "")
                done = await self._measured(sessions, replace(plan, allowed=allowed))
            now = self.shown.subject
            if now is not None and now.column.label == about.column.label:  # its indexes may be known anew
                self.done, self.told = done, told
        except ConsoleError as error:
            self.error = error
        finally:
            self.clients = None

    async def _measured(self, sessions: Sessions, plan: MeasurementPlan) -> ConcurrencyMeasurement:
        def tell(clients: int) -> None:
            self.clients = clients

        return await measure_concurrency(sessions, plan, self.setup.clients, self.setup.seconds, tell)

    def _plan(self, about: SearchableColumn) -> MeasurementPlan:
        shown, options = self.shown.setup, self.shown.setup.options
        metric = shown.metric or default_metric(about)
        if options.exact:
            raise UsageError("the load is one of searches by the index, and exact is set",
                             hint="take exact back in the options of the search")
        _, setting = self._setting(about)
        return MeasurementPlan(
            about, metric, shown.k, self.setup.queries, self.setup.seed, where_of(about, shown),
            sweep=(setting,) if setting is not None else (),
            modes=(options.iterative_scan,) if options.iterative_scan is not None else (), by=options.by,
            oversampling=(options.oversampling,) if options.oversampling is not None else ())
