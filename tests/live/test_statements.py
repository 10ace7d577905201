"""pg_stat_statements on real servers of every version at hand: counters, texts, resets, roles, and what is missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import astuple, replace
from psycopg import sql

from console.errors import Denied
from console.plans.records import Analysis
from console.sampler.records import Snapshot
from console.server.pool import Pool
from console.server.query import Read
from console.server.session import PgSession, Readings
from console.server.target import Target
from console.statements import actions, read
from console.statements.deltas import Journal
from console.statements.records import Key, StatementEntry, StatementText
from console.ui.slow_watch import SlowWatch, obstacle, plan_request
from console.view.statements.setup import what_to_do
from console.view.statements.text import tables
from tests.live.test_activity import running
from tests.support.servers import Database, LiveServer, Servers, missing
from tests.support.statements import slow_session

SCHEMA = 'Odd "schema"'


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "dbconsole"


@asynccontextmanager
async def session(conninfo: str) -> AsyncIterator[PgSession]:
    pool = Pool(Target(name="live", conninfo=conninfo))
    try:
        async with pool.session() as found:
            yield found
    finally:
        await pool.close()


@pytest.fixture
def counted(any_database: Database) -> Iterator[Database]:
    """A database with the extension, in a schema that must be quoted."""
    if not any_database.server.has_contrib:
        missing("pg_stat_statements", f"{any_database.server.label} has no contrib")
    with any_database.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {0}; CREATE EXTENSION pg_stat_statements SCHEMA {0}").format(
            sql.Identifier(SCHEMA)))
    yield any_database


async def look(on: PgSession, journal: Journal) -> None:
    counters = read.counters(on.info)
    readings = await on.refresh(Read(read.STANDING), Read(counters))
    assert not readings.unavailable
    found = readings.first(read.STANDING)
    assert found is not None
    journal.take(readings.rows(counters) or [], found)


async def texts(on: PgSession, keys: list[Key], characters: int = 1000) -> dict[Key, StatementText]:
    wanted = read.texts(keys, characters)
    rows = (await on.refresh(wanted)).rows(wanted.query)
    assert rows is not None
    return {row.key: row for row in rows}


async def called(on: PgSession, words: str) -> Key:
    """The entry whose text holds those words."""
    journal = Journal()
    await look(on, journal)
    found = await texts(on, [key for key in journal.keys if key.query_id is not None], 100_000)
    (key,) = [key for key, text in found.items() if words in (text.text or "") and "unnest" not in (text.text or "")]
    return key


async def test_what_was_added_in_an_interval(counted: Database) -> None:
    with counted.connect() as work:
        work.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int);"
                     "INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 50) i")
        work.execute("SELECT balance FROM accounts WHERE id > 0")
        async with session(counted.conninfo) as on:
            key, journal = await called(on, "SELECT balance FROM accounts"), Journal()
            await look(on, journal)
            for _ in range(3):
                work.execute("SELECT balance FROM accounts WHERE id > 0").fetchall()
            await look(on, journal)
            window = journal.window()
            assert window is not None and window.seconds > 0
            from console.statements.counters import usage

            found = usage(window.added[key])
            assert (found.calls, found.rows, found.rows_per_call) == (3, 150, 50)
            assert found.exec_ms > 0 and found.mean_ms is not None and found.stddev_ms is not None
            assert found.min_exec_ms is not None and found.max_exec_ms is not None
            assert found.min_exec_ms <= found.mean_ms <= found.max_exec_ms + 1e-9
            assert found.shared_hit > 0 and found.hit_percent is not None
            major, version = on.info.major, on.info.extensions["pg_stat_statements"].version
            assert (found.wal_buffers_full is not None) == (version >= "1.12"), (major, version)
            assert (found.since_s is not None) == (version >= "1.11")
            assert [span.calls for span in journal.time_series([key])] == [3.0]


async def test_a_reset_of_one_and_of_all(counted: Database, own_state: Path) -> None:
    with counted.connect() as work:
        work.execute("SELECT 1 AS to_be_forgotten")
        async with session(counted.conninfo) as on:
            key, journal = await called(on, "to_be_forgotten"), Journal()
            await look(on, journal)
            assert key in journal
            await actions.reset(on, key, "SELECT $1 AS to_be_forgotten")
            await look(on, journal)
            assert key not in journal and journal.why_anew is None, "the others go on"
            work.execute("SELECT 1 AS to_be_forgotten")
            await look(on, journal)
            window = journal.window()
            assert window is not None and window.added[key][0] == 1.0
            await actions.reset(on)
            await look(on, journal)
            assert journal.why_anew == "the statistics were reset" and journal.window() is None
    events = [json.loads(line) for line in (own_state / "audit.jsonl").read_text().splitlines()]
    assert [(event["event"], event["action"]) for event in events] == [
        ("asked", "reset statement"), ("done", "reset statement"),
        ("asked", "reset statements"), ("done", "reset statements")]
    assert events[0]["query"] == "SELECT $1 AS to_be_forgotten" and events[0]["query_id"] == key.query_id


async def test_a_role_that_may_not_see_others_texts(counted: Database, own_state: Path) -> None:
    with counted.connect() as work, counted.server.role() as name:
        work.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), sql.Identifier(name)))
        work.execute("SELECT 1 AS secret")
        with counted.connect(user=name) as own:
            own.execute("SELECT 2 AS not_secret")
        async with session(counted.server.conninfo(counted.name, user=name)) as on:
            journal = Journal()
            await look(on, journal)
            await look(on, journal)
            hidden = [key for key in journal.keys if key.query_id is None]
            assert hidden and len({astuple(key)[:3] for key in hidden}) == len(hidden), "one for each user and database"
            shown = await texts(on, [key for key in journal.keys if key.query_id is not None])
            assert any("not_secret" in (text.text or "") for text in shown.values())
            assert all(" secret" not in (text.text or "") for text in shown.values())
            with pytest.raises(Denied) as refused:
                await actions.reset(on)
            work.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            assert "GRANT EXECUTE ON FUNCTION" in (refused.value.hint or "")
    assert '"failed"' in (own_state / "audit.jsonl").read_text()


async def test_a_text_of_a_megabyte_and_a_hostile_one(counted: Database) -> None:
    with counted.connect() as work:
        work.execute("SELECT 1 AS huge /* " + "x" * 1_000_000 + " */")
        work.execute('SELECT 1, 2 AS "[/red] \x1b[31m $1 %s \u202e"')
        async with session(counted.conninfo) as on:
            key = await called(on, "AS huge")
            found = (await texts(on, [key]))[key]
            assert found.is_cut and len(found.text or "") == 1000 and (found.characters or 0) > 1_000_000
            whole = (await texts(on, [key], 4_000_000))[key]
            assert len(whole.text or "") > 1_000_000 and not whole.is_cut
            odd = await called(on, "[/red]")
            assert "\x1b[31m" in ((await texts(on, [odd]))[odd].text or "")


async def test_a_database_that_is_dropped_while_it_is_watched(counted: Database) -> None:
    async with session(counted.conninfo) as on:
        journal = Journal()
        with counted.server.database() as other:
            with other.connect() as work:
                work.execute("SELECT 1 AS in_another")
            await look(on, journal)
            key = await called(on, "in_another")
            names = {name.id: name.name for name in await on.fetch(read.NAMES) if name.kind == "database"}
            assert names[key.database_id] == other.name
        await look(on, journal)
        await look(on, journal)
        assert key.database_id not in {name.id for name in await on.fetch(read.NAMES) if name.kind == "database"}


@pytest.mark.parametrize("version", ["1.9", "1.10", "1.11", "1.12"])
async def test_every_version_of_the_extension(embedded: LiveServer, version: str) -> None:
    with embedded.database() as database:
        with database.connect() as work:
            work.execute(sql.SQL("CREATE EXTENSION pg_stat_statements VERSION {}").format(sql.Literal(version)))
        async with session(database.conninfo) as on:
            journal = Journal()
            await look(on, journal)
            await look(on, journal)
            assert len(journal) > 0 and journal.window() is not None


async def test_one_that_is_too_old_and_one_that_is_missing(embedded: LiveServer) -> None:
    with embedded.database() as database:
        async with session(database.conninfo) as on:
            readings = await on.refresh(Read(read.counters(on.info)), Read(read.AVAILABILITY))
            why = readings.why(read.counters(on.info)) or ""
            assert what_to_do(on.info, readings.first(read.AVAILABILITY), why) == (
                f"pg_stat_statements isn't in this database: CREATE EXTENSION pg_stat_statements in the database "
                f"{database.name}")
            with database.connect() as work:
                work.execute("CREATE EXTENSION pg_stat_statements VERSION '1.8'")
            await on.renew()
            readings = await on.refresh(Read(read.counters(on.info)), Read(read.AVAILABILITY))
            why = readings.why(read.counters(on.info)) or ""
            assert 'ALTER EXTENSION "pg_stat_statements" UPDATE' in what_to_do(
                on.info, readings.first(read.AVAILABILITY), why)


async def test_a_library_that_is_not_loaded(servers: Servers) -> None:
    server = servers.make("embedded", {"shared_preload_libraries": ""})
    try:
        with server.database() as database:
            with database.connect() as work:
                work.execute("CREATE EXTENSION pg_stat_statements")
            async with session(database.conninfo) as on:
                counters = read.counters(on.info)
                readings = await on.refresh(Read(counters), Read(read.AVAILABILITY))
                told = what_to_do(on.info, readings.first(read.AVAILABILITY), readings.why(counters) or "")
                assert "isn't loaded" in told and "shared_preload_libraries = pg_stat_statements" in told
                assert "restart the server" in told
    finally:
        assert server.cluster is not None
        server.cluster.remove()


async def test_eviction_is_counted_and_makes_no_spike(servers: Servers) -> None:
    server = servers.make("embedded", {"pg_stat_statements.max": "100"})
    try:
        with server.database() as database, database.connect() as work:
            work.execute("CREATE EXTENSION pg_stat_statements; CREATE TABLE t ("
                         + ", ".join(f"c{number} int" for number in range(150)) + ")")
            async with session(database.conninfo) as on:
                journal = Journal()
                await look(on, journal)
                for round_ in range(3):
                    for number in range(150):
                        work.execute(f"SELECT c{number} FROM t")  # type: ignore[arg-type]
                    await look(on, journal)
                    window = journal.window()
                    assert window is not None
                    assert max(array[0] for array in window.added.values()) <= 150 * (round_ + 1) + 10
                assert journal.standing is not None and journal.standing.evictions > 0
                assert journal.standing.max_entries == 100
    finally:
        assert server.cluster is not None
        server.cluster.remove()


async def test_tables_that_a_statement_touches(any_database: Database) -> None:
    with any_database.connect() as work:
        work.execute('CREATE SCHEMA s; CREATE TABLE s."Odd t" (id int PRIMARY KEY, x int); CREATE TABLE plain (id int);'
                     'CREATE INDEX "on x" ON s."Odd t" (x);'
                     'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.far (id int)')
    async with session(any_database.conninfo) as on:
        named = tables('SELECT * FROM s."Odd t" JOIN plain USING (id) JOIN far USING (id) JOIN nowhere ON true')
        wanted = {"schemas": [schema for schema, _ in named], "names": [name for _, name in named],
                  "path": list(on.info.schemas)}
        found = await on.fetch(read.TOUCHED_TABLES, wanted)
        assert [(item.schema, item.name) for item in found] == [("elsewhere", "far"), ("public", "plain"),
                                                                ("s", "Odd t")]
        indexes = await on.fetch(read.TOUCHED_INDEXES, {"relation_ids": [item.relation_id for item in found]})
        assert sorted((index.name, index.definition) for index in indexes) == [
            ("Odd t_pkey", "btree (id)"), ("on x", "btree (x)")]


async def test_slow_statements_and_who_is_in_their_way(any_database: Database) -> None:
    with any_database.connect() as holder:
        holder.execute("CREATE TABLE accounts (id int PRIMARY KEY)")
        holder.execute("BEGIN; LOCK TABLE accounts")
        with running(any_database, "SELECT count(*) FROM accounts", application_name="report [/x]") as pid:
            async with session(any_database.conninfo) as on, asyncio.timeout(20):
                while True:
                    found = [slow_session for slow_session in await on.fetch(read.SLOW_SESSIONS)
                             if slow_session.pid == pid]
                    if found and found[0].blockers:
                        break
                    await asyncio.sleep(0.1)
                (slow,) = found
                assert slow.running_s >= 0.2 and slow.application == "report [/x]" and not slow.is_cut
                assert slow.blockers is not None and str(holder.info.backend_pid) in slow.blockers[0]
                assert slow.is_superusers and obstacle(slow, on) is None
                assert not plan_request(slow.query or "").generic


async def test_a_slow_statement_is_planned_once_while_it_runs(any_database: Database) -> None:
    pool = Pool(Target(name="live", conninfo=any_database.conninfo))
    watch = SlowWatch(0.2, pool.session)
    try:
        with any_database.connect() as work:
            work.execute("CREATE TABLE accounts (id int PRIMARY KEY)")
        slow = "SELECT count(*), pg_sleep(60) FROM accounts WHERE id = 7"
        with running(any_database, slow) as pid, running(any_database, "VACUUM (PARALLEL 0) accounts"):
            async with asyncio.timeout(20):
                while not watch.plans:
                    async with pool.session() as on:
                        rows = [slow_session for slow_session in await on.fetch(read.SLOW_SESSIONS)
                                if slow_session.pid == pid]
                    watch.add_sample(Snapshot(monotonic_s=0.0, readings=Readings({"statements.slow_sessions": rows})))
                    await asyncio.sleep(0.05)
        watch.add_sample(Snapshot(monotonic_s=1.0, readings=Readings({"statements.slow_sessions": []})))
        (statement,) = watch.log.statements
        plan = watch.plan_of(statement)
        assert statement.is_over and isinstance(plan, Analysis)
        assert {node.relation for node in plan.plan.nodes if node.relation} == {"accounts"}
    finally:
        await watch.close()
        await pool.close()


async def test_what_is_not_planned_without_asking(any_database: Database) -> None:
    async with session(any_database.conninfo) as on:
        found = slow_session(database=on.info.database, user=on.info.user)
        assert obstacle(found, on) is None
        assert "track_activity_query_size" in (obstacle(replace(found, is_cut=True), on) or "")
        assert "it runs in elsewhere" in (obstacle(replace(found, database="elsewhere"), on) or "")
        assert "of that kind" in (obstacle(replace(found, query="VACUUM accounts"), on) or "")
        assert "superuser's rights" in (obstacle(replace(found, user="somebody"), on) or "")
        assert obstacle(replace(found, user="somebody", is_superusers=True), on) is None
        assert obstacle(replace(found, query="/* x */ -- y\n (WITH a AS (SELECT 1) TABLE a)"), on) is None


async def test_settings_of_the_servers_own_log(any_database: Database) -> None:
    async with session(any_database.conninfo) as on:
        names = {logging_setting.name for logging_setting in await on.fetch(read.LOGGING_SETTINGS)}
    assert {"log_min_duration_statement", "log_lock_waits"} <= names


def test_entries_are_as_the_reads_give_them() -> None:
    assert StatementEntry(10, 5, True, 7, "1 2").key == Key(10, 5, True, 7)
