"""A script's statements, exactly as written, with their places.

Follows PostgreSQL's own lexical rules (dollar quotes, nested comments, E'' strings, BEGIN ATOMIC bodies, rules with
several actions) and needs no parser, so a script with syntax errors is split as well and the server's own message can
name the statement. What only psql understands (backslash commands, COPY data) is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from console.sql import tokens as lexer
from console.sql.tokens import BLANK, COMMENT, LINE_COMMENT, SOLID, SqlFault, Token, Words

_REST = rf"(?: (?: {BLANK}++ | {LINE_COMMENT} | {COMMENT} )*+ (?P<last> {SOLID} ))*+"
"""What follows in a statement up to its end; `last` is the last of it that is no comment. It stops early, before a
token, where something never ends or is no SQL."""


class ScriptStatement(Struct, frozen=True, dict=True):
    """One statement without its semicolon; `offset` in characters from the script's start, `line` and `column` 1-based
    in the file. `verb` is its first word in capitals.
    """

    sql: str
    offset: int
    line: int
    column: int
    verb: str

    @cached_property
    def words(self) -> Words:
        """Its tokens, words in capitals, comments left out."""
        return lexer.words(self.sql)

    @cached_property
    def digest(self) -> str:
        """A short hash of the text as written, by which a resumed run knows it again."""
        import hashlib

        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()[:16]

    @property
    def summary(self) -> str:
        """The statement on one line of at most 100 characters."""
        text = " ".join(self.sql[:1000].split())
        return text if len(text) <= 100 else text[:99] + "…"


class LineIndex:
    """Where an offset of a text is in its file, of which the text's first line is number `first_line`."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self._first = first_line
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        index = bisect_right(self._starts, offset) - 1
        return self._first + index, offset - self._starts[index] + 1


def split(text: str, first_line: int = 1) -> tuple[ScriptStatement, ...]:
    """The statements of `text`. Raises SqlFault for what never ends and for what only psql understands."""
    lines = LineIndex(text, first_line)
    found = []
    for first, end in _spans(text):
        start = first.start
        statement = ScriptStatement(text[start:end], start, *lines.place(start), first.word)
        if statement.verb == "COPY" and copies_to_client(statement.sql):
            raise SqlFault(start, "COPY between server and client is psql's way to carry data",
                           "write the rows as INSERT ... VALUES, or COPY from a file of the server's")
        found.append(statement)
    return tuple(found)


def copies_to_client(sql: str) -> bool:
    """Whether a statement is COPY FROM STDIN or TO STDOUT, which want a client on the other side."""
    if lexer.first_words(sql, 1) != ("COPY",):
        return False
    depth = 0
    found = lexer.words(sql)
    for word, following in pairwise(found):
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in ("FROM", "TO") and following in ("STDIN", "STDOUT"):
            return True
    return False


def _spans(text: str) -> Iterator[tuple[Token, int]]:
    """The first token of each statement, and where the statement ends."""
    position = 0
    while (first := _first(text, position)) is not None:
        end, position = _block(text, first) if _holds_statements(text, first) else _plain(text, first)
        yield first, end


def _holds_statements(text: str, first: Token) -> bool:
    """Whether a statement may have others in it, with semicolons of their own."""
    return first.word == "CREATE" and lexer.pattern(_HOLDER, re.IGNORECASE).match(text, first.end) is not None


_BETWEEN = rf"(?:{BLANK}|{LINE_COMMENT}|{COMMENT})*+"
_HOLDER = rf"{_BETWEEN}(?:OR{_BETWEEN}REPLACE{_BETWEEN})?(?:FUNCTION|PROCEDURE|RULE)\b"


def _first(text: str, position: int) -> Token | None:
    for token in lexer.tokens(text, position):
        _check(token)
        if token.kind != "comment" and token.text != ";":
            return token
    return None


def _plain(text: str, first: Token) -> tuple[int, int]:
    """Where a statement ends and where the next may begin: a semicolon ends it wherever it stands."""
    rest = lexer.pattern(_REST)
    end = position = first.end
    while True:
        match = rest.match(text, position)
        assert match is not None
        end, position = max(end, match.end("last")), match.end()
        if text[position:position + 1] == ";":
            return end, position + 1
        token = next(lexer.tokens(text, position), None)
        if token is None:
            return end, len(text)
        if token.text == ";":
            return end, token.end
        _check(token)
        position = token.end
        if token.kind != "comment":
            end = position


def _block(text: str, first: Token) -> tuple[int, int]:
    """The same of a statement that holds others: a rule's actions in parentheses, a function's body."""
    end, depth, blocks, previous = first.end, 0, 0, ""
    for token in lexer.tokens(text, first.end):
        _check(token)
        if token.kind == "comment":
            continue
        if token.text == ";" and depth <= 0 and not blocks:
            return end, token.end
        end = token.end
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        blocks += _opened(token.word, previous, blocks)
        previous = token.word
    return end, len(text)


def _opened(word: str, previous: str, blocks: int) -> int:
    """By how much a word changes the number of open blocks: BEGIN ATOMIC, and in it CASE, up to their END."""
    if not blocks:
        return int(word == "ATOMIC" and previous == "BEGIN")
    return (word == "CASE") - (word == "END")


def _check(token: Token) -> None:
    if token.kind == "backslash":
        raise SqlFault(token.start, f"{token.text[:20]} is a command of psql, not SQL",
                       "only SQL runs here: write it as SQL, or leave the line out")
    if token.is_closed:
        return
    if token.kind == "comment":
        raise SqlFault(token.start, "this comment never ends", "close it with */")
    if token.kind == "quoted":
        raise SqlFault(token.start, "this identifier never ends", 'close it with "')
    if token.text.startswith("$"):
        tag = token.text[:token.text.index("$", 1) + 1]
        raise SqlFault(token.start, f"the text quoted by {tag} never ends", f"close it with {tag}")
    raise SqlFault(token.start, "this string never ends", "close it with '")
