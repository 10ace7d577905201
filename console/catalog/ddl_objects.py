"""The DDL of schemas, sequences, routines, types, extensions, roles and event triggers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog.ddl_parts import Phase, Statement, access, comment
from console.catalog.records import (
    Aggregate,
    Column,
    EventTrigger,
    Extension,
    FullType,
    FunctionDetail,
    Kind,
    Privilege,
    Role,
    RoutineDetail,
    Schema,
)
from console.catalog.records import Sequence as SequenceRecord
from console.server.identifiers import identifier, literal

_ROUTINES = {Kind.FUNCTION: "FUNCTION", Kind.PROCEDURE: "PROCEDURE", Kind.AGGREGATE: "AGGREGATE"}
_MODIFY = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_STATES = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def schema_statements(schema: Schema, privileges: Sequence[Privilege]) -> list[Statement]:
    name = identifier(schema.name)
    return [Statement(Phase.SCHEMA, f"CREATE SCHEMA {name} AUTHORIZATION {identifier(schema.owner)}"),
            *access(f"SCHEMA {name}", "", schema.owner, privileges), *comment(f"SCHEMA {name}", schema.comment)]


def sequence_statements(sequence: SequenceRecord, privileges: Sequence[Privilege]) -> list[Statement]:
    """A sequence and the column that it belongs to; an identity's is made by its table."""
    name = identifier(sequence.schema, sequence.name)
    unlogged = "UNLOGGED " if sequence.persistence == "u" else ""
    options = "\n    ".join([f"AS {sequence.type}", *sequence_options(sequence)])
    statements = [Statement(Phase.CREATE, f"CREATE {unlogged}SEQUENCE {name}\n    {options}")]
    statements += access(f"SEQUENCE {name}", f"SEQUENCE {name}", sequence.owner, privileges)
    if sequence.table is not None:
        column = identifier(sequence.table_schema or "", sequence.table, sequence.column or "")
        # After the owners: a sequence and its table must have the same.
        statements.append(Statement(Phase.COMMENT, f"ALTER SEQUENCE {name} OWNED BY {column}"))
    return statements + comment(f"SEQUENCE {name}", sequence.comment)


def sequence_options(sequence: SequenceRecord) -> list[str]:
    return [f"START WITH {sequence.start}", f"INCREMENT BY {sequence.increment}", f"MINVALUE {sequence.minimum}",
            f"MAXVALUE {sequence.maximum}", f"CACHE {sequence.cache}", *(["CYCLE"] if sequence.cycles else [])]


def routine_statements(detail: FunctionDetail) -> list[Statement]:
    """A function, procedure or aggregate."""
    one = detail.routine
    at = f"{_ROUTINES[one.kind]} {identifier(one.schema, one.name)}({one.identity_arguments})"
    text = _aggregate(one, detail.aggregate) if detail.aggregate else (one.definition or "").rstrip()
    # GRANT knows aggregates as functions, and functions by their input alone.
    granted = at.replace("AGGREGATE ", "FUNCTION ", 1) if "ORDER BY" not in one.identity_arguments else ""
    statements = [Statement(Phase.CREATE, text)]
    statements += access(granted, at, one.owner, detail.privileges if granted else None)
    return statements + comment(at, one.comment)


def _aggregate(one: RoutineDetail, aggregate: Aggregate) -> str:
    a = aggregate
    parts = [f"SFUNC = {a.transition_function}", f"STYPE = {a.transition_type}"]
    optional: list[tuple[str, str | int | None]] = [
        ("SSPACE", a.transition_bytes), ("FINALFUNC", a.final_function), ("COMBINEFUNC", a.combine_function),
        ("SERIALFUNC", a.serial_function), ("DESERIALFUNC", a.deserial_function),
        ("MSFUNC", a.moving_transition_function), ("MINVFUNC", a.moving_inverse_function),
        ("MSTYPE", a.moving_transition_type), ("MSSPACE", a.moving_transition_bytes),
        ("MFINALFUNC", a.moving_final_function)]
    parts += [f"{name} = {value}" for name, value in optional if value is not None]
    parts += ["FINALFUNC_EXTRA"] if a.final_extra else []
    parts += ["MFINALFUNC_EXTRA"] if a.moving_final_extra else []
    parts += [f"FINALFUNC_MODIFY = {_MODIFY[a.final_modify]}"] if a.final_function else []
    parts += [f"MFINALFUNC_MODIFY = {_MODIFY[a.moving_final_modify]}"] if a.moving_final_function else []
    parts += [f"INITCOND = {literal(a.initial_value)}"] if a.initial_value is not None else []
    parts += [f"MINITCOND = {literal(a.moving_initial_value)}"] if a.moving_initial_value is not None else []
    if a.sort_operator:
        parts.append(f"SORTOP = OPERATOR({identifier(a.sort_operator_schema or 'pg_catalog')}.{a.sort_operator})")
    parts += [f"PARALLEL = {one.parallel.upper()}"] if one.parallel != "unsafe" else []
    parts += ["HYPOTHETICAL"] if a.aggkind == "h" else []
    body = ",\n    ".join(parts)
    return f"CREATE AGGREGATE {identifier(one.schema, one.name)}({one.arguments or '*'}) (\n    {body}\n)"


def type_statements(detail: FullType) -> list[Statement]:
    """An enum, composite, domain or range. A base type is made in C: only a comment says so."""
    one = detail.type
    name = identifier(one.schema, one.name)
    word = "DOMAIN" if one.typtype == "d" else "TYPE"
    match one.typtype:
        case "e":
            text = f"CREATE TYPE {name} AS ENUM (\n    " + ",\n    ".join(map(literal, one.labels)) + "\n)"
        case "c":
            lines = ",\n    ".join(_attribute(column) for column in detail.attributes)
            text = f"CREATE TYPE {name} AS (\n    {lines}\n)"
        case "d":
            text = _domain(detail, name)
        case "r":
            text = _range(detail, name)
        case _:
            return [Statement(Phase.CREATE, f"-- {name} is a base type, which functions in C make")]
    statements = [Statement(Phase.CREATE, text)]
    statements += access(f"{word} {name}", f"{word} {name}", one.owner, detail.privileges)
    statements += comment(f"{word} {name}", one.comment)
    for column in detail.attributes:
        statements += comment(f"COLUMN {name}.{identifier(column.name)}", column.comment)
    for check, words in zip(one.check_names, one.check_comments, strict=True):
        statements += comment(f"CONSTRAINT {identifier(check)} ON DOMAIN {name}", words)
    return statements


def _attribute(column: Column) -> str:
    collation = f" COLLATE {column.collation}" if column.collation else ""
    return f"{identifier(column.name)} {column.type}{collation}"


def _domain(detail: FullType, name: str) -> str:
    one = detail.type
    lines = [f"CREATE DOMAIN {name} AS {one.base_type}"]
    lines += [f"COLLATE {one.collation}"] if one.collation else []
    lines += [f"DEFAULT {one.default}"] if one.default is not None else []
    if one.is_not_null:
        lines.append(f"CONSTRAINT {identifier(one.not_null_name)} NOT NULL" if one.not_null_name else "NOT NULL")
    checks = zip(one.check_names, one.checks, strict=True)
    # A check that isn't validated can only be added afterwards.
    lines += [f"CONSTRAINT {identifier(check)} {text}" for check, text in checks if not text.endswith(" NOT VALID")]
    return "\n    ".join(lines)


def _range(detail: FullType, name: str) -> str:
    one = detail.type
    parts = [f"SUBTYPE = {one.subtype}"]
    optional = [("SUBTYPE_OPCLASS", one.subtype_opclass), ("COLLATION", one.subtype_collation),
                ("CANONICAL", one.canonical_function), ("SUBTYPE_DIFF", one.difference_function)]
    parts += [f"{word} = {value}" for word, value in optional if value]
    parts += [f"MULTIRANGE_TYPE_NAME = {identifier(one.schema, one.multirange)}"] if one.multirange else []
    return f"CREATE TYPE {name} AS RANGE (\n    " + ",\n    ".join(parts) + "\n)"


def extension_statements(one: Extension) -> list[Statement]:
    schema = f" SCHEMA {identifier(one.schema)}" if one.schema != "pg_catalog" else ""
    text = f"CREATE EXTENSION IF NOT EXISTS {identifier(one.name)}{schema} VERSION {literal(one.version)}"
    return [Statement(Phase.EXTENSION, text)]


def role_statements(one: Role) -> list[Statement]:
    """CREATE ROLE without the password, which nobody can read."""
    flags = {"LOGIN": one.can_login, "SUPERUSER": one.is_superuser, "INHERIT": one.inherits,
             "CREATEROLE": one.can_create_roles, "CREATEDB": one.can_create_databases,
             "REPLICATION": one.can_replicate, "BYPASSRLS": one.bypasses_policies}
    words = [word if value else f"NO{word}" for word, value in flags.items()]
    words += [f"CONNECTION LIMIT {one.connection_limit}"] if one.connection_limit is not None else []
    words += [f"VALID UNTIL {literal(one.valid_until)}"] if one.valid_until else []
    name = identifier(one.name)
    statements = [Statement(Phase.CREATE, f"CREATE ROLE {name} " + " ".join(words))]
    for membership in one.member_of:
        group = membership.removesuffix(" (admin)")
        admin = " WITH ADMIN OPTION" if group != membership else ""
        statements.append(Statement(Phase.ACCESS, f"GRANT {identifier(group)} TO {name}{admin}"))
    return statements + comment(f"ROLE {name}", one.comment)


def event_trigger_statements(one: EventTrigger) -> list[Statement]:
    name = identifier(one.name)
    tags = f"\n    WHEN TAG IN ({', '.join(map(literal, one.tags))})" if one.tags else ""
    text = f"CREATE EVENT TRIGGER {name} ON {one.event}{tags}\n    EXECUTE FUNCTION {one.function}"
    statements = [Statement(Phase.ATTACHED, text)]
    if one.state in _STATES:
        statements.append(Statement(Phase.ATTACHED, f"ALTER EVENT TRIGGER {name} {_STATES[one.state]}"))
    statements += access("", f"EVENT TRIGGER {name}", one.owner, None)
    return statements + comment(f"EVENT TRIGGER {name}", one.comment)
