"""The rule about syntax that the server doesn't know yet: the grammar here may be newer than the server's."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.alter_table_locks import commands
from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import definition, enum_name, find, options


@rule("newer-than-server", "error",
      reason="the server is older than the syntax and refuses the statement",
      advice="write it in the older way, or hold it until the server is upgraded")
def newer_than_server(at: LintSubject) -> Iterator[RuleHit]:
    if at.catalog is None:
        return
    for since, what in newer_syntax(at):
        if since > at.catalog.server_major:
            yield RuleHit(f"{what} needs PostgreSQL {since}, the server is {at.catalog.server_major}")


def newer_syntax(at: LintSubject) -> Iterator[tuple[int, str]]:
    """What the statement uses that PostgreSQL 14 doesn't have: the first version that does, and what it is."""
    body = at.body
    for constraint in find(body, "Constraint"):
        kind = enum_name(constraint, "contype")
        if kind == "CONSTR_GENERATED" and str(constraint.generated_kind) == "v":
            yield 18, "a virtual generated column"
        elif kind == "CONSTR_NOTNULL" and (constraint.skip_validation or constraint.keys):
            yield 18, "NOT NULL as a constraint of the table"
        elif kind == "CONSTR_ATTR_NOT_ENFORCED" or (kind in ("CONSTR_FOREIGN", "CONSTR_CHECK")
                                                    and not constraint.is_enforced):
            yield 18, "NOT ENFORCED"
        if constraint.without_overlaps or constraint.fk_with_period:
            yield 18, "WITHOUT OVERLAPS or PERIOD"
        if constraint.nulls_not_distinct:
            yield 15, "NULLS NOT DISTINCT"
    match at.kind:
        case "merge_stmt":
            yield (17, "MERGE ... RETURNING") if body.returning_clause.exprs else (15, "MERGE")
        case "index_stmt" if body.nulls_not_distinct:
            yield 15, "NULLS NOT DISTINCT"
        case "view_stmt" if "security_invoker" in options(body.options):
            yield 15, "security_invoker"
        case "alter_table_stmt":
            for subtype, command in commands(body):
                if subtype == "AT_SetExpression":
                    yield 17, "SET EXPRESSION"
                elif subtype == "AT_SetAccessMethod":
                    yield 15, "SET ACCESS METHOD"
                elif subtype == "AT_AlterConstraint" and definition(command).atalter_constraint.alter_enforceability:
                    yield 18, "ALTER CONSTRAINT ... [NOT] ENFORCED"
    if any(True for _ in find(body, "JsonTable")):
        yield 17, "JSON_TABLE"
