"""The tree as it stands: what has been read of it, what is open, being read or failed. No widget, no server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.catalog.read import SEARCH_LIMIT
from console.catalog.records import Kind, NameMatch, Relation, Schema
from console.catalog.tree import Rest, TreeNode
from console.errors import ConsoleError
from console.text import format as fmt
from console.ui import text
from console.ui.keymap import key
from console.ui.widgets.object_tree import Branch, tree_row
from console.view.table import Row, Tone

ERROR_CELLS = 28
"""How wide an error is in the tree, which is narrow where the detail stands beside it."""

_SHORT = {"materialized view": "mat. view", "extension member": "member"}


class Outline:
    """Nodes with their state. `rows` is what the tree shows."""

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

    # rows

    def rows(self) -> list[Row]:
        """The rows that are visible now."""
        return list(self._rows(self.roots, 0))

    def _rows(self, nodes: Sequence[TreeNode], depth: int) -> Iterator[Row]:
        for node in nodes:
            children = self.below(node)
            has_below = node.type != "more" and (children is None or bool(children))
            is_open = (node.key in self._open) if has_below else None
            yield tree_row(node.key, Branch(depth, is_open, node), _label(node), self._note(node), _tone(node))
            error = self._failed.get(node.key)
            if error is not None:
                yield from self._error_rows(node, error, depth + (node.type != "more"))
            elif is_open:
                if children is not None:
                    yield from self._rows(children, depth + 1)
                elif node.key in self._slow:
                    message = TreeNode(f"{node.key}/reading", "message", "reading…")
                    yield tree_row(message.key, Branch(depth + 1, None, message), message.name, tone="dim")

    def _error_rows(self, node: TreeNode, error: ConsoleError, depth: int) -> Iterator[Row]:
        """The error, its hint, and that enter tries again; all of them stand for the node itself."""
        said: list[tuple[str, Tone]] = [
            (error.summary, "critical"), (error.hint or "", ""), (f"{key('table.choose')} tries again", "dim")]
        lines = [(line, tone) for words, tone in said if words for line in text.wrap(words, ERROR_CELLS)]
        for number, (words, tone) in enumerate(lines):
            yield tree_row(f"{node.key}/error{number}", Branch(depth, None, node), words, tone=tone)

    def _note(self, node: TreeNode) -> str:
        if node.type == "more":
            return "reading…" if node.key in self._slow else ""
        if isinstance(node.record, NameMatch) and node.type == "object":
            return _SHORT.get(node.record.kind, node.record.kind)
        if node.type == "object":
            if isinstance(node.record, Relation) and node.record.relkind in "rpmf":
                return "" if node.record.row_estimate is None else fmt.count(node.record.row_estimate)
            return ""
        if node.count is None:
            return ""
        if node.type in ("service", "unassigned"):
            return fmt.plural(node.count, "schema") if node.count > 1 else ""
        if isinstance(node.record, Schema) and node.type == "schema":
            if node.record.tables:
                return fmt.plural(node.record.tables, "table")
            return fmt.plural(node.count, "object") if node.count else "empty"
        return fmt.count(node.count)


def _label(node: TreeNode) -> str:
    if node.type == "more":
        return "more…"
    if node.type == "schema" and isinstance(node.kind, Kind) and not node.name.strip():
        return f'"{node.name}"'
    return node.name


def _tone(node: TreeNode) -> Tone:
    match node.type:
        case "service" | "unassigned":
            return "strong"
        case "kind" | "message":
            return "dim"
        case "more":
            return "accent"
        case _:
            return ""
