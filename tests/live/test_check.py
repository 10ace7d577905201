"""`--check` on real servers, healthy and not."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from console.check.records import CheckResult, Report, Status
from console.check.registry import ConfiguredCheck, configured
from console.check.runner import check_target
from console.commands.check import report_on as run
from console.config import Config, parse
from console.errors import ConfigError, ServerError, UsageError
from console.local_postgres.cluster import free_port
from console.server.query import Query, Variant
from console.server.target import Target
from console.services import Service
from tests.support.pgbouncer import PgBouncer
from tests.support.proxy import proxied
from tests.support.servers import Database, LiveServer, Servers
from tests.support.tls import TlsServer
from tests.support.waiting import until

EVERY = configured(Config())
CHECKS = [check for check in EVERY if check.check.name != "data_safety"]
"""The servers of the tests outlive no crash: fsync is off there."""

WITHOUT_FSYNC = parse({"checks": {"data_safety": {"enabled": False}}}, Path("dbconsole.toml"))

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def target(conninfo: str, name: str = "test", **words: Any) -> Target:
    return Target(name=name, conninfo=conninfo, **words)


def named(report: Report) -> dict[str, CheckResult]:
    return {result.name: result for result in report.results}


async def checked(conninfo: str, *services: Service, timeout_s: float = 10.0, **words: Any) -> dict[str, CheckResult]:
    return named(await check_target(target(conninfo, **words), CHECKS, services, timeout_s=timeout_s))


async def printed(*targets: Target, config: Config | None = None, **words: Any) -> tuple[int, str]:
    stream = io.StringIO()
    status = await run(targets, config or WITHOUT_FSYNC, stream=stream, **words)
    return status, stream.getvalue()


async def test_a_healthy_server_is_ok_for_everybody(any_server: LiveServer) -> None:
    with any_server.database() as database, any_server.role() as nobody:
        for conninfo in (database.conninfo, make_conninfo(database.conninfo, user=nobody)):
            results = await checked(conninfo)
            raised = {result.name for result in results.values() if result.status is not OK}
            assert raised <= {"server_version", "advisories"}
            assert results["server_version"].status is not UNKNOWN and results["connections"].value
            assert results["role"].hint is None or nobody in results["role"].hint


async def test_one_connection_and_one_round_trip_for_all_reads(database: Database) -> None:
    async with proxied(database.conninfo) as proxy:
        await checked(proxy.conninfo)
        # Connecting, what is known of the server, the reads, and the goodbye, which nobody waits for.
        await until(lambda: (proxy.connections, proxy.round_trips) == (1, 4))
    assert (proxy.connections, proxy.round_trips) == (1, 4)


async def test_a_server_whose_data_no_crash_survives_is_critical(database: Database) -> None:
    results = named(await check_target(target(database.conninfo), EVERY))
    assert results["data_safety"].status is CRITICAL and "fsync is off" in results["data_safety"].summary


async def test_through_a_pooler(pgbouncer: PgBouncer) -> None:
    results = await checked(pgbouncer.conninfo())
    assert {result.status for result in results.values()} == {OK} and "pooler" in results["connection"].summary


async def test_a_standby(servers: Servers) -> None:
    primary = servers.make("embedded")
    standby = servers.standby(primary)
    with primary.connect() as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('lagging', true)")

    async def replayed() -> dict[str, CheckResult] | None:
        found = await checked(primary.dsn)
        return None if found["replication_lag"].value is None else found

    first = await until(replayed)
    assert first is not None and first["replication_slots"].status is OK  # it may come back yet
    second = await checked(standby.dsn)
    assert "1 standby" in first["replication_lag"].summary
    assert "lagging (inactive for " in first["replication_slots"].summary
    assert second["replication_lag"].status is OK and "standby" in second["replication_lag"].summary
    assert "standby, read-only" in second["role"].summary
    assert {result.status for result in second.values()} == {OK}
    expecting = Target(name="t", conninfo=primary.dsn, standbys=("walreceiver", "db3"))
    report = await check_target(expecting, configured(Config(), ["standbys"]), timeout_s=30)
    assert {result.name: result.summary for result in report.results}["standbys"] == "not connected: db3"


async def test_a_slot_that_nobody_reads(server16: LiveServer) -> None:
    """Before 17 the server doesn't say since when; a slot that keeps nothing is harmless."""
    with server16.connect() as connection:
        connection.execute("SELECT pg_create_physical_replication_slot('gone', true)")
        connection.execute("SELECT pg_create_physical_replication_slot('empty')")
        try:
            found = (await checked(server16.dsn))["replication_slots"]
        finally:
            connection.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                               "WHERE slot_name IN ('gone', 'empty')")
    assert found.status is WARNING and "gone (inactive) holds" in found.summary and found.hint


async def test_what_is_wrong_is_found(own_server: LiveServer) -> None:
    limits = {"long_transactions": {"warning": 0, "critical": "1h"}, "idle_in_transaction": {"critical": 0},
              "blocked_sessions": {"warning": 0}, "connections": {"warning": 1}}
    checks = configured(parse({"checks": limits}, Path("dbconsole.toml")))
    with own_server.database() as database, database.connect(application_name="evil\x1b[2J|app") as holder, \
            database.connect() as waiter, database.connect() as setup:
        setup.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
        with pytest.raises(Exception, match="duplicate"):
            setup.execute('CREATE UNIQUE INDEX CONCURRENTLY "in|va\nlid" ON t (a)')
        holder.execute("BEGIN; LOCK TABLE t")
        blocked = asyncio.create_task(asyncio.to_thread(waiter.execute, "SELECT * FROM t"))
        await until(lambda: setup.execute("SELECT FROM pg_locks WHERE NOT granted AND waitstart < now()").fetchall())
        report = await check_target(target(database.conninfo), checks)
        stream = io.StringIO()
        await run([target(database.conninfo)], parse({"checks": limits}, Path("f")), output_format="nagios",
                  stream=stream)
        holder_pid = holder.info.backend_pid
        holder.execute("ROLLBACK")
        await blocked
    results = named(report)
    assert f"behind pid {holder_pid}" in results["blocked_sessions"].summary
    assert results["blocked_sessions"].status is WARNING and results["blocked_sessions"].value
    assert results["idle_in_transaction"].status is CRITICAL and results["long_transactions"].status is WARNING
    assert results["connections"].status is WARNING and results["invalid_indexes"].status is WARNING
    assert report.status is CRITICAL
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1 + len(EVERY) and not any("|" in line for line in lines[1:]) and lines[0].count("|") == 1
    assert "\x1b" not in stream.getvalue()


async def test_a_prepared_transaction_is_found(servers: Servers) -> None:
    server = servers.make("embedded", {"max_prepared_transactions": "5"})
    with server.connect() as connection:
        connection.execute("CREATE TABLE t (a int); BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left'")
    results = await checked(server.dsn)
    assert "left of" in results["prepared_transactions"].summary and results["prepared_transactions"].value


UNREACHABLE = {
    "unknown host": "host=no-such-host.invalid",
    "nobody listens": f"host=127.0.0.1 port={free_port()}",
    "missing socket": "host=/nonexistent",
}


@pytest.mark.parametrize("conninfo", UNREACHABLE.values(), ids=UNREACHABLE.keys())
async def test_a_server_that_is_not_there_is_critical(conninfo: str) -> None:
    results = await checked(conninfo)
    assert results.pop("connection").status is CRITICAL
    assert {result.status for result in results.values()} == {UNKNOWN}
    assert (await printed(target(conninfo)))[0] == 2


async def test_what_the_server_refuses_is_critical(server: LiveServer) -> None:
    for words in ({"dbname": "no such db"}, {"user": "no such role"}):
        results = await checked(make_conninfo(server.dsn, **words))
        assert results["connection"].status is CRITICAL and "does not exist" in results["connection"].summary


async def test_a_wrong_password_is_critical_and_not_shown(tls_server: TlsServer) -> None:
    results = await checked(tls_server.conninfo(user="lettered", password="s3cret-w0rd"))
    assert results["connection"].status is CRITICAL and "password" in results["connection"].summary
    assert "s3cret" not in str(results)


async def test_a_stopped_server_costs_no_more_than_the_deadline(own_server: LiveServer) -> None:
    assert own_server.cluster is not None
    status = own_server.cluster.status()
    assert status is not None
    with stopped(status.pid):
        started = time.perf_counter()
        results = await checked(own_server.dsn, timeout_s=1.5)
        assert time.perf_counter() - started < 6  # a hung server would hold it for ever
    assert results["connection"].status is CRITICAL and results["wraparound"].status is UNKNOWN


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_a_link_that_freezes_after_connecting_holds_the_deadline(database: Database) -> None:
    async with proxied(database.conninfo, delay_s=0.05) as proxy:
        async def freeze() -> None:
            await until(lambda: proxy.round_trips >= 2, every_s=0.005)
            proxy.hold()

        freezing = asyncio.create_task(freeze())
        started = time.perf_counter()
        results = await checked(proxy.conninfo, timeout_s=1.0)
        assert time.perf_counter() - started < 6
        await freezing
        proxy.let_go()
    assert results["connection"].status is CRITICAL and "not answered" in results["connection"].summary


def asking(name: str, text: str) -> ConfiguredCheck:
    """A check of the list whose read is another."""
    query = Query(f"{name}_slow", dict, (Variant("slow.sql", 14, "dict", (), "tick", text),))
    check = next(configured_check for configured_check in CHECKS if configured_check.check.name == name)
    return replace(check, check=replace(check.check, reads=(query,)))


async def test_a_read_that_hangs_takes_no_other_with_it(database: Database) -> None:
    checks = [asking(check.check.name, "SELECT pg_sleep(60)") if check.check.name in ("cache_hit", "wraparound")
              else check
              for check in CHECKS]
    started = time.perf_counter()
    report = await check_target(target(database.conninfo), checks, timeout_s=3.0)
    assert time.perf_counter() - started < 15
    results = named(report)
    assert {name for name, result in results.items() if result.status is not OK} == {"cache_hit", "wraparound"}
    assert results["cache_hit"].status is UNKNOWN and "timeout" in results["cache_hit"].summary
    value = results["connection"].value
    assert value is not None and value < 500


async def test_a_read_that_is_denied_takes_no_other_with_it(server: LiveServer) -> None:
    with server.database() as database, server.role() as nobody:
        with database.connect() as connection:
            connection.execute("REVOKE ALL ON pg_catalog.pg_locks FROM PUBLIC")
            connection.execute("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC")
        results = await checked(make_conninfo(database.conninfo, user=nobody))
    assert {result.name for result in results.values() if result.status is not OK} >= {"blocked_sessions"}
    assert results["blocked_sessions"].status is UNKNOWN and "permission denied" in results["blocked_sessions"].summary
    assert results["wraparound"].status is OK
    assert results["statistics_reset"].status is OK, "what only tells the cluster's age is left out"


async def test_a_server_that_says_it_is_broken_is_critical_whatever_was_asked(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE FUNCTION fails(code text) RETURNS int LANGUAGE plpgsql AS "
                           "$$BEGIN RAISE 'could not write to file: No space left' USING ERRCODE = code; END$$")
    broken = {"disk_write": "53100", "wraparound": "58030", "dead_tuples": "XX001", "cache_hit": "53400"}
    checks = [asking(name, f"SELECT public.fails('{broken[name]}')") if (name := check.check.name) in broken else check
              for check in CHECKS]
    results = named(await check_target(target(database.conninfo), checks))
    assert {name: result.status for name, result in results.items() if result.status is not OK} == {
        "disk_write": CRITICAL, "wraparound": CRITICAL, "dead_tuples": CRITICAL, "cache_hit": UNKNOWN}
    assert "No space left" in results["disk_write"].summary and "full disk" in (results["disk_write"].hint or "")


async def test_a_disk_is_tried_and_nothing_is_left_of_it(database: Database) -> None:
    with database.server.role() as nobody:
        first = await checked(make_conninfo(database.conninfo, user=nobody))
        assert first["disk_write"].status is OK and "was written" in first["disk_write"].summary
        with database.connect() as connection:
            async def written() -> bool:
                row = connection.execute("SELECT temp_files, temp_bytes FROM pg_stat_database "
                                         "WHERE datname = current_database()").fetchone()
                return row is not None and row[0] == 1 and 64 * 1024 < row[1] < 256 * 1024

            assert await until(written), "one temporary file, of the size that is said"
            assert connection.execute("SELECT count(*) FROM pg_ls_tmpdir()").fetchone() == (0,)
            connection.execute(f"ALTER ROLE {nobody} SET temp_file_limit = '64kB'".encode())
        assert (await checked(make_conninfo(database.conninfo, user=nobody)))["disk_write"].status is UNKNOWN


async def test_several_targets_run_at_once_and_alone(database: Database) -> None:
    good, gone = target(database.conninfo, "good"), target(UNREACHABLE["nobody listens"], "gone")
    status, text = await printed(good, gone, output_format="json")
    documents = json.loads(text)
    assert status == 2 and [document["target"] for document in documents] == ["good", "gone"]
    assert [document["status"] for document in documents] == ["OK", "CRITICAL"]
    status, text = await printed(good, failed={"demo": ServerError("it doesn't start", hint="look")})
    assert status == 2 and "it doesn't start" in text


async def test_json_of_one_target_is_one_object(database: Database) -> None:
    status, text = await printed(target(database.conninfo), output_format="json", only=["wraparound"])
    document = json.loads(text)
    assert status == 0 and [check["name"] for check in document["checks"]] == ["connection", "wraparound"]


async def test_a_bad_configuration_is_told_before_anything_is_asked() -> None:
    config = parse({"checks": {"conections": {}}}, Path("dbconsole.toml"))
    with pytest.raises(ConfigError) as caught:
        await printed(target(UNREACHABLE["missing socket"]), config=config)
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
async def test_a_deadline_must_make_sense(seconds: float) -> None:
    with pytest.raises(UsageError):
        await printed(target(UNREACHABLE["missing socket"]), timeout_s=seconds)


def process(*arguments: str, before: str = "") -> tuple[int, str, str, float]:
    """Exit status, output, complaints and seconds of the program itself."""
    code = f"{before}\nimport sys\nfrom console.__main__ import main\n" \
           f"sys.argv[1:] = {['--check', *arguments]!r}\nmain()"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr, time.perf_counter() - started


def test_a_resolver_that_hangs_holds_up_nobody() -> None:
    hang = "import socket, time\nsocket.getaddrinfo = lambda *a, **k: time.sleep(30)"
    status, output, _, seconds = process("host=slow.example", "--timeout", "1", before=hang)
    assert status == 2 and seconds < 3 and "no connection in" in output


def test_the_exit_status_of_the_program(server: LiveServer, tmp_path: Path) -> None:
    file = tmp_path / "dbconsole.toml"
    file.write_text("[checks.connections]\nwarning = 0\ncritical = '100%'\n[checks.data_safety]\nenabled = false\n")
    assert process(server.dsn, "--only", "wraparound")[0] == 0
    assert process(server.dsn, "--config", str(file))[0] == 1
    assert process(UNREACHABLE["nobody listens"])[0] == 2
    status, output, complaint, _ = process("nosuch")
    assert (status, output) == (3, "") and "nosuch" in complaint
    file.write_text("[checks.conections]\n")
    status, output, complaint, _ = process(server.dsn, "--config", str(file))
    assert (status, output) == (3, "") and "connections" in complaint


async def test_the_migrations_of_a_service(database: Database, tmp_path: Path) -> None:
    (tmp_path / "0001_first.up.sql").write_text("SELECT 1;")
    service = Service(name="shop", schemas=("shop",), folder=tmp_path)
    results = await checked(database.conninfo, service)
    assert results["migrations"].status is WARNING and results["migrations"].value == 1
    assert "shop/0001_first" in results["migrations"].summary
    (tmp_path / "0001_again.up.sql").write_text("SELECT 1;")
    results = await checked(database.conninfo, service)
    assert results["migrations"].status is UNKNOWN and "twice" in results["migrations"].summary


async def test_a_ledger_that_is_hidden_is_no_alert(server: LiveServer, tmp_path: Path) -> None:
    service = Service(name="shop", schemas=("shop",), folder=tmp_path)
    with server.database() as database, server.role() as nobody:
        database.connect().execute("CREATE SCHEMA dbconsole; CREATE TABLE dbconsole.migration (a int)")
        results = await checked(make_conninfo(database.conninfo, user=nobody), service)
    assert results["migrations"].status is OK and "GRANT" in (results["migrations"].hint or "")
    assert {result.status for result in results.values()} == {OK}
