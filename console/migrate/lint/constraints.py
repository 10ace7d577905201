"""Rules about constraints."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import Name, Node, definition, enum_name, range_name
from console.sql.quoting import identifier

_LATER = "then VALIDATE CONSTRAINT in a later file, which blocks neither reads nor writes"


def added(at: LintSubject, kind: str) -> Iterator[Node]:
    """The constraints of one kind that an ALTER TABLE adds to a table that was there before."""
    for subtype, command in at.commands:
        if subtype == "AT_AddConstraint" and enum_name(definition(command).constraint, "contype") == kind:
            yield definition(command).constraint


@rule("foreign-key-without-not-valid", "warning", on=("alter_table_stmt",),
      reason="a new foreign key blocks writes to both tables while every row is looked up",
      advice=f"ADD CONSTRAINT ... FOREIGN KEY ... NOT VALID, {_LATER}")
def foreign_key_without_not_valid(at: LintSubject) -> Iterator[RuleHit]:
    for constraint in added(at, "CONSTR_FOREIGN"):
        if not constraint.skip_validation:
            yield RuleHit(f"blocks writes to {at.table} and {range_name(constraint.pktable)} while all rows are "
                          "checked", table=at.table)


@rule("check-without-not-valid", "warning", on=("alter_table_stmt",),
      reason="a new CHECK reads the whole table under ACCESS EXCLUSIVE",
      advice=f"ADD CONSTRAINT ... CHECK (...) NOT VALID, {_LATER}")
def check_without_not_valid(at: LintSubject) -> Iterator[RuleHit]:
    for constraint in added(at, "CONSTR_CHECK"):
        if not constraint.skip_validation:
            yield RuleHit(f"reads all of {at.table} while it is locked away", table=at.table)


@rule("unique-without-index", "warning", on=("alter_table_stmt",),
      reason="a new UNIQUE constraint builds its index under ACCESS EXCLUSIVE",
      advice="CREATE UNIQUE INDEX CONCURRENTLY in a file of its own, then ADD CONSTRAINT ... UNIQUE USING INDEX")
def unique_without_index(at: LintSubject) -> Iterator[RuleHit]:
    for constraint in added(at, "CONSTR_UNIQUE"):
        if not constraint.indexname:
            yield RuleHit(f"builds an index while {at.table} is locked away", table=at.table)


@rule("primary-key-without-index", "warning", on=("alter_table_stmt",),
      reason="a new primary key builds its index, and may scan for NULL, under ACCESS EXCLUSIVE",
      advice="the columns NOT NULL first, CREATE UNIQUE INDEX CONCURRENTLY, then ADD PRIMARY KEY USING INDEX")
def primary_key_without_index(at: LintSubject) -> Iterator[RuleHit]:
    for constraint in added(at, "CONSTR_PRIMARY"):
        if not constraint.indexname:
            yield RuleHit(f"builds an index while {at.table} is locked away", table=at.table)


@rule("exclusion-constraint", "warning", on=("alter_table_stmt",),
      reason="an exclusion constraint builds its index under ACCESS EXCLUSIVE, and there is no way around it",
      advice="add it while the table is small, or in a maintenance window")
def exclusion_constraint(at: LintSubject) -> Iterator[RuleHit]:
    for _ in added(at, "CONSTR_EXCLUSION"):
        yield RuleHit(f"builds an index while {at.table} is locked away", table=at.table)


@rule("unnamed-constraint", "info", on=("alter_table_stmt",),
      reason="the server chooses the name, and the way down has to guess it",
      advice="ADD CONSTRAINT name ...")
def unnamed_constraint(at: LintSubject) -> Iterator[RuleHit]:
    for kind in ("CONSTR_FOREIGN", "CONSTR_CHECK", "CONSTR_UNIQUE", "CONSTR_EXCLUSION"):
        for constraint in added(at, kind):
            if not constraint.conname:
                yield RuleHit(f"a constraint of {at.table} without a name")


@rule("validate-with-add", "warning", on=("alter_table_stmt",),
      reason="in the transaction that added the constraint its lock is still held, so VALIDATE blocks writes after all",
      advice="VALIDATE CONSTRAINT in a later file")
def validate_with_add(at: LintSubject) -> Iterator[RuleHit]:
    if not at.in_transaction:
        return
    for subtype, command in at.commands:
        if subtype == "AT_ValidateConstraint" and (at.table, command.name) in set(_added_before(at)):
            yield RuleHit(f"{identifier(command.name)} is validated under the lock that adding it took", table=at.table)


def _added_before(at: LintSubject) -> Iterator[tuple[Name, str]]:
    for statement in at.before:
        if statement.node_kind == "alter_table_stmt":
            for node in statement.body.cmds:
                command = node.alter_table_cmd
                if enum_name(command, "subtype") == "AT_AddConstraint":
                    yield range_name(statement.body.relation), definition(command).constraint.conname


@rule("drop-constraint", "info", upwards=True, on=("alter_table_stmt",),
      reason="what the constraint kept out can come in, and readers may count on it",
      advice="make sure that nobody counts on it; of a foreign key, the referenced table is locked away too")
def drop_constraint(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_DropConstraint":
            yield RuleHit(f"{at.table} loses the constraint {identifier(command.name)}")


@rule("domain-constraint", "warning", on=("alter_domain_stmt",),
      reason="a domain's new constraint reads every table with a column of the domain while writes to it are blocked",
      advice="ALTER DOMAIN ... ADD CONSTRAINT ... NOT VALID, then VALIDATE in a later file; or a CHECK on the tables")
def domain_constraint(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "alter_domain_stmt":
        return
    adds = at.body.subtype == "C" and not getattr(at.body, "def").constraint.skip_validation
    if adds or at.body.subtype == "O":
        name = ".".join(part.string.sval for part in at.body.type_name)
        yield RuleHit(f"every table with a column of {name} is read while writes to it are blocked")
