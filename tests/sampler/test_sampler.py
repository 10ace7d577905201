"""The sampler on a real server: ticks, rates, loss and return."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from psycopg.conninfo import make_conninfo

from console import log
from console.clock import SystemClock
from console.config import Config, parse
from console.errors import ConfigError, PasswordNeeded
from console.sampler import sampler as module
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.services import Service
from tests.support.proxy import proxied
from tests.support.servers import Database, LiveServer
from tests.support.tls import TlsServer

Heard = list[Snapshot]


@asynccontextmanager
async def sampling(conninfo: str, *services: Service, every_s: float = 0.05,
                   **words: Any) -> AsyncIterator[tuple[Sampler, Heard]]:
    pool = Pool(Target(name="t", conninfo=conninfo, **words))
    sampler = Sampler(pool, Config(), services, SystemClock(), every_s)
    heard: Heard = []
    sampler.listeners.append(heard.append)
    task = asyncio.create_task(sampler.run())
    try:
        yield sampler, heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await pool.close()
    assert task.cancelled()


async def until(heard: Heard, right: Callable[[Snapshot], object], within_s: float = 15.0) -> Snapshot:
    """The first snapshot, of those still to come too, that is right."""
    deadline = time.monotonic() + within_s
    seen = 0
    while time.monotonic() < deadline:
        for snapshot in heard[seen:]:
            seen += 1
            if right(snapshot):
                return snapshot
        await asyncio.sleep(0.01)
    raise AssertionError(f"none of {seen} snapshots: {heard[-1:]}")


async def test_a_healthy_target(any_server: LiveServer) -> None:
    with any_server.database() as database:
        database.connect().execute("CREATE SCHEMA shop; CREATE TABLE shop.a (id int PRIMARY KEY);"
                                   "INSERT INTO shop.a VALUES (1)")
        async with sampling(database.conninfo, Service(name="shop", schemas=("shop",))) as (sampler, heard):
            whole = await until(heard, lambda snapshot: snapshot.database_bytes
                                and snapshot.transactions_per_s is not None)
    assert whole.error is None and whole.taken_at and whole.rtt_ms is not None
    assert all(why.startswith("needs ") for why in whole.unavailable.values())
    assert whole.sessions and whole.sessions.connections >= 1 and whole.wal_bytes_per_s is not None
    assert {result.name for result in whole.results} == {check.check.name for check in sampler.checks}
    assert whole.services[0].tables == 1 and (whole.services[0].total_bytes or 0) >= 16384
    assert len(sampler.history) >= 2 and sampler.history.values("rtt_ms")[0] is not None
    assert sampler.history.values("transactions_per_s")[0] is None


async def test_a_role_that_may_see_nothing(server: LiveServer) -> None:
    with server.database() as database, server.role() as nobody:
        async with sampling(make_conninfo(database.conninfo, user=nobody)) as (_, heard):
            whole = await until(heard, lambda snapshot: snapshot.database_bytes
                                and snapshot.transactions_per_s is not None)
    assert whole.error is None and all(why.startswith("needs ") for why in whole.unavailable.values())
    # a test's server has fsync off, and says so to everybody
    assert {result.name for result in whole.results if result.status.name != "OK"} <= {"data_safety", "advisories"}


async def test_a_tick_is_one_round_trip_on_one_connection(database: Database) -> None:
    async with proxied(database.conninfo) as proxy, sampling(proxy.conninfo, every_s=3600) as (sampler, heard):
        await until(heard, lambda snapshot: snapshot.database_bytes)
        for _ in range(3):
            before, count = proxy.round_trips, len(heard)
            sampler.wake()
            while len(heard) == count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert proxy.round_trips == before + 1
        assert proxy.connections == 1


async def test_work_moves_the_rates(database: Database) -> None:
    async with sampling(database.conninfo) as (sampler, heard):
        await until(heard, lambda snapshot: snapshot.database_bytes)
        with database.connect() as connection:
            for _ in range(300):
                connection.execute("SELECT 1")
        busy = await until(heard, lambda snapshot: (snapshot.transactions_per_s or 0) > 100)
    assert busy.commits_per_s is not None and busy.cache_hit_percent is not None
    assert max(value or 0 for value in sampler.history.values("transactions_per_s")) > 100


async def test_a_reset_is_a_gap_and_no_spike(database: Database) -> None:
    async with sampling(database.conninfo) as (_, heard):
        await until(heard, lambda snapshot: snapshot.transactions_per_s is not None)
        with database.connect() as connection:
            connection.execute("SELECT pg_stat_reset()")
        await until(heard[:], lambda item: True)
        known = len(heard)
        await until(heard, lambda snapshot: heard.index(snapshot) >= known and snapshot.transactions_per_s is None)
        later = await until(heard, lambda snapshot: heard.index(snapshot) >= known + 3
                            and snapshot.transactions_per_s is not None)
    assert later.transactions_per_s is not None and later.transactions_per_s >= 0


async def test_paused_it_asks_nothing_until_woken(database: Database) -> None:
    async with sampling(database.conninfo, every_s=0.02) as (sampler, heard):
        await until(heard, lambda snapshot: snapshot.database_bytes)
        sampler.paused = True
        count = -1
        while count != len(heard):  # what is under way ends
            count = len(heard)
            await asyncio.sleep(0.5)
        sampler.wake()
        await until(heard, lambda item: len(heard) == count + 1)
        await asyncio.sleep(0.3)
        assert len(heard) == count + 1
        sampler.paused = False
        await until(heard, lambda item: len(heard) > count + 2)


async def test_a_new_interval_holds_at_once(database: Database) -> None:
    async with sampling(database.conninfo, every_s=3600) as (sampler, heard):
        await until(heard, lambda snapshot: snapshot.database_bytes)
        sampler.every_s = 0.02
        await until(heard, lambda item: len(heard) > 5)


async def test_a_server_that_stops_and_returns(own_server: LiveServer) -> None:
    cluster = own_server.cluster
    assert cluster is not None
    async with sampling(own_server.dsn) as (sampler, heard):
        good = await until(heard, lambda snapshot: snapshot.database_bytes)
        await asyncio.to_thread(cluster.stop, "immediate")
        lost = await until(heard, lambda snapshot: snapshot.error)
        assert lost.database_bytes == good.database_bytes and lost.results
        gaps = len(sampler.history)
        await until(heard, lambda item: len(sampler.history) > gaps)
        assert sampler.history.values("rtt_ms", 1) == [None]
        failures = sum(snapshot.error is not None for snapshot in heard)
        await asyncio.sleep(1.0)
        assert sum(snapshot.error is not None for snapshot in heard) <= failures + 2
        await asyncio.to_thread(cluster.start)
        sampler.wake()
        count = len(heard)
        back = await until(heard, lambda snapshot: heard.index(snapshot) >= count and snapshot.error is None)
        assert back.taken_at and lost.taken_at and back.taken_at > lost.taken_at and back.transactions_per_s is None


async def test_a_hung_server_is_lost_in_time(own_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_WITHIN_S", 0.5)
    cluster = own_server.cluster
    assert cluster is not None
    with own_server.connect() as connection:
        async with sampling(own_server.dsn, connect_timeout_s=1.0) as (_, heard):
            await until(heard, lambda snapshot: snapshot.database_bytes)
            backends = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbconsole'").fetchall()
            pids = [pid for (pid,) in backends]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            try:
                lost = await until(heard, lambda snapshot: snapshot.error, 5.0)
                assert lost.error and "not answered" in lost.error.summary
                count = len(heard)
                await until(heard, lambda snapshot: heard.index(snapshot) >= count and snapshot.error is None)
            finally:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)


async def test_quitting_does_not_wait_for_a_hung_server(own_server: LiveServer) -> None:
    cluster = own_server.cluster
    assert cluster is not None
    with own_server.connect() as connection:
        async with sampling(own_server.dsn) as (_, heard):
            await until(heard, lambda snapshot: snapshot.database_bytes)
            for (pid,) in connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbconsole'").fetchall():
                os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(0.3)
            started = time.monotonic()
        assert time.monotonic() - started < 8
        connection.execute("SELECT 1")
        for (pid,) in connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbconsole'").fetchall():
            os.kill(pid, signal.SIGCONT)


async def test_a_dropped_database_is_an_error_and_no_end(server: LiveServer) -> None:
    with server.database() as database:
        async with sampling(database.conninfo) as (_, heard):
            await until(heard, lambda snapshot: snapshot.database_bytes)
            with server.connect() as connection:
                connection.execute(f"DROP DATABASE {database.name} WITH (FORCE)".encode())
            gone = await until(heard, lambda snapshot: snapshot.error and "does not exist" in snapshot.error.summary)
    assert gone.database_bytes


async def test_without_a_server_there_are_results_all_the_same() -> None:
    async with sampling("host=/nonexistent") as (sampler, heard):
        lost = await until(heard, lambda snapshot: snapshot.error)
    assert lost.taken_at is None and lost.results[0].status.name == "CRITICAL"
    assert len(lost.results) == len(sampler.checks)


async def test_a_refused_password_is_not_tried_again_unasked(tls_server: TlsServer) -> None:
    async with sampling(tls_server.conninfo(user="lettered", password="wrong")) as (sampler, heard):
        lost = await until(heard, lambda snapshot: snapshot.error)
        assert isinstance(lost.error, PasswordNeeded)
        await asyncio.sleep(2.5)
        assert len(heard) == 1
        sampler.wake()
        await until(heard, lambda item: len(heard) == 2)


async def test_a_listener_that_fails_stops_nothing_and_is_told_of_once(
        database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log.forget()
    async with sampling(database.conninfo) as (sampler, heard):
        def broken(snapshot: Snapshot) -> None:
            raise RuntimeError("a screen has a bug")

        sampler.listeners.insert(0, broken)
        await until(heard, lambda item: len(heard) > 4)
    (sentence,) = log.forget()
    assert "RuntimeError" in sentence


async def test_what_changed_on_the_server_is_found_out(server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLOW_S", 0.2)
    with server.database() as database:
        async with sampling(database.conninfo) as (sampler, heard):
            first = await until(heard, lambda snapshot: snapshot.database_bytes)
            assert first.info and "pg_trgm" not in first.info.extensions
            database.connect().execute("CREATE EXTENSION pg_trgm")
            await until(heard, lambda snapshot: snapshot.info and "pg_trgm" in snapshot.info.extensions)
            assert sampler.pool.info and "pg_trgm" in sampler.pool.info.extensions


def test_a_wrong_configuration_is_told_at_once() -> None:
    config = parse({"checks": {"nothing": {}}}, Path("f.toml"))
    with pytest.raises(ConfigError):
        Sampler(Pool(Target(name="t")), config, (), SystemClock())
