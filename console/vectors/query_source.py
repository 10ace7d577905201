"""What a search is for, and how it becomes a vector: a text, a row of any table, a vector typed or in a file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import BinaryIO, Literal

from msgspec import Struct

from console.errors import UsageError
from console.server.session import PgSession
from console.text import format as fmt
from console.vectors import embedders, read, values
from console.vectors.embedders import Embedder
from console.vectors.search import SearchableColumn, any_row, parsed_key, subject, vector_of_row
from console.vectors.values import QueryVector

Sessions = Callable[[], AbstractAsyncContextManager[PgSession]]

MOST_FILE_BYTES = 64 * 1024 * 1024

STDIN = "-"

Kind = Literal["row", "text", "vector", "other"]


class QuerySource(Struct, frozen=True):
    """What is looked for. `given` is a person's: a text, a vector, `@FILE` with one, or a row's key.

    `key` is that of a row (kind row and other), without either a row is drawn at random; `column` the label of the
    other table's column, `embedder` the name of what makes a vector of a text; None takes the column's own.
    """

    kind: Kind
    given: str = ""
    key: tuple[str, ...] = ()
    column: str | None = None
    embedder: str | None = None


class ResolvedQuery(Struct, frozen=True):
    """A source as a vector; `key` is the row that it came from, `words` say what it is."""

    vector: QueryVector
    key: tuple[str, ...] | None
    words: str


async def resolve(sessions: Sessions, about: SearchableColumn, source: QuerySource,
                  embedder_for: Callable[[str | None], Embedder], *, has_stdin: bool = False) -> ResolvedQuery:
    """The vector that is meant, for a search of `about`. A session is taken only where the server is needed.

    `embedder_for` has the embedder of that name, or the column's own; `has_stdin`: a vector may be "-", the standard
    input. Raises ConsoleError.
    """
    column = about.column
    match source.kind:
        case "text":
            embedder = embedder_for(source.embedder)
            numbers = await embedders.embed(embedder, source.given, column.dimensions)
            words = f'"{source.given}" (text, {embedder.name} embedder)'
            return ResolvedQuery(values.of_numbers(numbers, column.type_name), None, words)
        case "vector":
            vector = await asyncio.to_thread(
                lambda: values.parse(text_of(source.given, has_stdin=has_stdin), column.type_name))
            where = f" ({source.given})" if source.given.startswith("@") else ""
            return ResolvedQuery(vector, None, f"{vector.short}{where}")
        case "other":
            async with sessions() as session:
                other = await subject(session, await read.find_column(session, source.column or ""))
                key, vector = await _of_row(session, other, source)
            if vector.type_name != column.type_name:
                vector = values.parse(vector.text, column.type_name)
            return ResolvedQuery(vector, None, f"like {other.column.label}, row {_named(other, key)}")
    async with sessions() as session:
        key, vector = await _of_row(session, about, source)
    drawn = "" if source.key or source.given else "a row drawn at random: "
    return ResolvedQuery(vector, key or None, f"like {drawn or 'the row '}{_named(about, key)}")


async def _of_row(session: PgSession, about: SearchableColumn, source: QuerySource
                  ) -> tuple[tuple[str, ...], QueryVector]:
    """The key and the vector of the row that is named, or of any."""
    if not source.key and not source.given:
        return await any_row(session, about)
    key = source.key or parsed_key(source.given, about)
    return key, await vector_of_row(session, about, key)


def _named(about: SearchableColumn, key: tuple[str, ...]) -> str:
    """`id = 17`."""
    names = about.key.columns if about.key else ["ctid"]
    return ", ".join(f"{name} = {part}" for name, part in zip(names, key, strict=False)) or "without a key"


# what is in files


def text_of(given: str, *, has_stdin: bool = False) -> str:
    """What was typed, what is in the file that @FILE names or, where there is a standard input to read, in that (-).

    Waits for the disk. Raises UsageError: no such file, or one that is too large.
    """
    given = given.strip()
    if given == STDIN and has_stdin:
        return _read(sys.stdin.buffer, "standard input")
    if not given.startswith("@"):
        return given
    name = given[1:]
    try:
        with Path(name).expanduser().open("rb") as file:
            return _read(file, name)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{name}: {getattr(error, 'strerror', None) or error}") from None


def _read(file: BinaryIO, name: str) -> str:
    data = file.read(MOST_FILE_BYTES + 1)
    if len(data) > MOST_FILE_BYTES:
        raise UsageError(f"{name} is larger than {fmt.size(MOST_FILE_BYTES)}",
                         hint="it should hold vectors or texts to search for, one a line")
    return data.decode("utf-8", "replace")


def lines_of(name: str, *, has_stdin: bool = False) -> list[str]:
    """The lines of a file that hold something. Waits for the disk. Raises UsageError, also where there are none."""
    text = text_of(name if name == STDIN and has_stdin else f"@{name}", has_stdin=has_stdin)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError(f"{name} holds nothing to search for")
    return lines


def vectors_of(name: str, type_name: str, *, has_stdin: bool = False) -> tuple[QueryVector, ...]:
    """The vectors of a file, one a line. Waits for the disk. Raises UsageError, and WrongVector with its number."""
    found = []
    for number, line in enumerate(lines_of(name, has_stdin=has_stdin), 1):
        try:
            found.append(values.parse(line, type_name))
        except values.WrongVector as error:
            raise values.WrongVector(f"{name}, vector {number}: {error.summary}", hint=error.hint) from None
    return tuple(found)
