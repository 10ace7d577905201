"""Rules that are looked for on request alone: matters of taste, and what running programs may stumble over."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.column_types import constraints_of, type_text
from console.migrate.lint.columns import added as added_columns
from console.migrate.lint.columns import declared
from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import definition, enum_name, find, object_words, parts_name, range_name, strings
from console.sql.quoting import identifier

_CONSTRAINTS = {"CONSTR_CHECK": "CHECK", "CONSTR_UNIQUE": "UNIQUE", "CONSTR_PRIMARY": "PRIMARY KEY",
                "CONSTR_FOREIGN": "FOREIGN KEY", "CONSTR_EXCLUSION": "EXCLUDE", "CONSTR_NOTNULL": "NOT NULL"}


@rule("prefer-text", "info", on=("create_stmt", "alter_table_stmt"), is_opt_in=True,
      reason="the length of a varchar(n) is a limit that one changes with the type, and it saves nothing",
      advice="text, with a CHECK on its length if that matters: it can be added NOT VALID and dropped at any time")
def prefer_text(at: LintSubject) -> Iterator[RuleHit]:
    for table, column in declared(at):
        if (text := type_text(column.type_name)).startswith("character varying("):
            yield RuleHit(f"{table}.{identifier(column.colname)} is {text.replace('character varying', 'varchar')}")


@rule("narrow-key", "info", on=("create_stmt", "alter_table_stmt"), is_opt_in=True,
      reason="a key of 2 or 4 bytes ends sooner than the table, and those that reference it have to be widened with it",
      advice="bigint, or uuid, for primary keys and for the columns that reference them")
def narrow_key(at: LintSubject) -> Iterator[RuleHit]:
    keys = {column for constraint in find(at.body, "Constraint")
            for column in (*strings(constraint.keys), *strings(constraint.fk_attrs))
            if enum_name(constraint, "contype") in ("CONSTR_PRIMARY", "CONSTR_FOREIGN")}
    for table, column in declared(at):
        text = type_text(column.type_name)
        is_key = column.colname in keys or {"CONSTR_PRIMARY", "CONSTR_FOREIGN"} & constraints_of(column).keys()
        if is_key and text in ("integer", "smallint", "serial", "serial4", "serial2", "smallserial"):
            yield RuleHit(f"the key {table}.{identifier(column.colname)} is {text}")


@rule("enum-value-order", "info", on=("alter_enum_stmt",), is_opt_in=True,
      reason="a value that is added without BEFORE or AFTER sorts last, and that can't be changed later",
      advice="ALTER TYPE ... ADD VALUE ... BEFORE or AFTER another one")
def enum_value_order(at: LintSubject) -> Iterator[RuleHit]:
    if not at.body.old_val and not at.body.new_val_neighbor:
        yield RuleHit(f"'{at.body.new_val}' becomes the last value of {parts_name(strings(at.body.type_name))}")


@rule("new-enum-value", "info", upwards=True, on=("alter_enum_stmt",), is_opt_in=True,
      reason="running programs may read a value that they don't know",
      advice="release the programs that know it first")
def new_enum_value(at: LintSubject) -> Iterator[RuleHit]:
    if not at.body.old_val:
        yield RuleHit(f"programs may meet '{at.body.new_val}' of {parts_name(strings(at.body.type_name))}")


@rule("new-write-restriction", "info", upwards=True, on=("alter_table_stmt", "index_stmt"), is_opt_in=True,
      reason="a new constraint or unique index refuses rows that running programs still write, also where it is "
             "NOT VALID",
      advice="release the programs that keep to it first")
def new_write_restriction(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "index_stmt":
        if at.body.unique and not at.is_new(table := range_name(at.body.relation)):
            yield RuleHit(f"a unique index may refuse what programs write to {table}")
        return
    for subtype, command in at.commands:
        kind = "NOT NULL" if subtype == "AT_SetNotNull" else None
        if subtype == "AT_AddConstraint" and not (constraint := definition(command).constraint).indexname:
            kind = _CONSTRAINTS.get(enum_name(constraint, "contype"))
        if kind is not None:
            yield RuleHit(f"{kind} may refuse what programs write to {at.table}")
    for column in added_columns(at):
        kinds = constraints_of(column).keys()
        if "CONSTR_NOTNULL" in kinds and not {"CONSTR_DEFAULT", "CONSTR_GENERATED", "CONSTR_IDENTITY"} & kinds:
            yield RuleHit(f"programs that don't know {column.colname} can't write to {at.table}")


@rule("changed-default", "info", upwards=True, on=("alter_table_stmt",), is_opt_in=True,
      reason="running programs that leave the column out write another value from now on",
      advice="make sure that every reader copes with it first")
def changed_default(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_ColumnDefault" and command.HasField("def"):
            yield RuleHit(f"{at.table}.{identifier(command.name)} has another default from now on")


@rule("replaced-definition", "info", upwards=True, on=("view_stmt", "create_function_stmt"), is_opt_in=True,
      reason="running programs get another view or function under the old name, in the middle of their work",
      advice="a new name, and the programs moved to it, where its meaning changes")
def replaced_definition(at: LintSubject) -> Iterator[RuleHit]:
    if at.body.replace:
        name = range_name(at.body.view) if at.kind == "view_stmt" else parts_name(strings(at.body.funcname))
        yield RuleHit(f"{at.statement.kind.removeprefix('CREATE ').lower()} {name} may mean something else from now on")


@rule("revoked-privilege", "info", upwards=True, on=("grant_stmt",), is_opt_in=True,
      reason="running programs of that role fail at once",
      advice="make sure that nobody uses the privilege: pg_stat_statements knows the roles")
def revoked_privilege(at: LintSubject) -> Iterator[RuleHit]:
    if not at.body.is_grant:
        yield RuleHit(f"REVOKE on {object_words(at.body, 'objtype').lower()}")


@rule("dropped-trigger", "info", upwards=True, on=("drop_stmt",), is_opt_in=True,
      reason="what the trigger did for running programs isn't done any more",
      advice="release the programs that do it themselves first")
def dropped_trigger(at: LintSubject) -> Iterator[RuleHit]:
    if object_words(at.body, "remove_type") == "TRIGGER":
        yield RuleHit("a trigger goes")
