"""The state as rows and lines: the tree, what the screen is about, and what is said where there is nothing to show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from console.catalog.records import Kind, NameMatch, Relation, Schema
from console.catalog.tree import TreeNode
from console.errors import ConsoleError
from console.text import format as fmt
from console.ui import text
from console.ui.keymap import key
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.state import ObjectState, TreeState
from console.ui.widgets.object_tree import Branch, tree_row
from console.view.catalog import outline as view
from console.view.table import Line, Row, Tone

ERROR_CELLS = 28
"""How wide an error is in the tree, which is narrow where the detail stands beside it."""

_SHORT = {"materialized view": "mat. view", "extension member": "member"}


def overview(tree: TreeState) -> Line:
    """How much there is in the whole tree; nothing before it was read."""
    if tree.outline is None:
        return ()
    services = sum(node.type == "service" for node in tree.outline.roots)
    return view.overview(tree.outline.schemas, services)


def summary(detail: ObjectState) -> Line:
    """What the detail is about; nothing before the first object."""
    if detail.subject is not None:
        return detail.subject.summary
    if detail.node is None or not (detail.is_reading or detail.error is not None):
        return ()
    name = (detail.node.name, "strong")
    return (name, ("  reading…", "dim")) if detail.is_reading else (name,)  # type: ignore[return-value]


def empty_tree(tree: TreeState) -> str:
    """Why the tree has no row."""
    if tree.error is not None and tree.outline is None:
        return "\n".join([*tree.error.lines(), f"{key('schemas.reread')} reads the schemas again"])
    if tree.outline is None:
        return "reading the schemas…"
    return "nothing of that name" if tree.found is not None else "this database has no schema for this role"


def failure(error: ConsoleError) -> list[tuple[str, Any]]:
    """An error as words: what happened, what else is known, what to do."""
    words: list[tuple[str, Any]] = [("", ""), (error.summary, "critical")]
    if error.detail and error.detail not in error.summary:
        words.append((error.detail, "dim"))
    if error.hint:
        words += [("", ""), (error.hint, "")]
    return [*words, ("", ""), (f"{key('schemas.reread')} reads it again", "dim")]


def is_match(row: Row) -> bool:
    """Whether a row of what a search found is a match, and not what it is in."""
    return bool(row.record.record.type == "object")


# the tree


def rows(outline: Outline) -> list[Row]:
    """The rows that are visible now."""
    return list(_rows(outline, outline.roots, 0))


def _rows(outline: Outline, nodes: Sequence[TreeNode], depth: int) -> Iterator[Row]:
    for node in nodes:
        children = outline.below(node)
        has_below = node.type != "more" and (children is None or bool(children))
        is_open = outline.is_open(node) if has_below else None
        yield tree_row(node.key, Branch(depth, is_open, node), _label(node), _note(outline, node), _tone(node))
        error = outline.error_of(node)
        if error is not None:
            yield from _error_rows(node, error, depth + (node.type != "more"))
        elif is_open:
            if children is not None:
                yield from _rows(outline, children, depth + 1)
            elif outline.is_slow(node):
                message = TreeNode(f"{node.key}/reading", "message", "reading…")
                yield tree_row(message.key, Branch(depth + 1, None, message), message.name, tone="dim")


def _error_rows(node: TreeNode, error: ConsoleError, depth: int) -> Iterator[Row]:
    """The error, its hint, and that enter tries again; all of them stand for the node itself."""
    said: list[tuple[str, Tone]] = [
        (error.summary, "critical"), (error.hint or "", ""), (f"{key('table.choose')} tries again", "dim")]
    lines = [(line, tone) for words, tone in said if words for line in text.wrap(words, ERROR_CELLS)]
    for number, (words, tone) in enumerate(lines):
        yield tree_row(f"{node.key}/error{number}", Branch(depth, None, node), words, tone=tone)


def _note(outline: Outline, node: TreeNode) -> str:
    if node.type == "more":
        return "reading…" if outline.is_slow(node) else ""
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
