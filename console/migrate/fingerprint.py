"""What a database's schema is, as facts that don't change when it is made again: no OIDs, no attribute numbers, no
positions of sequences. Read in one round trip; extensions' own objects and dbconsole's ledger are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.server.preamble import SET_SAFE_PATH
from console.server.query import Query, Read, load
from console.server.script import ScriptSession
from console.server.session import Session

Identity = tuple[str, str]
"""Kind and full name: ("column", "shop.orders.total")."""


class Zone(Struct, frozen=True):
    """sql/fingerprint_zone.sql as it comes."""

    zone: str


class SharedDigest(Struct, frozen=True):
    """sql/shared_digest.sql as it comes."""

    digest: str


class ObjectRow(Struct, frozen=True):
    """One object of the schema (sql/fingerprint_*.sql).

    `kind` is PostgreSQL's word for it, `name` tells it from all others of its kind, `own_name` is the bare name,
    `parent` the name of the table or schema that it belongs to, `schema` the quoted name of the schema that it is in
    (None: in none). `facts` maps what can be said of it to text, a number, a list, or for `privileges` a mapping from
    role to privileges; what isn't set is left out.
    """

    kind: str
    name: str
    own_name: str
    parent: str | None
    schema: str | None
    facts: Mapping[str, Any]

    @property
    def identity(self) -> Identity:
        return self.kind, self.name

    @property
    def bare_schema(self) -> str | None:
        """The schema's name without the quotes that SQL may need."""
        if self.schema is None or not self.schema.startswith('"'):
            return self.schema
        return self.schema[1:-1].replace('""', '"')


class Fingerprint(Struct, frozen=True):
    """Everything that a database's schema consists of, by identity."""

    objects: Mapping[Identity, ObjectRow]


def _query(name: str) -> Query[ObjectRow]:
    return load("console.migrate", f"fingerprint_{name}", ObjectRow)


_ZONE = load("console.migrate", "fingerprint_zone", Zone)
QUERIES = tuple(_query(name) for name in ("schemas", "relations", "columns", "constraints", "indexes", "routines",
                                          "attached", "types", "database"))
SHARED = _query("shared")
SHARED_DIGEST = load("console.migrate", "shared_digest", SharedDigest)


async def read_fingerprint(session: Session, *, shared: bool = False) -> Fingerprint:
    """The schema of the session's database; with `shared` also roles, tablespaces and other things of the cluster.

    Raises ConsoleError when a part of the catalog can't be read: half a fingerprint would prove nothing.
    """
    return await _read(session, (*QUERIES, SHARED) if shared else QUERIES)


class RepeatedFingerprint:
    """The same for a session of our own that looks again and again: planned once, which is a third of the work."""

    def __init__(self, session: ScriptSession, *, shared: bool) -> None:
        self._session = session
        self._queries = (*QUERIES, SHARED) if shared else QUERIES
        self._prepared: tuple[Query[ObjectRow], ...] = ()

    async def read(self) -> Fingerprint:
        """Raises ConsoleError as read_fingerprint does."""
        if self._prepared:
            try:
                return await _read(self._session, self._prepared)
            except ConsoleError:  # a script may have said DEALLOCATE ALL
                self._prepared = self._queries
        else:
            self._prepared = await self._prepare()
        return await _read(self._session, self._prepared)

    async def _prepare(self) -> tuple[Query[ObjectRow], ...]:
        info = self._session.info
        if info.is_pooled:
            return self._queries
        await self._session.execute("BEGIN", SET_SAFE_PATH, *(
            f"PREPARE {_prepared(query)} AS {query.text(info)}" for query in self._queries), "COMMIT")
        return tuple(replace(query, variants=tuple(replace(variant, text=f"EXECUTE {_prepared(query)}")
                                                 for variant in query.variants)) for query in self._queries)


def _prepared(query: Query[ObjectRow]) -> str:
    return f"dbconsole_{query.name.replace('.', '_')}"


async def _read(session: Session, queries: Sequence[Query[ObjectRow]]) -> Fingerprint:
    found = await session.refresh(Read(_ZONE), *map(Read, queries))
    for name, reason in found.unavailable.items():
        raise ConsoleError(f"{session.target.label}: the schema can't be compared: {name}", detail=reason)
    rows = [row for query in queries for row in found.rows(query) or ()]
    return Fingerprint({row.identity: row for row in rows})
