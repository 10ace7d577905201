"""The script that makes one schema of another: what changes by fingerprints, what is new by its own DDL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from console.catalog import read
from console.catalog.ahead import ReadAhead
from console.catalog.ddl import Ddl, Phase, ddl, ddl_of_definition, ordered, reads, reads_of_definition
from console.catalog.records import Definition, Kind
from console.migrate.fingerprint import Fingerprint, ObjectRow
from console.migrate.schema_changes import DEFINED, ROUTINES, TYPES, VIEWS, Rank, Ranked, changes
from console.server.query import Read, load
from console.server.session import Session


class ObjectOid(Struct, frozen=True):
    """sql/object_oids.sql as it comes; `kind` is relation, routine or type."""

    kind: str
    name: str
    oid: int


class SchemaScript(Struct, frozen=True):
    """The statements in their order, without semicolons; `unwritten` is what none of them does, in words."""

    statements: tuple[str, ...]
    unwritten: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(f"{statement};\n" for statement in self.statements)


_NO_SPACES = str.maketrans("", "", " ()")
_OIDS = load("console.migrate", "object_oids", ObjectOid)
_KINDS: Mapping[str, Kind] = {**{kind.value: kind for kind in Kind}, "partitioned table": Kind.TABLE,
                              **dict.fromkeys(TYPES, Kind.TYPE)}
_RANKS: Mapping[Phase, Rank] = {
    Phase.INDEX: Rank.CONSTRAINT, Phase.ATTACH: Rank.CONSTRAINT, Phase.FOREIGN_KEY: Rank.KEY,
    Phase.ATTACHED: Rank.ATTACHED, Phase.REFRESH: Rank.ATTACHED, Phase.ACCESS: Rank.ACCESS, Phase.COMMENT: Rank.ACCESS,
    Phase.LAST: Rank.ACCESS}


async def write(session: Session, before: Fingerprint, after: Fingerprint,
                fills: Sequence[str] = ()) -> SchemaScript:
    """What makes `after`, which `session` is in, of `before`; `fills` are statements that fill tables, before views,
    keys and triggers are there. Raises ConsoleError where it can't be read."""
    found = changes(before, after)
    unwritten = [*found.unwritten]
    statements: list[Ranked] = [*found.statements, *((Rank.ROWS, text) for text in fills)]
    oids = {(row.kind, row.name): row.oid for row in await session.fetch(_OIDS)} if found.create else {}
    definitions = await _definitions(session) if any(row.kind in DEFINED for row in found.create) else {}

    def asked(row: ObjectRow) -> list[Read[Any]]:
        if row.kind in DEFINED:
            return reads_of_definition(definitions[row.kind, _bare(row.name)])
        return reads(_KINDS[row.kind], oids[_catalog_kind(row), row.name])

    async def written(row: ObjectRow) -> Ddl:
        if row.kind in DEFINED:
            return await ddl_of_definition(ahead, definitions[row.kind, _bare(row.name)])
        return await ddl(ahead, _KINDS[row.kind], oids[_catalog_kind(row), row.name])

    ahead = ReadAhead(session)
    await ahead.read(each for row in found.create for each in asked(row))
    for views in (False, True):
        made = [await written(row) for row in found.create if (row.kind in VIEWS) is views]
        for statement in ordered(made):
            if statement.text.startswith(("--", "SET SESSION AUTHORIZATION")):
                unwritten.append(statement.text.removeprefix("--").strip())
            elif not _is_owner(statement.text, statement.phase):
                rank = _RANKS.get(statement.phase, Rank.VIEW if views else Rank.CREATE)
                statements.append((rank, statement.text))
    statements.sort(key=lambda ranked: ranked[0])
    texts = [text for _, text in statements]
    if any(row.kind in ROUTINES for row in found.create):
        texts.insert(0, "SET LOCAL check_function_bodies = off")
    return SchemaScript(tuple(texts), tuple(dict.fromkeys(unwritten)))


async def _definitions(session: Session) -> dict[tuple[str, str], Definition]:
    """What is defined in the database, by kind and name as fingerprints have them. Raises ConsoleError."""
    return {(definition.kind.lower(), _bare(definition.name)): definition for query in read.DEFINED
            if not query.obstacle(session.info) for definition in await session.fetch(query)}


def _bare(name: str) -> str:
    """The name of a definition or of a fingerprint's row in the form that they share."""
    name = f" {name}"
    for word in ("USING", "FOR", "LANGUAGE"):
        name = name.replace(f" {word} ", f" {word.lower()} ")
    return name.translate(_NO_SPACES)


def _catalog_kind(row: ObjectRow) -> str:
    return "routine" if row.kind in ROUTINES else "type" if row.kind in TYPES else "relation"


def _is_owner(text: str, phase: Phase) -> bool:
    """What files make belongs to whoever runs them."""
    return phase is Phase.ACCESS and " OWNER TO " in text and text.startswith("ALTER ")
