"""Rules about columns: adding, changing, and the types that one regrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.migrate.alter_table_locks import column_type_rewrites, commands, is_proved_not_null
from console.migrate.column_types import added_column_rewrites, constraints_of, is_serial, type_text
from console.migrate.footprint import Taking
from console.migrate.lint.rule import LintSubject, RuleHit, rule
from console.sql.grammar import Name, Node, definition, enum_name, find, object_words, range_name, strings
from console.sql.quoting import identifier


def added(at: LintSubject) -> Iterator[Node]:
    """The ColumnDef nodes that an ALTER TABLE adds to a table that was there before."""
    for subtype, command in at.commands:
        if subtype == "AT_AddColumn":
            yield definition(command).column_def


def declared(at: LintSubject) -> Sequence[tuple[Name, Node]]:
    """The ColumnDef nodes of CREATE TABLE and ADD COLUMN, on new tables too."""
    return at.once(_declared)


def _declared(at: LintSubject) -> Iterator[tuple[Name, Node]]:
    if at.kind == "create_stmt":
        for element in at.body.table_elts:
            if element.WhichOneof("node") == "column_def":
                yield range_name(at.body.relation), element.column_def
    elif at.kind == "alter_table_stmt":
        for node in at.body.cmds:
            if enum_name(node.alter_table_cmd, "subtype") == "AT_AddColumn":
                yield at.table, definition(node.alter_table_cmd).column_def


@rule("add-column-rewrites", "warning", on=("alter_table_stmt",),
      reason="a column that gets its own value in each row rewrites the whole table under ACCESS EXCLUSIVE",
      advice="add the column without default, SET DEFAULT for new rows, and fill the old ones in batches")
def add_column_rewrites(at: LintSubject) -> Iterator[RuleHit]:
    volatility_of = at.catalog.volatility_of if at.catalog else None
    for column in added(at):
        rewrites = added_column_rewrites(column, volatility_of)
        if rewrites is False:
            continue
        constraints = constraints_of(column)
        if "CONSTR_GENERATED" in constraints:
            yield RuleHit(f"the stored generated column {column.colname} rewrites {at.table}", table=at.table,
                      advice="a virtual generated column (PostgreSQL 18), a view, or a plain column with a trigger, "
                             "filled in batches")
        elif rewrites is None:
            yield RuleHit(f"the default of {column.colname} rewrites {at.table} if its function is volatile",
                      table=at.table, severity="info")
        else:
            why = "identity or serial" if is_serial(column.type_name) or "CONSTR_IDENTITY" in constraints \
                else "a volatile default"
            yield RuleHit(f"{column.colname} with {why} rewrites {at.table}", table=at.table)


@rule("add-required-column", "error", on=("alter_table_stmt",),
      reason="ADD COLUMN NOT NULL without a default fails as soon as the table has a row",
      advice="give it a constant DEFAULT, or add it nullable, fill it, then add the NOT NULL")
def add_required_column(at: LintSubject) -> Iterator[RuleHit]:
    for column in added(at):
        constraints = constraints_of(column)
        if ("CONSTR_NOTNULL" in constraints or "CONSTR_PRIMARY" in constraints) \
                and not {"CONSTR_DEFAULT", "CONSTR_GENERATED", "CONSTR_IDENTITY"} & constraints.keys() \
                and not is_serial(column.type_name):
            facts = at.facts(at.table)
            if facts is not None and facts.is_empty:
                yield RuleHit(f"{at.table} is empty here; where it has rows, adding {column.colname} fails",
                          severity="info")
            else:
                yield RuleHit(f"{column.colname} is NOT NULL and has no default: it fails if {at.table} has rows")


@rule("add-column-with-constraint", "warning", on=("alter_table_stmt",),
      reason="a constraint written at a new column is built or checked under the table's ACCESS EXCLUSIVE lock",
      advice="add the column first, then the constraint by its own safe recipe (NOT VALID and VALIDATE; a unique index "
             "CONCURRENTLY and USING INDEX)")
def add_column_with_constraint(at: LintSubject) -> Iterator[RuleHit]:
    words = {"CONSTR_CHECK": "CHECK", "CONSTR_UNIQUE": "UNIQUE", "CONSTR_PRIMARY": "PRIMARY KEY",
             "CONSTR_FOREIGN": "REFERENCES"}
    for column in added(at):
        for kind in constraints_of(column).keys() & words.keys():
            yield RuleHit(f"{column.colname} comes with {words[kind]}, worked on while {at.table} is locked away",
                      table=at.table)


@rule("set-not-null", "warning", on=("alter_table_stmt",),
      reason="SET NOT NULL reads the whole table under ACCESS EXCLUSIVE",
      advice="ADD CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT in a later file; then SET NOT NULL uses "
             "the proof, and the CHECK can go. PostgreSQL 18: ADD CONSTRAINT ... NOT NULL column NOT VALID, VALIDATE")
def set_not_null(at: LintSubject) -> Iterator[RuleHit]:
    taking = Taking(at.catalog)
    if any(statement.node_kind == "alter_table_stmt" and range_name(statement.body.relation) == at.table
           and any(subtype == "AT_ValidateConstraint" for subtype, _ in commands(statement.body))
           for statement in at.before):
        return  # the recipe's last step: the CHECK was validated just before
    for subtype, command in at.commands:
        columns: list[str] = []
        if subtype == "AT_SetNotNull":
            columns = [command.name]
        elif subtype == "AT_AddConstraint":
            constraint = definition(command).constraint
            if enum_name(constraint, "contype") == "CONSTR_NOTNULL" and not constraint.skip_validation:
                columns = strings(constraint.keys)
        for column in columns:
            if not is_proved_not_null(at.table, column, taking):
                yield RuleHit(f"NOT NULL on {column} reads all of {at.table} while it is locked away", table=at.table)


@rule("column-type-change", "warning", on=("alter_table_stmt",),
      reason="a type change that isn't binary-compatible rewrites the table and its indexes under ACCESS EXCLUSIVE",
      advice="a new column of the new type, kept in step by a trigger, filled in batches, then swapped; only longer or "
             "unlimited varchar, wider numeric of the same scale and varchar to text are free")
def column_type_change(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype != "AT_AlterColumnType" or not column_type_rewrites(command, at.table, Taking(at.catalog)):
            continue
        new = type_text(definition(command).column_def.type_name)
        old = at.catalog.column(at.table, command.name) if at.catalog else None
        if old is None:
            yield RuleHit(f"changing {command.name} to {new} rewrites {at.table} unless the old type is compatible",
                      table=at.table)
        else:
            yield RuleHit(f"changing {command.name} from {old.type} to {new} rewrites {at.table}", table=at.table)


@rule("drop-column", "warning", upwards=True, on=("alter_table_stmt",),
      reason="running programs that still name the column fail at once, and its data is gone",
      advice="release the programs without it first; then drop it, and say in the file why it is safe")
def drop_column(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_DropColumn":
            yield RuleHit(f"drops {at.table}.{identifier(command.name)} and its data")


@rule("drop-not-null", "info", upwards=True, on=("alter_table_stmt",),
      reason="programs that count on a value will meet NULL",
      advice="make sure that every reader copes with NULL first")
def drop_not_null(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_DropNotNull":
            yield RuleHit(f"{at.table}.{identifier(command.name)} may be NULL from now on")


@rule("drop-default", "info", upwards=True, on=("alter_table_stmt",),
      reason="inserts that leave the column out get NULL, or fail where it is NOT NULL",
      advice="make sure that every writer gives the value first")
def drop_default(at: LintSubject) -> Iterator[RuleHit]:
    for subtype, command in at.commands:
        if subtype == "AT_ColumnDefault" and not command.HasField("def"):
            yield RuleHit(f"{at.table}.{identifier(command.name)} has no default from now on")


@rule("integer-key", "warning", on=("create_stmt", "alter_table_stmt"),
      reason="an integer key ends at 2,147,483,647, and to widen it later rewrites the table",
      advice="bigint GENERATED ALWAYS AS IDENTITY, or uuid")
def integer_key(at: LintSubject) -> Iterator[RuleHit]:
    narrow = {"integer", "smallint", "serial", "serial4", "serial2", "smallserial"}
    for table, column in declared(at):
        constraints = constraints_of(column)
        text = type_text(column.type_name)
        grows = is_serial(column.type_name) or "CONSTR_IDENTITY" in constraints
        if text in narrow and grows and ("CONSTR_PRIMARY" in constraints or _is_key(at.body, column.colname)):
            yield RuleHit(f"the key {table}.{identifier(column.colname)} is {text}")


def _is_key(body: Node, column: str) -> bool:
    return any(enum_name(item, "contype") == "CONSTR_PRIMARY" and strings(item.keys) == [column]
               for item in find(body, "Constraint"))


@rule("serial-type", "info", on=("create_stmt", "alter_table_stmt"),
      reason="serial's sequence has privileges and an owner of its own, and inserts can override it unseen",
      advice="bigint GENERATED ALWAYS AS IDENTITY")
def serial_type(at: LintSubject) -> Iterator[RuleHit]:
    for _, column in declared(at):
        if is_serial(column.type_name):
            yield RuleHit(f"{column.colname} is {type_text(column.type_name)}")


@rule("json-type", "info", on=("create_stmt", "alter_table_stmt"),
      reason="json has no equality, so DISTINCT and GROUP BY fail on it, and no index",
      advice="jsonb")
def json_type(at: LintSubject) -> Iterator[RuleHit]:
    yield from _of_type(at, "json")


@rule("char-type", "info", on=("create_stmt", "alter_table_stmt"),
      reason="char(n) is padded with blanks, which compare oddly and save nothing",
      advice="text, with a CHECK on its length if that matters")
def char_type(at: LintSubject) -> Iterator[RuleHit]:
    for table, column in declared(at):
        if type_text(column.type_name).partition("(")[0] == "character":
            yield RuleHit(f"{table}.{identifier(column.colname)} is char(n)")


@rule("timestamp-without-time-zone", "info", on=("create_stmt", "alter_table_stmt"),
      reason="without an offset nobody knows which moment is meant",
      advice="timestamptz")
def timestamp_without_time_zone(at: LintSubject) -> Iterator[RuleHit]:
    for table, column in declared(at):
        if type_text(column.type_name).startswith("timestamp") and "without" in type_text(column.type_name):
            yield RuleHit(f"{table}.{identifier(column.colname)} is timestamp without time zone")


@rule("money-type", "info", on=("create_stmt", "alter_table_stmt"),
      reason="money's currency and its number of digits follow a setting of the session",
      advice="numeric, with the currency beside it")
def money_type(at: LintSubject) -> Iterator[RuleHit]:
    yield from _of_type(at, "money")


def _of_type(at: LintSubject, text: str) -> Iterator[RuleHit]:
    for table, column in declared(at):
        if type_text(column.type_name).rstrip("[]") == text:
            yield RuleHit(f"{table}.{identifier(column.colname)} is {text}")


@rule("rename-column", "warning", upwards=True, on=("rename_stmt",),
      reason="running programs that use the old name fail at once",
      advice="add a column of the new name, write both, move the readers, then drop the old one; or a view in between")
def rename_column(at: LintSubject) -> Iterator[RuleHit]:
    if at.kind == "rename_stmt" and object_words(at.body, "rename_type") == "COLUMN" \
            and not at.is_new(table := range_name(at.body.relation)):
        yield RuleHit(f"{table}.{identifier(at.body.subname)} becomes {identifier(at.body.newname)}")


