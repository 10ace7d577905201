"""The reads of the catalog: the tree's lists, one node at a time, and the details of one object.

A list comes in pages of PAGE_SIZE by name: pass the last object of a page as `after` to get the next; a page with
fewer is the last. Everything is read-only and under the target's timeouts. All raise ConsoleError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from console.catalog.records import (
    PROKINDS,
    RELKINDS,
    Aggregate,
    Constraint,
    DdlObject,
    Definition,
    Dependency,
    EventTrigger,
    ExtendedStatistics,
    FullType,
    FunctionDetail,
    Graph,
    Index,
    InstalledExtension,
    Kind,
    Member,
    NameMatch,
    Policy,
    Privilege,
    Publication,
    Relation,
    RelationColumn,
    RelationDetail,
    RelationHeader,
    RelationSize,
    RewriteRule,
    Role,
    Routine,
    RoutineDetail,
    Schema,
    SequenceDetail,
    Subscription,
    TableStatistics,
    Trigger,
    Type,
    TypeDetail,
)
from console.catalog.records import Sequence as SequenceRecord
from console.errors import Missing
from console.server.query import Query, Read, load
from console.server.session import Session

PACKAGE = "console.catalog"
PAGE_SIZE = 200
SEARCH_LIMIT = 200

R = TypeVar("R")


SCHEMAS = load(PACKAGE, "schemas", Schema)
RELATIONS = load(PACKAGE, "relations", Relation)
PARTITIONS = load(PACKAGE, "partitions", Relation)
RELATION_SIZES = load(PACKAGE, "relation_sizes", RelationSize)
ROUTINES = load(PACKAGE, "routines", Routine)
TYPES = load(PACKAGE, "types", Type)
EXTENSION_MEMBERS = load(PACKAGE, "extension_members", Member)
EXTENSIONS = load(PACKAGE, "extensions", InstalledExtension)
ROLES = load(PACKAGE, "roles", Role)
EVENT_TRIGGERS = load(PACKAGE, "event_triggers", EventTrigger)
PUBLICATIONS = load(PACKAGE, "publications", Publication)
SUBSCRIPTIONS = load(PACKAGE, "subscriptions", Subscription)
GRAPHS = load(PACKAGE, "graphs", Graph)
SEARCH = load(PACKAGE, "search", NameMatch)
RELATION = load(PACKAGE, "relation", RelationHeader)
COLUMNS = load(PACKAGE, "columns", RelationColumn)
INDEXES = load(PACKAGE, "indexes", Index)
CONSTRAINTS = load(PACKAGE, "constraints", Constraint)
TRIGGERS = load(PACKAGE, "triggers", Trigger)
RULES = load(PACKAGE, "rules", RewriteRule)
POLICIES = load(PACKAGE, "policies", Policy)
PRIVILEGES = load(PACKAGE, "privileges", Privilege)
SEQUENCES = load(PACKAGE, "sequences", SequenceRecord)
EXTENDED_STATISTICS = load(PACKAGE, "extended_statistics", ExtendedStatistics)
TABLE_STATISTICS = load(PACKAGE, "table_statistics", TableStatistics)
ROUTINE = load(PACKAGE, "routine", RoutineDetail)
AGGREGATE = load(PACKAGE, "aggregate", Aggregate)
TYPE = load(PACKAGE, "type", TypeDetail)
DEPENDENCIES = load(PACKAGE, "dependencies", Dependency)
DDL_OBJECTS = load(PACKAGE, "ddl_objects", DdlObject)
PUBLICATION_DEFINITIONS = load(PACKAGE, "defined_publications", Definition)
SUBSCRIPTION_DEFINITIONS = load(PACKAGE, "defined_subscriptions", Definition)
DEFINED = (*(load(PACKAGE, f"defined_{subject}", Definition) for subject in (
    "foreign", "languages", "operators", "text_search", "large_objects", "changed_privileges", "default_privileges",
    "labels")), PUBLICATION_DEFINITIONS, SUBSCRIPTION_DEFINITIONS)


class Listed(Protocol):
    """What a page continues after: any object of a list."""

    @property
    def oid(self) -> int: ...
    @property
    def name(self) -> str: ...


async def schemas(session: Session, *, system: bool = False) -> list[Schema]:
    """Every schema with its counts, by name; those of the system only when asked for."""
    return [schema for schema in await session.fetch(SCHEMAS) if system or not schema.is_system]


async def objects(session: Session, schema_oid: int, kind: Kind, after: Listed | None = None
                  ) -> Sequence[Relation | Routine | Type | Member]:
    """One page of a schema's objects of one kind: whatever Schema.counts has."""
    params = {"schema": schema_oid, **_page(after)}
    if kind in RELKINDS:
        return await session.fetch(RELATIONS, params | {"relkinds": list(RELKINDS[kind])})
    if kind in PROKINDS:
        return await session.fetch(ROUTINES, params | {"prokinds": list(PROKINDS[kind])})
    if kind is Kind.TYPE:
        return await session.fetch(TYPES, params)
    if kind is Kind.EXTENSION_MEMBER:
        return await session.fetch(EXTENSION_MEMBERS, params | {"extension": None})
    raise ValueError(f"a schema has no list of {kind.plural}")


async def partitions(session: Session, parent_oid: int, after: Listed | None = None) -> list[Relation]:
    """One page of a partitioned table's partitions."""
    return await session.fetch(PARTITIONS, {"oid": parent_oid, **_page(after)})


async def extension_members(session: Session, extension_oid: int, after: Listed | None = None) -> list[Member]:
    """One page of what an extension brought."""
    return await session.fetch(EXTENSION_MEMBERS, {"extension": extension_oid, "schema": None, **_page(after)})


async def sizes(session: Session, oids: Sequence[int]) -> dict[int, RelationSize]:
    """The sizes of the relations on the screen, by OID; without those that are locked or have no storage."""
    return {size.oid: size for size in await session.fetch(RELATION_SIZES, {"oids": list(oids)})}


async def search(session: Session, text: str, *, system: bool = False, limit: int = SEARCH_LIMIT) -> list[NameMatch]:
    """Objects whose name (with a dot in `text`: schema.name) holds `text`, best first; nothing for blank text."""
    if not text.strip():
        return []
    return await session.fetch(SEARCH, {"text": text.strip().replace("\0", ""), "system": system, "page_size": limit})


async def extensions(session: Session) -> list[InstalledExtension]:
    return await session.fetch(EXTENSIONS)


async def roles(session: Session, *, system: bool = False) -> list[Role]:
    """The cluster's roles; PostgreSQL's own (pg_*) only when asked for."""
    return [role for role in await session.fetch(ROLES) if system or not role.is_system]


async def event_triggers(session: Session) -> list[EventTrigger]:
    return await session.fetch(EVENT_TRIGGERS)


async def publications(session: Session) -> list[Publication]:
    return await session.fetch(PUBLICATIONS)


async def subscriptions(session: Session) -> list[Subscription]:
    return await session.fetch(SUBSCRIPTIONS)


async def graphs(session: Session) -> list[Graph]:
    """The graphs of Apache AGE; none where the extension isn't installed."""
    return [] if GRAPHS.obstacle(session.info) else await session.fetch(GRAPHS)


async def relation(session: Session, oid: int) -> RelationDetail:
    """All about one table, view, foreign table, index's table..., in one round trip. Raises Missing when it's gone."""
    params = {"oid": oid}
    readings = await session.refresh(
        Read(RELATION, params), Read(COLUMNS, params), Read(INDEXES, params), Read(CONSTRAINTS, params),
        Read(TRIGGERS, params), Read(RULES, params), Read(POLICIES, params),
        Read(PRIVILEGES, {"oid": oid, "catalog": "pg_class"}), Read(SEQUENCES, params),
        Read(EXTENDED_STATISTICS, params), Read(TABLE_STATISTICS, params), Read(RELATION_SIZES, {"oids": [oid]}))
    header = readings.first(RELATION)
    if header is None:
        raise Missing(f"{session.target.label}: {readings.why(RELATION) or 'the relation is no longer there'}",
                      hint="it was dropped or renamed: read the tree again")
    return RelationDetail(
        header=header, columns=readings.rows(COLUMNS), indexes=readings.rows(INDEXES),
        constraints=readings.rows(CONSTRAINTS), triggers=readings.rows(TRIGGERS), rules=readings.rows(RULES),
        policies=readings.rows(POLICIES), privileges=readings.rows(PRIVILEGES), sequences=readings.rows(SEQUENCES),
        extended_statistics=readings.rows(EXTENDED_STATISTICS), statistics=readings.first(TABLE_STATISTICS),
        size=readings.first(RELATION_SIZES), unavailable=readings.unavailable)


async def sequence(session: Session, oid: int) -> SequenceDetail:
    """One sequence and its privileges. Raises Missing when it's gone."""
    found, privileges = await _with_privileges(session, SEQUENCES, oid, "pg_class")
    return SequenceDetail(found, privileges)


async def routine(session: Session, oid: int) -> FunctionDetail:
    """One function, procedure or aggregate. Raises Missing when it's gone."""
    found, privileges = await _with_privileges(session, ROUTINE, oid, "pg_proc")
    aggregate = await session.fetch(AGGREGATE, {"oid": oid}) if found.kind is Kind.AGGREGATE else []
    return FunctionDetail(found, privileges, aggregate[0] if aggregate else None)


async def type_(session: Session, oid: int) -> FullType:
    """One type. Raises Missing when it's gone."""
    found, privileges = await _with_privileges(session, TYPE, oid, "pg_type")
    attributes = await session.fetch(COLUMNS, {"oid": found.relation_oid}) if found.relation_oid else []
    return FullType(found, privileges, attributes)


async def schema_privileges(session: Session, oid: int) -> list[Privilege]:
    return await session.fetch(PRIVILEGES, {"oid": oid, "catalog": "pg_namespace"})


async def _with_privileges(session: Session, query: Query[R], oid: int, catalog: str) -> tuple[R, list[Privilege]]:
    readings = await session.refresh(Read(query, {"oid": oid}), Read(PRIVILEGES, {"oid": oid, "catalog": catalog}))
    found = readings.first(query)
    if found is None:
        raise Missing(f"{session.target.label}: {readings.why(query) or 'the object is no longer there'}",
                      hint="it was dropped or renamed: read the tree again")
    return found, readings.rows(PRIVILEGES) or []


def _page(after: Listed | None) -> Mapping[str, Any]:
    return {"after_name": after.name if after else "", "after_oid": after.oid if after else 0, "page_size": PAGE_SIZE}
