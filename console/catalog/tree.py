"""The tree: records in, nodes out. Pure; what opening a node reads is browse.py's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct

from console.catalog.records import (
    InstalledExtension,
    Kind,
    NameMatch,
    Relation,
    Routine,
    Schema,
    Type,
)
from console.services import UNASSIGNED, Service, owner_of

NodeType = Literal["service", "unassigned", "schema", "kind", "object", "more", "message"]

DATABASE_KINDS = (
    Kind.EXTENSION, Kind.ROLE, Kind.EVENT_TRIGGER, Kind.PUBLICATION, Kind.SUBSCRIPTION, Kind.GRAPH,
)
"""What a database has beside schemas. (Roles are the cluster's.)"""


class TreeNode(Struct, frozen=True):
    """One node of the tree.

    `key` is its path, the same from one read to the next. `children` None: opening it reads them; empty: a leaf.
    `count` is the number of objects below, None when it isn't known before reading. `record` is what the node stands
    for: a Service, Schema, Relation..., or, for "more", a Rest.
    """

    key: str
    type: NodeType
    name: str
    kind: Kind | None = None
    count: int | None = None
    record: Any = None
    schema_oid: int | None = None
    children: tuple[TreeNode, ...] | None = ()
    is_open: bool = False

    @property
    def is_lazy(self) -> bool:
        return self.children is None

    @property
    def oid(self) -> int | None:
        """The OID of the object, None for a node that stands for none."""
        return getattr(self.record, "oid", None)


class Rest(Struct, frozen=True):
    """What a "more" node stands for: the objects of `parent` after `last`."""

    parent: TreeNode
    last: Any


def roots(schemas: Sequence[Schema], services: Sequence[Service]) -> tuple[TreeNode, ...]:
    """Service -> schema -> kinds, open down to the schemas; without services the schemas stand at the top.

    Schemas that nobody owns come last, under "unassigned"; then what the database has beside schemas. A service
    that has no schema here says so.
    """
    if not services:
        return (*(schema_node("", schema) for schema in schemas), *database_nodes())
    nodes = []
    for service in services:
        own = [schema for schema in schemas if owner_of(schema.name, services) is service]
        nodes.append(_group(f"service:{service.name}", "service", service.name, own, service))
    rest = [schema for schema in schemas if owner_of(schema.name, services) is None]
    if rest:
        nodes.append(_group(UNASSIGNED, "unassigned", UNASSIGNED, rest, None))
    return (*nodes, *database_nodes())


def _group(key: str, node_type: NodeType, name: str, schemas: Sequence[Schema], record: Service | None) -> TreeNode:
    children = tuple(schema_node(key, schema) for schema in schemas)
    if not children:
        wanted = ", ".join(record.schemas) if record else ""
        children = (TreeNode(f"{key}/none", "message", f"not in this database: {wanted}"),)
    return TreeNode(key, node_type, name, count=len(schemas), record=record, children=children, is_open=True)


def schema_node(parent: str, schema: Schema) -> TreeNode:
    """A schema with a node for each kind of object that it has."""
    key = f"{parent}/schema:{schema.oid}"
    kinds = tuple(
        TreeNode(f"{key}/{kind.value}", "kind", kind.plural, kind, number, schema, schema.oid, None)
        for kind, number in schema.counts.items())
    return TreeNode(key, "schema", schema.name, Kind.SCHEMA, sum(schema.counts.values()), schema, schema.oid, kinds)


def database_nodes() -> tuple[TreeNode, ...]:
    """Extensions, roles, event triggers...: each is read when it's opened."""
    return tuple(TreeNode(f"database/{kind.value}", "kind", kind.plural, kind, children=None)
                 for kind in DATABASE_KINDS)


def object_nodes(parent: TreeNode, page: Iterable[Any], page_size: int | None = None) -> tuple[TreeNode, ...]:
    """The nodes of one page of a kind's objects or of a table's partitions.

    After a full page (`page_size` objects) comes a "more" node, which stands in for the rest.
    """
    records = list(page)
    nodes = [_object_node(parent.key, record, parent.kind, parent.schema_oid) for record in records]
    if page_size is not None and len(records) >= page_size:
        nodes.append(TreeNode(f"{parent.key}/more", "more", "more", parent.kind, record=Rest(parent, records[-1]),
                          schema_oid=parent.schema_oid, children=None))
    if not nodes:
        nodes.append(TreeNode(f"{parent.key}/none", "message",
                              f"no {parent.kind.plural if parent.kind else 'objects'}"))
    return tuple(nodes)


def found_nodes(found: Sequence[NameMatch], services: Sequence[Service]) -> tuple[TreeNode, ...]:
    """What a search brought, as the tree shows it: service -> schema -> objects, all open, the best match first."""
    by_schema: dict[tuple[int, str], list[NameMatch]] = {}
    for match in found:
        by_schema.setdefault((match.schema_oid, match.schema), []).append(match)
    groups: dict[str, list[TreeNode]] = {}
    for (oid, name), objects in by_schema.items():
        service = owner_of(name, services)
        group = "" if not services else f"service:{service.name}" if service else UNASSIGNED
        key = f"{group}/schema:{oid}"
        children = tuple(
            TreeNode(f"{key}/{object_.kind}:{object_.oid}", "object", label(object_), Kind(object_.kind),
                     record=object_, schema_oid=oid)
            for object_ in objects if object_.kind != Kind.SCHEMA)
        schema = next((object_ for object_ in objects if object_.kind == Kind.SCHEMA), None)
        groups.setdefault(group, []).append(
            TreeNode(key, "schema", name, Kind.SCHEMA, len(children), schema, oid, children, True))
    nodes: list[TreeNode] = []
    for group, schemas in groups.items():
        if not group:
            nodes.extend(schemas)
            continue
        node_type: NodeType = "unassigned" if group == UNASSIGNED else "service"
        nodes.append(TreeNode(group, node_type, group.removeprefix("service:"), count=len(schemas),
                          children=tuple(schemas), is_open=True))
    return tuple(nodes)


def label(record: Any) -> str:
    """The name of an object in the tree: a routine's with its arguments."""
    arguments = getattr(record, "arguments", None)
    return record.name if arguments is None else f"{record.name}({arguments})"


def _object_node(parent: str, record: Any, kind: Kind | None, schema_oid: int | None) -> TreeNode:
    key = f"{parent}/{record.oid}"
    match record:
        case Relation():
            return TreeNode(key, "object", record.name, record.kind, record=record, schema_oid=schema_oid,
                        children=None if record.has_partitions else ())
        case Routine() | Type():
            return TreeNode(key, "object", label(record), record.kind, record=record, schema_oid=schema_oid)
        case InstalledExtension():
            return TreeNode(key, "object", record.name, Kind.EXTENSION, record.members, record,
                        children=None if record.members else ())
        case _:
            return TreeNode(key, "object", record.name, kind, record=record)
