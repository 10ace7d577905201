"""What a recording is made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from console.server.info import ServerInfo
from console.services import Service


class Origin(Struct, frozen=True, kw_only=True):
    """Whose samples these are: the target's label and environment, its server, its services, and which version of
    dbconsole recorded them. The services' folders are not recorded."""

    version: str
    target: str
    environment: str
    info: ServerInfo
    services: tuple[Service, ...] = ()


class Sample(Struct, frozen=True, kw_only=True):
    """One tick. `taken_at` is by the server's clock; `every_s` is the pace of the samples then.

    `rows` are those of every read, also of one that was not asked again in this tick: then it is the very object of
    the sample before. `unavailable` says why a read has none. `series` are the sampler's measurements after this tick;
    `is_seldom` says that those which are not taken with every tick were taken in it.
    With `error` the server could not be reached, and there is nothing else.
    """

    taken_at: dt.datetime
    every_s: float
    rows: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, float | None] = field(default_factory=dict)
    is_seldom: bool = False
    error: str | None = None


class Judged(Struct, frozen=True):
    """What a check found whose finding doesn't follow from the rows of reads. `status` is Status' name."""

    name: str
    status: str
    summary: str
    value: float | None
    hint: str | None


class PoolerSeen(Struct, frozen=True):
    """PgBouncer's console: where it is, as whom, and its answers by what it was to SHOW, [columns, rows] each.

    With `error` it could not be reached, and there are none.
    """

    place: str
    user: str
    error: str | None
    answers: Mapping[str, Any]


class Frame(Struct, frozen=True):
    """A sample as it stands in a file. A key frame can be read alone, the others with the last key frame before."""

    is_key: bool
    at_us: int
    data: bytes


class Extent(Struct, frozen=True):
    """How much has been recorded: samples, bytes, and seconds from the first to the last of them."""

    samples: int = 0
    total_bytes: int = 0
    seconds: float = 0.0
