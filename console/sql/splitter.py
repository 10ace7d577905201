"""A script's statements, exactly as written, with their places.

Follows PostgreSQL's own lexical rules (dollar quotes, nested comments, E'' strings, BEGIN ATOMIC bodies, rules with
several actions) and needs no parser, so a script with syntax errors is split as well and the server's own message can
name the statement. What only psql understands (backslash commands, COPY data) is refused with its line.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.records import Script

_TOKEN = re.compile(
    r"""
      (?P<space> \s+ | --[^\n]* )
    | (?P<comment> /\* )
    | (?P<escaped> [eE]' )
    | (?P<string> (?:[uU]&|[bBxXnN])? ' )
    | (?P<quoted> (?:[uU]&)? " )
    | (?P<word> [A-Za-z_\u0080-\U0010ffff][\w$\u0080-\U0010ffff]* )
    | (?P<dollar> \$(?:[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)?\$ )
    | (?P<number> \d[\w.]* | \$\d+ )
    | (?P<end> ; )
    | (?P<open> [(\[] ) | (?P<close> [)\]] )
    | (?P<backslash> \\ )
    | (?P<other> . )
    """, re.VERBOSE | re.DOTALL)
_ESCAPED_END = re.compile(r"(?:[^'\\]|\\.|'')*'", re.DOTALL)
_STRING_END = re.compile(r"(?:[^']|'')*'")
_QUOTED_END = re.compile(r'(?:[^"]|"")*"')
_COMMENT_EDGE = re.compile(r"/\*|\*/")
HEAD_TOKENS = 24


class ScriptStatement(Struct, frozen=True, dict=True):
    """One statement without its semicolon; `offset` in characters from the script's start, `line` and `column` 1-based
    in the file. `head` are its first tokens, words in capitals, comments left out.
    """

    sql: str
    offset: int
    line: int
    column: int
    head: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """A short hash of the text as written, by which a resumed run knows it again."""
        import hashlib

        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()[:16]

    @property
    def summary(self) -> str:
        """The statement on one line of at most 100 characters."""
        text = " ".join(self.sql.split())
        return text if len(text) <= 100 else text[:99] + "…"


class LineIndex:
    """Where an offset of a script is in its file."""

    def __init__(self, script: Script) -> None:
        self._first = script.first_line
        self._starts = [0, *(match.end() for match in re.finditer("\n", script.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        index = bisect_right(self._starts, offset) - 1
        return self._first + index, offset - self._starts[index] + 1


def split(script: Script) -> tuple[ScriptStatement, ...]:
    """The statements of `script`. Raises FileError for what never ends and for what only psql understands."""
    return tuple(_Scanner(script).statements())


class _Scanner:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.text = script.text
        self.lines = LineIndex(script)

    def fault(self, offset: int, summary: str, hint: str | None = None) -> FileError:
        line, column = self.lines.place(offset)
        return FileError(self.script.path, summary, line=line, column=column, hint=hint)

    def statements(self) -> list[ScriptStatement]:
        text, found = self.text, []
        head: list[str] = []
        start, end, depth, position = -1, 0, 0, 0
        blocks = 0          # open BEGIN ATOMIC and CASE
        previous = ""       # the word before, for BEGIN ATOMIC
        while position < len(text):
            match = _TOKEN.match(text, position)
            assert match is not None
            kind, token_start, position = match.lastgroup, position, match.end()
            if kind == "space":
                continue
            if kind == "comment":
                position = self._comment_end(token_start)
                continue
            if kind == "end" and depth <= 0 and not blocks:
                if start >= 0:
                    found.append(self._statement(start, end, head))
                head, start, depth, previous = [], -1, 0, ""
                continue
            if start < 0:
                start = token_start
            token = match[0]
            match kind:
                case "word":
                    token = token.upper() if token.isascii() else token
                    if blocks and token == "CASE":
                        blocks += 1
                    elif blocks and token == "END":
                        blocks -= 1
                    elif token == "ATOMIC" and previous == "BEGIN" and head[:1] == ["CREATE"]:
                        blocks = 1
                    previous = token
                case "escaped" | "string" | "quoted" | "dollar":
                    position = self._quote_end(kind, token, token_start, position)
                    token = text[token_start:position] if kind == "quoted" else "'"
                    previous = ""
                case "open":
                    depth += 1
                case "close":
                    depth -= 1
                case "backslash":
                    raise self.fault(token_start, f"{text[token_start:].split(None, 1)[0][:20]} is a command of psql, "
                                     "not SQL", "only SQL runs here: write it as SQL, or leave the line out")
            if len(head) < HEAD_TOKENS:
                head.append(token)
            end = position
        if start >= 0:
            found.append(self._statement(start, end, head))
        return found

    def _statement(self, start: int, end: int, head: list[str]) -> ScriptStatement:
        line, column = self.lines.place(start)
        statement = ScriptStatement(self.text[start:end], start, line, column, tuple(head))
        if head[0] == "COPY" and re.search(r"\b(FROM\s+STDIN|TO\s+STDOUT)\b", statement.sql, re.IGNORECASE):
            raise self.fault(start, "COPY between server and client is psql's way to carry data",
                             "write the rows as INSERT ... VALUES, or COPY from a file of the server's")
        return statement

    def _comment_end(self, start: int) -> int:
        depth, position = 1, start + 2
        while depth:
            match = _COMMENT_EDGE.search(self.text, position)
            if match is None:
                raise self.fault(start, "this comment never ends", "close it with */")
            depth += 1 if match[0] == "/*" else -1
            position = match.end()
        return position

    def _quote_end(self, kind: str, token: str, start: int, position: int) -> int:
        if kind == "dollar":
            end = self.text.find(token, position)
            if end < 0:
                raise self.fault(start, f"the text quoted by {token} never ends", f"close it with {token}")
            return end + len(token)
        pattern = {"escaped": _ESCAPED_END, "string": _STRING_END, "quoted": _QUOTED_END}[kind]
        match = pattern.match(self.text, position)
        if match is None:
            what = "identifier" if kind == "quoted" else "string"
            raise self.fault(start, f"this {what} never ends", f"close it with {token[-1]}")
        return match.end()
