"""What the screen asks of the server and of embedders. Knows no widget."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.catalog.preview import PreviewRow, RelationPreview, preview
from console.config import Config
from console.errors import ConsoleError, Denied
from console.plans.records import Fix
from console.server.session import PgSession
from console.server.target import Target
from console.ui.connection import Connection
from console.ui.screens.vectors.search_params import SearchParams
from console.vectors import embedders, query_source, read, values
from console.vectors.embedders import Embedder
from console.vectors.query_source import QuerySource, ResolvedQuery
from console.vectors.records import SearchResult, SearchSetting, VectorColumn
from console.vectors.search import (
    SearchableColumn,
    SearchRequest,
    default_metric,
    examine,
    find,
    fixes_of,
    subject,
)
from console.vectors.values import QueryVector

TIMEOUT_MS = 60_000
"""A search may take longer than the target lets the console's own reads; escape ends it any time."""


class Engine:
    """Reads and searches of one connection. Every method raises ConsoleError; cancelling one cancels its statement."""

    def __init__(self, connection: Connection, config: Config) -> None:
        self._connection = connection
        self._config = config

    @asynccontextmanager
    async def session(self) -> AsyncIterator[PgSession]:
        """A session of the console's pool. Raises ConsoleError where there is none."""
        pool = self._connection.pool
        if pool is None:
            raise self._connection.error or ConsoleError(f"{self._connection.label}: not connected yet")
        async with pool.session() as session:
            yield session

    @property
    def target(self) -> Target | None:
        return self._connection.target

    @property
    def embedder_names(self) -> list[str]:
        """The embedders to choose from."""
        names = list(self._config.embedders)
        return [*names, "demo"] if self._spare is not None and "demo" not in names else names

    @property
    def _spare(self) -> Embedder | None:
        """The demo's offline embedder, on the demo alone."""
        target = self._connection.target
        if target is None or target.name != "demo":
            return None
        from console.demo.embedder import embedder_of

        return embedder_of(target)

    def embedder_for(self, column: VectorColumn, name: str | None) -> Embedder:
        """Raises UsageError where there is none."""
        return embedders.chosen(self._config.embedders, column.label, name, self._spare)

    async def columns(self, *, anew: bool = False) -> list[VectorColumn]:
        """Every vector column; with `anew` an extension made meanwhile is noticed."""
        async with self.session() as session:
            if anew:
                await session.renew()
            return await read.columns(session)

    async def subject(self, column: VectorColumn) -> tuple[SearchableColumn, dict[str, SearchSetting]]:
        """What a search of the column needs, and the settings of vector indexes as they are here."""
        async with self.session() as session:
            if not column.is_readable:
                raise Denied(f"{session.target.label}: the role {session.info.user} may not read {column.label}",
                             hint=f"GRANT SELECT ON {column.table} TO {session.info.quoted_user}")
            return await subject(session, column), await read.settings(session)

    async def resolve(self, about: SearchableColumn, question: QuerySource) -> ResolvedQuery:
        """The vector that a person means."""
        return await query_source.resolve(self.session, about, question,
                                          lambda name: self.embedder_for(about.column, name))

    def request(self, about: SearchableColumn, setup: SearchParams, vector: QueryVector,
                exclude: tuple[str, ...] | None = None) -> SearchRequest:
        """The search that `setup` means. Raises UsageError."""
        return SearchRequest(
            about, vector, setup.metric or default_metric(about), setup.k, setup.offset, setup.where,
            setup.filters, setup.columns, setup.options, exclude=exclude, timeout_ms=TIMEOUT_MS)

    async def find(self, request: SearchRequest) -> SearchResult:
        async with self.session() as session:
            return await find(session, request)

    async def examine(self, request: SearchRequest, result: SearchResult) -> SearchResult:
        async with self.session() as session:
            return await examine(session, request, result)

    async def fixes(self, request: SearchRequest, result: SearchResult) -> tuple[Fix, ...]:
        """What mends the search, each tried, the best first."""
        async with self.session() as session:
            return await fixes_of(session, request, result)

    async def row(self, about: SearchableColumn, key: tuple[str, ...]) -> tuple[RelationPreview, PreviewRow]:
        """A row with all its columns, long values cut on the server."""
        pool = self._connection.pool
        if pool is None:
            raise ConsoleError(f"{self._connection.label}: not connected")
        found = await preview(pool.session, about.column.relation_oid)
        return found, await found.row(key)


def check(question: QuerySource, column: VectorColumn) -> str | None:
    """What is wrong with a question, as far as that can be said without asking anybody."""
    try:
        if question.kind == "vector" and not question.given.startswith("@"):
            found = values.parse(question.given, column.type_name)
            if column.dimensions is not None and found.dimensions != column.dimensions:
                return f"the vector has {found.dimensions} dimensions, {column.label} has {column.dimensions}"
        elif question.kind == "text" and not question.given.strip():
            return "the text is empty: there is nothing to search for"
    except ConsoleError as error:
        return error.summary
    return None
