"""What the screen asks of the server and of embedders. Knows no widget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from console.catalog.preview import PreviewRow, RelationPreview, preview
from console.config import Config
from console.errors import ConsoleError, Denied, UsageError
from console.server.session import PgSession
from console.text import format as fmt
from console.ui.connection import Connection
from console.ui.screens.vectors.search_params import Asked, QuerySource, SearchParams
from console.vectors import embedders, read, values
from console.vectors.embedders import Embedder
from console.vectors.records import SearchResult, SearchSetting, VectorColumn
from console.vectors.search import (
    SearchableColumn,
    SearchRequest,
    any_row,
    default_metric,
    examine,
    find,
    parsed_key,
    subject,
    vector_of_row,
)

TIMEOUT_MS = 60_000
"""A search may take longer than the target lets the console's own reads; escape ends it any time."""

MOST_FILE_BYTES = 64 * 1024 * 1024


class Engine:
    """Reads and searches of one connection. Every method raises ConsoleError; cancelling one cancels its statement."""

    def __init__(self, connection: Connection, config: Config) -> None:
        self._connection = connection
        self._config = config

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[PgSession]:
        pool = self._connection.pool
        if pool is None:
            raise self._connection.error or ConsoleError(f"{self._connection.label}: not connected yet")
        async with pool.session() as session:
            yield session

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
        from console.demo.embedder import embed

        return embedders.FunctionEmbedder("demo", embed)

    def embedder_for(self, column: VectorColumn, name: str | None) -> Embedder:
        """Raises UsageError where there is none."""
        return embedders.chosen(self._config.embedders, column.label, name, self._spare)

    async def columns(self, *, anew: bool = False) -> list[VectorColumn]:
        """Every vector column; with `anew` an extension made meanwhile is noticed."""
        async with self._session() as session:
            if anew:
                await session.renew()
            return await read.columns(session)

    async def subject(self, column: VectorColumn) -> tuple[SearchableColumn, dict[str, SearchSetting]]:
        """What a search of the column needs, and the settings of vector indexes as they are here."""
        async with self._session() as session:
            if not column.is_readable:
                raise Denied(f"{session.target.label}: the role {session.info.user} may not read {column.label}",
                             hint=f"GRANT SELECT ON {column.table} TO {session.info.quoted_user}")
            return await subject(session, column), await read.settings(session)

    async def ask(self, about: SearchableColumn, question: QuerySource) -> Asked:
        """The vector that a person means."""
        column = about.column
        match question.kind:
            case "text":
                embedder = self.embedder_for(column, question.embedder)
                numbers = await embedders.embed(embedder, question.given, column.dimensions)
                words = f'"{question.given}" (text, {embedder.name} embedder)'
                return Asked(values.of_numbers(numbers, column.type_name), None, words)
            case "vector":
                vector = await asyncio.to_thread(lambda: values.parse(_given(question.given), column.type_name))
                where = f" ({question.given})" if question.given.startswith("@") else ""
                return Asked(vector, None, f"{vector.short}{where}")
            case "other":
                return await self._of_other(about, question)
        async with self._session() as session:
            if question.key or question.given:
                key = question.key or parsed_key(question.given, about)
                return Asked(await vector_of_row(session, about, key), key, f"like the row {_names(about, key)}")
            key, vector = await any_row(session, about)
            return Asked(vector, key or None, f"like a row drawn at random: {_names(about, key)}")

    async def _of_other(self, about: SearchableColumn, question: QuerySource) -> Asked:
        async with self._session() as session:
            other = await subject(session, await read.find_column(session, question.column or ""))
            if question.key or question.given:
                key = question.key or parsed_key(question.given, other)
                vector = await vector_of_row(session, other, key)
            else:
                key, vector = await any_row(session, other)
        if vector.type_name != about.column.type_name:
            vector = values.parse(vector.text, about.column.type_name)
        return Asked(vector, None, f"like {other.column.label}, row {_names(other, key)}")

    def request(self, about: SearchableColumn, setup: SearchParams, asked: Asked) -> SearchRequest:
        """The search that `setup` means. Raises UsageError."""
        return SearchRequest(
            about, asked.vector, setup.metric or default_metric(about), setup.k, setup.offset, setup.where,
            setup.filters, setup.columns, setup.options, exclude=asked.key, timeout_ms=TIMEOUT_MS)

    async def find(self, request: SearchRequest) -> SearchResult:
        async with self._session() as session:
            return await find(session, request)

    async def examine(self, request: SearchRequest, result: SearchResult) -> SearchResult:
        async with self._session() as session:
            return await examine(session, request, result)

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


def _given(text: str) -> str:
    """A vector as it was typed, or what is in the file that @FILE names. Raises UsageError."""
    text = text.strip()
    if not text.startswith("@"):
        return text
    try:
        with Path(text[1:]).expanduser().open("rb") as file:
            data = file.read(MOST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{text[1:]}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MOST_FILE_BYTES:
        raise UsageError(f"{text[1:]} is larger than {fmt.size(MOST_FILE_BYTES)}: it should hold one vector")
    return data.decode("utf-8", "replace")


def _names(about: SearchableColumn, key: tuple[str, ...]) -> str:
    """`id = 17`."""
    names = about.key.columns if about.key else ["ctid"]
    return ", ".join(f"{name} = {part}" for name, part in zip(names, key, strict=False)) or "without a key"
