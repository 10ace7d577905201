"""SQL laid out by sqlglot, where that changes nothing but its looks."""

from __future__ import annotations

import re
from typing import Any

from console.sql import grammar
from console.sql.layout import laid_out

LONGEST = 20_000


def formatted(text: str) -> str:
    """One statement in lines. By PostgreSQL's own grammar it is still the same, comments too; else `text` itself."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        return text
    meant = _meaning(text)
    if meant is None:
        return text
    return next((item for item in (_by_sqlglot(text), laid_out(text)) if item and _meaning(item) == meant), text)


def _by_sqlglot(text: str) -> str | None:
    import logging

    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        (found,) = sqlglot.transpile(text, read="postgres", write="postgres", pretty=True)
    except (SqlglotError, ValueError, RecursionError):
        return None
    return found


def _meaning(text: str) -> tuple[object, list[str]] | None:
    """The statement's tree without places, and the words of its comments; None where it is not one statement."""
    found = grammar.split(text)
    if isinstance(found, grammar.SyntaxFault) or len(found) != 1:
        return None
    comments = [re.sub(r"^(--|/\*)|\*/$", "", comment).strip() for _, comment in grammar.comments(text)]
    return _tree(found[0].node), comments


def _tree(node: Any) -> object:
    """A message as nested tuples. Places are left out; the depth is bounded by LONGEST."""
    if hasattr(node, "ListFields"):
        return tuple((member.name, _tree(value)) for member, value in node.ListFields()
                     if not member.name.endswith("location"))
    if isinstance(node, str | bytes | int | float | bool):
        return node
    return tuple(_tree(item) for item in node)
