"""A proxy in front of a server that counts round trips and can delay, hold or cut what passes: a bad link."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from msgspec import Struct, field
from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy(Struct):
    """`round_trips` counts how often the client, having got an answer, sent something more.

    `delay_s` is added each way, and up to `jitter_s` by chance. `conninfo` connects through it. Its methods may be
    called from other threads.
    """

    conninfo: str
    upstream: tuple[str, int]
    loop: asyncio.AbstractEventLoop
    delay_s: float = 0.0
    jitter_s: float = 0.0
    round_trips: int = 0
    connections: int = 0
    bytes_down: int = 0
    is_cut: bool = False
    flowing_up: asyncio.Event = field(default_factory=asyncio.Event)
    flowing_down: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    transports: set[asyncio.WriteTransport] = field(default_factory=set)

    def hold(self, *, up: bool = True, down: bool = True) -> None:
        """Keeps what comes, one way or both, until `let_go`, as a black hole does."""
        for event, held in ((self.flowing_up, up), (self.flowing_down, down)):
            self.loop.call_soon_threadsafe(event.clear if held else event.set)

    def let_go(self) -> None:
        self.hold(up=False, down=False)

    def cut(self) -> None:
        """Resets all connections, and new ones at once, until `join`."""
        self.is_cut = True
        for transport in self.transports:
            self.loop.call_soon_threadsafe(transport.abort)

    def join(self) -> None:
        self.is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes one connection on."""
        self.connections += 1
        if self.is_cut:
            writer.transport.abort()
            return
        host, port = self.upstream
        if host.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        self.transports |= {writer.transport, far_writer.transport}
        link = _Link(self)
        for pump in (link.pump(reader, far_writer, True), link.pump(far_reader, writer, False)):
            self.tasks.add(asyncio.ensure_future(pump))


class _Link:
    """One connection: two pumps that share whether the client has been answered."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._answered = True

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, upwards: bool) -> None:
        proxy = self._proxy
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.ensure_future(self._deliver(due, sink, proxy.flowing_up if upwards else proxy.flowing_down))
        proxy.tasks.add(sender)
        data = b"more"
        try:
            while data:
                try:
                    data = await source.read(65536)
                except ConnectionError:
                    data = b""
                if upwards:
                    proxy.round_trips += self._answered and bool(data)
                    self._answered = self._answered and not data
                elif data:
                    proxy.bytes_down += len(data)
                    self._answered = True
                late_s = proxy.delay_s + random.uniform(0, proxy.jitter_s)
                await due.put((proxy.loop.time() + late_s, data))
            with suppress(ConnectionError):
                await sender
        finally:
            sender.cancel()
            sink.close()

    async def _deliver(self, due: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter,
                       flowing: asyncio.Event) -> None:
        data = b"more"
        while data:  # the end of the stream, too, arrives when it is due
            at, data = await due.get()
            await asyncio.sleep(max(0.0, at - self._proxy.loop.time()))
            await flowing.wait()
            sink.write(data)
            await sink.drain()


@asynccontextmanager
async def proxied(conninfo: str, delay_s: float = 0.0) -> AsyncIterator[Proxy]:
    """A proxy on loopback in front of `conninfo`'s server (a socket folder, or host and port)."""
    parts = conninfo_to_dict(conninfo)
    upstream = str(parts.pop("host")), int(parts.pop("port", 5432))
    proxy = Proxy("", upstream, asyncio.get_running_loop(), delay_s)
    proxy.let_go()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    own_port = server.sockets[0].getsockname()[1]
    parts |= {"host": "127.0.0.1", "port": str(own_port), "sslmode": "disable", "gssencmode": "disable"}
    proxy.conninfo = make_conninfo("", **parts)
    try:
        yield proxy
    finally:
        server.close()
        for task in proxy.tasks:
            task.cancel()
        await asyncio.gather(*proxy.tasks, return_exceptions=True)


@contextmanager
def slow_link(conninfo: str, delay_s: float = 0.0) -> Iterator[Proxy]:
    """The same proxy in a thread of its own, for tests that wait for a terminal and have no event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="slow link")
    thread.start()
    proxying = proxied(conninfo, delay_s)
    try:
        yield asyncio.run_coroutine_threadsafe(proxying.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(proxying.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
