"""What the Indexes tab knows of a column's indexes. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from console.server.pool import Pool
from console.text import format as fmt
from console.ui.screens.vectors.state import VectorsState
from console.vectors import actions, read
from console.vectors.prepare import BuildFacts, SuggestedSql, build_facts, column_advice, version_advice
from console.vectors.records import IndexFacts, VectorColumn, VectorRelationFacts
from console.vectors.search import default_metric
from console.view.table import Line


class IndexReading(Struct, frozen=True):
    """What was read about a column's indexes; `building` are pids by index."""

    column: VectorColumn
    indexes: tuple[IndexFacts, ...]
    facts: VectorRelationFacts
    building: Mapping[int, int]
    advice: tuple[SuggestedSql, ...]
    versions: tuple[SuggestedSql, ...] = ()


class IndexesState:
    """`found` is None until the column's indexes were read; `told` is what is said in place of the verdict."""

    def __init__(self) -> None:
        self.shown = VectorsState()
        self.found: IndexReading | None = None
        self.told: Line = ()

    def take(self, shown: VectorsState) -> bool:
        """What the screen is about now; True where its indexes have to be read."""
        before, self.shown = self.shown.subject, shown
        about = shown.subject
        return about is not None and (before is None or before.column != about.column or self.found is None)

    async def read(self, pool: Pool, column: VectorColumn) -> None:
        """Reads the column's indexes, and those of other relations that its table has. Raises ConsoleError."""
        async with pool.session() as session:
            every = await read.indexes(session, column.relation_oid)
            mine = read.serving(every, column) + [index for index in every
                                                  if index.relation_oid != column.relation_oid]
            facts = await read.relation_facts(session, column.relation_oid, column.position)
            busy = {building.index_oid: building.pid for building in await session.fetch(actions.BUILDING)}
            known = [await read.index_facts(session, index) for index in mine]
            versions = version_advice(session)
        metric = self.shown.setup.metric or (default_metric(self.shown.subject) if self.shown.subject else None)
        advice = column_advice(column, mine, facts, metric) if metric else ()
        self.found = IndexReading(column, tuple(known), facts, busy, advice, versions)

    async def build_facts(self, pool: Pool, column: VectorColumn) -> BuildFacts:
        """What a new index of the column would be built from. Raises ConsoleError."""
        async with pool.session() as session:
            return await build_facts(session, column)

    async def prewarm(self, pool: Pool, index: IndexFacts) -> None:
        """Reads the index into the server's cache. Raises ConsoleError."""
        async with pool.session() as session:
            pages = await actions.prewarm(session, index.index)
        self.told = ((f" {index.index.name}: {fmt.count(pages)} pages read into the cache", "ok"),)
