"""Reading a recording: an index of its frames, and any sample by its number, without the file in memory."""

from __future__ import annotations

import datetime as dt
import json
import os
import zlib
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeVar, cast

from msgspec.structs import replace

from console import files
from console.errors import ConsoleError
from console.fields import RecordField, fields_of
from console.recorder import format as form
from console.recorder.records import Extent, Origin
from console.recorder.values import decode, decode_column
from console.server.info import Extension, ServerInfo
from console.server.query import Query
from console.services import Service

R = TypeVar("R")
T = TypeVar("T")

MOST_PAYLOAD_BYTES = 256 * 1024 * 1024
"""What says that it is larger is no frame."""

UNLIKELY_US = 600_000_000
"""From one sample to the next: seldom enough to look whether it is true."""

SEARCH_BYTES = 1024 * 1024
HEAD_LINE_BYTES = 16 * 1024
NOT_RECORDED = "not in this recording"
DAMAGED = "this part of the recording is damaged"


class Recording:
    """A recording that has been opened. Samples are numbered from 0.

    Raises ConsoleError when the file can't be read, is none of ours, is of a newer dbconsole, or holds no sample.
    `lost_bytes` are those that could not be read: of a frame that was torn when the recorder was killed, or damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost_bytes = 0
        self._offsets, self._times, self._keys = array("Q"), array("q"), array("I")
        self._payloads: OrderedDict[int, bytes] = OrderedDict()
        self._tables: OrderedDict[tuple[int, str, type], list[Any]] = OrderedDict()
        self._metas: OrderedDict[int, Mapping[str, Any]] = OrderedDict()
        try:
            self._file: BinaryIO = os.fdopen(files.opened(path), "rb")
        except OSError as error:
            raise ConsoleError(f"{path}: {error.strerror or error}") from None
        try:
            self._open()
        except BaseException as error:
            self._file.close()
            if isinstance(error, OSError):
                raise ConsoleError(f"{path}: {error.strerror or error}") from None
            raise

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._offsets)

    @property
    def extent(self) -> Extent:
        return Extent(len(self), self._size, (self._times[-1] - self._times[0]) / 1e6)

    def at(self, number: int) -> dt.datetime:
        """When sample `number` was taken, by the server's clock."""
        return form.moment(self._times[number])

    def seconds(self, number: int) -> float:
        """How long after the first sample it was taken."""
        return (self._times[number] - self._times[0]) / 1e6

    def number_at(self, at: dt.datetime) -> int:
        """The last sample that was taken by then, else the first one."""
        return max(0, bisect_right(self._times, form.microseconds(at)) - 1)

    def number_after(self, seconds: float) -> int:
        """The last sample that is at most so long after the first one."""
        return max(0, bisect_right(self._times, self._times[0] + round(seconds * 1e6)) - 1)

    def sample(self, number: int) -> RecordedSample:
        """Sample `number`; one that is damaged says so in `error`. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        return RecordedSample(self, number)

    # frames

    def _open(self) -> None:
        opening = self._file.readline(64)
        if not opening.startswith(form.MAGIC):
            raise ConsoleError(f"{self.path} is no recording of dbconsole",
                               hint="dbconsole record FILE makes one, the console's flight recorder too")
        version = opening[len(form.MAGIC):].strip()
        if version != str(form.VERSION).encode():
            raise ConsoleError(
                f"{self.path} was recorded by a newer dbconsole: its format is {version.decode('ascii', 'replace')}, "
                f"this one reads {form.VERSION}", hint="replay it with that version")
        self._size = os.fstat(self._file.fileno()).st_size
        self._index(self._file.tell())
        self._check_end()
        if not self._offsets:
            raise ConsoleError(f"{self.path} holds no sample", hint="the recorder was stopped before its first one, or "
                                                                    "the file is damaged")

    def _index(self, offset: int) -> None:
        """Notes where the frames are, by their heads alone. Delta frames without their key frame are lost."""
        key: int | None = None
        while offset + form.HEAD.size <= self._size:
            self._file.seek(offset)
            marker, kind, length, _, at_us = form.HEAD.unpack(self._file.read(form.HEAD.size))
            end = offset + form.HEAD.size + length
            is_frame = marker == form.MARKER and kind in (b"K", b"D") and length <= MOST_PAYLOAD_BYTES
            if is_frame and at_us > (self._times[-1] if self._times else 0) + UNLIKELY_US:
                is_frame = self._read(offset) is not None  # a wrong time would hide all frames after it
            if not is_frame or end > self._size:
                found = self._find(offset + 1)
                self.lost_bytes += found - offset
                offset, key = found, None
                continue
            while self._times and at_us <= self._times[-1] and self._read(self._offsets[-1]) is None:
                self._leave_out_last(offset)
                key = None if key == len(self._offsets) else key
            if kind == b"K":
                key = len(self._offsets)
            if key is None or (self._times and at_us <= self._times[-1]):
                self.lost_bytes += end - offset
            else:
                self._offsets.append(offset)
                self._times.append(at_us)
                self._keys.append(key)
            offset = end
        self.lost_bytes += self._size - offset

    def _find(self, offset: int) -> int:
        """Where the next whole frame begins, or the end of the file."""
        while offset < self._size:
            self._file.seek(offset)
            place = self._file.read(SEARCH_BYTES).find(form.MARKER)
            if place < 0:
                offset += SEARCH_BYTES - len(form.MARKER) + 1
                continue
            offset += place
            if self._read(offset) is not None:
                return offset
            offset += 1
        return self._size

    def _check_end(self) -> None:
        """Leaves out the last frames when they are torn, as after a power failure."""
        end = self._size
        while self._offsets and self._read(self._offsets[-1]) is None:
            end = self._leave_out_last(end)

    def _leave_out_last(self, end: int) -> int:
        """Forgets the last frame, which goes on until `end` at most; where it begins."""
        offset = self._offsets[-1]
        self.lost_bytes += end - offset
        for kept in (self._offsets, self._times, self._keys):
            kept.pop()
        return offset

    def _read(self, offset: int) -> bytes | None:
        """The compressed payload of the frame there; None when it is not whole."""
        self._file.seek(offset)
        head = self._file.read(form.HEAD.size)
        if len(head) < form.HEAD.size:
            return None
        marker, kind, length, crc, at_us = form.HEAD.unpack(head)
        if marker != form.MARKER or length > MOST_PAYLOAD_BYTES:
            return None
        payload = self._file.read(length)
        is_whole = len(payload) == length and form.checksum(kind, at_us, payload) == crc
        return payload if is_whole else None

    # for RecordedSample; all raise ValueError where the file is damaged

    def _payload(self, number: int) -> bytes:
        """The text of a frame."""
        return _kept(self._payloads, number, 8, lambda: self._inflate(number))

    def _inflate(self, number: int, most_bytes: int = 0) -> bytes:
        compressed = self._read(self._offsets[number])
        if compressed is None:
            raise ValueError(number)
        key = self._keys[number]
        try:
            decompressor = (zlib.decompressobj() if key == number
                            else zlib.decompressobj(zdict=self._payload(key)[-form.DICTIONARY_BYTES:]))
            return decompressor.decompress(compressed, most_bytes)
        except zlib.error as error:
            raise ValueError(number) from error

    def _head(self, number: int) -> dict[str, Any]:
        """The first line of a frame; the rest of it is not even inflated, unless it was."""
        text = self._payloads.get(number) or self._inflate(number, HEAD_LINE_BYTES)
        line, newline, _ = text.partition(b"\n")
        if not newline and len(text) >= HEAD_LINE_BYTES:
            line = self._payload(number).partition(b"\n")[0]
        found = json.loads(line)
        if not isinstance(found, dict):
            raise ValueError(number)
        return found

    def _meta(self, number: int) -> Mapping[str, Any]:
        """The second line of the key frame that a frame belongs to."""
        key = self._keys[number]
        return _kept(self._metas, key, 4, lambda: _object(json.loads(self._payload(key).split(b"\n", 2)[1])))

    def _rows(self, number: int, name: str, record: type[R], back: int) -> list[R]:
        """The rows of a read, which stand in the frame that is `back` before. Raises Unreadable, too."""
        place = number - back
        if place < self._keys[number]:
            raise ValueError(number)
        rows = _kept(self._tables, (place, name, record), 64, lambda: self._decode(place, name, record))
        return cast("list[R]", rows)

    def _decode(self, number: int, name: str, record: type[R]) -> list[R]:
        here = [item for item, back in self._head(number)["reads"].items() if back == 0]
        line = here.index(name) + (2 if self._keys[number] == number else 1)
        columns = json.loads(self._payload(number).split(b"\n")[line])
        if not columns:
            return []
        columns = [decode_column(column) for column in columns]
        schema = self._meta(number)["records"][name]
        return rows_of(record, schema["fields"], schema["types"], columns)


class Unreadable(Exception):
    """The rows are of a record that this version of dbconsole can't make; the message says why."""


class RecordedSample:
    """One sample of a recording; what is asked of it is read from the file then."""

    def __init__(self, recording: Recording, number: int) -> None:
        self.number = number
        self._recording = recording

    @cached_property
    def _head(self) -> Mapping[str, Any]:
        try:
            return self._recording._head(self.number)
        except (ValueError, LookupError):
            return {"error": DAMAGED, "reads": {}, "why": {}, "series": {}, "seldom": False, "every": 2.0}

    @property
    def error(self) -> str | None:
        """Why there is nothing in it: the server could not be reached then."""
        return cast("str | None", self._head["error"])

    @property
    def every_s(self) -> float:
        return float(self._head["every"])

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the reads that have rows."""
        return tuple(self._head["reads"])

    @property
    def is_seldom(self) -> bool:
        """Whether the series that are not measured with every tick were measured in this one."""
        return bool(self._head.get("seldom"))

    def series(self) -> dict[str, float | None]:
        """This sample's part of the history."""
        return {name: decode(value) for name, value in self._head["series"].items()}

    @cached_property
    def origin(self) -> Origin | None:
        """Whose sample it is; None where the file is damaged."""
        try:
            return origin_of(self._recording._meta(self.number))
        except (ValueError, LookupError, TypeError):
            return None

    def rows(self, query: Query[R]) -> list[R]:
        """What `query` brought. Raises Unreadable with the reason, where it has no rows."""
        name = query.name
        if name not in self._head["reads"]:  # once they had no package in their names
            name = name.rpartition(".")[2]
        back = self._head["reads"].get(name)
        if back is None:
            raise Unreadable(self._head["why"].get(query.name) or self.error or NOT_RECORDED)
        try:
            return list(self._recording._rows(self.number, name, query.record, back))
        except (ValueError, LookupError, TypeError):
            raise Unreadable(DAMAGED) from None


def rows_of(record: type[R], fields: Sequence[str], types: Sequence[str], columns: Sequence[list[Any]]) -> list[R]:
    """Rows as `record`, by the names of its fields. Raises Unreadable where one is missing or of another type."""
    recorded = dict(zip(fields, zip(types, columns, strict=True), strict=True))
    number = len(columns[0])
    chosen: list[Sequence[Any]] = []
    for field in fields_of(cast(type, record)):
        kind, column = recorded.get(field.name, (None, ()))
        if kind is None:
            chosen.append([_without(field)] * number)
        elif kind != field.type:
            raise Unreadable(f"recorded by another version of dbconsole: {field.name} is {kind} there")
        else:
            chosen.append(column)
    return [record(*values) for values in zip(*chosen, strict=True)]


def _without(field: RecordField) -> Any:
    """What a field is that the recording doesn't have."""
    if field.default is not None:
        return field.default()
    if "None" in field.type:
        return None
    raise Unreadable(f"recorded by another version of dbconsole: without {field.name}")


def origin_of(meta: Mapping[str, Any]) -> Origin:
    """What a key frame says of the samples' origin; what this version doesn't know is left out."""
    info = {name: decode(value) for name, value in meta["info"].items() if name != "extensions"}
    extensions = [_known(Extension, extension) for extension in meta["info"]["extensions"]]
    return Origin(
        version=meta["version"], target=meta["target"], environment=meta["environment"],
        info=replace(_known(ServerInfo, info),
                     extensions={extension.name: extension for extension in extensions}),
        services=tuple(_known(Service, {name: decode(value) for name, value in service.items()})
                       for service in meta["services"]))


def _known(record: type[T], given: Mapping[str, Any]) -> T:
    names = {field.name for field in fields_of(cast(type, record))}
    return record(**{name: value for name, value in given.items() if name in names})


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(value)
    return value


K = TypeVar("K")


def _kept(cache: OrderedDict[K, T], key: K, most: int, make: Callable[[], T]) -> T:
    """From the cache, or made and put there in the place of what was not wanted for longest."""
    if key not in cache:
        made = make()
        cache[key] = made
        while len(cache) > most:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]
