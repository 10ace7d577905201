"""What the Recall tab knows: what is to be measured, how far that is, and how it ended. Knows no widget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.server.effects import Acts
from console.server.pool import Pool
from console.ui.screens.vectors.recalls import Recalled, where_of
from console.ui.screens.vectors.state import VectorsState
from console.vectors.embedders import Embedder
from console.vectors.measure import (
    Measurement,
    MeasurementPlan,
    MeasurementProgress,
    TruthCache,
    default_oversampling,
    default_sweep,
    measure,
    of_texts,
)
from console.vectors.metrics import Metric
from console.vectors.query_source import lines_of, vectors_of
from console.vectors.records import VectorColumn
from console.vectors.representations import Representation
from console.vectors.search import SearchableColumn, default_metric, way
from console.vectors.values import QueryVector

SAMPLES = ("stored rows", "held-out column", "vectors of a file", "texts of a file")

EmbedderFor = Callable[[VectorColumn, str | None], Embedder]
"""The embedder for a column, by its name or the column's own. Raises UsageError where there is none."""


class RecallSetup(Struct, frozen=True):
    """`given` is the held-out column's label or the file's path. `sweep` None takes the usual settings, `modes` none
    the server's own iterative scan; `oversampling` none takes the usual numbers of candidates, where the search ranks
    again. `force_index` keeps the planner from leaving the index."""

    sample: str = SAMPLES[0]
    given: str = ""
    queries: int = 200
    seed: int = 0
    sweep: tuple[int, ...] | None = None
    modes: tuple[str, ...] = ()
    target: float = 0.95
    connections: int = 2
    force_index: bool = False
    oversampling: tuple[int, ...] = ()

    def settings(self, by: Representation | None) -> tuple[int, ...]:
        """What is swept of ef_search or probes; what ranks again is swept by its candidates, unless a person says so.
        """
        if self.sweep is not None:
            return self.sweep
        return () if by is None or by.is_coarse else default_sweep(by.index)

    def candidates(self, by: Representation | None) -> tuple[int, ...]:
        """The oversampling that is swept."""
        return self.oversampling or default_oversampling(by) if by is not None and by.can_rerank else ()


class RecallState:
    """`shown` is what the screen is about; what was measured goes to its `recalls`."""

    def __init__(self) -> None:
        self.shown = VectorsState()
        self.setup = RecallSetup()
        self.progress: MeasurementProgress | None = None
        """How far the measurement is; None where none goes on."""
        self.began_s = 0.0
        self.error: ConsoleError | None = None
        """Why the last one failed."""
        self.is_stopped = False
        self._truths = TruthCache()

    def take(self, shown: VectorsState) -> None:
        before, about = self.shown.subject, shown.subject
        if about is not None and (before is None or before.column != about.column):
            self.error, self.is_stopped = None, False
        self.shown = shown

    @property
    def recalled(self) -> Recalled | None:
        """What was measured for searches like the screen's."""
        about = self.shown.subject
        try:
            return None if about is None else self.shown.recalls.of(about, self.shown.setup)
        except ConsoleError:
            return None  # a condition on a column that the table doesn't have

    def way(self, about: SearchableColumn, metric: Metric) -> Representation | None:
        """The search of the column that is measured; None where it is exact."""
        try:
            return way(about, metric, self.shown.setup.options)
        except UsageError:
            return None  # of another metric: the next search says it

    def begin(self, now_s: float) -> None:
        self.began_s, self.error, self.is_stopped = now_s, None, False
        self.progress = MeasurementProgress("sampling", 0, self.setup.queries)

    def stop(self) -> None:
        self.progress, self.is_stopped = None, True

    async def measure(self, pool: Pool, embedder_for: EmbedderFor,
                      allow: Callable[[Acts, str], Awaitable[frozenset[str]]]) -> Measurement | None:
        """The measurement that `setup` means; None where it failed, which `error` tells then.

        `allow` asks whether what acts on a read-only target may be run once, with the condition that does.
        """
        about, shown = self.shown.subject, self.shown
        assert about is not None
        try:
            plan = await self._plan(about, shown, embedder_for)
            try:
                return await measure(pool.session, plan, self._tell, self._truths)
            except Acts as refusal:
                plan = replace(plan, allowed=await allow(refusal, plan.where or ""))
                return await measure(pool.session, plan, self._tell, self._truths)
        except ConsoleError as error:
            self.error = error
            return None
        finally:
            self.progress = None

    def _tell(self, progress: MeasurementProgress) -> None:
        self.progress = progress

    async def _plan(self, about: SearchableColumn, shown: VectorsState, embedder_for: EmbedderFor) -> MeasurementPlan:
        setup, metric = self.setup, shown.setup.metric or default_metric(about)
        held_out = next((column for column in shown.columns if column.label == setup.given), None) \
            if setup.sample == "held-out column" else None
        given: tuple[QueryVector, ...] = ()
        if setup.sample == "vectors of a file":
            given = await asyncio.to_thread(vectors_of, setup.given, about.column.type_name)
        elif setup.sample == "texts of a file":
            texts = (await asyncio.to_thread(lines_of, setup.given))[:setup.queries]
            question = shown.setup.question
            embedder = embedder_for(about.column, question.embedder if question else None)
            given = await of_texts(embedder, texts, about.column, self._tell)
        by = self.way(about, metric)
        return MeasurementPlan(
            about, metric, shown.setup.k, setup.queries, setup.seed, where_of(about, shown.setup),
            sweep=setup.settings(by), modes=setup.modes, target=setup.target,
            connections=setup.connections, given=given, held_out=_place(held_out), force_index=setup.force_index,
            by=shown.setup.options.by, oversampling=setup.candidates(by))


def _place(column: VectorColumn | None) -> tuple[str, str, str] | None:
    return None if column is None else (column.schema, column.relation, column.name)
