"""`dbconsole --check --listen`: the checks' results at /metrics for Prometheus (extra `prometheus`)."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from console.check.exposition import families
from console.check.records import Report
from console.commands.check import check_all, checks_within, ready
from console.commands.output import say
from console.errors import ConsoleError, UsageError

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

    from console.commands.opening import Opening

CheckAll = Callable[[], Awaitable[list[Report]]]


def address(text: str) -> tuple[str, int]:
    """Host and port of "9187" (this machine alone), "0.0.0.0:9187" or "[::]:9187". Raises UsageError."""
    found = re.fullmatch(r"(?:(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]]+)):)?(?P<port>\d{1,5})", text)
    if found is None or int(found["port"]) > 65535:
        raise UsageError(f"--listen {text}: is no address", hint="PORT, HOST:PORT or [IPv6]:PORT")
    return found["six"] or found["host"] or "127.0.0.1", int(found["port"])


async def run(opening: Opening) -> int:
    """Serves the checks of the targets that the options name. Raises UsageError, ConsoleError."""
    options, telemetry = opening.options, opening.telemetry()
    if options.format:
        raise UsageError("--listen has a format of its own", hint="leave --format out")
    where, checks = address(options.listen), checks_within(opening.config, options.only, options.timeout)
    found, failed = await ready(options.targets, opening.find)

    async def ask() -> list[Report]:
        with telemetry.run() if telemetry else nullcontext():
            reports = await check_all(found, checks, failed=failed, timeout_s=options.timeout,
                                      services=opening.services)
        if telemetry:
            telemetry.report(reports)
        return reports

    try:
        return await listen(where, ask, interval_s=options.interval)
    finally:
        if telemetry:
            telemetry.close(1.0)


async def listen(where: tuple[str, int], check_all: CheckAll, *, interval_s: float,
                 listening: Callable[[int], object] = lambda port: None) -> int:
    """Serves until interrupted. A scrape gets the last reports if they are younger than `interval_s`, else it has the
    checks run; several at once wait for the same run.

    `listening` is told the port, which the system chooses where 0 was asked for.
    Raises UsageError without the extra, ConsoleError where the address can't be had.
    """
    try:
        from prometheus_client import CollectorRegistry, start_http_server
    except ImportError as error:
        raise UsageError("--listen needs the extra prometheus", hint="pip install 'dbconsole[prometheus]'") from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(collector(check_all, asyncio.get_running_loop(), interval_s))
    host, port = where
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ConsoleError(f"--listen {host}:{port}: {error.strerror or error}",
                           hint="another program may listen there already") from error
    say(f"dbconsole: metrics at http://{f'[{host}]' if ':' in host else host}:{server.server_port}/metrics")
    listening(server.server_port)
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
    return 0


def collector(check_all: CheckAll, loop: asyncio.AbstractEventLoop, interval_s: float) -> Collector:
    """What prometheus_client asks, in a thread of its own, at every scrape."""
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector

    asking = asyncio.Lock()
    latest: list[Report] = []
    taken_s = -float("inf")

    async def reports() -> list[Report]:
        nonlocal latest, taken_s
        async with asking:
            if time.monotonic() - taken_s >= interval_s:
                latest = await check_all()
                taken_s = time.monotonic()
            return latest

    class Checks(Collector):
        def collect(self) -> Iterator[Any]:
            for family in families(asyncio.run_coroutine_threadsafe(reports(), loop).result()):
                gauge = GaugeMetricFamily(family.name, family.help)
                for sample in family.samples:
                    gauge.add_sample(family.name, sample.labels, sample.value)
                yield gauge

        def describe(self) -> Iterator[Any]:
            return iter(())

    return Checks()
