"""What the functions that statements call lock in their turn: by their bodies, statement by statement, and those of
what these call. Triggers of a table that a statement changes count as called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from console.migrate.facts import Catalog
from console.migrate.footprint import Lock
from console.migrate.lock_modes import LockMode
from console.migrate.table_locks import locks_of, relations_of
from console.server.query import load
from console.server.session import Session
from console.sql.bodies import Body, body_of
from console.sql.grammar import Name, ParsedStatement, find, options, parts_name, strings

MOST_DEEP = 8
"""So many functions that call each other are followed."""
_CHANGES: Mapping[str, str] = {"InsertStmt": "INSERT", "UpdateStmt": "UPDATE", "DeleteStmt": "DELETE"}
_CALLING = frozenset(("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "call_stmt",
                      "copy_stmt", "create_table_as_stmt", "explain_stmt", "truncate_stmt", "alter_table_stmt",
                      "index_stmt"))
"""Kinds of statements that run the functions that they name; others only write them down."""


class FunctionBody(Struct, frozen=True):
    """sql/plan_bodies.sql as it comes."""

    schema: str
    name: str
    language: str
    body: str | None
    fires_on: str
    events: list[str]


class Called(Struct, frozen=True):
    """A function with what it runs; of a trigger's also on which table ("schema.name") and at what it fires."""

    name: Name
    body: Body
    fires_on: str = ""
    events: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return f"the trigger function {self.name}()" if self.fires_on else f"{self.name}()"


class Reached(Struct, frozen=True):
    """A lock that a function takes: `through` which one, in words."""

    lock: Lock
    through: str


class Functions(Struct):
    """Those that are known, by their bare names; those of triggers by their tables."""

    by_name: dict[str, list[Called]] = field(default_factory=dict)
    by_table: dict[str, list[Called]] = field(default_factory=dict)

    def add(self, called: Called) -> None:
        if called.fires_on:
            self.by_table.setdefault(called.fires_on, []).append(called)
        same = self.by_name.setdefault(called.name.name, [])
        if all(each.name != called.name or each.body is not called.body for each in same):
            same.append(called)

    def replace(self, called: Called) -> None:
        """A function that a statement makes, in place of one of the same name."""
        self.by_name[called.name.name] = [called]


_BODIES = load("console.migrate", "plan_bodies", FunctionBody)


async def read_functions(session: Session, statements: Iterable[ParsedStatement],
                         path: Sequence[str]) -> tuple[Functions, set[Name]]:
    """The functions that statements reach, and the relations that these lock. Raises ConsoleError.

    `path` are the schemas in which a relation without one is looked for.
    """
    found, relations = Functions(), set[Name]()
    asked_names: set[str] = set()
    asked_tables: set[str] = set()
    names, tables = _wanted(statements, path)
    for _ in range(MOST_DEEP):
        names, tables = names - asked_names, tables - asked_tables
        if not names and not tables:
            break
        asked_names, asked_tables = asked_names | names, asked_tables | tables
        ahead: list[ParsedStatement] = []
        for row in await session.fetch(_BODIES, {"names": sorted(names), "tables": sorted(tables)}):
            called = Called(Name(row.schema, row.name), body_of(row.body or "", row.language), row.fires_on,
                            tuple(row.events))
            found.add(called)
            ahead += called.body.statements
        relations |= {name for statement in ahead for name in relations_of(statement)}
        names, tables = _wanted(ahead, path)
    return found, relations


def _wanted(statements: Iterable[ParsedStatement], path: Sequence[str]) -> tuple[set[str], set[str]]:
    names: set[str] = set()
    tables: set[str] = set()
    for statement in [*_inside(statements)]:
        names |= {name.name for name in _calls(statement)}
        for name, _ in _changed(statement):
            tables |= {f"{schema}.{name.name}" for schema in ([name.schema] if name.schema else path)}
    return names, tables


def _inside(statements: Iterable[ParsedStatement]) -> Iterator[ParsedStatement]:
    """With what DO blocks run."""
    for statement in statements:
        yield statement
        if statement.node_kind == "do_stmt":
            yield from _block(statement).statements


def made_by(statement: ParsedStatement) -> Called | None:
    """The function that a statement makes; None for other statements."""
    if statement.node_kind != "create_function_stmt":
        return None
    node = statement.body
    given = options(node.options)
    language = given["language"].string.sval if "language" in given else "sql"
    text = " ".join(strings(given["as"].list.items)) if "as" in given else ""
    return Called(parts_name(strings(node.funcname)), body_of(text, language))


def reached(statement: ParsedStatement, catalog: Catalog | None, known: Functions) -> tuple[list[Reached], str | None]:
    """What functions lock when the statement runs, more than to read; and in words what of it isn't known."""
    if statement.node_kind not in _CALLING and statement.node_kind != "do_stmt":
        return [], None
    found: dict[tuple[Name, LockMode], Reached] = {}
    unread: dict[str, None] = {}
    seen: set[int] = set()
    ahead = _first(statement, known)
    while ahead:
        called = ahead.pop(0)
        if id(called) in seen:
            continue
        seen.add(id(called))
        unread |= dict.fromkeys(f"{called.words} runs {what}: it may take any lock" for what in called.body.unread)
        for inner in called.body.statements:
            footprint = locks_of(inner, catalog)
            if footprint.opaque and inner.node_kind not in ("do_stmt", "call_stmt"):
                unread[f"{called.words}: {footprint.opaque}"] = None
            for lock in footprint.locks:
                if lock.mode > LockMode.ACCESS_SHARE:
                    found.setdefault((lock.relation, lock.mode), Reached(lock, called.words))
            ahead += _first(inner, known)
    return [*found.values()], next(iter(unread), None)


def is_known(statement: ParsedStatement, known: Functions) -> bool:
    """Whether all that a DO block or a CALL runs could be looked at."""
    if statement.node_kind == "do_stmt":
        return True
    return statement.node_kind == "call_stmt" and all(name.name in known.by_name for name in _calls(statement))


def _first(statement: ParsedStatement, known: Functions) -> list[Called]:
    found = [called for name in _calls(statement) for called in known.by_name.get(name.name, ())
             if not called.fires_on and (not name.schema or name.schema == called.name.schema)]
    for name, event in _changed(statement):
        found += [called for table, several in known.by_table.items() for called in several
                  if event in called.events and (table == str(name) or
                                                 (not name.schema and table.endswith(f".{name.name}")))]
    if statement.node_kind == "do_stmt":
        found.append(Called(Name(None, "DO"), _block(statement)))
    return found


def _block(statement: ParsedStatement) -> Body:
    given = options(statement.body.args)
    return body_of(given["as"].string.sval if "as" in given else "",
                   given["language"].string.sval if "language" in given else "plpgsql")


def _calls(statement: ParsedStatement) -> Iterator[Name]:
    if statement.node_kind in _CALLING and "(" in statement.text:
        for call in find(statement.body, "FuncCall"):
            yield parts_name(strings(call.funcname))


def _changed(statement: ParsedStatement) -> Iterator[tuple[Name, str]]:
    """The tables that a statement changes, and how."""
    if statement.node_kind not in _CALLING or statement.node_kind in ("alter_table_stmt", "index_stmt"):
        return
    for node in find(statement.body, "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
        name = Name(node.relation.schemaname or None, node.relation.relname)
        words = _CHANGES.get(node.DESCRIPTOR.name)
        yield from ((name, word) for word in ([words] if words else _CHANGES.values()))
    if statement.node_kind == "truncate_stmt":
        for relation in statement.body.relations:
            yield Name(relation.range_var.schemaname or None, relation.range_var.relname), "TRUNCATE"
    if statement.node_kind == "copy_stmt" and statement.body.is_from:
        yield Name(statement.body.relation.schemaname or None, statement.body.relation.relname), "INSERT"
