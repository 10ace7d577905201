"""Async reads of vector columns, their indexes, their tables and the settings that matter to them."""

from __future__ import annotations

import difflib
import struct
from collections.abc import Sequence

from console.catalog.preview import PAGE_KEY
from console.catalog.records import PageKey
from console.errors import ConsoleError, Denied, Missing, UsageError
from console.server.query import Query, load
from console.server.readonly import Library
from console.server.session import PgSession
from console.sql.grammar import Node
from console.sql.names import names_in
from console.sql.quoting import identifier
from console.vectors.reasons import statement
from console.vectors.reasons.statement import StatementCatalog
from console.vectors.records import (
    Cached,
    IndexFacts,
    KnownRelation,
    Metapage,
    SearchFunction,
    SearchSetting,
    ShownColumn,
    TextSearch,
    VectorColumn,
    VectorIndex,
    VectorRelationFacts,
)

PACKAGE = "console.vectors"
MOST_TABLES = 50
COLUMNS: Query[VectorColumn] = load(PACKAGE, "columns", VectorColumn)
INDEXES: Query[VectorIndex] = load(PACKAGE, "indexes", VectorIndex)
RELATION_FACTS: Query[VectorRelationFacts] = load(PACKAGE, "relation_facts", VectorRelationFacts)
SHOWN_COLUMNS: Query[ShownColumn] = load(PACKAGE, "shown_columns", ShownColumn)
TEXT_SEARCHES: Query[TextSearch] = load(PACKAGE, "text_searches", TextSearch)
NAMED_RELATIONS: Query[KnownRelation] = load(PACKAGE, "named_relations", KnownRelation)
FUNCTION_BODIES: Query[SearchFunction] = load(PACKAGE, "function_bodies", SearchFunction)
PLANNER_SETTINGS: Query[SearchSetting] = load(PACKAGE, "planner_settings", SearchSetting)
SETTINGS: Query[SearchSetting] = load(PACKAGE, "settings", SearchSetting)
METAPAGE: Query[Metapage] = load(PACKAGE, "metapage", Metapage)
CACHED: Query[Cached] = load(PACKAGE, "cached", Cached)

_HNSW_MAGIC, _IVFFLAT_MAGIC = 0xA953A953, 0x14FF1A7
_PAGE_HEADER = 24


async def columns(session: PgSession) -> list[VectorColumn]:
    """Every vector column of the database; none where pgvector isn't installed."""
    return await session.fetch(COLUMNS)


async def find_column(session: PgSession, name: str) -> VectorColumn:
    """The column that a person means by schema.table.column, with or without quotes and schema.

    Raises Missing where pgvector or the column isn't there, Denied where the role may not read it, UsageError where
    several are meant.
    """
    if "vector" not in session.info.extensions:
        raise Missing(f"{session.target.label}: pgvector is not installed in the database {session.info.database}",
                      hint="CREATE EXTENSION vector, in a database where an extension may be created")
    found = await columns(session)
    wanted = name.strip()
    for match in (
        lambda item: wanted in (item.label, f"{item.schema}.{item.relation}.{item.name}"),
        lambda item: wanted in (f"{item.relation}.{item.name}", item.label.partition(".")[2]),
        lambda item: wanted in (item.table, f"{item.schema}.{item.relation}") or wanted == item.relation,
    ):
        matching = [column for column in found if match(column)]
        if len(matching) > 1:
            raise UsageError(f"{name!r} may be {' or '.join(column.label for column in matching[:5])}",
                             hint="write schema.table.column")
        if matching:
            if not matching[0].is_readable:
                raise Denied(f"{session.target.label}: the role {session.info.user} may not read {matching[0].label}",
                             hint=grants(matching[0], session.info.quoted_user))
            return matching[0]
    labels = [column.label for column in found]
    close = difflib.get_close_matches(name, labels, 1, 0.5)
    hint = f"did you mean {close[0]}?" if close else "vector columns here: " + (", ".join(labels[:8]) or "none")
    raise Missing(f"{session.target.label}: there is no vector column {name!r}", hint=hint)


def grants(column: VectorColumn, role: str) -> str:
    """What lets a role, as SQL names it, read the column: its table needs its schema's USAGE too."""
    return f"GRANT USAGE ON SCHEMA {identifier(column.schema)} TO {role}; GRANT SELECT ON {column.table} TO {role}"


async def indexes(session: PgSession, relation_oid: int) -> list[VectorIndex]:
    """The vector indexes of a table and its partitions."""
    return await session.fetch(INDEXES, {"relation": relation_oid})


async def catalog(session: PgSession, path: Sequence[str], *trees: Node) -> StatementCatalog:
    """What the names in some trees mean with that search_path: relations, the functions in FROM, vector columns with
    their indexes."""
    names = list(dict.fromkeys(name for tree in trees for name in statement.relation_names(tree)))
    called = list(dict.fromkeys(name for tree in trees for name in statement.function_names(tree)))
    relations = await session.fetch(NAMED_RELATIONS, {"names": names}) if names else []
    functions = await session.fetch(FUNCTION_BODIES, {"names": called}) if called else []
    oids = {relation.oid for relation in relations}
    found = [column for column in await columns(session) if column.relation_oid in oids]
    known = {oid: await indexes(session, oid)
             for oid in list(dict.fromkeys(column.relation_oid for column in found))[:MOST_TABLES]}
    return StatementCatalog(found, relations, functions, path, known)


async def relation_facts(session: PgSession, relation_oid: int, position: int | None = None) -> VectorRelationFacts:
    """Pages, statistics and write counters of a table. Raises Missing when it is gone."""
    rows = await session.fetch(RELATION_FACTS, {"relation": relation_oid, "position": position})
    if not rows:
        raise Missing(f"{session.target.label}: the table has been dropped meanwhile")
    return rows[0]


async def shown_columns(session: PgSession, relation_oid: int) -> list[ShownColumn]:
    """The columns that the role may read, in order."""
    return await session.fetch(SHOWN_COLUMNS, {"relation": relation_oid})


async def page_key(session: PgSession, relation_oid: int) -> PageKey | None:
    """The unique key of a table, None where it has none."""
    return next(iter(await session.fetch(PAGE_KEY, {"oid": relation_oid})), None)


async def text_searches(session: PgSession, relation_oid: int) -> list[TextSearch]:
    """What of a table full text search can go by, what has an index first."""
    return await session.fetch(TEXT_SEARCHES, {"relation": relation_oid})


async def settings(session: PgSession) -> dict[str, SearchSetting]:
    """The planner's and the vector indexes' settings by name, the vector library loaded first."""
    found = await session.fetch(PLANNER_SETTINGS)
    if "vector" in session.info.extensions:
        found += await session.fetch(SETTINGS)
    return {setting.name: setting for setting in found}


def library(session: PgSession) -> Library | None:
    """pgvector's library, to be loaded before its settings are set; None where it isn't installed."""
    extension = session.info.extensions.get("vector")
    return Library(extension.schema) if extension else None


async def index_facts(session: PgSession, index: VectorIndex) -> IndexFacts:
    """What the built index has (pageinspect, superuser) and how much of it is cached (pg_buffercache)."""
    reasons = []
    built: dict[str, int] | None = None
    share: float | None = None
    extensions = session.info.extensions
    if index.is_partitioned:
        return IndexFacts(index, None, None, "a partitioned index has no pages of its own")
    if "pageinspect" not in extensions:
        reasons.append("CREATE EXTENSION pageinspect shows with what options it was built")
    else:
        try:
            (page,) = await session.fetch(METAPAGE, {"index": index.sql_name})
            built = built_with(page.hex)
        except ConsoleError as error:
            reasons.append(error.summary)
    if "pg_buffercache" not in extensions:
        reasons.append("CREATE EXTENSION pg_buffercache shows how much of it is cached")
    elif index.size_bytes:
        try:
            (cached,) = await session.fetch(CACHED, {"index": index.oid})
            share = min(1.0, cached.buffers * 8192 / index.size_bytes)
        except ConsoleError as error:
            reasons.append(error.summary)
    return IndexFacts(index, built, share, "; ".join(reasons) or None)


def built_with(page_hex: str) -> dict[str, int] | None:
    """The options in the first page of an hnsw or ivfflat index, None where it is neither. Pure."""
    page = bytes.fromhex(page_hex)[_PAGE_HEADER:]
    for order in "<>":
        if len(page) < 16:
            return None
        magic, _, dimensions, m, ef_construction = struct.unpack_from(f"{order}IIIHH", page)
        if magic == _HNSW_MAGIC:
            return {"dimensions": dimensions, "m": m, "ef_construction": ef_construction}
        if magic == _IVFFLAT_MAGIC:
            _, _, dimensions, lists = struct.unpack_from(f"{order}IIHH", page)
            return {"dimensions": dimensions, "lists": lists}
    return None


def serving(found: Sequence[VectorIndex], column: VectorColumn) -> list[VectorIndex]:
    """The indexes on the column itself, or on an expression that names it."""
    return [index for index in found if index.relation_oid == column.relation_oid
            and (index.position == column.position
                 or (index.position is None and column.name in names_in(index.expression)))]


def serving_family(found: Sequence[VectorIndex], column: VectorColumn) -> list[VectorIndex]:
    """The same, with the indexes of the partitions, where the column may stand at another place."""
    own = serving(found, column)
    return own + [index for index in found if index.relation_oid != column.relation_oid
                  and column.name in names_in(index.expression)]
