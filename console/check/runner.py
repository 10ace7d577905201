"""Runs the checks on one target: one connection, one round trip for all reads, one deadline over everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.check.evaluation import evaluate, reads_of, unreachable
from console.check.records import CheckContext, Report
from console.check.registry import ConfiguredCheck
from console.errors import ConsoleError
from console.metrics.reads.counters import SERVER_CLOCK
from console.server.query import INTERVALS, Query, Read
from console.server.single import single_session
from console.server.target import Target
from console.text.sanitiser import single_line

if TYPE_CHECKING:
    from console.pooler.records import PoolerReading
    from console.server.info import ServerInfo
    from console.server.session import PgSession, Readings
    from console.services import Service

Also = Callable[[CheckContext], "Sequence[Query[object]]"]

PRESENTING_S = 0.1
"""What is kept of the deadline for evaluating and printing."""


async def check_target(target: Target, checks: Sequence[ConfiguredCheck], services: Sequence[Service] = (), *,
                       timeout_s: float = 10.0, also: Also | None = None) -> Report:
    """Every check's result on `target`, in `timeout_s` seconds whatever the server does; raises nothing of its own.

    A target that can't be reached gives a `connection` that is CRITICAL and UNKNOWN for the rest. What wasn't
    answered in time is UNKNOWN, what was stays. `also` names reads for the same round trip; with it the pooler is
    asked whether or not a check wants it.
    """
    started = time.perf_counter()
    deadline = started + max(0.1, timeout_s - PRESENTING_S)
    info: ServerInfo | None = None
    readings: Readings | None = None
    wants_pooler = also is not None or any(check.check.reads_pooler for check in checks)
    pooler = _asked_pooler(target, deadline - started) if wants_pooler else None
    try:
        async with single_session(target, deadline - started) as session:
            info = session.info
            context = CheckContext(info, target, tuple(services))
            more = also(context) if also is not None else ()
            wanted = {query.name: query for query in (*reads_of(checks, context), *more)}
            reads = in_order(tuple(wanted.values()), context)
            readings = await session.refresh(*reads, within_s=deadline - time.perf_counter())
            context = replace(context, probed=await _probed(session, checks, context, deadline))
        results = evaluate(checks, readings, replace(context, pooler=await pooler if pooler is not None else None))
    except ConsoleError as error:
        results = unreachable(checks, error)
    finally:
        if pooler is not None:
            pooler.cancel()
    server = None if info is None else f"PostgreSQL {info.version}"
    asked = pooler.result() if pooler is not None and pooler.done() and not pooler.cancelled() else None
    return Report(single_line(target.label), results, (time.perf_counter() - started) * 1000, server, info, readings,
                  asked)


async def _probed(session: PgSession, checks: Sequence[ConfiguredCheck], context: CheckContext, deadline: float
                  ) -> dict[str, object]:
    """What the checks' own looks bring, one after the other, as far as the deadline lets them."""
    found: dict[str, object] = {}
    for configured_check in checks:
        check = configured_check.check
        left_s = deadline - time.perf_counter()
        if check.probe is None or left_s <= 0 or (check.excuse is not None and check.excuse(context) is not None):
            continue
        try:
            async with asyncio.timeout(left_s):
                found[check.name] = await check.probe(session, context)
        except TimeoutError:
            break  # its statement is cancelled, and there is no time for another
        except ConsoleError as error:
            found[check.name] = error
    return found


def _asked_pooler(target: Target, within_s: float) -> asyncio.Task[PoolerReading] | None:
    """The look at the target's pooler, begun beside the server's reads, where there is one."""
    if target.pgbouncer_conninfo is None:
        return None
    from console.pooler.read import read_once

    return asyncio.create_task(read_once(target, within_s))


def in_order(queries: Sequence[Query[object]], context: CheckContext) -> list[Read[object]]:
    """The slow reads (sizes) after the quick ones, so that those are answered whatever happens; the clock last."""
    def slowness(query: Query[object]) -> tuple[bool, int]:
        variant = query.variant(context.info)
        return query.name == SERVER_CLOCK.name, INTERVALS.index(variant.interval) if variant else 0

    return [Read(query) for query in sorted(queries, key=slowness)]
