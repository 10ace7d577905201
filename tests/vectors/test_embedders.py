"""Embedders against a real endpoint of our own and real commands: what they give, and how each failure is told."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from console.config import Duration, EmbedderConfig
from console.errors import UsageError
from console.vectors.embedders import (
    CommandEmbedder,
    EmbedderFailed,
    FunctionEmbedder,
    HttpEmbedder,
    configured,
    embed,
)

KEY = "sk-very-secret-0123"


class Endpoint(BaseHTTPRequestHandler):
    """/ok answers as OpenAI does; the other paths each fail in one way."""

    received: ClassVar[list[str]] = []
    """The Authorization of each request."""
    ANSWERS: ClassVar[dict[str, str]] = {
        "/html": "<html>hello</html>", "/shape": '{"vectors": []}', "/nan": '{"data": [{"embedding": [NaN, 1, 2]}]}',
        "/large": "[" + "1," * (6 << 20) + "1]"}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removesuffix("/embeddings")
        authorization = self.headers.get("Authorization", "")
        self.received.append(authorization)
        status, answer = 200, json.dumps({"data": [{"embedding": [0.5, float(len(body["input"])), 1]}]})
        if path in self.ANSWERS:
            answer = self.ANSWERS[path]
        match path:
            case "/key" if authorization != f"Bearer {KEY}":
                status, answer = 401, f"bad key {authorization}"
            case "/echo":
                status, answer = 500, f"failed with {authorization}"
            case "/slow":
                time.sleep(1.5)
            case "/away":
                status = 307
            case _ if path.startswith("/elsewhere/"):
                status = 308
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/ok/embeddings")
        elif status == 308:
            self.send_header("Location", f"http://127.0.0.1:{path.rpartition('/')[2]}/ok/embeddings")
        self.end_headers()
        with suppress(ConnectionError):
            if path == "/drip":
                for piece in answer:
                    self.wfile.write(piece.encode())
                    time.sleep(0.2)
            self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(Endpoint) as port:
        yield f"http://127.0.0.1:{port}"


async def test_endpoint(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await embed(HttpEmbedder("e", address + "/ok", "m"), "four", 3) == [0.5, 4.0, 1.0]
    monkeypatch.setenv("TEST_KEY", KEY)
    assert await embed(HttpEmbedder("e", address + "/key/", "m", "TEST_KEY"), "x", 3) == [0.5, 1.0, 1.0]


@pytest.mark.parametrize(("path", "words"), [
    ("/html", "is not JSON"), ("/shape", "no data"), ("/nan", "no array of finite numbers"), ("/slow", "no answer in"),
    ("/echo", "HTTP 500"), ("/away", "HTTP 307"), ("/drip", "no answer in"),
])
async def test_endpoint_that_fails(address: str, path: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)
    with pytest.raises(EmbedderFailed, match=words) as told:
        timeout_s = 0.5 if words == "no answer in" else 30
        await embed(HttpEmbedder("e", address + path, "m", "TEST_KEY", timeout_s), "x", 3)
    assert KEY not in "\n".join(told.value.lines())


async def test_an_endless_answer_is_not_kept(address: str) -> None:
    with pytest.raises(EmbedderFailed, match=r"larger than 8\.0 MB"):
        await embed(HttpEmbedder("e", address + "/large", "m"), "x", 3)


async def test_a_redirect_carries_no_key_to_another_host(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stranger(Endpoint):
        received: ClassVar[list[str]] = []

    monkeypatch.setenv("TEST_KEY", KEY)
    Endpoint.received.clear()
    with serving(Stranger) as port, pytest.raises(EmbedderFailed, match="HTTP 308") as told:
        await embed(HttpEmbedder("e", f"{address}/elsewhere/{port}", "m", "TEST_KEY"), "x", 3)
    assert Endpoint.received == [f"Bearer {KEY}"] and Stranger.received == []
    assert "redirect" in (told.value.hint or "")


@pytest.mark.parametrize("key", ["sk-secret\nX-Other: 1", "sk-s\u00e9cret"])
async def test_a_key_that_is_no_header_is_not_repeated(address: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", key)
    with pytest.raises(EmbedderFailed) as told:
        await embed(HttpEmbedder("e", address + "/ok", "m", "TEST_KEY"), "x", 3)
    assert "cret" not in "\n".join(told.value.lines())


async def test_giving_up_waits_for_no_endpoint(address: str) -> None:
    asking = asyncio.ensure_future(embed(HttpEmbedder("e", address + "/slow", "m"), "x", 3))
    await asyncio.sleep(0.5)
    begun = time.monotonic()
    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled() and time.monotonic() - begun < 0.5


async def test_endpoint_that_is_down_or_wants_a_key(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbedderFailed, match="can't be reached"):
        await embed(HttpEmbedder("e", "http://127.0.0.1:9", "m"), "x", 3)
    monkeypatch.setenv("TEST_KEY", "wrong-secret")
    with pytest.raises(EmbedderFailed, match="HTTP 401") as told:
        await embed(HttpEmbedder("e", address + "/key", "m", "TEST_KEY"), "x", 3)
    assert "wrong-secret" not in "\n".join(told.value.lines()) and "TEST_KEY" in (told.value.hint or "")
    monkeypatch.delenv("TEST_KEY")
    with pytest.raises(EmbedderFailed, match="TEST_KEY is not set"):
        await embed(HttpEmbedder("e", address, "m", "TEST_KEY"), "x", 3)


async def test_dimensions_must_fit(address: str) -> None:
    with pytest.raises(EmbedderFailed, match="gives 3 dimensions, the column has 384"):
        await embed(HttpEmbedder("e", address + "/ok", "m"), "x", 384)
    with pytest.raises(UsageError, match="the text is empty"):
        await embed(HttpEmbedder("e", address + "/ok", "m"), " ", 3)


def python(code: str) -> str:
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}"


async def test_command() -> None:
    echo = python("import sys, json; print(json.dumps([len(sys.stdin.read()), 2.5]))")
    assert await embed(CommandEmbedder("c", echo), "häh", 2) == [3.0, 2.5]
    with pytest.raises(EmbedderFailed, match="ended with 3") as told:
        await embed(CommandEmbedder("c", python("import sys; sys.stderr.write('no model'); sys.exit(3)")), "x", 2)
    assert told.value.detail == "no model"
    with pytest.raises(EmbedderFailed, match="not JSON"):
        await embed(CommandEmbedder("c", "echo hello"), "x", 2)
    begun = time.monotonic()
    with pytest.raises(EmbedderFailed, match=r"no answer in 0\.3 s"):
        await embed(CommandEmbedder("c", "sleep 30", 0.3), "x", 2)
    assert time.monotonic() - begun < 15


async def test_function() -> None:
    found = FunctionEmbedder("demo", lambda text, dimensions: [1.0] * dimensions)
    assert await embed(found, "x", 4) == [1.0] * 4


def test_configuration_makes_one() -> None:
    command = configured(EmbedderConfig(name="a", command="cat", timeout=Duration(3)))
    assert command == CommandEmbedder("a", "cat", 3.0)
    http = configured(EmbedderConfig(name="b", url="http://x/v1", model="m", key_env="K"))
    assert http == HttpEmbedder("b", "http://x/v1", "m", "K", 20.0)
    for wrong in (EmbedderConfig(name="x"), EmbedderConfig(name="x", url="u"),
                  EmbedderConfig(name="x", url="u", model="m", command="c")):
        with pytest.raises(UsageError):
            configured(wrong)
