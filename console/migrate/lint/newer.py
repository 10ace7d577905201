"""Rules about what PostgreSQL 18 and 19 brought: constraints that aren't enforced, virtual columns, REPACK."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.alter_table_locks import commands
from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import (
    UNKNOWN,
    Name,
    Node,
    definition,
    enum_name,
    find,
    parts_name,
    range_name,
    strings,
)
from console.sql.quoting import identifier
from console.sql.repack import repack


@rule("not-enforced", "warning", on=("create_stmt", "alter_table_stmt"),
      reason="nothing is ever checked against a constraint that is NOT ENFORCED, old rows or new ones, though the "
             "schema reads as if it held, and VALIDATE CONSTRAINT refuses it",
      advice="NOT VALID, which new rows are checked against, and VALIDATE CONSTRAINT in a later file")
def not_enforced(at: LintSubject) -> Iterator[RuleHit]:
    for constraint in find(at.body, "Constraint"):
        kind = enum_name(constraint, "contype")
        if kind == "CONSTR_ATTR_NOT_ENFORCED" or (kind in ("CONSTR_FOREIGN", "CONSTR_CHECK")
                                                  and not constraint.is_enforced):
            name = f" {identifier(constraint.conname)}" if constraint.conname else ""
            yield RuleHit(f"a constraint{name} of {at.table} that nothing is checked against")
    for constraint_name, is_enforced in _enforced(at):
        if not is_enforced:
            yield RuleHit(f"nothing is checked against {identifier(constraint_name)} of {at.table} from now on")


@rule("enforce-constraint", "warning", on=("alter_table_stmt",),
      reason="ALTER CONSTRAINT ... ENFORCED checks every row at once under ACCESS EXCLUSIVE, and there is no NOT VALID "
             "for it",
      advice="a second constraint with NOT VALID, VALIDATE CONSTRAINT in a later file, then drop the one not enforced")
def enforce_constraint(at: LintSubject) -> Iterator[RuleHit]:
    for constraint_name, is_enforced in _enforced(at):
        if is_enforced:
            yield RuleHit(f"{identifier(constraint_name)} is checked for all of {at.table} while it is locked away",
                          table=at.table)


def _enforced(at: LintSubject) -> Iterator[tuple[str, bool]]:
    """The constraints whose enforcement an ALTER TABLE changes, and to what."""
    for subtype, command in at.commands:
        if subtype == "AT_AlterConstraint" and (change := definition(command).atalter_constraint).alter_enforceability:
            yield change.conname, change.is_enforced


@rule("validate-by-set-not-null", "warning", on=("alter_table_stmt",),
      reason="SET NOT NULL validates a NOT NULL that is NOT VALID, but under ACCESS EXCLUSIVE",
      advice="VALIDATE CONSTRAINT with that constraint's name, which blocks neither reads nor writes")
def validate_by_set_not_null(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_SetNotNull" and (name := _unvalidated(at, command.name)) is not None:
            yield RuleHit(f"{identifier(name)} on {identifier(command.name)} is validated while {at.table} is locked "
                          "away", table=at.table)


def _unvalidated(at: LintSubject, column: str) -> str | None:
    """The NOT NULL constraint of a column that is NOT VALID, by the catalog or by the file so far."""
    for facts in at.catalog.constraints_of(at.table) if at.catalog else ():
        if facts.kind == "n" and not facts.is_validated and facts.columns == [column]:
            return facts.name
    for statement in at.before:
        if statement.node_kind == "alter_table_stmt" and range_name(statement.body.relation) == at.table:
            for subtype, command in commands(statement.body):
                added = definition(command).constraint if subtype == "AT_AddConstraint" else None
                if added is not None and enum_name(added, "contype") == "CONSTR_NOTNULL" and added.skip_validation \
                        and strings(added.keys) == [column]:
                    return str(added.conname)
    return None


@rule("virtual-column-index", "error", on=("index_stmt", "create_stmt", "alter_table_stmt"),
      reason="PostgreSQL refuses an index, a key or a unique constraint on a virtual generated column",
      advice="GENERATED ALWAYS AS (...) STORED, or an index on the expression itself")
def virtual_column_index(at: LintSubject) -> Iterator[RuleHit]:
    table = range_name(at.body.relation)
    virtual = {str(column.colname) for statement in (*at.before, at.statement)
               for name, column in _declared(statement.node_kind, statement.body)
               if name == table and _is_virtual(column)}
    for column in [*dict.fromkeys(_indexed(at))] if virtual else ():
        if column in virtual:
            yield RuleHit(f"{table}.{identifier(column)} is virtual: it can't be indexed")


def _declared(kind: str, body: Node) -> Iterator[tuple[Name, Node]]:
    """The columns that a CREATE TABLE or ALTER TABLE declares, with their table."""
    if kind == "create_stmt":
        for element in body.table_elts:
            if element.WhichOneof("node") == "column_def":
                yield range_name(body.relation), element.column_def
    elif kind == "alter_table_stmt":
        for subtype, command in commands(body):
            if subtype == "AT_AddColumn":
                yield range_name(body.relation), definition(command).column_def


def _is_virtual(column: Node) -> bool:
    return any(enum_name(item.constraint, "contype") == "CONSTR_GENERATED"
               and str(item.constraint.generated_kind) == "v" for item in column.constraints)


def _indexed(at: LintSubject) -> Iterator[str]:
    """The columns of the indexes that a statement makes."""
    if at.kind == "index_stmt":
        yield from (item.index_elem.name for item in at.body.index_params if item.index_elem.name)
        return
    keys = ("CONSTR_PRIMARY", "CONSTR_UNIQUE")
    for constraint in find(at.body, "Constraint"):
        if enum_name(constraint, "contype") in keys:
            yield from strings(constraint.keys)
    for _, column in _declared(at.kind, at.body):
        if any(enum_name(item.constraint, "contype") in keys for item in column.constraints):
            yield str(column.colname)


@rule("repack-without-concurrently", "warning", on=(UNKNOWN,),
      reason="REPACK writes the table anew while nobody can read or write it",
      advice="REPACK (CONCURRENTLY) of a named table with a primary key, in a file of its own with "
             "`-- dbconsole: no-transaction`; one at a time in the whole server")
def repack_without_concurrently(at: LintSubject) -> Iterator[RuleHit]:
    found = repack(at.statement.text)
    if found is None or found.concurrently:
        return
    if found.table:
        table = parts_name([*found.table])
        yield RuleHit(f"REPACK locks {table} away", table=table)
    else:
        yield RuleHit("REPACK locks every table away, one after the other")


@rule("repack-needs-table", "error", on=(UNKNOWN,),
      reason="PostgreSQL refuses REPACK (CONCURRENTLY) without the name of a table",
      advice="REPACK (CONCURRENTLY) table, one statement a table")
def repack_needs_table(at: LintSubject) -> Iterator[RuleHit]:
    found = repack(at.statement.text)
    if found is not None and found.concurrently and not found.table:
        yield RuleHit("REPACK (CONCURRENTLY) names no table")
