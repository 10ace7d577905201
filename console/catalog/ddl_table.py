"""The DDL of tables, foreign tables and partitions, and what views share with them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from console.catalog.ddl_objects import sequence_options, sequence_statements
from console.catalog.ddl_parts import (
    DdlStatement,
    Phase,
    Split,
    access,
    comment,
    foreign_options,
    needs_extensions,
    option_list,
)
from console.catalog.records import Constraint, Privilege, RelationColumn, RelationDetail, Trigger
from console.catalog.records import Sequence as SequenceRecord
from console.sql.quoting import identifier

_FIRING = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}
_INLINE = {"p": 0, "u": 1, "x": 2, "c": 3}
_ALTERED = {"r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW"}

OwnedPrivileges = Mapping[int, Sequence[Privilege]]
"""The privileges on the sequences that belong to a table, by the sequence's OID."""


def table_statements(detail: RelationDetail, owned: OwnedPrivileges) -> list[DdlStatement]:
    """A table with all that is its own: sequences, constraints, indexes, triggers, policies, grants, comments."""
    name = identifier(detail.header.schema, detail.header.name)
    return [*_sequences(detail, owned), DdlStatement(Phase.CREATE, create_table(detail)),
            *_column_settings(detail, name), *_beside_table(detail, owned)]


def table_split(detail: RelationDetail, owned: OwnedPrivileges) -> Split:
    """A table in two steps: its columns, then the defaults and constraints, which may need functions that need it."""
    name = identifier(detail.header.schema, detail.header.name)
    alter = f"ALTER {'FOREIGN ' if detail.header.relkind == 'f' else ''}TABLE"
    rest = [DdlStatement(Phase.CREATE,
                         f"{alter} ONLY {name} ALTER COLUMN {identifier(column.name)} SET DEFAULT {column.default}")
            for column in detail.columns or ()
            if column.default is not None and not column.generated and _is_written(column, detail)]
    rest += [DdlStatement(Phase.CREATE,
                          f"{alter} {name} ADD CONSTRAINT {identifier(constraint.name)} {constraint.definition}")
             for constraint in _inline(detail) if constraint.contype != "p"]
    return Split((*_sequences(detail, owned), DdlStatement(Phase.CREATE, create_table(detail, bare=True))),
                 (*rest, *_column_settings(detail, name), *_beside_table(detail, owned)))


def _sequences(detail: RelationDetail, owned: OwnedPrivileges) -> list[DdlStatement]:
    """The sequences that belong to the table's columns; those of identity columns are made with those."""
    return [statement for sequence in detail.sequences or () if not sequence.is_identity
            for statement in sequence_statements(sequence, owned.get(sequence.oid, ()))]


def _beside_table(detail: RelationDetail, owned: OwnedPrivileges) -> list[DdlStatement]:
    """What follows once the table is there: constraints, its place among partitions, indexes and the rest."""
    name = identifier(detail.header.schema, detail.header.name)
    statements: list[DdlStatement] = []
    if detail.header.has_own_order:
        statements += [DdlStatement(Phase.CREATE, f"ALTER TABLE {name} INHERIT {identifier(*parent)}")
                       for parent in detail.header.parents]
    statements += _late_constraints(detail, name)
    if detail.header.is_partition:
        parent = identifier(*detail.header.parents[0])
        statements.append(DdlStatement(
            Phase.ATTACH, f"ALTER TABLE {parent} ATTACH PARTITION {name} {detail.header.bound}"))
    for sequence in detail.sequences or ():
        if sequence.is_identity:
            at = f"SEQUENCE {identifier(sequence.schema, sequence.name)}"
            if sequence.persistence != detail.header.persistence:  # a new one has the table's
                word = "UNLOGGED" if sequence.persistence == "u" else "LOGGED"
                statements.append(DdlStatement(Phase.CREATE, f"ALTER {at} SET {word}"))
            statements += access(at, "", sequence.owner, owned.get(sequence.oid, ()))
            statements += comment(at, sequence.comment)
    return statements + relation_statements(detail)


def relation_statements(detail: RelationDetail) -> list[DdlStatement]:
    """What a table and a view have beside their definition."""
    header = detail.header
    name = identifier(header.schema, header.name)
    word = _ALTERED[header.relkind]
    statements = _indexes(detail)
    statements += _replica_identity(detail, name)
    for extended_statistic in detail.extended_statistics or ():
        at = f"STATISTICS {identifier(extended_statistic.schema, extended_statistic.name)}"
        statements.append(DdlStatement(Phase.ATTACHED, extended_statistic.definition))
        if extended_statistic.statistics_target is not None:
            statements.append(DdlStatement(Phase.ATTACHED,
                                           f"ALTER {at} SET STATISTICS {extended_statistic.statistics_target}"))
        statements += access("", at, extended_statistic.owner, None) + comment(at, extended_statistic.comment)
    for rule in detail.rules or ():
        statements.append(DdlStatement(Phase.ATTACHED, rule.definition.rstrip(";")))
        statements += _firing(name, "RULE", rule.name, rule.state)
        statements += comment(f"RULE {identifier(rule.name)} ON {name}", rule.comment)
    for trigger in detail.triggers or ():
        statements += _trigger(name, trigger)
    statements += _policies(detail, name)
    statements += access(f"TABLE {name}", f"{word} {name}", header.owner, detail.privileges)
    statements += comment(f"{word} {name}", header.comment)
    for column in detail.columns or ():
        statements += comment(f"COLUMN {name}.{identifier(column.name)}", column.comment)
    for constraint in _own(detail.constraints):
        statements += comment(f"CONSTRAINT {identifier(constraint.name)} ON {name}", constraint.comment)
    return statements


def create_table(detail: RelationDetail, *, bare: bool = False) -> str:
    """CREATE TABLE with its columns and those constraints that can stand in it.

    A bare one has no defaults, and its primary key alone.
    """
    header = detail.header
    name = identifier(header.schema, header.name)
    is_foreign = header.relkind == "f"
    words = ["CREATE", *(["UNLOGGED"] if header.persistence == "u" else []),
             "FOREIGN TABLE" if is_foreign else "TABLE", name]
    identities = {sequence.column: sequence for sequence in detail.sequences or () if sequence.is_identity}
    not_null = {constraint.columns[0]: constraint for constraint in _own(detail.constraints)
                if constraint.contype == "n" and constraint.is_validated}
    is_child = _is_child(detail)
    lines = [_column(column, detail, identities, not_null, bare=bare) for column in detail.columns or ()
             if _is_written(column, detail)]
    if header.of_type:
        words.append(f"OF {header.of_type}")
        lines = [line for line in lines if not line.endswith(" WITH OPTIONS")]
    lines += [f"CONSTRAINT {identifier(constraint.name)} {constraint.definition}" for constraint in _inline(detail)
              if constraint.contype == "p" or not bare]
    # An inherited column's own NOT NULL, where it is a constraint, has a name of its own.
    lines += [f"CONSTRAINT {identifier(not_null[column.name].name)} NOT NULL {identifier(column.name)}"
              for column in detail.columns or () if not _is_written(column, detail)
              and column.name in not_null and not_null[column.name].is_local]
    body = "(\n    " + ",\n    ".join(lines) + "\n)" if lines else "" if header.of_type else "()"
    parts = [" ".join(words) + (f" {body}" if body else "")]
    if is_child:
        parts.append(f"INHERITS ({', '.join(identifier(*parent) for parent in header.parents)})")
    if header.partition_key:
        parts.append(f"PARTITION BY {header.partition_key}")
    if is_foreign:
        options = foreign_options(header.foreign_options)
        parts.append(f"SERVER {identifier(header.foreign_server or '')} {options}".strip())
    return "\n".join([*parts, *storage(detail)])


def storage(detail: RelationDetail) -> list[str]:
    """USING, WITH and TABLESPACE, where they say more than the default."""
    header = detail.header
    parts = [f"USING {identifier(header.access_method)}"] if header.access_method not in (None, "heap") else []
    options = [*header.options, *(f"toast.{option}" for option in header.toast_options)]
    if options:
        parts.append(f"WITH ({option_list(options)})")
    if header.tablespace:
        parts.append(f"TABLESPACE {identifier(header.tablespace)}")
    return parts


def _column(column: RelationColumn, detail: RelationDetail, identities: Mapping[str | None, SequenceRecord],
            not_null: Mapping[str, Constraint], *, bare: bool) -> str:
    name = identifier(column.name)
    words = [name, "WITH OPTIONS"] if detail.header.of_type else [name, column.type]
    if column.foreign_options:
        words.append(foreign_options(column.foreign_options))
    if column.collation:
        words.append(f"COLLATE {column.collation}")
    if column.generated and _is_child(detail) and column.default == column.inherited_default:
        pass  # comes from the parent; up to 15 nothing else may be said
    elif column.generated:
        words.append(f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}")
    elif column.identity and not detail.header.is_partition:
        words.append(f"GENERATED {column.identity.upper()} AS IDENTITY{_identity(identities.get(column.name))}")
    elif column.default is not None and not bare:
        words.append(f"DEFAULT {column.default}")
    constraint = not_null.get(column.name)
    if constraint is not None and not (constraint.is_local or not _is_child(detail)):
        pass  # comes from the parent
    elif constraint is not None:
        if constraint.name != f"{detail.header.name}_{column.name}_not_null":
            words.append(f"CONSTRAINT {identifier(constraint.name)}")
        words.append("NOT NULL NO INHERIT" if constraint.is_no_inherit else "NOT NULL")
    elif column.is_not_null and not any(constraint.contype == "n" for constraint in detail.constraints or ()):
        words.append("NOT NULL")
    return " ".join(words)


def _identity(sequence: SequenceRecord | None) -> str:
    if sequence is None:
        return ""
    words = " ".join([f"SEQUENCE NAME {identifier(sequence.schema, sequence.name)}", *sequence_options(sequence)])
    return f" ({words})"


def _column_settings(detail: RelationDetail, name: str) -> list[DdlStatement]:
    """What CREATE TABLE can't say in every version: storage, statistics targets, options, inherited defaults."""
    only = f"ALTER {'FOREIGN ' if detail.header.relkind == 'f' else ''}TABLE ONLY {name} ALTER COLUMN "
    has_constraints = any(constraint.contype == "n" for constraint in detail.constraints or ())
    changes: list[str] = []
    for column in detail.columns or ():
        at = only + identifier(column.name)
        if _is_child(detail) and not column.generated and column.default != column.inherited_default:
            if column.default is None:
                changes.append(f"{at} DROP DEFAULT")
            elif not column.is_local:
                changes.append(f"{at} SET DEFAULT {column.default}")
        if (not _is_written(column, detail) and column.is_not_null and not column.inherits_not_null
                and not has_constraints):
            changes.append(f"{at} SET NOT NULL")
        changes += [f"{at} {change}" for change in _settings(column)]
    return [DdlStatement(Phase.CREATE, change) for change in changes]


def _settings(column: RelationColumn) -> list[str]:
    """How the column is stored and its statistics are taken, where that isn't the default, or a parent's is other."""
    odd_storage = not column.is_default_storage or column.has_other_storage
    odd_compression = column.compression is not None or column.has_other_compression
    return [*([f"SET STORAGE {column.storage.upper()}"] if odd_storage else []),
            *([f"SET COMPRESSION {column.compression or 'default'}"] if odd_compression else []),
            *([f"SET STATISTICS {column.statistics_target}"] if column.statistics_target is not None else []),
            *([f"SET ({option_list(column.options)})"] if column.options else [])]


def _own(constraints: Iterable[Constraint] | None) -> list[Constraint]:
    return [constraint for constraint in constraints or () if not constraint.is_incoming]


def _is_child(detail: RelationDetail) -> bool:
    """Whether CREATE TABLE says INHERITS; what is in an order of its own, or a partition, is attached afterwards."""
    header = detail.header
    return bool(header.parents) and not header.is_partition and not header.has_own_order


def _is_written(column: RelationColumn, detail: RelationDetail) -> bool:
    """Whether CREATE TABLE names the column, which otherwise comes from a parent."""
    return column.is_local or not _is_child(detail)


def _inline(detail: RelationDetail) -> list[Constraint]:
    """The constraints that stand in CREATE TABLE, in their order there."""
    late, is_child = _added(detail), _is_child(detail)
    found = [constraint for constraint in _own(detail.constraints) if constraint.contype in _INLINE
             and constraint.name not in late and _stands_inline(constraint, is_child)]
    return sorted(found, key=lambda constraint: (_INLINE[constraint.contype], constraint.name))


def _added(detail: RelationDetail) -> dict[str, str]:
    """The keys that can only be added afterwards, and to what: TABLE or TABLE ONLY.

    CREATE TABLE makes one of two keys with the same columns, and its keys are those of every partition.
    """
    missing_somewhere = {index.constraint for index in detail.indexes or () if index.constraint and not index.is_valid
                         and detail.header.relkind == "p"}
    added: dict[str, str] = {}
    seen: set[tuple[str, ...]] = set()
    for constraint in _own(detail.constraints):
        columns = tuple(constraint.columns)
        if constraint.name in missing_somewhere:
            added[constraint.name] = "TABLE ONLY"
        elif constraint.contype in "pu" and columns in seen:
            added[constraint.name] = "TABLE"
        elif constraint.contype in "pu":
            seen.add(columns)
    return added


def _stands_inline(constraint: Constraint, is_child: bool) -> bool:
    inherited = is_child and constraint.contype == "c" and not constraint.is_local
    return not inherited and (constraint.is_validated or not constraint.is_enforced)


def _late_constraints(detail: RelationDetail, name: str) -> list[DdlStatement]:
    """Foreign keys, and what isn't validated: a new table's constraints are valid by themselves."""
    statements = []
    is_child, added = _is_child(detail), _added(detail)
    for constraint in _own(detail.constraints):
        add = f"ALTER TABLE {name} ADD CONSTRAINT {identifier(constraint.name)} {constraint.definition}"
        if constraint.contype == "f" and not constraint.is_inherited:
            statements.append(DdlStatement(Phase.FOREIGN_KEY, add))
        elif constraint.name in added:
            statements.append(DdlStatement(Phase.INDEX, add.replace("TABLE", added[constraint.name], 1)))
        elif (constraint.contype in "cn" and not constraint.is_validated and constraint.is_enforced
              and (constraint.is_local or not is_child)):
            statements.append(DdlStatement(Phase.CREATE, add))
    return statements


def _indexes(detail: RelationDetail) -> list[DdlStatement]:
    statements = []
    for index in detail.indexes or ():
        name = identifier(index.schema, index.name)
        if index.constraint is None:
            statements.append(DdlStatement(Phase.INDEX, index.definition))
            if index.tablespace:
                statements.append(_tablespace(name, index.tablespace))
        else:
            if index.options:
                statements.append(DdlStatement(Phase.INDEX, f"ALTER INDEX {name} SET ({option_list(index.options)})"))
            if index.tablespace:
                statements.append(_tablespace(name, index.tablespace))
        statements += [DdlStatement(Phase.INDEX, f"ALTER INDEX {name} ALTER COLUMN {position} SET STATISTICS {target}")
                       for position, target in index.statistics_targets]
        if index.parent:
            statements.append(DdlStatement(
                Phase.INDEX, f"ALTER INDEX {identifier(*index.parent)} ATTACH PARTITION {name}"))
        statements += comment(f"INDEX {name}", index.comment)
        statements += needs_extensions(f"INDEX {name}", index.needed_extensions)
    return statements


def _tablespace(index: str, tablespace: str) -> DdlStatement:
    return DdlStatement(Phase.INDEX, f"ALTER INDEX {index} SET TABLESPACE {identifier(tablespace)}")


def _replica_identity(detail: RelationDetail, name: str) -> list[DdlStatement]:
    header = detail.header
    statements = []
    for index in detail.indexes or ():
        if index.is_clustered:
            word = _ALTERED[header.relkind]
            statements.append(DdlStatement(Phase.INDEX, f"ALTER {word} {name} CLUSTER ON {identifier(index.name)}"))
        if index.is_replica_identity:
            statements.append(DdlStatement(
                Phase.INDEX, f"ALTER TABLE {name} REPLICA IDENTITY USING INDEX {identifier(index.name)}"))
    if header.replica_identity in "fn" and header.relkind in "rp":
        word = "FULL" if header.replica_identity == "f" else "NOTHING"
        statements.append(DdlStatement(Phase.INDEX, f"ALTER TABLE {name} REPLICA IDENTITY {word}"))
    return statements


def _trigger(name: str, trigger: Trigger) -> list[DdlStatement]:
    statements = [] if trigger.is_inherited else [DdlStatement(Phase.ATTACHED, trigger.definition)]
    statements += _firing(name, "TRIGGER", trigger.name, trigger.state)
    at = f"TRIGGER {identifier(trigger.name)} ON {name}"
    return statements + comment(at, trigger.comment) + needs_extensions(at, trigger.needed_extensions)


def _firing(table: str, what: str, name: str, state: str) -> list[DdlStatement]:
    if state not in _FIRING:
        return []
    return [DdlStatement(Phase.ATTACHED, f"ALTER TABLE {table} {_FIRING[state]} {what} {identifier(name)}")]


def _policies(detail: RelationDetail, name: str) -> list[DdlStatement]:
    statements = []
    if detail.header.row_security:
        statements.append(DdlStatement(Phase.ATTACHED, f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"))
    if detail.header.force_row_security:
        statements.append(DdlStatement(Phase.ATTACHED, f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"))
    for policy in detail.policies or ():
        sort = "PERMISSIVE" if policy.is_permissive else "RESTRICTIVE"
        roles = ", ".join(identifier(role) for role in policy.roles) or "PUBLIC"
        text = f"CREATE POLICY {identifier(policy.name)} ON {name} AS {sort} FOR {policy.command} TO {roles}"
        text += f" USING ({policy.using})" if policy.using is not None else ""
        text += f" WITH CHECK ({policy.with_check})" if policy.with_check is not None else ""
        statements.append(DdlStatement(Phase.ATTACHED, text))
        statements += comment(f"POLICY {identifier(policy.name)} ON {name}", policy.comment)
    return statements


def view_split(detail: RelationDetail) -> Split | None:
    """A view in two steps: its columns, which what it needs may need, then its query; a materialised one has none."""
    header = detail.header
    if header.relkind != "v":
        return None
    columns = ",\n    ".join(
        f"NULL::{column.type}{f' COLLATE {column.collation}' if column.collation else ''} AS {identifier(column.name)}"
        for column in detail.columns or ())
    text = f"CREATE VIEW {identifier(header.schema, header.name)} AS SELECT\n    {columns}"
    return Split((DdlStatement(Phase.CREATE, text),), tuple(view_statements(detail, again=True)))


def view_statements(detail: RelationDetail, *, again: bool = False) -> list[DdlStatement]:
    """A view or materialised view; its columns' names are in the query itself. `again`: it stands already."""
    header = detail.header
    name = identifier(header.schema, header.name)
    query = (header.view_definition or "").strip().rstrip(";")
    if header.relkind == "m":
        settings = "\n".join(["", *storage(detail)])
        text = f"CREATE MATERIALIZED VIEW {name}{settings} AS\n{query}\nWITH NO DATA"
    else:
        options = f" WITH ({option_list(header.options)})" if header.options else ""
        text = f"CREATE {'OR REPLACE ' if again else ''}VIEW {name}{options} AS\n{query}"
    statements = [DdlStatement(Phase.CREATE, text)]
    if header.relkind == "m":
        statements += needs_extensions(f"MATERIALIZED VIEW {name}", header.needed_extensions)
        if header.is_populated:
            statements.append(DdlStatement(Phase.REFRESH, f"REFRESH MATERIALIZED VIEW {name}"))
    for column in detail.columns or ():
        at = identifier(column.name)
        if header.relkind == "v" and column.default is not None:
            statements.append(DdlStatement(
                Phase.CREATE, f"ALTER VIEW {name} ALTER COLUMN {at} SET DEFAULT {column.default}"))
        if header.relkind == "m":
            alter = f"ALTER MATERIALIZED VIEW {name} ALTER COLUMN {at}"
            statements += [DdlStatement(Phase.CREATE, f"{alter} {change}") for change in _settings(column)]
    return statements + relation_statements(detail)

