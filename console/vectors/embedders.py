"""Text to a vector: an OpenAI-compatible endpoint, a command, or a function that is handed in.

A key is taken from the environment when it is needed; it is in no message, no log, and no command line of ours.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from console.config import EmbedderConfig
from console.errors import ConsoleError, UsageError

MOST_BYTES = 8 * 1024 * 1024
MOST_TEXT = 200_000


class EmbedderFailed(ConsoleError):
    """The embedder gave no vector: it is down, slow, refuses, or answers something else."""


class Embedder(Protocol):
    """Something that turns text into numbers. `name` is for people."""

    @property
    def name(self) -> str: ...

    async def embed(self, text: str, dimensions: int | None) -> list[float]:
        """The vector of `text`; `dimensions` is what the column has. Raises EmbedderFailed."""
        ...


class FunctionEmbedder(Struct, frozen=True):
    """A function of this program, such as the demo's: text and dimensions to numbers."""

    name: str
    function: Callable[[str, int], Sequence[float]]
    usual_dimensions: int = 384

    async def embed(self, text: str, dimensions: int | None) -> list[float]:
        return list(await asyncio.to_thread(self.function, text, dimensions or self.usual_dimensions))


class CommandEmbedder(Struct, frozen=True):
    """A program that reads text on its standard input and prints a JSON array of numbers. `timeout_s` in seconds."""

    name: str
    command: str
    timeout_s: float = 20.0

    async def embed(self, text: str, dimensions: int | None) -> list[float]:
        process = await asyncio.create_subprocess_shell(
            self.command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, start_new_session=True)
        try:
            output, complaint = await asyncio.wait_for(process.communicate(text.encode()), self.timeout_s)
        except (TimeoutError, asyncio.CancelledError) as error:
            _end(process.pid)
            await process.wait()
            if isinstance(error, asyncio.CancelledError):
                raise
            raise EmbedderFailed(f"embedder {self.name}: no answer in {self.timeout_s:g} s",
                                 hint="its timeout is embedders.NAME.timeout") from None
        if process.returncode:
            raise EmbedderFailed(f"embedder {self.name}: the command ended with {process.returncode}",
                                 detail=complaint.decode("utf-8", "replace").strip()[-2000:] or None)
        return _checked(self.name, _json(self.name, output), dimensions)


class HttpEmbedder(Struct, frozen=True):
    """POST {url}/embeddings as OpenAI, Ollama, vLLM, TEI and LM Studio serve it. `key_env` names the variable that
    holds the key, None where none is needed; `timeout_s` in seconds."""

    name: str
    url: str
    model: str
    key_env: str | None = None
    timeout_s: float = 20.0
    sends_dimensions: bool = False

    async def embed(self, text: str, dimensions: int | None) -> list[float]:
        key = None
        if self.key_env is not None:
            key = os.environ.get(self.key_env)
            if not key:
                raise EmbedderFailed(f"embedder {self.name}: the environment variable {self.key_env} is not set",
                                     hint="it holds the key of the endpoint")
        body: dict[str, Any] = {"model": self.model, "input": text}
        if self.sends_dimensions and dimensions is not None:
            body["dimensions"] = dimensions
        try:
            answer = await asyncio.wait_for(asyncio.to_thread(self._post, body, key), self.timeout_s + 1)
        except TimeoutError:
            raise EmbedderFailed(f"embedder {self.name}: no answer in {self.timeout_s:g} s",
                                 hint="its timeout is embedders.NAME.timeout") from None
        document = _json(self.name, answer)
        try:
            vector = document["data"][0]["embedding"]
        except (KeyError, IndexError, TypeError):
            raise EmbedderFailed(f"embedder {self.name}: the answer has no data[0].embedding",
                                 hint=f"is {self.url} an OpenAI-compatible endpoint?") from None
        return _checked(self.name, vector, dimensions)

    def _post(self, body: dict[str, Any], key: str | None) -> bytes:
        from urllib.error import HTTPError, URLError
        from urllib.request import HTTPRedirectHandler, Request, build_opener

        class NoRedirects(HTTPRedirectHandler):
            def redirect_request(self, *_: Any) -> None:
                """A redirect could carry the key to another host: it is an error."""

        headers = {"Content-Type": "application/json", "User-Agent": "dbconsole"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        address = self.url.rstrip("/")
        if not address.endswith("/embeddings"):
            address += "/embeddings"
        try:
            request = Request(address, json.dumps(body).encode(), headers)
            with build_opener(NoRedirects).open(request, timeout=self.timeout_s) as response:
                answer = bytes(response.read(MOST_BYTES + 1))
        except HTTPError as error:
            words = error.read(2000).decode("utf-8", "replace").strip()
            if key:
                words = words.replace(key, "***")
            hint = f"the key in {self.key_env} is refused" if error.code in (401, 403) and self.key_env else None
            raise EmbedderFailed(f"embedder {self.name}: HTTP {error.code} {error.reason}", detail=words[:500] or None,
                                 hint=hint) from None
        except TimeoutError:
            raise EmbedderFailed(f"embedder {self.name}: no answer in {self.timeout_s:g} s") from None
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise EmbedderFailed(f"embedder {self.name}: {self.url} can't be reached: {_without(str(reason), key)}"
                                 ) from None
        if len(answer) > MOST_BYTES:
            raise EmbedderFailed(f"embedder {self.name}: the answer is larger than {MOST_BYTES >> 20} MiB")
        return answer


def configured(config: EmbedderConfig) -> Embedder:
    """The embedder of a `[embedders.NAME]` table. Raises UsageError where it says neither url nor command, or both."""
    if (config.url is None) == (config.command is None):
        raise UsageError(f"embedders.{config.name}: give either url (and model) or command")
    if config.command is not None:
        return CommandEmbedder(config.name, config.command, float(config.timeout))
    if config.model is None or config.url is None:
        raise UsageError(f"embedders.{config.name}: model is missing")
    return HttpEmbedder(config.name, config.url, config.model, config.key_env, float(config.timeout),
                        config.send_dimensions)


def chosen(configs: Mapping[str, EmbedderConfig], column: str, name: str | None, spare: Embedder | None) -> Embedder:
    """The embedder of that name, else the column's own, the only one, or `spare` (the demo's). Raises UsageError."""
    if name is not None:
        if name in configs:
            return configured(configs[name])
        if spare is not None and name == spare.name:
            return spare
        raise UsageError(f"there is no embedder {name!r}",
                         hint=f"known: {', '.join(configs) or 'none is configured'}")
    own = [config for config in configs.values() if column in config.columns]
    if own or (len(configs) == 1 and spare is None):
        return configured(own[0] if own else next(iter(configs.values())))
    if spare is not None:
        return spare
    if configs:
        raise UsageError(f"several embedders are configured, and none for {column}",
                         hint=f"choose one: {' or '.join(configs)}")
    raise UsageError("no embedder is configured, so a text can't become a vector",
                     hint='[embedders.NAME] with url and model, or command, in the configuration')


async def embed(embedder: Embedder, text: str, dimensions: int | None) -> list[float]:
    """The vector of a person's text, as many dimensions as the column has. Raises EmbedderFailed, UsageError."""
    if not text.strip():
        raise UsageError("the text is empty: there is nothing to search for")
    if len(text) > MOST_TEXT:
        raise UsageError(f"the text has {len(text)} characters, at most {MOST_TEXT} are embedded")
    found = await embedder.embed(text, dimensions)
    return _checked(embedder.name, found, dimensions)


def _checked(name: str, found: Any, dimensions: int | None) -> list[float]:
    if isinstance(found, dict) and "embedding" in found:
        found = found["embedding"]
    if isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    if not isinstance(found, list) or not found or not all(
            isinstance(item, int | float) and not isinstance(item, bool) and math.isfinite(item) for item in found):
        raise EmbedderFailed(f"embedder {name}: the answer is no array of finite numbers")
    if dimensions is not None and len(found) != dimensions:
        raise EmbedderFailed(f"embedder {name}: it gives {len(found)} dimensions, the column has {dimensions}",
                             hint="the column was filled by another model")
    return [float(item) for item in found]


def _json(name: str, answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        beginning = answer[:80].decode("utf-8", "replace").strip()
        raise EmbedderFailed(f"embedder {name}: the answer is not JSON", detail=beginning or "it is empty") from None


def _without(text: str, key: str | None) -> str:
    return text.replace(key, "***") if key else text


def _end(pid: int) -> None:
    """Ends the command and what it started: it is a process group of its own."""
    import signal

    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
