"""A data change in batches: one statement, run for one range of a key after the other, each in its own transaction.

The header names the key and the size, `-- dbconsole: batches=app.item.id/5000, pause-at-lag=5s, while=note IS NULL`,
and the statement its range, `WHERE id BETWEEN $1 AND $2`. How far it has come is a row of dbconsole.batch_progress,
which is written in the transaction of each batch, so that whatever ends a run, each batch is done once: both are there
or neither. Where the key isn't unique, a range may hold more rows than the size; none is parted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate import ledger, refusal
from console.migrate.directives import Batches
from console.migrate.events import Notice, StatementProgress
from console.migrate.faults import FileError
from console.migrate.prepare import Prepared
from console.migrate.records import Step
from console.migrate.watch import Running
from console.server.query import load
from console.server.script import ScriptCommand, ScriptFault, StatementOutcome
from console.sql.quoting import identifier
from console.text import format as fmt

if TYPE_CHECKING:
    from console.migrate.apply import Runner

SLOW_S, QUICK_S = 2.0, 0.5
"""A batch that takes longer is followed by half as many rows, as there is other load; quicker ones grow again."""
LEAST_SHARE = 50
"""The smallest batch is this part of what the header says."""
PASSES = 3
LOOK_AT_LAG_EVERY_S = 1.0


class BatchProgress(Struct):
    """sql/batch_progress.sql as it comes. `last` is the key up to which all is done, as text; `expected` rows are what
    the planner thinks there are in all."""

    key: str
    last: str | None
    passes: int
    batches: int
    rows: int
    expected: int
    elapsed_s: float


class StandbyLag(Struct, frozen=True):
    """sql/standby_lag.sql as it comes: where the server's WAL ends, and how far a standby has replayed it (bytes).

    `replayed` None: this role may not see it.
    """

    name: str
    written: int
    replayed: int | None


class Range(Struct, frozen=True):
    """The keys of the next batch, both included, as text, and how many rows there are in it."""

    first: str
    last: str
    rows: int


_PROGRESS = load("console.migrate", "batch_progress", BatchProgress)
_LAG = load("console.migrate", "standby_lag", StandbyLag)


async def run(runner: Runner, step: Step, script: Prepared, records: Sequence[ScriptCommand]) -> None:
    """Runs the batches that are not done yet; `records` are written with the last one. Raises FileError."""
    given = script.directives.batches
    assert given is not None
    await ledger.ensure_table(runner.session, "batch_progress")
    await _Batched(runner, step, script, given).run(records)


class _Batched:
    def __init__(self, runner: Runner, step: Step, script: Prepared, given: Batches) -> None:
        self.runner, self.session, self.step, self.script, self.given = runner, runner.session, step, script, given
        self.statement = script.statements[0]
        self.table = identifier(*given.table)
        self.column = identifier(given.column)
        self.size = given.size
        self.done = BatchProgress(f"{self.table}.{self.column}", None, 1, 0, 0, 0, 0.0)
        self.earlier_rows, self.began = 0, time.monotonic()
        self.lags = _Lags()

    async def run(self, records: Sequence[ScriptCommand]) -> None:
        await self._take_up()
        self.runner.begin(self.step, self.statement, 0, 1)
        began = time.perf_counter()
        is_tried = False
        while True:
            await self._wait_for_standbys()
            found = await self._next()
            if found is not None:
                await self._batch(found)
                is_tried = True
            elif await self._begin_anew():
                continue
            else:
                break
        ends = (ledger.batches_done(self.step), *records)
        if is_tried:
            await self._transaction((), ends)
        else:  # a statement that no row is there for is still one that the server must accept
            await self._transaction((None, None), ends)
        self._say(f"{fmt.plural(self.done.batches, 'batch', 'batches')} of {fmt.count(self.done.rows)} rows in all")
        self.runner.finish(self.step, self.statement, 0, 1,
                           StatementOutcome(self.statement.verb, self.done.rows), began)

    async def _take_up(self) -> None:
        """Where an earlier run has come to. Raises FileError where that was by another key, or some rows have none."""
        row = self.step.row
        if row is None or row.state == "applied":
            await ledger.write(self.session, ledger.batches_done(self.step))  # of a run that was given up
        for found in await self.session.fetch(_PROGRESS, ledger.place(self.step)):
            if found.key != self.done.key:
                raise FileError(self.script.script.path, f"was begun in batches by {found.key}, and now says "
                                f"{self.done.key}", hint="put the old key back until it is through")
            self.done, self.earlier_rows = found, found.rows
            self._say(f"goes on after {fmt.plural(found.batches, 'batch', 'batches')} and "
                      f"{fmt.count(found.rows)} rows, at {self.column} {found.last}")
            return
        if await self._asked(f"SELECT 1 FROM {self.table} WHERE {self.column} IS NULL{self._and} LIMIT 1"):
            raise FileError(self.script.script.path, f"{self.done.key} is NULL in some rows, which no range holds",
                            line=self.statement.line, hint="choose a key that is NOT NULL, best the primary key")
        (plan,) = await self._asked(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {self.table} WHERE true{self._and}")
        self.done.expected = _planned_rows(plan[0] or "")

    @property
    def _and(self) -> str:
        return f" AND ({self.given.condition})" if self.given.condition else ""

    async def _next(self) -> Range | None:
        """The range after what is done; None where there are no rows after it."""
        after = f" AND {self.column} > $1" if self.done.last is not None else ""
        rows = await self._asked(
            f"WITH k AS MATERIALIZED (SELECT {self.column} AS k FROM {self.table} WHERE true{after}{self._and} "
            f"ORDER BY {self.column} LIMIT {self.size:d}) "
            "SELECT (SELECT k FROM k ORDER BY k LIMIT 1)::pg_catalog.text, "
            "(SELECT k FROM k ORDER BY k DESC LIMIT 1)::pg_catalog.text, (SELECT pg_catalog.count(*) FROM k)",
            *([self.done.last] if self.done.last is not None else []))
        first, last, count = rows[0]
        return Range(first, last, int(count or 0)) if first is not None and last is not None else None

    async def _begin_anew(self) -> bool:
        """Whether rows are left that came behind a range that was done; then the next range is the first again.

        Raises FileError where the statement doesn't change what its condition asks for.
        """
        if not self.given.condition or not await self._asked(
                f"SELECT 1 FROM {self.table} WHERE {self.given.condition} LIMIT 1"):
            return False
        if self.done.passes == PASSES:
            raise FileError(self.script.script.path, f"after {PASSES} passes there are still rows of {self.table} of "
                            f"which it is true that {self.given.condition}", line=self.statement.line,
                            hint="the statement has to make the condition false, a trigger or a default for new rows")
        self.done.passes += 1
        self.done.last = None
        return True

    async def _batch(self, found: Range) -> None:
        """One batch, again when it couldn't get its locks."""
        before = replace(self.done)
        for attempt in range(1, self.runner.options.attempts + 1):
            began = time.monotonic()
            self.done.last, self.done.batches, self.done.rows = found.last, before.batches + 1, before.rows + found.rows
            self.done.elapsed_s = before.elapsed_s + began - self.began
            try:
                await self._transaction((found.first, found.last), (ledger.batch_done(self.step, self.done),))
                break
            except BaseException as error:
                self.done = replace(before)
                if not isinstance(error, FileError) or not self.runner.retries(error, attempt):
                    raise
                await self.runner.pause(self.step, error, attempt)
        took_s = time.monotonic() - began
        if took_s > SLOW_S:
            self.size = max(self.size // 2, self.given.size // LEAST_SHARE, 1)
        elif took_s < QUICK_S:
            self.size = min(self.size * 2, self.given.size)
        self._tell()

    def _tell(self, waits: str = "") -> None:
        done, elapsed_s = self.done, time.monotonic() - self.began
        left = done.expected - done.rows
        rate = (done.rows - self.earlier_rows) / elapsed_s if elapsed_s else 0.0
        phase = f"batch {done.batches}"
        if waits:
            phase += f", {waits}"
        elif left > 0 and rate > 0:
            phase += f", about {fmt.duration(left / rate)} left"
        total = max(done.expected, done.rows)
        self.runner.on_event(StatementProgress(self.step, self.statement, elapsed_s, phase, done.rows, total, "rows"))

    async def _wait_for_standbys(self) -> None:
        limit_ms, is_told = self.given.pause_at_lag_ms, False
        while limit_ms is not None:
            behind = self.lags.worst(await self.session.fetch(_LAG), time.monotonic())
            if behind is None:
                if not self.lags.is_blind_told:
                    self._say("how far standbys are behind can't be seen: GRANT pg_monitor TO this role")
                    self.lags.is_blind_told = True
                return
            name, lag_s = behind
            if lag_s * 1000 <= limit_ms:
                return
            words = f"waits: the standby {name} is {fmt.duration(lag_s)} behind"
            if not is_told:
                self._say(words)
                is_told = True
            self._tell(words)
            await asyncio.sleep(LOOK_AT_LAG_EVERY_S)

    async def _transaction(self, params: tuple[str | None, ...], records: Sequence[ScriptCommand]) -> None:
        """The statement for one range with what is recorded of it, or only `records` where there is no range."""
        statements = [self.statement] if params else []
        turn = self.runner.turn(self.step, self.script, records, statements)
        commands = [*turn.commands]
        if params:
            commands[turn.before] = ScriptCommand(self.statement.sql, params, True)

        def keep_pid(index: int, outcome: StatementOutcome) -> None:
            if index == turn.asked_pid:
                self.runner.pid = int(outcome.rows[0][0] or 0)
            self.runner.watcher.running = Running(self.step, self.statement, self.runner.pid, time.monotonic())

        try:
            await self.session.transaction(commands, keep_pid)
        except ScriptFault as fault:
            if params and fault.index == turn.before:
                raise refusal.of_statement(self.script, self.statement, fault,
                                           self.runner.watcher.last_waiting) from fault
            raise refusal.of_ours(self.script, fault, len(commands) - 1 - fault.index) from fault
        finally:
            self.runner.watcher.running = None

    async def _asked(self, text: str, *params: str | None) -> Sequence[Sequence[str | None]]:
        """At most ten rows of a statement of ours, with times and dates as they can be read back."""
        try:
            return await self.session.ask(ScriptCommand("SET LOCAL DateStyle = ISO"),
                                          ScriptCommand(text, params or None), begin="BEGIN READ ONLY")
        except ScriptFault as fault:
            raise FileError(self.script.script.path, f"the directive batches: {fault.fault.summary}",
                            sqlstate=fault.sqlstate, detail=fault.fault.detail, hint=fault.fault.hint) from fault
        except ConsoleError as error:
            raise FileError(self.script.script.path, error.summary, detail=error.detail, hint=error.hint) from error

    def _say(self, message: str) -> None:
        self.runner.on_event(Notice(self.step, "NOTE", message))


def _planned_rows(plan: str) -> int:
    """The rows that a plan in JSON expects."""
    return int(msgspec.json.decode(plan)[0]["Plan"]["Plan Rows"])


class _Lags:
    """How long standbys have been behind, by where the WAL ended when; a standby that stands still has no lag of its
    own that grows."""

    def __init__(self) -> None:
        self.ends: list[tuple[float, int]] = []
        self.is_blind_told = False

    def worst(self, standbys: Sequence[StandbyLag], now: float) -> tuple[str, float] | None:
        """The standby that is most behind and for how many seconds; None where it can't be seen."""
        if any(standby.replayed is None for standby in standbys):
            return None
        if not standbys:
            return "", 0.0
        self.ends.append((now, standbys[0].written))
        furthest = min(standby.replayed or 0 for standby in standbys)
        self.ends = [end for end in self.ends if end[1] > furthest] or self.ends[-1:]
        name = next(standby.name for standby in standbys if standby.replayed == furthest)
        return name, now - self.ends[0][0] if self.ends[0][1] > furthest else 0.0
