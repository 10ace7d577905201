"""The relations that a text names: by its tree, or by its words where it is cut or no SQL that is known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from console.sql import grammar
from console.sql.grammar import Name
from console.sql.keywords import RESERVED
from console.sql.names import NAMES, name_of
from console.sql.tokens import Token, significant

MOST_CHARACTERS = 20_000
"""Of longer texts only the beginning is looked at: parsing takes a second a megabyte."""


class NamedRelation(Struct, frozen=True):
    """A relation that a statement names, and the alias under which it does ("" for none)."""

    schema: str
    name: str
    alias: str


def named_relations(text: str) -> list[Name]:
    """The tables, views and functions that stand for tables in `text`, each once, in their order."""
    parsed = grammar.split(text) if len(text) <= MOST_CHARACTERS else None
    if isinstance(parsed, list):
        return list(dict.fromkeys(name for statement in parsed for name in of_tree(statement.body)))
    by_words = after_words([*significant(text[:MOST_CHARACTERS])])
    return list(dict.fromkeys(Name(relation.schema or None, relation.name) for relation in by_words))


def of_tree(body: grammar.Node) -> Iterator[Name]:
    """The relations in a tree; the names of its own WITH are none."""
    found = list(grammar.find(body, "RangeVar", "CommonTableExpr"))
    own = {cte.ctename for cte in found if cte.DESCRIPTOR.name == "CommonTableExpr"}
    for relation in found:
        if relation.DESCRIPTOR.name == "RangeVar" and relation.relname and (
                relation.schemaname or relation.relname not in own):
            yield grammar.range_name(relation)


def after_words(found: Sequence[Token]) -> Iterator[NamedRelation]:
    """The relations after FROM, JOIN, UPDATE, INTO and USING, with their aliases."""
    place = 0
    while place < len(found):
        word, before = found[place].word, found[place - 1].word if place else ""
        place += 1
        if word not in ("FROM", "JOIN", "UPDATE", "INTO", "USING") or before in ("DISTINCT", "FOR", "DO"):
            continue
        while (relation := _relation(found, place)) is not None:
            named, place = relation
            yield named
            if word != "FROM" or place >= len(found) or found[place].text != ",":
                break
            place += 1


def _relation(found: Sequence[Token], place: int) -> tuple[NamedRelation, int] | None:
    """The relation that is named from `place` on, and the place behind it; None where none is."""
    while _is_name(found, place) and found[place].word in ("ONLY", "LATERAL"):
        place += 1
    if not _is_name(found, place):
        return None
    parts = [name_of(found[place].text)]
    place += 1
    while place < len(found) and found[place].text == "." and _is_name(found, place + 1):
        parts.append(name_of(found[place + 1].text))
        place += 2
    if place < len(found) and found[place].word == "AS":
        place += 1
    alias = ""
    if _is_name(found, place) and found[place].text.lower() not in _NO_ALIAS:
        alias = name_of(found[place].text)
        place += 1
    return NamedRelation(parts[-2] if len(parts) > 1 else "", parts[-1], alias), place


_NO_ALIAS = RESERVED | {"cross", "full", "inner", "join", "left", "natural", "partition", "right", "set", "tablesample",
                        "values", "when"}
"""Keywords that follow a relation and are no name for it."""


def _is_name(found: Sequence[Token], place: int) -> bool:
    return place < len(found) and found[place].kind in NAMES

