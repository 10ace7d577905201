"""What the detail shows of each node of the tree: a summary, and tabs that are read when they are looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from console.catalog import read
from console.catalog.ddl import ddl, ddl_of
from console.catalog.records import (
    EventTrigger,
    InstalledExtension,
    Kind,
    Member,
    NameMatch,
    Privilege,
    Publication,
    Relation,
    RelationDetail,
    Role,
    Schema,
    Subscription,
)
from console.catalog.tree import Rest, TreeNode
from console.server.session import Session
from console.services import Service
from console.view.catalog import facts as facts
from console.view.catalog import outline as view
from console.view.catalog import tables as tables
from console.view.table import Line, Table


class Code(Struct, frozen=True):
    """A tab of source text."""

    text: str


class RowsTab(Struct, frozen=True):
    """A tab of the rows of the relation `oid`."""

    oid: int


Content = Table | Code | RowsTab


class Tab(Struct, frozen=True):
    """A tab: its content, or how to read it. `note` is a line above a table.

    `leads_to_tree`: its rows stand for the nodes below the one that is shown.
    """

    title: str
    content: Content | None = None
    read: Callable[[Session], Awaitable[Content]] | None = None
    note: str = ""
    leads_to_tree: bool = False


class ObjectSubject(Struct, frozen=True):
    """What the detail is about. `name` is what is copied; `start` is the tab to begin with, `select` a row in it."""

    summary: Line
    tabs: tuple[Tab, ...] = ()
    name: str = ""
    start: str = ""
    select: str = ""


async def read_subject(session: Session, node: TreeNode) -> ObjectSubject:
    """All that is shown of `node` at once. Raises ConsoleError."""
    match node.type:
        case "service" | "unassigned":
            return _group(node)
        case "schema":
            return _schema(node)
        case "kind":
            return await _kind(session, node)
        case "more":
            assert isinstance(node.record, Rest)
            return await _kind(session, node.record.parent)
        case "object":
            return await _object(session, node)
        case _:
            return ObjectSubject(((node.name, "dim"),))


def _group(node: TreeNode) -> ObjectSubject:
    schemas = [child.record for child in node.children or () if isinstance(child.record, Schema)]
    if not isinstance(node.record, Service):
        return ObjectSubject(view.unassigned_summary(schemas), (
            Tab("Schemas", view.schemas_table(schemas), leads_to_tree=True),), node.name)
    wanted = ", ".join(node.record.schemas)
    empty = f"this database has no schema {wanted}: the service isn't installed here"
    return ObjectSubject(view.service_summary(node.record, schemas), (
        Tab("Schemas", view.schemas_table(schemas, empty), leads_to_tree=True),
        Tab("Service", view.facts_of(node.record))), node.name)


def _schema(node: TreeNode) -> ObjectSubject:
    schema, oid = node.record, node.schema_oid
    assert oid is not None

    async def privileges(session: Session) -> Table:
        return tables.privileges(await read.schema_privileges(session, oid))

    tab = Tab("Privileges", read=privileges)
    if not isinstance(schema, Schema):
        found = [child.record for child in node.children or ()]
        return ObjectSubject(view.object_summary(node.name, "schema"),
                       (Tab("NameMatch", view.listed(found, "objects found")), tab), node.name)
    return ObjectSubject(view.schema_summary(schema),
                   (Tab("Schema", view.schema_facts(schema)), tab, _ddl_of(schema)), schema.name)


async def _kind(session: Session, node: TreeNode) -> ObjectSubject:
    if isinstance(node.record, Relation):
        return await _object(session, node)
    from console.catalog.browse import open_node

    assert node.kind is not None
    schema = node.record.name if isinstance(node.record, Schema) else None
    records = [child.record for child in await open_node(session, node) if child.type == "object"]
    table = await _relations(session, records) if node.kind in _WITH_SIZE else view.listed(records, node.kind.plural)
    return ObjectSubject(view.kind_summary(node.kind, schema, node.count, len(records)),
                   (Tab(node.kind.plural.capitalize(), table, leads_to_tree=True),), schema or "")


async def _relations(session: Session, records: Sequence[Relation]) -> Table:
    return tables.relations(records, await read.sizes(session, [record.oid for record in records]) if records else {})


_WITH_SIZE = (Kind.TABLE, Kind.PARTITION, Kind.MATERIALIZED_VIEW)
_TABS: dict[Kind, tuple[str, ...]] = {
    Kind.TABLE: ("Columns", "Indexes", "Keys", "Triggers", "Policies"),
    Kind.PARTITION: ("Columns", "Indexes", "Keys", "Triggers", "Policies"),
    Kind.VIEW: ("Columns", "Triggers"),
    Kind.MATERIALIZED_VIEW: ("Columns", "Indexes"),
    Kind.FOREIGN_TABLE: ("Columns", "Keys", "Triggers"),
}


async def _object(session: Session, node: TreeNode) -> ObjectSubject:
    record = node.record
    match node.kind:
        case Kind.TABLE | Kind.PARTITION | Kind.VIEW | Kind.MATERIALIZED_VIEW | Kind.FOREIGN_TABLE:
            return _relation(await read.relation(session, record.oid))
        case Kind.INDEX:
            assert isinstance(record, NameMatch) and record.parent_oid is not None
            subject = _relation(await read.relation(session, record.parent_oid))
            return ObjectSubject(subject.summary, subject.tabs, subject.name, "Indexes", str(record.oid))
        case Kind.SEQUENCE:
            return await _sequence(session, record.oid)
        case Kind.FUNCTION | Kind.PROCEDURE | Kind.AGGREGATE:
            return await _routine(session, node.kind, record.oid)
        case Kind.TYPE:
            return await _type(session, record.oid)
        case _:
            return _listed(node)


def _relation(detail: RelationDetail) -> ObjectSubject:
    header = detail.header
    tabs = [Tab(title, tables.TABS[title](detail), note=_note(title, detail)) for title in _TABS[header.kind]]
    tabs.append(_privileges(detail.privileges, detail.unavailable.get("catalog.privileges", "")))
    if header.relkind == "p" or header.has_children:
        tabs.append(_partitions(header.oid))
    if header.kind is not Kind.VIEW:
        tabs.append(Tab("Statistics", facts.statistics(detail, dt.datetime.now(dt.UTC))))
    tabs += [_ddl(header.kind, header.oid), Tab("Data", RowsTab(header.oid))]
    return ObjectSubject(tables.summary(detail), tuple(tabs), f"{header.schema}.{header.name}")


def _note(title: str, detail: RelationDetail) -> str:
    if title == "Policies":
        return tables.policies_note(detail.header, len(detail.policies or ()))
    return detail.header.comment or "" if title == "Columns" else ""


def _partitions(oid: int) -> Tab:
    async def partitions(session: Session) -> Table:
        page = await read.partitions(session, oid)
        return _first(await _relations(session, page), "partitions")

    return Tab("Partitions", read=partitions, leads_to_tree=True)


def _first(page: Table, what: str) -> Table:
    """The first page of a list that may go on; the tree reads on, page by page."""
    if len(page.rows) < read.PAGE_SIZE:
        return page
    return replace(page, note=f"the first {len(page.rows)} {what} by name; the tree has them all")


async def _sequence(session: Session, oid: int) -> ObjectSubject:
    detail = await read.sequence(session, oid)
    sequence = detail.sequence
    return ObjectSubject(view.object_summary(f"{sequence.schema}.{sequence.name}", "sequence", sequence.type,
                                             f"owner {sequence.owner}"), (
        Tab("Sequence", facts.sequence(sequence)), _privileges(detail.privileges), _ddl(Kind.SEQUENCE, oid)),
        f"{sequence.schema}.{sequence.name}")


async def _routine(session: Session, kind: Kind, oid: int) -> ObjectSubject:
    detail = await read.routine(session, oid)
    routine = detail.routine
    return ObjectSubject(view.routine_summary(detail), (
        _ddl(kind, oid, "Source"), Tab("Facts", facts.routine(routine)), _privileges(detail.privileges)),
        f"{routine.schema}.{routine.name}")


async def _type(session: Session, oid: int) -> ObjectSubject:
    detail = await read.type_(session, oid)
    type_ = detail.type
    return ObjectSubject(view.object_summary(f"{type_.schema}.{type_.name}", type_.sort, f"owner {type_.owner}"), (
        Tab("Type", facts.type_facts(type_, detail.attributes)), _privileges(detail.privileges), _ddl(Kind.TYPE, oid)),
        f"{type_.schema}.{type_.name}")


def _listed(node: TreeNode) -> ObjectSubject:
    """What the tree's own record says all about: extensions, roles, event triggers..."""
    record, tabs = node.record, []
    if isinstance(record, Role):
        tabs = [Tab("Role", facts.role(record)), _ddl_of(record)]
    else:
        kind = node.kind.value.capitalize() if node.kind else "Facts"
        tabs = [Tab(kind, view.facts_of(record))]
        if isinstance(record, InstalledExtension):
            tabs += [Tab("Objects", read=_members(record), leads_to_tree=True), _ddl_of(record)]
        elif isinstance(record, EventTrigger | Publication | Subscription):
            tabs.append(_ddl_of(record))
    kind = record.kind if isinstance(record, Member) else node.kind.value if node.kind else ""
    version = f"version {record.version}" if isinstance(record, InstalledExtension) else ""
    return ObjectSubject(view.object_summary(node.name, kind, version), tuple(tabs), node.name)


def _members(extension: InstalledExtension) -> Callable[[Session], Awaitable[Content]]:
    async def members(session: Session) -> Table:
        return _first(view.listed(await read.extension_members(session, extension.oid), "objects"), "objects")

    return members


def _privileges(granted: Sequence[Privilege] | None, reason: str = "") -> Tab:
    return Tab("Privileges", tables.privileges(granted, reason))


def _ddl(kind: Kind, oid: int, title: str = "DDL") -> Tab:
    async def text(session: Session) -> Code:
        return Code((await ddl(session, kind, oid)).text())

    return Tab(title, read=text)


def _ddl_of(record: Any) -> Tab:
    async def text(session: Session) -> Code:
        return Code((await ddl_of(session, record)).text())

    return Tab("DDL", read=text)


