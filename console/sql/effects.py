"""What a statement reaches: the functions, operators, relations and types that it names, and what it does by its kind.

By its tree; where the grammar here doesn't know it, and in bodies of PL/pgSQL, by its words, which name more than is
meant and never less. What the names mean only the catalog knows: see console/server/effects.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct, field

from console.sql import acting, grammar
from console.sql.grammar import Name, Node
from console.sql.keywords import RESERVED
from console.sql.names import NAMES, name_of, text_of
from console.sql.tokens import Token, significant

MOST_NAME_BYTES = 63

ANY = -1
"""A call with any number of arguments."""
ATTRIBUTE = -2
"""What may be a column or a function of its row: `row.name`."""


class Effect(Struct, frozen=True):
    """Something that acts although the transaction is read-only: what, what it does, and what brings it about."""

    what: str
    why: str
    through: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.what}{f', reached through {self.through},' if self.through else ''} {self.why}"


class Call(Struct, frozen=True):
    """A function as it is called: its schema or "", its name, and the number of arguments, ANY, or ATTRIBUTE."""

    schema: str
    name: str
    arguments: int


class Uses(Struct):
    """What a text names, and what it does by itself. `oids` are of objects that are known: their kind and OID."""

    calls: set[Call] = field(default_factory=set)
    operators: set[Name] = field(default_factory=set)
    relations: set[Name] = field(default_factory=set)
    types: set[Name] = field(default_factory=set)
    prepared: set[str] = field(default_factory=set)
    effects: list[Effect] = field(default_factory=list)
    oids: set[tuple[str, int]] = field(default_factory=set)

    def take(self, other: Uses) -> None:
        """Adds what another text uses."""
        self.calls |= other.calls
        self.operators |= other.operators
        self.relations |= other.relations
        self.types |= other.types
        self.prepared |= other.prepared
        self.effects += other.effects

def uses(text: str) -> Uses:
    """What the statements of `text` use. Those that a read-only transaction refuses as a whole use nothing."""
    parsed = grammar.split(text)
    if isinstance(parsed, grammar.SyntaxFault) or any(statement.newer for statement in parsed):
        return _of_words(list(significant(text)))
    found = Uses()
    for statement in parsed:
        found.effects += _of_kind(list(significant(statement.text)))
        if statement.node_kind in _EXECUTED:
            _of_tree(statement.body, found)
    return found


def uses_of_tree(body: Node) -> Uses:
    """What a statement of any kind names in its tree; what stands in the body of a function is text there."""
    found = Uses()
    _of_tree(body, found)
    return found


def uses_of_body(body: str, language: str) -> Uses:
    """What the body of a function in SQL or PL/pgSQL uses."""
    return uses(body) if language == "sql" else _of_words(list(significant(body)), is_procedural=True)


_EXECUTED = frozenset(("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "explain_stmt",
                       "prepare_stmt", "execute_stmt", "declare_cursor_stmt", "call_stmt", "do_stmt", "copy_stmt"))

# by the tree


def _of_tree(body: Node, found: Uses) -> None:
    for node in grammar.walk(body):
        if (reader := _READERS.get(node.DESCRIPTOR.name)) is not None:
            reader(node, found)


def _function(node: Node, found: Uses) -> None:
    parts = grammar.strings(node.funcname)
    name = Name(parts[-2] if len(parts) > 1 else None, parts[-1])
    count = ANY if node.agg_within_group or node.func_variadic else len(node.args)
    found.calls.add(Call(name.schema or "", name.name, count))
    if count == 1:
        found.types.add(name)  # type(value) is a cast
    if "json" in name.name:
        _makes_json(node, found)
    setting = _constant(node, 0) if name.name == acting.SETS_ROLE else ""
    if setting is None or setting.lower() in acting.ROLE_SETTINGS:
        found.effects.append(Effect("set_config()", acting.SETS_ROLE_WHY))
    if name.name in acting.RUNS_TEXT and len(node.args) == acting.RUNS_TEXT_ARGUMENTS.get(name.name, len(node.args)):
        place = acting.RUNS_TEXT[name.name]
        text = None if place is None else _constant(node, place)
        if text is None:
            found.effects.append(Effect(f"{name.name}()", acting.RUNS_TEXT_WHY))
        else:
            found.take(uses(text))


def _constant(node: Node, place: int) -> str | None:
    """The text that an argument is; None where it is no constant."""
    argument = node.args[place] if place < len(node.args) else None
    while argument is not None and argument.WhichOneof("node") == "type_cast":
        argument = argument.type_cast.arg
    if argument is None or argument.WhichOneof("node") != "a_const" or not argument.a_const.HasField("sval"):
        return None
    return str(argument.a_const.sval.sval)


def _column(node: Node, found: Uses) -> None:
    _attributes(grammar.strings(node.fields)[1:], found)


def _indirection(node: Node, found: Uses) -> None:
    _attributes(grammar.strings(node.indirection), found)


def _attributes(names: Sequence[str], found: Uses) -> None:
    for name in names:
        found.calls.add(Call("", name, 1 if name in acting.FUNCTIONS else ATTRIBUTE))


def _operator(node: Node, found: Uses) -> None:
    parts = grammar.strings(node.name)
    if parts[-1:] and "BETWEEN" in parts[-1]:
        _operators([">="], found)
        _operators(["<="], found)
    else:
        _operators(parts, found)


def _operators(parts: Sequence[str], found: Uses) -> None:
    found.operators.add(Name(parts[-2] if len(parts) > 1 else None, parts[-1]) if parts else Name(None, "="))


def _type(node: Node, found: Uses) -> None:
    if parts := grammar.strings(node.names):
        found.types.add(Name(parts[-2] if len(parts) > 1 else None, parts[-1]))


def _join(node: Node, found: Uses) -> None:
    if node.is_natural or node.using_clause:
        _operators([], found)


def _makes_json(_: Node, found: Uses) -> None:
    """Where a value's type has a cast to json, whatever makes JSON calls that."""
    found.types.add(Name(None, "json"))


def _sort(node: Node, found: Uses) -> None:
    if node.use_op:
        _operators(grammar.strings(node.use_op), found)


def _relation(node: Node, found: Uses) -> None:
    if node.relname:
        found.relations.add(grammar.range_name(node))


def _block(node: Node, found: Uses) -> None:
    given = grammar.options(node.args)
    language = given["language"].string.sval if "language" in given else "plpgsql"
    if language in ("sql", "plpgsql"):
        found.take(uses_of_body(given["as"].string.sval, language) if "as" in given else Uses())
    else:
        found.effects.append(Effect("DO", f"is written in {language}, which can't be read here"))


_READERS: Mapping[str, Callable[[Node, Uses], None]] = {
    "FuncCall": _function, "ColumnRef": _column, "A_Indirection": _indirection, "A_Expr": _operator,
    "TypeName": _type, "RangeVar": _relation, "DoStmt": _block, "JoinExpr": _join, "SortBy": _sort,
    "SubLink": lambda node, found: _operators(grammar.strings(node.oper_name), found),
    "CaseExpr": lambda node, found: _operators([], found),
    **dict.fromkeys(("JsonObjectConstructor", "JsonArrayConstructor", "JsonArrayQueryConstructor", "JsonScalarExpr",
                     "JsonSerializeExpr", "JsonObjectAgg", "JsonArrayAgg"), _makes_json),
    "ExecuteStmt": lambda node, found: found.prepared.add(node.name),
}

# by the words


def _of_words(found: Sequence[Token], *, is_procedural: bool = False) -> Uses:
    """What tokens may name. `is_procedural`: a body in PL/pgSQL, in which EXECUTE runs a text."""
    result = Uses(operators=set(_IMPLIED))
    for first, last in _statements(found):
        result.effects += _of_kind(found[first:last])
    for place, token in enumerate(found):
        if token.kind == "operator":
            result.operators.add(Name(None, token.text))
        elif token.kind in NAMES:
            _of_name(found, place, result)
        if is_procedural and token.word == "EXECUTE":
            text = _run_text(found, place)
            if text is None:
                result.effects.append(Effect("EXECUTE", "runs a statement that is put together as it runs"))
            else:
                result.take(uses(text))
    return result


def _of_name(found: Sequence[Token], place: int, result: Uses) -> None:
    token, following = found[place], found[place + 1].text if place + 1 < len(found) else ""
    is_part = place > 1 and found[place - 1].text == "." and found[place - 2].kind in NAMES
    schema, name = _cut(found[place - 2]) if is_part else None, _cut(token)
    if following == "(" and (token.kind == "quoted" or token.text.lower() not in RESERVED):
        result.calls.add(Call(schema or "", name, ANY))
        if name == acting.SETS_ROLE and _setting(found, place + 2) in ("", *acting.ROLE_SETTINGS):
            result.effects.append(Effect("set_config()", acting.SETS_ROLE_WHY))
        if name in acting.RUNS_TEXT:
            result.effects.append(Effect(f"{name}()", acting.RUNS_TEXT_WHY))
    elif place and found[place - 1].text == ".":
        _attributes([name], result)
    if "json" in name:
        result.types.add(Name(None, "json"))
    result.relations.add(Name(schema, name))
    result.types.add(Name(schema, name))


def _setting(found: Sequence[Token], place: int) -> str:
    """The setting that the first argument at `place` names; "" where it is no constant."""
    is_constant = place + 1 < len(found) and found[place].kind == "string" and found[place + 1].text == ","
    return text_of(found[place].text).lower() if is_constant else ""


def _cut(token: Token) -> str:
    """The name that a token means, as long as the server keeps it."""
    return name_of(token.text).encode("utf-8", "replace")[:MOST_NAME_BYTES].decode("utf-8", "ignore")


def _run_text(found: Sequence[Token], place: int) -> str | None:
    """The statement that EXECUTE at `place` runs, where it is a constant."""
    text, following = [*found[place + 1:place + 3], Token("sign", ";", 0), Token("sign", ";", 0)][:2]
    if text.kind != "string" or (following.word or following.text) not in (";", "USING", "INTO", "LOOP"):
        return None
    return text_of(text.text)


_IMPLIED = frozenset(Name(None, sign) for sign in ("=", ">=", "<=", "~~", "!~~", "~~*", "!~~*", "~", "!~"))
"""Operators that words stand for: IN, CASE, BETWEEN, LIKE, SIMILAR TO..."""

_BEFORE_STATEMENT = frozenset((";", "BEGIN", "THEN", "ELSE", "LOOP"))


def _statements(found: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The places of what may be statements in a body: after a semicolon, and after BEGIN, THEN and the like."""
    edges = [place for place, token in enumerate(found) if (token.word or token.text) in _BEFORE_STATEMENT]
    for before, after in pairwise((-1, *edges, len(found))):
        if before + 1 < after:
            yield before + 1, after


def _of_kind(found: Sequence[Token]) -> Iterator[Effect]:
    """What a statement does by its kind, whatever it names."""
    words = tuple(token.word for token in found[:4])
    for count in range(1, 5):
        if (why := acting.STATEMENTS.get(words[:count])) is not None and len(words) >= count:
            yield Effect(" ".join(words[:count]), why)
    if words[:1] == ("COPY",):
        yield from _of_copy(found)


def _of_copy(found: Sequence[Token]) -> Iterator[Effect]:
    depth = 0
    for token, following in pairwise(found):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.word in ("TO", "FROM"):
            if following.word == "PROGRAM":
                yield Effect("COPY ... PROGRAM", acting.COPY_PROGRAM)
            elif token.word == "TO" and following.kind == "string":
                yield Effect("COPY to a file", acting.COPY_FILE)
