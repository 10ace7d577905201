"""A statement laid out in lines: white space changes and nothing else, so it is what the server runs.

Works on tokens alone: a text may be cut, hold several statements, or be of a version that no parser here knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from msgspec import Struct, field

from console.sql.tokens import Token, tokens

WHOLE_CHARACTERS = 100_000
"""Longer texts stay as they are."""

WIDTH = 88
"""What would be longer than this many columns gets further lines."""

SUBQUERY_WIDTH = 50
"""A query in brackets that is longer than this gets lines of its own."""

ITEM_WIDTH = 24
"""A list in brackets with an item that is longer than this has a line for each."""

_STEP = 2
_DEEPEST = 40
"""Deeper brackets begin no lines."""

_ENDLESS = 10 * WHOLE_CHARACTERS
_QUERIES = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE"))
_CLAUSES = frozenset((
    "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "RETURNING", "VALUES", "SET", "UNION",
    "EXCEPT", "INTERSECT", "WINDOW", "FETCH", "INSERT", "DELETE", "MERGE"))
_CLAUSES_OF_MERGE = frozenset(("USING", "WHEN", "RETURNING"))
_NO_CLAUSES = frozenset((
    ("DISTINCT", "FROM"), ("DELETE", "FROM"), ("FOR", "SELECT"), ("WITHIN", "GROUP"), ("UPDATE", "SET"),
    ("DEFAULT", "VALUES")))
"""Words that begin no clause, behind the word before them: IS DISTINCT FROM."""

_PAIRS = frozenset((("ON", "CONFLICT"), ("FOR", "UPDATE"), ("FOR", "SHARE"), ("FOR", "NO"), ("FOR", "KEY")))
"""Words that begin a clause with the word behind them alone."""

_JOINS = frozenset(("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER"))
_LISTS = frozenset(("SELECT", "SET", "GROUP", "ORDER", "RETURNING", "VALUES", "FROM", "WITH"))
_BEFORE_LISTS = frozenset((*_LISTS, "BY", "DISTINCT", "ALL", "RECURSIVE"))


def laid_out(query: str) -> str:
    """`query` with a line for each clause, join and condition. One that has lines of its own keeps them, but for the
    indentation that they share."""
    query = query.strip()
    return _dedented(query) if "\n" in query else formatted(query)


def _dedented(text: str) -> str:
    """`text` without the indentation that its lines share; those that begin inside of a constant stay as they are."""
    if len(text) > WHOLE_CHARACTERS:
        return text
    inside = {token.start + place for token in tokens(text) if "\n" in token.text
              for place, character in enumerate(token.text, 1) if character == "\n"}
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((line, start > 0 and start not in inside))
        start += len(line) + 1
    shared = min((len(line) - len(line.lstrip(" ")) for line, is_free in lines if is_free and line.strip()), default=0)
    return "\n".join(line[shared:] if is_free else line for line, is_free in lines)


def formatted(text: str) -> str:
    """`text` with a line for each clause, join and condition, whatever lines it has; long lists get lines as well."""
    text = text.strip()
    return text if len(text) > WHOLE_CHARACTERS else _Layout(text).text()


class _Group(Struct):
    """What is in brackets, or between CASE and END: the places of both ends, and what is inside.

    `is_long`: it is, or holds, a query that gets lines of its own.
    """

    first: int
    last: int
    items: list[int | _Group] = field(default_factory=list)
    is_long: bool = False


_Items = list[int | _Group]
"""Places of tokens, and groups."""


class _Layout:
    def __init__(self, text: str) -> None:
        self._tokens: list[Token] = list(tokens(text))
        self._gaps = [_gap(before, token) for before, token in zip([None, *self._tokens], self._tokens, strict=False)]
        self._ends = [0, *accumulate(_columns(token) + len(gap)
                                     for token, gap in zip(self._tokens, self._gaps, strict=True))]
        """Where each token would end if all were on one line."""
        self._lines = [""]
        self._is_fresh = True
        """Whether nothing has been written on the last line."""
        self._indent = 0
        self._must_break = False

    def text(self) -> str:
        for statement in _parts(self._tree(), self._is(";")):
            self._new_line(0)
            self._statement(statement, 0, 0)
        if self._is_fresh:
            self._lines.pop()
        return "\n".join(self._lines)

    def _tree(self) -> _Items:
        """The tokens, with what is in brackets as groups. What never ends, ends with the text."""
        top: _Items = []
        stack: list[_Group] = []
        for place, token in enumerate(self._tokens):
            inside = stack[-1].items if stack else top
            if token.text in ("(", "[") or token.word == "CASE":
                stack.append(_Group(place, len(self._tokens)))
                inside.append(stack[-1])
            elif stack and self._closes(stack[-1], token):
                stack[-1].last = place
                self._measure(stack.pop())
            else:
                inside.append(place)
        for group in reversed(stack):
            self._measure(group)
        return top

    def _measure(self, group: _Group) -> None:
        is_query = bool(group.items) and self._word(group.items[0]) in _QUERIES
        group.is_long = (is_query and self._width([group]) > SUBQUERY_WIDTH) or any(
            item.is_long for item in group.items if isinstance(item, _Group))

    def _closes(self, group: _Group, token: Token) -> bool:
        return token.word == "END" if self._word(group) == "CASE" else token.text in (")", "]")

    def _word(self, item: int | _Group) -> str:
        """The word of a token, "CASE" or a bracket of a group; "" for what is no word."""
        token = self._tokens[item if isinstance(item, int) else item.first]
        return token.word or (token.text if isinstance(item, _Group) else "")

    def _is(self, *texts: str) -> Callable[[int | _Group], bool]:
        return lambda item: isinstance(item, int) and (self._tokens[item].word or self._tokens[item].text) in texts

    # what is written

    def _new_line(self, indent: int) -> None:
        if not self._is_fresh:
            self._lines.append("")
        self._lines[-1] = " " * indent
        self._indent = indent
        self._is_fresh, self._must_break = True, False

    def _flat(self, first: int, last: int) -> None:
        """The tokens from `first` to `last` on this line, as far as they can be on one."""
        for place in range(first, min(last + 1, len(self._tokens))):
            if self._must_break:
                self._new_line(self._indent)
            token = self._tokens[place]
            begin, *others = token.text.split("\n")
            self._lines[-1] += begin if self._is_fresh else self._gaps[place] + begin
            self._lines.extend(others)
            self._is_fresh, self._must_break = False, token.text.startswith("--")

    def _width(self, items: _Items) -> int:
        first = items[0] if isinstance(items[0], int) else items[0].first
        return self._ends[min(_last(items[-1]) + 1, len(self._tokens))] - self._ends[first]

    def _fits(self, items: _Items) -> bool:
        """Whether `items` can be on this line, to its end."""
        return len(self._lines[-1]) + self._width(items) <= WIDTH and not any(
            item.is_long for item in items if isinstance(item, _Group))

    # how it is laid out

    def _statement(self, items: _Items, indent: int, depth: int) -> None:
        """A statement, with a line for each of its clauses where it is a query or holds one."""
        begin = self._query_begins(items)
        if begin is None:
            self._sequence(items, indent, depth, is_definition=True)
            return
        self._sequence(items[:begin], indent, depth)
        for number, clause in enumerate(self._clauses(items[begin:])):
            if begin or number:
                self._new_line(indent)
            self._clause(clause, indent, depth)

    def _query_begins(self, items: _Items) -> int | None:
        """Where in a statement its query begins: at once, or after AS, EXPLAIN or CURSOR FOR."""
        leads = self._word(items[0]) in ("EXPLAIN", "DECLARE") if items else False
        for number, item in enumerate(items):
            if self._word(item) in _QUERIES and (number == 0 or leads or self._word(items[number - 1]) == "AS"):
                return number
        return None

    def _clauses(self, items: _Items) -> Iterator[_Items]:
        begin, verb = 0, self._word(items[0])
        for number in range(1, len(items)):
            if isinstance(items[number], int) and self._begins_clause(items, number, verb):
                yield items[begin:number]
                begin = number
                verb = self._word(items[number]) if self._word(items[number]) in ("MERGE", "DELETE") else verb
        yield items[begin:]

    def _begins_clause(self, items: _Items, number: int, verb: str) -> bool:
        before, word, *ahead = (self._word(item) for item in items[number - 1:number + 5])
        if word in _JOINS:
            return before not in _JOINS and "JOIN" in (word, *_while(ahead, _JOINS))
        if verb == "MERGE":
            return word in _CLAUSES_OF_MERGE
        if word == "UPDATE" or (word == "USING" and verb != "DELETE"):
            return word == "UPDATE" and before == "("  # behind the last query of a WITH
        return (word, *ahead[:1]) in _PAIRS or word == "USING" or (
            word in _CLAUSES and (before, word) not in _NO_CLAUSES)

    def _clause(self, items: _Items, indent: int, depth: int) -> None:
        word = self._word(items[0])
        if word in _JOINS or word in ("WHERE", "HAVING"):
            self._conditions(items, indent, depth)
        elif self._fits(items):
            self._flat(_first(items[0]), _last(items[-1]))
        elif word in _LISTS:
            head = len(_while([self._word(item) for item in items], _BEFORE_LISTS))
            self._sequence(items[:head], indent, depth)
            self._items(items[head:], indent, depth)
        else:
            self._sequence(items, indent, depth)

    def _items(self, items: _Items, indent: int, depth: int) -> None:
        """The items of a clause, each on a line of its own where there are several."""
        parts = list(_parts(items, self._is(",")))
        for part in parts:
            if len(parts) > 1:
                self._new_line(indent + _STEP)
            self._sequence(part, indent + _STEP if len(parts) > 1 else indent, depth)

    def _conditions(self, items: _Items, indent: int, depth: int) -> None:
        """What AND and OR join, each on a line of its own."""
        begin, between = 0, 0
        for number, item in enumerate(items):
            word = self._word(item)
            between += word == "BETWEEN"
            if word == "AND" and between:
                between -= 1
            elif word in ("AND", "OR"):
                self._sequence(items[begin:number], self._indent, depth)
                self._new_line(indent + _STEP)
                begin = number
        self._sequence(items[begin:], self._indent, depth)

    def _sequence(self, items: _Items, indent: int, depth: int, *, is_definition: bool = False) -> None:
        """One after the other; brackets get lines where they don't fit into this one."""
        for item in items:
            if isinstance(item, int):
                self._flat(item, item)
            elif depth >= _DEEPEST or not item.items or self._fits([item]):
                self._flat(item.first, item.last)
            else:
                self._group(item, indent, depth + 1, is_definition=is_definition)

    def _group(self, group: _Group, indent: int, depth: int, *, is_definition: bool) -> None:
        inside = indent + _STEP
        self._flat(group.first, group.first)
        parts = list(_parts(group.items, self._is(",")))
        if self._word(group) == "CASE":
            self._case(group.items, inside, depth)
            self._new_line(indent)
        elif self._word(group.items[0]) in _QUERIES:
            self._new_line(inside)
            self._statement(group.items, inside, depth)
            self._new_line(indent)
        elif len(parts) == 1:
            self._conditions(group.items, self._indent + _STEP, depth)
        elif is_definition or any(self._width(part) > ITEM_WIDTH for part in parts):
            for part in parts:
                self._new_line(inside)
                self._sequence(part, inside, depth)
            self._new_line(indent)
        else:
            for part in parts:
                if not self._fits(part):
                    self._new_line(inside)
                self._sequence(part, inside, depth)
        self._flat(group.last, group.last)

    def _case(self, items: _Items, indent: int, depth: int) -> None:
        for item in items:
            if self._word(item) in ("WHEN", "ELSE"):
                self._new_line(indent)
            self._sequence([item], indent, depth)


def _gap(before: Token | None, token: Token) -> str:
    """What stands between two tokens of one line: a space after a comma, none inside of brackets, else as it is."""
    if before is None:
        return ""
    is_word = before.kind != "comment" and not before.text.startswith("\\")  # psql's commands go to the next blank
    if is_word and (before.text in ("(", "[") or token.text in (")", "]", ",", ";")):
        return ""
    return " " if before.end < token.start or before.text == "," else ""


def _columns(token: Token) -> int:
    """How wide a token is; without end where it has several lines, or must end one."""
    return _ENDLESS if "\n" in token.text or token.text.startswith("--") else len(token.text)


def _first(item: int | _Group) -> int:
    return item if isinstance(item, int) else item.first


def _last(item: int | _Group) -> int:
    return item if isinstance(item, int) else item.last


def _while(found: list[str], wanted: frozenset[str]) -> list[str]:
    """The words that `found` begins with, as long as they are wanted."""
    end = next((place for place, word in enumerate(found) if word not in wanted), len(found))
    return found[:end]


def _parts(items: _Items, ends: Callable[[int | _Group], bool]) -> Iterator[_Items]:
    """`items` cut behind each that ends a part."""
    begin = 0
    for number, item in enumerate(items):
        if ends(item):
            yield items[begin:number + 1]
            begin = number + 1
    if begin < len(items):
        yield items[begin:]
