"""PostgreSQL 19's REPACK, which the parser here doesn't know yet: which table, and how."""

from __future__ import annotations

from msgspec import Struct

from console.sql.names import name_of
from console.sql.tokens import words
from console.sql.transactions import is_on, options


class Repack(Struct, frozen=True):
    """`table` in its parts, () where all tables are meant; `concurrently`: others read and write it meanwhile."""

    table: tuple[str, ...]
    concurrently: bool


def repack(sql: str) -> Repack | None:
    """What one statement repacks; None where it is another one."""
    found = words(sql)
    if found[:1] != ("REPACK",):
        return None
    given, rest = options(found[1:])
    parts: list[str] = []
    if rest[:2] != ("USING", "INDEX"):
        parts = [name_of(word) for word in rest[:1]]
        while len(rest) > 2 and rest[1] == ".":
            rest = rest[2:]
            parts.append(name_of(rest[0]))
    return Repack(tuple(parts), is_on(given.get("concurrently", "false")))
