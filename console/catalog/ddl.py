"""The DDL of one object, or of many in an order in which it runs.

Facts come from the catalog, every name with its schema, and the statements are composed in ddl_table.py
and ddl_objects.py. Nothing is read piecemeal: if a part can't be had, there is no DDL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from msgspec import Struct

from console.catalog import read
from console.catalog.ddl_objects import (
    event_trigger_statements,
    extension_statements,
    role_statements,
    routine_statements,
    schema_statements,
    sequence_statements,
    type_statements,
)
from console.catalog.ddl_parts import DdlStatement, Phase
from console.catalog.ddl_table import table_statements, view_statements
from console.catalog.records import (
    PROKINDS,
    Dependency,
    EventTrigger,
    FullType,
    FunctionDetail,
    InstalledExtension,
    Kind,
    Privilege,
    RelationDetail,
    Role,
    Schema,
)
from console.catalog.records import Sequence as SequenceRecord
from console.errors import Missing, ServerError
from console.server.query import Query, Read
from console.server.session import Readings, Session

_TABLES = (Kind.TABLE, Kind.PARTITION, Kind.FOREIGN_TABLE)
_VIEWS = (Kind.VIEW, Kind.MATERIALIZED_VIEW)


class Ddl(Struct, frozen=True):
    """One object's statements and what must be there before. `makes`: OIDs that the statements make on the way."""

    oid: int
    statements: tuple[DdlStatement, ...]
    depends_on: tuple[Dependency, ...] = ()
    makes: frozenset[int] = frozenset()

    def text(self) -> str:
        """The statements as a script, with a note of what they need."""
        lines = [f"-- needs {dependency.kind} {dependency.name}" for dependency in self.depends_on
                 if dependency.oid not in self.makes]
        ordered = sorted(self.statements, key=lambda statement: statement.phase)
        return "\n".join([*lines, *(_ended(statement.text) for statement in ordered)]) + "\n"


async def ddl(session: Session, kind: Kind, oid: int) -> Ddl:
    """The DDL of a relation, sequence, routine or type. Raises ConsoleError; Missing when the object is gone."""
    if kind in _TABLES or kind in _VIEWS:
        return await _relation(session, oid)
    if kind is Kind.SEQUENCE:
        rows, privileges, _ = await _facts(session, read.SEQUENCES, oid, "pg_class")
        return Ddl(oid, tuple(sequence_statements(rows[0], privileges)))
    if kind in PROKINDS:
        aggregate = Read(read.AGGREGATE, {"oid": oid})
        rows, privileges, readings = await _facts(session, read.ROUTINE, oid, "pg_proc", aggregate)
        detail = FunctionDetail(rows[0], privileges, readings.first(read.AGGREGATE))
        return Ddl(oid, tuple(routine_statements(detail)), _needs(readings))
    if kind is Kind.TYPE:
        return await _type(session, oid)
    raise ValueError(f"the DDL of a {kind} is made of its record alone")


async def ddl_of(session: Session, record: Schema | InstalledExtension | Role | EventTrigger) -> Ddl:
    """The DDL of what the tree's record says all about (a schema's grants are read)."""
    match record:
        case Schema():
            privileges = await read.schema_privileges(session, record.oid)
            return Ddl(record.oid, tuple(schema_statements(record, privileges)))
        case InstalledExtension():
            return Ddl(record.oid, tuple(extension_statements(record)))
        case Role():
            return Ddl(record.oid, tuple(role_statements(record)))
        case EventTrigger():
            return Ddl(record.oid, tuple(event_trigger_statements(record)))


def script(many: Iterable[Ddl]) -> str:
    """Many objects in one script that runs in an empty database: by phase, in it what is needed first."""
    return "\n".join(["SET check_function_bodies = off;",
                      *(_ended(ddl_statement.text) for ddl_statement in ordered(many))]) + "\n"


def ordered(many: Iterable[Ddl]) -> list[DdlStatement]:
    """The statements of many objects: by phase, in it what is needed first.

    Objects that others make (the sequences of serial columns) are left to those.
    """
    found = {ddl.oid: ddl for ddl in many}
    makers = {oid: ddl.oid for ddl in found.values() for oid in ddl.makes}
    kept = {oid: ddl for oid, ddl in found.items() if oid not in makers}
    graph = {oid: {need for dependency in ddl.depends_on
                   if (need := makers.get(dependency.oid, dependency.oid)) in kept and need != oid}
             for oid, ddl in kept.items()}
    statements = [statement for oid in _sorted(graph) for statement in kept[oid].statements]
    return sorted(statements, key=lambda statement: statement.phase)


def _sorted(graph: Mapping[int, set[int]]) -> Sequence[int]:
    """What is needed first; a circle (two tables' checks by functions of each other) is cut at the last it closed."""
    edges = {node: set(needs) for node, needs in graph.items()}
    while True:
        try:
            return tuple(TopologicalSorter(edges).static_order())
        except CycleError as error:
            circle = error.args[1]
            edges[circle[1]].discard(circle[0])


async def _relation(session: Session, oid: int) -> Ddl:
    params = {"oid": oid}
    own = (read.COLUMNS, read.INDEXES, read.CONSTRAINTS, read.TRIGGERS, read.RULES, read.POLICIES, read.SEQUENCES,
           read.EXTENDED_STATISTICS)
    reads = [Read(query, params) for query in own]
    rows, privileges, readings = await _facts(session, read.RELATION, oid, "pg_class", *reads)
    header = rows[0]
    detail = RelationDetail(
        header=header, columns=readings.rows(read.COLUMNS), indexes=readings.rows(read.INDEXES),
        constraints=readings.rows(read.CONSTRAINTS), triggers=readings.rows(read.TRIGGERS),
        rules=readings.rows(read.RULES), policies=readings.rows(read.POLICIES), privileges=privileges,
        sequences=readings.rows(read.SEQUENCES), extended_statistics=readings.rows(read.EXTENDED_STATISTICS),
        statistics=None, size=None)
    if header.kind in _VIEWS:
        return Ddl(oid, tuple(view_statements(detail)), _needs(readings))
    sequences: Sequence[SequenceRecord] = detail.sequences or ()
    owned: dict[int, list[Privilege]] = {}
    for sequence in sequences:
        owned[sequence.oid] = await session.fetch(read.PRIVILEGES, {"oid": sequence.oid, "catalog": "pg_class"})
    return Ddl(oid, tuple(table_statements(detail, owned)), _needs(readings), frozenset(owned))


async def _type(session: Session, oid: int) -> Ddl:
    (attributes,) = [item.relation_oid for item in await session.fetch(read.TYPE, {"oid": oid})] or [None]
    rows, privileges, readings = await _facts(session, read.TYPE, oid, "pg_type",
                                              Read(read.COLUMNS, {"oid": attributes}))
    detail = FullType(rows[0], privileges, readings.rows(read.COLUMNS) or [])
    return Ddl(oid, tuple(type_statements(detail)), _needs(readings))


async def _facts(session: Session, query: Query[Any], oid: int, catalog: str, *more: Read[Any]
                 ) -> tuple[list[Any], list[Privilege], Readings]:
    """One object's rows, its privileges and what else was asked, in one transaction."""
    params = {"oid": oid}
    of = {"oid": oid, "catalog": catalog}
    readings = await session.refresh(
        Read(query, params), Read(read.PRIVILEGES, of), Read(read.DEPENDENCIES, of), *more)
    if readings.unavailable:
        name, reason = next(iter(readings.unavailable.items()))
        raise ServerError(f"{session.target.label}: no DDL without {name}: {reason}")
    rows = readings.rows(query)
    if not rows:
        raise Missing(f"{session.target.label}: the object is no longer there", hint="read the tree again")
    return rows, readings.rows(read.PRIVILEGES) or [], readings


def _needs(readings: Readings) -> tuple[Dependency, ...]:
    return tuple(readings.rows(read.DEPENDENCIES) or ())


def _ended(text: str) -> str:
    return text if text.startswith("--") else f"{text};"


__all__ = ["Ddl", "DdlStatement", "Phase", "ddl", "ddl_of", "ordered", "script"]
