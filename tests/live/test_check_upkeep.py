"""The checks of upkeep on real servers, each with what it is there to find.

Statistics reach the views late: what waits for them polls with a generous deadline.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from console.check.records import CheckResult, Status
from console.check.registry import configured
from console.check.runner import check_target
from console.config import Config, parse
from console.metrics.reads.tables import DUPLICATE_INDEXES, INDEX_ACTIVITY
from console.metrics.reads.upkeep import OPEN_SCHEMAS
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import Database, LiveServer, Servers

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
DEADLINE_S = 60.0


@pytest.fixture(scope="module", params=["embedded", "postgres15"])
def archiving(request: pytest.FixtureRequest, servers: Servers) -> LiveServer:
    """A server whose archive refuses everything, of the newest and of an old version."""
    return servers.make(request.param, {"archive_mode": "on", "archive_command": "", "max_wal_size": "1GB"})


@pytest.fixture
def fresh(archiving: LiveServer) -> Iterator[Database]:
    with archiving.database() as database:
        yield database


async def checked(conninfo: str, *names: str, **limits: dict[str, Any]) -> dict[str, CheckResult]:
    config = parse({"checks": limits}, Path("dbconsole.toml")) if limits else Config()
    target = Target(name="test", conninfo=conninfo)
    report = await check_target(target, configured(config, names or None), timeout_s=30.0)
    return {result.name: result for result in report.results}


async def until(conninfo: str, name: str, wanted: Callable[[CheckResult], bool],
                **limits: dict[str, Any]) -> CheckResult:
    """The check's result as soon as it is `wanted`, or at the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not wanted(result := (await checked(conninfo, name, **limits))[name]) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return result


async def test_an_archive_that_refuses(archiving: LiveServer) -> None:
    with archiving.connect() as connection:
        connection.execute("ALTER SYSTEM SET archive_command = 'false'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE TABLE IF NOT EXISTS archived (a int)")
        connection.execute("INSERT INTO archived VALUES (1)")
        connection.execute("SELECT pg_switch_wal()")
        result = await until(archiving.dsn, "archiver", lambda check_result: check_result.status is WARNING)
        assert result.status is WARNING and "failed" in result.summary and result.value is not None
        before = result.value
        for _ in range(3):
            connection.execute("INSERT INTO archived VALUES (1)")
            connection.execute("SELECT pg_switch_wal()")
        assert (await checked(archiving.dsn, "archiver"))["archiver"].value == before + 3
        connection.execute("ALTER SYSTEM SET archive_command = 'true'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("INSERT INTO archived VALUES (1)")
        connection.execute("SELECT pg_switch_wal()")
        result = await until(archiving.dsn, "archiver", lambda result: result.status is OK and result.value == 0)
        assert (result.status, result.value) == (OK, 0)


async def test_a_setting_that_waits_for_a_restart(archiving: LiveServer) -> None:
    with archiving.connect() as connection:
        connection.execute("ALTER SYSTEM SET max_worker_processes = 9")
        connection.execute("SELECT pg_reload_conf()")
        result = await until(archiving.dsn, "pending_restart", lambda check_result: check_result.status is WARNING)
        assert result.status is WARNING and "max_worker_processes" in result.summary
        connection.execute("ALTER SYSTEM SET max_worker_processes = 8")  # as it runs; RESET waits, too
        connection.execute("SELECT pg_reload_conf()")
        assert (await until(archiving.dsn, "pending_restart", lambda result: result.status is OK)).value == 0


async def test_checkpoints_on_request(archiving: LiveServer) -> None:
    with archiving.connect() as connection:
        for _ in range(25):
            connection.execute("CHECKPOINT")
    result = await until(archiving.dsn, "checkpoints_requested", lambda check_result: (check_result.value or 0) > 50)
    assert result.value is not None and result.value > 50
    assert result.status is OK and "too early to judge" in result.summary


async def test_schemas_in_which_others_may_plant_something(fresh: Database) -> None:
    async def found() -> dict[str, tuple[bool, list[str]]]:
        async with single_session(Target(name="test", conninfo=fresh.conninfo)) as session:
            return {row.schema: (row.is_open_to_all, row.roles) for row in await session.fetch(OPEN_SCHEMAS)}

    with fresh.connect() as connection, fresh.server.role("SUPERUSER") as above, fresh.server.role() as app, \
            fresh.server.role("NOLOGIN") as owner, fresh.server.role(f"LOGIN IN ROLE {owner}") as member:
        assert await found() == {}, "as PostgreSQL comes"
        connection.execute(f"""
            CREATE SCHEMA "Of fice" AUTHORIZATION {owner}; CREATE SCHEMA shop; CREATE SCHEMA aside;
            CREATE SCHEMA {above};
            GRANT CREATE ON SCHEMA shop, aside TO PUBLIC, {app}, {above};
            GRANT CREATE ON SCHEMA "Of fice", public, {above} TO {member}, {app}, {above}
        """.encode())
        mine = {above: (False, [app, member]), "public": (False, sorted((app, member)))}
        assert {name: (is_open, sorted(roles)) for name, (is_open, roles) in (await found()).items()} == \
            {name: (is_open, sorted(roles)) for name, (is_open, roles) in mine.items()}, "a schema of a role's own name"
        connection.execute(f'ALTER ROLE {app} SET search_path = Shop, "Of fice"'.encode())
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
        now = await found()
        assert set(now) == {above, "public", "shop", "Of fice"} and now["public"][0]
        assert now["shop"] == (True, [app]) and now["Of fice"] == (False, [app])
        connection.execute(f"DROP OWNED BY {app}, {member}, {above}; DROP OWNED BY {owner}".encode())


async def test_sequences_near_their_end(fresh: Database) -> None:
    with fresh.connect() as connection, fresh.server.role() as nobody:
        connection.execute("""
            CREATE TABLE "o'dd" (id smallserial, n int);
            CREATE SEQUENCE narrow AS bigint OWNED BY "o'dd".n;
            CREATE SEQUENCE endless; CREATE SEQUENCE round MAXVALUE 10 CYCLE; CREATE TEMP SEQUENCE own MAXVALUE 5;
            CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE -1;
            SELECT setval('endless', 9e18::bigint); SELECT setval('round', 10); SELECT setval('own', 5)
        """)
        connection.execute("SELECT setval('down', -50)")
        first = (await checked(fresh.conninfo, "sequences"))["sequences"]
        assert (first.status, round(first.value or 0)) == (OK, 49) and "down" in first.summary
        connection.execute("""SELECT setval('"o''dd_id_seq"', 30000)""")
        second = (await checked(fresh.conninfo, "sequences"))["sequences"]
        assert second.status is WARNING and "o'dd.id" in second.summary and "3 sequences" in second.summary
        connection.execute("SELECT setval('narrow', 2147000000)")
        third = (await checked(fresh.conninfo, "sequences"))["sequences"]
        assert third.status is CRITICAL and "narrow" in third.summary and "smaller than its sequence" in third.summary
        connection.execute("BEGIN; ALTER SEQUENCE narrow INCREMENT 2")
        assert (await checked(fresh.conninfo, "sequences"))["sequences"].status is WARNING
        connection.execute("ROLLBACK")
        hidden = await checked(make_conninfo(fresh.conninfo, user=nobody), "sequences")
        assert hidden["sequences"].status is UNKNOWN and f"TO {nobody}" in (hidden["sequences"].hint or "")
        connection.execute(f"GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO {nobody}".encode())
        seen = (await checked(make_conninfo(fresh.conninfo, user=nobody), "sequences"))["sequences"]
        assert seen.status is CRITICAL and "narrow" in seen.summary
        connection.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {nobody}".encode())


async def test_duplicate_indexes(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("""
            CREATE TABLE t (a int PRIMARY KEY, b text, c int, UNIQUE (c));
            CREATE INDEX on_a ON t (a); CREATE UNIQUE INDEX on_c ON t (c);
            CREATE INDEX e1 ON t (lower(b)) WHERE c > 1; CREATE INDEX e2 ON t ( lower( b ) ) WHERE c>1;
            CREATE INDEX down ON t (a DESC); CREATE INDEX pattern ON t (b text_pattern_ops); CREATE INDEX b ON t (b);
            CREATE INDEX other ON t (b COLLATE "C"); CREATE INDEX part ON t (a) WHERE c > 2;
            CREATE INDEX wide ON t (a) INCLUDE (c); CREATE INDEX hashed ON t USING hash (a);
            CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9);
            CREATE INDEX p_one ON p (a); CREATE INDEX p_two ON p (a)
        """)
        result = (await checked(fresh.conninfo, "duplicate_indexes"))["duplicate_indexes"]
        assert (result.status, result.value) == (WARNING, 4)
        connection.execute("DROP INDEX p_two")
        names = (await checked(fresh.conninfo, "duplicate_indexes"))["duplicate_indexes"].summary
        assert all(text in names for text in ("on_a (as t_pkey)", "on_c (as t_c_key)", "e2 (as e1)"))
        connection.execute("DROP INDEX on_a, on_c, e1")
        assert (await checked(fresh.conninfo, "duplicate_indexes"))["duplicate_indexes"].value == 0


TAKERS = {
    "no owner": """CREATE SEQUENCE ids; CREATE TABLE t (id integer PRIMARY KEY DEFAULT nextval('ids'));
        SELECT setval('ids', 2147480000)""",
    "a domain of a domain": """CREATE DOMAIN key AS integer; CREATE DOMAIN narrow AS key CHECK (VALUE > 0);
        CREATE TABLE t (id narrow PRIMARY KEY); CREATE SEQUENCE ids OWNED BY t.id;
        ALTER TABLE t ALTER id SET DEFAULT nextval('ids'); SELECT setval('ids', 2147480000)""",
    "a smaller column than its owner": """CREATE TABLE t (id smallint, big bigserial);
        ALTER SEQUENCE t_big_seq RENAME TO ids; ALTER TABLE t ALTER id SET DEFAULT nextval('ids');
        SELECT setval('ids', 32760)""",
    "an identity": """CREATE TABLE t (id integer GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME ids));
        SELECT setval('ids', 2147480000)""",
    "downwards": """CREATE SEQUENCE ids INCREMENT -1 MINVALUE -9000000000 MAXVALUE -1;
        CREATE TABLE t (id integer DEFAULT nextval('ids')); SELECT setval('ids', -2147480000)""",
}


@pytest.mark.parametrize("takers", TAKERS)
async def test_a_sequence_ends_with_the_smallest_column_that_takes_its_values(takers: str, fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute(TAKERS[takers])  # type: ignore[arg-type]
    found = (await checked(fresh.conninfo, "sequences"))["sequences"]
    assert found.status is CRITICAL and "public.ids of t.id" in found.summary
    assert "smaller than its sequence" in found.summary or takers == "an identity"


PROMISES = """
    CREATE TABLE nnd (a int); CREATE UNIQUE INDEX n1 ON nnd (a); CREATE UNIQUE INDEX n2 ON nnd (a) NULLS NOT DISTINCT;
    CREATE TABLE cl (a int); CREATE INDEX cl1 ON cl (a); CREATE INDEX cl2 ON cl (a); ALTER TABLE cl CLUSTER ON cl2;
    CREATE TABLE later (a int CONSTRAINT d1 UNIQUE DEFERRABLE); CREATE UNIQUE INDEX d2 ON later (a);
    CREATE TABLE referenced (a int); CREATE UNIQUE INDEX r1 ON referenced (a);
    CREATE TABLE refers (a int REFERENCES referenced (a)); CREATE UNIQUE INDEX r2 ON referenced (a);
    CREATE TABLE replicated (a int NOT NULL); CREATE UNIQUE INDEX i1 ON replicated (a);
    CREATE UNIQUE INDEX i2 ON replicated (a); ALTER TABLE replicated REPLICA IDENTITY USING INDEX i2;
    CREATE TABLE signed (v tsvector); CREATE INDEX s1 ON signed USING gist (v tsvector_ops (siglen = 64));
    CREATE INDEX s2 ON signed USING gist (v tsvector_ops (siglen = 128));
    CREATE TABLE filled (a int); CREATE INDEX f1 ON filled (a) WITH (fillfactor = 50); CREATE INDEX f2 ON filled (a);
    CREATE TABLE used (a int); INSERT INTO used SELECT generate_series(1, 1000);
    CREATE INDEX u1 ON used (a); CREATE INDEX u2 ON used (a)
"""


async def test_what_promises_more_is_no_duplicate(fresh: Database) -> None:
    """The weaker is named, or the one used less; what replicates, clusters, or is referred to stays."""
    with fresh.connect() as connection:
        connection.execute(PROMISES)
        connection.execute("SET enable_seqscan = off; BEGIN; DROP INDEX u1; "
                           "SELECT count(*) FROM used WHERE a = 5; ROLLBACK")
    expected = {"n1": "n2", "cl1": "cl2", "i1": "i2", "r2": "r1", "u1": "u2"}

    async def duplicates() -> dict[str, str]:
        async with single_session(Target(name="t", conninfo=fresh.conninfo)) as session:
            return {found.index: found.same_as for found in await session.fetch(DUPLICATE_INDEXES)}

    found = await duplicates()
    for _ in range(50):
        if found.get("u1"):  # the scans of a transaction are counted a moment later
            break
        await asyncio.sleep(0.1)
        found = await duplicates()
    assert found == expected
    async with single_session(Target(name="t", conninfo=fresh.conninfo)) as session:
        rows = await session.fetch(INDEX_ACTIVITY, {"sort": "size", "is_descending": True, "needle": None,
                                                    "only_doubtful": False})
    assert {row.index: row.made_superfluous_by for row in rows if row.made_superfluous_by} == expected


async def test_unused_indexes(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("""
            CREATE TABLE t (a int, b int); INSERT INTO t SELECT g, g FROM generate_series(1, 600000) g;
            CREATE INDEX never ON t (a); CREATE UNIQUE INDEX needed ON t (b);
            CREATE TABLE small (a int); CREATE INDEX ON small (a)
        """)
        result = (await checked(fresh.conninfo, "unused_indexes"))["unused_indexes"]
        assert result.status is OK and "too early to judge: 1 index" in result.summary and "never" in result.summary
        assert result.value is not None and 10 * 2**20 <= result.value <= 20 * 2**20
        connection.execute("SET enable_seqscan = off; SELECT count(*) FROM t WHERE a = 5")
    result = await until(fresh.conninfo, "unused_indexes", lambda check_result: check_result.value == 0)
    assert result.value == 0


async def test_dead_tuples_and_the_oldest_table(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("""
            CREATE TABLE t (a int) WITH (autovacuum_enabled = off); INSERT INTO t SELECT generate_series(1, 30000);
            CREATE TABLE patient (a int) WITH (autovacuum_vacuum_threshold = 100000, autovacuum_enabled = off);
            INSERT INTO patient SELECT generate_series(1, 30000); DELETE FROM patient
        """)
        connection.execute("DELETE FROM t WHERE a <= 20000")
    result = await until(fresh.conninfo, "dead_tuples", lambda check_result: check_result.status is WARNING)
    assert result.status is WARNING and "public.t is" in result.summary and "1 table is due" in result.summary
    assert result.hint is not None and "autovacuum is off" in result.hint
    oldest = (await checked(fresh.conninfo, "freeze_age", freeze_age={"warning": 0}))["freeze_age"]
    assert oldest.status is WARNING and oldest.value is not None and 0 < oldest.value < 1


async def test_a_deadlock(fresh: Database) -> None:
    with fresh.connect() as current, fresh.connect() as other:
        current.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
        for connection, row in ((current, 1), (other, 2)):
            connection.execute("SET deadlock_timeout = '10ms'")
            connection.execute("BEGIN")
            connection.execute("UPDATE t SET a = a WHERE a = %s", [row])
        outcomes: list[str] = []

        def cross(connection: psycopg.Connection[Any], row: int) -> None:
            try:
                connection.execute("UPDATE t SET a = a WHERE a = %s", [row])
            except psycopg.errors.DeadlockDetected:
                outcomes.append("deadlock")
            connection.execute("ROLLBACK")

        crossing = [threading.Thread(target=cross, args=pair) for pair in ((current, 2), (other, 1))]
        for thread in crossing:
            thread.start()
        for thread in crossing:
            thread.join(DEADLINE_S)
        assert outcomes == ["deadlock"]
    result = await until(fresh.conninfo, "deadlocks", lambda found: bool(found.value), deadlocks={"warning": 0})
    assert result.status is WARNING and "1 deadlock in" in result.summary


async def test_temporary_files(fresh: Database) -> None:
    with fresh.connect() as connection:
        connection.execute("SET work_mem = '64kB'")
        connection.execute("SELECT count(*) FROM (SELECT g FROM generate_series(1, 100000) g ORDER BY -g OFFSET 0) s")
    result = await until(fresh.conninfo, "temp_files", lambda check_result: bool(check_result.value),
                         temp_files={"warning": "100kB"})
    assert result.status is WARNING and "MB" in result.summary


async def test_statistics_that_were_reset(fresh: Database) -> None:
    assert (await checked(fresh.conninfo, "statistics_reset"))["statistics_reset"].status is OK
    with fresh.connect() as connection:
        connection.execute("SELECT pg_stat_reset()")
    result = await until(fresh.conninfo, "statistics_reset", lambda check_result: check_result.status is WARNING)
    assert result.status is WARNING and result.value is not None and result.value < 600


async def test_slow_statements(fresh: Database) -> None:
    without = (await checked(fresh.conninfo, "slow_statements"))["slow_statements"]
    assert without.status is OK and "CREATE EXTENSION" in without.summary
    with fresh.connect() as connection, fresh.server.role() as nobody:
        connection.execute('CREATE SCHEMA "St ats"; CREATE EXTENSION pg_stat_statements SCHEMA "St ats"')
        connection.execute('GRANT USAGE ON SCHEMA "St ats" TO PUBLIC')
        for _ in range(100):
            connection.execute("SELECT pg_sleep(0.002)")
        limits = {"slow_statements": {"warning": 1}}
        for conninfo in (fresh.conninfo, make_conninfo(fresh.conninfo, user=nobody)):
            result = (await checked(conninfo, "slow_statements", **limits))["slow_statements"]
            assert result.status is WARNING and result.value is not None and result.value >= 2, result


async def test_an_extension_that_is_not_loaded_is_no_failure(servers: Servers) -> None:
    server = servers.make("postgres15", {"shared_preload_libraries": ""})
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
    results = await checked(server.dsn)
    assert {result.name for result in results.values() if result.status is not OK} <= {"advisories", "data_safety"}
    assert "not loaded" in results["slow_statements"].summary


async def test_a_standby_answers_them_too(servers: Servers) -> None:
    primary = servers.make("embedded")
    with primary.connect() as connection:
        connection.execute("CREATE TABLE t (id serial); INSERT INTO t DEFAULT VALUES; CREATE UNLOGGED SEQUENCE u")
    standby = servers.standby(primary)
    results = await checked(standby.dsn)
    assert {result.status for name, result in results.items() if name != "data_safety"} == {OK}
    assert "t_id_seq" in results["sequences"].summary
