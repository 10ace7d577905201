"""Building, rebuilding and dropping a vector index on a connection of its own: watched, cancellable, cleaned up.

CREATE INDEX CONCURRENTLY ends in the middle when it fails or is cancelled, and leaves an index that is not valid, never
used, and in the way of the next try. What such a statement of ours has left is named and dropped again here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from console.activity import audit
from console.activity.pace import Pace
from console.activity.read import PROGRESS
from console.activity.records import CommandProgress
from console.errors import ConsoleError, Missing
from console.server.query import Query, Read, load
from console.server.readonly import ReadStatement, trip
from console.server.script import ScriptFault, ScriptSession, ServerNotice, script_session
from console.server.session import PgSession
from console.server.target import Target
from console.sql.quoting import identifier, literal
from console.text import format as fmt
from console.vectors import read
from console.vectors.ddl import BuildSettings, Design, Order, check, clauses
from console.vectors.records import Blocker, Building, BuildNotice, BuildReport, BuildStep, LeftOver, VectorIndex
from console.waiting import ended

PROGRESS_CREATE_INDEX = next(query for query in PROGRESS if query.name == "activity.progress_create_index")
BLOCKERS: Query[Blocker] = load("console.vectors", "build_blockers", Blocker)
BUILDING: Query[Building] = load("console.vectors", "building", Building)

LOOK_EVERY_S = 0.5
CLEAN_UP_LOCK_MS = 4000
"""How long a left-over's DROP waits for who is in its way; leaving the console waits for it as well."""
SAMPLE_ROWS, LEAST_SAMPLE_ROWS = 2000, 100

Event = BuildStep | BuildNotice | LeftOver
Tell = Callable[[Event], None]


async def run(target: Target, order: Order, tell: Tell = lambda event: None) -> BuildReport:
    """Runs the order directly, never through a pooler, and tells its steps, notices and left-overs.

    Raises ConsoleError when it fails; what it left behind has been told by then. Cancelling the task cancels the
    statement on the server, drops what it left, and raises CancelledError. Who did what is in the audit log.
    """
    direct = target.direct()
    async with script_session(direct, purpose=f"{order.action} index") as session:
        _check(session)
        facts = {"action": f"{order.action} index", "target": target.label, "server": session.info.host,
                 "role": session.info.user, "database": session.info.database, "sql": order.sql,
                 "settings": order.settings.values()}
        before = {index.oid for index in await read.indexes(session, order.relation_oid) if not index.is_usable}
        for name, value in order.settings.values().items():
            await session.execute(f"SET {name} = {literal(value)}")
        audit.write("asked", facts)
        notices: list[BuildNotice] = []

        def hear(notice: ServerNotice) -> None:
            notices.append(BuildNotice(notice.severity, notice.message, notice.hint or notice.detail))
            tell(notices[-1])

        session.on_notice = hear
        watching = asyncio.create_task(_watch(direct, session.info.backend_pid, tell))
        begun = time.monotonic()
        try:
            await session.statement(order.sql)
        except (ScriptFault, asyncio.CancelledError) as error:
            await ended(watching)
            is_fault = isinstance(error, ScriptFault)
            audit.write("failed" if is_fault else "cancelled",
                        facts | {"outcome": error.fault.summary if isinstance(error, ScriptFault) else "cancelled"})
            await _clean_up(session, order, before, tell)
            if isinstance(error, ScriptFault):
                raise error.fault from error
            raise
        finally:
            await ended(watching)
        took_s = time.monotonic() - begun
        made = next((index for index in await read.indexes(session, order.relation_oid)
                     if (index.schema, index.name) == (order.schema, order.index)), None)
        audit.write("done", facts | {"outcome": f"took {fmt.duration(took_s)}"})
        return BuildReport(took_s, made.size_bytes if made else None, tuple(notices))


def _check(session: PgSession) -> None:
    """Raises ConsoleError where nothing can be built."""
    info, label = session.info, session.target.label
    if info.is_pooled:
        raise ConsoleError(f"{label}: an index can't be built through a connection pooler",
                           hint="direct_dsn of the target is the way past it")
    if info.is_standby:
        raise ConsoleError(f"{label} is a standby: nothing can be written there", hint="connect to its primary")
    if info.is_read_only:
        raise ConsoleError(f"{label}: the server makes every transaction read-only here "
                           "(default_transaction_read_only)", hint="it is set for the role, the database or the server")


async def _watch(target: Target, pid: int, tell: Tell) -> None:
    """Tells how far `pid` is, from a connection beside; without one the build goes on unseen."""
    pace, last = Pace(), None
    with contextlib.suppress(ConsoleError):
        async with script_session(target, purpose="index watch") as session:
            while True:
                found = await session.refresh(Read(PROGRESS_CREATE_INDEX), Read(BLOCKERS, {"pid": pid}))
                commands: list[CommandProgress] = [item for item in found.rows(PROGRESS_CREATE_INDEX) or ()
                                                   if item.pid == pid]
                pace.add_sample(commands)
                mine = commands[0] if commands else None
                step = BuildStep(mine, pace.seconds_left(mine) if mine else None,
                                 tuple(found.rows(BLOCKERS) or ()))
                if step != last:
                    tell(step)
                    last = step
                await asyncio.sleep(LOOK_EVERY_S)


async def _clean_up(session: ScriptSession, order: Order, before: set[int], tell: Tell) -> None:
    """Finds what the statement left, and drops it unless somebody is in the way."""
    if session.connection.closed:
        return
    try:
        left = [left_over for left_over in await left_overs(session, order.relation_oid)
                if left_over.oid not in before and _is_of(order, left_over)]
        await session.execute(f"SET lock_timeout = {CLEAN_UP_LOCK_MS:d}")
    except ConsoleError:
        return
    for index in left:
        text = f"DROP INDEX CONCURRENTLY {index.sql_name}"
        obstacle = None
        if order.action != "drop":
            try:
                await session.statement(text)
            except ScriptFault as error:
                obstacle = "another session is in the way" if error.sqlstate == "55P03" else error.fault.summary
        else:
            obstacle = "it was being dropped"
        tell(LeftOver(index.sql_name, obstacle is None, text, obstacle))


async def left_overs(session: PgSession, relation_oid: int) -> list[VectorIndex]:
    """The vector indexes of a table that are not valid and that nobody is building. Raises ConsoleError."""
    found = [index for index in await read.indexes(session, relation_oid) if not index.is_usable
             and not index.is_partitioned]
    busy = {building.index_oid for building in await session.fetch(BUILDING)} if found else set()
    return [index for index in found if index.oid not in busy]


def _is_of(order: Order, index: VectorIndex) -> bool:
    if order.action == "reindex":
        return re.search(r"_cc(new|old)\d*$", index.name) is not None
    return index.name == order.index


async def prewarm(session: PgSession, index: VectorIndex, timeout_ms: int = 600_000) -> int:
    """Reads the whole index into the server's cache (pg_prewarm); how many pages it has. Raises ConsoleError."""
    extension = session.info.extensions.get("pg_prewarm")
    if extension is None:
        raise Missing(f"{session.target.label}: the extension pg_prewarm is not installed",
                      hint="CREATE EXTENSION pg_prewarm; or run searches: each brings what it reads into the cache")
    # all five arguments: another function of that name with fewer would fit a call with fewer better
    arguments = ("$1::pg_catalog.regclass, 'buffer'::pg_catalog.text, 'main'::pg_catalog.text, "
                 "NULL::pg_catalog.int8, NULL::pg_catalog.int8")
    statement = ReadStatement(f"SELECT {identifier(extension.schema, 'pg_prewarm')}({arguments})", (index.sql_name,))
    done = await trip(session, [statement], timeout_ms=timeout_ms)
    return int(done.pages[0].rows[0][0] or 0)


class SampleBuild(Struct, frozen=True):
    """How long the same index took on `rows` random rows, in seconds, by one process."""

    rows: int
    seconds: float


async def sample_build(target: Target, design: Design, settings: BuildSettings, rows: float,
                       sample_rows: int = SAMPLE_ROWS) -> SampleBuild | None:
    """Builds the same index on a sample, in a temporary table of a transaction that is rolled back.

    `rows` are about as many as the table has. None where there are too few to tell. Raises ConsoleError.
    """
    check(design)
    column = identifier(design.column.name)
    # some pages hold more rows than others: three times as many as are wanted are drawn from
    share = min(100.0, max(0.001, 300.0 * sample_rows / max(1.0, rows)))
    values = replace(settings, max_parallel_maintenance_workers=0, lock_timeout_ms=500).values()
    values["statement_timeout"] = "60000"
    where = f"{column} IS NOT NULL" + (f" AND ({design.where}\n)" if design.where else "")
    async with script_session(target.direct(), purpose="index sample") as session:
        _check(session)
        await session.execute("BEGIN", *(f"SET LOCAL {name} = {literal(value)}" for name, value in values.items()))
        try:
            await session.execute(
                f"CREATE TEMPORARY TABLE dbconsole_sample ON COMMIT DROP AS SELECT {column} "
                f"FROM {design.column.table} TABLESAMPLE pg_catalog.system ({share:.4f}) WHERE {where} "
                f"LIMIT {sample_rows:d}")
            ((count,),) = await session.execute("SELECT pg_catalog.count(*) FROM pg_temp.dbconsole_sample")
            if count < LEAST_SAMPLE_ROWS:
                return None
            begun = time.perf_counter()
            await session.execute(f"CREATE INDEX ON pg_temp.dbconsole_sample {clauses(design)}")
            return SampleBuild(count, time.perf_counter() - begun)
        finally:
            if not session.connection.closed:
                await session.execute("ROLLBACK")
