"""The demo's workload on the real demo: it works, gets in its own way, ends at once, and survives what happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest

from console.demo import workload
from console.demo.workload import NAMES, Workload
from tests.support.demo import Demo

Connection = psycopg.AsyncConnection[tuple[object, ...]]


@asynccontextmanager
async def watching(demo: Demo) -> AsyncIterator[Connection]:
    connection = await psycopg.AsyncConnection.connect(demo.target.conninfo, autocommit=True)
    async with connection:
        yield connection


@asynccontextmanager
async def running(demo: Demo, speed: float = 6) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Workload(demo.target, speed=speed).run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def count(connection: Connection, query: str) -> int:
    row = await (await connection.execute(query)).fetchone()  # type: ignore[arg-type]
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


SESSIONS = f"SELECT count(*) FROM pg_stat_activity WHERE application_name = ANY ('{{{','.join(NAMES)}}}')"


async def until(connection: Connection, query: str, enough: Callable[[int], bool], within_s: float = 30) -> None:
    """Asks again and again until the count is `enough`."""
    deadline = time.monotonic() + within_s
    while not enough(found := await count(connection, query)):
        assert time.monotonic() < deadline, (query, found)
        await asyncio.sleep(0.1)


async def test_it_works_waits_and_deadlocks_and_the_tables_stay_as_they_are(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workload, "LOCK_EVERY_S", 12.0)
    monkeypatch.setattr(workload, "DEADLOCK_EVERY_S", 20.0)
    sizes = """SELECT (SELECT count(*) FROM inference_enhancement.inference_requests)
                    + (SELECT count(*) FROM document_store.ingestion_jobs)
                    + (SELECT count(*) FROM event_data.event_topics)"""
    transactions = "SELECT sum(xact_commit)::bigint FROM pg_stat_database WHERE datname = 'demo'"
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'demo'"
    waiting = """SELECT count(*) FROM pg_stat_activity
                 WHERE application_name = 'document-worker' AND cardinality(pg_blocking_pids(pid)) > 0"""
    idle = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'report' AND state = 'idle in transaction'"
    async with watching(demo) as connection:
        rows, before, deadlocked = [await count(connection, query) for query in (sizes, transactions, deadlocks)]
        async with running(demo) as task:
            await until(connection, SESSIONS, lambda found: found == len(NAMES))
            await until(connection, idle, lambda found: found == 1)
            await until(connection, waiting, lambda found: found == 1)
            await until(connection, deadlocks, lambda found: found > deadlocked)
            await until(connection, transactions, lambda found: found > before + 300)
            assert not task.done()
        await until(connection, SESSIONS, lambda found: found == 0, within_s=20)
        assert await count(connection, sizes) == rows


async def test_cancelling_ends_it_at_once(demo: Demo) -> None:
    async with watching(demo) as connection, running(demo, speed=1) as task:
        await until(connection, SESSIONS, lambda found: found == len(NAMES))
        started = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
        assert time.monotonic() - started < 8


async def test_only_one_console_runs_it(demo: Demo) -> None:
    async with watching(demo) as connection, running(demo):
        await until(connection, SESSIONS, lambda found: found == len(NAMES))
        await asyncio.wait_for(Workload(demo.target).work(), 10)  # finds the lock taken, and leaves
        await until(connection, SESSIONS, lambda found: found == len(NAMES))


async def test_it_comes_back_after_its_sessions_were_ended(demo: Demo) -> None:
    pids = f"SELECT min(pid) FROM ({SESSIONS.replace('count(*)', 'pid')}) AS sessions"
    async with watching(demo) as connection, running(demo) as task:
        await until(connection, SESSIONS, lambda found: found == len(NAMES))
        before = await count(connection, pids)
        await connection.execute(SESSIONS.replace("count(*)", "pg_terminate_backend(pid)"))  # type: ignore[arg-type]
        await until(connection, f"SELECT count(*) FROM ({pids}) AS n (pid) WHERE pid > {before}",
                    lambda found: found == 1)  # fmt: skip
        await until(connection, SESSIONS, lambda found: found == len(NAMES))
        assert not task.done()
