"""Whether a person's statement acts although its transaction is read-only: asked before anything of it is sent.

What the statement names is looked up in the catalog, and what that is made of as well: bodies of functions, views,
operators, casts, policies, domains, until nothing is left that isn't known. A name without a schema is looked for in
the search_path, in the body of a function, which may have another one, everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from msgspec import Struct
from psycopg import AsyncConnection
from psycopg.rows import class_row

from console.errors import Missing, UsageError
from console.server.info import ServerInfo
from console.server.loading import load_rows
from console.server.preamble import SET_SAFE_PATH
from console.server.query import Read, load
from console.server.session import PgSession
from console.sql import acting
from console.sql.effects import Effect, Uses, uses, uses_of_body
from console.sql.grammar import Name

LONG_CHARACTERS = 20_000
"""A longer text is read in a thread: parsing takes a second a megabyte."""

FIRST_OWN_OID = 16384
"""Objects with smaller OIDs are PostgreSQL's own."""

SEARCHED_SCHEMAS = "SELECT pg_catalog.current_schemas(true)::pg_catalog.text[]"
"""Where names are looked for, in the transaction that asks."""


class Acts(UsageError):
    """The statement acts outside its transaction, which is read-only: nothing of it was sent.

    `effects` are all that were found, by whose `what` they are allowed.
    """

    def __init__(self, label: str, effects: Sequence[Effect]) -> None:
        first, *others = effects
        more = f" (and {len(others)} more: {', '.join(effect.what for effect in others[:5])})" if others else ""
        super().__init__(f"{label} is read-only: {first.sentence}{more}; nothing was sent",
                         hint="the target has to be unlocked for writing first")
        self.effects = tuple(effects)

    @property
    def names(self) -> frozenset[str]:
        """What to allow for the statement to be run."""
        return frozenset(effect.what for effect in self.effects)


class ReachedObject(Struct, frozen=True):
    """A function, relation, type or prepared statement that is reached.

    `via`: how, or what kind of relation it is; `body`: text of SQL or PL/pgSQL, an internal function's C symbol.
    `mentions` are other objects as "kind OID".
    """

    kind: str
    oid: int
    schema: str
    name: str
    via: str
    language: str
    is_volatile: bool
    extension: str | None
    body: str
    mentions: Sequence[str]

    @property
    def label(self) -> str:
        """The object for people."""
        if self.kind == "function":
            own = f"{self.name}()" if self.oid < FIRST_OWN_OID else f"{self.schema}.{self.name}()"
            return f"{own} of {self.via}" if self.via else own
        return self.via if self.kind == "prepared" else f"the {self.via} {self.schema}.{self.name}"


FUNCTIONS = load("console.server", "reached_functions", ReachedObject)
RELATIONS = load("console.server", "reached_relations", ReachedObject)
TYPES = load("console.server", "reached_types", ReachedObject)
PREPARED = load("console.server", "prepared_statements", ReachedObject)

_ACTING = sorted({*acting.FUNCTIONS, *acting.RUNS_TEXT, acting.SETS_ROLE})

Ask = Callable[[Sequence[Read[ReachedObject]]], Awaitable[list[ReachedObject]]]


async def refuse(session: PgSession, text: str, allowed: Collection[str] = (), *, is_run: bool = True) -> None:
    """Raises Acts where `text` acts and its target is locked, ConsoleError too. In a transaction of its own.

    `allowed` names what may act all the same. Not `is_run`: it is planned alone, for which no volatile function is
    called.
    """
    if session.is_guarded:
        await _refuse(session, await read_uses(text), allowed, is_run=is_run)


async def refuse_relation(session: PgSession, oid: int) -> None:
    """Raises Acts where reading the relation acts, and its target is locked."""
    if session.is_guarded:
        await _refuse(session, Uses(oids={("relation", oid)}), ())


async def _refuse(session: PgSession, reached: Uses, allowed: Collection[str], *, is_run: bool = True) -> None:
    async def ask(reads: Sequence[Read[ReachedObject]]) -> list[ReachedObject]:
        readings = await session.refresh(*reads)
        if readings.unavailable:
            raise Missing(f"{session.target.label}: what is called can't be read: "
                          f"{next(iter(readings.unavailable.values()))}")
        return [row for read in reads for row in readings.rows(read.query) or ()]

    _check(session.target.label, await effects(reached, session.info.schemas, ask, is_run=is_run), allowed)


async def refuse_in(connection: AsyncConnection[Any], info: ServerInfo, label: str, reached: Uses,
                    schemas: Sequence[str], allowed: Collection[str] = (), *, is_run: bool = True) -> None:
    """As `refuse`, within the transaction that is open on `connection`, which stays as it is. Raises psycopg.Error too.

    `schemas` are those that SEARCHED_SCHEMAS found in it.
    """
    async def ask(reads: Sequence[Read[ReachedObject]]) -> list[ReachedObject]:
        cursors = []
        async with connection.pipeline():
            await connection.execute(b"SAVEPOINT dbconsole_effects")
            await connection.execute(SET_SAFE_PATH.encode())
            for read in reads:
                cursor = connection.cursor(row_factory=class_row(ReachedObject))
                cursors.append(cursor)
                await cursor.execute(read.query.text(info).encode(), read.params)
            await connection.execute(b"ROLLBACK TO SAVEPOINT dbconsole_effects")
            await connection.execute(b"RELEASE SAVEPOINT dbconsole_effects")
        return [row for cursor in cursors for row in await load_rows(cursor)]

    _check(label, await effects(reached, schemas, ask, is_run=is_run), allowed)


async def read_uses(text: str) -> Uses:
    """What `text` uses, by its tree."""
    return await asyncio.to_thread(uses, text) if len(text) > LONG_CHARACTERS else uses(text)


def _check(label: str, found: Sequence[Effect], allowed: Collection[str]) -> None:
    refused = [effect for effect in found if effect.what not in allowed]
    if refused:
        raise Acts(label, list({effect.what: effect for effect in reversed(found)}.values())[::-1])


async def effects(reached: Uses, schemas: Sequence[str], ask: Ask, *, is_run: bool = True) -> list[Effect]:
    """What acts of all that `reached` leads to. `ask` answers reads; raises what it raises. `is_run` as above."""
    search = _Search(reached, _Origin("", is_run))
    path = list(schemas)
    while reads := search.reads(path):
        search.take(await ask(reads))
        path = []  # by now it is about bodies
    return search.found


class _Origin(Struct, frozen=True):
    """What names something: the object's label, and whether volatile functions in it are called."""

    label: str
    is_run: bool


class _Search:
    """How far it is: what was found to act, and what is to be looked up next, with what it comes from."""

    def __init__(self, reached: Uses, origin: _Origin) -> None:
        self.found = list(reached.effects) if origin.is_run else []
        self._uses = reached
        self._first = origin
        self._origins: dict[object, _Origin] = {}
        self._seen: set[tuple[str, int, str]] = set()
        self._known = Uses()

    def reads(self, path: list[str]) -> list[Read[ReachedObject]]:
        """What to ask next; nothing in the end."""
        wanted, self._uses = self._uses, Uses()
        oids: dict[str, list[int]] = {}
        for kind, oid in sorted(wanted.oids):
            oids.setdefault(kind, []).append(oid)
        reads: list[Read[ReachedObject]] = []
        if wanted.calls or wanted.operators or wanted.types or "function" in oids or "operator" in oids:
            calls = sorted(wanted.calls, key=lambda call: (call.schema, call.name, call.arguments))
            reads.append(Read(FUNCTIONS, {
                "path": path, "acting": _ACTING, "oids": oids.get("function", []),
                "call_schemas": [call.schema for call in calls], "call_names": [call.name for call in calls],
                "call_arguments": [call.arguments for call in calls],
                "operator_oids": oids.get("operator", []), "operator_schemas": _schemas(wanted.operators),
                "operator_names": [operator.name for operator in wanted.operators],
                "type_names": [type_.name for type_ in wanted.types]}))
        for query, names, kind in ((RELATIONS, wanted.relations, "relation"), (TYPES, wanted.types, "type")):
            if names or kind in oids:
                reads.append(Read(query, {"path": path, "oids": oids.get(kind, []), "schemas": _schemas(names),
                                          "names": [name.name for name in names]}))
        if wanted.prepared:
            reads.append(Read(PREPARED, {"names": sorted(wanted.prepared)}))
        return reads

    def take(self, rows: Sequence[ReachedObject]) -> None:
        """Judges what was read, and notes what that leads to."""
        for row in rows:
            key = (row.kind, row.oid, row.name)
            if key in self._seen:
                continue
            self._seen.add(key)
            origin = self._origins.get((row.kind, row.oid)) or self._origins.get(row.name, self._first)
            if origin.is_run or not row.is_volatile:
                is_run = origin.is_run or row.kind == "function"
                through = row.via if row.via and row.kind == "function" else origin.label
                if (effect := _effect(row, through)) is None:
                    self._follow(row, _Origin(row.label, is_run))
                elif is_run:
                    self.found.append(effect)

    def _follow(self, row: ReachedObject, origin: _Origin) -> None:
        """Notes what an object is made of, to be looked up next."""
        if row.oid >= FIRST_OWN_OID or row.kind == "prepared":
            if row.body and row.language in ("sql", "plpgsql"):
                self._want(uses_of_body(row.body, row.language), origin)
            for mention in row.mentions:
                kind, _, oid = mention.partition(" ")
                if (kind, int(oid)) not in self._origins:
                    self._origins[kind, int(oid)] = origin
                    self._uses.oids.add((kind, int(oid)))

    def _want(self, other: Uses, origin: _Origin) -> None:
        """Looks up what a body names, but for what bodies have named already."""
        if origin.is_run:
            self.found += [Effect(effect.what, effect.why, origin.label) for effect in other.effects]
        fresh = other.without(self._known)
        for name in {call.name for call in fresh.calls} | {name.name for name in fresh.relations | fresh.types}:
            self._origins.setdefault(name, origin)
        self._known.take(fresh)
        self._uses.take(fresh)


def _schemas(names: Collection[Name]) -> list[str]:
    return [name.schema or "" for name in names]


def _effect(row: ReachedObject, through: str) -> Effect | None:
    """What an object does outside its transaction by itself; None for nothing, or where what it is made of tells."""
    if row.kind == "relation" and row.via == "foreign table":
        return Effect(f"{row.schema}.{row.name}", "is a foreign table: reading it reaches beyond this server", through)
    if row.kind != "function":
        return None
    is_own = row.oid < FIRST_OWN_OID
    name = row.body if row.language == "internal" and row.body else row.name
    what = f"{row.name}()" if is_own or row.extension else f"{row.schema}.{row.name}()"
    why: str | None = None
    if is_own or row.extension or name != row.name:
        why = acting.function_effect(name)
    if why is None and is_own:
        why = _of_own(row, through)
    if why is None and not is_own and row.is_volatile and row.language not in ("sql", "plpgsql") and not (
            row.extension in acting.EXTENSIONS and row.language == "c") and not (
            row.language == "internal" and row.mentions):
        why = f"is volatile and written in {row.language}, which can't be read here"
    return None if why is None else Effect(what, why, through)


def _of_own(row: ReachedObject, through: str) -> str | None:
    """What a function of PostgreSQL's own does that is judged by its arguments, as far as they are seen, or unknown."""
    if through and row.name in acting.RUNS_TEXT:
        return acting.RUNS_TEXT_WHY
    if through and row.name == acting.SETS_ROLE:
        return acting.SETS_ROLE_WHY
    if row.is_volatile and not acting.is_reading(row.name) and row.name != acting.SETS_ROLE:
        return "isn't known here, and may act"
    return None


__all__ = ["SEARCHED_SCHEMAS", "Acts", "effects", "read_uses", "refuse", "refuse_in"]
