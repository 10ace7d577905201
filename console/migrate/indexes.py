"""What CREATE INDEX CONCURRENTLY and its relatives leave behind when they fail, and how a retry gets past it.

The server keeps the half-built index, not valid, never used and in the way of the next try; with IF NOT EXISTS it is
even taken for done. So before such a statement the index is looked up: one that is not valid is dropped and built anew,
one that is valid although the ledger doesn't know was finished when the runner died.
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from console.errors import ServerError
from console.server.query import load
from console.server.script import ScriptSession
from console.sql.names import name_of
from console.sql.quoting import identifier, literal
from console.sql.splitter import ScriptStatement

Action = Literal["create", "drop", "reindex"]


class IndexRow(Struct, frozen=True):
    """sql/table_indexes.sql as it comes."""

    schema: str
    name: str
    quoted: str
    is_valid: bool
    builder_pid: int | None


class ConcurrentIndex(Struct, frozen=True):
    """What a concurrent statement is about. `relation` is as written: the table of a CREATE or REINDEX TABLE, the index
    of a DROP or REINDEX INDEX. `name` is the index that a CREATE makes, None where the server will choose it."""

    action: Action
    relation: str
    name: str | None = None

    def is_leftover(self, index: IndexRow) -> bool:
        """Whether this invalid index is what an earlier try of this statement has left."""
        if index.is_valid:
            return False
        if self.action == "reindex":
            return re.search(r"_cc(new|old)\d*$", index.name) is not None
        if self.name is None:
            return re.search(r"_(idx|key|excl)\d*$", index.name) is not None
        return index.name == self.name


_INDEXES = load("console.migrate", "table_indexes", IndexRow)


def concurrent_index(statement: ScriptStatement) -> ConcurrentIndex | None:
    """What `statement` builds or drops concurrently, None for every other statement."""
    if "CONCURRENTLY" not in statement.words:
        return None
    words = tuple(word for word in statement.words if word not in ("UNIQUE", "ONLY"))
    match words:
        case ("CREATE", "INDEX", "CONCURRENTLY", *rest):
            rest = _without(rest, "IF", "NOT", "EXISTS")
            if "ON" not in rest:
                return None
            place = rest.index("ON")
            return ConcurrentIndex("create", _qualified(rest[place + 1:]), name_of(rest[0]) if place else None)
        case ("DROP", "INDEX", "CONCURRENTLY", *rest):
            return ConcurrentIndex("drop", _qualified(_without(rest, "IF", "EXISTS")))
        case ("REINDEX", *rest) if scope := next((word for word in rest if word in ("TABLE", "INDEX")), None):
            return ConcurrentIndex("reindex", _qualified(_without(rest[rest.index(scope) + 1:], "CONCURRENTLY")))
    return None


async def indexes_of(session: ScriptSession, relation: str) -> list[IndexRow]:
    """The indexes of the table behind `relation`, a name as written; none when there is no such relation."""
    oid = await relation_oid(session, relation)
    return [] if oid is None else await session.fetch(_INDEXES, {"relation": oid})


async def relation_oid(session: ScriptSession, relation: str) -> int | None:
    """What a name as written means to the session's next statement; None when there is no such relation."""
    try:
        ((oid,),) = await session.execute(
            f"SELECT pg_catalog.to_regclass({literal(relation)})::pg_catalog.oid::pg_catalog.int8")
    except ServerError as error:
        if error.sqlstate is not None and error.sqlstate.startswith("42"):
            return None
        raise
    return None if oid is None else int(oid)


def _without(words: list[str], *leading: str) -> list[str]:
    return words[len(leading):] if tuple(words[: len(leading)]) == leading else words


def _qualified(words: list[str]) -> str:
    """schema.name, in quotes where they need them, from a statement's words."""
    parts = [words[0], words[2]] if len(words) > 2 and words[1] == "." else words[:1]
    return identifier(*map(name_of, parts))
