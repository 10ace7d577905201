"""`dbconsole --check --listen`: the checks' results at /metrics for Prometheus."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

from console.check.exposition import as_prometheus
from console.check.records import Report
from console.commands.check import check_all, checks_within, ready
from console.commands.output import say
from console.errors import ConsoleError, UsageError

if TYPE_CHECKING:
    from console.commands.opening import Opening

MOST_CLIENTS = 256
"""So many may be connected at a time; the next one is told so."""

HEAD_BYTES = 16 * 1024
HEAD_WITHIN_S, READ_WITHIN_S = 5.0, 10.0

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
    Raises ConsoleError where the address can't be had.
    """
    host, port = where
    try:
        server = await asyncio.start_server(Scrapes(check_all, interval_s).serve, host, port, limit=HEAD_BYTES)
    except OSError as error:
        raise ConsoleError(f"--listen {host}:{port}: {os.strerror(error.errno) if error.errno else error}",
                           hint="another program may listen there already") from error
    port = server.sockets[0].getsockname()[1]
    say(f"dbconsole: metrics at http://{f'[{host}]' if ':' in host else host}:{port}/metrics")
    listening(port)
    try:
        await asyncio.Event().wait()
    finally:
        server.close()  # and nobody is waited for who still reads
    return 0


class Scrapes:
    """Answers GET and HEAD of /metrics, one request a connection. Whoever is slow to ask or to read is hung up on."""

    def __init__(self, check_all: CheckAll, interval_s: float) -> None:
        self._check_all = check_all
        self._interval_s = interval_s
        self._asking = asyncio.Lock()
        self._text = ""
        self._taken_s = -float("inf")
        self._clients = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            with suppress(TimeoutError, EOFError, asyncio.LimitOverrunError, ConnectionError):
                if self._clients > MOST_CLIENTS:
                    return await _say(writer, "503 Service Unavailable", "too many clients\n")
                async with asyncio.timeout(HEAD_WITHIN_S):
                    line, _, _ = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
                method, _, rest = line.decode("latin-1").partition(" ")
                path = rest.partition(" ")[0].partition("?")[0]
                if method not in ("GET", "HEAD"):
                    await _say(writer, "405 Method Not Allowed", "GET /metrics\n")
                elif path not in ("/", "/metrics"):
                    await _say(writer, "404 Not Found", "GET /metrics\n")
                else:
                    await _say(writer, *await self._answer(), with_body=method == "GET")
        finally:
            self._clients -= 1
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            else:
                writer.close()

    async def _answer(self) -> tuple[str, str]:
        try:
            return "200 OK", await self._metrics()
        except ConsoleError as error:
            return "500 Internal Server Error", f"{error.summary}\n"

    async def _metrics(self) -> str:
        async with self._asking:
            if time.monotonic() - self._taken_s >= self._interval_s:
                self._text = as_prometheus(await self._check_all(), checked_at_s=time.time()) + "\n"
                self._taken_s = time.monotonic()
            return self._text


async def _say(writer: asyncio.StreamWriter, status: str, text: str, *, with_body: bool = True) -> None:
    body = text.encode("utf-8", "replace")
    kind = "text/plain; version=0.0.4; charset=utf-8"
    writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                 "Connection: close\r\n\r\n".encode() + (body if with_body else b""))
    async with asyncio.timeout(READ_WITHIN_S):
        await writer.drain()
