"""The DDL of one object, or of many in an order in which it runs.

Facts come from the catalog, every name with its schema, and the statements are composed in ddl_table.py
and ddl_objects.py. Nothing is read piecemeal: if a part can't be had, there is no DDL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from console.catalog import read
from console.catalog.ddl_objects import (
    definition_statements,
    event_trigger_statements,
    extension_statements,
    role_statements,
    routine_statements,
    schema_statements,
    sequence_statements,
    type_split,
    type_statements,
)
from console.catalog.ddl_order import in_order
from console.catalog.ddl_parts import Address, Ddl, DdlStatement, Phase, ended
from console.catalog.ddl_table import table_split, table_statements, view_split, view_statements
from console.catalog.records import (
    PROKINDS,
    Definition,
    Dependency,
    EventTrigger,
    FullType,
    FunctionDetail,
    InstalledExtension,
    Kind,
    Privilege,
    Publication,
    RelationDetail,
    Role,
    Schema,
    Subscription,
)
from console.catalog.records import Sequence as SequenceRecord
from console.errors import Missing, ServerError
from console.server.query import Query, Read
from console.server.session import Readings, Session

_TABLES = (Kind.TABLE, Kind.PARTITION, Kind.FOREIGN_TABLE)
_VIEWS = (Kind.VIEW, Kind.MATERIALIZED_VIEW)


_PARTS = (read.COLUMNS, read.INDEXES, read.CONSTRAINTS, read.TRIGGERS, read.RULES, read.POLICIES, read.SEQUENCES,
          read.EXTENDED_STATISTICS)
"""What belongs to a relation."""


async def ddl(session: Session, kind: Kind, oid: int) -> Ddl:
    """The DDL of a relation, sequence, routine or type. Raises ConsoleError; Missing when the object is gone."""
    if kind in _TABLES or kind in _VIEWS:
        return await _relation(session, oid)
    if kind is Kind.SEQUENCE:
        rows, privileges, _ = await _facts(session, kind, oid)
        return Ddl(("pg_class", oid), tuple(sequence_statements(rows[0], privileges)))
    if kind in PROKINDS:
        rows, privileges, readings = await _facts(session, kind, oid)
        detail = FunctionDetail(rows[0], privileges, readings.first(read.AGGREGATE))
        return Ddl(("pg_proc", oid), tuple(routine_statements(detail)), _needs(readings))
    if kind is Kind.TYPE:
        return await _type(session, oid)
    raise ValueError(f"the DDL of a {kind} is made of its record alone")


def reads(kind: Kind, oid: int) -> list[Read[Any]]:
    """What `ddl` asks: the object itself, its privileges, what it needs, and the parts of a relation or an aggregate.

    Beyond these it asks only about owned sequences and the attributes of composite types.
    """
    query: Query[Any]
    parts: Sequence[Query[Any]] = ()
    if kind in PROKINDS:
        query, catalog = read.ROUTINE, "pg_proc"
        parts = (read.AGGREGATE,) if kind is Kind.AGGREGATE else ()
    elif kind is Kind.TYPE:
        query, catalog = read.TYPE, "pg_type"
    elif kind is Kind.SEQUENCE:
        query, catalog = read.SEQUENCES, "pg_class"
    else:
        query, catalog, parts = read.RELATION, "pg_class", _PARTS
    return [Read(query, {"oid": oid}), *_about(oid, catalog), *(Read(part, {"oid": oid}) for part in parts)]


def reads_of_definition(definition: Definition) -> list[Read[Any]]:
    """What `ddl_of_definition` asks; nothing of what is about other objects and none itself."""
    if " " in definition.catalog or definition.catalog == "pg_default_acl":
        return []
    return _about(definition.oid, definition.catalog)


def _about(oid: int, catalog: str) -> list[Read[Any]]:
    of = {"oid": oid, "catalog": catalog}
    return [Read(read.PRIVILEGES, of), Read(read.DEPENDENCIES, of)]


Listed = Schema | InstalledExtension | Role | EventTrigger | Publication | Subscription
"""What the tree lists, and has no detail of."""


async def ddl_of(session: Session, record: Listed) -> Ddl:
    """The DDL of what the tree's record says most about. Raises ConsoleError, Missing for what the role may not read.
    """
    match record:
        case Schema():
            privileges = await read.schema_privileges(session, record.oid)
            return Ddl(("pg_namespace", record.oid), tuple(schema_statements(record, privileges)))
        case InstalledExtension():
            return Ddl(("pg_extension", record.oid), tuple(extension_statements(record)))
        case Role():
            return Ddl(("pg_authid", record.oid), tuple(role_statements(record)))
        case Publication() | Subscription():
            query = read.PUBLICATION_DEFINITIONS if isinstance(record, Publication) else read.SUBSCRIPTION_DEFINITIONS
            for definition in await session.fetch(query):
                if definition.oid == record.oid:
                    return await ddl_of_definition(session, definition)
            raise Missing(f"{session.target.label}: {record.name} is no longer there", hint="read the tree again")
        case EventTrigger():
            return Ddl(("pg_event_trigger", record.oid), tuple(event_trigger_statements(record)))


async def ddl_of_definition(session: Session, definition: Definition) -> Ddl:
    """The DDL of what sql/defined_*.sql describe. Raises ConsoleError."""
    asked = reads_of_definition(definition)
    if not asked:
        return Ddl((definition.catalog + definition.name, definition.oid), tuple(definition_statements(definition, ())))
    readings = await session.refresh(*asked)
    _refuse_unavailable(session, readings)
    return Ddl((definition.catalog, definition.oid),
               tuple(definition_statements(definition, readings.rows(read.PRIVILEGES) or [])), _needs(readings))


def script(many: Iterable[Ddl]) -> str:
    """Many objects in one script that runs in an empty database: by phase, in it what is needed first."""
    return "\n".join(["SET client_encoding = 'UTF8';", "SET standard_conforming_strings = on;",
                      "SET check_function_bodies = off;",
                      *(ended(ddl_statement.text) for ddl_statement in ordered(many))]) + "\n"


def ordered(many: Iterable[Ddl]) -> list[DdlStatement]:
    """The statements of many objects: by phase, in it what is needed first.

    Objects that others make (the sequences of serial columns) are left to those.
    """
    found = {ddl.address: ddl for ddl in many}
    makers = {address: ddl.address for ddl in found.values() for address in ddl.makes}
    statements = in_order({address: ddl for address, ddl in found.items() if address not in makers}, makers)
    return sorted(statements, key=lambda statement: statement.phase)


async def _relation(session: Session, oid: int) -> Ddl:
    rows, privileges, readings = await _facts(session, Kind.TABLE, oid)
    header = rows[0]
    detail = RelationDetail(
        header=header, columns=readings.rows(read.COLUMNS), indexes=readings.rows(read.INDEXES),
        constraints=readings.rows(read.CONSTRAINTS), triggers=readings.rows(read.TRIGGERS),
        rules=readings.rows(read.RULES), policies=readings.rows(read.POLICIES), privileges=privileges,
        sequences=readings.rows(read.SEQUENCES), extended_statistics=readings.rows(read.EXTENDED_STATISTICS),
        statistics=None, size=None)
    if header.kind in _VIEWS:
        return Ddl(("pg_class", oid), tuple(view_statements(detail)), _needs(readings), split=view_split(detail))
    sequences: Sequence[SequenceRecord] = detail.sequences or ()
    owned: dict[int, list[Privilege]] = {}
    for sequence in sequences:
        owned[sequence.oid] = await session.fetch(read.PRIVILEGES, {"oid": sequence.oid, "catalog": "pg_class"})
    return Ddl(("pg_class", oid), tuple(table_statements(detail, owned)), _needs(readings),
               frozenset(("pg_class", sequence) for sequence in owned), table_split(detail, owned))


async def _type(session: Session, oid: int) -> Ddl:
    (attributes,) = [item.relation_oid for item in await session.fetch(read.TYPE, {"oid": oid})] or [None]
    more = [] if attributes is None else [Read(read.COLUMNS, {"oid": attributes})]
    rows, privileges, readings = await _facts(session, Kind.TYPE, oid, *more)
    detail = FullType(rows[0], privileges, readings.rows(read.COLUMNS) or [])
    return Ddl(("pg_type", oid), tuple(type_statements(detail)), _needs(readings), split=type_split(detail))


async def _facts(session: Session, kind: Kind, oid: int, *more: Read[Any]
                 ) -> tuple[list[Any], list[Privilege], Readings]:
    """One object's rows, its privileges and what else was asked, in one transaction."""
    own, *others = reads(kind, oid)
    readings = await session.refresh(own, *others, *more)
    _refuse_unavailable(session, readings)
    rows = readings.rows(own.query)
    if not rows:
        raise Missing(f"{session.target.label}: the object is no longer there", hint="read the tree again")
    return rows, readings.rows(read.PRIVILEGES) or [], readings


def _refuse_unavailable(session: Session, readings: Readings) -> None:
    if readings.unavailable:
        name, reason = next(iter(readings.unavailable.items()))
        is_gone = readings.sqlstates.get(name) == "XX000"
        raise ServerError(f"{session.target.label}: no DDL without {name}: {reason}",
                          hint="another session has changed it meanwhile: run it again" if is_gone else None)


def _needs(readings: Readings) -> tuple[Dependency, ...]:
    return tuple(readings.rows(read.DEPENDENCIES) or ())


__all__ = ["Address", "Ddl", "DdlStatement", "Phase", "ddl", "ddl_of", "ddl_of_definition", "ordered", "reads",
           "reads_of_definition", "script"]
