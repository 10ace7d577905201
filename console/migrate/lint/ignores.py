"""`-- dbconsole: ignore=RULE[,RULE]: reason`: above a statement for that one, in the file's header for all of it."""

from __future__ import annotations

import re

from msgspec import Struct

from console.sql.grammar import ParsedStatement, comments

_IGNORE = re.compile(r"--[ \t]*dbconsole:[ \t]*ignore[ \t]*=[ \t]*([^:]*)(?::[ \t]*(.*?))?\s*")


class Ignore(Struct, frozen=True):
    """One directive: the rules that it silences, for which statement (its index; None: the whole file), and why."""

    line: int
    rules: tuple[str, ...]
    reason: str
    statement: int | None


def read_ignores(text: str, statements: list[ParsedStatement], first_line: int = 1) -> list[Ignore]:
    """The ignore directives of a file. One within a statement counts for that statement."""
    if "dbconsole:" not in text:
        return []
    found = []
    for offset, comment in comments(text):
        match = _IGNORE.fullmatch(comment)
        if match is None:
            continue
        following = next((number for number, statement in enumerate(statements)
                          if offset < statement.offset + len(statement.text)), None)
        in_header = not statements or offset < statements[0].offset
        rules = tuple(word.strip() for word in match[1].split(",") if word.strip())
        found.append(Ignore(first_line + text.count("\n", 0, offset), rules, match[2] or "",
                            None if in_header else following))
    return found
