"""`--check --listen`: what Prometheus scrapes, what probes ask, who may, and whom it tells of alerts."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console import log
from console.check import counters
from console.check.dashboard import dashboard
from console.check.records import Report
from console.check.registry import configured
from console.commands import http_pages as listening
from console.commands.check import check_all
from console.commands.http_pages import EVERYBODY, Access, access
from console.commands.listen import AlertWatch, listen
from console.config import AlertsConfig, Config, ListenConfig, LogConfig, parse
from console.errors import ConfigError, ConsoleError
from console.local_postgres.cluster import free_port
from console.server.target import Target
from tests.support import debian
from tests.support.pgbouncer import PgBouncers
from tests.support.servers import Database, LiveServer, Servers, missing


@contextmanager
def scraped(port: int) -> Iterator[dict[str, float]]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        text = answer.read().decode()
    yield {sample.labels["check"]: sample.value for family in text_string_to_metric_families(text)
           for sample in family.samples if sample.name == "dbconsole_check_status"}


async def test_prometheus_scrapes_and_the_server_is_not_asked_more_often_than_agreed(database: Database) -> None:
    checks = configured(Config(), ["wraparound"])
    asked = 0

    async def ask() -> list[Report]:
        nonlocal asked
        asked += 1
        return await check_all([Target(name="t", conninfo=database.conninfo)], checks, services=lambda target: (),
                               failed=None, timeout_s=10.0)

    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(listen(("127.0.0.1", 0), ask, interval_s=3600, listening=ready.set_result))
    port = await ready

    def scrape() -> dict[str, float]:
        with scraped(port) as found:
            return found

    answers = await asyncio.gather(*(asyncio.to_thread(scrape) for _ in range(3)))
    assert answers == [{"connection": 0, "wraparound": 0}] * 3 and asked == 1
    with pytest.raises(ConsoleError, match="--listen"):
        await listen(("127.0.0.1", port), ask, interval_s=1)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_silent_and_slow_clients_hold_up_no_scrape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEAD_WITHIN_S", 1.0)
    answer = Report("t", (), 1.0, "PostgreSQL 18")

    async def ask() -> list[Report]:
        return [answer]

    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(listen(("127.0.0.1", 0), ask, interval_s=0, listening=ready.set_result))
    port = await ready
    threads = threading.active_count()
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    silent[0][1].write(b"GET /metrics HTTP/1.1\r\nX: ")
    silent[1][1].write(b"x" * 100_000)

    async def asked(request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        found = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        return found

    answers = await asyncio.gather(*(asked(b"GET /metrics") for _ in range(50)))
    assert all(found.startswith(b"HTTP/1.1 200") and b"dbconsole_last_check_timestamp_seconds 1" in found
               for found in answers)
    assert (await asked(b"GET /")).startswith(b"HTTP/1.1 200") and (await asked(b"GET /x")).startswith(b"HTTP/1.1 404")
    assert (await asked(b"POST /metrics")).startswith(b"HTTP/1.1 405")
    assert (await asked(b"HEAD /metrics")).endswith(b"\r\n\r\n")
    assert threading.active_count() == threads
    await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in silent), return_exceptions=True), 30)
    for _, writer in silent:
        writer.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


async def test_what_goes_wrong_is_told_to_who_scrapes() -> None:
    async def ask() -> list[Report]:
        raise ConsoleError("the checks can't be run")

    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(listen(("127.0.0.1", 0), ask, interval_s=0, listening=ready.set_result))
    reader, writer = await asyncio.open_connection("127.0.0.1", await ready)
    writer.write(b"GET /metrics HTTP/1.1\r\n\r\n")
    found = await asyncio.wait_for(reader.read(), 30)
    assert found.startswith(b"HTTP/1.1 500") and found.endswith(b"the checks can't be run\n")
    writer.close()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def asking(*targets: Target, only: tuple[str, ...] = ("wraparound",)) -> Callable[[], Awaitable[list[Report]]]:
    checks = configured(Config(), only)

    async def ask() -> list[Report]:
        return await check_all(targets, checks, services=lambda target: (), failed=None, timeout_s=10.0,
                               also=counters.reads)

    return ask


@asynccontextmanager
async def serving(ask: Callable[[], Awaitable[list[Report]]], who: Access = EVERYBODY, *,
                  interval_s: float = 0.0, asks_itself: bool = False) -> AsyncIterator[int]:
    """Serves for the while; its port."""
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(listen(("127.0.0.1", 0), ask, interval_s=interval_s, who=who, asks_itself=asks_itself,
                                      listening=ready.set_result))
    try:
        yield await ready
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def got(port: int, path: str, authorization: str | None = None) -> tuple[int, str, str]:
    """Status, content type (of a refusal: the challenge) and content."""
    def get() -> tuple[int, str, str]:
        headers = {"Authorization": authorization} if authorization else {}
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["WWW-Authenticate"] or error.headers["Content-Type"], error.read().decode()

    return await asyncio.to_thread(get)


def samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Labels and values by the metric's name; each has a help and a type."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation and family.type in ("gauge", "counter"), family.name
        for sample in family.samples:
            # the parser calls every counter _total
            name = sample.name if f"\n{sample.name}{{" in text else sample.name.removesuffix("_total")
            found.setdefault(name, []).append((sample.labels, sample.value))
    return found


async def test_raw_counters_are_those_of_the_server(any_database: Database) -> None:
    with any_database.connect() as connection:
        connection.execute("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 7)")
        connection.execute("SELECT pg_stat_force_next_flush()")
    async with serving(asking(Target(name='p"1', conninfo=any_database.conninfo))) as port:
        found = samples((await got(port, "/metrics"))[2])
    with any_database.connect() as connection:
        row = connection.execute("SELECT tup_inserted, current_setting('max_connections')::int FROM pg_stat_database "
                                 "WHERE datname = current_database()").fetchone()
    assert row is not None
    labels = {"target": 'p"1', "datname": any_database.name}
    assert found["pg_up"] == [({"target": 'p"1'}, 1.0)]
    ((told, inserted),) = found["pg_stat_database_tup_inserted"]
    assert told == labels and 7 <= inserted <= row[0]
    assert found["pg_settings_max_connections"] == [({"target": 'p"1'}, row[1])]
    assert found["pg_replication_is_replica"] == [({"target": 'p"1'}, 0.0)]
    assert found["pg_database_size_bytes"][0][1] > 1_000_000
    checkpoints = "pg_stat_checkpointer_num_timed_total" if any_database.server.major >= 17 else \
        "pg_stat_bgwriter_checkpoints_timed_total"
    assert len(found[checkpoints]) == 1 and len(found["pg_stat_bgwriter_buffers_alloc_total"]) == 1
    assert ("dbconsole_io_reads_total" in found) is (any_database.server.major >= 16)
    assert {labels["state"] for labels, _ in found["dbconsole_connections"]} == {
        "active", "idle", "idle in transaction", "other", "hidden"}


async def test_statements_are_those_that_took_most_and_the_sums_are_of_all(
        database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_STATEMENTS", 3)
    with database.connect() as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute("SELECT pg_stat_statements_reset()")
        connection.execute("SELECT pg_sleep(0.2)")
        for number in range(1, 6):
            connection.execute(f"SELECT {', '.join(['1'] * number)}".encode())
        row = connection.execute("SELECT queryid::text FROM pg_stat_statements WHERE query LIKE '%pg_sleep%' AND "
                                 "dbid = (SELECT oid FROM pg_database WHERE datname = current_database())").fetchone()
    assert row is not None
    async with serving(asking(Target(name="t", conninfo=database.conninfo))) as port:
        found = samples((await got(port, "/metrics"))[2])
    seconds = found["pg_stat_statements_seconds_total"]
    assert len(seconds) == 3 and found["dbconsole_statements_seconds_total"][0][1] >= sum(value for _, value in seconds)
    assert found["dbconsole_statements_calls_total"][0][1] > sum(
        value for _, value in found["pg_stat_statements_calls_total"])
    assert any(labels["queryid"] == row[0] and labels["datname"] == database.name and value >= 0.2
               for labels, value in seconds)


async def test_a_role_that_sees_little_gets_what_it_sees(database: Database) -> None:
    with database.server.role() as role:
        target = Target(name="t", conninfo=database.server.conninfo(database.name, user=role))
        async with serving(asking(target)) as port:
            status, _, text = await got(port, "/metrics")
    found = samples(text)
    assert status == 200 and found["pg_up"][0][1] == 1 and "pg_stat_database_xact_commit" in found
    hidden = [value for labels, value in found["dbconsole_connections"] if labels["state"] == "hidden"]
    assert hidden and hidden[0] >= 0


@pytest.fixture(scope="module")
def pair(servers: Servers) -> Iterator[tuple[LiveServer, LiveServer]]:
    """A primary with a slot, and its standby."""
    primary = servers.make("embedded", {"max_wal_senders": "4"}, name="listen-primary")
    standby = servers.standby(primary)
    with primary.connect() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        connection.execute("SELECT pg_create_physical_replication_slot('kept', true) "
                           "WHERE NOT EXISTS (SELECT FROM pg_replication_slots)")  # this may be made more than once
    yield primary, standby
    for server in (standby, primary):
        assert server.cluster is not None
        server.cluster.stop()


async def test_a_standby_tells_how_far_it_is(pair: tuple[LiveServer, LiveServer]) -> None:
    both = Target(name="p", conninfo=pair[0].dsn), Target(name="s", conninfo=pair[1].dsn)
    async with serving(asking(*both)) as port:
        found = samples((await got(port, "/metrics"))[2])
        status, _, text = await got(port, "/health")
    assert sorted((labels["target"], value) for labels, value in found["pg_replication_is_replica"]) == [
        ("p", 0.0), ("s", 1.0)]
    assert [labels["target"] for labels, _ in found["pg_stat_replication_pg_wal_lsn_diff"]] == ["p"]
    assert [labels["target"] for labels, _ in found["dbconsole_replay_lag_bytes"]] == ["s"]
    assert status == 200 and [document["target"] for document in json.loads(text)] == ["p", "s"]


async def test_pools_are_told_by_pgbouncers_own_numbers(pgbouncers: PgBouncers, server18: LiveServer) -> None:
    bouncer = pgbouncers.make(server18)
    target = Target(name="t", conninfo=server18.dsn, pgbouncer_conninfo=bouncer.admin_conninfo)
    async with serving(asking(target)) as port:
        found = samples((await got(port, "/metrics"))[2])
        status, _, text = await got(port, "/health/db")
        pools = json.loads(text)["pool"]["pgbouncer"]
        assert status == 200 and {"database", "user", "clients_waiting", "maxwait_s"} <= set(pools[0])
        assert found["pgbouncer_up"] == [({"target": "t"}, 1.0)] and found["pgbouncer_pools_client_waiting_connections"]
        bouncer.stop()
        found = samples((await got(port, "/metrics"))[2])
        assert found["pgbouncer_up"] == [({"target": "t"}, 0.0)] and found["pg_up"] == [({"target": "t"}, 1.0)]
        assert json.loads((await got(port, "/health/db"))[2])["pool"]["pgbouncer"] is None


async def test_health_is_json_and_503_where_it_is_critical_or_nobody_answers(own_server: LiveServer) -> None:
    assert own_server.cluster is not None
    async with serving(asking(Target(name="t", conninfo=own_server.dsn))) as port:
        for path in ("/health", "/health/db"):
            status, kind, text = await got(port, path)
            document = json.loads(text)
            assert status == 200 and kind == "application/json"
            assert set(document) == {"status", "target", "checks", "pool", "latency_ms", "at"}
            assert document["status"] == "OK" and document["checks"]["wraparound"]["status"] == "OK"
            assert document["latency_ms"] >= 0 and document["pool"]["connections"] >= 1
        own_server.cluster.stop()
        status, _, text = await got(port, "/health/db")
        document = json.loads(text)
        assert status == 503 and document["status"] == "CRITICAL" and document["latency_ms"] is None
        assert document["pool"] is None
        found = samples((await got(port, "/metrics"))[2])
        assert found["pg_up"] == [({"target": "t"}, 0.0)] and "pg_stat_database_xact_commit" not in found
        assert (await got(port, "/"))[0] == 200 and "/health/db" in (await got(port, "/"))[2]
        for path in ("/metric", "/health/", "/favicon.ico", "//metrics", "/health/db/t"):
            assert (await got(port, path))[0] == 404


async def test_whoever_asks_says_who_they_are(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
                                              ) -> None:
    async def ask() -> list[Report]:
        return [Report("t", (), 1.0, "PostgreSQL 18")]

    monkeypatch.setenv("T", "tok:en-0123456789")
    monkeypatch.setenv("P", "pass:word-0123456789")
    basic = base64.b64encode(b"prom:pass:word-0123456789").decode()
    async with serving(ask, access(ListenConfig(token_env="T", user="prom", password_env="P"))) as port:
        for good in ("Bearer tok:en-0123456789", f"Basic {basic}", f"basic {basic}"):
            assert (await got(port, "/metrics", good))[0] == 200
        wrong = base64.b64encode(b"prom:pass").decode()
        for bad in (None, "Bearer x", "Bearer", f"Basic {wrong}", "Basic %%%", "Basic \xe4\xf6", "Bearer \xe4",
                    "Digest x", f"Bearer {basic}"):
            for path in ("/metrics", "/health", "/", "/nowhere"):
                status, challenge, text = await got(port, path, bad)
                assert status == 401 and challenge == 'Basic realm="dbconsole", Bearer realm="dbconsole"'
                assert "dbconsole_" not in text
    assert "word-0123456789" not in caplog.text and "127.0.0.1" in caplog.text
    with pytest.raises(ConfigError, match=r"listen\.token_env: the environment variable NOT_SET is not set"):
        access(ListenConfig(token_env="NOT_SET"))
    with pytest.raises(ConfigError, match="user and password_env"):
        parse({"listen": {"user": "x"}}, Path("dbconsole.toml"))


async def test_alerts_are_told_although_nobody_asks_and_what_is_bad_at_the_beginning_too(
        own_server: LiveServer, tmp_path: Path) -> None:
    assert own_server.cluster is not None
    told, script = tmp_path / "told", tmp_path / "tell.py"
    script.write_text(f"import sys; open({str(told)!r}, 'a').write(sys.stdin.read() + chr(10))\n")
    target = Target(name="t", conninfo=own_server.dsn)
    own_server.cluster.stop()
    watch = AlertWatch(AlertsConfig(command=f"{sys.executable} {script}", every=0), [target])  # type: ignore[arg-type]
    ask = asking(target)

    async def watched() -> list[Report]:
        reports = await ask()
        watch.take(reports)
        return reports

    def events() -> list[tuple[str, str]]:
        lines = told.read_text().splitlines() if told.exists() else []
        return [(event["event"], event["check"]) for event in map(json.loads, lines)]

    async def become(wanted: list[tuple[str, str]]) -> None:
        while events() != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    try:
        async with serving(watched, asks_itself=True), asyncio.timeout(60):
            await become([("raised", "connection")])
            own_server.cluster.start()
            await become([("raised", "connection"), ("ended", "connection")])
    finally:
        await watch.close()


def test_alerts_want_a_command_and_belong_to_listen(capsys: pytest.CaptureFixture[str], own_files: None,
                                                    database: Database) -> None:
    from console.cli import main

    assert main(["--check", "--listen", "0", "--alerts", database.conninfo]) == 3
    assert "no command is configured" in capsys.readouterr().err
    assert main(["--alerts"]) == 3 and main(["--check", "--alerts", database.conninfo]) == 3


@pytest.fixture
def plain_log() -> Iterator[None]:
    yield
    log.configure(LogConfig())
    logging.getLogger("console").setLevel(logging.NOTSET)


async def test_the_log_is_an_object_a_line_where_that_is_asked_for(
        own_files: None, plain_log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([Report("t\x1b[2J", (), 1.0, "PostgreSQL 18")])

    async def ask() -> list[Report]:
        for report in answers:
            return [report]
        raise ConsoleError("the checks can't be run")

    log.keep()
    log.configure(parse({"log": {"format": "json", "level": "info"}}, Path("dbconsole.toml")).log)
    async with serving(ask) as port:
        assert (await got(port, "/metrics"))[0] == 200 and (await got(port, "/health"))[0] == 500
    lines = [json.loads(line) for line in log.path().read_text().splitlines()]
    assert [(line["level"], line["logger"]) for line in lines] == [
        ("info", "console.listen"), ("error", "console.listen")]
    assert lines[1]["message"] == "the checks can't be run" and "\x1b" not in log.path().read_text()


async def test_what_the_dashboard_asks_for_is_served(pgbouncers: PgBouncers, pair: tuple[LiveServer, LiveServer]
                                                     ) -> None:
    primary, standby = pair
    bouncer = pgbouncers.make(primary)
    both = (Target(name="p", conninfo=primary.dsn, pgbouncer_conninfo=bouncer.admin_conninfo),
            Target(name="s", conninfo=standby.dsn))
    async with serving(asking(*both)) as port:
        served = samples((await got(port, "/metrics"))[2])
    document = json.loads(json.dumps(dashboard()))
    expressions = [query["expr"] for panel in document["panels"] for query in panel["targets"]]
    names = {name for expression in expressions for name in counters_in(expression)}
    assert len(names) > 20 and names <= set(served)
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"]) and document["uid"]


def counters_in(expression: str) -> list[str]:
    """The metrics of a PromQL expression of ours."""
    return re.findall(r"\b((?:pg|dbconsole|pgbouncer)_\w+)\{", expression)


@pytest.fixture
def prometheus() -> str:
    """Prometheus' program."""
    found = debian.prometheus()
    return found or missing("prometheus", debian.HOW)


async def test_a_real_prometheus_scrapes_it_and_answers_every_question_of_the_dashboard(
        prometheus: str, pgbouncers: PgBouncers, pair: tuple[LiveServer, LiveServer], tmp_path: Path) -> None:
    bouncer = pgbouncers.make(pair[0])
    both = (Target(name='a "primary"', conninfo=pair[0].dsn, pgbouncer_conninfo=bouncer.admin_conninfo),
            Target(name="standby", conninfo=pair[1].dsn))
    own = free_port()
    async with serving(asking(*both), Access(token="tok-en", user=None)) as port:
        (tmp_path / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s"}, "scrape_configs": [{
                "job_name": "dbconsole", "authorization": {"credentials": "tok-en"},
                "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}]}))
        running = await asyncio.create_subprocess_exec(
            prometheus, f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{own}", stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL)

        async def asked(expression: str) -> list[object]:
            for name, value in (("$target", ".*"), ("$__rate_interval", "1m")):
                expression = expression.replace(name, value)
            _, _, text = await got(own, f"/api/v1/query?query={urllib.parse.quote(expression)}")
            answer = json.loads(text)
            assert answer["status"] == "success", (expression, text)
            return list(answer["data"]["result"])

        async def scraped_often() -> None:
            """Until there are two samples of everything, of which a rate can be formed."""
            while True:
                with suppress(OSError, ValueError, AssertionError):
                    if len(await asked("count_over_time(pg_up[1m]) > 2")) == 2:
                        return
                await asyncio.sleep(0.2)

        try:
            async with asyncio.timeout(90):
                await scraped_often()
                expressions = [query["expr"] for panel in dashboard()["panels"] for query in panel["targets"]]
                answers = {expression: await asked(expression) for expression in expressions}
        finally:
            running.terminate()
            await running.wait()
    empty = {expression for expression, answer in answers.items() if not answer}
    assert not empty - {expression for expression in empty if "> 0" in expression or "blks_read" in expression}
