"""`dbconsole diagnose`: what is wrong with a server, or was when it was recorded, in sentences."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from console.check.evaluation import reads_of
from console.check.records import CheckContext
from console.check.registry import configured
from console.check.runner import in_order
from console.clock import SystemClock
from console.commands.output import write, write_json, write_lines
from console.config import Config
from console.diagnosis.case import DATA, Memory, Observed
from console.diagnosis.diagnose import diagnose
from console.diagnosis.records import Finding
from console.diagnosis.watch import ReadTimes, of_machine
from console.errors import ConsoleError, UsageError
from console.metrics.local import LOCAL_FACTS, HostLoad, LocalHost, doubt
from console.metrics.reads.counters import SERVER_CLOCK
from console.recorder.pooler import POOLER
from console.recorder.reads import ALONG, SESSIONS_PACED, Schedule
from console.recorder.recording import RecordedSample, Recording, Unreadable
from console.recorder.replay.moment import FORMS, parse
from console.sampler.observation import OWN_READS, seldom_read
from console.sampler.sampler import SIZES_WITHIN_S, TICK_WITHIN_S
from console.server.query import INTERVALS, Query, Read, title
from console.server.session import PgSession
from console.server.single import single_session
from console.text import format as fmt
from console.text.parse import duration
from console.text.sanitiser import single_line

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.pooler.records import PoolerSample
    from console.server.target import Target

SHORTEST_S, LONGEST_S = 2.0, 60.0
PEEKS = 2
"""How often the sessions are read between the two looks."""

ELSEWHERE = ("target", "host", "port", "username", "dbname")
"""The options that name a server."""

LED_UP_S = 600.0
"""How much of a recording before its moment is looked at."""


class DiagnosisReport(Struct, frozen=True):
    """What came of it. `unavailable` says of reads why they brought nothing, and so what nobody has looked at."""

    target: str
    at: dt.datetime
    findings: list[Finding]
    unavailable: dict[str, str]


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole diagnose`; `common` adds those that other commands have as well."""
    parser.add_argument("file", nargs="?", metavar="FILE", type=Path, help="a recording (default: the live target)")
    parser.add_argument("--at", metavar="TIME", help=f"when in the recording: {FORMS} (default end)")
    parser.add_argument("--over", metavar="TIME", default="5s",
                        help="how far the two looks at a live server are apart (default 5s)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default text")
    form.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    common(parser)


async def run(opening: Opening) -> int:
    """Writes the findings to stdout; 0 where there are none, 1 where there are. Raises ConsoleError."""
    options = opening.options
    if options.file is not None:
        if options.demo or any(getattr(options, name) is not None for name in ELSEWHERE):
            raise UsageError("diagnose takes a recording or a target, not both", hint="dbconsole diagnose FILE")
        told = await recorded(options.file, options.at)
    else:
        if options.at is not None:
            raise UsageError("--at belongs to a recording", hint="dbconsole diagnose FILE --at 14:02")
        apart_s = duration(options.over, bare="s")
        if apart_s is None or not SHORTEST_S <= apart_s <= LONGEST_S:
            raise UsageError(f"--over {options.over}: must be from 2s to 60s")
        told = await live(await opening.target(), opening.config, apart_s)
    if options.format == "json":
        write_json(document(told))
    elif options.format == "markdown":
        write("".join(f"{line}\n" for line in markdown(told)))
    else:
        write_lines(lines(told))
    return 1 if told.findings else 0


# a live server


async def live(target: Target, config: Config, apart_s: float) -> DiagnosisReport:
    """Two looks at a server, so many seconds apart. Raises ConsoleError."""
    checks = configured(config)
    memory, times, schedule, clock = Memory(), ReadTimes(), Schedule(), SystemClock()
    rows: dict[str, Sequence[Any]] = {}
    unavailable: dict[str, str] = {}
    machine: LocalHost | None = None
    async with single_session(target) as session:
        context = CheckContext(session.info, target)
        wanted = {query.name: query for query in (*reads_of(checks, context), *OWN_READS, *seldom_read())}
        quick = [query for query in wanted.values() if _is_quick(query, session)]
        slow = [query for query in wanted.values() if not _is_quick(query, session)]
        for look in range(2):
            for _ in range(PEEKS if look else 0):
                await clock.sleep(apart_s / (PEEKS + 1))
                rows |= await _peek(session, memory, times, rows)
            if look:
                await clock.sleep(apart_s / (PEEKS + 1))
            along = schedule.due(look * 1e9, session.info, rows, to_file=True)
            names = {read.query.name for read in along}
            *first, last = in_order([query for query in quick if query.name not in names], context)
            readings = await session.refresh(*first, *along, last, within_s=TICK_WITHIN_S)
            rows |= readings.rows_by_name
            unavailable |= readings.unavailable
            if not look:
                sizes = await session.refresh(*in_order(slow, context), within_s=SIZES_WITHIN_S)
                rows |= sizes.rows_by_name
                unavailable |= sizes.unavailable
            stood = readings.first(SERVER_CLOCK)
            if stood is None:
                raise ConsoleError(f"{target.label}: the server did not tell its time",
                                   hint=readings.why(SERVER_CLOCK))
            machine = machine or _machine(session, rows)
            case = memory.take(Observed(
                at=stood.taken_at, info=session.info, rows=rows, read_at=times.take(rows, stood.taken_at),
                pooler=await _pooler(target), **of_machine(_load_of(machine))))
            at, found = stood.taken_at, diagnose(case)
    return DiagnosisReport(single_line(target.label), at, found, unavailable)


async def _peek(session: PgSession, memory: Memory, times: ReadTimes, rows: dict[str, Sequence[Any]]
                ) -> dict[str, Sequence[Any]]:
    """The sessions once more, between the looks: what they all wait for at one moment proves nothing."""
    readings = await session.refresh(*(SESSIONS_PACED.reads(session.info, rows)), Read(SERVER_CLOCK),
                                     within_s=TICK_WITHIN_S)
    stood = readings.first(SERVER_CLOCK)
    if stood is None:
        return {}
    found = dict(readings.rows_by_name)
    memory.take(Observed(at=stood.taken_at, info=session.info, rows=rows | found,
                         read_at=times.take(rows | found, stood.taken_at)))
    return found


def _machine(session: PgSession, rows: Mapping[str, Sequence[Any]]) -> LocalHost | None:
    """The server's machine, where it is proven to be this one."""
    facts = rows.get(LOCAL_FACTS.name)
    return LocalHost(facts[0].data_directory) if facts and not doubt(facts[0], is_pooled=session.info.is_pooled) \
        else None


def _load_of(machine: LocalHost | None) -> HostLoad | None:
    try:
        return machine.read() if machine is not None else None
    except (OSError, ValueError, KeyError):  # /proc doesn't tell
        return None


def _is_quick(query: Query[Any], session: PgSession) -> bool:
    variant = query.variant(session.info)
    return variant is None or INTERVALS.index(variant.interval) <= INTERVALS.index("30 s")


async def _pooler(target: Target) -> PoolerSample | None:
    if target.pgbouncer_conninfo is None:
        return None
    from console.pooler.read import CLIENTS, SERVERS, read_once

    return (await read_once(target, TICK_WITHIN_S, (CLIENTS, SERVERS))).sample


# a recording


async def recorded(path: Path, at: str | None) -> DiagnosisReport:
    """A recording at a moment, by default its end. Raises ConsoleError."""
    with Recording(path) as recording:
        first, last = recording.at(0), recording.at(len(recording) - 1)
        moment = last if at is None else parse(at, first=first, last=last, now=last)
        number = recording.number_at(moment)
        sample = recording.sample(number)
        if sample.error is not None or (origin := sample.origin) is None:
            raise ConsoleError(f"{path}: at {_local(recording.at(number))} the server was not read: {sample.error}",
                               hint="--at takes another moment")
        queries = _queries(sample)
        memory, times = Memory(), ReadTimes()
        begin = recording.number_at(recording.at(number) - dt.timedelta(seconds=LED_UP_S))
        findings: list[Finding] = []
        for each in range(begin, number + 1):
            entry = recording.sample(each)
            if entry.error is not None or entry.origin is None:
                continue
            rows, unavailable = _rows(entry, queries)
            taken_at, series = recording.at(each), entry.series()
            disk = series.get("host_disk_percent")
            case = memory.take(Observed(
                at=taken_at, info=entry.origin.info, rows=rows, read_at=times.take(rows, taken_at),
                pooler=await _recorded_pooler(entry), disks={DATA: disk} if disk is not None else {},
                cpu_percent=series.get("host_cpu_percent")))
            findings = diagnose(case)
            if each % 50 == 0:
                await asyncio.sleep(0)
        return DiagnosisReport(single_line(origin.target), recording.at(number), findings, unavailable)


def _queries(sample: RecordedSample) -> list[Query[Any]]:
    """All reads that a recording may hold."""
    assert sample.origin is not None
    info = sample.origin.info
    context = CheckContext(info, _nowhere())
    along = [read.query for paced in ALONG for read in paced.reads(info, {})]
    from console.statements.read import texts

    found = (*reads_of(configured(Config()), context), *OWN_READS, *seldom_read(), *along, texts((), 0).query)
    return list({query.name: query for query in found}.values())


def _nowhere() -> Target:
    from console.server.target import Target

    return Target(name="recording")


def _rows(sample: RecordedSample, queries: Sequence[Query[Any]]) -> tuple[dict[str, Sequence[Any]], dict[str, str]]:
    rows: dict[str, Sequence[Any]] = {}
    unavailable: dict[str, str] = {}
    for query in queries:
        try:
            rows[query.name] = sample.rows(query)
        except Unreadable as reason:
            unavailable[query.name] = str(reason)
    return rows, unavailable


async def _recorded_pooler(sample: RecordedSample) -> PoolerSample | None:
    if POOLER.name not in sample.reads:
        return None
    from console.pooler.read import CLIENTS, SERVERS, read_sample
    from console.recorder.replay.pooler import RecordedConsole

    try:
        return await read_sample(RecordedConsole(sample), (CLIENTS, SERVERS), time.monotonic())
    except ConsoleError:  # it could not be reached then
        return None


# what is written


def document(told: DiagnosisReport) -> dict[str, Any]:
    """The JSON document; keys may be added and are never renamed."""
    return {
        "target": told.target, "at": told.at.isoformat(),
        "findings": [{
            "kind": finding.kind, "severity": finding.severity, "summary": finding.summary,
            "since": finding.since.isoformat() if finding.since else None,
            "subject": {name: value for name in finding.subject.__struct_fields__
                        if (value := getattr(finding.subject, name)) is not None},
            "hurts": None if finding.hurts is None else {
                "count": finding.hurts.count, "what": finding.hurts.what, "names": list(finding.hurts.names)},
            "evidence": [{"label": item.label, "value": item.value} for item in finding.evidence],
            "next": finding.next} for finding in told.findings],
        "unavailable": told.unavailable}


def lines(told: DiagnosisReport) -> Iterator[str]:
    """Everything for people."""
    yield f"{told.target} at {_local(told.at)}: {_counted(told.findings)}"
    for finding in told.findings:
        yield f"{finding.severity[0].upper()}  {finding.summary}"
        yield f"   since {_since(finding)}{_hurts(finding)}"
        for item in finding.evidence:
            yield f"   {item.label}: {item.value}"
        yield f"   next: {finding.next}"
    if told.unavailable:
        yield f"not looked at: {', '.join(sorted(title(name) for name in told.unavailable))} (--json says why)"


def markdown(told: DiagnosisReport) -> Iterator[str]:
    """The same for a ticket."""
    yield f"## {_escaped(told.target)} at {_local(told.at)}: {_counted(told.findings)}"
    for finding in told.findings:
        yield ""
        yield f"- **{finding.severity}**: {_escaped(finding.summary)}"
        yield f"  - since {_since(finding)}{_escaped(_hurts(finding))}"
        for item in finding.evidence:
            yield f"  - {_escaped(item.label)}: {_escaped(item.value)}"
        yield f"  - next: {_escaped(finding.next)}"
    if told.unavailable:
        yield ""
        yield f"Not looked at: {', '.join(sorted(title(name) for name in told.unavailable))}."


def _counted(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing found"
    return f"{fmt.plural(len(findings), 'finding')}, the worst {findings[0].severity}"


def _since(finding: Finding) -> str:
    return "an unknown time" if finding.since is None else _local(finding.since)


def _hurts(finding: Finding) -> str:
    if finding.hurts is None:
        return ""
    number = "" if finding.hurts.count is None else f"{fmt.count(finding.hurts.count)} "
    names = f": {', '.join(finding.hurts.names)}" if finding.hurts.names else ""
    return f"; hurts {number}{finding.hurts.what}{names}"


def _local(at: dt.datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _escaped(text: str) -> str:
    """Text of the server's in which nothing is Markdown."""
    return "".join(f"\\{character}" if character in "\\`*_{}[]<>#|~" else character for character in single_line(text))
