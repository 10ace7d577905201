"""`dbconsole --check --listen`: the checks' results and the server's counters for Prometheus and for probes, and the
alerts' command where nobody has a console open."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

from console import log, waiting
from console.check import counters, health
from console.check.exposition import as_prometheus
from console.check.records import Report, Status
from console.clock import SystemClock
from console.commands.check import check_all, checks_within, ready
from console.commands.http_pages import EVERYBODY, HEAD_BYTES, Access, Page, Pages, Show, access
from console.commands.output import say
from console.errors import ConsoleError, UsageError
from console.sampler.alerts import Alerts
from console.sampler.notify import Notifier

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.config import AlertsConfig
    from console.server.target import Target

CheckAll = Callable[[], Awaitable[list[Report]]]

_log = logging.getLogger("console.listen")


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
    who = access(opening.config.listen)
    if options.alerts and opening.config.alerts.command is None:
        raise UsageError("--alerts: no command is configured", hint="[alerts] command = \"...\"")
    found, failed = await ready(options.targets, opening.find)
    log.show()
    watch = AlertWatch(opening.config.alerts, found) if options.alerts else None

    async def ask() -> list[Report]:
        with telemetry.run() if telemetry else nullcontext():
            reports = await check_all(found, checks, failed=failed, timeout_s=options.timeout,
                                      services=opening.services, also=counters.reads)
        if telemetry:
            telemetry.report(reports)
        if watch is not None:
            watch.take(reports)
        return reports

    try:
        return await listen(where, ask, interval_s=options.interval, who=who, asks_itself=watch is not None)
    finally:
        if watch is not None:
            await watch.close()
        if telemetry:
            telemetry.close(1.0)


async def listen(where: tuple[str, int], check_all: CheckAll, *, interval_s: float, who: Access = EVERYBODY,
                 asks_itself: bool = False, listening: Callable[[int], object] = lambda port: None) -> int:
    """Serves until interrupted. Whoever asks gets the last reports if they are younger than `interval_s`, else the
    checks are run for them; several at once wait for the same run. `asks_itself`: they are run although nobody asks.

    `listening` is told the port, which the system chooses where 0 was asked for.
    Raises ConsoleError where the address can't be had.
    """
    host, port = where
    latest = Latest(check_all, interval_s)
    try:
        server = await asyncio.start_server(Pages(pages(latest), who).serve, host, port, limit=HEAD_BYTES)
    except OSError as error:
        raise ConsoleError(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}",
                           hint="another program may listen there already") from error
    port = server.sockets[0].getsockname()[1]
    say(f"dbconsole: metrics at http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
    listening(port)
    asking = asyncio.create_task(latest.keep_asking()) if asks_itself else None
    try:
        await asyncio.Event().wait()
    finally:
        server.close()  # and nobody is waited for who still reads
        await waiting.ended(asking)
    return 0


class Latest:
    """The last reports, and the text that Prometheus gets of them, which is made once however many ask."""

    def __init__(self, check_all: CheckAll, interval_s: float) -> None:
        self._check_all = check_all
        self._interval_s = interval_s
        self._asking = asyncio.Lock()
        self._reports: list[Report] = []
        self._at = dt.datetime.fromtimestamp(0, dt.UTC)
        self._taken_s = -float("inf")
        self._statuses: dict[str, Status] = {}
        self._text: str | None = None

    async def reports(self) -> tuple[list[Report], dt.datetime]:
        """No older than the interval, and when they were taken. Raises ConsoleError."""
        async with self._asking:
            if time.monotonic() - self._taken_s >= self._interval_s:
                self._reports = await self._check_all()
                self._at, self._taken_s = dt.datetime.now(dt.UTC), time.monotonic()
                self._text = None
                self._note()
            return self._reports, self._at

    async def metrics(self) -> str:
        """Prometheus' text of them. Raises ConsoleError."""
        reports, at = await self.reports()
        if self._text is None:
            self._text = as_prometheus(reports, checked_at_s=at.timestamp(), also=counters.families(reports))
        return self._text

    def _note(self) -> None:
        for report in self._reports:
            if self._statuses.get(report.target) is not report.status:
                _log.info("%s is %s", report.target, report.status.name)
            self._statuses[report.target] = report.status

    async def keep_asking(self) -> None:
        while True:
            try:
                await self.reports()
            except ConsoleError as error:
                _log.error("%s", error.summary)
            await asyncio.sleep(max(1.0, self._interval_s))


def pages(latest: Latest) -> Mapping[str, Show]:
    """The pages by their paths."""

    async def metrics() -> Page:
        return Page("200 OK", "text/plain; version=0.0.4; charset=utf-8", f"{await latest.metrics()}\n")

    async def healthy() -> Page:
        reports, at = await latest.reports()
        documents = [health.document(report, at) for report in reports]
        status = "200 OK" if health.is_well(reports) else "503 Service Unavailable"
        return Page(status, "application/json", f"{json.dumps(documents if len(documents) > 1 else documents[0])}\n")

    async def links() -> Page:
        listed = "".join(f'<li><a href="{path}">{path}</a>: {words}</li>' for path, words in _WORDS.items())
        return Page("200 OK", "text/html; charset=utf-8", f"{_HEAD}<h1>dbconsole</h1><ul>{listed}</ul>\n")

    return {"/": links, "/metrics": metrics, "/health": healthy, "/health/db": healthy}


_HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>dbconsole</title>'
_WORDS = {
    "/metrics": "checks and counters, for Prometheus",
    "/health": "JSON; 503 where a target is critical or is not there",
    "/health/db": "the same"}


class AlertWatch:
    """Runs the alerts' command for what the reports say anew. What is bad at the beginning is told too: nobody looks.
    """

    def __init__(self, config: AlertsConfig, targets: Sequence[Target]) -> None:
        clock = SystemClock()
        self._alerts = {target.label: Alerts(tells_first=True) for target in targets}
        self._notifiers = {target.label: Notifier(config, target.label, target.environment, clock)
                           for target in targets}

    def take(self, reports: Sequence[Report]) -> None:
        for report in reports:
            if (notifier := self._notifiers.get(report.target)) is not None:
                if notifier.failure is not None:
                    _log.warning("alerts: %s", notifier.failure)
                notifier.take(self._alerts[report.target].add_sample(report.results, dt.datetime.now(dt.UTC)))

    async def close(self) -> None:
        for notifier in self._notifiers.values():
            await notifier.close()
