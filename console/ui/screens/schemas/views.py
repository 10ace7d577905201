"""The state as lines: what the screen is about, and what is said where there is nothing to show."""

from __future__ import annotations

from typing import Any

from console.errors import ConsoleError
from console.ui.keymap import key
from console.ui.screens.schemas.state import ObjectState, TreeState
from console.view.catalog import outline as view
from console.view.table import Line, Row


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
