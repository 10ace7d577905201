"""Rows of a file with vectors in it, one after the other: never all of it in memory."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from console import files
from console.errors import ConsoleError, Missing, UsageError
from console.vectors.files import npy

FORMATS = ("csv", "jsonl", "npy", "parquet")
_SUFFIXES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl", ".npy": "npy",
             ".parquet": "parquet"}
_MOST_FIELD = 16 * 1024 * 1024
PARQUET_ROWS = 1024


class FileRow(Struct, frozen=True):
    """A row: its line in the file from 1 (in .npy and Parquet the row's number), its other values as text, None for
    NULL, and its vector: numbers, text as the type's input takes it, or None. `wrong` says why there is none."""

    line: int
    values: Mapping[str, str | None]
    vector: Sequence[float] | str | None
    wrong: str | None = None


class VectorFile(Struct, frozen=True):
    """An open file: the names of its columns besides the vector's, and how many bytes of it were read so far."""

    columns: tuple[str, ...]
    rows: Iterator[FileRow]
    total_bytes: int
    position: Callable[[], int]


def format_of(path: str, given: str | None = None) -> str:
    """The format by the name's end, or as given. Raises UsageError."""
    found = given or _SUFFIXES.get(Path(path).suffix.lower())
    if found not in FORMATS:
        raise UsageError(f"{path}: what kind of file is it?", hint=f"--format {'|'.join(FORMATS)}")
    return found


@contextmanager
def opened(path: str, kind: str, vector: str, ids: str | None = None, key: str | None = None) -> Iterator[VectorFile]:
    """The file's rows; `vector` names the column (CSV, Parquet) or member (JSON lines) that holds the vector.

    Of .npy the keys come from `ids`, a file with one a line, as values of the column `key`. Raises ConsoleError.
    """
    try:
        with os.fdopen(files.opened(path), "rb") as file:
            total = file.seek(0, io.SEEK_END)
            file.seek(0)
            match kind:
                case "csv":
                    columns, rows = _csv(file, path, vector)
                case "jsonl":
                    columns, rows = _json_lines(file, path, vector)
                case "npy":
                    columns, rows = _npy(file, path, ids, key)
                case _:
                    columns, rows = _parquet(file, path, vector)
            yield VectorFile(columns, rows, total, file.tell)
    except OSError as error:
        raise ConsoleError(f"{path} can't be read: {error.strerror or error}") from error


def _csv(file: BinaryIO, path: str, vector: str) -> tuple[tuple[str, ...], Iterator[FileRow]]:
    csv.field_size_limit(_MOST_FIELD)
    lines = csv.reader(_texts(file), strict=True)
    try:
        names = next(lines, [])
    except csv.Error as error:
        raise UsageError(f"{path}: the first line is no CSV: {error}") from error
    _check_names(path, names, vector)
    place = names.index(vector)
    others = tuple(name for name in names if name != vector)

    def rows() -> Iterator[FileRow]:
        while True:
            line = lines.line_num + 1
            try:
                cells = next(lines)
            except StopIteration:
                return
            except csv.Error as error:
                yield FileRow(line, {}, None, f"no CSV: {error}")
                continue
            if not cells:
                continue
            if len(cells) != len(names):
                yield FileRow(line, {}, None, f"{len(cells)} fields, the first line names {len(names)}")
                continue
            values = {name: cell or None for name, cell in zip(names, cells, strict=True) if name != vector}
            if any(cell is not None and not _is_unicode(cell) for cell in values.values()):
                yield FileRow(line, {}, None, "no UTF-8")
                continue
            yield FileRow(line, values, _parsed(cells[place]))

    return others, rows()


def _texts(file: BinaryIO) -> Iterator[str]:
    """Lines of a file; a byte order mark at its beginning is none of the text. What is no UTF-8 stays to be found."""
    first = True
    for line in file:
        yield line.decode("utf-8-sig" if first else "utf-8", "surrogateescape")
        first = False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_names(path: str, names: Sequence[str], vector: str) -> None:
    if vector not in names:
        raise UsageError(f"{path} has no column {vector!r}: it has {', '.join(names[:12]) or 'none'}",
                         hint="--vector NAME says which one holds the vectors")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"{path} has two columns {twice!r}")


def _parsed(text: str) -> Sequence[float] | str | None:
    """Numbers of a text that is a JSON array of them, else the text itself; None of an empty one."""
    text = text.strip()
    if not text:
        return None
    if text[0] == "[":
        try:
            return _NUMBERS.decode(text)
        except msgspec.MsgspecError:
            return text
    return text


_NUMBERS = msgspec.json.Decoder(list[float])


def _json_lines(file: BinaryIO, path: str, vector: str) -> tuple[tuple[str, ...], Iterator[FileRow]]:
    first = next((line for line in file if line.strip()), b"")
    file.seek(0)
    head = _object(first)
    if first and head is None:
        raise UsageError(f"{path}: its first line is no JSON object", hint="JSON lines have an object a line")
    names = list(head or {})
    if head is not None:
        _check_names(path, names, vector)
    others = tuple(name for name in names if name != vector)

    def rows() -> Iterator[FileRow]:
        for line, data in enumerate(file, 1):
            if not data.strip():
                continue
            found = _object(data)
            if found is None:
                yield FileRow(line, {}, None, "no JSON object")
            elif extra := next((name for name in found if name not in names), None):
                yield FileRow(line, {}, None, f"the member {extra!r} is none of the first line's")
            else:
                value = found.get(vector)
                given = _parsed(value) if isinstance(value, str) else _numbers(value)
                yield FileRow(line, {name: _text(found.get(name)) for name in others}, given,
                              "its vector is no array of numbers" if value is not None and given is None else None)

    return others, rows()


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _numbers(value: object) -> list[float] | None:
    if not isinstance(value, list) or not all(type(number) in (int, float) for number in value):
        return None
    return value


def _text(value: object) -> str | None:
    """A JSON value as a column's input takes it."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _npy(file: BinaryIO, path: str, ids: str | None, key: str | None) -> tuple[tuple[str, ...], Iterator[FileRow]]:
    if ids is None or key is None:
        return (), (FileRow(line, {}, vector) for line, vector in enumerate(npy.vectors(file, path), 1))
    names = files.read(ids).decode("utf-8-sig").splitlines()

    def rows() -> Iterator[FileRow]:
        line = 0
        for line, vector in enumerate(npy.vectors(file, path), 1):
            if line > len(names):
                raise UsageError(f"{ids} has {len(names)} keys, {path} has more vectors")
            yield FileRow(line, {key: names[line - 1]}, vector)
        if line < len(names):
            raise UsageError(f"{ids} has {len(names)} keys, {path} has {line} vectors")

    return (key,), rows()


def _parquet(file: BinaryIO, path: str, vector: str) -> tuple[tuple[str, ...], Iterator[FileRow]]:
    arrow = pyarrow()
    try:
        found = arrow.ParquetFile(file)
        names = found.schema_arrow.names
    except Exception as error:  # pyarrow's errors are of many kinds
        raise UsageError(f"{path} is no Parquet file: {error}") from error
    _check_names(path, names, vector)
    others = tuple(name for name in names if name != vector)

    def rows() -> Iterator[FileRow]:
        line = 0
        for batch in found.iter_batches(PARQUET_ROWS):
            for row in batch.to_pylist():
                line += 1
                value = row[vector]
                given = _parsed(value) if isinstance(value, str) else _numbers(value)
                yield FileRow(line, {name: _arrow_text(row[name]) for name in others}, given,
                              "its vector is no list of numbers" if value is not None and given is None else None)

    return others, rows()


def pyarrow() -> Any:
    """pyarrow.parquet. Raises Missing where it isn't installed."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise Missing("Parquet needs pyarrow, which is not installed",
                      hint="pip install 'dbconsole[parquet]'") from None
    return pyarrow.parquet


def _arrow_text(value: object) -> str | None:
    return _text(value) if value is None or isinstance(value, str | bool | int | float | list | dict) else str(value)
