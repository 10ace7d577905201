"""The file format of recordings, version 1, and how samples are written in it.

A file begins with the line `dbconsole recording 1` and goes on with frames, one a sample, until it ends. Whatever is
missing or torn at the end is left out: a recorder may be killed at any moment. Integers are little-endian.

    4 bytes   marker, 89 46 44 52, by which a reader finds the next frame behind a damaged one
    1 byte    K: key frame, D: delta frame
    4 bytes   length of the payload
    4 bytes   CRC-32 of kind, length, time and payload
    8 bytes   time of the sample by the server's clock, microseconds since 1970, more than that of the frame before
    payload   lines of JSON (values: see values.py), compressed by zlib; that of a delta frame with the last 32 KiB of
              its key frame's text as zlib's dictionary. A delta frame belongs to the last key frame before it.

The lines of a payload:

    1         {"every": pace in seconds, "reads": {name: n}, "why": {name: reason}, "series": {name: number or null},
              "seldom": whether those that are not measured with every tick are new, "error": text or null}. `n` is how
              many samples back the rows of that read stand: 0 in this frame, never before the key frame. A read in
              `why` has no rows and says why. With `error` nothing was read.
    2         in key frames only: {"version", "target", "environment", "info": {field: value}, "services": [{field:
              value}], "records": {name: {"record": class, "fields": [name...], "types": [annotation...]}}}. `records`
              describes the rows of all reads until the next key frame; a read without rows need not be in it.
    others    for each read whose n is 0, in the order of `reads`: its rows as an array of columns, in the order of
              `fields`; [] for no rows

A reader takes fields by name. It leaves out what it doesn't know, gives None for a field that the recording lacks and
that may be None, and otherwise says that the read was recorded by another version.
Texts are recorded as the server shows them but for what `redaction.masked` tells to be a secret: other constants stand
in the queries as people wrote them.
"""

from __future__ import annotations

import datetime as dt
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import asdict

from console import redaction
from console.fields import fields_of
from console.recorder.records import Frame, Origin, Sample
from console.recorder.values import encode, encode_column

MAGIC = b"dbconsole recording "
VERSION = 1
OPENING = MAGIC + str(VERSION).encode() + b"\n"

MARKER = b"\x89FDR"
HEAD = struct.Struct("<4scIIq")
DICTIONARY_BYTES = 32 * 1024

KEY_EVERY = 150
"""Samples from one key frame to the next: it has all that seldom changes, and is as large as fifty deltas."""

GROUP_BYTES = 1024 * 1024
"""A group is over when it is larger, so that what is kept in memory can be dropped in small parts."""

LEVEL = 6
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def checksum(kind: bytes, at_us: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<cIq", kind, len(payload), at_us)))


def microseconds(at: dt.datetime) -> int:
    return (at - EPOCH) // dt.timedelta(microseconds=1)


def moment(at_us: int) -> dt.datetime:
    return EPOCH + dt.timedelta(microseconds=at_us)


class Encoder:
    """Samples to frames. A key frame comes first, then when a group is full, when something is new about the server or
    about what a read brings, and when it is asked for."""

    def __init__(self, key_every: int = KEY_EVERY) -> None:
        self._key_every = key_every
        self._schemas: dict[str, dict[str, Any]] = {}
        self._kinds: dict[str, type] = {}
        self._origin: Origin | None = None
        self._last: dict[str, tuple[Sequence[Any], str, int]] = {}
        """By read: its last rows, their text, and the number of the sample in which they stand."""
        self._number = self._key_number = 0
        self._group_bytes = 0
        self._dictionary = b""
        self._at_us = -(2 ** 62)

    def encode(self, sample: Sample, origin: Origin, *, as_key: bool = False) -> Frame:
        """The frame of the next sample."""
        texts = {name: self._text(name, rows) for name, rows in sample.rows.items()}  # learns new schemas on its way
        is_full = self._number - self._key_number >= self._key_every or self._group_bytes >= GROUP_BYTES
        is_key = self._is_changed(origin) or self._learned or is_full or as_key
        self._learned = False
        if is_key:
            self._key_number, self._group_bytes = self._number, 0
        backs: dict[str, int] = {}
        lines: list[str] = []
        stays = {name for name, text in texts.items() if (before := self._last.get(name)) and before[1] == text}
        # What changes stands last in a key frame, the largest at its end: it is the dictionary of the frames after it.
        for name in sorted(texts, key=lambda name: (name not in stays, len(texts[name]))):
            text, before = texts[name], self._last.get(name)
            if before is not None and name in stays and before[2] >= self._key_number and not is_key:
                backs[name] = self._number - before[2]
                self._last[name] = (sample.rows[name], text, before[2])
            else:
                backs[name] = 0
                lines.append(text)
                self._last[name] = (sample.rows[name], text, self._number)
        head = {"every": sample.every_s, "reads": backs, "why": dict(sample.unavailable),
                "series": {name: encode(value) for name, value in sample.series.items()},
                "seldom": sample.is_seldom, "error": sample.error}
        first = [_json(head)] + ([_json(describe(origin) | {"records": self._schemas})] if is_key else [])
        return self._frame("\n".join((*first, *lines)).encode("ascii"), sample.taken_at, is_key)

    _learned = False

    def _frame(self, text: bytes, taken_at: dt.datetime, is_key: bool) -> Frame:
        if is_key:
            payload = zlib.compress(text, LEVEL)
            self._dictionary = text[-DICTIONARY_BYTES:]
        else:
            compressor = zlib.compressobj(LEVEL, zdict=self._dictionary)
            payload = compressor.compress(text) + compressor.flush()
        self._at_us = at_us = max(microseconds(taken_at), self._at_us + 1)  # the server's clock may be set back
        kind = b"K" if is_key else b"D"
        data = HEAD.pack(MARKER, kind, len(payload), checksum(kind, at_us, payload), at_us) + payload
        self._number += 1
        self._group_bytes += len(data)
        return Frame(is_key, at_us, data)

    def _text(self, name: str, rows: Sequence[Any]) -> str:
        before = self._last.get(name)
        if before is not None and before[0] is rows:
            return before[1]
        if not rows:
            return "[]"
        kind = type(rows[0])
        if self._kinds.get(name) is not kind:
            self._kinds[name] = kind
            self._schemas[name] = schema(kind)
            self._learned = True
        fields = self._schemas[name]["fields"]
        text = _json([encode_column([getattr(row, field) for row in rows]) for field in fields])
        if redaction.is_clean(text):
            return text
        return _json([encode_column([_masked(getattr(row, field)) for row in rows]) for field in fields])

    def _is_changed(self, origin: Origin) -> bool:
        changed = self._origin is None or (origin is not self._origin and origin != self._origin)
        self._origin = origin
        return changed


def _masked(value: Any) -> Any:
    """A value of a row without the secrets that its texts hold."""
    if isinstance(value, list | tuple):
        return type(value)(map(_masked, value))
    return redaction.masked(value) if isinstance(value, str) else value


def schema(record: type) -> dict[str, Any]:
    """A record class as key frames describe it."""
    return {"record": record.__name__, "fields": [field.name for field in fields_of(record)],
            "types": [field.type for field in fields_of(record)]}


def describe(origin: Origin) -> dict[str, Any]:
    """Whose samples these are, as key frames say it."""
    info = {field: encode(value) for field, value in _fields(origin.info).items() if field != "encryption"}
    info["extensions"] = [_plain(extension) for extension in origin.info.extensions.values()]
    services = [{field: value for field, value in _plain(service).items() if field not in ("folder", "up", "down")}
                for service in origin.services]
    return {"version": origin.version, "target": origin.target, "environment": origin.environment, "info": info,
            "services": services}


def _plain(record: Any) -> dict[str, Any]:
    return {field: encode(value) for field, value in _fields(record).items()}


def _fields(record: Any) -> Mapping[str, Any]:
    return asdict(record)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True)

