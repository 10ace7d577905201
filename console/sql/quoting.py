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


def literal(text: str) -> str:
    """A text as a string constant; with backslashes in the E form, so that no setting changes its meaning."""
    doubled = text.replace("'", "''")
    return f"E'{doubled.replace(chr(92), chr(92) * 2)}'" if chr(92) in text else f"'{doubled}'"


def plain_literal(text: str) -> str:
    """A text as a string constant for PgBouncer, which knows no other form."""
    return "'" + text.replace("'", "''") + "'"
