"""A small HTTP server for pages that are read: GET and HEAD, one request a connection.

Whoever is slow to ask or to read is hung up on, so that nobody holds it up; where the configuration wants it, whoever
asks says who they are.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from msgspec import Struct

from console.config import ListenConfig
from console.errors import ConfigError, ConsoleError
from console.text.sanitiser import single_line

MOST_CLIENTS = 256
"""So many may be connected at a time; the next one is told so."""

HEAD_BYTES = 16 * 1024
HEAD_WITHIN_S, READ_WITHIN_S = 5.0, 10.0

_log = logging.getLogger("console.listen")


class Page(Struct, frozen=True):
    """An answer: `status` with its words ("200 OK"), the content's type, and the content."""

    status: str
    kind: str
    text: str


Show = Callable[[], Awaitable[Page]]


def plain(status: str, text: str) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{text}\n")


class Access(Struct, frozen=True):
    """Who may ask: the values of the Authorization header that are let in; everybody where there is none."""

    token: str | None = None
    user: str | None = None
    password: str | None = None

    def lets(self, header: str) -> bool:
        if self.token is None and self.user is None:
            return True
        scheme, _, given = header.strip().partition(" ")
        if scheme.lower() == "bearer" and self.token is not None:
            return hmac.compare_digest(given.strip().encode(), self.token.encode())
        if scheme.lower() == "basic" and self.user is not None:
            with suppress(ValueError):  # binascii.Error, and characters beyond ASCII
                wanted = f"{self.user}:{self.password}".encode()
                return hmac.compare_digest(base64.b64decode(given.strip(), validate=True), wanted)
        return False

    @property
    def challenge(self) -> str:
        """The schemes, as WWW-Authenticate has them."""
        named = ("Basic" if self.user is not None else None, "Bearer" if self.token is not None else None)
        return ", ".join(f'{scheme} realm="dbconsole"' for scheme in named if scheme)


EVERYBODY = Access()


def access(config: ListenConfig) -> Access:
    """Who may ask by the configuration. Raises ConfigError where a variable that it names is not set or empty."""
    return Access(_secret("token_env", config.token_env), config.user, _secret("password_env", config.password_env))


def _secret(key: str, variable: str | None) -> str | None:
    if variable is None:
        return None
    if value := os.environ.get(variable, "").strip():
        return value
    raise ConfigError(f"listen.{key}: the environment variable {variable} is not set",
                      hint="nobody is served who should have to say who they are")


class Pages:
    """Answers with the page of a path, 404 for a path that has none."""

    def __init__(self, pages: Mapping[str, Show], access: Access) -> None:
        self._pages = pages
        self._access = access
        self._clients = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients += 1
        try:
            with suppress(TimeoutError, EOFError, asyncio.LimitOverrunError, ConnectionError):
                if self._clients > MOST_CLIENTS:
                    return await _say(writer, plain("503 Service Unavailable", "too many clients"))
                async with asyncio.timeout(HEAD_WITHIN_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                await self._answer(writer, head.decode("latin-1"))
        finally:
            self._clients -= 1
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()
            else:
                writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, head: str) -> None:
        line, *fields = head.split("\r\n")
        method, _, rest = line.partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method not in ("GET", "HEAD"):
            return await _say(writer, plain("405 Method Not Allowed", "GET and HEAD alone"), "Allow: GET, HEAD")
        given = next((value for name, _, value in (field.partition(":") for field in fields)
                      if name.strip().lower() == "authorization"), "")
        if not self._access.lets(given):
            peer = writer.get_extra_info("peername") or ("?",)
            _log.warning("%s was refused: %s", single_line(path), single_line(str(peer[0])))
            return await _say(writer, plain("401 Unauthorized", "who asks?"),
                              f"WWW-Authenticate: {self._access.challenge}")
        show = self._pages.get(path)
        page = plain("404 Not Found", f"there are {', '.join(self._pages)}") if show is None else await _shown(show)
        await _say(writer, page, with_body=method == "GET")


async def _shown(show: Show) -> Page:
    try:
        return await show()
    except ConsoleError as error:
        _log.error("%s", error.summary)
        return plain("500 Internal Server Error", error.summary)


async def _say(writer: asyncio.StreamWriter, page: Page, *headers: str, with_body: bool = True) -> None:
    body = page.text.encode("utf-8", "replace")
    lines = (f"HTTP/1.1 {page.status}", f"Content-Type: {page.kind}", f"Content-Length: {len(body)}",
             "Cache-Control: no-store", *headers, "Connection: close", "", "")
    writer.write("\r\n".join(lines).encode("latin-1") + (body if with_body else b""))
    async with asyncio.timeout(READ_WITHIN_S):
        await writer.drain()
