"""Sessions, blocking, signals, progress and replication on real servers of every version at hand."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from console.activity import actions, read
from console.activity.blocking import forest
from console.activity.records import Backend
from console.activity.summary.read import SESSION_COUNTS
from console.activity.summary.records import SessionCounts
from console.local_postgres.binaries import reachable
from console.metrics.reads.counters import RECOVERY, REPLICATION_SLOTS, STANDBYS
from console.metrics.reads.replication import SLOT_FACTS, SUBSCRIPTIONS, WAL_RECEIVER, WAL_SENDERS
from console.migrate.batches import StandbyLag
from console.server.pool import Pool
from console.server.query import Read, load
from console.server.session import PgSession
from console.server.target import APPLICATION_NAME, Target
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until


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


async def seen(on: PgSession, **changes: Any) -> list[Backend]:
    """The sessions of the database that `on` is connected to."""
    params = {"with_idle": False, "with_background": False, "also": []} | changes
    return [session for session in await on.fetch(read.SESSIONS, params)
            if session.database == on.info.database or changes.get("with_background")]


@contextmanager
def running(database: Database, statement: str, **words: Any) -> Iterator[int]:
    """A statement that runs, or waits, in another thread; its pid. What comes of it doesn't matter."""
    connection = database.connect(**words)
    pid = connection.info.backend_pid

    def run() -> None:
        try:
            connection.execute(statement)  # type: ignore[arg-type]
        except psycopg.Error:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield pid
    finally:
        with database.server.connect() as closing:
            closing.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(10)
        connection.close()


async def until_running(on: PgSession, *pids: int) -> list[Backend]:
    """Those sessions, when all of them run something."""
    async with asyncio.timeout(10):
        while True:
            found = [backend for backend in await seen(on) if backend.pid in pids and backend.state == "active"]
            if len(found) == len(pids):
                return found
            await asyncio.sleep(0.05)


async def until_waiting(on: PgSession, pids: set[int]) -> list[Backend]:
    async with asyncio.timeout(10):
        while True:
            found = await seen(on)
            if pids <= {backend.pid for backend in found if backend.lock_type is not None}:
                return found
            await asyncio.sleep(0.05)


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance int);"
                           "INSERT INTO accounts SELECT i, 0 FROM generate_series(1, 100) i")


async def test_who_blocks_whom(any_database: Database) -> None:
    fill(any_database)
    with any_database.connect(application_name="report [/x]") as holder:
        holder.execute("BEGIN; UPDATE accounts SET balance = 1 WHERE id = 1")
        async with session(any_database.conninfo) as on:
            with running(any_database, "DELETE FROM accounts WHERE id = 1") as waiter:
                await until_waiting(on, {waiter})
                with running(any_database, "ALTER TABLE accounts ADD COLUMN x int") as ddl:
                    await until_waiting(on, {waiter, ddl})
                    with running(any_database, "SELECT count(*) FROM accounts") as reader:
                        found = await until_waiting(on, {waiter, ddl, reader})
                        (counts,) = await on.fetch(SESSION_COUNTS)
        assert counts.active_lock == 3 and counts.idle_in_transaction >= 1, "at work, and at a lock"
        assert counts.active >= 3 > counts.active_cpu + 1, "what asks is no load"
        by_pid = {backend.pid: backend for backend in found}
        root = by_pid[holder.info.backend_pid]
        assert (root.state, root.application) == ("idle in transaction", "report [/x]")
        assert root.transaction_age_s is not None and root.transaction_age_s >= 0
        assert by_pid[waiter].lock_type == "transactionid" and by_pid[waiter].lock_mode == "ShareLock"
        assert (by_pid[ddl].lock_target, by_pid[ddl].lock_mode) == ("public.accounts", "AccessExclusiveLock")
        assert (by_pid[reader].lock_target, by_pid[reader].blocked_by) == ("public.accounts", [ddl])
        lines = forest(found)
        assert lines[0].pid == holder.info.backend_pid and lines[0].is_root and lines[0].blocks == 3
        assert all((backend.lock_wait_s or 0) >= 0 for backend in found)


async def test_what_has_no_age_is_not_said_to_have_begun_this_moment(any_database: Database) -> None:
    with any_database.connect() as idle, any_database.connect() as holder:
        name = f"unused_{idle.info.backend_pid}"
        idle.execute("SELECT pg_create_physical_replication_slot(%s, false, true)", [name])
        holder.execute("BEGIN; LOCK TABLE pg_class IN ACCESS SHARE MODE")
        async with session(any_database.conninfo) as on:
            (backend,) = [backend for backend in await seen(on, with_idle=True) if backend.pid == idle.info.backend_pid]
            locks = await on.fetch(read.SESSION_LOCKS, {"pid": holder.info.backend_pid})
            (slot,) = [slot for slot in await on.fetch(REPLICATION_SLOTS) if slot.name == name]
    assert slot.retained_bytes is None
    assert (backend.transaction_age_s, backend.query_age_s, backend.lock_wait_s) == (None, None, None)
    assert backend.state_age_s is not None and locks and {lock.wait_s for lock in locks} == {None}


async def test_a_prepared_transaction_blocks(servers: Servers) -> None:
    server = servers.make("embedded", {"max_prepared_transactions": "5"})
    with server.database() as database:
        fill(database)
        with database.connect() as connection:
            connection.execute("BEGIN; UPDATE accounts SET balance = 1 WHERE id = 1;"
                               "PREPARE TRANSACTION 'pay \"[/x]\"'")
        async with session(database.conninfo) as on:
            with running(database, "UPDATE accounts SET balance = 2 WHERE id = 1") as waiter:
                found = await until_waiting(on, {waiter})
            (holder,) = await on.fetch(read.PREPARED_HOLDERS)
        assert holder.gid == 'pay "[/x]"' and holder.age_s >= 0
        assert next(backend for backend in found if backend.pid == waiter).prepared == [holder.gid]
        assert [blocked.gid for blocked in forest(found)] == [holder.gid, None]
        with database.connect() as connection:
            connection.execute("ROLLBACK PREPARED 'pay \"[/x]\"'")
    assert server.cluster is not None
    server.cluster.remove()


async def test_an_idle_session_that_holds_an_advisory_lock_is_shown(any_database: Database) -> None:
    with any_database.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(-42)")
        async with session(any_database.conninfo) as on:
            assert holder.info.backend_pid not in {backend.pid for backend in await seen(on)}
            with running(any_database, "SELECT pg_advisory_lock(-42)") as waiter:
                found = {backend.pid: backend for backend in await until_waiting(on, {waiter})}
        assert found[holder.info.backend_pid].state == "idle"
        assert found[waiter].lock_target == "advisory key -42"


async def test_what_is_hidden_and_what_is_not(any_database: Database) -> None:
    with any_database.connect() as idler:
        async with session(any_database.conninfo) as on:
            pid = idler.info.backend_pid
            assert pid not in {backend.pid for backend in await seen(on)}
            assert pid in {backend.pid for backend in await seen(on, with_idle=True)}
            assert pid in {backend.pid for backend in await seen(on, also=[pid])}
            everything = await seen(on, with_background=True)
            assert "checkpointer" in {backend.backend_type for backend in everything}
            assert on.info.backend_pid not in {backend.pid for backend in everything}


async def counted_as_listed(on: PgSession) -> SessionCounts:
    """The numbers, which must be those of the list."""
    everything = {"with_idle": True, "with_background": True, "also": []}
    readings = await on.refresh(Read(read.SESSIONS, everything), Read(SESSION_COUNTS))
    listed = [backend for backend in readings.rows(read.SESSIONS) or () if backend.backend_type == "client backend"]
    counts = readings.first(SESSION_COUNTS)
    assert counts is not None and counts.of_others == len(listed)
    assert (counts.active, counts.idle) == tuple(
        sum(backend.state == state for backend in listed) for state in ("active", "idle"))
    return counts


async def test_own_sessions_are_left_out(any_database: Database) -> None:
    async with session(any_database.conninfo) as on, session(any_database.conninfo) as other:
        assert other.info.backend_pid not in {backend.pid for backend in await seen(on, with_idle=True)}
        with any_database.connect(), any_database.connect(application_name=APPLICATION_NAME):
            assert (await counted_as_listed(on)).own == 2


async def test_what_this_process_runs_under_another_name_is_seen(any_database: Database) -> None:
    """A run of migrations, or the demo's workload."""
    named = f"{any_database.conninfo} application_name=report"
    async with session(any_database.conninfo) as on, session(named) as other:
        assert other.info.backend_pid in {backend.pid for backend in await seen(on, with_idle=True)}


async def test_behind_a_pooler_another_roles_console_is_seen(any_database: Database) -> None:
    """There the server's processes are nobody's, and the name, the role and the address tell."""
    with any_database.server.role() as role:
        theirs = f"{any_database.server.conninfo(any_database.name, user=role)} application_name={APPLICATION_NAME}"
        with psycopg.connect(theirs) as other, any_database.connect(application_name=APPLICATION_NAME) as alike:
            async with session(any_database.conninfo) as on:
                on._info = replace(on.info, is_pooled=True)
                found = {backend.pid for backend in await seen(on, with_idle=True)}
                assert other.info.backend_pid in found and alike.info.backend_pid not in found
                assert (await counted_as_listed(on)).own == 2


async def test_the_console_of_somebody_else_is_seen_and_cancelled(any_database: Database) -> None:
    """Also where they share a role and a machine: what another process runs is none of ours."""
    async with session(any_database.conninfo) as on:
        with running(any_database, "SELECT pg_sleep(60)", application_name=APPLICATION_NAME) as pid:
            (theirs,) = await until_running(on, pid)
            (outcome,) = await actions.signal(on, "cancel", [theirs])
            assert outcome.is_done and theirs.application == APPLICATION_NAME
            await until(partial(_is_over, on, pid))


async def _is_over(on: PgSession, pid: int) -> bool:
    return pid not in {backend.pid for backend in await seen(on)}


async def test_a_plain_role_sees_who_and_who_blocks(any_database: Database) -> None:
    fill(any_database)
    with any_database.server.role() as role, any_database.connect() as holder:
        holder.execute("BEGIN; LOCK TABLE accounts")
        async with session(any_database.server.conninfo(any_database.name, user=role)) as on:
            with running(any_database, "SELECT count(*) FROM accounts") as waiter:
                found = {backend.pid: backend for backend in await until_waiting(on, {waiter})}
                blocked = found[waiter]
                assert blocked.is_hidden and blocked.state is None and blocked.blocked_by == [holder.info.backend_pid]
                (outcome,) = await actions.signal(on, "terminate", [blocked])
                assert not outcome.is_done and "pg_read_all_stats" in outcome.happened
                assert waiter in {backend.pid for backend in await seen(on)}


async def test_text_and_locks_of_one_session(any_database: Database) -> None:
    fill(any_database)
    text = "SELECT pg_sleep(30) /* " + "é" * 400 + " */ FROM accounts LIMIT 1"
    async with session(any_database.conninfo) as on:
        with running(any_database, text) as pid:
            (backend,) = await until_running(on, pid)
            assert backend.query == text[:300]
            who = {"pid": pid, "backend_start": backend.backend_start}
            readings = await on.refresh(Read(read.SESSION_TEXT, who), Read(read.SESSION_LOCKS, {"pid": pid}))
    (whole,) = readings.rows(read.SESSION_TEXT) or []
    assert whole.query == text and not whole.is_cut
    locks = readings.rows(read.SESSION_LOCKS) or []
    assert ("AccessShareLock", "public.accounts") in {(lock.mode, lock.target) for lock in locks}


async def test_cancel_ends_the_query_and_not_the_session(any_database: Database, own_state: Path) -> None:
    async with session(any_database.conninfo) as on:
        with running(any_database, "DO $$ BEGIN PERFORM pg_sleep(30); EXCEPTION WHEN query_canceled THEN "
                                   "PERFORM pg_sleep(0); END $$") as pid:
            found = await until_running(on, pid)
            (outcome,) = await actions.signal(on, "cancel", found)
            assert outcome.is_done and outcome.happened == "its query is cancelled, the session is idle"
            assert pid in {backend.pid for backend in await seen(on, with_idle=True)}
            (again,) = await actions.signal(on, "cancel", found)
            assert not again.is_done and again.happened == "it ran no query: it is idle"
    events = [json.loads(line)["event"] for line in (own_state / "audit.jsonl").read_text().splitlines()]
    assert events == ["asked", "done", "asked", "not done"]


async def test_terminate_ends_several(any_database: Database) -> None:
    async with session(any_database.conninfo) as on:
        sleep = "SELECT pg_sleep(30)"
        with running(any_database, sleep) as first, running(any_database, sleep) as other:
            found = await until_running(on, first, other)
            outcomes = await actions.signal(on, "terminate", found)
            assert [outcome.happened for outcome in outcomes] == ["the session has ended"] * 2
            assert not {first, other} & {backend.pid for backend in await seen(on, with_idle=True)}


async def test_nobody_else_with_the_same_pid_is_signalled(any_database: Database) -> None:
    """A pid is used again: backend_start must be the same, to the microsecond."""
    async with session(any_database.conninfo) as on:
        with running(any_database, "SELECT pg_sleep(30)") as pid:
            found = await until_running(on, pid)
            assert found[0].backend_start is not None
            earlier = replace(found[0], backend_start=found[0].backend_start.replace(microsecond=0))
            for kind in ("cancel", "terminate"):
                (outcome,) = await actions.signal(on, kind, [earlier])  # type: ignore[arg-type]
                assert outcome.happened == "that session is gone; no other one was signalled"
            assert [backend.query for backend in await seen(on) if backend.pid == pid] == ["SELECT pg_sleep(30)"]


async def test_a_role_that_may_not_signal_is_told_by_the_server(any_database: Database) -> None:
    with any_database.server.role() as role:
        with any_database.connect() as connection:
            connection.execute(f'GRANT pg_read_all_stats TO "{role}"')  # type: ignore[arg-type]
        async with session(any_database.server.conninfo(any_database.name, user=role)) as on:
            with running(any_database, "SELECT pg_sleep(30)") as pid:
                found = await until_running(on, pid)
                (outcome,) = await actions.signal(on, "terminate", found)
                assert not outcome.is_done and outcome.happened.startswith("the server refused: ")


async def test_an_index_build_reports_whom_it_waits_for(any_database: Database) -> None:
    fill(any_database)
    with any_database.connect() as writer:
        holder = writer.info.backend_pid
        writer.execute("BEGIN; UPDATE accounts SET balance = 1 WHERE id = 1")
        async with session(any_database.conninfo) as on:
            with running(any_database, "CREATE INDEX CONCURRENTLY ON accounts (balance)") as pid:
                async with asyncio.timeout(10):
                    while True:
                        readings = await on.refresh(*[Read(query) for query in read.PROGRESS])
                        assert not readings.unavailable
                        found = [item for query in read.PROGRESS for item in readings.rows(query) or ()]
                        if found and found[0].phase.startswith("waiting"):
                            break
                        await asyncio.sleep(0.05)
    (build,) = [item for item in found if item.pid == pid]
    assert (build.command, build.relation, build.unit) == ("create index concurrently", "public.accounts", "sessions")
    assert build.detail is not None and f"waits for pid {holder}" in build.detail
    assert build.elapsed_s is not None and build.elapsed_s >= 0


@contextmanager
def storing_wal(servers: Servers, primary: LiveServer) -> Iterator[None]:
    """While pg_receivewal takes the server's WAL."""
    assert primary.cluster is not None
    program = reachable(primary.cluster.binaries, primary.cluster.account).program("pg_receivewal")
    folder = servers.folder / f"wal-{primary.cluster.data_dir.name}"
    words = servers.as_account(folder)
    process = subprocess.Popen([program, "-d", primary.dsn, "-D", folder, "-s", "1"], cwd="/", **words)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def until_kinds(on: PgSession, wanted: list[tuple[str, bool]]) -> None:
    """Until these receive its WAL, and whether they replay it."""
    async with asyncio.timeout(15):
        while True:
            found = await on.fetch(WAL_SENDERS)
            if [(sender.application, sender.is_replaying) for sender in found] == wanted \
                    and all(sender.lag_bytes is not None for sender in found):
                return
            await asyncio.sleep(0.1)


async def test_what_a_session_has_read_and_written(server18: LiveServer, server17: LiveServer) -> None:
    with server18.database() as database, database.connect() as worker, server18.role() as nobody:
        pid = worker.info.backend_pid
        worker.execute("CREATE TABLE t AS SELECT g, repeat('x', 500) FROM generate_series(1, 20000) g; CHECKPOINT")
        worker.execute("SELECT pg_stat_force_next_flush()")
        for words in ({}, {"user": nobody}):
            async with session(make_conninfo(database.conninfo, **words)) as on:
                (me,) = [each for each in await seen(on, with_idle=True) if each.pid == pid]
                (work,) = await on.fetch(read.SESSION_WORK, {"pid": pid, "backend_start": me.backend_start})
                assert work.write_bytes and work.write_bytes > 5_000_000, "new pages of the table"
                assert work.wal_bytes and work.wal_bytes > 1_000_000 and work.hits and work.is_timed
                assert await on.fetch(read.SESSION_WORK, {"pid": pid, "backend_start": on.info.started_at}) == []
    async with session(server17.conninfo()) as on:
        assert "PostgreSQL 18" in (read.SESSION_WORK.obstacle(on.info) or "")


async def test_replication_from_both_ends(servers: Servers) -> None:
    primary = servers.make("embedded", {"wal_level": "logical"})
    standby = servers.standby(primary)
    try:
        with primary.connect() as connection:
            connection.execute("SELECT pg_create_physical_replication_slot('nobody', true)")
            async with session(primary.conninfo()) as on:
                async with asyncio.timeout(15):
                    while True:
                        readings = await on.refresh(*map(Read, (WAL_SENDERS, REPLICATION_SLOTS, SLOT_FACTS)))
                        senders = readings.rows(WAL_SENDERS) or []
                        if senders and senders[0].state == "streaming":
                            break
                        await asyncio.sleep(0.1)
                with storing_wal(servers, primary):
                    await until_kinds(on, [("pg_receivewal", False), ("walreceiver", True)])
                    assert [standby.name for standby in await on.fetch(STANDBYS)] == ["walreceiver"]
                    standby_lag = load("console.migrate", "standby_lag", StandbyLag)
                    assert [standby.name for standby in await on.fetch(standby_lag)] == ["walreceiver"]
        assert not readings.unavailable
        assert senders[0].lag_bytes is not None and senders[0].sync_state == "async"
        (facts,) = readings.rows(SLOT_FACTS) or []
        assert facts.name == "nobody" and facts.inactive_age_s is not None and facts.inactive_age_s >= 0
        async with session(standby.conninfo()) as on:
            readings = await on.refresh(*map(Read, (WAL_SENDERS, WAL_RECEIVER, REPLICATION_SLOTS, SLOT_FACTS,
                                                    SUBSCRIPTIONS, RECOVERY)))
            assert not readings.unavailable
            (receiver,) = readings.rows(WAL_RECEIVER) or []
            assert receiver.status == "streaming" and receiver.last_message_age_s is not None
            assert await on.fetch(read.SESSIONS, {"with_idle": True, "with_background": True, "also": []})
    finally:
        for server in (standby, primary):
            assert server.cluster is not None
            server.cluster.stop("immediate")
            server.cluster.remove()


async def test_a_plain_role_is_refused_nothing_that_the_views_read(any_server: LiveServer) -> None:
    with any_server.role() as role:
        async with session(any_server.conninfo(user=role)) as on:
            readings = await on.refresh(*map(Read, (*read.PROGRESS, read.PREPARED_HOLDERS, WAL_SENDERS, WAL_RECEIVER,
                                                    REPLICATION_SLOTS, SLOT_FACTS, SUBSCRIPTIONS)))
            assert not readings.unavailable
