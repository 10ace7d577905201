"""The DDL of a whole database, or of some of its schemas and objects, as one script that runs in an empty one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct

from console import waiting
from console.catalog import read
from console.catalog.ahead import AT_ONCE, ReadAhead
from console.catalog.ddl import Ddl, ddl, ddl_of, ddl_of_definition, reads, reads_of_definition, script
from console.catalog.ddl_parts import DdlStatement, Phase
from console.catalog.records import DdlObject, Definition, Kind, Schema
from console.errors import Missing
from console.server.query import Read
from console.server.session import PgSession, Session
from console.sql.names import qualified_name
from console.sql.quoting import identifier, literal

FIRST_OID = 16384
"""What initdb makes has smaller OIDs."""


class DdlScript(Struct, frozen=True):
    """The statements, and in words what they leave out and what has to be there before."""

    text: str
    objects: int
    unwritten: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


class DdlScope(Struct, frozen=True):
    """What is written: everything, or these schemas with all that is in them, and the objects of these names.

    A name is (schema, name), whose functions are all those of that name.
    """

    schemas: frozenset[str] | None = None
    names: frozenset[tuple[str, ...]] = frozenset()

    @property
    def is_everything(self) -> bool:
        return self.schemas is None and not self.names

    @property
    def in_schemas(self) -> list[str] | None:
        """The schemas in which there is something of it; None for all."""
        return None if self.is_everything else sorted({*(self.schemas or ()), *(name[0] for name in self.names)})

    def has(self, schema: str | None, name: str) -> bool:
        if self.is_everything:
            return True
        return schema is not None and (schema in (self.schemas or ()) or (schema, name) in self.names)


async def write(session: PgSession, wanted: DdlScope = DdlScope(), *,  # noqa: B008  frozen
                progress: Callable[[int, int], None] | None = None) -> DdlScript:
    """The script of what is wanted, as it is at one moment. `progress` hears how many objects are read, and of how
    many.

    Raises ConsoleError where a part can't be read, Missing for a name that nothing has.
    """
    async with session.snapshot():
        return await _script(session, wanted, progress)


async def _script(session: Session, wanted: DdlScope, progress: Callable[[int, int], None] | None) -> DdlScript:
    schemas = [schema for schema in await read.schemas(session) if wanted.is_everything
               or schema.name in (wanted.schemas or ())]
    objects = [found for found in await session.fetch(read.DDL_OBJECTS, {"schemas": wanted.in_schemas})
               if wanted.has(found.schema, found.name)]
    definitions, unwritten = await _definitions(session, wanted)
    _refuse_unknown(session, wanted, schemas, objects, definitions)
    made = [await _schema(session, schema) for schema in schemas]
    ahead = ReadAhead(session)
    for first in range(0, len(objects), AT_ONCE):
        if progress is not None:
            progress(first, len(objects))
        some = objects[first:first + AT_ONCE]
        await ahead.read(asked for found in some for asked in reads(Kind(found.kind), found.oid))
        made += [await ddl(ahead, Kind(found.kind), found.oid) for found in some]
    await ahead.read(asked for definition in definitions for asked in reads_of_definition(definition))
    made += [await ddl_of_definition(ahead, definition) for definition in definitions]
    if wanted.is_everything:
        made += [await ddl_of(session, trigger) for trigger in await read.event_triggers(session)
                 if trigger.extension is None]
    made += await _extensions(session, wanted, made)
    there = {ddl.address for ddl in made} | {address for ddl in made for address in ddl.makes}
    needs = dict.fromkeys(f"{need.kind} {need.name}" for ddl in made for need in ddl.depends_on
                          if need.address not in there and need.oid >= FIRST_OID)
    with waiting.waiting_for(f"{len(made)} objects to be put in order"):
        text = await asyncio.to_thread(script, made)
    return DdlScript(text, len(made), tuple(unwritten), tuple(needs))


async def _definitions(session: Session, wanted: DdlScope) -> tuple[list[Definition], list[str]]:
    """What is wanted of sql/defined_*.sql, and why some of it can't be had."""
    readings = await session.refresh(*map(Read, read.DEFINED))
    found = [definition for query in read.DEFINED for definition in readings.rows(query) or ()
             if wanted.has(definition.schema, (qualified_name(definition.name) or ("",))[-1])]
    unwritten = [f"{query.title.removeprefix('defined ')}: {readings.why(query)}" for query in read.DEFINED
                 if readings.why(query)] if wanted.is_everything else []
    return found, unwritten


async def _schema(session: Session, schema: Schema) -> Ddl:
    """A schema; `public` is in an empty database already, and what was granted on it is among the changed privileges.
    """
    if schema.extension is not None:
        return Ddl(("pg_namespace", schema.oid), ())
    if schema.oid >= FIRST_OID:
        return await ddl_of(session, schema)
    at = f"SCHEMA {identifier(schema.name)}"
    statements = []
    if schema.owner not in ("pg_database_owner", "postgres"):
        statements.append(DdlStatement(Phase.SCHEMA, f"ALTER {at} OWNER TO {identifier(schema.owner)}"))
    if schema.comment != "standard public schema":
        text = "NULL" if schema.comment is None else literal(schema.comment)
        statements.append(DdlStatement(Phase.COMMENT, f"COMMENT ON {at} IS {text}"))
    return Ddl(("pg_namespace", schema.oid), tuple(statements))


async def _extensions(session: Session, wanted: DdlScope, made: Sequence[Ddl]) -> list[Ddl]:
    """All extensions but those that initdb brings, or those that what is wanted needs."""
    needed = {need.oid for ddl in made for need in ddl.depends_on if need.catalog == "pg_extension"}
    return [await ddl_of(session, extension) for extension in await read.extensions(session)
            if extension.oid >= FIRST_OID and (wanted.is_everything or extension.oid in needed)]


def _refuse_unknown(session: Session, wanted: DdlScope, schemas: Iterable[Schema], objects: Iterable[DdlObject],
                    definitions: Collection[Definition]) -> None:
    there: set[tuple[str, ...]] = {(found.schema, found.name) for found in objects}
    there |= {qualified_name(definition.name) for definition in definitions}
    there |= {(schema.name,) for schema in schemas}
    for name in sorted(wanted.names | {(schema,) for schema in wanted.schemas or ()}):
        if name not in there:
            raise Missing(f"{session.target.label}: there is no {identifier(*name)}",
                          hint="a name is that of a schema, or of an object with its schema: shop, shop.orders")
