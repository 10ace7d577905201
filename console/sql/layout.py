"""A query of one long line laid out in lines: white space changes and nothing else, so it is what the server runs."""

from __future__ import annotations

import re
import textwrap

WHOLE_CHARACTERS = 100_000
"""Longer queries stay as they are."""

_TOKEN = re.compile(r"""
      (?P<text> [eE]'(?:[^'\\]|\\.|'')*'? | '(?:[^']|'')*'? | "(?:[^"]|"")*"? | (?P<dollar>\$\w*\$).*?(?:(?P=dollar)|\Z)
        | /\*.*?(?:\*/|\Z) | --.* )
    | (?P<space> \s+ ) | (?P<word> \w+ ) | (?P<other> . )""", re.VERBOSE | re.DOTALL)

_CLAUSES = frozenset((
    "select", "from", "where", "group", "having", "order", "limit", "offset", "returning", "values", "set", "union",
    "except", "intersect", "window", "fetch"))
_JOINS = frozenset(("join", "inner", "left", "right", "full", "cross", "natural"))
_CONDITIONS = frozenset(("and", "or", "on"))
_INDENT = "  "


def laid_out(query: str) -> str:
    """`query` with a line for each clause, join and condition, indented by its parentheses.

    One that has lines of its own keeps them, but for the indentation that they share.
    """
    query = query.strip()
    if "\n" in query or len(query) > WHOLE_CHARACTERS:
        first, newline, rest = query.partition("\n")
        return first + newline + textwrap.dedent(rest)
    return _Layout(query).text()


class _Layout:
    def __init__(self, query: str) -> None:
        self._query = query
        self._lines = [""]
        self._inside: list[bool] = []
        """For each open parenthesis, whether a query is in it: only that begins lines."""
        self._between = 0

    def text(self) -> str:
        found = list(_TOKEN.finditer(self._query))
        words = [(match.group("word") or match.group("text") or match.group("other") or "").lower() for match in found]
        for index, match in enumerate(found):
            token = match.group()
            if match.group("space"):
                if self._lines[-1].strip():
                    self._lines[-1] += " "
                continue
            if match.group("word"):
                self._break_before(words[index], words, index)
            elif token == "(":
                following = next((word for word in words[index + 1:] if word), "")
                self._inside.append(following in ("select", "with", "values"))
            elif token == ")" and self._inside:
                self._inside.pop()
            self._lines[-1] += token
        return "\n".join(line.rstrip() for line in self._lines)

    def _break_before(self, word: str, words: list[str], index: int) -> None:
        if self._inside and not self._inside[-1]:
            return
        before = next((text for text in reversed(words[:index]) if text), "")
        if word == "between":
            self._between += 1
        elif word == "and" and self._between:
            self._between -= 1
        elif (word in _CLAUSES and before not in ("distinct", "for", "(", "is")) or (
                word in _JOINS and before not in _JOINS | {"outer"} and self._is_join(words, index)):
            self._new_line(0)
        elif word in _CONDITIONS and before != "distinct":
            self._new_line(1)

    def _is_join(self, words: list[str], index: int) -> bool:
        """Whether `left` and the like begin a join: they are functions and columns too."""
        return "join" in [word for word in words[index:index + 8] if word][:3]

    def _new_line(self, deeper: int) -> None:
        if self._lines[-1].strip():
            self._lines.append(_INDENT * (sum(self._inside) + deeper))
