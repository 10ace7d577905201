"""What a check is, what it is given, and what comes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.server.info import ServerInfo
from console.server.query import Query
from console.server.session import PgSession, Readings
from console.server.target import Target
from console.text.parse import Unit

if TYPE_CHECKING:
    from console.pooler.records import PoolerReading
    from console.services import Service


class Status(Enum):
    """Nagios' four. The value is the exit status; `Status.worst` orders CRITICAL, WARNING, UNKNOWN, OK."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def letter(self) -> str:
        return self.name[0]

    @property
    def badness(self) -> int:
        return _BADNESS[self.name]

    @staticmethod
    def worst(statuses: Iterable[Status]) -> Status:
        """The worst of `statuses`, OK when there is none."""
        return max(statuses, key=lambda status: status.badness, default=Status.OK)


_BADNESS = {"OK": 0, "UNKNOWN": 1, "WARNING": 2, "CRITICAL": 3}


class Thresholds(Struct, frozen=True):
    """From where on a value is a WARNING or CRITICAL, in the check's unit; None: never.

    A value alerts *beyond* its threshold, as in Nagios: above it, or below where lower is worse.
    """

    warning: float | None = None
    critical: float | None = None
    lower_is_worse: bool = False

    def status(self, value: float) -> Status:
        for threshold, status in ((self.critical, Status.CRITICAL), (self.warning, Status.WARNING)):
            if threshold is not None and (value < threshold if self.lower_is_worse else value > threshold):
                return status
        return Status.OK


class CheckContext(Struct, frozen=True):
    """What a check may know beside its readings; `pooler` for those that read it, where one is configured.

    `probed` is what the probes of checks brought, by the check's name: a ConsoleError where one failed.
    """

    info: ServerInfo
    target: Target
    services: tuple[Service, ...] = ()
    pooler: PoolerReading | None = None
    probed: Mapping[str, object] = {}


class CheckVerdict(Struct, frozen=True):
    """What a check found: `value` in the check's unit (None: nothing was measured), `hint` is what to do about it."""

    status: Status
    summary: str
    value: float | None = None
    hint: str | None = None


Evaluate = Callable[[Readings, Thresholds, CheckContext], CheckVerdict]
Probe = Callable[[PgSession, CheckContext], Awaitable[object]]


class Check(Struct, frozen=True, kw_only=True):
    """A check as its file declares it.

    `reads` are asked together with those of the other checks; `evaluate` changes nothing and is called when all of
    them were answered. `more` names reads for some servers only. `excuse` says why this server or target is none of
    the check's business (then it is OK and nothing is asked), or None. `reads_pooler`: it judges PgBouncer, by
    `context.pooler`. `probe` looks itself, after the reads, and `evaluate` finds what it brought in `context.probed`:
    for what no statement can ask that is the same everywhere. `is_optional`: it costs something, and runs only where
    the configuration has a table for it, or where it is asked for by name.
    `warning` and `critical` are the defaults, in `unit`; `screen` is the console's that shows more.
    """

    name: str
    title: str
    evaluate: Evaluate
    reads: tuple[Query[Any], ...] = ()
    more: Callable[[CheckContext], tuple[Query[Any], ...]] | None = None
    excuse: Callable[[CheckContext], str | None] | None = None
    unit: Unit = ""
    warning: float | None = None
    critical: float | None = None
    lower_is_worse: bool = False
    screen: str = "overview"
    reads_pooler: bool = False
    probe: Probe | None = None
    is_optional: bool = False

    def reads_on(self, context: CheckContext) -> tuple[Query[Any], ...]:
        """What has to be read on this server."""
        return self.reads if self.more is None else (*self.reads, *self.more(context))


class CheckResult(Struct, frozen=True):
    """A check's outcome. Texts hold no control characters, whatever the server sent.

    `duration_ms`: from the beginning of the check's own evaluation to its end; the reads are shared.
    """

    name: str
    title: str
    status: Status
    summary: str
    value: float | None
    unit: Unit
    warning: float | None
    critical: float | None
    lower_is_worse: bool
    hint: str | None
    duration_ms: float
    screen: str


class Report(Struct, frozen=True):
    """All results of one target; `server` names what answered ("PostgreSQL 18.6"), `info` says more of it: None when
    nothing did. `readings` and `pooler` are what the results were made of."""

    target: str
    results: tuple[CheckResult, ...]
    duration_ms: float
    server: str | None
    info: ServerInfo | None = None
    readings: Readings | None = None
    pooler: PoolerReading | None = None

    @property
    def status(self) -> Status:
        return Status.worst(result.status for result in self.results)
