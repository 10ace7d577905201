"""The rows of a relation, page by page: by key where there is one, else by a server-side cursor."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.catalog.read import COLUMNS, PACKAGE, RELATION
from console.catalog.records import PageKey, RelationColumn, RelationHeader
from console.errors import Denied, Missing
from console.server import paging
from console.server.effects import refuse_relation
from console.server.keys import BUILT_IN
from console.server.paging import PageSource, SelectedColumn, Sort
from console.server.query import Read, load
from console.server.rows import Raw, RowCursor, Sessions, TextPage, text_page
from console.server.session import PgSession
from console.sql.quoting import identifier

PAGE_SIZE = 100
VALUE_CAP = 1024 * 1024
"""Characters of one value that the detail pane fetches at most."""

PAGE_KEY = load(PACKAGE, "page_key", PageKey)

_VECTORS = ("vector", "halfvec", "sparsevec")


class PreviewRow(Struct, frozen=True):
    """One row: its values as text cut for display, None for NULL or what was too long to render.

    `notes` say what was cut (console.server.paging says how); `locator` finds the row again.
    """

    values: tuple[str | None, ...]
    notes: tuple[str | None, ...]
    locator: tuple[Raw, ...]


class PreviewPage(Struct, frozen=True):
    """Rows `offset + 1` and following of a relation. By key, `offset` is what was paged over, not counted."""

    rows: tuple[PreviewRow, ...]
    offset: int
    has_next: bool
    has_previous: bool


class Value(Struct, frozen=True):
    """One whole value: its text, the bytes that it has altogether, and whether the text is only their beginning."""

    text: str | None
    total_bytes: int | None
    is_cut: bool


class RelationPreview:
    """Pages of one relation. `columns` are those that the role may read, in order.

    Made by `preview`. By key every page stands alone; without a key one connection is held while paging, for at most
    a minute of idleness. Call `close` when done. All methods raise ConsoleError.
    """

    def __init__(self, sessions: Sessions, header: RelationHeader, columns: Sequence[RelationColumn],
                 source: PageSource,
                 key: PageKey | None) -> None:
        self.header = header
        self.columns = tuple(columns)
        self.source = source
        self.key = key
        self._sessions = sessions
        self._page: PreviewPage | None = None
        self._cursor = None if key else RowCursor(
            sessions, paging.rows(source), scrolls=header.relkind in "rpm", raw_from=self._width)

    @property
    def method(self) -> str:
        """How the pages are read, for people."""
        if self.key is None:
            return "by cursor: no unique not-null key to page by"
        return f"by key ({', '.join(self.key.columns)})"

    async def first(self) -> PreviewPage:
        if self._cursor is not None:
            return await self._by_cursor(0)
        statement = paging.page(self.source, PAGE_SIZE + 1)
        rows = self._rows(await self._ask(statement))
        return self._keep(rows[:PAGE_SIZE], 0, len(rows) > PAGE_SIZE, False)

    async def next(self, after: PreviewPage | None = None) -> PreviewPage:
        """The page after the last one, or after the one given; at the end, that one again."""
        page = self._page = after or self._page
        if page is None:
            return await self.first()
        if not page.has_next:
            return page
        offset = page.offset + len(page.rows)
        if self._cursor is not None:
            return await self._by_cursor(offset)
        statement = paging.page(self.source, PAGE_SIZE + 1, after=True)
        rows = self._rows(await self._ask(statement, page.rows[-1].locator))
        if not rows:
            return self._keep(page.rows, page.offset, False, page.has_previous)
        return self._keep(rows[:PAGE_SIZE], offset, len(rows) > PAGE_SIZE, True)

    async def previous(self, before: PreviewPage | None = None) -> PreviewPage:
        """The page before the last one, or before the one given; at the beginning, the first."""
        page = self._page = before or self._page
        if page is None or not page.has_previous or not page.rows:
            return await self.first()
        if self._cursor is not None:
            return await self._by_cursor(max(0, page.offset - PAGE_SIZE))
        statement = paging.page(self.source, PAGE_SIZE + 1, "backward", after=True)
        rows = self._rows(await self._ask(statement, page.rows[0].locator))
        if len(rows) <= PAGE_SIZE:
            return await self.first()
        return self._keep(tuple(reversed(rows[:PAGE_SIZE])), max(0, page.offset - PAGE_SIZE), True, True)

    async def value(self, row: PreviewRow, index: int) -> Value:
        """One value as a whole, up to VALUE_CAP characters. Raises Missing when its row can't be found (again)."""
        column = self.columns[index]
        if not row.locator:
            if row.notes[index] is None:
                return Value(row.values[index], None, False)
            raise Missing(f"{self._label}: {column.name}: a {self.header.kind.value} has no key to find the row by",
                          hint="Query can select it whole")
        statement = paging.value(self.source, self.source.fields[index], VALUE_CAP)
        page = await self._ask(statement, row.locator)
        if not page.rows:
            raise Missing(f"{self._label}: the row is gone, or it has moved", hint="read the page again")
        text, size = page.rows[0]
        return Value(text, None if size is None else int(size), text is not None and len(text) >= VALUE_CAP)

    async def row(self, key: Sequence[str]) -> PreviewRow:
        """The row with this key, or, where there is no key, with this ctid. Raises Missing when it is gone."""
        rows = self._rows(await self._ask(paging.one(self.source), tuple(Raw(part.encode()) for part in key)))
        if not rows:
            raise Missing(f"{self._label}: the row is gone, or it has moved", hint="search again")
        return rows[0]

    async def close(self) -> None:
        if self._cursor is not None:
            await self._cursor.close()

    @property
    def _width(self) -> int:
        """Fields and notes: what stands before the locator."""
        return len(self.source.fields) + 1

    @property
    def _label(self) -> str:
        return f"{self.header.schema}.{self.header.name}"

    async def _by_cursor(self, offset: int) -> PreviewPage:
        assert self._cursor is not None
        rows = self._rows(await self._cursor.page(offset, PAGE_SIZE))
        if not rows and offset:
            assert self._page is not None
            return self._keep(self._page.rows, self._page.offset, False, self._page.has_previous)
        return self._keep(rows, offset, len(rows) == PAGE_SIZE, offset > 0)

    async def _ask(self, statement: paging.Statement, locator: Sequence[Raw] = ()) -> TextPage:
        async with self._sessions() as session:
            return await text_page(session, statement, locator, raw_from=self._width)

    def _rows(self, page: TextPage) -> tuple[PreviewRow, ...]:
        width = len(self.source.fields)
        raws = page.raw_rows or ((),) * len(page.rows)
        return tuple(
            PreviewRow(texts[:width], paging.notes(texts[width], width),
                       tuple(item for item in raw if item is not None))
            for texts, raw in zip(page.rows, raws, strict=True))

    def _keep(self, rows: tuple[PreviewRow, ...], offset: int, has_next: bool, has_previous: bool) -> PreviewPage:
        self._page = PreviewPage(rows, offset, has_next, has_previous)
        return self._page


async def preview(sessions: Sessions, oid: int) -> RelationPreview:
    """A preview of the relation `oid`; `sessions` gives a session when called, as Pool.session does.

    Raises Missing when the relation is gone, Denied with the GRANT when the role may read no column of it.
    """
    async with sessions() as session:
        header, columns, key = await shape(session, oid)
    readable = [column for column in columns if column.is_readable]
    if (columns and not readable) or (not columns and not header.is_readable):
        name = f"{header.schema}.{header.name}"
        raise Denied(f"{session.target.label}: {session.info.user} may not read {name}",
                     hint=f"GRANT SELECT ON {identifier(header.schema, header.name)} TO {session.info.quoted_user}; "
                          f"and USAGE on the schema")
    found = source(session, header, readable, key, has_ctid=header.relkind in "rpm" and len(readable) == len(columns))
    return RelationPreview(sessions, header, readable, found, key)


async def shape(session: PgSession, oid: int) -> tuple[RelationHeader, list[RelationColumn], PageKey | None]:
    """What is needed to read a relation's rows. Raises ConsoleError, Acts where reading them would act."""
    await refuse_relation(session, oid)
    params = {"oid": oid}
    readings = await session.refresh(Read(RELATION, params), Read(COLUMNS, params), Read(PAGE_KEY, params))
    header, columns = readings.first(RELATION), readings.rows(COLUMNS)
    if header is None or columns is None:
        reason = readings.why(RELATION) or readings.why(COLUMNS) or "the relation is no longer there"
        raise Missing(f"{session.target.label}: {reason}")
    return header, columns, readings.first(PAGE_KEY)


def source(session: PgSession, header: RelationHeader, columns: Sequence[RelationColumn], key: PageKey | None = None, *,
           has_ctid: bool = False) -> PageSource:
    """How the rows are read; system columns such as ctid need SELECT on the whole table."""
    vector = session.info.extensions.get("vector")
    fields = tuple(_field(column, vector.schema if vector else None) for column in columns)
    found = PageSource(header.schema, header.name, fields)
    if key is not None:
        return replace(found, key=key.parts)
    return replace(found, has_ctid=has_ctid)


def _field(column: RelationColumn, vector_schema: str | None) -> SelectedColumn:
    sort: Sort = "other" if column.is_variable else "fixed"
    if column.type_name in _VECTORS and column.type_schema == vector_schema:
        sort = "vector"
    elif column.type_schema == BUILT_IN and column.type_name in ("text", "varchar", "bytea"):
        sort = "bytea" if column.type_name == "bytea" else "text"
    return SelectedColumn(column.name, sort, column.type_schema, column.type_name)
