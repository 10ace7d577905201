"""SQL text as PostgreSQL's scanner reads it, token by token.

By rules of ours, not by the parser's scanner, so that a text may be cut, unfinished, or in the syntax of a version that
the parser doesn't know: every text has its tokens, and those of what PostgreSQL accepts are PostgreSQL's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from console.errors import ConsoleError

Kind = Literal["word", "quoted", "string", "number", "parameter", "operator", "sign", "comment", "backslash"]
"""`word`: a keyword or a name without quotes; `quoted`: a name in quotes; `string`: a constant in quotes of any form,
with the lines that continue it; `sign`: what stands alone, such as a comma; `backslash`: what is psql's, not SQL."""


class SqlFault(ConsoleError):
    """A text that is no SQL: why, at which character (`offset`, from 0), and what to do about it."""

    def __init__(self, offset: int, summary: str, hint: str | None = None) -> None:
        super().__init__(summary, hint=hint)
        self.offset = offset


class Token(Struct, frozen=True, gc=False):
    """A token: its text as written, and where it begins in characters. `is_closed`: False for what never ends."""

    kind: Kind
    text: str
    start: int
    is_closed: bool = True

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def word(self) -> str:
        """A word in capitals, to be compared with keywords; "" for every other token."""
        return capitals(self.text) if self.kind == "word" else ""


_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def capitals(word: str) -> str:
    """A word in capitals as the server changes case: letters beyond ASCII stay as they are."""
    return word.upper() if word.isascii() else word.translate(_CAPITALS)


# What the patterns here are made of. Repetitions are possessive wherever what follows can't match what they take, so
# that a text is read once, however long it is.
# Letters are written as what they are not: the server takes every character beyond ASCII for one.
_BEGIN = r"[^\x00-@\[-^`{-\x7f]"
WORD = rf"{_BEGIN}[^\x00-#%-/:-@\[-^`{{-\x7f]*+"
TAG = rf"\$(?:{_BEGIN}[^\x00-/:-@\[-^`{{-\x7f]*+)?\$"
BLANK = r"[ \t\n\r\f\v]"
LINE_COMMENT = r"--[^\n\r]*+"
COMMENT = r"/\*(?:[^*/]++|\*(?!/)|/(?!\*))*+\*/"
CONTINUED = (rf"(?:[ \t\f\v]++|{LINE_COMMENT})*+[\n\r](?:{BLANK}++|{LINE_COMMENT}[\n\r])*+")
_PLAIN = r"'[^']*+(?:''[^']*+)*+'"
_ESCAPED = r"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'"
_BITS = r"'[^']*+'"
STRING = (rf"(?:[eE]{_ESCAPED}(?:{CONTINUED}{_ESCAPED})*+|[bBxX]{_BITS}(?:{CONTINUED}{_BITS})*+"
          rf"|(?:[nN]|[uU]&)?{_PLAIN}(?:{CONTINUED}{_PLAIN})*+)")
QUOTED = r'(?:[uU]&)?"[^"]*+(?:""[^"]*+)*+"'
_DIGITS = r"[0-9]++(?:_[0-9]++)*+"
NUMBER = (rf"(?:0[xX](?:_?[0-9A-Fa-f])++|0[oO](?:_?[0-7])++|0[bB](?:_?[01])++"
          rf"|(?:{_DIGITS}(?:\.(?!\.)(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?)")
OPERATOR = r"(?:(?!--|/\*)[~!@\#^&|`?+\-*/%<>=])++"

SOLID = rf"""(?: [!\#%&()*+,:<=>?@\[\]^`{{|}}~]++ | {NUMBER} | \.\.?+ | -(?!-) | /(?!\*) | {STRING} | {QUOTED}
    | (?![eEbBxXnN]'|[uU]&['"]) {WORD} | \$[0-9]++ | (?P<tag>{TAG}) .*? (?P=tag) )"""
"""A piece of a statement, of one or more tokens, but no comment and no semicolon. There is none where a token never
ends, and where a backslash is."""

_TOKEN = rf"""
      {BLANK}++
    | (?P<comment> {LINE_COMMENT} | {COMMENT} )
    | (?P<string> {STRING} )
    | (?P<quoted> {QUOTED} )
    | (?P<endless> (?:[eEbBxXnN]|[uU]&)?' | (?:[uU]&)?" | /\* )
    | (?P<word> {WORD} )
    | (?P<parameter> \$[0-9]++ )
    | (?P<tag> {TAG} )
    | (?P<number> {NUMBER} )
    | (?P<operator> {OPERATOR} )
    | (?P<backslash> \\[^\s;]*+ )
    | (?P<sign> :: | := | \.\. | . )
    """
_KEEPS_SIGN = frozenset("~!@#^&|`?%")


@cache
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern of those here, compiled when it is first asked for: the largest takes as long as a small module."""
    return re.compile(text, re.VERBOSE | re.DOTALL | flags)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of `text` from `start` on, in order, comments too; white space is between them."""
    position = start
    while position < len(text):
        for match in pattern(_TOKEN).finditer(text, position):
            kind = match.lastgroup
            if kind is None:
                continue
            if kind in _WHOLE:
                yield Token(kind, match[0], match.start())  # type: ignore[arg-type]
                continue
            if kind == "operator":
                yield from _operators(match[0], match.start())
                continue
            token = _rest(text, kind, match)
            yield token
            if token.end != match.end():
                position = token.end
                break
        else:
            return


_WHOLE = frozenset(("comment", "string", "quoted", "word", "parameter", "number", "backslash", "sign"))


def _operators(found: str, start: int) -> Iterator[Token]:
    """A run of operator characters: one operator, but for signs at its end, which belong to what follows unless the
    operator has a character that those of the SQL standard don't have."""
    end = len(found)
    if end > 1 and found[-1] in "+-" and _KEEPS_SIGN.isdisjoint(found):
        end = len(found.rstrip("+-")) or 1
    yield Token("operator", found[:end], start)
    yield from (Token("operator", found[place], start + place) for place in range(end, len(found)))


def _rest(text: str, kind: str, match: re.Match[str]) -> Token:
    """A token whose end the pattern alone doesn't tell."""
    start, found = match.start(), match[0]
    if kind == "tag":
        tag = text.find(found, match.end())
        end = None if tag < 0 else tag + len(found)
        return Token("string", text[start:end], start, is_closed=end is not None)
    if found == "/*":
        end = _comment_end(text, match.end())
        return Token("comment", text[start:end], start, is_closed=end is not None)
    return Token("quoted" if found.endswith('"') else "string", text[start:], start, is_closed=False)


def _comment_end(text: str, position: int) -> int | None:
    depth = 1
    for edge in pattern(r"/\*|\*/").finditer(text, position):
        depth += 1 if edge[0] == "/*" else -1
        if not depth:
            return edge.end()
    return None


def expressions(text: str) -> list[str]:
    """What a list with commas has: "a, f(b, c), 'x, y'" is three, blank text none."""
    found: list[str] = []
    depth = start = 0
    for token in significant(text):
        depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
        if token.text == "," and depth <= 0:
            found.append(text[start:token.start].strip())
            start = token.end
    return [*found, text[start:].strip()] if text.strip() else []


def significant(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens without the comments."""
    return (token for token in tokens(text, start) if token.kind != "comment")


Words = tuple[str, ...]
"""A statement's tokens as texts: words in capitals, all others as written. A name in quotes is thus no keyword."""


def words(text: str) -> Words:
    """The significant tokens of `text` as texts."""
    return tuple(token.word or token.text for token in significant(text))


def first_words(text: str, count: int, start: int = 0) -> Words:
    """The first `count` of `words(text)` from `start` on, without looking at the rest."""
    found: list[str] = []
    for token in significant(text, start):
        found.append(token.word or token.text)
        if len(found) == count:
            break
    return tuple(found)


def closings(found: Sequence[Token]) -> dict[int, int]:
    """The place of each opening bracket with that of its closing one; none for a bracket that never ends."""
    stack: list[int] = []
    pairs: dict[int, int] = {}
    for place, token in enumerate(found):
        if token.text in ("(", "["):
            stack.append(place)
        elif token.text in (")", "]") and stack:
            pairs[stack.pop()] = place
    return pairs


def parameters(text: str) -> int:
    """How many parameters a text has: the greatest n of its $n. What looks like one in a constant is none."""
    return max((int(token.text[1:]) for token in tokens(text) if token.kind == "parameter"), default=0)


def comments(text: str) -> Iterator[Token]:
    """The comments of `text`. What is between them is passed over at once, as that may be megabytes."""
    between = pattern(rf"(?: {BLANK}++ | ; | {SOLID} )*+")
    position = 0
    while True:
        match = between.match(text, position)
        assert match is not None
        token = next(tokens(text, match.end()), None)
        if token is None:
            return
        if token.kind == "comment":
            yield token
        position = token.end
