"""Rules about names and privileges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.migrate.lock_modes import LockMode
from console.sql.grammar import Name, enum_name, find, object_words, options, parts_name, range_name, strings
from console.sql.names import long_names, name_of

MAX_NAME_BYTES = 63


def targets(at: LintSubject) -> Sequence[Name]:
    """What the statement makes or changes, by the name that it writes: tables, indexes' tables, functions, types."""
    return at.once(_targets)


def _targets(at: LintSubject) -> Iterator[Name]:
    body = at.body
    match at.kind:
        case "create_stmt" | "create_seq_stmt" | "view_stmt" | "create_table_as_stmt":
            relation = {"create_stmt": "relation", "create_seq_stmt": "sequence", "view_stmt": "view"}.get(at.kind)
            into = getattr(body, relation) if relation else body.into.rel
            if into.relpersistence != "t":
                yield range_name(into)
        case "create_function_stmt":
            yield parts_name(strings(body.funcname))
        case "create_enum_stmt":
            yield parts_name(strings(body.type_name))
        case "create_domain_stmt":
            yield parts_name(strings(body.domainname))
        case "composite_type_stmt":
            yield range_name(body.typevar)
        case _:
            referenced = {range_name(item.pktable) for item in find(body, "Constraint")
                          if enum_name(item, "contype") == "CONSTR_FOREIGN"} if at.kind == "alter_table_stmt" else set()
            for lock in at.footprint.locks:
                if lock.mode >= LockMode.ROW_EXCLUSIVE and not lock.is_indirect and lock.relation not in referenced:
                    yield lock.relation


@rule("unqualified-name", "warning",
      reason="which schema it means depends on the search_path of whoever runs the migration",
      advice="write the schema before the name")
def unqualified_name(at: LintSubject) -> Iterator[RuleHit]:
    if not at.schemas:
        return
    for name in dict.fromkeys(targets(at)):
        if name.schema is None and not _is_temporary(at, name):
            yield RuleHit(f"{name} without a schema")


def _is_temporary(at: LintSubject, name: Name) -> bool:
    return any(statement.node_kind == "create_stmt" and statement.body.relation.relpersistence == "t"
               and statement.body.relation.relname == name.name for statement in at.before)


@rule("foreign-schema", "warning",
      reason="the schema belongs to another service, whose own migrations don't know of the change",
      advice="change it in the migrations of the service that owns the schema")
def foreign_schema(at: LintSubject) -> Iterator[RuleHit]:
    if not at.schemas:
        return
    for name in dict.fromkeys(targets(at)):
        if name.schema is not None and name.schema not in (*at.schemas, "pg_temp"):
            yield RuleHit(f"changes {name}, outside of {', '.join(at.schemas)}")


@rule("identifier-too-long", "warning",
      reason="PostgreSQL cuts names at 63 bytes, so two long ones may collide and the file lies about what exists",
      advice="a shorter name")
def identifier_too_long(at: LintSubject) -> Iterator[RuleHit]:
    for name in long_names(at.statement.text, MAX_NAME_BYTES):
        yield RuleHit(f"{name} has {len(name_of(name).encode())} bytes")


@rule("definer-search-path", "warning", on=("create_function_stmt",),
      reason="a SECURITY DEFINER function runs with its owner's rights and the caller's search_path: whoever can make "
             "objects can make it run theirs",
      advice="SET search_path = pg_catalog, pg_temp (and the service's schema) in the function's definition")
def definer_search_path(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind != "create_function_stmt":
        return
    given = options(at.body.options)
    sets = [node.def_elem.arg.variable_set_stmt.name for node in at.body.options if node.def_elem.defname == "set"]
    if "security" in given and given["security"].boolean.boolval and "search_path" not in sets:
        yield RuleHit(f"{parts_name(strings(at.body.funcname))} is SECURITY DEFINER without a search_path of its own")


@rule("grant-to-public", "warning", on=("grant_stmt",),
      reason="every role of the cluster gets the right, also those that come later",
      advice="grant it to the roles that need it")
def grant_to_public(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "grant_stmt" and at.body.is_grant:
        writes = not at.body.privileges or any(
            node.access_priv.priv_name in ("insert", "update", "delete", "truncate", "create", "all")
            for node in at.body.privileges)
        to_public = any(enum_name(node.role_spec, "roletype") == "ROLESPEC_PUBLIC" for node in at.body.grantees)
        if to_public and writes:
            yield RuleHit(f"grants PUBLIC the right to write on {object_words(at.body, 'objtype').lower()}")


@rule("password-in-file", "error", on=("create_role_stmt", "alter_role_stmt"),
      reason="the password stands in the repository, the server's log and pg_stat_activity",
      advice="make the role without a password and set it outside, with \\password of psql")
def password_in_file(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind in ("create_role_stmt", "alter_role_stmt"):
        password = options(at.body.options).get("password")
        if password is not None and password.WhichOneof("node") == "string":
            yield RuleHit("sets a role's password")
