"""Other databases' SQL is recognised where PostgreSQL's grammar refuses it, and said in PostgreSQL's."""

from __future__ import annotations

import pytest

from console.errors import ServerError
from console.sql import grammar
from console.sql.dialects import explain_syntax, suggestion


@pytest.mark.parametrize(("text", "whose", "said"), [
    ("SELECT `a` FROM `t` LIMIT 5, 10", "MySQL's", 'SELECT "a" FROM "t" LIMIT 10 OFFSET 5'),
    ("SELECT TOP 10 * FROM t", "SQL Server's", "SELECT * FROM t LIMIT 10"),
    ("SELECT [a] FROM [dbo].[t] WITH (NOLOCK)", "SQL Server's", 'SELECT "a" FROM "dbo"."t"'),
    ("SELECT a, FROM t", "PostgreSQL reads", "SELECT a FROM t"),
])
def test_what_another_database_would_have_read(text: str, whose: str, said: str) -> None:
    found = suggestion(text)
    assert found is not None and whose in found and found.endswith(said)
    assert not isinstance(grammar.split(said), grammar.SyntaxFault)


@pytest.mark.parametrize("text", [
    "SELECT 1", "SELECT * FROM t WHERE a = 1", "selct 1", "SELECT (", "", "INSERT IGNORE INTO t VALUES (1)",
    "'" * 3, "SELECT a FROM t WHERE", "\x00", "SELECT " + "(" * 5000,
])
def test_nothing_is_made_up(text: str) -> None:
    assert suggestion(text) is None


def test_only_syntax_errors_without_a_hint_get_one() -> None:
    text = "SELECT TOP 10 * FROM t"
    for error in (ServerError("no", sqlstate="42P01"), ServerError("no", sqlstate="42601", hint="the server's own")):
        before = error.hint
        explain_syntax(error, text)
        assert error.hint == before
    error = ServerError("no", sqlstate="42601")
    explain_syntax(error, text)
    assert error.hint is not None and "LIMIT 10" in error.hint
