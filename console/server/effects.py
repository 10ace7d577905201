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
from console.server.extended import check_characters
from console.server.info import ServerInfo
from console.server.loading import load_rows
from console.server.preamble import SET_SAFE_PATH
from console.server.query import Read, load
from console.server.session import PgSession
from console.sql import acting
from console.sql.effects import ANY, ATTRIBUTE, Effect, Uses, uses, uses_of_body
from console.sql.grammar import Name

LONG_CHARACTERS = 20_000
"""A longer text is read in a thread: parsing takes a second a megabyte."""

FIRST_OWN_OID = 16384
"""Objects with smaller OIDs are PostgreSQL's own."""

FIRST_FREE_OID = 10_000
"""Smaller ones are the same on every server of a major version."""

_harmless: dict[int, set[int]] = {}
"""Functions of PostgreSQL's own that are known not to act, by the major version: views mention the same ones."""

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


class ReachedName(Struct, frozen=True):
    """What a name may mean. `least` and `most` are how many arguments a function takes, `is_row`: a row first."""

    kind: str
    oid: int
    schema: str
    name: str
    least: int
    most: int
    is_row: bool

    def is_meant(self, names: Uses, path: Sequence[str]) -> bool:
        """Whether one of `names` may mean it, those without a schema by the search_path; by none, in any schema."""
        if self.kind == "function":
            return any(call.name == self.name and self._is_in(call.schema, path) and self._takes(call.arguments)
                       for call in names.calls)
        wanted = {"operator": names.operators, "relation": names.relations, "type": names.types}.get(self.kind)
        return wanted is None or any(name.name == self.name and self._is_in(name.schema or "", path) for name in wanted)

    def _is_in(self, schema: str, path: Sequence[str]) -> bool:
        if self.schema.startswith("pg_temp_"):
            return schema in ("", "pg_temp", self.schema)
        return schema == self.schema if schema else not path or self.schema in path

    def _takes(self, arguments: int) -> bool:
        if arguments == ATTRIBUTE:
            return self.is_row and self.least <= 1
        return arguments == ANY or self.least <= arguments <= self.most


NAMED_FUNCTIONS = load("console.server", "named_functions", ReachedName)
NAMED_OPERATORS = load("console.server", "named_operators", ReachedName)
NAMED_RELATIONS = load("console.server", "named_relations", ReachedName)
NAMED_TYPES = load("console.server", "named_types", ReachedName)
FUNCTIONS = load("console.server", "reached_functions", ReachedObject)
RELATIONS = load("console.server", "reached_relations", ReachedObject)
TYPES = load("console.server", "reached_types", ReachedObject)
PREPARED = load("console.server", "prepared_statements", ReachedObject)

_RUNNING = f"^({'|'.join(sorted(acting.RUNS_TEXT))})$"
"""The functions that matter though they aren't volatile, as a pattern: an array of them would take long to plan."""

Ask = Callable[[Sequence[Read[Any]]], Awaitable[list[Any]]]


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
    _check(session.target.label, await effects_of(session, reached, session.info.schemas, is_run=is_run), allowed)


async def effects_of(session: PgSession, reached: Uses, schemas: Sequence[str], *, is_run: bool = True,
                     ) -> list[Effect]:
    """What acts of all that `reached` leads to, whether the target is locked or not; names are looked for in `schemas`.

    In a transaction of its own. Raises ConsoleError.
    """
    async def ask(reads: Sequence[Read[Any]]) -> list[Any]:
        readings = await session.refresh(*reads)
        if readings.unavailable:
            raise Missing(f"{session.target.label}: what is called can't be read: "
                          f"{next(iter(readings.unavailable.values()))}")
        return [row for read in reads for row in readings.rows(read.query) or ()]

    return await effects(reached, session.info.major, schemas, ask, is_run=is_run)


async def refuse_in(connection: AsyncConnection[Any], info: ServerInfo, label: str, reached: Uses,
                    schemas: Sequence[str], allowed: Collection[str] = (), *, is_run: bool = True) -> None:
    """As `refuse`, within the transaction that is open on `connection`, which stays as it is. Raises psycopg.Error too.

    `schemas` are those that SEARCHED_SCHEMAS found in it.
    """
    async def ask(reads: Sequence[Read[Any]]) -> list[Any]:
        cursors = []
        async with connection.pipeline():
            await connection.execute(b"SAVEPOINT dbconsole_effects")
            await connection.execute(SET_SAFE_PATH.encode())
            for read in reads:
                cursor = connection.cursor(row_factory=class_row(read.query.record))
                cursors.append(cursor)
                await cursor.execute(read.query.text(info).encode(), read.params)
            await connection.execute(b"ROLLBACK TO SAVEPOINT dbconsole_effects")
            await connection.execute(b"RELEASE SAVEPOINT dbconsole_effects")
        return [row for cursor in cursors for row in await load_rows(cursor)]

    _check(label, await effects(reached, info.major, schemas, ask, is_run=is_run), allowed)


async def read_uses(text: str) -> Uses:
    """What `text` uses, by its tree. Raises UsageError for characters that no server takes."""
    check_characters(text)
    return await asyncio.to_thread(uses, text) if len(text) > LONG_CHARACTERS else uses(text)


def _check(label: str, found: Sequence[Effect], allowed: Collection[str]) -> None:
    refused = [effect for effect in found if effect.what not in allowed]
    if refused:
        raise Acts(label, list({effect.what: effect for effect in reversed(found)}.values())[::-1])


async def effects(reached: Uses, major: int, schemas: Sequence[str], ask: Ask, *, is_run: bool = True) -> list[Effect]:
    """What acts of all that `reached` leads to. `ask` answers reads; raises what it raises. `is_run` as above."""
    search = _Search(reached, _Origin("", is_run), schemas, _harmless.setdefault(major, set()))
    while reads := search.reads():
        search.take(await ask(reads))
    return search.found


class _Origin(Struct, frozen=True):
    """What names something: the object's label, and whether volatile functions in it are called."""

    label: str
    is_run: bool


class _Search:
    """How far it is: what was found to act, and what is to be looked up next, with what it comes from."""

    def __init__(self, reached: Uses, origin: _Origin, path: Sequence[str], harmless: set[int]) -> None:
        self.found = list(reached.effects) if origin.is_run else []
        self._names = reached
        self._oids = set(reached.oids)
        self._path = path
        self._first = origin
        self._harmless = harmless
        self._asked: set[int] = set()
        self._origins: dict[object, _Origin] = {}
        self._seen: set[tuple[str, int, str, bool]] = set()

    def reads(self) -> list[Read[Any]]:
        """What to ask next; nothing in the end. Names are looked for first, then what they mean is read by OID."""
        wanted = self._names
        reads: list[Read[Any]] = []
        types = _sorted(wanted.types)
        if wanted.calls:
            reads.append(Read(NAMED_FUNCTIONS, {"calls": sorted({call.name for call in wanted.calls}),
                                                "running": _RUNNING}))
        if wanted.calls or wanted.operators or types:
            reads.append(Read(NAMED_OPERATORS, {"operators": _sorted(wanted.operators), "types": types}))
        if wanted.relations:
            reads.append(Read(NAMED_RELATIONS, {"relations": _sorted(wanted.relations)}))
        if types:
            reads.append(Read(NAMED_TYPES, {"types": types}))
        if wanted.prepared:
            reads.append(Read(PREPARED, {"names": sorted(wanted.prepared)}))
        oids: dict[str, list[int]] = {kind: [] for kind in ("function", "operator", "cast", "relation", "type")}
        for kind, oid in sorted(self._oids):
            oids[kind].append(oid)
        if oids["function"] or oids["operator"] or oids["cast"]:
            reads.append(Read(FUNCTIONS, {"running": _RUNNING, "functions": oids["function"],
                                          "operators": oids["operator"], "casts": oids["cast"]}))
        reads += [Read(query, {"oids": oids[kind]}) for query, kind in ((RELATIONS, "relation"), (TYPES, "type"))
                  if oids[kind]]
        self._oids, self._asked = set(), {oid for oid in oids["function"] if oid < FIRST_FREE_OID}
        return reads

    def take(self, rows: Sequence[ReachedName | ReachedObject]) -> None:
        """Judges what was read, and notes what that leads to."""
        names, path = self._names, self._path
        self._names, self._path = Uses(), ()  # from now on it is about bodies, which may have a path of their own
        for row in rows:
            if isinstance(row, ReachedName):
                if row.is_meant(names, path):
                    self._note(row.kind, row.oid, self._origins.get(row.name, self._first))
            else:
                self._asked.discard(row.oid)
                self._judge(row, self._origins.get((row.kind, row.oid), self._first))
        self._harmless |= self._asked

    def _judge(self, row: ReachedObject, origin: _Origin) -> None:
        key = (row.kind, row.oid, row.name, origin.is_run)
        is_new = key not in self._seen
        self._seen.add(key)
        if is_new:
            # a volatile function isn't called for a plan; its defaults are, what a body in SQL calls, and what checks
            # the values of a type
            is_run = origin.is_run or row.kind == "type" or (row.kind == "function" and not row.is_volatile)
            through = row.via if row.via and row.kind == "function" else origin.label
            effect = _effect(row, through)
            if effect is None or not is_run:
                self._follow(row, _Origin(row.label, is_run))
            else:
                self.found.append(effect)

    def _follow(self, row: ReachedObject, origin: _Origin) -> None:
        """Notes what an object is made of, to be looked up next."""
        if row.oid >= FIRST_OWN_OID or row.kind == "prepared":
            if row.body and (row.language == "sql" or (row.language == "plpgsql" and origin.is_run)):
                self._want(uses_of_body(row.body, row.language), origin)
            for mention in row.mentions:
                kind, _, oid = mention.partition(" ")
                self._note(kind, int(oid), origin)

    def _note(self, kind: str, oid: int, origin: _Origin) -> None:
        is_known = oid in self._harmless if kind == "function" else oid < FIRST_OWN_OID
        if not is_known and self._comes_from((kind, oid), origin):
            self._oids.add((kind, oid))

    def _want(self, other: Uses, origin: _Origin) -> None:
        """Looks up what a body names."""
        if origin.is_run:
            self.found += [Effect(effect.what, effect.why, origin.label) for effect in other.effects]
        for name in {call.name for call in other.calls} | {
                name.name for name in other.operators | other.relations | other.types}:
            self._comes_from(name, origin)
        self._names.take(other)

    def _comes_from(self, key: object, origin: _Origin) -> bool:
        """Notes where something comes from; False where that is known, and no less is called there."""
        before = self._origins.get(key)
        if before is not None and (before.is_run or not origin.is_run):
            return False
        self._origins[key] = origin
        return True


def _sorted(names: Collection[Name]) -> list[str]:
    return sorted({name.name for name in names})


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
