"""Text to a vector: an OpenAI-compatible endpoint, a command, or a function that is handed in.

A key is taken from the environment when it is needed; it is in no message, no log, and no command line of ours.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from console import process, redaction
from console.config import EmbedderConfig
from console.errors import ConsoleError, UsageError
from console.redaction import masked
from console.text import format as fmt
from console.text.parse import command_words
from console.waiting import waiting_for

if TYPE_CHECKING:
    import ssl

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
        try:
            done = await process.run(command_words(self.command), within_s=self.timeout_s, given=text.encode())
        except TimeoutError:
            raise EmbedderFailed(f"embedder {self.name}: no answer in {self.timeout_s:g} s",
                                 hint="its timeout is embedders.NAME.timeout") from None
        except (OSError, ValueError) as error:
            raise EmbedderFailed(f"embedder {self.name}: {getattr(error, 'strerror', None) or error}",
                                 hint="its command is a program with arguments") from None
        if done.exit_status:
            raise EmbedderFailed(f"embedder {self.name}: the command ended with {done.exit_status}",
                                 detail=masked(done.complaint.decode("utf-8", "replace").strip())[-2000:] or None)
        return _checked(self.name, _json(self.name, done.output), dimensions)


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
            key = os.environ.get(self.key_env, "").strip()
            if not key:
                raise EmbedderFailed(f"embedder {self.name}: the environment variable {self.key_env} is not set",
                                     hint="it holds the key of the endpoint")
            redaction.keep(key)
        body: dict[str, Any] = {"model": self.model, "input": text}
        if self.sends_dimensions and dimensions is not None:
            body["dimensions"] = dimensions
        document = _json(self.name, await self._post(json.dumps(body).encode(), key))
        try:
            vector = document["data"][0]["embedding"]
        except (KeyError, IndexError, TypeError):
            raise EmbedderFailed(f"embedder {self.name}: the answer has no data[0].embedding",
                                 hint=f"is {self.url} an OpenAI-compatible endpoint?") from None
        return _checked(self.name, vector, dimensions)

    async def _post(self, body: bytes, key: str | None) -> bytes:
        """What the endpoint answers. It goes no further than there: a redirect would carry the key to another host."""
        httpx = await asyncio.to_thread(import_module, "httpx")  # a tenth of a second, at the first text
        address = self.url.rstrip("/")
        if not address.endswith("/embeddings"):
            address += "/embeddings"
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "dbconsole"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        try:
            async with (asyncio.timeout(self.timeout_s),
                        httpx.AsyncClient(timeout=None, verify=_authorities(address)) as client,
                        client.stream("POST", address, content=body, headers=headers) as response):
                answer = bytearray()
                async for piece in response.aiter_bytes():
                    answer += piece
                    if len(answer) > MOST_BYTES:
                        raise EmbedderFailed(f"embedder {self.name}: the answer is larger than {fmt.size(MOST_BYTES)}")
        except TimeoutError:
            raise EmbedderFailed(f"embedder {self.name}: no answer in {self.timeout_s:g} s",
                                 hint="its timeout is embedders.NAME.timeout") from None
        except httpx.LocalProtocolError:  # its words repeat the header
            raise EmbedderFailed(f"embedder {self.name}: the key in {self.key_env} can't be sent",
                                 hint="it must be one line of ASCII") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise EmbedderFailed(f"embedder {self.name}: {self.url} can't be reached: {_reason(error)}"
                                 ) from None
        if not response.is_success:
            raise self._refused(response.status_code, response.reason_phrase, response.headers, answer)
        return bytes(answer)

    def _refused(self, status: int, reason: str, headers: Mapping[str, str], answer: bytearray) -> EmbedderFailed:
        hint = None
        if status in (401, 403) and self.key_env:
            hint = f"the key in {self.key_env} is refused"
        elif status in (301, 302, 303, 307, 308):
            hint = "give the new address as url: a redirect is not followed, since it would carry the key"
        words = answer.decode("utf-8", "replace").strip() or headers.get("location", "")
        return EmbedderFailed(f"embedder {self.name}: HTTP {status} {reason}", hint=hint,
                              detail=masked(words)[:500] or None)


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
    with waiting_for(f"the embedder {embedder.name}"):
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
        beginning = masked(answer[:MOST_TEXT].decode("utf-8", "replace").strip())[:80]
        raise EmbedderFailed(f"embedder {name}: the answer is not JSON", detail=beginning or "it is empty") from None


def _authorities(address: str) -> ssl.SSLContext | bool:
    """Whom to trust: the machine's own certificate authorities, as other programs here do. Nobody without TLS."""
    if not address.lower().startswith("https:"):
        return False
    import ssl

    return ssl.create_default_context()


def _reason(error: BaseException) -> str:
    """What the operating system says, where it is that; httpx hides it behind words of its own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
