"""What Prometheus scrapes and what OpenTelemetry's collectors get, by their own libraries."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from console.clock import SystemClock
from console.commands import telemetry
from console.commands.check import report_on as run
from console.config import Config, parse
from console.errors import ConfigError
from console.local_postgres.cluster import free_port
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from tests.support.servers import Database, LiveServer


class Collector:
    """A collector for OTLP over HTTP; `status` is what it answers."""

    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.status = 200
        self.url = ""

    def take(self, path: str, body: bytes) -> None:
        kinds = {"/v1/traces": (self.traces, ExportTraceServiceRequest),
                 "/v1/metrics": (self.metrics, ExportMetricsServiceRequest)}
        taken, kind = kinds[path]
        taken.append(kind.FromString(body))  # type: ignore[attr-defined]

    def spans(self) -> list[tuple[str, dict[str, object], bytes, bytes]]:
        """Name, attributes, own id and parent's id of every span."""
        return [(span.name, {attribute.key: attribute.value.string_value or [each.string_value for each in
                                                                  attribute.value.array_value.values]
                                                                  or attribute.value.int_value
                             for attribute in span.attributes}, span.span_id, span.parent_span_id)
                for request in self.traces for resource in request.resource_spans
                for scope in resource.scope_spans for span in scope.spans]

    def gauges(self) -> dict[tuple[str, str, str], float]:
        """The last value by metric, target and check."""
        found = {}
        for request in self.metrics:
            for resource in request.resource_metrics:
                for scope in resource.scope_metrics:
                    for metric in scope.metrics:
                        for point in metric.gauge.data_points:
                            labels = {attribute.key: attribute.value.string_value for attribute in point.attributes}
                            found[metric.name, labels["target"], labels.get("check", "")] = point.as_double
        return found


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if found.status == 200:
                found.take(self.path, body)
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def asking_for(url: str) -> Config:
    return parse({"otel": {"endpoint": url}}, Path("dbconsole.toml"))


async def checked(database: Database, config: Config) -> int:
    """`--check` with the configuration's telemetry."""
    target = Target(name='p"rod', conninfo=database.conninfo)
    return await run([target], config, only=["wraparound", "cache_hit"], stream=io.StringIO(),
                     telemetry=telemetry.start(config))


async def test_a_span_for_every_round_trip_and_a_gauge_for_every_check(
        database: Database, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=data")
    assert await checked(database, asking_for(collector.url)) == 0
    spans = collector.spans()
    (root,) = [span for span in spans if span[0] == "dbconsole.check"]
    reads = [span for span in spans if span[0] == "dbconsole.read"]
    assert [read[1]["dbconsole.reads"] for read in reads] == [
        ["server.server_info"], ["metrics.database_counters", "metrics.freeze_ages", "metrics.server_clock"]]
    assert {read[3] for read in reads} == {root[2]} and root[3] == b""
    assert reads[1][1]["db.namespace"] == database.name and reads[1][1]["db.system.name"] == "postgresql"
    gauges = collector.gauges()
    assert gauges["dbconsole.check.status", 'p"rod', "wraparound"] == 0
    assert gauges["dbconsole.check.warning", 'p"rod', "wraparound"] == 50
    assert gauges["dbconsole.target.status", 'p"rod', ""] == 0
    resource = {attribute.key: attribute.value.string_value
                for attribute in collector.traces[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "dbconsole" and resource["team"] == "data"


async def test_a_read_that_fails_is_an_error_in_its_span(database: Database, collector: Collector) -> None:
    config = asking_for(collector.url)
    target = Target(name="gone", conninfo=f"{database.conninfo} dbname=nowhere_at_all")
    assert await run([target], config, stream=io.StringIO(), telemetry=telemetry.start(config)) == 2
    assert collector.gauges()["dbconsole.check.status", "gone", "connection"] == 2
    assert [span[0] for span in collector.spans()] == ["dbconsole.check"]


async def test_the_consoles_samples_are_sent_and_that_its_server_went(own_server: LiveServer,
                                                                      collector: Collector) -> None:
    sending = telemetry.start(asking_for(collector.url))
    assert sending is not None and own_server.cluster is not None
    pool, taken = Pool(Target(name="t", conninfo=own_server.dsn)), asyncio.Event()
    sampler = Sampler(pool, Config(), (), SystemClock(), 0.1)
    sampler.listeners.append(lambda snapshot: sending.snapshot("t", sampler.checks, snapshot))
    sampler.listeners.append(lambda snapshot: taken.set() if snapshot.info and not snapshot.error else None)
    running = asyncio.create_task(sampler.run())
    try:
        await asyncio.wait_for(taken.wait(), 60)
        lost = asyncio.Event()
        sampler.listeners.append(lambda snapshot: lost.set() if snapshot.error else None)
        await asyncio.to_thread(own_server.cluster.stop, "immediate")
        await asyncio.wait_for(lost.wait(), 60)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await pool.close()
        sending.close(10)
    assert collector.gauges()["dbconsole.check.status", "t", "connection"] == 2
    assert collector.gauges()["dbconsole.check.value", "t", "wraparound"] > 0
    assert any("activity.session_counts" in span[1]["dbconsole.reads"] for span in collector.spans())  # type: ignore[operator]


@pytest.mark.parametrize("answer", [503, 400, None], ids=["overloaded", "refuses", "not there"])
async def test_a_collector_that_fails_changes_no_result(database: Database, collector: Collector, answer: int | None,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    collector.status = answer or 200
    url = collector.url if answer else f"http://127.0.0.1:{free_port()}"
    assert await checked(database, asking_for(url)) == 0
    assert "telemetry was not sent" in capsys.readouterr().err


def test_nothing_is_sent_unless_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [text for text in os.environ if text.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    assert telemetry.start(Config()) is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert telemetry.start(Config()) is None


def test_a_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.metrics", None)
    with pytest.raises(ConfigError) as caught:
        telemetry.start(asking_for("http://127.0.0.1:1"))
    assert caught.value.hint is not None and "dbconsole[otel]" in caught.value.hint
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert telemetry.start(Config()) is None and "dbconsole[otel]" in capsys.readouterr().err


def test_an_endpoint_must_be_a_url() -> None:
    with pytest.raises(ConfigError, match=r"otel\.endpoint"):
        asking_for("localhost:4317")


def test_the_programs_own_text_for_the_textfile_collector(database: Database) -> None:
    done = subprocess.run([sys.executable, "-m", "console", "--check", "--format", "prometheus", "--only", "wraparound",
                           database.conninfo], capture_output=True, text=True)
    names = {family.name for family in text_string_to_metric_families(done.stdout)}
    assert done.returncode == 0 and {"dbconsole_check_status", "dbconsole_target_info"} <= names
