"""What is said of the tree's own nodes: services, schemas, lists, and objects that a list says all about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from console.catalog.records import (
    TRIGGER_STATES,
    EventTrigger,
    FunctionDetail,
    Graph,
    InstalledExtension,
    Kind,
    Member,
    NameMatch,
    Publication,
    Relation,
    Role,
    Routine,
    Schema,
    Subscription,
    Type,
)
from console.services import Service
from console.text import format as fmt
from console.view.catalog.facts import fact_table
from console.view.table import Cell, Column, Line, Row, Table, line

Facts = Iterable[tuple[str, str]]


def overview(schemas: Sequence[Schema], services: int) -> Line:
    """What the database holds, in a line."""
    tables = sum(schema.tables for schema in schemas)
    words = fmt.plural(len(schemas), "schema")
    if services:
        words += f", {fmt.plural(services, 'service')}"
    return line((words, "strong"), f"  {fmt.plural(tables, 'table')}")


def service_summary(service: Service, schemas: Sequence[Schema]) -> Line:
    described = f" · {service.description}" if service.description else ""
    return line((service.name, "strong"), f"  service · {holdings(schemas)}", (described, "dim"))


def unassigned_summary(schemas: Sequence[Schema]) -> Line:
    return line(("unassigned", "strong"), f"  {holdings(schemas)} · no service owns them")


def holdings(schemas: Sequence[Schema]) -> str:
    """How many schemas, and how many tables in them."""
    if not schemas:
        return "no schema in this database"
    return f"{fmt.plural(len(schemas), 'schema')} · {fmt.plural(sum(schema.tables for schema in schemas), 'table')}"


def schemas_table(schemas: Sequence[Schema], empty: str = "") -> Table:
    """Schemas with what they hold."""
    layout = (Column("name", "schema", fixed=True, minimum=12), Column("tables", "tables", "right"),
              Column("views", "views", "right", priority=1), Column("functions", "functions", "right", priority=2),
              Column("types", "types", "right", priority=3), Column("owner", "owner", priority=1),
              Column("comment", "comment", flexible=True, minimum=12, maximum=200, priority=2))
    rows = []
    for schema in schemas:
        numbers = (schema.tables, schema.views + schema.materialized_views, schema.functions + schema.procedures,
                   schema.types)
        rows.append(Row(str(schema.oid), (
            Cell(schema.name), *(Cell(fmt.count(number), order=number) for number in numbers),
            Cell(schema.owner, "dim"),
            Cell(schema.comment or "", "dim")), record=schema))
    return Table(layout, tuple(rows), empty)


def schema_summary(schema: Schema) -> Line:
    counts = ", ".join(fmt.plural(number, kind.value, kind.plural) for kind, number in schema.counts.items())
    return line((schema.name, "strong"), f"  schema · {counts or 'empty'} · owner {schema.owner}")


def schema_facts(schema: Schema) -> Table:
    return fact_table([("owner", schema.owner), ("comment", schema.comment or ""),
                       ("of extension", schema.extension or ""),
                       *((kind.plural, fmt.count(number)) for kind, number in schema.counts.items())])


def object_summary(name: str, kind: str, *facts: str) -> Line:
    """Name, kind, and whatever else is worth saying of an object."""
    return line((name, "strong"), f"  {' · '.join((kind, *filter(None, facts)))}")


def listed(records: Sequence[Any], what: str) -> Table:
    """Objects of any kind: name and what there is to say in a few words."""
    layout = (Column("name", "name", fixed=True, minimum=16, maximum=60),
              Column("about", "", flexible=True, minimum=16, maximum=200))
    rows = []
    for number, record in enumerate(records):
        kind = f"{record.kind}:" if isinstance(record, Member | NameMatch) else ""
        name, about = record.name, _about(record)
        if isinstance(record, NameMatch) and record.arguments is not None:
            name = f"{record.name}({record.arguments})"
        rows.append(Row(f"{kind}{record.oid}", (Cell(name, order=number), Cell(about, "dim")), record=record))
    return Table(layout, tuple(rows), f"no {what}")


def _about(type_: Any) -> str:
    match type_:
        case Routine():
            return f"({type_.arguments}) → {type_.result or 'nothing'} · {type_.language}"
        case Type():
            return type_.sort
        case InstalledExtension():
            newer = f", {type_.available_version} available" if type_.is_outdated else ""
            return f"{type_.version}{newer} · {type_.comment or ''}".rstrip(" ·")
        case Role():
            words = ["superuser"] * type_.is_superuser + ["logs in" if type_.can_login else "cannot log in"]
            return ", ".join([*words, *(f"member of {name}" for name in type_.member_of)])
        case EventTrigger():
            return f"{type_.event} → {type_.function}"
        case Member() | NameMatch():
            return type_.kind
        case Relation():
            return type_.bound or ""
        case Publication():
            return _published(type_)
        case Subscription():
            return "enabled" if type_.is_enabled else "disabled"
        case Graph():
            return f"{fmt.plural(type_.vertex_labels, 'vertex label')}, {fmt.plural(type_.edge_labels, 'edge label')}"
        case _:
            return ""


def _published(publication: Publication) -> str:
    """What it publishes: "all tables but 2, all sequences"."""
    but = f" but {publication.excepted}" if publication.excepted else ""
    tables = f"all tables{but}" if publication.is_for_all_tables else fmt.plural(publication.tables, "table")
    return f"{tables}, all sequences" if publication.is_for_all_sequences else tables


def facts_of(any_: Any) -> Table:
    """What a list's record says of an object that has no detail of its own."""
    return fact_table(_facts_of(any_))


def _facts_of(extension: Any) -> Facts:
    match extension:
        case InstalledExtension():
            return [("version", extension.version), ("available", extension.available_version or ""),
                    ("schema", extension.schema),
                    ("owner", extension.owner), ("relocatable", "yes" if extension.is_relocatable else "no"),
                    ("objects", fmt.count(extension.members)), ("comment", extension.comment or "")]
        case EventTrigger():
            return [("event", extension.event), ("function", extension.function),
                    ("state", TRIGGER_STATES.get(extension.state, extension.state)),
                    ("tags", ", ".join(extension.tags) or "all"),
                    ("owner", extension.owner), ("comment", extension.comment or "")]
        case Publication():
            return [("owner", extension.owner),
                    ("publishes", _published(extension)),
                    ("operations", ", ".join(extension.operations)),
                    ("via root", "yes" if extension.is_via_root else "no")]
        case Subscription():
            return [("owner", extension.owner), ("state", "enabled" if extension.is_enabled else "disabled"),
                    ("slot", extension.slot or "none"), ("publications", ", ".join(extension.publications))]
        case Graph():
            return [("vertex labels", fmt.count(extension.vertex_labels)),
                    ("edge labels", fmt.count(extension.edge_labels))]
        case Member():
            return [("kind", extension.kind), ("schema", extension.schema or ""), ("extension", extension.extension)]
        case Service():
            return [("description", extension.description), ("schemas", ", ".join(extension.schemas)),
                    ("depends on", ", ".join(extension.depends_on)), ("extensions", ", ".join(extension.extensions)),
                    ("framework", extension.framework or "")]
        case _:
            return []


def routine_summary(detail: FunctionDetail) -> Line:
    routine = detail.routine
    return object_summary(f"{routine.schema}.{routine.name}({routine.identity_arguments})", routine.kind.value,
                          f"returns {routine.result}" if routine.result else "", routine.language,
                          f"owner {routine.owner}")


def kind_summary(kind: Kind, schema: str | None, count: int | None, shown: int) -> Line:
    """A list of one kind: how many there are, and how many of them are shown."""
    where = f"of {schema}" if schema is not None else "of the cluster" if kind is Kind.ROLE else "of this database"
    if count is None or count <= shown:
        return line((f"{kind.plural} {where}", "strong"), f"  {fmt.count(shown)}")
    return line((f"{kind.plural} {where}", "strong"), f"  {fmt.count(count)}, the first {fmt.count(shown)} shown")
