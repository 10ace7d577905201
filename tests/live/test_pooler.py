"""A real PgBouncer in transaction mode: its pools, who is behind its servers, its commands, and its bad days."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.activity import read
from console.activity.records import Backend
from console.check.records import Status
from console.check.registry import configured
from console.check.runner import check_target
from console.clock import SystemClock
from console.config import Config
from console.errors import ConsoleError, Denied, PasswordNeeded, ServerError, Unreachable
from console.local_postgres.cluster import free_port
from console.pooler.actions import PoolerCommand, run
from console.pooler.read import read_info, read_sample
from console.pooler.records import PoolerSample
from console.pooler.saturation import saturations
from console.pooler.true_client import true_clients
from console.sampler.pooler_watch import PoolerWatch
from console.sampler.sampler import Sampler
from console.server import admin_console as consoles
from console.server.admin_console import admin_console
from console.server.pool import Pool
from console.server.single import single_session
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import Sources
from console.ui.screens.pgbouncer.actions import offered
from console.view.pooler import facts as view
from console.view.table import plain
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.screen_text import screen_text
from tests.support.servers import LiveServer, Servers, binaries
from tests.support.waiting import until

WITHIN_S = 30.0
POOL_SIZE = 2


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "dbconsole"


@pytest.fixture(scope="module")
def reachable(servers: Servers) -> LiveServer:
    """A server that also listens on TCP, to which a pooler's connections have addresses."""
    label = next((text for text in ("postgres15", "embedded") if text in binaries()), "embedded")
    cluster = servers.cluster(label, {"listen_addresses": "127.0.0.1", "port": str(free_port())})
    cluster.initdb()
    (cluster.data_dir / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
    cluster.start()
    return LiveServer.behind(label, cluster.conninfo(), cluster)


@pytest.fixture(scope="module")
def pooler(pgbouncers: PgBouncers, reachable: LiveServer) -> PgBouncer:
    """Two servers a pool. Database `postgres` is reached by TCP, `local` by a socket under another name."""
    words = psycopg.conninfo.conninfo_to_dict(reachable.dsn)
    return pgbouncers.make(reachable, default_pool_size=str(POOL_SIZE), max_client_conn="100", databases={
        "postgres": f"host=127.0.0.1 port={words['port']}",
        "local": f"host={words['host']} port={words['port']} dbname=postgres"})


def target(pooler: PgBouncer, **words: Any) -> Target:
    return Target(**{"name": "live", "conninfo": pooler.server.dsn, "pgbouncer_conninfo": pooler.admin_conninfo,
                     "environment": "development", **words})


def client(pooler: PgBouncer, dbname: str = "postgres", **words: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(pooler.conninfo(dbname, **words), prepare_threshold=None)


async def async_client(pooler: PgBouncer, **words: Any) -> psycopg.AsyncConnection[Any]:
    return await psycopg.AsyncConnection.connect(
        pooler.conninfo(**words), prepare_threshold=None, autocommit=True)


def port_of(connection: psycopg.Connection[Any]) -> int:
    """The client's own end of its connection to the pooler."""
    import socket

    with socket.socket(fileno=os.dup(connection.fileno())) as end:
        return int(end.getsockname()[1])


async def looked(pooler: PgBouncer, *also: str,
                 right: Callable[[PoolerSample], object] = lambda look: True) -> PoolerSample:
    """A look at the pooler that is right."""
    async with admin_console(target(pooler)) as console:
        async def look() -> PoolerSample | None:
            found = await read_sample(console, also, time.monotonic())
            return found if right(found) else None

        found = await until(look)
    assert found is not None
    return found


def waiting(look: PoolerSample) -> int:
    return sum(pool.cl_waiting for pool in look.pools)


@contextmanager
def working(pooler: PgBouncer, number: int = POOL_SIZE) -> Iterator[list[psycopg.Connection[Any]]]:
    """So many clients in the middle of a transaction."""
    with ExitStack() as stack:
        clients = [stack.enter_context(client(pooler)) for _ in range(number)]
        for connection in clients:
            connection.execute("SELECT 1")
        yield clients


@asynccontextmanager
async def queueing(pooler: PgBouncer, number: int = 8) -> AsyncIterator[None]:
    """So many clients more, that wait for a server."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(await async_client(pooler)) for _ in range(number)]
        tasks = [asyncio.create_task(client.execute("SELECT 1")) for client in clients]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def watched(pooler: PgBouncer, **words: Any) -> AsyncIterator[PoolerWatch]:
    watch = PoolerWatch(target(pooler, **words), SystemClock(), 0.1)
    task = asyncio.create_task(watch.run())
    try:
        await until(lambda: watch.sample or watch.error)
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def audited(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "audit.jsonl").read_text().splitlines()
    return [(item["event"], item["action"]) for item in map(json.loads, lines)]


# looking


async def test_the_console_answers_again_and_again(pooler: PgBouncer) -> None:
    """psycopg's prepared statements would end it at the sixth time, its transactions at the first."""
    async with admin_console(target(pooler)) as console:
        info = await read_info(console)
        for _ in range(12):
            look = await read_sample(console, ["CLIENTS", "SERVERS", "LISTS", "USERS", "PEERS", "STATE"], 0.0)
    assert info.version == f"PgBouncer {pooler.version}" and info.is_admin is True
    assert info.setting("pool_mode") == "transaction" and info.max_client_conn == 100
    assert {database.name for database in look.databases} >= {"postgres", "local", "pgbouncer"}
    assert look.clients and look.shown["LISTS"].columns == ("list", "items")
    assert look.clients[0].application_name == "dbconsole"
    for pool in (*look.pools, *look.databases, *look.totals, *look.clients):
        assert not pool.more, "a column of this version that no record knows"


async def test_a_stats_user_is_told_apart(pooler: PgBouncer, own_state: Path) -> None:
    only_looks = target(pooler, pgbouncer_conninfo=pooler.stats_conninfo)
    async with admin_console(only_looks) as console:
        assert (await read_info(console)).is_admin is False
    with pytest.raises(Denied, match="admin access needed"):
        await run(only_looks, PoolerCommand("RELOAD"))
    assert audited(own_state) == [("asked", "RELOAD"), ("failed", "RELOAD")]


async def test_options_for_postgresql_are_not_sent_to_the_pooler(
        pooler: PgBouncer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1s")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    conninfo = f"host=127.0.0.1 port={pooler.port} user=pgbouncer_admin"
    async with admin_console(target(pooler, pgbouncer_conninfo=conninfo)) as console:
        assert (await console.show("VERSION")).rows


async def test_help_comes_without_rows(pooler: PgBouncer) -> None:
    async with admin_console(target(pooler)) as console:
        assert (await console.show("HELP")).columns == ()


@pytest.mark.parametrize(("conninfo", "kind", "words"), [
    ("host=127.0.0.1 port={port} user=postgres", Denied, "stats_users or admin_users"),
    ("host=127.0.0.1 port={port} user=nobody_knows_me", PasswordNeeded, "auth_file"),
    ("host=127.0.0.1 port=1 user=x", Unreachable, "check host and port"),
    ("{postgresql}", ServerError, "that is PostgreSQL itself"),
])
async def test_what_is_wrong_with_the_configuration_is_said(
        pooler: PgBouncer, conninfo: str, kind: type[ConsoleError], words: str) -> None:
    told = conninfo.format(port=pooler.port, postgresql=pooler.server.dsn)
    with pytest.raises(kind) as caught:
        async with admin_console(target(pooler, pgbouncer_conninfo=told)) as console:
            await read_info(console)
    assert words in (caught.value.hint or "") and "PgBouncer at" in caught.value.summary


async def test_the_databases_password_is_not_given_to_another_user(
        pgbouncers: PgBouncers, reachable: LiveServer, tmp_path: Path, servers: Servers) -> None:
    hba = servers.folder / "pooler_hba.conf"
    hba.write_text("host all asker 127.0.0.1/32 md5\nhost all all 127.0.0.1/32 trust\n")
    hba.chmod(0o644)
    guarded = pgbouncers.make(reachable, auth_type="hba", auth_hba_file=str(hba), admin_users="pgbouncer_admin, asker")
    try:
        with (guarded.folder / "users.txt").open("a") as file:
            file.write('"asker" "open sesame"\n')
        guarded.command("RELOAD")
        conninfo = guarded.conninfo("pgbouncer", "asker")
        asked = target(guarded, pgbouncer_conninfo=conninfo, password="secret", password_command="echo wrong")
        with pytest.raises(PasswordNeeded):
            async with admin_console(asked):
                pass
        async with admin_console(asked, "open sesame") as console:
            assert (await read_info(console)).is_admin is True
        same = target(guarded, pgbouncer_conninfo=conninfo, conninfo="host=db user=asker",
                      password_command="echo open sesame")
        async with admin_console(same) as console:
            assert console.user == "asker"
    finally:
        guarded.stop(signal.SIGQUIT)


async def test_a_pool_that_holds_clients_up(pooler: PgBouncer) -> None:
    with working(pooler) as clients:
        async with queueing(pooler):
            look = await looked(pooler, right=lambda look: waiting(look) == 8 and look.pools[-1].maxwait_s > 0.1)
            (worst,) = [saturation for saturation in saturations(look.pools, look.databases)
                        if saturation.pool.cl_waiting]
            assert (worst.pool.key, worst.active, worst.size, worst.is_saturated) == \
                ("postgres/postgres", POOL_SIZE, POOL_SIZE, True)
            said = plain(view.verdict([worst], None, 0.0))
            assert "pool postgres/postgres saturated: 2 of 2 active, 8 clients wait, longest" in said
            checks = configured(Config(), ["pooler_pools", "pooler_client_wait", "pooler_maxwait"])
            report = await check_target(target(pooler), checks)
            found = {result.name: result for result in report.results}
            assert found["pooler_pools"].value == 100.0 and found["pooler_client_wait"].value == 8
            assert found["pooler_maxwait"].value is not None and found["pooler_maxwait"].value > 0.1
            for client in clients:
                client.rollback()


async def test_rates_are_those_of_the_work_done(pooler: PgBouncer) -> None:
    async with watched(pooler) as watch:
        with client(pooler) as connection:
            def worked() -> bool:
                connection.execute("SELECT 1")
                connection.commit()
                return any((rate.xacts_per_s or 0) > 0 and rate.query_ms is not None
                           for rate in watch.rates if rate.database == "postgres")

            await until(worked)
        assert any(value is not None for value in watch.history.values("xacts_per_s"))
        assert "postgres/postgres" in watch.pool_history


# who is really behind the pooler


async def sessions_and_look(pooler: PgBouncer) -> tuple[list[Backend], PoolerSample, float]:
    look = await looked(pooler, "CLIENTS", "SERVERS")
    async with single_session(target(pooler)) as session:
        backends = await session.fetch(read.SESSIONS, {"with_idle": True, "with_background": False, "also": []})
    return backends, look, time.monotonic() - look.taken_s


@pytest.mark.parametrize("dbname", ["postgres", "local"])
async def test_the_root_blocker_shows_its_true_client(pooler: PgBouncer, dbname: str) -> None:
    with pooler.server.connect() as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS held (id int)")
    with client(pooler, dbname, application_name="report") as holder, \
            psycopg.connect(pooler.server.dsn, application_name="direct") as direct:
        holder.execute("LOCK TABLE held")
        pid = holder.execute("SELECT pg_backend_pid()").fetchone()[0]  # type: ignore[index]
        own_pid = direct.execute("SELECT pg_backend_pid()").fetchone()[0]  # type: ignore[index]
        deadline = time.monotonic() + WITHIN_S
        while True:  # until the transaction is older than the look
            backends, look, ago_s = await sessions_and_look(pooler)
            found = true_clients(backends, look, ago_s)
            if found[pid].place is not None:
                break
            assert time.monotonic() < deadline
        assert found[pid].place == f"127.0.0.1:{port_of(holder)}" and found[pid].application == "report"
        assert found[pid].pool == f"{dbname}/postgres"
        assert own_pid not in found, "who comes directly has no client behind him"
        holder.rollback()


async def test_a_server_that_has_gone_to_another_client_is_nobodys_for_certain(pooler: PgBouncer) -> None:
    with client(pooler) as first, client(pooler) as second:
        first.execute("SELECT 1")
        look = await looked(pooler, "CLIENTS", "SERVERS")
        first.rollback()
        second.execute("SELECT 1")
        async with single_session(target(pooler)) as session:
            backends = await session.fetch(read.SESSIONS, {"with_idle": True, "with_background": False, "also": []})
        found = true_clients(backends, look, time.monotonic() - look.taken_s)
        assert all(true_client.place is None for true_client in found.values())
        second.rollback()


# commands


async def test_a_pause_waits_with_a_clock_and_is_given_up(pooler: PgBouncer, own_state: Path) -> None:
    pause = PoolerCommand("PAUSE", "postgres")
    async with watched(pooler) as watch:
        with working(pooler, 1) as clients:
            running = asyncio.create_task(watch.command(pause))
            await until(lambda: watch.pending and any(database.paused for database in watch.sample.databases))  # type: ignore
            assert watch.pending is not None and watch.pending.command == 'PAUSE "postgres"'
            with pytest.raises(ServerError, match="has not been answered yet"):
                await watch.command(PoolerCommand("RELOAD"))
            await watch.give_up(pause)
            assert await running is None and watch.pending is None
            await until(lambda: not any(database.paused for database in watch.sample.databases))  # type: ignore[union-attr]
            clients[0].rollback()
    assert audited(own_state) == [("asked", 'PAUSE "postgres"'), ("asked", 'RESUME "postgres"'),
                                  ("done", 'RESUME "postgres"'), ("left", 'PAUSE "postgres"')]


async def test_a_pause_is_answered_when_the_transactions_have_ended(pooler: PgBouncer) -> None:
    async with watched(pooler) as watch:
        with working(pooler, 1) as clients:
            running = asyncio.create_task(watch.command(PoolerCommand("PAUSE")))
            await until(lambda: watch.pending)
            clients[0].rollback()
            assert await running == "PAUSE" and watch.is_paused_by_us
        async with queueing(pooler, 3):
            await looked(pooler, right=lambda look: waiting(look) == 3)
            assert await watch.command(PoolerCommand("RESUME")) == "RESUME" and not watch.is_paused_by_us


async def test_whoever_stops_looking_does_not_resume_a_paused_pooler(pooler: PgBouncer) -> None:
    """A request to cancel, which psycopg sends when a task is cancelled, would: PgBouncer takes it for RESUME."""
    await run(target(pooler), PoolerCommand("PAUSE"))
    try:
        async with admin_console(target(pooler)) as console:
            for _ in range(3):
                looking = asyncio.create_task(console.show("CLIENTS"))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)
        with pytest.raises(ServerError, match="already suspended/paused"):
            await run(target(pooler), PoolerCommand("PAUSE"))
    finally:
        await run(target(pooler), PoolerCommand("RESUME"))


async def test_disable_enable_reconnect_and_reload(pooler: PgBouncer) -> None:
    ours = target(pooler)
    await run(ours, PoolerCommand("DISABLE", "local"))
    with pytest.raises(psycopg.OperationalError, match=r"does not allow connections|disabled"):
        client(pooler, "local").execute("SELECT 1")
    look = await looked(pooler)
    assert next(database for database in look.databases if database.name == "local").disabled == 1
    await run(ours, PoolerCommand("ENABLE", "local"))
    with client(pooler, "local") as connection:
        connection.execute("SELECT 1")
    for command in (PoolerCommand("RECONNECT", "local"), PoolerCommand("RECONNECT"), PoolerCommand("RELOAD")):
        assert await run(ours, command) == command.verb


async def test_kill_drops_everybody_and_leaves_the_database_paused(pooler: PgBouncer) -> None:
    with client(pooler, "local") as victim:
        victim.execute("SELECT 1")
        await run(target(pooler), PoolerCommand("KILL", "local"))
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")
    look = await looked(pooler)
    assert next(database for database in look.databases if database.name == "local").paused == 1
    await run(target(pooler), PoolerCommand("RESUME", "local"))


async def test_kill_client_drops_one_and_nobody_else(pooler: PgBouncer, own_state: Path) -> None:
    victim, other = (client(pooler, "local", application_name=name) for name in ("victim", "other"))
    with victim, other:
        for each in (victim, other):
            each.execute("SELECT 1")
        look = await looked(pooler, "CLIENTS")
        found = {entry.application_name: entry for entry in look.clients or ()}["victim"]
        commands = offered(look.databases, "local", found)
        if found.id is None:
            assert not any("KILL_CLIENT" in text for text in commands), "before 1.24 there is no such command"
            return
        (command,) = (each for each in commands.values() if each.verb == "KILL_CLIENT")
        assert "victim" in command.whom and "on local" in command.whom
        await run(target(pooler), command)
        with pytest.raises(psycopg.OperationalError):
            victim.execute("SELECT 1")
        other.execute("SELECT 1")
    assert audited(own_state)[-1] == ("done", f"KILL_CLIENT {found.id}")


async def test_settings_are_set_until_the_next_reload(pooler: PgBouncer) -> None:
    ours = target(pooler)
    await run(ours, PoolerCommand("SET", "server_check_query", "select 'it''s'"))
    async with admin_console(ours) as console:
        assert (await read_info(console)).setting("server_check_query") == "select 'it''s'"
    with pytest.raises(ServerError, match="PgBouncer refused SET pool_mode") as caught:
        await run(ours, PoolerCommand("SET", "pool_mode", "whatever"))
    assert "not one that this setting can have" in (caught.value.hint or "")
    await run(ours, PoolerCommand("SET", "server_check_query", "select 1"))


@pytest.mark.parametrize("name", ['po"x', "a b; SHUTDOWN", "日本語", "--"])
async def test_a_hostile_name_is_a_name(pooler: PgBouncer, name: str) -> None:
    with pytest.raises(ServerError, match="no such database"):
        await run(target(pooler), PoolerCommand("ENABLE", name))


# bad days


async def test_a_pooler_that_stops_and_comes_back(pgbouncers: PgBouncers, reachable: LiveServer) -> None:
    mortal = pgbouncers.make(reachable)
    async with watched(mortal) as watch:
        assert watch.error is None
        mortal.stop(signal.SIGKILL)
        await until(lambda: isinstance(watch.error, Unreachable))
        assert watch.sample is not None, "the last look stays"
        report = await check_target(target(mortal), configured(Config(), ["pooler_pools", "pooler_maxwait"]))
        found = {result.name: result.status for result in report.results}
        assert (found["pooler_pools"], found["connection"]) == (Status.CRITICAL, Status.OK)
        mortal.start()
        watch.wake()
        await until(lambda: watch.error is None)
    mortal.stop(signal.SIGQUIT)


async def test_a_pooler_that_hangs_is_not_waited_for(
        pgbouncers: PgBouncers, reachable: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consoles, "ANSWER_WITHIN_S", 0.5)
    mortal = pgbouncers.make(reachable)
    assert mortal.process is not None
    async with admin_console(target(mortal)) as console:
        os.kill(mortal.process.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unreachable, match="has not answered"):
                await console.show("POOLS")
        finally:
            os.kill(mortal.process.pid, signal.SIGCONT)
    mortal.stop(signal.SIGQUIT)


# the screen


async def test_the_screen_shows_a_full_pool_pauses_it_and_gives_up(pooler: PgBouncer, own_state: Path) -> None:
    app = ConsoleApp("live", Sources(
        config=Config(), clock=SystemClock(), names=lambda: ["live"], open_target=lambda name, tell: opened(pooler),
        services_for=lambda target: (), pool_for=Pool,
        sampler_for=lambda pool, services, every_s: Sampler(pool, Config(), services, SystemClock(), every_s),
        pooler_for=lambda target, every_s: PoolerWatch(target, SystemClock(), 0.2)))
    with working(pooler) as clients:
        async with queueing(pooler, 3), app.run_test(size=(120, 36)) as pilot:
            async def shown(words: str) -> None:
                await until(lambda: words in screen_text(app), pilot)

            await pilot.press("7")
            await shown("pool postgres/postgres saturated: 2 of 2 active, 3 clients wait")
            await pilot.press("x")
            await shown("PAUSE \"postgres\"")
            await pilot.press("enter")
            await shown("Whoever leaves this console")
            await pilot.press("y")
            await shown("PAUSE \"postgres\" 00:0")
            await shown("database postgres is paused: 3 clients wait")
            await pilot.press("X")
            await shown("pool postgres/postgres saturated")
            for client in clients:
                client.rollback()
            await shown("no client waits")
    await app.connection.close()
    assert audited(own_state)[-1] == ("left", 'PAUSE "postgres"')


@asynccontextmanager
async def opened(pooler: PgBouncer) -> AsyncIterator[Target]:
    yield target(pooler)
