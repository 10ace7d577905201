"""What a text defines and what it needs for that: views, functions and triggers that can be made over and over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct, field

from console.sql import grammar
from console.sql.effects import ATTRIBUTE, Uses, uses_of_body, uses_of_tree
from console.sql.grammar import Name, Node, ParsedStatement
from console.sql.names import names_in

Kind = Literal["relation", "routine", "trigger"]


class Defined(Struct, frozen=True):
    """A view or materialized view (`relation`), a function, procedure or aggregate (`routine`, whatever its arguments)
    or a trigger, which has its table's schema and a `table`. `schema` None where the text writes none."""

    kind: Kind
    schema: str | None
    name: str
    table: str = ""


class Definitions(Struct):
    """`created` and `dropped` in their order; `names` that these need to be there, `body_names` that only running a
    function needs.

    `settings` are the statements before the first definition that set something, as they are written. `lasting` is
    the first statement that does what can't be told from definitions, with its line: None where there is none.
    """

    created: list[Defined] = field(default_factory=list)
    dropped: list[Defined] = field(default_factory=list)
    names: set[Name] = field(default_factory=set)
    body_names: set[Name] = field(default_factory=set)
    settings: list[str] = field(default_factory=list)
    lasting: tuple[str, int] | None = None

    @property
    def concerned(self) -> tuple[Defined, ...]:
        """All that is created or dropped, each once, in the order in which it is created."""
        return tuple(dict.fromkeys((*(each for each in self.dropped if each not in self.created), *self.created)))


def definitions(text: str) -> Definitions:
    """What `text` defines; of a text that is no SQL here only which names stand in it."""
    parsed = grammar.split(text)
    found = Definitions()
    if isinstance(parsed, grammar.SyntaxFault):
        found.names = {Name(None, name) for name in names_in(text)}
        found.lasting = parsed.message, parsed.line
        return found
    for statement in parsed:
        if not _take(statement, found) and found.lasting is None:
            found.lasting = statement.kind, statement.line
    return found


def _take(statement: ParsedStatement, found: Definitions) -> bool:
    """Adds what a statement does; whether definitions tell all that is left of it."""
    kind, body = statement.node_kind, statement.body
    if kind == "variable_set_stmt":
        has_begun = bool(found.created or found.dropped)
        if not has_begun:
            found.settings.append(statement.text)
        return not has_begun or body.name != "search_path"
    found.names |= _named(uses_of_tree(body))
    if kind in _CREATING:
        created = _CREATING[kind](body)
        found.created += [created] if created is not None else []
        if kind == "create_function_stmt":
            found.body_names |= _named(_of_body(body))
        if kind == "create_trig_stmt":
            found.names.add(grammar.parts_name(grammar.strings(body.funcname)))
        return created is not None
    if kind == "drop_stmt":
        dropped = [*_dropped(body)]
        found.dropped += dropped
        return len(dropped) == len(body.objects)
    return kind in _LEAVES_NOTHING or _is_of_defined(kind, body, found.created)


def _named(uses: Uses) -> set[Name]:
    calls = {Name(call.schema or None, call.name) for call in uses.calls if call.arguments != ATTRIBUTE}
    return uses.relations | uses.types | calls


def _of_body(body: Node) -> Uses:
    given = grammar.options(body.options)
    language = given["language"].string.sval.lower() if "language" in given else "sql"
    if "as" not in given or language not in ("sql", "plpgsql"):
        return Uses()
    return uses_of_body(grammar.strings(given["as"].list.items)[0], language)


def _relation(relation: Node) -> Defined:
    name = grammar.range_name(relation)
    return Defined("relation", name.schema, name.name)


def _routine(parts: Sequence[str]) -> Defined:
    name = grammar.parts_name([*parts])
    return Defined("routine", name.schema, name.name)


def _of_query(body: Node) -> Defined | None:
    is_view = grammar.enum_name(body, "objtype") == "OBJECT_MATVIEW"
    return _relation(body.into.rel) if is_view and not body.if_not_exists else None


def _aggregate(body: Node) -> Defined | None:
    is_one = grammar.enum_name(body, "kind") == "OBJECT_AGGREGATE"
    return _routine(grammar.strings(body.defnames)) if is_one else None


def _trigger(body: Node) -> Defined:
    return Defined("trigger", body.relation.schemaname or None, body.trigname, body.relation.relname)


_CREATING: Mapping[str, Callable[[Node], Defined | None]] = {
    "view_stmt": lambda body: _relation(body.view),
    "create_table_as_stmt": _of_query,
    "create_function_stmt": lambda body: _routine(grammar.strings(body.funcname)),
    "define_stmt": _aggregate,
    "create_trig_stmt": _trigger,
}
_LEAVES_NOTHING = frozenset(("comment_stmt", "select_stmt", "refresh_mat_view_stmt"))
_ROUTINES = frozenset(("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE"))


def _dropped(body: Node) -> Iterator[Defined]:
    what = grammar.object_words(body, "remove_type")
    for node in body.objects:
        if what in ("VIEW", "MATERIALIZED VIEW"):
            name = grammar.parts_name(grammar.strings(node.list.items))
            yield Defined("relation", name.schema, name.name)
        elif what in _ROUTINES:
            yield _routine(grammar.strings(node.object_with_args.objname))
        elif what == "TRIGGER":
            *table, trigger = grammar.strings(node.list.items)
            name = grammar.parts_name(table)
            yield Defined("trigger", name.schema, trigger, name.name)


def _is_of_defined(kind: str, body: Node, created: Sequence[Defined]) -> bool:
    """Whether a statement changes nothing but what the text has created, so that it goes and comes with that."""
    match kind:
        case "index_stmt":
            return _relation(body.relation) in created
        case "alter_table_stmt" if grammar.object_words(body, "objtype") in ("VIEW", "MATERIALIZED VIEW"):
            return _relation(body.relation) in created
        case "alter_function_stmt":
            return _routine(grammar.strings(body.func.objname)) in created
        case "alter_owner_stmt" if grammar.object_words(body, "object_type") in _ROUTINES:
            return _routine(grammar.strings(body.object.object_with_args.objname)) in created
        case "grant_stmt":
            return all(_granted(node) in created for node in body.objects)
    return False


def _granted(node: Node) -> Defined | None:
    match node.WhichOneof("node"):
        case "range_var":
            return _relation(node.range_var)
        case "object_with_args":
            return _routine(grammar.strings(node.object_with_args.objname))
    return None
