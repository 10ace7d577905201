"""Names that fit where the cursor is in a piece of SQL: from the words before it, and from what the catalog holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from operator import itemgetter
from typing import Literal

from msgspec import Struct, field

from console.sql.keywords import RESERVED
from console.sql.names import NAMES, name_of
from console.sql.quoting import identifier
from console.sql.relations import NamedRelation, after_words
from console.sql.tokens import Token, tokens

Place = Literal["relation", "value", "operator", "nothing"]

MOST = 200

OPERATORS = {
    "<->": "L2 distance", "<=>": "cosine distance", "<#>": "negative inner product", "<+>": "L1 distance",
    "<~>": "Hamming distance", "<%>": "Jaccard distance"}
"""pgvector's distance operators."""

_OFFERED = """
    add alter begin by cascade close commit comment copy database delete drop exists explain extension function
    if index insert key materialized merge nulls over partition policy recursive refresh reindex rename restrict revoke
    rollback row rows savepoint schema sequence set show start temporary transaction trigger truncate type update
    vacuum values view authorization between binary collation concurrently cross current_schema freeze full ilike inner
    is isnull join left like natural notnull outer overlaps right similar tablesample verbose"""

OFFERED = tuple(sorted({*RESERVED, *_OFFERED.split()}))
"""The keywords that statements are made of every day; no name that follows a relation is one of them."""

_RELATION_AFTER = frozenset(("from", "join", "into", "update", "table", "only", "truncate", "vacuum", "analyze", "copy",
                             "references", "view"))
_VALUE_AFTER = frozenset(("select", "where", "and", "or", "on", "by", "having", "set", "returning", "when", "then",
                          "else", "not", "case", "distinct", "using", "in", "like", "ilike", "between", "limit"))


class Named(Struct, frozen=True):
    """Something in the catalog: `kind` is table, view, function..., `schema` "" for a schema itself."""

    schema: str
    name: str
    kind: str


class Completion(Struct, frozen=True):
    """A text to put in the place of the prefix, and what it is."""

    text: str
    what: str


class CompletionContext(Struct, frozen=True):
    """What stands before the cursor: the part of a name, what qualifies it, what may come, and the relations named."""

    prefix: str
    qualifier: tuple[str, ...] | None
    place: Place
    sources: tuple[NamedRelation, ...]


class CatalogNames(Struct, frozen=True):
    """What the catalog holds, as far as it has been read. `columns` by (schema, relation), with their types."""

    schemas: tuple[str, ...] = ()
    relations: tuple[Named, ...] = ()
    functions: tuple[Named, ...] = ()
    columns: Mapping[tuple[str, str], Sequence[tuple[str, str]]] = field(default_factory=dict)


_TEXTS = ("string", "comment")


def context_at(text: str, offset: int) -> CompletionContext:
    """The context at `offset` characters of `text`."""
    statement = _statement(list(tokens(text)), offset)
    sources = tuple(after_words([token for token in statement if token.kind not in _TEXTS]))
    before = [token for token in statement if token.start < offset]
    if before and before[-1].kind in _TEXTS and before[-1].end >= offset and not _is_over(before[-1], offset):
        return CompletionContext("", None, "nothing", sources)
    before = [token for token in before if token.kind not in _TEXTS]
    prefix = ""
    if before and before[-1].kind in (*NAMES, "operator") and before[-1].end >= offset:
        token = before.pop()
        prefix = text[token.start:offset]
        if token.kind == "operator":
            return CompletionContext(prefix, None, "operator" if prefix.startswith("<") else "nothing", sources)
    qualifier: list[str] = []
    while len(before) >= 2 and before[-1].text == "." and before[-2].kind in NAMES:
        qualifier.insert(0, name_of(before[-2].text))
        del before[-2:]
    return CompletionContext(prefix, tuple(qualifier) if qualifier else None, _place(before), sources)


def _statement(found: Sequence[Token], offset: int) -> Sequence[Token]:
    """The tokens of the statement that the cursor is in."""
    first = max((i + 1 for i, token in enumerate(found) if token.text == ";" and token.end <= offset), default=0)
    last = next((i for i, token in enumerate(found) if token.text == ";" and token.start >= offset), len(found))
    return found[first:last]


def _is_over(token: Token, offset: int) -> bool:
    """Whether the cursor is behind a constant or a comment that is closed; one to the line's end has no other end."""
    return token.is_closed and token.end <= offset and not token.text.startswith("--")


def _place(before: Sequence[Token]) -> Place:
    """What may come after these tokens."""
    depth = 0
    for token in reversed(before):
        if token.text == ")":
            depth += 1
        elif token.text == "(":
            if not depth:
                return "value"
            depth -= 1
        elif not depth and (word := token.word.lower()):
            if word in _RELATION_AFTER:
                return "relation" if token is before[-1] or before[-1].text == "," else "value"
            if word in _VALUE_AFTER:
                return "value"
    return "value"


def candidates(context: CompletionContext, names: CatalogNames) -> tuple[Completion, ...]:
    """What fits, the likeliest first: those that begin with the prefix before those that hold it."""
    if context.place == "nothing":
        return ()
    if context.place == "operator":
        return tuple(Completion(sign, what) for sign, what in OPERATORS.items() if sign.startswith(context.prefix))
    wanted = name_of(context.prefix).lower()
    offered = _qualified(context, names) if context.qualifier else _plain(context, names)
    ranked = [(rank, number, item) for number, (key, item) in enumerate(offered)
              if (rank := _rank(key.lower(), wanted)) < 3]
    found: dict[str, Completion] = {}
    for _, _, completion in nsmallest(2 * MOST, ranked, key=itemgetter(0, 1)):
        candidate = (completion if isinstance(completion, Completion)
                     else _candidate(completion, is_qualified=context.qualifier is not None))
        found.setdefault(candidate.text, candidate)
    return tuple(found.values())[:MOST]


def _candidate(named: Named, *, is_qualified: bool) -> Completion:
    """A relation or function; with its schema where that isn't said already and is one that has to be."""
    schema = "" if is_qualified or named.schema in ("public", "pg_catalog") else f"{identifier(named.schema)}."
    return Completion(f"{schema}{identifier(named.name)}{'(' if named.kind == 'function' else ''}", named.kind)


def _rank(name: str, wanted: str) -> int:
    """0 begins with it, 1 a part of the name does, 2 holds it, 3 doesn't."""
    if name.startswith(wanted):
        return 0
    if f"_{wanted}" in name:
        return 1
    return 2 if len(wanted) >= 3 and wanted in name else 3


def _qualified(context: CompletionContext, names: CatalogNames) -> Iterable[tuple[str, Completion | Named]]:
    assert context.qualifier
    last = context.qualifier[-1]
    if len(context.qualifier) > 1:
        yield from _columns(names, (NamedRelation(context.qualifier[-2], last, ""),))
        return
    yield from _columns(names, [source for source in context.sources if (source.alias or source.name) == last])
    yield from ((relation.name, relation) for relation in (*names.relations, *names.functions)
                if relation.schema == last)


def _plain(context: CompletionContext, names: CatalogNames) -> Iterable[tuple[str, Completion | Named]]:
    schemas = [(name, Completion(f"{identifier(name)}.", "schema")) for name in names.schemas]
    keywords = [(word, Completion(word.upper() if not context.prefix.islower() else word, "keyword"))
                for word in OFFERED]
    relations = ((relation.name, relation) for relation in names.relations)
    if context.place == "relation":
        yield from relations
        yield from schemas
        yield from keywords
        return
    yield from _columns(names, context.sources)
    for source in context.sources:
        name = source.alias or source.name
        yield name, Completion(f"{identifier(name)}.", "in this statement")
    yield from keywords
    yield from ((function.name, function) for function in names.functions)
    yield from schemas
    yield from relations


def _columns(names: CatalogNames, sources: Iterable[NamedRelation]) -> Iterable[tuple[str, Completion]]:
    wanted = {(source.schema, source.name) for source in sources}
    for (schema, relation), columns in names.columns.items():
        if (schema, relation) in wanted or ("", relation) in wanted:
            yield from ((name, Completion(identifier(name), kind)) for name, kind in columns)
