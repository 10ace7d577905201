"""The DDL of schemas, sequences, routines, types, extensions, roles and event triggers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog.ddl_parts import DdlStatement, Phase, access, comment
from console.catalog.records import (
    Aggregate,
    EventTrigger,
    FullType,
    FunctionDetail,
    InstalledExtension,
    Kind,
    Privilege,
    RelationColumn,
    Role,
    RoutineDetail,
    Schema,
)
from console.catalog.records import Sequence as SequenceRecord
from console.sql.quoting import identifier, literal

_ROUTINES = {Kind.FUNCTION: "FUNCTION", Kind.PROCEDURE: "PROCEDURE", Kind.AGGREGATE: "AGGREGATE"}
_MODIFY = {"r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"}
_STATES = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def schema_statements(schema: Schema, privileges: Sequence[Privilege]) -> list[DdlStatement]:
    name = identifier(schema.name)
    return [DdlStatement(Phase.SCHEMA, f"CREATE SCHEMA {name} AUTHORIZATION {identifier(schema.owner)}"),
            *access(f"SCHEMA {name}", "", schema.owner, privileges), *comment(f"SCHEMA {name}", schema.comment)]


def sequence_statements(sequence: SequenceRecord, privileges: Sequence[Privilege]) -> list[DdlStatement]:
    """A sequence and the column that it belongs to; an identity's is made by its table."""
    name = identifier(sequence.schema, sequence.name)
    unlogged = "UNLOGGED " if sequence.persistence == "u" else ""
    options = "\n    ".join([f"AS {sequence.type}", *sequence_options(sequence)])
    statements = [DdlStatement(Phase.CREATE, f"CREATE {unlogged}SEQUENCE {name}\n    {options}")]
    statements += access(f"SEQUENCE {name}", f"SEQUENCE {name}", sequence.owner, privileges)
    if sequence.table is not None:
        column = identifier(sequence.table_schema or "", sequence.table, sequence.column or "")
        # After the owners: a sequence and its table must have the same.
        statements.append(DdlStatement(Phase.COMMENT, f"ALTER SEQUENCE {name} OWNED BY {column}"))
    return statements + comment(f"SEQUENCE {name}", sequence.comment)


def sequence_options(sequence: SequenceRecord) -> list[str]:
    return [f"START WITH {sequence.start}", f"INCREMENT BY {sequence.increment}", f"MINVALUE {sequence.minimum}",
            f"MAXVALUE {sequence.maximum}", f"CACHE {sequence.cache}", *(["CYCLE"] if sequence.cycles else [])]


def routine_statements(detail: FunctionDetail) -> list[DdlStatement]:
    """A function, procedure or aggregate."""
    routine = detail.routine
    at = f"{_ROUTINES[routine.kind]} {identifier(routine.schema, routine.name)}({routine.identity_arguments})"
    text = _aggregate(routine, detail.aggregate) if detail.aggregate else (routine.definition or "").rstrip()
    # GRANT knows aggregates as functions, and functions by their input alone.
    granted = at.replace("AGGREGATE ", "FUNCTION ", 1) if "ORDER BY" not in routine.identity_arguments else ""
    statements = [DdlStatement(Phase.CREATE, text)]
    statements += access(granted, at, routine.owner, detail.privileges if granted else None)
    return statements + comment(at, routine.comment)


def _aggregate(routine: RoutineDetail, aggregate: Aggregate) -> str:
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
    parts += [f"PARALLEL = {routine.parallel.upper()}"] if routine.parallel != "unsafe" else []
    parts += ["HYPOTHETICAL"] if a.aggkind == "h" else []
    body = ",\n    ".join(parts)
    return f"CREATE AGGREGATE {identifier(routine.schema, routine.name)}({routine.arguments or '*'}) (\n    {body}\n)"


def type_statements(detail: FullType) -> list[DdlStatement]:
    """An enum, composite, domain or range. A base type is made in C: only a comment says so."""
    type_ = detail.type
    name = identifier(type_.schema, type_.name)
    word = "DOMAIN" if type_.typtype == "d" else "TYPE"
    match type_.typtype:
        case "e":
            text = f"CREATE TYPE {name} AS ENUM (\n    " + ",\n    ".join(map(literal, type_.labels)) + "\n)"
        case "c":
            lines = ",\n    ".join(_attribute(column) for column in detail.attributes)
            text = f"CREATE TYPE {name} AS (\n    {lines}\n)"
        case "d":
            text = _domain(detail, name)
        case "r":
            text = _range(detail, name)
        case _:
            return [DdlStatement(Phase.CREATE, f"-- {name} is a base type, which functions in C make")]
    statements = [DdlStatement(Phase.CREATE, text)]
    statements += access(f"{word} {name}", f"{word} {name}", type_.owner, detail.privileges)
    statements += comment(f"{word} {name}", type_.comment)
    for column in detail.attributes:
        statements += comment(f"COLUMN {name}.{identifier(column.name)}", column.comment)
    for check, words in zip(type_.check_names, type_.check_comments, strict=True):
        statements += comment(f"CONSTRAINT {identifier(check)} ON DOMAIN {name}", words)
    return statements


def _attribute(column: RelationColumn) -> str:
    collation = f" COLLATE {column.collation}" if column.collation else ""
    return f"{identifier(column.name)} {column.type}{collation}"


def _domain(detail: FullType, name: str) -> str:
    type_ = detail.type
    lines = [f"CREATE DOMAIN {name} AS {type_.base_type}"]
    lines += [f"COLLATE {type_.collation}"] if type_.collation else []
    lines += [f"DEFAULT {type_.default}"] if type_.default is not None else []
    if type_.is_not_null:
        lines.append(f"CONSTRAINT {identifier(type_.not_null_name)} NOT NULL" if type_.not_null_name else "NOT NULL")
    checks = zip(type_.check_names, type_.checks, strict=True)
    # A check that isn't validated can only be added afterwards.
    lines += [f"CONSTRAINT {identifier(check)} {text}" for check, text in checks if not text.endswith(" NOT VALID")]
    return "\n    ".join(lines)


def _range(detail: FullType, name: str) -> str:
    type_ = detail.type
    parts = [f"SUBTYPE = {type_.subtype}"]
    optional = [("SUBTYPE_OPCLASS", type_.subtype_opclass), ("COLLATION", type_.subtype_collation),
                ("CANONICAL", type_.canonical_function), ("SUBTYPE_DIFF", type_.difference_function)]
    parts += [f"{word} = {value}" for word, value in optional if value]
    parts += [f"MULTIRANGE_TYPE_NAME = {identifier(type_.schema, type_.multirange)}"] if type_.multirange else []
    return f"CREATE TYPE {name} AS RANGE (\n    " + ",\n    ".join(parts) + "\n)"


def extension_statements(extension: InstalledExtension) -> list[DdlStatement]:
    schema = f" SCHEMA {identifier(extension.schema)}" if extension.schema != "pg_catalog" else ""
    text = f"CREATE EXTENSION IF NOT EXISTS {identifier(extension.name)}{schema} VERSION {literal(extension.version)}"
    return [DdlStatement(Phase.EXTENSION, text)]


def role_statements(role: Role) -> list[DdlStatement]:
    """CREATE ROLE without the password, which nobody can read."""
    flags = {"LOGIN": role.can_login, "SUPERUSER": role.is_superuser, "INHERIT": role.inherits,
             "CREATEROLE": role.can_create_roles, "CREATEDB": role.can_create_databases,
             "REPLICATION": role.can_replicate, "BYPASSRLS": role.bypasses_policies}
    words = [word if value else f"NO{word}" for word, value in flags.items()]
    words += [f"CONNECTION LIMIT {role.connection_limit}"] if role.connection_limit is not None else []
    words += [f"VALID UNTIL {literal(role.valid_until)}"] if role.valid_until else []
    name = identifier(role.name)
    statements = [DdlStatement(Phase.CREATE, f"CREATE ROLE {name} " + " ".join(words))]
    for membership in role.member_of:
        group = membership.removesuffix(" (admin)")
        admin = " WITH ADMIN OPTION" if group != membership else ""
        statements.append(DdlStatement(Phase.ACCESS, f"GRANT {identifier(group)} TO {name}{admin}"))
    return statements + comment(f"ROLE {name}", role.comment)


def event_trigger_statements(trigger: EventTrigger) -> list[DdlStatement]:
    name = identifier(trigger.name)
    tags = f"\n    WHEN TAG IN ({', '.join(map(literal, trigger.tags))})" if trigger.tags else ""
    text = f"CREATE EVENT TRIGGER {name} ON {trigger.event}{tags}\n    EXECUTE FUNCTION {trigger.function}"
    statements = [DdlStatement(Phase.ATTACHED, text)]
    if trigger.state in _STATES:
        statements.append(DdlStatement(Phase.ATTACHED, f"ALTER EVENT TRIGGER {name} {_STATES[trigger.state]}"))
    statements += access("", f"EVENT TRIGGER {name}", trigger.owner, None)
    return statements + comment(f"EVENT TRIGGER {name}", trigger.comment)
