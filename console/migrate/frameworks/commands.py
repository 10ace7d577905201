"""Runs another framework's own commands: under dbconsole's lock, output shown, the ledger read before and after.

The program gets the connection by its environment (DATABASE_URL and PG*), never by its arguments.
"""

from __future__ import annotations

import asyncio
import codecs
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal

from msgspec import Struct

from console import process, waiting
from console.errors import UsageError
from console.migrate.events import Event
from console.migrate.faults import MigrationError
from console.migrate.frameworks.records import ForeignLedger, ForeignRun
from console.migrate.frameworks.specs import TITLES
from console.migrate.frameworks.status import ledgers
from console.migrate.records import Direction
from console.migrate.run_lock import RunLock, check_one_more, run_lock
from console.redaction import masked
from console.server.environment import environment
from console.server.target import Target
from console.services import Service
from console.text.parse import command_words

TERMINATE_AFTER_S = 10.0
"""A program that is asked to end has this long to roll back before it is killed."""

_KEPT_LINES = 20


class Program(Struct, frozen=True):
    """What to run: a program and its arguments. `shown` never holds a secret of ours."""

    shown: str
    words: tuple[str, ...]
    folder: Path | None = None


class CommandStarted(Struct, frozen=True):
    """The lock is ours and the program runs."""

    service: str
    shown: str
    pid: int


class OutputLine(Struct, frozen=True):
    """A line that the program wrote."""

    service: str
    stream: Literal["stdout", "stderr"]
    text: str


class CommandFinished(Struct, frozen=True):
    """The program ended; `exit_status` is negative for a signal. Milliseconds."""

    service: str
    exit_status: int
    duration_ms: float


CommandEvent = CommandStarted | OutputLine | CommandFinished
CommandListener = Callable[[Event | CommandEvent], None]


class CommandReport(Struct, frozen=True):
    """A run of another framework: its ledgers in the service's schemas before and after. Milliseconds."""

    service: str
    before: tuple[ForeignLedger, ...]
    after: tuple[ForeignLedger, ...]
    duration_ms: float

    @property
    def is_changed(self) -> bool:
        """Whether any ledger says something else than before."""
        return [(ledger.table, ledger.last_version, ledger.rows) for ledger in self.before] != \
               [(ledger.table, ledger.last_version, ledger.rows) for ledger in self.after]


def configured(service: Service, direction: Direction) -> Program:
    """The service's own `up` or `down` command. Raises MigrationError when there is none, UsageError when it can't be
    parsed.

    No shell runs it: `sh -c '...'` is a command where one is meant.
    """
    line = service.up if direction == "up" else service.down
    if not line:
        title = TITLES.get(service.framework or "", service.framework or "another framework")
        raise MigrationError(
            f"service {service.name} is migrated by {title}, and no command is configured for {direction}",
            detail=f"{service.folder} holds migrations of {title}" if service.is_recognised else None,
            hint=f'[services.{service.name}] {direction} = "..." in the configuration names the command of {title}')
    try:
        words = command_words(line)
    except ValueError as error:
        raise UsageError(f"service {service.name}: {direction} = {line!r}: {error}") from None
    return Program(line, words)


async def run(target: Target, service: Service, program: Program, *, lock_wait_s: float, on_event: CommandListener,
              check: Callable[[Sequence[ForeignLedger]], Awaitable[None]] | None = None) -> CommandReport:
    """Runs `program` for `service` under the lock. Raises MigrationError when it fails, with its last lines.

    `check` gets the ledgers as they are before, and raises where nothing must be run on them. Cancelling ends the
    program (SIGTERM, then SIGKILL), and so does a lost lock.
    """
    direct = target.direct()
    async with run_lock(direct, wait_s=lock_wait_s, on_event=on_event) as lock:
        if lock.is_pooled:
            await check_one_more(direct, 1, lock_wait_s)
        before = await ledgers(direct, service)
        for ledger in before:
            if ledger.run is not None:
                raise _in_progress(ledger, ledger.run)
        if check is not None:
            await check(before)
        variables = await environment(direct)
        started = time.monotonic()
        status, tail = await _guarded(service.name, program, variables, lock, on_event)
        duration_ms = (time.monotonic() - started) * 1000
        on_event(CommandFinished(service.name, status, duration_ms))
        if status != 0:
            raise _failed(service.name, program, status, tail)
        return CommandReport(service.name, before, await ledgers(direct, service), duration_ms)


async def carry_out(target: Target, service: str, program: Program, on_event: CommandListener) -> None:
    """Runs `program` on the target, under the lock that its caller has. Raises MigrationError when it fails."""
    status, tail = await _execute(service, program, await environment(target), on_event)
    if status != 0:
        raise _failed(service, program, status, tail)


async def output(target: Target, service: Service, program: Program) -> str:
    """What `program` writes to its standard output, for one that changes nothing: no lock. Raises MigrationError."""
    lines: list[str] = []

    def keep(event: Event | CommandEvent) -> None:
        if isinstance(event, OutputLine) and event.stream == "stdout":
            lines.append(event.text)

    status, tail = await _execute(service.name, program, await environment(target), keep)
    if status != 0:
        raise _failed(service.name, program, status, tail)
    return "".join(f"{line}\n" for line in lines)


async def _guarded(service: str, program: Program, variables: Mapping[str, str], lock: RunLock,
                   on_event: CommandListener) -> tuple[int, list[str]]:
    """The program, ended when the lock is lost or this task is cancelled; its status and its last lines."""
    return await waiting.while_lasting(_execute(service, program, variables, on_event), lock.until_lost())


async def _execute(service: str, program: Program, variables: Mapping[str, str],
                   on_event: CommandListener) -> tuple[int, list[str]]:
    tail = _Tail()

    def show(stream: Literal["stdout", "stderr"], text: str) -> None:
        text = masked(text)
        tail.add(stream, text)
        on_event(OutputLine(service, stream, text))

    async with AsyncExitStack() as stack:
        try:
            running = await stack.enter_async_context(process.started(
                program.words, environment=variables, folder=program.folder,
                gently_s=TERMINATE_AFTER_S))
        except OSError as error:
            raise MigrationError(f"service {service}: {program.words[0]} can't be run: "
                                 f"{error.strerror}", hint="is it installed, and on PATH?") from None
        on_event(CommandStarted(service, program.shown, running.pid))
        assert running.stdout is not None and running.stderr is not None
        await asyncio.gather(_lines(running.stdout, "stdout", show), _lines(running.stderr, "stderr", show))
        return await running.wait(), tail.lines()
    raise AssertionError("the block returns")


class _Tail:
    """A program's last lines, in the order in which they came. What it says of its end is on stderr, and the two are
    pipes of their own, in no order: of stderr at least half are kept, however much came on stdout.
    """

    def __init__(self) -> None:
        self._kept = {stream: deque[tuple[int, str]](maxlen=_KEPT_LINES) for stream in ("stdout", "stderr")}
        self._came = 0

    def add(self, stream: Literal["stdout", "stderr"], text: str) -> None:
        self._came += 1
        self._kept[stream].append((self._came, text))

    def lines(self) -> list[str]:
        told, said = self._kept["stderr"], self._kept["stdout"]
        errors = list(told)[-(_KEPT_LINES - min(len(said), _KEPT_LINES // 2)):]
        rest = _KEPT_LINES - len(errors)
        return [text for _, text in sorted(errors + (list(said)[-rest:] if rest else []))]


async def _lines(stream: asyncio.StreamReader, name: Literal["stdout", "stderr"],
                 show: Callable[[Literal["stdout", "stderr"], str], None]) -> None:
    """Hands on each line when it is whole; of any length, and a last one without an end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    while chunk := await stream.read(65536):
        *lines, rest = re.split(r"\r\n|\n|\r(?!$)", rest + decoder.decode(chunk))
        for line in lines:
            show(name, line)
    if rest.strip():
        show(name, rest.rstrip("\r"))


def _failed(service: str, program: Program, status: int, tail: Sequence[str]) -> MigrationError:
    ending = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    return MigrationError(f"service {service}: {program.shown} {ending}", detail="\n".join(tail) or None,
                          hint="migrate status shows what its ledger says now")


def _in_progress(ledger: ForeignLedger, run: ForeignRun) -> MigrationError:
    who = ", ".join(filter(None, (f"process {run.pid}" if run.pid else None, run.application, run.detail,
                                  f"since {run.since.astimezone():%Y-%m-%d %H:%M:%S}" if run.since else None)))
    return MigrationError(f"a run of {TITLES[ledger.framework]} is in progress ({run.evidence}): {who}",
                          hint="wait for it to end; Activity shows its session")
