"""A person's statements on real servers: read-only by the server's hand, cursors, transactions, cancelling, poolers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from console.errors import ConsoleError, Denied, Missing, ServerError, TimedOut, Unreachable, UsageError
from console.server import interactive
from console.server.interactive import Interactive, InteractiveStatement, QueryResult
from console.server.target import Target
from console.sql.statements import pieces
from tests.support.pgbouncer import PgBouncer
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE kept (id int PRIMARY KEY, note text); INSERT INTO kept VALUES (1, 'a');"
                           "CREATE SEQUENCE numbers; CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS "
                           "'INSERT INTO kept VALUES (99, ''f'') RETURNING id'")


@pytest.fixture
def filled(any_server: LiveServer) -> Iterator[Database]:
    with any_server.database(any_server.template("interactive", fill)) as database:
        yield database


@pytest.fixture
def kept(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("interactive", fill)) as database:
        yield database


@asynccontextmanager
async def opened(conninfo: str, *, read_only: bool = False, manual: bool = False, timeout_ms: int = 20_000
                 ) -> AsyncIterator[Interactive]:
    session = Interactive(Target(name="live", conninfo=conninfo, lock_timeout_ms=5000))
    session.read_only, session.manual, session.timeout_ms = read_only, manual, timeout_ms
    try:
        yield session
    finally:
        await session.close()


async def run(session: Interactive, text: str) -> QueryResult:
    """Runs all statements of `text`; the last one's result."""
    result = QueryResult("")
    for piece in pieces(text):
        result = await session.run(piece.command)
    return result


def contents(database: Database) -> list[Any]:
    with database.connect() as connection:
        return connection.execute("SELECT id, note FROM kept ORDER BY id").fetchall()


WRITES = (
    "DELETE FROM kept", "UPDATE kept SET note = 'x'", "INSERT INTO kept VALUES (2)", "TRUNCATE kept", "DROP TABLE kept",
    "WITH gone AS (DELETE FROM kept RETURNING *) SELECT * FROM gone", "SELECT writes()", "SELECT nextval('numbers')",
    "EXPLAIN ANALYZE DELETE FROM kept", "DO $$ BEGIN DELETE FROM kept; END $$", "CREATE TABLE made (a int)",
    "SELECT * INTO made FROM kept", "CREATE TABLE made AS SELECT 1", "COPY kept FROM PROGRAM 'echo 5'", "VACUUM kept",
    "SELECT * FROM kept FOR UPDATE", "REFRESH MATERIALIZED VIEW none", "GRANT ALL ON kept TO PUBLIC",
    "SET TRANSACTION READ WRITE", "SET transaction_read_only = off", "SET SESSION CHARACTERISTICS AS TRANSACTION "
    "READ WRITE; DELETE FROM kept", "SET default_transaction_read_only = off; DELETE FROM kept",
    "SELECT set_config('transaction_read_only', 'off', false)", "BEGIN READ WRITE; DELETE FROM kept",
    "START TRANSACTION ISOLATION LEVEL SERIALIZABLE READ WRITE; DELETE FROM kept",
    "BEGIN; SET TRANSACTION READ WRITE; DELETE FROM kept", "BEGIN; SAVEPOINT s; SET TRANSACTION READ WRITE",
    "BEGIN; COMMIT AND CHAIN; SET TRANSACTION READ WRITE; DELETE FROM kept", "CALL none()",
    "PREPARE p AS DELETE FROM kept; EXECUTE p",
)


async def test_nothing_is_written_on_a_read_only_target(filled: Database) -> None:
    for text in WRITES:
        async with opened(filled.conninfo, read_only=True) as session:
            with pytest.raises(ConsoleError) as caught:
                await run(session, text)
            assert not isinstance(caught.value, Unreachable), text
            if session.transaction != "none":
                await session.end("rollback")
            assert (await run(session, "SELECT 1")).rows == (("1",),), text
        assert contents(filled) == [(1, "a")], text
    with filled.connect() as connection:
        assert connection.execute("SELECT to_regclass('made'), last_value, is_called FROM numbers").fetchone() \
            == (None, 1, False)


# What no grammar of ours has seen: the very words, as one statement, whatever the parser would make of them.
TRICKS = (
    "COMMIT", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN", "END", "/* x */ COMMIT", "COMMIT; DELETE FROM kept",
    "SELECT 1; DELETE FROM kept", "SET TRANSACTION READ WRITE; DELETE FROM kept", "DELETE FROM kept; COMMIT",
    "SELECT 1); DELETE FROM kept; SELECT (1", "PREPARE TRANSACTION 'x'", "ABORT",
)


@pytest.mark.parametrize("manual", [False, True], ids=["autocommit", "manual"])
@pytest.mark.parametrize("is_query", [False, True], ids=["direct", "cursor"])
async def test_no_trick_gets_out_of_the_read_only_transaction(kept: Database, manual: bool, is_query: bool) -> None:
    for trick in TRICKS:
        async with opened(kept.conninfo, read_only=True, manual=manual) as session:
            for text in (trick, "SET TRANSACTION READ WRITE", "DELETE FROM kept", trick):
                try:
                    await session.run(InteractiveStatement(text, is_query=is_query))
                except ConsoleError:
                    if session.transaction == "failed":
                        await session.end("rollback")
            if session.transaction != "none":
                await session.end("commit")
        assert contents(kept) == [(1, "a")], trick


async def test_a_read_only_transaction_leaves_nothing_even_when_committed(kept: Database) -> None:
    """EXPLAIN ANALYZE of CREATE TABLE AS runs where the server calls the transaction read-only."""
    async with opened(kept.conninfo, read_only=True, manual=True) as session:
        await run(session, "EXPLAIN ANALYZE CREATE TABLE made AS SELECT 1")
        assert (await session.end("commit")).tag == "ROLLBACK: it was read-only"
    with kept.connect() as connection:
        assert connection.execute("SELECT to_regclass('made')").fetchone() == (None,)


async def test_locking_again_and_unlocking_hold_from_the_next_statement(kept: Database) -> None:
    async with opened(kept.conninfo, manual=True) as session:
        await run(session, "UPDATE kept SET note = 'b'")
        session.read_only = True
        with pytest.raises(ServerError, match="read-only transaction") as caught:
            await run(session, "UPDATE kept SET note = 'c'")
        assert caught.value.hint is not None and "unlocked for writing" in caught.value.hint
        await session.end("rollback")
        await run(session, "SELECT 1")
        session.read_only = False
        with pytest.raises(ServerError) as caught:
            await run(session, "DELETE FROM kept")
        assert "began read-only" in str(caught.value.hint)
    assert contents(kept) == [(1, "a")]


async def test_rows_come_by_the_page(filled: Database) -> None:
    async with opened(filled.conninfo, read_only=True) as session:
        first = await run(session, "SELECT i, 'row ' || i AS name FROM generate_series(1, 501) i -- all")
        assert [(column.name, column.type_name) for column in first.columns] == [("i", "integer"), ("name", "text")]
        assert len(first.rows) == interactive.PAGE_ROWS and first.more
        rows = [*first.rows]
        while page := await session.more():
            rows += page
        assert [row[0] for row in rows] == [str(number) for number in range(1, 502)] and not session.has_more
        assert (await run(session, "SELECT 1 WHERE false")).rows == ()
        nulls = await run(session, "SELECT NULL, '', ARRAY[1, NULL]; ")
        assert nulls.rows == ((None, "", "{1,NULL}"),) and nulls.tag == "SELECT 1"
        assert (await run(session, "SHOW server_version_num")).columns[0].name == "server_version_num"
        assert (await run(session, "VALUES (1), (2)")).rows == (("1",), ("2",))
        assert (await run(session, "SELECT FROM generate_series(1, 3)")).tag == "SELECT 3"


async def test_a_row_of_10_mb_is_a_page_of_its_own(kept: Database) -> None:
    async with opened(kept.conninfo, read_only=True) as session:
        first = await run(session, "SELECT i, repeat('x', 10000000) FROM generate_series(1, 4) i")
        assert first.more and len(first.rows) <= 2 and len(first.rows[0][1] or "") == 10_000_000
        rows = [*first.rows]
        while page := await session.more():
            assert len(page) == 1
            rows += page
        assert [row[0] for row in rows] == ["1", "2", "3", "4"]


async def test_where_a_statement_is_wrong(filled: Database) -> None:
    async with opened(filled.conninfo, read_only=True) as session:
        for text, position in (("SELECT nothing FROM kept", 8), ("SELECT 'é', nothing", 13), ("SELEC 1", 1),
                               ("SELECT 1 FROM missing", 15)):
            with pytest.raises(ServerError) as caught:
                await run(session, text)
            assert caught.value.position == position, text
        with pytest.raises(Missing):
            await run(session, "SELECT * FROM missing")
        with pytest.raises(UsageError, match="parameter"):
            await run(session, "SELECT $1::int")
        for text in ("SELECT '\ud800'", "SELECT '\0'"):
            with pytest.raises(UsageError, match="no server takes"):
                await session.run(InteractiveStatement(text, is_query=True))


async def test_messages_and_counts(filled: Database) -> None:
    async with opened(filled.conninfo) as session:
        said = await run(session, "DO $$ BEGIN RAISE WARNING 'careful' USING HINT = 'look'; END $$")
        assert [(notice.severity, notice.message, notice.hint)
                for notice in said.notices] == [("WARNING", "careful", "look")]
        done = await run(session, "INSERT INTO kept SELECT i, 'n' FROM generate_series(2, 2501) i RETURNING id")
        assert done.tag == "INSERT 0 2500" and done.affected == 2500
        assert len(done.rows) == 1000 and done.dropped == 1500
        assert (await run(session, "UPDATE kept SET note = NULL WHERE id < 11")).affected == 10
    assert len(contents(filled)) == 2501


async def test_what_refuses_a_transaction_runs_without_one(filled: Database) -> None:
    async with opened(filled.conninfo) as session:
        for text in ("VACUUM kept", "CREATE INDEX CONCURRENTLY by_note ON kept (note)",
                     "REINDEX INDEX CONCURRENTLY by_note", "DROP INDEX CONCURRENTLY by_note"):
            await run(session, text)
        session.timeout_ms = 300
        with pytest.raises(ServerError, match=r"cancelled after 0\.3 s"):
            await run(session, "DO $$ BEGIN PERFORM pg_sleep(60); END $$")
        session.timeout_ms = 20_000
        assert (await run(session, "SELECT 1")).rows == (("1",),)


async def test_transactions_by_hand(kept: Database) -> None:
    async with opened(kept.conninfo, manual=True) as session:
        assert session.transaction == "none"
        await run(session, "INSERT INTO kept VALUES (2, 'b')")
        assert session.transaction == "open" and len(contents(kept)) == 1
        with pytest.raises(ServerError):
            await run(session, "SELECT 1/0")
        assert session.transaction == "failed"
        with pytest.raises(ServerError, match="aborted"):
            await run(session, "SELECT 1")
        assert "had failed" in (await session.end("commit")).tag and session.transaction == "none"
        await run(session, "INSERT INTO kept VALUES (3, 'c'); SAVEPOINT s")
        with pytest.raises(ServerError):
            await run(session, "SELEC")
        await run(session, "ROLLBACK TO s; INSERT INTO kept VALUES (4, 'd'); COMMIT")
        assert [row[0] for row in contents(kept)] == [1, 3, 4]
        session.manual = False
        await run(session, "BEGIN; DELETE FROM kept; ROLLBACK")
        await run(session, "INSERT INTO kept VALUES (5, 'e')")
        assert [row[0] for row in contents(kept)] == [1, 3, 4, 5]
        with pytest.raises(UsageError, match="no transaction"):
            await session.end("commit")


async def test_a_query_that_writes_is_committed_when_it_has_been_read(kept: Database) -> None:
    async with opened(kept.conninfo) as session:
        await run(session, "SELECT writes()")
        assert [row[0] for row in contents(kept)] == [1, 99]


async def test_settings_stay_with_the_session(kept: Database) -> None:
    async with opened(kept.conninfo, read_only=True) as session:
        await run(session, "SET search_path = pg_catalog; SET work_mem = '5MB'")
        assert (await run(session, "SHOW work_mem")).rows == (("5MB",),)
        assert (await run(session, "SHOW statement_timeout")).rows == (("20s",),)
        assert session.settings == {"search_path": "pg_catalog", "work_mem": "5MB"}
        await run(session, "RESET work_mem")
        assert session.settings == {"search_path": "pg_catalog"}


SLEEPERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
IDLING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state ~ '^idle in'"


def count(database: Database, query: str) -> int:
    with database.connect() as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return int(row[0]) if row else 0


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("text", ["SELECT pg_sleep(600)", "DO $$ BEGIN PERFORM pg_sleep(600); END $$"])
async def test_cancelling_ends_the_statement_on_the_server(kept: Database, read_only: bool, text: str) -> None:
    async with opened(kept.conninfo, read_only=read_only, timeout_ms=0) as session:
        task = asyncio.create_task(run(session, text))
        await until(lambda: count(kept, SLEEPERS) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: count(kept, SLEEPERS) == 0)
        assert session.transaction == "none"
        assert (await run(session, "SELECT 2")).rows == (("2",),)


async def test_the_time_limit(kept: Database) -> None:
    async with opened(kept.conninfo, read_only=True, timeout_ms=200) as session:
        with pytest.raises(TimedOut):
            await run(session, "SELECT pg_sleep(60)")


async def test_a_lost_connection_is_made_anew_but_never_its_transaction(kept: Database) -> None:
    async with opened(kept.conninfo, manual=True) as session:
        (row,) = (await run(session, "SELECT pg_backend_pid()")).rows
        with kept.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [int(row[0] or 0)])
        for _ in range(2):
            with pytest.raises(Unreachable):
                await run(session, "INSERT INTO kept VALUES (7, 'g')")
            if session.transaction == "none":
                break
        with pytest.raises(Unreachable, match="the transaction"):
            await run(session, "INSERT INTO kept VALUES (7, 'g')")
        await run(session, "SELECT 1")
    assert contents(kept) == [(1, "a")]


async def test_an_idle_cursor_lets_go_of_its_transaction(kept: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactive, "IDLE_LIMIT_S", 0.1)
    async with opened(kept.conninfo, read_only=True) as session:
        await run(session, "SELECT i FROM generate_series(1, 1000) i")
        await until(lambda: not session.has_more)
        await until(lambda: count(kept, IDLING) == 0)
        assert await session.more() == ()


async def test_through_a_pooler_in_transaction_mode(kept: Database, pgbouncer: PgBouncer) -> None:
    async with opened(pgbouncer.conninfo(kept.name), read_only=True) as session:
        first = await run(session, "SELECT i FROM generate_series(1, 300) i")
        assert session.info is not None and session.info.is_pooled
        assert len(first.rows) + len(await session.more()) == 300
        with pytest.raises(UsageError, match="pooler"):
            await run(session, "SET search_path = nowhere")
        with pytest.raises(ServerError, match="read-only"):
            await run(session, "DELETE FROM kept")
        session.read_only = False
        await run(session, "BEGIN; SET LOCAL work_mem = '7MB'; UPDATE kept SET note = 'p'; COMMIT")
    assert contents(kept) == [(1, "p")]
    for _ in range(3):
        with psycopg.connect(pgbouncer.conninfo(kept.name), autocommit=True) as connection:
            row = connection.execute("SELECT current_setting('transaction_read_only'), "
                                     "current_setting('statement_timeout'), current_setting('work_mem')").fetchone()
            assert row == ("off", "0", "4MB")


async def test_a_role_without_rights(filled: Database) -> None:
    with filled.server.role() as role:
        async with opened(filled.server.conninfo(filled.name, user=role), read_only=True) as session:
            with pytest.raises(Denied) as caught:
                await run(session, "SELECT * FROM kept")
            assert "GRANT SELECT ON kept" in str(caught.value.hint)
            assert (await run(session, "SELECT current_user")).rows == ((role,),)


async def test_text_that_is_not_valid_is_shown_all_the_same(embedded: LiveServer) -> None:
    name = "interactive_ascii"
    with embedded.connect() as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
    try:
        async with opened(embedded.conninfo(name)) as session:
            await run(session, r"CREATE TABLE odd AS SELECT convert_from('\xe9'::bytea, 'SQL_ASCII') AS x")
            assert (await run(session, "SELECT x FROM odd")).rows == (("\ufffd",),)
    finally:
        with embedded.connect() as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_hostile_names_and_values_come_as_they_are(filled: Database) -> None:
    async with opened(filled.conninfo, read_only=True) as session:
        found = await run(session, "SELECT E'\\x1b[31m[bold]\\n' AS \"a \"\"b\"\" %s {} \x1b\", '%s {}' AS x, 1 AS x")
        assert [column.name for column in found.columns] == ['a "b" %s {} \x1b', "x", "x"]
        assert found.rows == (("\x1b[31m[bold]\n", "%s {}", "1"),)
