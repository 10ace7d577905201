"""Rules about what is dropped, emptied, renamed and moved."""

from __future__ import annotations

from collections.abc import Iterator

from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.migrate.table_locks import dropped
from console.sql.grammar import Name, enum_name, object_words, parts_name, range_name
from console.sql.quoting import identifier

_FIRST_RELEASE = "release the programs that don't use it any more first, and say in the file why it is safe"


def _drops(at: LintSubject, *kinds: str) -> Iterator[tuple[str, Name]]:
    if at.kind == "drop_stmt" and (words := object_words(at.body, "remove_type")) in kinds:
        for parts in dropped(at.body):
            yield words, parts_name(parts)


@rule("drop-table", "warning", upwards=True, on=("drop_stmt",),
      reason="the table's data is gone, and running programs that use it fail", advice=_FIRST_RELEASE)
def drop_table(at: LintSubject) -> Iterator[RuleHit]:
    for words, name in _drops(at, "TABLE", "FOREIGN TABLE"):
        if at.is_new(name):
            continue
        users = at.catalog.dependents_of(name) if at.catalog else ()
        more = f"; {', '.join(map(str, users))} read it" if users else ""
        yield RuleHit(f"drops the {words.lower()} {name}{more}")


@rule("drop-object", "warning", upwards=True, on=("drop_stmt",),
      reason="running programs that use it fail at once", advice=_FIRST_RELEASE)
def drop_object(at: LintSubject) -> Iterator[RuleHit]:
    for words, name in _drops(at, "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE",
                              "AGGREGATE"):
        made_anew = any(statement.kind == f"CREATE {words}" and name.name in statement.text for statement in at.after)
        if not made_anew and not at.is_new(name):
            yield RuleHit(f"drops the {words.lower()} {name}")


@rule("drop-schema", "warning", upwards=True, on=("drop_stmt",),
      reason="a whole schema, and with CASCADE all data in it, is gone", advice=_FIRST_RELEASE)
def drop_schema(at: LintSubject) -> Iterator[RuleHit]:
    for _, name in _drops(at, "SCHEMA"):
        yield RuleHit(f"drops the schema {name}")


@rule("drop-extension", "warning", upwards=True, on=("drop_stmt",),
      reason="the extension's types, operators and indexes go with it, for every service of the database",
      advice="make sure that no other service uses it")
def drop_extension(at: LintSubject) -> Iterator[RuleHit]:
    for _, name in _drops(at, "EXTENSION"):
        yield RuleHit(f"drops the extension {name}")


@rule("drop-cascade", "warning", on=("drop_stmt", "drop_owned_stmt", "alter_table_stmt"),
      reason="CASCADE also drops what nobody named: views, foreign keys, columns, other services' objects",
      advice="without CASCADE; drop by name what the error lists")
def drop_cascade(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind in ("drop_stmt", "drop_owned_stmt") and enum_name(at.body, "behavior") == "DROP_CASCADE":
        yield RuleHit(f"{at.statement.kind} ... CASCADE")
    for _, command in at.commands:
        if enum_name(command, "behavior") == "DROP_CASCADE":
            yield RuleHit(f"CASCADE on {identifier(command.name)} of {at.table}")


@rule("drop-database", "error", on=("dropdb_stmt", "createdb_stmt"),
      reason="a migration lives in one database and can't be proved or undone beyond it",
      advice="make and drop databases outside of migrations")
def drop_database(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind in ("dropdb_stmt", "createdb_stmt"):
        yield RuleHit(f"{at.statement.kind} {identifier(at.body.dbname)}")


@rule("recreate-table", "error", upwards=True, on=("drop_stmt",),
      reason="the new table begins empty: its rows, privileges and policies are gone",
      advice="alter the table, or make a new one under another name and copy")
def recreate_table(at: LintSubject) -> Iterator[RuleHit]:
    for _, name in _drops(at, "TABLE"):
        if not at.is_new(name) and any(statement.node_kind == "create_stmt"
                                       and range_name(statement.body.relation) == name
                                       for statement in at.after):
            yield RuleHit(f"drops {name} and makes it anew, empty")


@rule("truncate", "warning", upwards=True, on=("truncate_stmt",),
      reason="all rows are gone, and the table is locked away until the commit",
      advice="delete what must go in batches, or say in the file why all of it is of no use")
def truncate(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "truncate_stmt":
        names = [name for item in at.body.relations if not at.is_new(name := range_name(item.range_var))]
        if names:
            yield RuleHit(f"empties {', '.join(map(str, names))}")


@rule("truncate-cascade", "error", on=("truncate_stmt",),
      reason="every table that references it is emptied too, at any depth",
      advice="name the tables that are to be emptied")
def truncate_cascade(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "truncate_stmt" and enum_name(at.body, "behavior") == "DROP_CASCADE":
        victims = [key.table for item in at.body.relations if at.catalog
                   for key in at.catalog.incoming_keys(range_name(item.range_var))]
        names = f": {', '.join(sorted({str(name) for name in victims}))} at least" if victims else ""
        yield RuleHit(f"TRUNCATE ... CASCADE empties what references it{names}")


@rule("rename-table", "warning", upwards=True, on=("rename_stmt",),
      reason="running programs that use the old name fail at once",
      advice="a view of the old name in the same file keeps them working until they are released anew")
def rename_table(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "rename_stmt" and object_words(at.body, "rename_type") in ("TABLE", "VIEW", "MATERIALIZED VIEW") \
            and not at.is_new(name := range_name(at.body.relation)):
        covered = any(statement.node_kind == "view_stmt" and range_name(statement.body.view) == name
                      for statement in at.after)
        if not covered:
            yield RuleHit(f"{name} becomes {identifier(at.body.newname)}")


@rule("rename-object", "warning", upwards=True, on=("rename_stmt", "alter_enum_stmt"),
      reason="running programs that use the old name fail at once",
      advice="make the new one beside it, and drop the old one when nobody uses it")
def rename_object(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "rename_stmt" and (words := object_words(at.body, "rename_type")) in (
            "SCHEMA", "TYPE", "DOMAIN", "FUNCTION", "PROCEDURE", "SEQUENCE", "ATTRIBUTE"):
        yield RuleHit(f"a {words.lower()} becomes {identifier(at.body.newname)}")
    elif at.kind == "alter_enum_stmt" and at.body.old_val:
        yield RuleHit(f"the value '{at.body.old_val}' becomes '{at.body.new_val}', and programs that write it fail")


@rule("set-schema", "warning", upwards=True, on=("alter_object_schema_stmt",),
      reason="running programs look for it in its old schema",
      advice="a view in the old schema keeps them working until they are released anew")
def set_schema(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "alter_object_schema_stmt" and object_words(at.body, "object_type") != "EXTENSION":
        if at.body.HasField("relation") and at.is_new(range_name(at.body.relation)):
            return
        what = object_words(at.body, 'object_type').lower()
        yield RuleHit(f"moves a {what} to the schema {identifier(at.body.newschema)}")
