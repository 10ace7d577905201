"""How many searches a second a server answers, and how fast, when several clients search at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from itertools import count

from console.errors import ConsoleError, UsageError
from console.server.readonly import Reading, ReadStatement, Wire, explain, reading
from console.server.rows import Sessions
from console.vectors import plan as plans
from console.vectors import read, recall
from console.vectors.measure import MeasurementPlan, draw_queries, refuse_effects, sweep_variants
from console.vectors.records import ConcurrencyMeasurement, ConcurrencyPoint
from console.vectors.search import SearchOptions, way
from console.waiting import together

CLIENTS = (1, 4, 16, 64)
MOST_CLIENTS = 256
MOST_SECONDS = 60.0


async def measure_concurrency(sessions: Sessions, plan: MeasurementPlan, clients: Sequence[int], seconds: float,
                              tell: Callable[[int], None] = lambda clients: None) -> ConcurrencyMeasurement:
    """Loads the server with searches at one setting; `tell` hears how many clients come next.

    Each client has a connection and a read-only transaction of its own. Cancelling the task ends all of it. Raises
    UsageError for a load beyond what is allowed or a plan of several settings, Acts where the condition acts.
    """
    if not clients or not all(1 <= number <= MOST_CLIENTS for number in clients):
        raise UsageError(f"clients {', '.join(map(str, clients))}: from 1 to {MOST_CLIENTS}")
    if not 0 < seconds <= MOST_SECONDS:
        raise UsageError(f"{seconds:g} seconds for each number of clients: more than 0 and at most {MOST_SECONDS:g}")
    by = way(plan.subject, plan.metric, SearchOptions(by=plan.by))
    async with AsyncExitStack() as stack:
        async with sessions() as session:
            await refuse_effects(session, plan, by)
            known = await read.settings(session)
        lead = await _client(sessions, stack, plan)
        sample, _ = await draw_queries(lead, plan, by)
        variants = sweep_variants(plan, by, sample[0].vector, known)
        text = variants[0].nearest.text("$1")
        if len(variants) > 1:
            raise UsageError("a load is measured at one setting", hint="one value for each of them")
        params = [(Wire(query.vector.wire),) for query in sample]
        async with lead.under(variants[0].settings):
            page, _ = await lead.fetch(ReadStatement(explain(text), params[0]))
        used = plans.index_used(plans.document(page.rows[0][0]), plan.subject.index_names)
    warnings = ["asked by one process on one machine: it or the way to the server may be the limit, not the server"]
    points = []
    for number in clients:
        tell(number)
        try:
            points.append(await _point(sessions, plan, number, seconds, variants[0].settings, text, params))
        except ConsoleError as error:
            warnings.append(f"{number} clients: {error.summary}")
            break
    return ConcurrencyMeasurement(tuple(points), used, tuple(warnings))


async def _client(sessions: Sessions, stack: AsyncExitStack, plan: MeasurementPlan) -> Reading:
    session = await stack.enter_async_context(sessions())
    return await stack.enter_async_context(reading(
        session, library=read.library(session), timeout_ms=plan.timeout_ms, pinned=plan.pinned))


async def _point(sessions: Sessions, plan: MeasurementPlan, clients: int, seconds: float, settings: Mapping[str, str],
                 text: str, params: Sequence[tuple[Wire]]) -> ConcurrencyPoint:
    """All clients connect first, then the clock runs."""
    times: list[float] = []
    places = count()
    async with AsyncExitStack() as stack:
        readings = [await _client(sessions, stack, plan) for _ in range(clients)]
        for each in readings:
            await stack.enter_async_context(each.under(settings))
        began = time.perf_counter()

        async def work(each: Reading) -> None:
            while time.perf_counter() - began < seconds:
                _, elapsed_ms = await each.fetch(ReadStatement(text, params[next(places) % len(params)]))
                times.append(elapsed_ms)

        await together([work(each) for each in readings])
        took_s = time.perf_counter() - began
    return ConcurrencyPoint(clients, took_s, len(times), recall.latency(times))
