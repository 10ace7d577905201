"""What one session does to the machine: its I/O and WAL, and its process where that is here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from console.activity.records import SessionIo, SessionWork
from console.metrics.records.processes import Process
from console.text import format as fmt
from console.view.table import Line, Tone


class EffortSample(Struct, frozen=True):
    """What was seen of it, at a time of the console's clock in seconds."""

    at_s: float
    work: SessionWork | None
    process: Process | None
    ios: Sequence[SessionIo] = ()


class Effort:
    """The samples of one session: the last, and the one before, which rates are formed with."""

    def __init__(self, identity: tuple[int, dt.datetime | None]) -> None:
        self.identity = identity
        self._last: EffortSample | None = None
        self._before: EffortSample | None = None

    def add_sample(self, at_s: float, work: SessionWork | None, process: Process | None,
                   ios: Sequence[SessionIo] = ()) -> None:
        """Samples of the same moment, as a paused screen gives, are one."""
        if self._last is None or at_s > self._last.at_s:
            self._before, self._last = self._last, EffortSample(at_s, work, process, ios)

    def lines(self) -> list[Line]:
        """What is known of it, in a line each."""
        last, before = self._last, self._before
        if last is None:
            return []
        seconds = last.at_s - before.at_s if before is not None else 0.0
        found = []
        if last.process is not None:
            found.append(_process(last.process, before.process if before else None, seconds))
        if last.work is not None and last.work.read_bytes is not None:
            found.append(_work(last.work, before.work if before else None, seconds))
        return found + [_under_way(io) for io in last.ios]


def _process(now: Process, before: Process | None, seconds: float) -> Line:
    busy = f"CPU {fmt.percent(round(100 * max(0.0, now.cpu_s - before.cpu_s) / seconds, 1))}, " \
        if before is not None and seconds else ""
    memory = f", {fmt.size(now.own_bytes)} of its own" if now.own_bytes is not None else ""
    return ((f"{busy}{fmt.duration(now.cpu_s)} of CPU since it began{memory}", ""),)


def _under_way(io: SessionIo) -> Line:
    size = f", {fmt.size(io.bytes)}" if io.bytes else ""
    about = f": {io.target}" if io.target else ""
    return ((f"{io.ios} {io.operation} under way ({io.state.lower()}{size}){about}", ""),)


def _work(now: SessionWork, before: SessionWork | None, seconds: float) -> Line:
    pieces: list[tuple[str, Tone]] = []
    for name, total, earlier, ms in (
            ("read ", now.read_bytes, before.read_bytes if before else None, now.read_ms),
            ("wrote ", now.write_bytes, before.write_bytes if before else None, now.write_ms),
            ("WAL ", now.wal_bytes, before.wal_bytes if before else None, None)):
        if total is None:
            continue
        pieces += [(", " if pieces else "", "dim"), (name, "dim"), (fmt.size(total), "")]
        if earlier is not None and total > earlier and seconds:
            pieces.append((f" ({fmt.rate((total - earlier) / seconds)})", "strong"))
        if ms and now.is_timed:
            pieces.append((f" in {fmt.milliseconds(ms)}", "dim"))
    if now.hits:
        pieces.append((f", {fmt.count(now.hits)} hits", "dim"))
    return (*pieces, (" since it began, as of its last transaction's end", "dim"))
