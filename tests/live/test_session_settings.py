"""What a database, a role or the environment sets for every session changes nothing that the console reads."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.catalog.preview import preview
from console.check.records import Status
from console.check.registry import configured
from console.check.runner import check_target
from console.cli import main
from console.config import Config
from console.errors import ServerError, TimedOut
from console.migrate.apply import plan_and_run
from console.resources import shipped
from console.server.faults import translate_errors
from console.server.interactive import Interactive, InteractiveStatement
from console.server.pool import Pool
from console.server.query import Query, Read, Variant
from console.server.rows import Typed, stream_query
from console.server.session import PgSession
from console.server.single import single_session
from console.server.target import Target
from console.services.ownership import from_folder
from tests.live.test_extensions import every_screen
from tests.live.test_sql_files import FILES, fill, parameters_of, query
from tests.migrate.histories import named
from tests.support.servers import Database, LiveServer

STYLES = ("German", "SQL, DMY", "Postgres, MDY")
ODD = {
    # how values look
    "DateStyle": "German", "IntervalStyle": "sql_standard", "TimeZone": "<+05:45>-05:45", "bytea_output": "escape",
    "timezone_abbreviations": "India", "extra_float_digits": "-15", "xmlbinary": "hex", "quote_all_identifiers": "on",
    "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "client_encoding": "LATIN1", "client_min_messages": "debug1",
    # what statements mean
    "search_path": "nowhere", "standard_conforming_strings": "off", "escape_string_warning": "on",
    "backslash_quote": "on", "array_nulls": "off", "transform_null_equals": "on", "xmloption": "document",
    "default_text_search_config": "pg_catalog.german", "check_function_bodies": "off", "row_security": "off",
    "session_replication_role": "replica", "lo_compat_privileges": "on", "createrole_self_grant": "set, inherit",
    "default_toast_compression": "pglz", "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on", "default_transaction_read_only": "on", "password_encryption": "md5",
    "icu_validation_level": "disabled", "gin_fuzzy_search_limit": "1", "event_triggers": "off",
    # how long they may take, and how they are planned
    "statement_timeout": "10s", "lock_timeout": "10s", "idle_in_transaction_session_timeout": "20s",
    "transaction_timeout": "20s", "plan_cache_mode": "force_generic_plan", "constraint_exclusion": "on",
    "enable_seqscan": "off", "enable_partition_pruning": "off", "from_collapse_limit": "1",
    "join_collapse_limit": "1", "jit": "off", "work_mem": "64kB", "maintenance_work_mem": "1MB",
    "temp_buffers": "800kB", "max_parallel_workers_per_gather": "0", "cursor_tuple_fraction": "0",
    "default_statistics_target": "1", "synchronous_commit": "off", "vacuum_cost_delay": "10",
    # what is counted and said
    "track_activities": "off", "track_counts": "off", "track_functions": "none", "track_io_timing": "off",
    "compute_query_id": "off", "stats_fetch_consistency": "snapshot", "log_statement": "all", "application_name": "odd",
}
"""For a superuser; what a server's version doesn't have is left out there."""


class Moment(Struct, frozen=True):
    at: dt.datetime
    day: dt.date
    span: dt.timedelta
    ratio: float
    raw: bytes
    name: str


MOMENT = Query("moment", Moment, (Variant("moment.sql", 14, "Moment", (), "tick", """
    SELECT '2026-02-01 03:04:05.678+00'::timestamptz AS at, '2026-02-01'::date AS day,
        '-1 day 02:03:04'::interval AS span, 0.1::float8 + 0.2::float8 AS ratio, '\\xff00'::bytea AS raw,
        pg_catalog.quote_ident('plain') || ' \\' AS name"""),))


@contextmanager
def with_settings(database: Database, where: str, **settings: str) -> Iterator[str]:
    """The conninfo of a superuser for whom the database, or a role of its own, has these settings."""
    with ExitStack() as stack:
        connection = stack.enter_context(database.connect())
        role = connection.info.user if where == "DATABASE" else stack.enter_context(
            database.server.role("LOGIN SUPERUSER"))
        name = sql.Identifier(database.name if where == "DATABASE" else role)
        found = connection.execute("SELECT lower(name) FROM pg_settings").fetchall()
        known = {name for (name,) in found}
        for setting, value in settings.items():
            if setting.lower() not in known:
                continue
            values = [sql.Literal(part) for part in (value.split(", ") if setting == "search_path" else [value])]
            connection.execute(sql.SQL("ALTER {} {} SET {} = {}").format(
                sql.SQL(where), name, sql.Identifier(setting), sql.SQL(", ").join(values)))
        try:
            yield make_conninfo(database.conninfo, user=role)
        finally:
            if where == "ROLE":
                connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(name))


@asynccontextmanager
async def session_on(conninfo: str) -> AsyncIterator[PgSession]:
    pool = Pool(Target(name="", conninfo=conninfo))
    async with pool.session() as session:
        yield session
    await pool.close()


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize("where", ["DATABASE", "ROLE"])
async def test_values_are_read_as_they_are(where: str, any_database: Database) -> None:
    async with session_on(any_database.conninfo) as session:
        (plain,) = await session.fetch(MOMENT)
    assert (plain.at, plain.ratio) == (dt.datetime(2026, 2, 1, 3, 4, 5, 678000, dt.UTC), 0.1 + 0.2)
    with with_settings(any_database, where, **ODD) as conninfo:
        async with session_on(conninfo) as session:
            assert await session.fetch(MOMENT) == [plain]
            (found,) = (await session.refresh(Read(MOMENT))).rows(MOMENT) or []
            assert found == plain


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("where", ["DATABASE", "ROLE", "PGDATESTYLE"])
def test_a_style_of_dates_breaks_no_check(style: str, where: str, database: Database, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    if where == "PGDATESTYLE":
        monkeypatch.setenv(where, style)
    settings = {} if where == "PGDATESTYLE" else {"DateStyle": style}
    with with_settings(database, "DATABASE" if where == "PGDATESTYLE" else where, **settings) as conninfo:
        assert main(["--check", conninfo]) in (0, 1, 2)
        said = capsys.readouterr()
    assert "Traceback" not in said.err and "UNKNOWN" not in said.out and "can't be read" not in said.out


async def test_every_read_answers(any_server: LiveServer) -> None:
    with any_server.database(any_server.template("sql_files", fill)) as database, \
            with_settings(database, "ROLE", **ODD) as conninfo:
        failed: dict[str, str] = {}
        async with session_on(conninfo) as session:
            for name, asked in {file.name.split(".")[0]: query(file) for file in FILES}.items():
                if asked.obstacle(session.info) is None:
                    try:
                        await session.fetch(asked, dict.fromkeys(parameters_of(asked.text(session.info))) or None)
                    except ServerError as error:
                        failed[name] = error.summary
        report = await check_target(Target(name="", conninfo=conninfo), configured(Config()), timeout_s=60)
    assert not failed
    assert not [result.name for result in report.results if result.status is Status.UNKNOWN]


@pytest.mark.parametrize("where", ["DATABASE", "ROLE"])
def test_every_command_works(where: str, server: LiveServer, tmp_path: Path,
                             capsys: pytest.CaptureFixture[str]) -> None:
    """And says the same of what is there."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "service.toml").write_text('name = "shop"\nschemas = ["shop"]\n')
    for name, text in {
        "1_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.a (n int PRIMARY KEY, s text NOT NULL DEFAULT E'a\\\\b', "
                      "at timestamptz DEFAULT '2026-02-01 00:00+00', b bytea DEFAULT E'\\\\x00ff', "
                      "span interval DEFAULT interval '1 day 02:00', ratio float8 DEFAULT 0.1); "
                      "INSERT INTO shop.a SELECT g FROM generate_series(1, 50) g",
        "1_a.down.sql": "DROP TABLE shop.a; DROP SCHEMA shop",
        "2_b.up.sql": "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY a_s ON shop.a (s)",
        "2_b.down.sql": "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY shop.a_s",
        "3_c.up.sql": "ALTER TABLE shop.a ADD CONSTRAINT later CHECK (at > '2026-01-02 03:04:05.678+00')",
        "3_c.down.sql": "ALTER TABLE shop.a DROP CONSTRAINT later",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    files = ("--migrations", str(folder))

    def said(*words: str, status: tuple[int, ...] = (0,)) -> str:
        found = main(words)
        told = capsys.readouterr()
        assert found in status and "Traceback" not in told.err, (words, told.out, told.err)
        assert "can't be read" not in told.out and "UNKNOWN" not in told.out, (words, told.out)
        return told.out

    with server.database() as database:
        if "DBCONSOLE_TEST_DSN" not in os.environ:
            with database.connect() as connection:
                assert all(connection.execute("SELECT current_setting(%s, true)", [name]).fetchone() != (None,)
                           for name in ODD), "the newest server has every one of them"
        with with_settings(database, where, **ODD) as conninfo:
            target = ("-t", conninfo)
            said("migrate", "up", "--yes", "--to", "2", *target, *files)
            assert "shop" in said("migrate", "status", *target, *files)
            odd = [said("ddl", *target), said("migrate", "plan", *target, *files)]
            said("migrate", "verify", *target, *files)
            said("migrate", "drift", *target, *files)
            if where == "DATABASE":  # the scratch databases have not its settings
                assert "no sample" not in said("migrate", "verify", "--on-data", *target, *files)
            said("--check", conninfo, status=(0, 1, 2))
            said("diagnose", *target, status=(0, 1))
            said("explain", *target, "SELECT count(*) FROM shop.a")
            with server.connect() as connection:
                connection.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(sql.Identifier(database.name)))
            plain = ("-t", database.conninfo)
            now = [said("ddl", *plain), said("migrate", "plan", *plain, *files)]
            for before, after in zip(odd, now, strict=True):
                before = before.replace("05:45:00+05:45", "00:00:00+00")  # the same instant, in the session's zone
                before = before.replace("08:49:05.678+05:45", "03:04:05.678+00")
                assert before.partition("\n")[2].splitlines() == after.partition("\n")[2].splitlines()
            said("migrate", "down", "--yes", "--to", "0", *target, *files)


async def test_every_screen_opens_and_reads(server: LiveServer) -> None:
    with server.database() as database:
        if server.has_vector:
            await plan_and_run(Target(name="", conninfo=database.conninfo), from_folder(shipped("migrations")))
        with with_settings(database, "ROLE", **ODD) as conninfo:
            await every_screen(replace(database, conninfo=conninfo))


async def test_rows_are_paged_by_keys_of_every_kind(any_database: Database) -> None:
    """A key goes to the server again as the text that came: it must mean the same."""
    with any_database.connect() as connection:
        connection.execute("""
            CREATE TABLE moments (at timestamptz, day date, ratio float8, raw bytea, span interval, n int,
                PRIMARY KEY (at, day, ratio, raw, span));
            INSERT INTO moments SELECT '2026-02-01'::timestamptz + g * interval '1 hour', '2026-02-01'::date + g,
                g / 3.0, ('x' || g)::bytea, g * interval '-1 day 1 hour', g FROM generate_series(1, 250) g""")
        oid = connection.execute("SELECT 'moments'::regclass::oid").fetchone()
    assert oid is not None
    with with_settings(any_database, "DATABASE", **ODD) as conninfo:
        pool = Pool(Target(name="", conninfo=conninfo))
        rows = await preview(pool.session, oid[0])
        pages = [await rows.first(), await rows.next(), await rows.next()]
        assert [row.values[5] for page in pages for row in page.rows] == [str(n) for n in range(1, 251)]
        assert pages[0].rows[0].values[1] == "2026-02-02"
        assert (await rows.row([str(part.decode()) for part in pages[1].rows[0].locator])).values[5] == "101"
        await rows.close()
        await pool.close()


async def test_a_key_of_an_extensions_type_is_compared_by_its_own_operators(any_database: Database) -> None:
    """citext sorts without regard to case, and has a cast to text, which would compare in another way."""
    with any_database.connect() as connection:
        if not connection.execute("SELECT FROM pg_available_extensions WHERE name = 'citext'").rowcount:
            pytest.skip("no citext")
        connection.execute("""
            CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;
            CREATE DOMAIN loose AS ext.citext;
            CREATE TABLE people (name loose, n int, PRIMARY KEY (name, n));
            INSERT INTO people SELECT CASE WHEN g % 2 = 0 THEN 'n' ELSE 'N' END || (1000 + g), g
                FROM generate_series(1, 250) g""")
        oid = connection.execute("SELECT 'people'::regclass::oid").fetchone()
    assert oid is not None
    pool = Pool(Target(name="", conninfo=any_database.conninfo))
    rows = await preview(pool.session, oid[0])
    pages = [await rows.first(), await rows.next(), await rows.next()]
    assert [row.values[1] for page in pages for row in page.rows] == [str(n) for n in range(1, 251)]
    assert (await rows.previous()).rows[0].values[1] == "101"
    assert (await rows.row(["n1007", "7"])).values[0] == "N1007"
    await rows.close()
    await pool.close()


async def test_what_a_person_types_keeps_the_settings(database: Database) -> None:
    """Query and its exports: dates, names and strings mean and look as in psql."""
    typed = "SELECT d, '\\x41' AS s FROM things"
    with with_settings(database, "DATABASE", DateStyle="German", search_path="apart",
                       standard_conforming_strings="off", bytea_output="escape") as conninfo:
        with database.connect() as connection:
            connection.execute("CREATE SCHEMA apart; CREATE TABLE apart.things (d date); "
                               "INSERT INTO apart.things VALUES ('2026-02-01')")
        interactive = Interactive(Target(name="", conninfo=conninfo))
        result = await interactive.run(InteractiveStatement(typed, is_query=True))
        assert result.rows == (("01.02.2026", "A"),)
        await interactive.close()
        async with session_on(conninfo) as session:
            chunks = [chunk async for chunk in stream_query(session, Typed(typed), "csv", statement_timeout_ms=5000)]
        assert b"".join(chunks) == b"d,s\r\n01.02.2026,A\r\n"


async def test_a_value_that_none_can_read_is_named(database: Database) -> None:
    class Row(Struct):
        n: int
        until: dt.datetime

    odd = Query("odd", Row, (Variant("odd.sql", 14, "Row", (), "tick", "SELECT g AS n, CASE WHEN g = 2 THEN "
                                     "'infinity' ELSE now() END AS until FROM generate_series(1, 3) g"),))
    async with session_on(database.conninfo) as session:
        with pytest.raises(ServerError, match="the column until holds 'infinity', which can't be read"):
            await session.fetch(odd)
        readings = await session.refresh(Read(odd), Read(MOMENT))
        assert readings.rows(MOMENT) and "the column until holds 'infinity'" in (readings.why(odd) or "")


def test_a_migration_keeps_the_search_path(any_database: Database, tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
    """In plan, up, without a transaction, and in what is deferred to the commit, after the ledger's own rows."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in {
        "1_a.up.sql": """CREATE TABLE notes (id int PRIMARY KEY, copy int);
            CREATE FUNCTION copied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE notes SET copy = NEW.id WHERE id = NEW.id AND copy IS NULL; RETURN NULL; END $$;
            CREATE CONSTRAINT TRIGGER copies AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION copied();
            INSERT INTO notes VALUES (7)""",
        "1_a.down.sql": "DROP TABLE notes; DROP FUNCTION copied()",
        "2_b.up.sql": "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY notes_copy ON notes (copy)",
        "2_b.down.sql": "DROP INDEX notes_copy",
        "3_c.up.sql": "ALTER TABLE notes ADD COLUMN more text; ALTER TABLE notes ALTER COLUMN id TYPE bigint",
        "3_c.down.sql": "ALTER TABLE notes DROP COLUMN more; ALTER TABLE notes ALTER COLUMN id TYPE int",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    named(folder)

    def migrate(*words: str) -> str:
        assert main(("migrate", *words, "-t", conninfo, "--migrations", str(folder))) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    with any_database.connect() as connection:
        connection.execute("CREATE SCHEMA apart; CREATE TABLE public.notes (decoy int)")
    with with_settings(any_database, "DATABASE", search_path="apart, public") as conninfo:
        migrate("up", "--yes", "--to", "2")
        with any_database.connect(options="-c search_path=apart") as connection:
            assert connection.execute("SELECT id, copy FROM apart.notes").fetchall() == [(7, 7)]
            assert connection.execute("SELECT 'apart.notes_copy'::regclass").rowcount == 1
            connection.execute("INSERT INTO apart.notes SELECT g FROM generate_series(10, 5000) g; ANALYZE apart.notes")
        planned = migrate("plan")
        assert "4 992 rows" in planned, planned
        migrate("up", "--yes")
        migrate("down", "--yes", "--to", "0")


def test_a_condition_keeps_the_search_path(server: LiveServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Of explain, search and recall what a person typed means what it means in psql, and the rest needs no path."""
    with server.database() as database:
        if not server.has_vector:
            pytest.skip("no pgvector")
        with database.connect() as connection:
            connection.execute("""
                CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext; CREATE SCHEMA apart;
                CREATE TABLE public.items (id int PRIMARY KEY, v ext.vector(2));
                INSERT INTO public.items SELECT g, ('[' || g || ',1]')::ext.vector FROM generate_series(1, 300) g;
                CREATE FUNCTION apart.is_odd(n int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT n % 2 = 1'""")
        with with_settings(database, "DATABASE", search_path="apart") as conninfo:
            column = ("-t", conninfo, "--column", "public.items.v", "--where", "is_odd(id)")
            for words in (("search", *column, "--like-id", "10", "--k", "3", "--json"),
                          ("recall", *column, "--queries", "5", "--k", "3"),
                          ("explain", "-t", conninfo, "SELECT is_odd(3)")):
                status = main(words)
                said = capsys.readouterr()
                assert status == 0, said.err
                if words[0] == "search":
                    assert [row["key"] for row in json.loads(said.out)["rows"]] == [11, 9, 13], said.out


SLOW = Query("slow", Moment, (Variant("slow.sql", 14, "Moment", (), "tick",
                                   MOMENT.variants[0].text.replace(" AS name", " || pg_sleep(0.2) AS name")),))


@pytest.mark.parametrize("where", ["DATABASE", "ROLE"])
async def test_short_timeouts_of_others_end_nothing_of_ours(where: str, server: LiveServer) -> None:
    """Each of our reads has a limit of its own; a person's statement keeps theirs, and is told whose it was."""
    with server.database() as database, with_settings(database, where, statement_timeout="100ms",
                                                      transaction_timeout="100ms", lock_timeout="1ms") as conninfo:
        async with session_on(conninfo) as session, session.snapshot():
            for _ in range(2):
                await session.fetch(SLOW)
        report = await check_target(Target(name="", conninfo=conninfo), configured(Config()), timeout_s=60)
        assert not [result.name for result in report.results if result.status is Status.UNKNOWN]
        await every_screen(replace(database, conninfo=conninfo))
        interactive = Interactive(Target(name="", conninfo=conninfo))
        if server.major >= 17:
            with pytest.raises(TimedOut) as caught:
                await interactive.run(InteractiveStatement("SELECT pg_sleep(1)", is_query=True))
            assert caught.value.sqlstate == "25P04" and "transaction_timeout of the role" in str(caught.value.hint)
        await interactive.close()


@pytest.mark.parametrize(("setting", "sqlstate"), [
    ("idle_in_transaction_session_timeout", "25P03"), ("transaction_timeout", "25P04"),
    ("idle_session_timeout", "57P05")])
async def test_a_session_that_a_limit_has_ended_says_which(setting: str, sqlstate: str, server: LiveServer) -> None:
    async with single_session(Target(name="", conninfo=server.conninfo())) as session:
        if setting == "transaction_timeout" and session.info.major < 17:
            pytest.skip("not in this version")
        pid = session.connection.info.backend_pid
        await session.connection.execute(f"SET {setting} = '20ms'".encode())
        if setting != "idle_session_timeout":
            await session.connection.execute(b"BEGIN")
        with server.connect() as other:
            for _ in range(500):
                if not other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).rowcount:
                    break
                await asyncio.sleep(0.01)
        with pytest.raises(ServerError) as caught, translate_errors():
            await session.connection.execute(b"SELECT 1")
    assert caught.value.sqlstate == sqlstate and setting in str(caught.value.hint), caught.value.lines()
