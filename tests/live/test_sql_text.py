"""What the console says of SQL text, held against what the servers say of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from psycopg import errors

from console.sql.keywords import KEYWORDS, QUOTED
from console.sql.layout import formatted
from console.sql.names import text_of
from console.sql.quoting import identifier, literal
from console.sql.transactions import outside_transaction
from tests.support.servers import Database, LiveServer
from tests.support.transaction_blocks import CASES, OBJECTS, SUBSCRIPTION

REFUSED = "25001"


@pytest.fixture
def names(any_server: LiveServer) -> Iterator[dict[str, str]]:
    """A database with the objects that the cases speak of."""
    with any_server.database() as database, database.connect() as connection:
        found = {"database": database.name, "with_slot": f"{database.name}_a", "without_slot": f"{database.name}_b"}
        connection.execute(OBJECTS)
        connection.execute(SUBSCRIPTION.format(found["with_slot"], ""))
        connection.execute(SUBSCRIPTION.format(found["without_slot"], ", slot_name = NONE"))
        try:
            yield found
        finally:
            connection.execute(f"ALTER SUBSCRIPTION {found['with_slot']} SET (slot_name = NONE)")
            for name in (found["with_slot"], found["without_slot"]):
                connection.execute(f"DROP SUBSCRIPTION {name}")


def state_in_block(server: LiveServer, names: dict[str, str], before: str, sql: str) -> str:
    """What the server answers to a statement inside a transaction block: "" where it does it."""
    with psycopg.connect(server.conninfo(names["database"])) as connection:
        try:
            if before:
                connection.execute(before.format(**names))
            connection.execute(sql.format(**names))  # type: ignore[arg-type]
            return ""
        except psycopg.Error as error:
            return error.sqlstate or "?"
        finally:
            with suppress(psycopg.Error):
                connection.rollback()


def test_what_cannot_be_in_a_transaction_block(any_server: LiveServer, names: dict[str, str]) -> None:
    wrong = []
    for case in CASES:
        if any_server.major < case.since:
            continue
        state = state_in_block(any_server, names, case.before, case.sql)
        if case.answer == "inside":
            wrong += [(case.sql, state)] if state else []
        elif case.answer == "outside" or case.other != case.sql:
            wrong += [(case.sql, state)] if state != REFUSED else []
        if case.other and (state := state_in_block(any_server, names, "", case.other)):
            wrong.append((case.other, state))
    assert not wrong


def test_what_is_said_to_be_fine_is_never_refused(any_server: LiveServer, names: dict[str, str]) -> None:
    """The words of the answers that may be wrong: nothing else than what is named here is refused by this server."""
    for case in CASES:
        if state_in_block(any_server, names, case.before, case.sql) == REFUSED:
            assert outside_transaction(case.text()) is not None, case.sql


def test_keywords_are_those_of_the_server(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        found = dict(connection.execute("SELECT word, catcode::text FROM pg_get_keywords()").fetchall())
    assert found.keys() <= KEYWORDS
    assert {word for word, code in found.items() if code != "U"} <= QUOTED
    if any_server.major == 18:
        assert {word for word, code in found.items() if code != "U"} == QUOTED


HOSTILE = ("plain", "Select", "user", "a b", 'q"q', "é", "a$b", "1st", "_x", "json_table", "x" * 60, "\\", "'", "a.b")


def test_names_are_quoted_as_the_server_would(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        for name in (*HOSTILE, *QUOTED):
            ((wanted,),) = connection.execute("SELECT quote_ident(%s)", [name]).fetchall()
            assert identifier(name) == wanted or (any_server.major < 18 and name in QUOTED)


CONSTANTS = (
    "'a''b'", "E'a\\'b\\n\\x41\\101\\u00e9\\U0001F600'", "$$x'y$$", "$q$ $$ $q$", "U&'\\0041\\\\\\+01F600'",
    "'a' -- it's a comment\n 'b'", "E'a'\n\n'\\tb'", "'\\no escape'", "N'n'", "'a'\t\n\t--x\n--y\n'b'")


def test_constants_mean_what_the_server_says(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        for written in CONSTANTS:
            ((meant,),) = connection.execute(f"SELECT {written}").fetchall()  # type: ignore[arg-type]
            assert text_of(written) == meant, written
        for text in HOSTILE:
            ((meant,),) = connection.execute(f"SELECT {literal(text)}").fetchall()  # type: ignore[arg-type]
            assert meant == text


QUERIES = (
    "select a, case when a = 1 then 'x' else 'y' end as b from (values (1), (2)) v(a) where a in (1,2,3) and a between "
    "1 and 2 -- over\norder by a desc limit 5",
    "with x as materialized (select array[1,2,3] as l, E'a\\'b' || 'c' /* in */ as t) select l[1:2], t, l[1] from x "
    "where l is distinct from null and exists (select 1 from x y where y.t = x.t)",
    "select count(*) filter (where a > 1) over (partition by a order by a rows between 1 preceding and current row) "
    "from generate_series(1, 3) as a group by a having count(*) > 0 union all select 9 from (select 1) q",
    "select 'a'\n  'b', -1 - -2, 2*3, 5 % 3, '{\"k\": [1, 2]}'::jsonb #>> '{k,0}', extract(year from date '1999-1-1')",
)


def test_laid_out_it_answers_the_same(any_server: LiveServer) -> None:
    with any_server.connect() as connection:
        for query in QUERIES:
            lines = formatted(query)
            assert "\n" in lines and formatted(lines) == lines
            wanted = connection.execute(query).fetchall()  # type: ignore[arg-type]
            assert connection.execute(lines).fetchall() == wanted  # type: ignore[arg-type]


def test_a_file_that_is_split_does_what_psql_does(database: Database) -> None:
    """A script of everything that has semicolons of its own."""
    from console.sql.splitter import split

    script = """
        CREATE TABLE t (a int, b text DEFAULT 'x;y');  -- ; no end
        CREATE RULE r AS ON DELETE TO t DO ALSO (INSERT INTO t VALUES (8, ';'); INSERT INTO t VALUES (9));
        CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 ELSE 2 END; SELECT a; END;
        DO $b$ BEGIN INSERT INTO t VALUES (1, $$;$$); END $b$; /* ; /* ; */ */ INSERT INTO t VALUES (f(2), E'\\';');
        DELETE FROM t WHERE a = 1;
    """
    with database.connect() as connection:
        if connection.info.server_version < 140000:
            pytest.skip("BEGIN ATOMIC is PostgreSQL 14's")
        for statement in split(script):
            connection.execute(statement.sql)  # type: ignore[arg-type]
        rows = connection.execute("SELECT a, b FROM t ORDER BY a, b").fetchall()
        assert rows == [(2, "';"), (8, ";"), (9, "x;y")]
        with pytest.raises(errors.SyntaxError):
            connection.execute("SELECT 1; SELEC 2")
