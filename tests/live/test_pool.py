"""The pool on a real server: what it finds out, how many round trips it takes, and how it comes back."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Any

import psycopg
import pytest
from msgspec import Struct
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from console.config import PoolConfig
from console.errors import ConsoleError, Denied, Missing, TimedOut, Unreachable
from console.server.breaker import BreakerState
from console.server.pool import Pool
from console.server.query import Query, Read, Variant
from console.server.single import single_session
from console.server.target import Target
from tests.support.pgbouncer import PgBouncer
from tests.support.proxy import proxied
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until


class Row(Struct):
    x: Any


def query(text: str, name: str = "rows", *needs: str) -> Query[Row]:
    return Query(name, Row, (Variant(f"{name}.sql", 14, "Row", needs, "tick", text),))


def target(conninfo: str, **words: Any) -> Target:
    return Target(name="test", conninfo=conninfo, **words)


@pytest.fixture
async def pool(database: Database) -> Any:
    made = Pool(target(database.conninfo))
    yield made
    await made.close()


async def test_what_is_found_out_at_connect(any_server: LiveServer) -> None:
    with any_server.database() as database, any_server.role() as name:
        if any_server.has_vector:
            database.connect().execute("CREATE SCHEMA ext; CREATE EXTENSION vector SCHEMA ext")
        pool = Pool(target(make_conninfo(database.conninfo, user=name)))
        async with pool.session() as session:
            info = session.info
        await pool.close()
    assert (info.major, info.version) == (any_server.major, any_server.version)
    assert (info.user, info.database, info.is_superuser) == (name, database.name, False)
    assert not (info.is_standby or info.is_pooled or info.sees_all_sessions or info.ledger_exists)
    assert info.is_supported and info.max_connections > 0
    if any_server.has_vector:
        assert info.extensions["vector"].schema == "ext"


async def test_a_standby_is_found(servers: Servers) -> None:
    primary = servers.make("embedded")
    standby = servers.standby(primary)
    pool = Pool(target(standby.conninfo()))
    async with pool.session() as session:
        assert session.info.is_standby
        assert "standby" in (query("SELECT 1 AS x", "rows", "primary").obstacle(session.info) or "")
    await pool.close()


async def test_a_transaction_pooler_is_found_and_survived(pgbouncer: PgBouncer) -> None:
    pool = Pool(target(pgbouncer.conninfo(), pool=PoolConfig(min_size=1, max_size=3)))

    async def use(number: int) -> Any:
        async with pool.session() as session:
            assert session.info.is_pooled
            readings = await session.refresh(
                Read(query("SELECT current_setting('statement_timeout') AS x", "timeout")),
                Read(query("SELECT %(n)s::int AS x", "echo"), {"n": number}))
            return [row.x for name in ("timeout", "echo") for row in readings.rows_by_name[name]]

    for _ in range(4):
        assert await asyncio.gather(*map(use, range(6))) == [["5s", number] for number in range(6)]
    await pool.close()
    with psycopg.connect(pgbouncer.conninfo(), autocommit=True) as other:
        assert other.execute("SHOW statement_timeout").fetchone() == ("0",), "our timeout leaked into the pooler"


QUEUED = "No server connection available in postgres backend, client being queued"


async def test_a_pooler_that_has_no_server_for_us_is_quoted() -> None:
    """PgBouncer's notice from 1.25 on (query_wait_notify). No version at hand sends it: it is sent in its place."""
    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", len(body) + 4) + body

    async def queue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (await reader.read(1024))[4:8] == struct.pack("!I", 80877103):  # wants TLS
            writer.write(b"N")
        writer.write(message(b"R", bytes(4)) + message(b"S", b"server_version\x0018.6\0")
                     + message(b"K", bytes(8)) + message(b"Z", b"I"))
        await reader.read(1024)
        writer.write(message(b"N", f"SNOTICE\0VNOTICE\0C00000\0M{QUEUED}\0\0".encode()))
        await reader.read()  # until the client has gone
        writer.close()

    async with await asyncio.start_server(queue, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unreachable) as caught:
            async with single_session(target(f"host=127.0.0.1 port={port} user=me dbname=app"), within_s=2.0):
                pass
    assert caught.value.hint == f"the pooler says: {QUEUED}", caught.value.lines()


async def test_a_direct_server_is_no_pooler_and_the_application_is_named(pool: Pool) -> None:
    async with pool.session() as session:
        own = "SELECT application_name AS x FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        rows = await session.fetch(query(own))
        assert rows[0].x == "dbconsole" and not session.info.is_pooled


async def test_a_refresh_is_one_round_trip_however_many_reads(database: Database) -> None:
    async with proxied(database.conninfo) as proxy:
        pool = Pool(target(proxy.conninfo))
        async with pool.session() as session:
            for count in (1, 12):
                before = proxy.round_trips
                reads = [Read(query(f"SELECT {n} AS x", f"q{n}")) for n in range(count)]
                readings = await session.refresh(*reads)
                assert proxy.round_trips - before == 1
                assert [readings.first(read.query).x for read in reads] == list(range(count))  # type: ignore[union-attr]
            before = proxy.round_trips
        async with pool.session():
            assert proxy.round_trips == before, "a checkout without idling checks nothing"
        await pool.close()


async def test_on_a_slow_link_a_refresh_takes_one_delay(database: Database) -> None:
    async with proxied(database.conninfo) as proxy:
        pool = Pool(target(proxy.conninfo))
        async with pool.session() as session:
            proxy.delay_s = 0.1
            started = time.perf_counter()
            await session.refresh(*[Read(query("SELECT 1 AS x", f"q{n}")) for n in range(8)])
            assert 0.2 <= time.perf_counter() - started < 0.9, "one after the other they take 1.6 s"
            proxy.delay_s = 0
        await pool.close()


async def test_a_read_that_fails_is_left_out_with_its_reason_and_the_rest_stays(pool: Pool) -> None:
    good, missing = query("SELECT 1 AS x", "good"), query("SELECT 1 AS x FROM nowhere", "missing")
    skipped, after = query("SELECT 1 AS x", "skipped", "extension age"), query("SELECT 2 AS x", "after")
    async with pool.session() as session:
        for _ in range(2):
            readings = await session.refresh(Read(good), Read(missing), Read(skipped), Read(after))
            assert (readings.first(good), readings.first(after)) == (Row(1), Row(2))
            assert readings.rows(missing) is None and 'relation "nowhere"' in (readings.why(missing) or "")
            assert "CREATE EXTENSION" in (readings.why(skipped) or "")


async def test_errors_have_their_class_position_and_hint(database: Database) -> None:
    with database.server.role() as name:
        database.connect().execute('CREATE TABLE "se[/]cret" (x int)')
        pool = Pool(target(make_conninfo(database.conninfo, user=name), statement_timeout_ms=100))
        async with pool.session() as session:
            with pytest.raises(Missing) as missing:
                await session.fetch(query("SELECT 1 AS x FROM nowhere"))
            assert missing.value.position == 20
            with pytest.raises(Denied) as denied:
                await session.fetch(query('SELECT 1 AS x FROM public."se[/]cret"'))
            assert "GRANT SELECT ON \"se[/]cret\" TO" in (denied.value.hint or "")
            with pytest.raises(TimedOut):
                await session.fetch(query("SELECT pg_sleep(5)::text AS x"))
            with pytest.raises(ConsoleError) as written:
                await session.fetch(query("SELECT nextval(pg_get_serial_sequence('s', 'x')) AS x"))
            assert written.value.summary
            assert await session.fetch(query("SELECT 1 AS x")) == [Row(1)], "the session goes on"
        await pool.close()


async def test_reads_are_read_only(pool: Pool) -> None:
    async with pool.session() as session:
        with pytest.raises(ConsoleError, match="read-only"):
            await session.fetch(query("WITH d AS (DELETE FROM pg_description RETURNING 1) SELECT 1 AS x FROM d"))


async def test_cancelling_the_task_cancels_the_statement(database: Database, pool: Pool) -> None:
    async with pool.session() as session:
        pid = (await session.fetch(query("SELECT pg_backend_pid() AS x")))[0].x
        task = asyncio.create_task(session.fetch(query("SELECT pg_sleep(30)::text AS x")))
        with database.connect() as other:
            await until(lambda: other.execute(
                "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'", [pid]).rowcount)
        task.cancel()
        started = time.perf_counter()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.perf_counter() - started < 10
    with database.connect() as other:
        await until(lambda: not other.execute(
            "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active'", [pid]).rowcount)
    async with pool.session() as session:
        assert await session.fetch(query("SELECT 1 AS x")) == [Row(1)]


async def test_a_terminated_backend_costs_one_read_and_no_breaker(database: Database, pool: Pool) -> None:
    async with pool.session() as session:
        pid = (await session.fetch(query("SELECT pg_backend_pid() AS x")))[0].x
        with database.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(Unreachable):
            await session.fetch(query("SELECT 1 AS x"))
    assert pool.breaker.state is BreakerState.CLOSED
    async with pool.session() as session:
        assert await session.fetch(query("SELECT 2 AS x")) == [Row(2)]


async def test_a_server_that_stops_opens_the_breaker_and_its_return_closes_it(own_server: LiveServer) -> None:
    assert own_server.cluster is not None
    pool = Pool(target(own_server.conninfo()))
    async with pool.session() as session:
        await session.fetch(query("SELECT 1 AS x"))
    own_server.cluster.stop("immediate")
    states = set()
    for _ in range(4):
        with pytest.raises(Unreachable):
            async with pool.session() as session:
                await session.fetch(query("SELECT 1 AS x"))
        states.add(pool.breaker.state)
    assert pool.breaker.state is BreakerState.OPEN and pool.breaker.failures == 1, "while open, nobody tries"
    tried = time.perf_counter()
    with pytest.raises(Unreachable):
        async with pool.session():
            pass
    assert time.perf_counter() - tried < 0.05, "an open breaker answers at once"
    own_server.cluster.start()
    pool.breaker.retry_now()
    async with pool.session() as session:
        assert await session.fetch(query("SELECT 3 AS x")) == [Row(3)]
    assert pool.breaker.state is BreakerState.CLOSED
    await pool.close()


async def test_an_exhausted_pool_says_so(database: Database) -> None:
    pool = Pool(replace(target(database.conninfo), pool=PoolConfig(min_size=1, max_size=1, timeout=0.2)))  # type: ignore[arg-type]
    async with pool.session():
        assert (pool.statistics().in_use, pool.statistics().max_size) == (1, 1)
        with pytest.raises(Unreachable, match="no connection became free"):
            async with pool.session():
                pass
    assert pool.statistics().in_use == 0
    await pool.close()


async def test_a_server_out_of_connections_is_told(servers: Servers) -> None:
    small = servers.make("embedded", {"max_connections": "4", "superuser_reserved_connections": "0",
                                      "reserved_connections": "0", "max_wal_senders": "0"})
    held = [small.connect() for _ in range(4)]
    pool = Pool(target(small.conninfo()))
    with pytest.raises(Unreachable) as caught:
        async with pool.session():
            pass
    assert "no connection left" in caught.value.summary
    for connection in held:
        connection.close()
    await pool.close()
