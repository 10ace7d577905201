"""A proxy in front of a server that counts round trips and can delay or freeze what passes: a slow link."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from msgspec import Struct, field
from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Proxy(Struct):
    """`round_trips` counts how often the client, having got an answer, sent something more.

    `delay_s` is added each way. `conninfo` connects through it.
    """

    conninfo: str
    delay_s: float = 0.0
    round_trips: int = 0
    connections: int = 0
    bytes_down: int = 0
    flowing: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def proxied(conninfo: str, delay_s: float = 0.0) -> AsyncIterator[Proxy]:
    """A proxy on loopback in front of `conninfo`'s server (a socket folder, or host and port)."""
    parts = conninfo_to_dict(conninfo)
    host, port = str(parts.pop("host")), int(parts.pop("port", 5432))
    proxy = Proxy("", delay_s)
    proxy.flowing.set()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        proxy.connections += 1
        if host.startswith("/"):
            far_reader, far_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        answered = True

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, upwards: bool) -> None:
            nonlocal answered
            due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

            async def deliver() -> None:
                data = b"more"
                while data:  # the end of the stream, too, arrives when it is due
                    at, data = await due.get()
                    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))
                    await proxy.flowing.wait()
                    sink.write(data)
                    await sink.drain()

            sender = asyncio.ensure_future(deliver())
            tasks.add(sender)
            data = b"more"
            try:
                while data:
                    try:
                        data = await source.read(65536)
                    except ConnectionError:
                        data = b""
                    if upwards:
                        proxy.round_trips += answered and bool(data)
                        answered = answered and not data
                    elif data:
                        proxy.bytes_down += len(data)
                        answered = True
                    await due.put((asyncio.get_running_loop().time() + proxy.delay_s, data))
                with suppress(ConnectionError):
                    await sender
            finally:
                sender.cancel()
                sink.close()

        for task in (asyncio.ensure_future(pump(reader, far_writer, True)),
                     asyncio.ensure_future(pump(far_reader, writer, False))):
            tasks.add(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    own_port = server.sockets[0].getsockname()[1]
    parts |= {"host": "127.0.0.1", "port": str(own_port), "sslmode": "disable", "gssencmode": "disable"}
    proxy.conninfo = make_conninfo("", **parts)
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def slow_link(conninfo: str, delay_s: float) -> Iterator[Proxy]:
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
