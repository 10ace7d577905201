"""Traces and metrics by OpenTelemetry (extra `otel`): a span for every round trip, a gauge for every check.

On when OTEL_EXPORTER_OTLP_ENDPOINT (or its twins for traces and metrics) or `[otel] endpoint` is set; OpenTelemetry's
other environment variables (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS,
OTEL_SDK_DISABLED...) mean what they mean everywhere. The protocol is http/protobuf. A collector that doesn't answer
changes no result and no exit status.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from console import __version__, redaction
from console.check.evaluation import unreachable
from console.check.exposition import Family, families
from console.check.records import Report
from console.commands.output import warn
from console.config import Config
from console.errors import ConfigError
from console.server import trips
from console.text import format as fmt

if TYPE_CHECKING:
    from console.check.registry import ConfiguredCheck
    from console.sampler.records import Snapshot
    from console.sampler.sampler import Sampler
    from console.server.target import Target
    from console.server.trips import RoundTrip

VARIABLES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
SEND_WITHIN_S = 3.0
"""The longest that a collector may hold up the end of a command."""

LIBRARY = logging.getLogger("opentelemetry")
INSTALL = "pip install 'dbconsole[otel]'"


def start(config: Config) -> Telemetry | None:
    """Telemetry where it is configured, else None.

    Where the extra is missing: ConfigError if the configuration file asks for it; if only the environment does, which
    may be meant for others, a warning on stderr.
    """
    named = next((name for name in VARIABLES if os.environ.get(name)), None)
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not (named or config.otel.endpoint):
        return None
    try:
        return Telemetry(None if named else config.otel.endpoint, float(config.otel.interval))
    except ImportError as error:
        if named is None:
            raise ConfigError(f"{config.path}: otel.endpoint: OpenTelemetry is not installed", hint=INSTALL) from error
        warn(f"{named} is set, but OpenTelemetry is not installed: {INSTALL}")
        return None


class Telemetry:
    """OpenTelemetry's SDK with exporters to one collector; listens to every round trip until `close`.

    `endpoint` is the collector's base URL, None: the environment's. Raises ImportError without the extra.
    """

    def __init__(self, endpoint: str | None, interval_s: float) -> None:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        base = endpoint.rstrip("/") if endpoint else None
        named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "dbconsole"}
        resource = Resource.create(named | {"service.version": __version__})
        spans = OTLPSpanExporter(f"{base}/v1/traces" if base else None, timeout=SEND_WITHIN_S)
        measures = OTLPMetricExporter(f"{base}/v1/metrics" if base else None, timeout=SEND_WITHIN_S)
        self._traces = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._traces.add_span_processor(BatchSpanProcessor(spans))
        self._metrics = MeterProvider(
            [PeriodicExportingMetricReader(measures, interval_s * 1000, SEND_WITHIN_S * 1000)], resource=resource,
            shutdown_on_exit=False)
        self._tracer = self._traces.get_tracer("dbconsole", __version__)
        self._meter = self._metrics.get_meter("dbconsole", __version__)
        self._gauges: dict[str, Any] = {}
        self._trouble = _Trouble()
        LIBRARY.handlers[:] = [self._trouble]
        LIBRARY.propagate = False  # It would tell of every try, over the screen.
        trips.listeners.append(self._trip)

    @contextmanager
    def run(self) -> Iterator[None]:
        """The span that the round trips of a command are parts of."""
        with self._tracer.start_as_current_span("dbconsole.check"):
            yield

    def report(self, reports: Sequence[Report]) -> None:
        """The reports' values from now on, as the gauges that `--format prometheus` has, with dots in their names."""
        for family in families(reports):
            gauge = self._gauge(family)
            for sample in family.samples:
                gauge.set(sample.value, sample.labels)

    def follow(self, sampler: Sampler, target: Target) -> None:
        """Reports the values of each sample from now on."""
        sampler.listeners.append(lambda snapshot: self.snapshot(target.label, sampler.checks, snapshot))

    def snapshot(self, target: str, checks: Sequence[ConfiguredCheck], snapshot: Snapshot) -> None:
        """The same of a sample of the console's; of a server that is lost, that it is."""
        server = f"PostgreSQL {snapshot.info.version}" if snapshot.info else None
        results = unreachable(checks, snapshot.error) if snapshot.error else snapshot.results
        self.report([Report(target, results, snapshot.readings.rtt_ms, server)])

    def close(self, within_s: float) -> None:
        """Sends what there is and ends, in `within_s` at most; what can't be sent is told on stderr."""
        trips.listeners.remove(self._trip)
        limit_s = max(0.0, min(within_s, SEND_WITHIN_S))
        ends_s = time.monotonic() + limit_s
        # Daemons: what still hangs is left behind.
        sending = [threading.Thread(target=item.shutdown, daemon=True) for item in (self._traces, self._metrics)]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join(max(0.0, ends_s - time.monotonic()))
        LIBRARY.handlers[:] = [logging.NullHandler()]  # what is left behind says nothing more
        if any(thread.is_alive() for thread in sending):
            self._trouble.last = self._trouble.last or f"no answer in {fmt.duration(limit_s)}"
        if self._trouble.last:
            warn(f"telemetry was not sent: {self._trouble.last}")

    def _gauge(self, family: Family) -> Any:
        if family.name not in self._gauges:
            name = family.name.replace("_", ".")
            self._gauges[family.name] = self._meter.create_gauge(name, description=family.help)
        return self._gauges[family.name]

    def _trip(self, trip: RoundTrip) -> None:
        from opentelemetry.trace import SpanKind, StatusCode

        attributes: dict[str, Any] = {
            "db.system.name": "postgresql", "dbconsole.target": trip.target.label, "dbconsole.reads": list(trip.reads)}
        attributes |= {name: value for name, value in (
            ("db.namespace", trip.info.database), ("server.address", trip.info.host), ("server.port", trip.info.port),
        ) if value}
        span = self._tracer.start_span("dbconsole.read", kind=SpanKind.CLIENT, attributes=attributes,
                                       start_time=trip.began_ns)
        if trip.error is not None:
            span.set_status(StatusCode.ERROR, trip.error)
        span.end(trip.ended_ns)


class _Trouble(logging.Handler):
    """Keeps the last complaint of OpenTelemetry's exporters in a line."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.last = redaction.masked(" ".join(record.getMessage().split()))[:300]
