"""A statement's text to read: formatted by sqlglot where that changes nothing, and the tables that it names.

sqlglot knows other dialects too and writes some things its own way (`a <=> b` becomes `IS NOT DISTINCT FROM`), so its
answer is taken only when every word, literal and operator of the original is in it, in the same order.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from console.sql.layout import laid_out

if TYPE_CHECKING:
    from sqlglot import exp

MOST_CHARACTERS = 20_000
"""Longer texts are not parsed: it takes a millisecond a hundred characters."""

_TOKEN = re.compile(r"""
      (?P<comment> /\*.*?(?:\*/|\Z) | --[^\n]* ) | (?P<space> \s+ )
    | (?P<text> [eEbBxX]?'(?:[^']|'')*'? | "(?:[^"]|"")*"? ) | (?P<word> [\w$]+ )
    | (?P<operator> ::|[-+*/<>=~!@\#%^&|`?.:]+ ) | (?P<other> . )""", re.VERBOSE | re.DOTALL)
_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\d+)\b")
_NAMED = re.compile(r"""\b(?:FROM|JOIN|UPDATE|INTO)\s+(?:ONLY\s+)?(?:("[^"]+"|[^\W\d]\w*)\.)?("[^"]+"|[^\W\d]\w*)""",
                    re.IGNORECASE)
_STANDS_FOR = re.compile(r"\bdbconsole_p(\d+)\b", re.IGNORECASE)


def formatted(text: str) -> str:
    """`text` laid out in lines: the very same statement."""
    parsed = _parsed(text)
    if parsed is not None:
        written = _STANDS_FOR.sub(r"$\1", parsed.sql(dialect="postgres", pretty=True))
        if _is_same(text, written):
            return written
    return laid_out(text)


def tables(text: str) -> list[tuple[str, str]]:
    """Schema ("" where none is written) and name of the tables that a statement names, in their order."""
    parsed = _parsed(text.replace("<=>", "<->"))
    if parsed is None:
        found = {(_plain(match[1]), _plain(match[2])): None for match in _NAMED.finditer(text[:MOST_CHARACTERS])}
        return list(found)
    from sqlglot import exp

    own = {cte.alias.casefold() for cte in parsed.find_all(exp.CTE)}
    found = {}
    for table in parsed.find_all(exp.Table):
        name, schema = _name(table.this), _name(table.args.get("db"))
        if name and (schema or name.casefold() not in own):
            found[schema, name] = None
    return list(found)


def beginning(text: str) -> str:
    """The statement on one line, without the comments that it begins with."""
    at = 0
    for match in _TOKEN.finditer(text):
        if not (match["comment"] or match["space"]):
            break
        at = match.end()
    return " ".join((text[at:] or text).split())


def _parsed(text: str) -> exp.Expr | None:
    """`text` as sqlglot reads it; None where it can't, or makes nothing of it."""
    if len(text) > MOST_CHARACTERS:
        return None
    import sqlglot
    from sqlglot import exp

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it can't read stays as it is
    # Its tokenizer takes some parameters for the beginning of a dollar-quoted text.
    plain = _PARAMETER.sub(lambda match: f"dbconsole_p{match[1]}" if match[1] else match[0], text)
    try:
        (found,) = sqlglot.parse(plain, read="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
        return None
    return None if found is None or isinstance(found, exp.Command) else found


def _name(identifier: Any) -> str:
    from sqlglot import exp

    if not isinstance(identifier, exp.Identifier):
        return ""
    return str(identifier.this) if identifier.args.get("quoted") else str(identifier.this).lower()


def _plain(name: str | None) -> str:
    return "" if name is None else name.strip('"') if name.startswith('"') else name.lower()


def _is_same(text: str, written: str) -> bool:
    """Whether nothing of `text` is missing or in another place; words such as AS may have been added."""
    added = iter(_significant(written))
    if not all(token in added for token in _significant(text)):
        return False
    return _operators(text) == _operators(written)


def _significant(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        if match["word"]:
            yield match[0].casefold()
        elif match["text"]:
            yield match[0]


def _operators(text: str) -> list[str]:
    return ["<>" if match[0] == "!=" else match[0] for match in _TOKEN.finditer(text)
            if match["operator"] and match[0] != "::"]
