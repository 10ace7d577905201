"""Names and constants as PostgreSQL writes them. Nobody else puts quotes around anything."""

from __future__ import annotations

from console.sql.keywords import QUOTED

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyz_0123456789")


def identifier(*names: str) -> str:
    """Names joined by dots, each in quotes only where it needs them, as quote_ident would."""
    return ".".join(name if _is_plain(name) and name not in QUOTED else quoted(name) for name in names)


def _is_plain(name: str) -> bool:
    return bool(name) and not name[0].isdigit() and _SAFE.issuperset(name)


def quoted(name: str) -> str:
    """A name in quotes."""
    return '"' + name.replace('"', '""') + '"'


def operator(schema: str, sign: str) -> str:
    """An operator of a schema: without one it would be the first of that sign that the search_path finds."""
    return f"OPERATOR({identifier(schema)}.{sign})"


def as_text(value: str, *, is_builtin: bool) -> str:
    """A value as text, NULL for NULL. `is_builtin`: its type is PostgreSQL's own.

    A cast of another type may be a function of whoever made the type; its output is what psql shows as well.
    """
    if is_builtin:
        return f"{value}::pg_catalog.text"
    return f"CASE WHEN {value} IS DISTINCT FROM NULL THEN pg_catalog.format('%s', {value}) END"


def literal(text: str) -> str:
    """A text as a string constant; with backslashes in the E form, so that no setting changes its meaning."""
    doubled = text.replace("'", "''")
    return f"E'{doubled.replace(chr(92), chr(92) * 2)}'" if chr(92) in text else f"'{doubled}'"


def plain_literal(text: str) -> str:
    """A text as a string constant for PgBouncer, which knows no other form."""
    return "'" + text.replace("'", "''") + "'"
