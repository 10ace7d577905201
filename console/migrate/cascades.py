"""What else a statement reaches by CASCADE: what goes with what it drops, and the tables that foreign keys lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from console.migrate.lock_modes import LockMode
from console.migrate.table_locks import dropped
from console.server.query import load
from console.server.session import Session
from console.sql.grammar import Name, ParsedStatement, enum_name, find, object_words, parts_name, range_name

MOST_NAMED = 10
_KINDS = {**dict.fromkeys(("TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "FOREIGN TABLE", "INDEX"), "relation"),
          "SCHEMA": "schema", "TYPE": "type", "DOMAIN": "type", "EXTENSION": "extension",
          **dict.fromkeys(("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"), "routine")}

Root = tuple[str, str | None, str, str | None]
"""Kind, schema, name and column of what is dropped."""


class CascadeRow(Struct, frozen=True):
    """sql/plan_cascades.sql as it comes."""

    kind: str
    schema: str | None
    name: str
    column: str | None
    what: str | None
    relation_schema: str | None
    relation_name: str | None


class KeyCascadeRow(Struct, frozen=True):
    """sql/plan_key_cascades.sql as it comes."""

    way: str
    schema: str | None
    name: str
    relation_schema: str
    relation_name: str


class Cascades(Struct):
    """By what is dropped all that goes with it; by table and way (truncate, delete) the tables that are reached."""

    drops: dict[Root, list[CascadeRow]] = field(default_factory=dict)
    keys: dict[tuple[str, Name], list[Name]] = field(default_factory=dict)

    @property
    def relations(self) -> set[Name]:
        found = {name for names in self.keys.values() for name in names}
        return found | {Name(row.relation_schema, row.relation_name) for rows in self.drops.values() for row in rows
                        if row.relation_name is not None}


class Cascade(Struct, frozen=True):
    """What a statement reaches by CASCADE: relations with the locks that they are given, and in words what goes."""

    locks: tuple[tuple[Name, LockMode], ...] = ()
    goes: str | None = None


_DROPS = load("console.migrate", "plan_cascades", CascadeRow)
_KEYS = load("console.migrate", "plan_key_cascades", KeyCascadeRow)


async def read_cascades(session: Session, statements: Iterable[ParsedStatement], path: Sequence[str]) -> Cascades:
    """What the statements reach in the session's database. Raises ConsoleError."""
    roots: set[Root] = set()
    tables: set[Name] = set()
    for statement in statements:
        roots |= {*_roots(statement)}
        tables |= {name for _, name in _emptied(statement)}
    found = Cascades()
    if roots:
        every = sorted(roots, key=str)
        rows = await session.fetch(_DROPS, {
            "kinds": [root[0] for root in every], "schemas": [root[1] for root in every],
            "names": [root[2] for root in every], "columns": [root[3] for root in every], "path": [*path]})
        for row in rows:
            found.drops.setdefault((row.kind, row.schema, row.name, row.column), []).append(row)
    if tables:
        names = sorted(tables, key=str)
        for key in await session.fetch(_KEYS, {"schemas": [name.schema for name in names],
                                               "names": [name.name for name in names], "path": [*path]}):
            found.keys.setdefault((key.way, Name(key.schema, key.name)), []).append(
                Name(key.relation_schema, key.relation_name))
    return found


def cascade_of(statement: ParsedStatement, known: Cascades) -> Cascade:
    """What this one reaches."""
    rows = [row for root in _roots(statement) for row in known.drops.get(root, ())]
    locks = {Name(row.relation_schema, row.relation_name): LockMode.ACCESS_EXCLUSIVE for row in rows
             if row.relation_name is not None}
    for way, name in _emptied(statement):
        mode = LockMode.ACCESS_EXCLUSIVE if way == "truncate" else LockMode.ROW_EXCLUSIVE
        locks |= dict.fromkeys(known.keys.get((way, name), ()), mode)
    what = [*dict.fromkeys(row.what for row in rows if row.what)]
    more = f" and {len(what) - MOST_NAMED} more" if len(what) > MOST_NAMED else ""
    return Cascade(tuple(locks.items()), f"{', '.join(what[:MOST_NAMED])}{more}" if what else None)


def is_dropping(statement: ParsedStatement) -> bool:
    """Whether it is a DROP ... CASCADE of something whose dependents can be looked up."""
    return next(_roots(statement), None) is not None


def _roots(statement: ParsedStatement) -> Iterator[Root]:
    body = statement.body
    if statement.node_kind == "drop_stmt" and enum_name(body, "behavior") == "DROP_CASCADE":
        kind = _KINDS.get(object_words(body, "remove_type"))
        for parts in dropped(body) if kind is not None else ():
            name = parts_name(parts)
            yield str(kind), name.schema, name.name, None
    elif statement.node_kind == "alter_table_stmt" and "cascade" in statement.text.lower():
        table = range_name(body.relation)
        for command in find(body, "AlterTableCmd"):
            if enum_name(command, "subtype") == "AT_DropColumn" and enum_name(command, "behavior") == "DROP_CASCADE":
                yield "column", table.schema, table.name, command.name


def _emptied(statement: ParsedStatement) -> Iterator[tuple[str, Name]]:
    """The tables that it takes rows from, and how."""
    if statement.node_kind == "truncate_stmt" and enum_name(statement.body, "behavior") == "DROP_CASCADE":
        for relation in statement.body.relations:
            yield "truncate", range_name(relation.range_var)
    elif (statement.node_kind in ("delete_stmt", "select_stmt", "insert_stmt", "merge_stmt")
          and "delete" in statement.text.lower()):  # also within a WITH
        for delete in find(statement.body, "DeleteStmt"):
            yield "delete", range_name(delete.relation)
