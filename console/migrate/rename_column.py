"""`migrate new --rename-column TABLE.OLD=NEW`: another name for a column that programs use, in three migrations.

Expand: the new column beside the old one, a trigger keeps both in step, so that programs of before and after run at the
same time. Backfill: the rows of before, in batches. Contract, when no program uses the old name any more: it goes.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.errors import UsageError
from console.migrate.create import MigrationPart
from console.migrate.faults import MigrationError
from console.server.query import load
from console.server.session import Session
from console.sql.names import qualified_name
from console.sql.quoting import identifier

ROWS = 5000
MOST_NAME_BYTES = 63


class RenamedColumn(Struct, frozen=True):
    """sql/renamed_column.sql as it comes. `dependents` are what else stands on the column, in PostgreSQL's words."""

    schema: str
    relation: str
    type: str
    not_null: bool
    default_value: str | None
    is_generated: bool
    is_comparable: bool
    is_taken: bool
    key: str | None
    dependents: Sequence[str]


class Renaming(Struct, frozen=True):
    """What is asked for: the column `old` of a table, which has no schema where none is written, and its new name."""

    schema: str | None
    relation: str
    old: str
    new: str


_FACTS = load("console.migrate", "renamed_column", RenamedColumn)


def read_asked(text: str) -> Renaming:
    """`[SCHEMA.]TABLE.OLD=NEW`. Raises UsageError."""
    before, _, after = text.partition("=")
    name, new = qualified_name(before), qualified_name(after)
    if not (2 <= len(name) <= 3 and len(new) == 1):
        raise UsageError(f"--rename-column {text}: no TABLE.OLD=NEW",
                         hint="write for example --rename-column app.item.note=remark")
    return Renaming(name[0] if len(name) == 3 else None, name[-2], name[-1], new[0])


async def read_facts(session: Session, asked: Renaming, schema: str) -> RenamedColumn:
    """What the server knows of the column; `schema` is where the table is unless that is said.

    Raises MigrationError where there is no such column, or it can't be renamed in this way.
    """
    schema = asked.schema or schema
    name = identifier(schema, asked.relation, asked.old)
    found = await session.fetch(_FACTS, {"schema": schema, "relation": asked.relation, "old": asked.old,
                                         "new": asked.new})
    if not found:
        raise MigrationError(f"there is no column {name}", hint="apply what is pending; -t names the server to look at")
    facts: RenamedColumn = found[0]
    if facts.is_taken:
        raise MigrationError(f"{identifier(schema, asked.relation)} has a column {asked.new} already")
    if facts.is_generated:
        raise MigrationError(f"{name} is generated: nothing can be copied into it", hint="write it by hand")
    if facts.key is None:
        raise MigrationError(f"{identifier(schema, asked.relation)} has no key of one column to go through it by",
                             hint="a primary key or a unique index over one NOT NULL column makes batches possible")
    return facts


def pieces(facts: RenamedColumn, asked: Renaming) -> tuple[MigrationPart, ...]:
    """The three migrations, in order. Pure."""
    return _expand(facts, asked), _backfill(facts, asked), _contract(facts, asked)


def _names(facts: RenamedColumn, asked: Renaming) -> tuple[str, str, str, str]:
    """The table, the function and its trigger, and the constraint, as SQL writes them."""
    made = _cut(f"{facts.relation}_{asked.old}_{asked.new}_in_step")
    return (identifier(facts.schema, facts.relation), identifier(facts.schema, made), identifier(made),
            identifier(_cut(f"{facts.relation}_{asked.new}_not_null_check")))


def _cut(name: str) -> str:
    return name.encode()[:MOST_NAME_BYTES].decode("utf-8", "ignore")


def _in_step(facts: RenamedColumn, asked: Renaming) -> str:
    table, function, trigger, _ = _names(facts, asked)
    old, new = identifier(asked.old), identifier(asked.new)
    cast = "" if facts.is_comparable else "::text"
    return f"""CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.{new}{cast} IS DISTINCT FROM OLD.{new}{cast} THEN
        NEW.{old} := NEW.{new};
    ELSIF TG_OP = 'UPDATE' AND NEW.{old}{cast} IS DISTINCT FROM OLD.{old}{cast} THEN
        NEW.{new} := NEW.{old};
    ELSIF NEW.{new} IS NULL THEN
        NEW.{new} := NEW.{old};
    ELSIF TG_OP = 'INSERT' THEN
        NEW.{old} := NEW.{new};
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {trigger} BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {function}();
"""


def _not_null(facts: RenamedColumn, asked: Renaming) -> str:
    table, _, _, constraint = _names(facts, asked)
    if not facts.not_null:
        return ""
    return f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({identifier(asked.new)} IS NOT NULL) NOT VALID;\n"


def _expand(facts: RenamedColumn, asked: Renaming) -> MigrationPart:
    table, function, trigger, _ = _names(facts, asked)
    old, new = identifier(asked.old), identifier(asked.new)
    beside = "".join(f"-- On {old} stands {each}: make it for {new} too before the contract.\n"
                     for each in facts.dependents)
    return MigrationPart("expand", f"""-- {new} takes the place of {table}.{old}: both are there, in step by a trigger.
{beside}ALTER TABLE {table} ADD COLUMN {new} {facts.type};
{_in_step(facts, asked)}{_not_null(facts, asked)}""", f"""-- Only {old} is there again.
DROP TRIGGER {trigger} ON {table};
DROP FUNCTION {function}();
ALTER TABLE {table} DROP COLUMN {new};
""")


def _backfill(facts: RenamedColumn, asked: Renaming) -> MigrationPart:
    table = _names(facts, asked)[0]
    old, new, key = identifier(asked.old), identifier(asked.new), identifier(facts.key or "")
    left = f"{new} IS NULL AND {old} IS NOT NULL"
    return MigrationPart("backfill", f"""-- dbconsole: batches={table}.{key}/{ROWS}, pause-at-lag=10s, while={left}
-- What {old} holds since before, into {new}.
UPDATE {table} SET {new} = {old} WHERE {key} BETWEEN $1 AND $2 AND {left};
""", f"-- There is nothing to take back: {old} has kept its values, and the way down of expand drops {new}.\n")


def _contract(facts: RenamedColumn, asked: Renaming) -> MigrationPart:
    table, function, trigger, constraint = _names(facts, asked)
    old, new = identifier(asked.old), identifier(asked.new)
    default = facts.default_value
    up = ["-- To be applied when no program uses the old name any more.",
          f"-- dbconsole: ignore=drop-column,drop-object: its values are in {new}, and no program uses it any more"]
    if facts.not_null:
        up += [f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};",
               f"ALTER TABLE {table} ALTER COLUMN {new} SET NOT NULL;",
               f"ALTER TABLE {table} DROP CONSTRAINT {constraint};"]
    if default is not None:
        up.append(f"ALTER TABLE {table} ALTER COLUMN {new} SET DEFAULT {default};")
    up += [f"DROP TRIGGER {trigger} ON {table};", f"DROP FUNCTION {function}();",
           f"ALTER TABLE {table} DROP COLUMN {old};"]
    down = [f"-- {old} is there again, with the values of {new}, and in step with it.",
            f"ALTER TABLE {table} ADD COLUMN {old} {facts.type};", f"UPDATE {table} SET {old} = {new};"]
    if default is not None:
        down += [f"ALTER TABLE {table} ALTER COLUMN {new} DROP DEFAULT;",
                 f"ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT {default};"]
    if facts.not_null:
        down += [f"ALTER TABLE {table} ALTER COLUMN {old} SET NOT NULL;",
                 f"ALTER TABLE {table} ALTER COLUMN {new} DROP NOT NULL;"]
    return MigrationPart("contract", "\n".join(up) + "\n", "\n".join(down) + f"\n{_in_step(facts, asked)}"
                         f"{_not_null(facts, asked)}")
