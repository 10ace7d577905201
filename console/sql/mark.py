"""The mark by which a statement that a console asks by itself is known: by people, and in pg_stat_statements."""

from __future__ import annotations

OWN_MARK = "/* dbconsole */"


def marked(statement: str) -> str:
    """The statement with the mark after its first word: of comments before that, newer servers keep nothing."""
    word, space, rest = statement.partition(" " if " " in statement.split("\n", 1)[0] else "\n")
    return f"{word} {OWN_MARK}{space}{rest}"
