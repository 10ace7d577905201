"""The DDL of schemas, sequences, routines, types, extensions, roles and event triggers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from console.catalog.ddl_parts import DdlStatement, Phase, Split, access, comment, needs_extensions, setting
from console.catalog.records import (
    Aggregate,
    Definition,
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
    TypeDetail,
)
from console.catalog.records import Sequence as SequenceRecord
from console.redaction import masked
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
    name = identifier(routine.schema, routine.name)
    arguments = routine.identity_arguments or ("*" if detail.aggregate else "")
    at = f"{_ROUTINES[routine.kind]} {name}({arguments})"
    text = _aggregate(routine, detail.aggregate) if detail.aggregate else (routine.definition or "").rstrip()
    # GRANT knows aggregates as functions, by the types of what goes in.
    granted = f"FUNCTION {name}({routine.argument_types})" if detail.aggregate else at
    statements = [DdlStatement(Phase.CREATE, text)]
    statements += access(granted, at, routine.owner, detail.privileges)
    return statements + comment(at, routine.comment) + needs_extensions(at, routine.needed_extensions)


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
    """A type of any sort; of a shell type only that there is one, of a base type that too, as its functions need it."""
    type_ = detail.type
    name = identifier(type_.schema, type_.name)
    shell = DdlStatement(Phase.CREATE, f"CREATE TYPE {name}")
    match type_.typtype:
        case "e":
            made = [_type(name, "AS ENUM ", map(literal, type_.labels))]
        case "c":
            made = [_type(name, "AS ", map(_attribute, detail.attributes))]
        case "d":
            made = [DdlStatement(Phase.CREATE, _domain(detail, name)), *_late_checks(type_, name, " NOT VALID")]
        case "r":
            made = [_type(name, "AS RANGE ", _range(type_))]
        case "b":
            made = [shell, _type(name, "", type_.base_parts)]
        case _:
            made = [shell]
    return made + _about_type(detail, name)


def type_split(detail: FullType) -> Split | None:
    """A type in two steps: the name, which its own functions need, then what those make of it."""
    type_ = detail.type
    name = identifier(type_.schema, type_.name)
    shell = DdlStatement(Phase.CREATE, f"CREATE TYPE {name}")
    match type_.typtype:
        case "r":
            rest = [_type(name, "AS RANGE ", _range(type_))]
        case "b":
            rest = [_type(name, "", type_.base_parts)]
        case "d":
            shell = DdlStatement(Phase.CREATE, _domain(detail, name, bare=True))
            rest = _late_checks(type_, name)
            if type_.default is not None:
                rest.append(DdlStatement(Phase.CREATE, f"ALTER DOMAIN {name} SET DEFAULT {type_.default}"))
        case _:
            return None
    return Split((shell,), (*rest, *_about_type(detail, name)))


def _type(name: str, sort: str, parts: Iterable[str]) -> DdlStatement:
    body = ",\n    ".join(parts)
    return DdlStatement(Phase.CREATE, f"CREATE TYPE {name} {sort}(\n    {body}\n)" if body else
                        f"CREATE TYPE {name} {sort}()")


def _late_checks(type_: TypeDetail, name: str, ending: str = "") -> list[DdlStatement]:
    """The domain's checks that end so, each by itself: one that isn't valid can't stand in CREATE DOMAIN."""
    return [DdlStatement(Phase.CREATE, f"ALTER DOMAIN {name} ADD CONSTRAINT {identifier(check)} {text}")
            for check, text in zip(type_.check_names, type_.checks, strict=True) if text.endswith(ending)]


def _about_type(detail: FullType, name: str) -> list[DdlStatement]:
    """Owner, grants and comments."""
    type_ = detail.type
    if type_.typtype == "p":
        return access("", f"TYPE {name}", type_.owner, None)
    word = "DOMAIN" if type_.typtype == "d" else "TYPE"
    statements = access(f"{word} {name}", f"{word} {name}", type_.owner, detail.privileges)
    statements += comment(f"{word} {name}", type_.comment)
    for column in detail.attributes:
        statements += comment(f"COLUMN {name}.{identifier(column.name)}", column.comment)
    for check, words in zip(type_.check_names, type_.check_comments, strict=True):
        statements += comment(f"CONSTRAINT {identifier(check)} ON DOMAIN {name}", words)
    return statements


def _attribute(column: RelationColumn) -> str:
    collation = f" COLLATE {column.collation}" if column.collation else ""
    return f"{identifier(column.name)} {column.type}{collation}"


def _domain(detail: FullType, name: str, *, bare: bool = False) -> str:
    """CREATE DOMAIN; a bare one has neither checks nor default."""
    type_ = detail.type
    lines = [f"CREATE DOMAIN {name} AS {type_.base_type}"]
    lines += [f"COLLATE {type_.collation}"] if type_.collation else []
    lines += [f"DEFAULT {type_.default}"] if type_.default is not None and not bare else []
    if type_.is_not_null:
        lines.append(f"CONSTRAINT {identifier(type_.not_null_name)} NOT NULL" if type_.not_null_name else "NOT NULL")
    checks = [] if bare else zip(type_.check_names, type_.checks, strict=True)
    lines += [f"CONSTRAINT {identifier(check)} {text}" for check, text in checks if not text.endswith(" NOT VALID")]
    return "\n    ".join(lines)


def _range(type_: TypeDetail) -> list[str]:
    parts = [f"SUBTYPE = {type_.subtype}"]
    optional = [("SUBTYPE_OPCLASS", type_.subtype_opclass), ("COLLATION", type_.subtype_collation),
                ("CANONICAL", type_.canonical_function), ("SUBTYPE_DIFF", type_.difference_function)]
    parts += [f"{word} = {value}" for word, value in optional if value]
    parts += [f"MULTIRANGE_TYPE_NAME = {identifier(type_.schema, type_.multirange)}"] if type_.multirange else []
    return parts


def extension_statements(extension: InstalledExtension) -> list[DdlStatement]:
    schema = f" SCHEMA {identifier(extension.schema)}" if extension.schema != "pg_catalog" else ""
    text = f"CREATE EXTENSION IF NOT EXISTS {identifier(extension.name)}{schema} VERSION {literal(extension.version)}"
    changed = f"COMMENT ON EXTENSION {identifier(extension.name)} IS "
    changed += "NULL" if extension.comment is None else literal(extension.comment)
    return [DdlStatement(Phase.EXTENSION, text),
            *([DdlStatement(Phase.COMMENT, changed)] if extension.has_own_comment else [])]


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
    statements += [DdlStatement(Phase.ACCESS, grant) for grant in role.memberships]
    statements += [setting(f"ROLE {name}", found) for found in role.settings]
    statements += [setting(f"ROLE {name} IN DATABASE {identifier(database)}", found)
                   for database, found in role.database_settings]
    return statements + comment(f"ROLE {name}", role.comment)


_LATE = {"DEFAULT PRIVILEGES": Phase.LAST, "PRIVILEGES": Phase.ACCESS, "SECURITY LABEL": Phase.COMMENT,
         "PUBLICATION": Phase.LAST, "SUBSCRIPTION": Phase.LAST}
_MAY_HOLD_SECRETS = frozenset({"FOREIGN DATA WRAPPER", "SERVER", "USER MAPPING", "SUBSCRIPTION"})


def definition_statements(definition: Definition, privileges: Sequence[Privilege]) -> list[DdlStatement]:
    """What the tree has no record of: its own statements, owner, grants and comment; *** for each secret in it."""
    phase = _LATE.get(definition.kind, Phase.CREATE)
    at = f"{definition.kind} {definition.name}"
    hide = masked if definition.kind in _MAY_HOLD_SECRETS else str
    statements = [DdlStatement(phase, hide(text)) for text in definition.statements]
    owner = access(f"{definition.grant_clause} {definition.name}", at, definition.owner,
                   privileges) if definition.owner else []
    about = [*owner, *comment(at, definition.comment)]
    return statements + [replace(statement, phase=max(phase, statement.phase)) for statement in about]


def event_trigger_statements(trigger: EventTrigger) -> list[DdlStatement]:
    name = identifier(trigger.name)
    tags = f"\n    WHEN TAG IN ({', '.join(map(literal, trigger.tags))})" if trigger.tags else ""
    text = f"CREATE EVENT TRIGGER {name} ON {trigger.event}{tags}\n    EXECUTE FUNCTION {trigger.function}"
    statements = [DdlStatement(Phase.LAST, text)]
    if trigger.state in _STATES:
        statements.append(DdlStatement(Phase.LAST, f"ALTER EVENT TRIGGER {name} {_STATES[trigger.state]}"))
    about = [*access("", f"EVENT TRIGGER {name}", trigger.owner, None),
             *comment(f"EVENT TRIGGER {name}", trigger.comment)]
    return statements + [replace(statement, phase=Phase.LAST) for statement in about]
