"""Statements in another database's SQL, said in PostgreSQL's: sqlglot reads them, PostgreSQL's grammar judges.

It is asked only about a text that the server refused for its syntax, and what comes of it is shown, never run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from console.sql import grammar
from console.sql.tokens import tokens

if TYPE_CHECKING:
    from console.errors import ServerError

SYNTAX_ERROR = "42601"
"""The SQLSTATE of a statement that the server couldn't read."""

LONGEST = 20_000

DIALECTS = {"mysql": "MySQL", "tsql": "SQL Server", "oracle": "Oracle", "sqlite": "SQLite", "bigquery": "BigQuery",
            "snowflake": "Snowflake"}
"""sqlglot's name of a dialect and what people call the database, in the order in which they are tried."""


def explain_syntax(error: ServerError, text: str) -> None:
    """Gives a syntax error the hint how PostgreSQL says what `text` says, where another database would have read it."""
    if error.sqlstate == SYNTAX_ERROR and not error.hint:
        error.hint = suggestion(text)


def suggestion(text: str) -> str | None:
    """What `text` is in PostgreSQL's SQL, and whose it was; None where nobody can tell or it is PostgreSQL's."""
    if len(text) > LONGEST or not isinstance(grammar.split(text), grammar.SyntaxFault):
        return None
    if (read := _transpiled(text, "postgres")) is not None:
        return f"PostgreSQL reads: {read}"
    for dialect, title in DIALECTS.items():
        if (read := _transpiled(text, dialect)) is not None:
            return f"that is {title}'s SQL; in PostgreSQL's: {read}"
    return None


def _transpiled(text: str, dialect: str) -> str | None:
    """`text`, read as that dialect's, as PostgreSQL's grammar reads it; None where either can't, or words were lost."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    try:
        (found,) = sqlglot.transpile(text, read=dialect, write="postgres")
    except (SqlglotError, ValueError, RecursionError):
        return None
    if not found or isinstance(grammar.split(found), grammar.SyntaxFault) or not _constants(text) <= _constants(found):
        return None
    return found


def _constants(text: str) -> set[str]:
    """The numbers of a text: a translation that drops one has dropped a part of the statement."""
    return {token.text for token in tokens(text) if token.text[:1].isdecimal()}
