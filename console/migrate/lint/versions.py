"""Rules about syntax that the server or the grammar here doesn't know yet: either may be newer than the other."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.alter_table_locks import commands
from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import UNKNOWN, Node, definition, enum_name, find, grammar_version, options


@rule("newer-than-server", "error",
      reason="the server is older than the syntax and refuses the statement",
      advice="write it in the older way, or hold it until the server is upgraded")
def newer_than_server(at: LintSubject) -> Iterator[RuleHit]:
    if at.catalog is None:
        return
    for since, what in newer_syntax(at):
        if since > at.catalog.server_major:
            yield RuleHit(f"{what} needs PostgreSQL {since}, the server is {at.catalog.server_major}")


@rule("syntax-not-known", "info", on=(UNKNOWN,),
      reason="the grammar here is older than the statement: nothing else is said about it",
      advice="see PostgreSQL's release notes for its locks, and try it on a server of that version")
def syntax_not_known(at: LintSubject) -> Iterator[RuleHit]:
    if at.statement.newer is not None:
        yield RuleHit(f"{at.statement.newer} is not known to the grammar here, PostgreSQL {grammar_version()}'s")


def newer_syntax(at: LintSubject) -> Iterator[tuple[int, str]]:
    """What the statement uses that PostgreSQL 14 doesn't have: the first version that does, and what it is."""
    if at.statement.newer is not None:
        yield at.statement.newer.version, at.statement.newer.what
    for found in find(at.body, "Constraint", "JsonTable"):
        if found.DESCRIPTOR.name == "JsonTable":
            yield 17, "JSON_TABLE"
        else:
            yield from _of_constraint(found)
    if at.kind == "alter_table_stmt":
        for subtype, command in commands(at.body):
            yield from _of_command(subtype, command)
    elif at.kind == "merge_stmt":
        yield (17, "MERGE ... RETURNING") if at.body.returning_clause.exprs else (15, "MERGE")
    elif at.kind == "index_stmt" and at.body.nulls_not_distinct:
        yield 15, "NULLS NOT DISTINCT"
    elif at.kind == "view_stmt" and "security_invoker" in options(at.body.options):
        yield 15, "security_invoker"


def _of_constraint(constraint: Node) -> Iterator[tuple[int, str]]:
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


def _of_command(subtype: str, command: Node) -> Iterator[tuple[int, str]]:
    if subtype == "AT_SetExpression":
        yield 17, "SET EXPRESSION"
    elif subtype == "AT_SetAccessMethod":
        yield 15, "SET ACCESS METHOD"
    elif subtype == "AT_AlterConstraint" and definition(command).atalter_constraint.alter_enforceability:
        yield 18, "ALTER CONSTRAINT ... [NOT] ENFORCED"
