"""A statement's text to read: the tables that it names, and how it begins."""

from __future__ import annotations

from console.sql.relations import named_relations
from console.sql.tokens import significant


def tables(text: str) -> list[tuple[str, str]]:
    """Schema ("" where none is written) and name of the tables that a statement names, in their order."""
    return [(name.schema or "", name.name) for name in named_relations(text)]


def beginning(text: str) -> str:
    """The statement on one line, without the comments that it begins with."""
    first = next(significant(text), None)
    return " ".join(text[first.start if first else 0:].split())
