"""The Overview's pages on real servers of every version: what they read, and bad days."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Any

from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.clock import SystemClock
from console.config import Config
from console.metrics.io_rates import IoActivity
from console.metrics.reads.io import IO_COUNTERS, IO_TOTALS, SLRU_COUNTERS
from console.metrics.reads.sizes import DATABASE_SIZES, TABLESPACE_SIZES
from console.metrics.reads.vacuum import AUTOVACUUM, ROW_TOTALS, VACUUM_TABLES
from console.metrics.reads.wal import ARCHIVE_BACKLOG, ARCHIVER, CHECKPOINTS, WAL_DIRECTORY, WAL_WRITES
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.query import Query, Read
from console.server.single import single_session
from console.server.target import Target
from console.view.metrics import facts, io, sizes, vacuum
from console.view.table import plain
from tests.sampler.test_sampler import sampling, until
from tests.support.builders import HOSTILE
from tests.support.servers import LiveServer

EVERY: Sequence[Query[Any]] = (
    IO_COUNTERS, IO_TOTALS, SLRU_COUNTERS, DATABASE_SIZES, TABLESPACE_SIZES, AUTOVACUUM, ROW_TOTALS, VACUUM_TABLES,
    ARCHIVE_BACKLOG, ARCHIVER, CHECKPOINTS, WAL_DIRECTORY, WAL_WRITES)


async def first_after(heard: list[Snapshot], lost: Snapshot) -> Snapshot:
    """The first snapshot without an error that came after `lost`."""
    before = next(number for number, snapshot in enumerate(heard) if snapshot is lost)
    seen = 0

    def is_it(snapshot: Snapshot) -> bool:
        nonlocal seen
        seen += 1
        return seen > before and snapshot.error is None

    return await until(heard, is_it)


async def test_every_page_has_its_rows(any_server: LiveServer) -> None:
    with any_server.database() as database:
        with database.connect() as connection:
            connection.execute(sql.SQL("CREATE TABLE {} (a int, b text) WITH (autovacuum_enabled = off)").format(
                sql.Identifier(HOSTILE[0])))
            connection.execute(sql.SQL("INSERT INTO {} SELECT generate_series(1, 500)").format(
                sql.Identifier(HOSTILE[0])))
            (toasted,) = connection.execute("SELECT reltoastrelid FROM pg_class WHERE relname = %s",
                                            (HOSTILE[0],)).fetchone() or ()
        async with single_session(Target(name="t", conninfo=database.conninfo)) as session:
            readings = await session.refresh(*map(Read, EVERY))
            major = session.info.major
    old = {"metrics.io_counters", "metrics.io_totals"} if major < 16 else set()
    assert readings.unavailable.keys() == old
    checkpoints, archiver = readings.first(CHECKPOINTS), readings.first(ARCHIVER)
    assert checkpoints is not None and (checkpoints.buffers_backend is None) == (major >= 17)
    assert archiver is not None and archiver.last_archived_age_s is None
    assert "off" in plain(facts.archiver(archiver, readings.first(ARCHIVE_BACKLOG), None))
    assert "checkpoint" in plain(facts.checkpoints(checkpoints, None))
    directory = readings.first(WAL_DIRECTORY)
    assert directory is not None and directory.total_bytes > 0
    tables = vacuum.table(readings.rows(VACUUM_TABLES), None)
    assert any(row.record.table == HOSTILE[0] and row.cells[1].text.startswith("off") for row in tables.rows)
    (toast,) = [row.record for row in tables.rows if row.record.oid == toasted]
    assert not toast.is_enabled and toast.change_limit is None  # as its table, and never analyzed
    databases = sizes.table("database", readings.rows(DATABASE_SIZES), lambda _: None, None)
    assert any(row.key == database.name for row in databases.rows)
    kinds = IoActivity().add_sample(readings.rows(IO_COUNTERS) or (), 0.0, 2.0)
    assert bool(io.kinds(kinds, None).rows) == (major >= 16)
    assert io.caches(IoActivity().add_sample(readings.rows(SLRU_COUNTERS) or (), 0.0, 2.0), None).rows


async def test_a_role_without_privileges_is_told_what_would_help(server: LiveServer) -> None:
    with server.database() as database, server.role() as nobody:
        with database.connect() as connection:
            connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(
                sql.Identifier(database.name)))
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(database.name), sql.Identifier(nobody)))
        conninfo = make_conninfo(database.conninfo, user=nobody)
        async with single_session(Target(name="t", conninfo=conninfo)) as session:
            readings = await session.refresh(*map(Read, EVERY))
    assert readings.unavailable.keys() == {"metrics.archive_backlog", "metrics.wal_directory"}
    assert all("GRANT pg_monitor" in why for why in readings.unavailable.values())


async def test_the_samplers_slow_measurements_and_this_machine(own_server: LiveServer) -> None:
    async with sampling(own_server.dsn) as (sampler, heard):
        whole = await until(heard, lambda snapshot: snapshot.host is not None and snapshot.host.cpu_percent is not None)
        assert whole.host is not None and whole.host.disk_total_bytes and not whole.why_no_host
        assert whole.measures["workers"] is not None and whole.measures["host_memory_percent"] is not None
        course = sampler.time_series("workers", 3600.0)
        assert len(course.times_s) == 1 and course.values == [whole.measures["workers"]]


async def test_a_database_that_is_dropped_while_it_is_watched(server: LiveServer) -> None:
    with server.database() as database:
        async with sampling(database.conninfo) as (sampler, heard):
            good = await until(heard, lambda snapshot: snapshot.database_bytes)
            with server.connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))
            lost = await until(heard, lambda snapshot: snapshot.error)
            assert lost.database_bytes == good.database_bytes and lost.error is not None
            assert "connection" in {alert.name for alert in sampler.alerts.active}
            with server.connect() as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database.name)))
            sampler.wake()
            back = await first_after(heard, lost)
            assert back.transactions_per_s is None, "another database's counters: no rate from one to the other"
            assert "connection" not in [alert.name for alert in sampler.alerts.active]
            assert sampler.alerts.ended[0].name == "connection"


async def test_a_restart_is_a_gap_and_the_loss_an_alert(own_server: LiveServer) -> None:
    cluster = own_server.cluster
    assert cluster is not None
    async with sampling(own_server.dsn) as (sampler, heard):
        await until(heard, lambda snapshot: snapshot.transactions_per_s is not None)
        await asyncio.to_thread(cluster.stop, "fast")
        lost = await until(heard, lambda snapshot: snapshot.error)
        await asyncio.to_thread(cluster.start)
        sampler.wake()
        back = await first_after(heard, lost)
        assert back.transactions_per_s is None and back.wal_bytes_per_s is None
        (ended,) = [alert for alert in sampler.alerts.ended if alert.name == "connection"]
        assert ended.ended_at is not None and ended.ended_at >= ended.since


class Skewed(SystemClock):
    """A wall clock that is far behind the server's."""

    def now(self) -> dt.datetime:
        return super().now() - dt.timedelta(days=400)


async def test_a_clock_that_is_wrong_here_changes_no_age(server: LiveServer) -> None:
    pool = Pool(Target(name="t", conninfo=server.dsn))
    sampler = Sampler(pool, Config(), (), Skewed(), 0.05)
    heard: list[Any] = []
    sampler.listeners.append(heard.append)
    task = asyncio.create_task(sampler.run())
    try:
        whole = await until(heard, lambda snapshot: snapshot.transactions_per_s is not None)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await pool.close()
    recently = Skewed().now() + dt.timedelta(days=300)
    assert (whole.transactions_per_s or 0) >= 0 and whole.taken_at and whole.taken_at > recently
    assert all(alert.since > recently for alert in sampler.alerts.active)


