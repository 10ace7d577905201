"""`-- dbconsole: ignore=RULE[,RULE]: reason`: above a statement for that one, in the file's header for all of it."""

from __future__ import annotations

from msgspec import Struct

from console.migrate.directives import written
from console.sql.grammar import ParsedStatement


class Ignore(Struct, frozen=True):
    """One directive: the rules that it silences, for which statement (its index; None: the whole file), and why."""

    line: int
    rules: tuple[str, ...]
    reason: str
    statement: int | None


def read_ignores(text: str, statements: list[ParsedStatement], first_line: int = 1) -> list[Ignore]:
    """The ignore directives of a file. One within a statement counts for that statement."""
    found = []
    for directive in written(text):
        if (directive.name, directive.sign) != ("ignore", "="):
            continue
        following = next((number for number, statement in enumerate(statements)
                          if directive.offset < statement.offset + len(statement.text)), None)
        in_header = not statements or directive.offset < statements[0].offset
        names, _, reason = directive.value.partition(":")
        rules = tuple(word.strip() for word in names.split(",") if word.strip())
        found.append(Ignore(first_line + text.count("\n", 0, directive.offset), rules, reason.strip(),
                            None if in_header else following))
    return found
