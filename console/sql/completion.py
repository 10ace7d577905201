"""Names that fit where the cursor is in a piece of SQL: from the words before it, and from what the catalog holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from operator import itemgetter
from typing import Literal

from msgspec import Struct, field

Place = Literal["relation", "value", "operator", "nothing"]

MOST = 200

OPERATORS = {
    "<->": "L2 distance", "<=>": "cosine distance", "<#>": "negative inner product", "<+>": "L1 distance",
    "<~>": "Hamming distance", "<%>": "Jaccard distance"}
"""pgvector's distance operators."""

_RESERVED = """
    all analyse analyze and any array as asc asymmetric authorization between binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral leading
    left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps placing
    primary references returning right select session_user similar some symmetric system_user table tablesample then to
    trailing true union unique user using variadic verbose when where window with"""

_OTHERS = """
    add alter begin by cascade close commit comment copy count database delete drop exists explain extension function
    if index insert key materialized merge nulls over partition policy recursive refresh reindex rename restrict revoke
    rollback row rows savepoint schema sequence set show start temporary transaction trigger truncate type update
    vacuum values view"""

RESERVED = frozenset(_RESERVED.split())
KEYWORDS = tuple(sorted({*RESERVED, *_OTHERS.split()}))

_TOKEN = re.compile(
    r"(?P<skip>--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*(?:'|\Z)|\$(\w*)\$.*?(?:\$\2\$|\Z))"
    r'|(?P<word>"(?:[^"]|"")*"?|[A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*)'
    r"|(?P<sign>[.,;()])|(?P<operator>[-+*/<>=~!@#%^&|`?]+)|(?P<other>\S)", re.DOTALL)

_RELATION_AFTER = frozenset(("from", "join", "into", "update", "table", "only", "truncate", "vacuum", "analyze", "copy",
                             "references", "view"))
_VALUE_AFTER = frozenset(("select", "where", "and", "or", "on", "by", "having", "set", "returning", "when", "then",
                          "else", "not", "case", "distinct", "using", "in", "like", "ilike", "between", "limit"))


class Named(Struct, frozen=True):
    """Something in the catalog: `kind` is table, view, function..., `schema` "" for a schema itself."""

    schema: str
    name: str
    kind: str


class NamedRelation(Struct, frozen=True):
    """A relation that the statement names, and the alias under which it does ("" for none)."""

    schema: str
    name: str
    alias: str


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


class _Token(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int


def context_at(text: str, offset: int) -> CompletionContext:
    """The context at `offset` characters of `text`."""
    tokens = [_Token(found.lastgroup or "", found[0], found.start(), found.end())
              for found in (match for match in _TOKEN.finditer(text) if match.lastgroup is not None)]
    first = max((i + 1 for i, token in enumerate(tokens) if token.text == ";" and token.end <= offset), default=0)
    last = next((i for i, token in enumerate(tokens) if token.text == ";" and token.start >= offset), len(tokens))
    statement = tokens[first:last]
    before = [token for token in statement if token.start < offset]
    sources = _sources([token for token in statement if token.kind != "skip"])
    if before and before[-1].kind == "skip" and (before[-1].end >= offset and not _is_over(before[-1], offset)):
        return CompletionContext("", None, "nothing", sources)
    before = [token for token in before if token.kind != "skip"]
    prefix = ""
    if before and before[-1].kind in ("word", "operator") and before[-1].end >= offset:
        token = before.pop()
        prefix = text[token.start:offset]
        if token.kind == "operator":
            return CompletionContext(prefix, None, "operator" if prefix.startswith("<") else "nothing", sources)
    qualifier: list[str] = []
    while len(before) >= 2 and before[-1].text == "." and before[-2].kind == "word":
        qualifier.insert(0, _name(before[-2].text))
        del before[-2:]
    return CompletionContext(prefix, tuple(qualifier) if qualifier else None, _place(before), sources)


def _is_over(token: _Token, offset: int) -> bool:
    """Whether the cursor is behind a text or a comment that is closed."""
    closed = token.text.endswith(("'", "*/", "$")) and len(token.text) > 1
    return closed and token.end <= offset


def _place(before: Sequence[_Token]) -> Place:
    """What may come after these tokens."""
    depth = 0
    for token in reversed(before):
        word = token.text.lower()
        if token.text == ")":
            depth += 1
        elif token.text == "(":
            if not depth:
                return "value"
            depth -= 1
        elif token.kind == "word" and not depth:
            if word in _RELATION_AFTER:
                return "relation" if token is before[-1] or before[-1].text == "," else "value"
            if word in _VALUE_AFTER:
                return "value"
    return "value"


def _sources(tokens: Sequence[_Token]) -> tuple[NamedRelation, ...]:
    """The relations after FROM, JOIN, UPDATE and INTO, with their aliases."""
    found: list[NamedRelation] = []
    i = 0
    while i < len(tokens):
        word = tokens[i].text.lower()
        i += 1
        if tokens[i - 1].kind != "word" or word not in ("from", "join", "update", "into", "using"):
            continue
        while i < len(tokens) and tokens[i].kind == "word":
            if tokens[i].text.lower() in ("only", "lateral"):
                i += 1
                continue
            parts = [_name(tokens[i].text)]
            i += 1
            while i + 1 < len(tokens) and tokens[i].text == "." and tokens[i + 1].kind == "word":
                parts.append(_name(tokens[i + 1].text))
                i += 2
            alias = ""
            if i < len(tokens) and tokens[i].text.lower() == "as":
                i += 1
            if i < len(tokens) and tokens[i].kind == "word" and tokens[i].text.lower() not in KEYWORDS:
                alias = _name(tokens[i].text)
                i += 1
            found.append(NamedRelation(parts[-2] if len(parts) > 1 else "", parts[-1], alias))
            if word != "from" or i >= len(tokens) or tokens[i].text != ",":
                break
            i += 1
    return tuple(found)


def _name(word: str) -> str:
    """An identifier as the catalog has it."""
    return word[1:].removesuffix('"').replace('""', '"') if word.startswith('"') else word.lower()


def quoted(name: str) -> str:
    """An identifier as SQL wants it, in quotes only where it needs them."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name) and name not in RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def candidates(context: CompletionContext, names: CatalogNames) -> tuple[Completion, ...]:
    """What fits, the likeliest first: those that begin with the prefix before those that hold it."""
    if context.place == "nothing":
        return ()
    if context.place == "operator":
        return tuple(Completion(sign, what) for sign, what in OPERATORS.items() if sign.startswith(context.prefix))
    wanted = _name(context.prefix).lower()
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
    schema = "" if is_qualified or named.schema in ("public", "pg_catalog") else f"{quoted(named.schema)}."
    return Completion(f"{schema}{quoted(named.name)}{'(' if named.kind == 'function' else ''}", named.kind)


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
    schemas = [(name, Completion(f"{quoted(name)}.", "schema")) for name in names.schemas]
    keywords = [(word, Completion(word.upper() if not context.prefix.islower() else word, "keyword"))
                for word in KEYWORDS]
    relations = ((relation.name, relation) for relation in names.relations)
    if context.place == "relation":
        yield from relations
        yield from schemas
        yield from keywords
        return
    yield from _columns(names, context.sources)
    for source in context.sources:
        yield source.alias or source.name, Completion(f"{quoted(source.alias or source.name)}.", "in this statement")
    yield from keywords
    yield from ((function.name, function) for function in names.functions)
    yield from schemas
    yield from relations


def _columns(names: CatalogNames, sources: Iterable[NamedRelation]) -> Iterable[tuple[str, Completion]]:
    wanted = {(source.schema, source.name) for source in sources}
    for (schema, relation), columns in names.columns.items():
        if (schema, relation) in wanted or ("", relation) in wanted:
            yield from ((name, Completion(quoted(name), kind)) for name, kind in columns)
