"""`verify --on-data`: what is pending, run up and down on rows like the target's, and how long each lock would be held.

Either on samples of two sizes in scratch databases, from which the time on the whole table follows as an interval, or
on a clone that somebody has made. The target itself is only read. What the numbers can't tell is None, with the reason:
a statement that joins tables, or one whose text doesn't say what it does, takes nobody knows how long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from console.migrate import apply, durations, ledger, migration_plan, sample, tenants
from console.migrate.drift import applied_files
from console.migrate.durations import Interval, Measured
from console.migrate.events import Event, StatementFinished
from console.migrate.faults import FileError, MigrationError
from console.migrate.identity import settle
from console.migrate.lock_modes import LockMode
from console.migrate.plan import PlanRelation, PlanStatement, PlanStep, plan
from console.migrate.prepare import Prepared
from console.migrate.records import MigrationFile, RunRange, Step
from console.migrate.repeatable import prepared
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, Place, ScratchRun, irreversible
from console.migrate.scratch import ScratchServer, scratch_server
from console.migrate.scratch_setup import AGE
from console.migrate.status import read_status
from console.server.query import load
from console.server.script import ScriptSession, script_session
from console.server.target import Target
from console.services import Service
from console.sql.grammar import Name
from console.sql.quoting import identifier

ROWS = 20_000
SMALLER = 4
"""The smaller of two samples is so many times smaller."""
TIMES = 2
"""How often each sample is gone through."""
_TABLES = ("r", "p", "m")
_QUERIES = ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CREATE TABLE AS", "SELECT INTO",
            "CREATE MATERIALIZED VIEW", "REFRESH MATERIALIZED VIEW")
"""Kinds of statements whose work is in rows, whatever lock they take."""

Key = tuple[str, str, str, int]
"""Service, version, direction and number of a statement."""


class TimedStatement(Struct, frozen=True):
    """One statement: how long it took here (the slowest run, ms), and how long it would take on the target.

    `would_take` None: not known, for the `reason`.
    """

    sql: str
    line: int
    took_ms: float | None
    would_take: Interval | None
    reason: str = ""


class MeasuredLock(Struct, frozen=True):
    """A lock that a step holds; `held` None: not known, but at least so long (`at_least_ms`)."""

    relation: str
    mode: LockMode
    held: Interval | None
    at_least_ms: float


class RehearsedStep(Struct, frozen=True):
    """One script as it was run; `fault` is why it failed."""

    service: str
    version: str
    name: str
    direction: str
    statements: tuple[TimedStatement, ...]
    locks: tuple[MeasuredLock, ...]
    fault: str | None = None

    @property
    def label(self) -> str:
        return f"{self.service}/{self.version}" + (f"_{self.name}" if self.name else "")


class TableSample(Struct, frozen=True):
    """How many rows of a table there were, and how many the target has (the planner's estimate, None: not known)."""

    name: str
    rows: int
    of: int | None


class Rehearsal(Struct, frozen=True):
    """The steps in the order in which they were run, `where`, and on what."""

    steps: tuple[RehearsedStep, ...]
    where: str
    tables: tuple[TableSample, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def has_failed(self) -> bool:
        return any(step.fault is not None for step in self.steps)


class ServerIdentity(Struct, frozen=True):
    """sql/server_identity.sql as it comes."""

    identity: str


_IDENTITY = load("console.migrate", "server_identity", ServerIdentity)


class _Timings(Struct):
    """What the runs have told: by statement its time in each run, by size of the sample."""

    found: dict[Key, dict[int, list[float]]] = field(default_factory=dict)
    faults: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def listener(self, size: int) -> Callable[[Event], None]:
        def hear(event: Event) -> None:
            if isinstance(event, StatementFinished):
                file = event.step.migration
                key = file.service, file.version, event.step.direction, event.index
                self.found.setdefault(key, {}).setdefault(size, []).append(event.elapsed_ms)
        return hear

    def failed(self, step: Step, error: FileError) -> None:
        self.faults[step.migration.service, step.migration.version, step.direction] = "; ".join(error.lines())


class _Asked(Struct, frozen=True):
    """What is to be run on what: `steps` up and down with their plans on the target, `applied` before them."""

    services: tuple[Service, ...]
    steps: tuple[Step, ...]
    plans: tuple[PlanStep, ...]
    applied: tuple[MigrationFile, ...]
    has_age: bool
    notes: tuple[str, ...]

    @property
    def tables(self) -> Mapping[str, int | None]:
        """The tables that are there and that the steps lock, with the rows that the planner thinks they have."""
        return {identifier(facts.schema, facts.name): facts.rows for step in self.plans
                for statement in step.statements for relation in statement.relations
                if (facts := relation.facts) is not None and facts.kind in _TABLES}


async def on_samples(target: Target, services: Sequence[Service], beside: Sequence[Service], *, rows: int = ROWS,
                     own_cluster: OwnCluster | None = None, only_own_cluster: bool = False) -> Rehearsal:
    """Runs what is pending on samples of at most about `rows` rows of each table.

    Raises MigrationError where the applied files can't be run in an empty database, or nowhere.
    """
    async with script_session(target.direct(), purpose="migrate rehearse") as source:
        asked = await _read(source, services, beside)
        if not asked.steps:
            return Rehearsal((), "nowhere: nothing is pending", notes=asked.notes)
        if not (only_own_cluster or target.is_production):
            try:
                async with scratch_server(target) as server:
                    where = f"scratch databases on this server, PostgreSQL {server.major}"
                    return await _on_samples(source, server, asked, rows, where, is_shared=True)
            except NeedsOwnCluster as needs:
                if own_cluster is None:
                    raise MigrationError(f"the files change {needs.what}, which the whole cluster shares") from None
        if own_cluster is None:
            raise MigrationError("there is no embedded PostgreSQL here to rehearse in",
                                 hint="pip install 'dbconsole[demo]' brings one; or --clone DSN")
        async with own_cluster() as cluster, scratch_server(cluster) as server:
            return await _on_samples(source, server, asked, rows, "a throwaway cluster of PostgreSQL "
                                     f"{server.session.info.version}", is_shared=False)


async def _read(session: ScriptSession, services: Sequence[Service], beside: Sequence[Service]) -> _Asked:
    """Raises MigrationError where a run would refuse to start."""
    found = await migration_plan.read(session, services, RunRange(), beside)
    ups = [planned.step for planned in found.ready if not planned.step.replaced]
    if tenant := next((step.migration for step in ups if step.migration.tenant is not None), None):
        raise MigrationError(f"{tenant.label} is a tenant's: only what all share can be rehearsed",
                             hint="--service chooses others")
    if code := next((step.migration for step in ups if step.script.directives.command is not None), None):
        raise MigrationError(f"{code.label} is code: how long it would hold what locks can't be told",
                             hint="--on-data is for what runs as SQL")
    plans = await plan(session, ups, found.services)
    downs = [Step(step.migration, "down") for step in reversed(ups)
             if step.migration.down is not None and not step.migration.is_repeatable
             and not irreversible(step.migration)]
    plans += await plan(session, downs, found.services)
    rows = await ledger.read_with_runs(session)
    notes = [*found.held_notes]
    every = await asyncio.to_thread(settle, await tenants.expanded(session, services), rows)
    applied = applied_files(await read_status(session, every), {(row.service, row.key): row for row in rows}, notes)
    return _Asked(tuple(found.services), (*ups, *downs), tuple(plans), tuple(applied), AGE in session.info.extensions,
                  tuple(notes))


async def _on_samples(source: ScriptSession, server: ScratchServer, asked: _Asked, rows: int, where: str, *,
                      is_shared: bool) -> Rehearsal:
    place = Place(where, is_shared, server.create, server.drop)
    base = ScratchRun(place, {service.name: service for service in asked.services},
                      frozenset() if asked.has_age else frozenset({AGE}))
    try:
        await base.open()
        for file in asked.applied:
            await base.make(file)
    finally:
        await base.close()
    assert base.target is not None
    timings, samples = _Timings(), []
    filled: dict[int, Target] = {}
    async with _snapshot(source):  # no longer than it takes to read: it holds VACUUM back
        for size in (max(1, rows // SMALLER), rows):
            filled[size] = await server.create(base.target)
            async with script_session(filled[size], purpose="migrate rehearse") as scratch:
                samples.append(await sample.take(source, scratch, [*asked.tables], size))
    for size, place_of_rows in filled.items():
        for _ in range(TIMES):
            await _once(place, server, place_of_rows, asked, timings.listener(size), timings)
        await server.drop(place_of_rows)
    whole = samples[-1].whole
    tables = tuple(TableSample(name, count, count if name in whole else asked.tables.get(name))
                   for name, count in samples[-1].rows.items())
    notes = (*asked.notes, *dict.fromkeys(note for each in samples for note in each.notes))
    sizes = {max(1, rows // SMALLER): samples[0].rows, rows: samples[-1].rows}
    return Rehearsal(tuple(_told(asked, timings, sizes, {table.name: table.of for table in tables})), where, tables,
                     notes)


@asynccontextmanager
async def _snapshot(source: ScriptSession) -> AsyncIterator[None]:
    await source.execute(*sample.snapshot(source.info.major))
    try:
        yield
    finally:
        await source.execute("ROLLBACK")


async def _once(place: Place, server: ScratchServer, filled: Target, asked: _Asked, hear: Callable[[Event], None],
                timings: _Timings) -> None:
    """All steps in a copy of a filled database; what comes after one that fails is left out."""
    copy = await server.create(filled)

    async def fresh() -> Target:
        return copy

    run = ScratchRun(replace(place, fresh=fresh), {service.name: service for service in asked.services}, is_copy=True)
    try:
        await run.open()
        for step in asked.steps:
            await run.provide(step.migration)
            run.runner.on_event = hear
            try:
                await run.run(step.migration, step.direction)
            except FileError as error:
                timings.failed(step, error)
                return
    finally:
        await run.close()
        await server.drop(copy)


async def on_clone(target: Target, clone: Target, services: Sequence[Service],
                   beside: Sequence[Service]) -> Rehearsal:
    """Runs what is pending on a clone of the target's database, up, down and both once more where there is a way down.

    Raises MigrationError where the clone is the target itself or production, and what a run raises.
    """
    async with script_session(target.direct(), purpose="migrate rehearse") as source, \
            script_session(clone.direct(), purpose="migrate rehearse") as session:
        await _check_clone(source, session)
        asked = await _read(session, services, beside)
        live = {} if not asked.steps else (await _read_sizes(source, asked))
    timings = _Timings()
    ups = [step for step in asked.steps if step.direction == "up"]
    may_repeat = len(asked.steps) == 2 * len(ups)
    try:
        for _ in range(TIMES if may_repeat else 1):
            await apply.plan_and_run(clone, services, RunRange(), timings.listener(0))
            if may_repeat and ups:
                await apply.plan_and_run(clone, services, RunRange(direction="down", steps=len(ups)),
                                         timings.listener(0))
    except FileError as error:
        last = next((step for step in asked.steps if step.script.path == error.path), None)
        if last is None:
            raise
        timings.failed(last, error)
    sizes = {0: {name: rows for name, rows in asked.tables.items() if rows is not None}}
    tables = tuple(TableSample(name, rows or 0, live.get(name)) for name, rows in asked.tables.items())
    notes = asked.notes if may_repeat else (
        *asked.notes, "the clone is left with what is pending applied: there is no way down from all of it")
    return Rehearsal(tuple(_told(asked, timings, sizes, live)), f"the clone {clone.label}", tables, notes)


async def _check_clone(source: ScriptSession, session: ScriptSession) -> None:
    if session.target.is_production or session.target.read_only:
        raise MigrationError(f"{session.target.label} is "
                             f"{'production' if session.target.is_production else 'read-only'}: no clone to write to")
    (there,), (here,) = await source.fetch(_IDENTITY), await session.fetch(_IDENTITY)
    if there.identity == here.identity:
        raise MigrationError("the clone is the target itself: nothing was run", hint="--clone names a copy of it")


async def _read_sizes(source: ScriptSession, asked: _Asked) -> Mapping[str, int | None]:
    """How many rows the target has in the tables, by the planner."""
    return {name: table.rows for name, table in (await sample.tables_of(source)).items() if name in asked.tables}


def _told(asked: _Asked, timings: _Timings, sizes: Mapping[int, Mapping[str, int]],
          live: Mapping[str, int | None]) -> Sequence[RehearsedStep]:
    """What the timings say of each step that was run. Pure."""
    found = []
    made: set[Name] = set()
    for step, planned in zip(asked.steps, asked.plans, strict=True):
        file = step.migration
        fault = timings.faults.get((file.service, file.version, step.direction))
        script = prepared(step)
        statements = []
        for number, statement in enumerate(planned.statements):
            runs = timings.found.get((file.service, file.version, step.direction, number), {})
            statements.append(_timed(statement, runs, sizes, live, made))
            if _is_query(statement):
                made |= {relation.name for relation in statement.relations if relation.is_new}
        if not any(statement.took_ms is not None for statement in statements) and fault is None and statements:
            continue  # an earlier one has failed
        found.append(RehearsedStep(file.service, file.version, file.name, step.direction, tuple(statements),
                                   tuple(_locks(script, planned, statements)), fault))
    return found


def _timed(statement: PlanStatement, runs: Mapping[int, Sequence[float]], sizes: Mapping[int, Mapping[str, int]],
           live: Mapping[str, int | None], made: set[Name]) -> TimedStatement:
    if not runs:
        return TimedStatement(statement.sql, statement.line, None, None, "it was not run")
    took_ms = max(time for times in runs.values() for time in times)
    every = [Measured(0, times) for times in runs.values()]
    relation, reason = _grows_with(statement, live, made)
    if reason:
        return TimedStatement(statement.sql, statement.line, took_ms, None, reason)
    if relation is None:
        return TimedStatement(statement.sql, statement.line, took_ms, durations.as_measured(every))
    measured = [Measured(sizes[size].get(relation, 0), times) for size, times in sorted(runs.items())]
    rows = live[relation]
    if rows is None or (rows and not measured[-1].rows):
        words = "how many rows it has isn't known: ANALYZE it" if rows is None else "none of its rows were to be had"
        return TimedStatement(statement.sql, statement.line, took_ms, None, f"{relation}: {words}")
    return TimedStatement(statement.sql, statement.line, took_ms, durations.grown(measured, rows))


def _is_query(statement: PlanStatement) -> bool:
    return statement.kind.startswith(_QUERIES)


def _grows_with(statement: PlanStatement, live: Mapping[str, int | None],
                made: set[Name]) -> tuple[str | None, str]:
    """The table with whose rows the time grows, None for none; or why that can't be told."""
    if statement.opaque:
        return None, statement.opaque
    if statement.kind in ("DO", "CALL", "EXECUTE"):
        return None, "what it does can't be told from its text"
    tables = [relation for relation in statement.relations
              if not relation.is_new and (relation.facts is None or relation.facts.kind in _TABLES)]
    if _is_query(statement):
        read = [relation for relation in tables if not statement.kind.startswith("INSERT") or len(tables) > 1]
        if len(read) > 1:
            return None, "it works on several tables: how its time grows with them can't be told"
        works_on = read
    else:
        works_on = [relation for relation in tables if relation.rewrites or relation.scans]
    if any(relation.name in made and (relation.scans or relation.rewrites or _is_query(statement))
           for relation in statement.relations if relation.is_new):
        return None, "it works on what this run itself has filled"
    names = [_table_name(relation) for relation in works_on]
    if any(name is None or name not in live for name in names):
        return None, "it works on a table of which there is no sample"
    known = [name for name in names if name is not None]
    return max(known, key=lambda name: live[name] or 0, default=None), ""


def _table_name(relation: PlanRelation) -> str | None:
    return None if relation.facts is None else identifier(relation.facts.schema, relation.facts.name)


def _locks(script: Prepared, planned: PlanStep, timed: Sequence[TimedStatement]) -> Sequence[MeasuredLock]:
    """Each lock from the statement that takes it to the end of its transaction, the longest of several."""
    found: dict[tuple[str, LockMode], MeasuredLock] = {}
    for first, last in _transactions(script, len(timed)):
        for number in range(first, last):
            parts = timed[number:last]
            at_least_ms = sum(part.would_take.low_ms if part.would_take is not None else 0 for part in parts)
            held = durations.total(part.would_take for part in parts)
            for relation in planned.statements[number].relations:
                key = str(relation.name), relation.mode
                if not relation.is_new and (key not in found or at_least_ms > found[key].at_least_ms):
                    found[key] = MeasuredLock(*key, held, at_least_ms)
    return sorted(found.values(), key=lambda lock: -lock.mode)


def _transactions(script: Prepared, count: int) -> Sequence[tuple[int, int]]:
    """From which statement to which each transaction of a script goes."""
    if script.in_transaction:
        return [(0, count)]
    lengths = [*script.blocks] or [1] * count
    ends = [sum(lengths[:number + 1]) for number in range(len(lengths))]
    return [(end - length, end) for end, length in zip(ends, lengths, strict=True) if end <= count]
