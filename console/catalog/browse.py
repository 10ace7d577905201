"""Opening a node of the tree: the one read that it stands for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from console.catalog import read
from console.catalog.records import InstalledExtension, Kind, Relation
from console.catalog.tree import Rest, TreeNode, found_nodes, object_nodes, roots
from console.server.session import Session
from console.services import Service

_DATABASE_LISTS: Mapping[Kind, Callable[[Session], Awaitable[Sequence[Any]]]] = {
    Kind.EXTENSION: read.extensions, Kind.ROLE: read.roles, Kind.EVENT_TRIGGER: read.event_triggers,
    Kind.PUBLICATION: read.publications, Kind.SUBSCRIPTION: read.subscriptions, Kind.GRAPH: read.graphs,
}


async def open_tree(session: Session, services: Sequence[Service], *, system: bool = False) -> tuple[TreeNode, ...]:
    """The tree as it opens, in one read: every schema with its counts. Raises ConsoleError."""
    return roots(await read.schemas(session, system=system), services)


async def open_node(session: Session, node: TreeNode) -> tuple[TreeNode, ...]:
    """What is below a lazy node; for a "more" node what takes its place. Raises ConsoleError."""
    parent, after = (node.record.parent, node.record.last) if isinstance(node.record, Rest) else (node, None)
    if not parent.is_lazy:
        return parent.children or ()
    if parent.type == "kind" and (listing := _DATABASE_LISTS.get(parent.kind or Kind.SCHEMA)):
        return object_nodes(parent, await listing(session))
    page: Sequence[Any]
    if isinstance(parent.record, Relation):
        page = await read.partitions(session, parent.record.oid, after)
    elif isinstance(parent.record, InstalledExtension):
        page = await read.extension_members(session, parent.record.oid, after)
    else:
        assert parent.schema_oid is not None and parent.kind is not None
        page = await read.objects(session, parent.schema_oid, parent.kind, after)
    return object_nodes(parent, page, read.PAGE_SIZE)


async def find(session: Session, text: str, services: Sequence[Service], *, system: bool = False) -> tuple[TreeNode,
                                                                                                           ...]:
    """The tree of the objects whose name holds `text`. Raises ConsoleError."""
    return found_nodes(await read.search(session, text, system=system), services)
