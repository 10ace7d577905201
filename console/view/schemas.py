"""What is said of the tree's own nodes: services, schemas, lists, and objects that a list says all about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from console.catalog.records import (
    TRIGGER_STATES,
    EventTrigger,
    Extension,
    Found,
    FunctionDetail,
    Graph,
    Kind,
    Member,
    Publication,
    Relation,
    Role,
    Routine,
    Schema,
    Subscription,
    Type,
)
from console.services import Service
from console.view import format as fmt
from console.view.catalog_facts import fact_table
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
    return f"{fmt.plural(len(schemas), 'schema')} · {fmt.plural(sum(one.tables for one in schemas), 'table')}"


def schemas_table(schemas: Sequence[Schema], empty: str = "") -> Table:
    """Schemas with what they hold."""
    layout = (Column("name", "schema", fixed=True, minimum=12), Column("tables", "tables", "right"),
              Column("views", "views", "right", priority=1), Column("functions", "functions", "right", priority=2),
              Column("types", "types", "right", priority=3), Column("owner", "owner", priority=1),
              Column("comment", "comment", flexible=True, minimum=12, maximum=200, priority=2))
    rows = []
    for one in schemas:
        numbers = (one.tables, one.views + one.materialized_views, one.functions + one.procedures, one.types)
        rows.append(Row(str(one.oid), (
            Cell(one.name), *(Cell(fmt.count(number), order=number) for number in numbers), Cell(one.owner, "dim"),
            Cell(one.comment or "", "dim")), record=one))
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
    for number, one in enumerate(records):
        kind = f"{one.kind}:" if isinstance(one, Member | Found) else ""
        name, about = one.name, _about(one)
        if isinstance(one, Found) and one.arguments is not None:
            name = f"{one.name}({one.arguments})"
        rows.append(Row(f"{kind}{one.oid}", (Cell(name, order=number), Cell(about, "dim")), record=one))
    return Table(layout, tuple(rows), f"no {what}")


def _about(one: Any) -> str:
    match one:
        case Routine():
            return f"({one.arguments}) → {one.result or 'nothing'} · {one.language}"
        case Type():
            return one.sort
        case Extension():
            newer = f", {one.available_version} available" if one.is_outdated else ""
            return f"{one.version}{newer} · {one.comment or ''}".rstrip(" ·")
        case Role():
            words = ["superuser"] * one.is_superuser + ["logs in" if one.can_login else "cannot log in"]
            return ", ".join([*words, *(f"member of {name}" for name in one.member_of)])
        case EventTrigger():
            return f"{one.event} → {one.function}"
        case Member() | Found():
            return one.kind
        case Relation():
            return one.bound or ""
        case Publication():
            return "all tables" if one.is_for_all_tables else fmt.plural(one.tables, "table")
        case Subscription():
            return "enabled" if one.is_enabled else "disabled"
        case Graph():
            return f"{fmt.plural(one.vertex_labels, 'vertex label')}, {fmt.plural(one.edge_labels, 'edge label')}"
        case _:
            return ""


def facts_of(one: Any) -> Table:
    """What a list's record says of an object that has no detail of its own."""
    return fact_table(_facts_of(one))


def _facts_of(one: Any) -> Facts:
    match one:
        case Extension():
            return [("version", one.version), ("available", one.available_version or ""), ("schema", one.schema),
                    ("owner", one.owner), ("relocatable", "yes" if one.is_relocatable else "no"),
                    ("objects", fmt.count(one.members)), ("comment", one.comment or "")]
        case EventTrigger():
            return [("event", one.event), ("function", one.function),
                    ("state", TRIGGER_STATES.get(one.state, one.state)), ("tags", ", ".join(one.tags) or "all"),
                    ("owner", one.owner), ("comment", one.comment or "")]
        case Publication():
            return [("owner", one.owner), ("tables", "all" if one.is_for_all_tables else fmt.count(one.tables)),
                    ("operations", ", ".join(one.operations)), ("via root", "yes" if one.is_via_root else "no")]
        case Subscription():
            return [("owner", one.owner), ("state", "enabled" if one.is_enabled else "disabled"),
                    ("slot", one.slot or "none"), ("publications", ", ".join(one.publications))]
        case Graph():
            return [("vertex labels", fmt.count(one.vertex_labels)), ("edge labels", fmt.count(one.edge_labels))]
        case Member():
            return [("kind", one.kind), ("schema", one.schema or ""), ("extension", one.extension)]
        case Service():
            return [("description", one.description), ("schemas", ", ".join(one.schemas)),
                    ("depends on", ", ".join(one.depends_on)), ("extensions", ", ".join(one.extensions)),
                    ("framework", one.framework or "")]
        case _:
            return []


def routine_summary(detail: FunctionDetail) -> Line:
    one = detail.routine
    return object_summary(f"{one.schema}.{one.name}({one.identity_arguments})", one.kind.value,
                          f"returns {one.result}" if one.result else "", one.language, f"owner {one.owner}")


def kind_summary(kind: Kind, schema: str | None, count: int | None, shown: int) -> Line:
    """A list of one kind: how many there are, and how many of them are shown."""
    where = f"of {schema}" if schema is not None else "of the cluster" if kind is Kind.ROLE else "of this database"
    if count is None or count <= shown:
        return line((f"{kind.plural} {where}", "strong"), f"  {fmt.count(shown)}")
    return line((f"{kind.plural} {where}", "strong"), f"  {fmt.count(count)}, the first {fmt.count(shown)} shown")
