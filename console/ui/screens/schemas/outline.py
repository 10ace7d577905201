"""The tree as it stands: what has been read of it, what is open, being read or failed. `views.rows` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.catalog.read import SEARCH_LIMIT
from console.catalog.records import Kind, NameMatch, Schema
from console.catalog.tree import Rest, TreeNode
from console.errors import ConsoleError


class Outline:
    """Nodes with their state."""

    def __init__(self, roots: Sequence[TreeNode]) -> None:
        self.roots = tuple(roots)
        self._below: dict[str, tuple[TreeNode, ...]] = {}
        self._open = {node.key for node in self._all(self.roots) if node.is_open}
        self._failed: dict[str, ConsoleError] = {}
        self._slow: set[str] = set()

    @staticmethod
    def _all(nodes: Sequence[TreeNode]) -> Iterator[TreeNode]:
        for node in nodes:
            yield node
            yield from Outline._all(node.children or ())

    def below(self, node: TreeNode) -> tuple[TreeNode, ...] | None:
        """What is known to be below a node; None where nobody has read it yet."""
        return self._below.get(node.key, node.children)

    def wants_reading(self, node: TreeNode) -> bool:
        """Whether opening the node means asking the server."""
        return node.is_lazy and node.key not in self._below

    def is_open(self, node: TreeNode) -> bool:
        return node.key in self._open

    def is_slow(self, node: TreeNode) -> bool:
        """Whether it is being read for so long that this is said."""
        return node.key in self._slow

    def error_of(self, node: TreeNode) -> ConsoleError | None:
        """Why it couldn't be read."""
        return self._failed.get(node.key)

    def open(self, node: TreeNode) -> None:
        self._open.add(node.key)
        self._failed.pop(node.key, None)

    def close(self, node: TreeNode) -> None:
        self._open.discard(node.key)
        self._slow.discard(node.key)
        if self._failed.pop(node.key, None) is not None and node.type != "more":
            self._below.pop(node.key, None)

    def reading(self, node: TreeNode) -> None:
        """It takes long enough to say so."""
        self._slow.add(node.key)

    def read(self, node: TreeNode, children: Sequence[TreeNode]) -> None:
        """What the server answered; a "more" node's answer takes its place."""
        self._slow.discard(node.key)
        if isinstance(node.record, Rest):
            parent = node.record.parent
            before = [tree_node for tree_node in self._below.get(parent.key, ()) if tree_node.key != node.key]
            self._below[parent.key] = (*before, *(tree_node for tree_node in children if tree_node.type != "message"))
        else:
            self._below[node.key] = tuple(children)

    def failed(self, node: TreeNode, error: ConsoleError) -> None:
        """Reading it went wrong; that is shown in its place."""
        self._slow.discard(node.key)
        self._failed[node.key] = error

    def close_key(self, key: str) -> None:
        """Closes the node `key`, whose read was cancelled."""
        self._open.discard(key)
        self._slow.discard(key)

    def open_as(self, before: Outline) -> None:
        """Opens what was open in `before`; nothing is read."""
        known = {node.key for node in self._all(self.roots)}
        self._open = {key for key in before._open if key in known} | (self._open - {
            node.key for node in self._all(before.roots)})

    def unread(self) -> list[TreeNode]:
        """The open nodes that nobody has read yet, from the top."""
        return [node for node in self._walk(self.roots) if node.key in self._open and self.wants_reading(node)]

    @property
    def schemas(self) -> list[Schema]:
        """The schemas that the tree opened with."""
        return [node.record for node in self._all(self.roots) if isinstance(node.record, Schema)
                and node.type == "schema"]

    # what a search found

    def key_of(self, found: NameMatch) -> str | None:
        """The key of the node that stands for `found`."""
        wanted = found.schema_oid if found.kind == Kind.SCHEMA else found.oid
        return next((node.key for node in self._all(self.roots)
                     if (node.schema_oid if node.type == "schema" else node.oid) == wanted
                     and (node.type == "schema") == (found.kind == Kind.SCHEMA)), None)

    def first_object(self) -> str | None:
        """The best match."""
        objects = [node for node in self._all(self.roots) if node.type == "object"]
        best = min(objects, key=lambda node: node.record.rank, default=None)
        return best.key if best else next((node.key for node in self._all(self.roots) if node.type == "schema"), None)

    def found_note(self) -> str:
        """How much there was to find."""
        count = sum(node.type == "object" for node in self._all(self.roots))
        return f"{count} found" if count < SEARCH_LIMIT else f"first {count}"

    def _walk(self, nodes: Sequence[TreeNode]) -> Iterator[TreeNode]:
        for node in nodes:
            yield node
            if node.key in self._open:
                yield from self._walk(self.below(node) or ())
