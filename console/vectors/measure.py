"""Running a recall measurement: queries drawn, the truth by exact search, the index at each setting.

Truth and index see one snapshot: the first transaction exports it, those of further connections take it over. Nothing
is ever prepared, and each point's plan is checked: PostgreSQL would silently answer by a cached exact plan otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import ConsoleError, Missing, ServerError, UsageError
from console.server import effects
from console.server.nearest import Nearest, sampled_vectors, table_vectors
from console.server.preamble import PINNED, SHOWN
from console.server.readonly import Reading, ReadStatement, Wire, explain, reading
from console.server.rows import Sessions
from console.sql.quoting import identifier
from console.vectors import embedders, read, recall, values
from console.vectors import plan as plans
from console.vectors.embedders import Embedder
from console.vectors.metrics import Metric
from console.vectors.records import Latency, Point, Recommendation, VectorColumn, VectorIndex, VectorRelationFacts
from console.vectors.search import SearchableColumn, SearchOptions, SearchRequest, compose, fitting
from console.vectors.values import QueryVector
from console.waiting import together

HNSW_SWEEP = (10, 20, 40, 80, 120, 200, 400, 800)
QUERY_TIMEOUT_MS = 60_000
MOST_QUERIES = 10_000


class SampleQuery(Struct, frozen=True):
    """A query vector; `place` is the (tableoid, ctid) of the row that it was taken from, to be left out."""

    vector: QueryVector
    place: tuple[str | None, str | None] | None = None


class MeasurementPlan(Struct, frozen=True):
    """What to measure. `sweep` are the values of hnsw.ef_search or ivfflat.probes, empty for the server's own;
    `modes` iterative scan modes, empty for the server's own. `connections` share the exact searches.

    `given` are vectors to ask for, in place of `queries` random stored rows; `held_out` is another column of the
    same database (schema, table, column) whose rows ask. `timeout_ms` is for each query. `allowed` names what may act
    in `where` although the target is locked.
    """

    subject: SearchableColumn
    metric: Metric
    k: int = 10
    queries: int = 200
    seed: int = 0
    where: str | None = None
    sweep: tuple[int, ...] = ()
    modes: tuple[str, ...] = ()
    target: float = 0.95
    connections: int = 2
    given: tuple[QueryVector, ...] = ()
    held_out: tuple[str, str, str] | None = None
    warm_up: bool = True
    force_index: bool = False
    timeout_ms: int = QUERY_TIMEOUT_MS
    allowed: Collection[str] = ()

    @property
    def pinned(self) -> Mapping[str, str]:
        """What is set for its statements: a person's condition keeps the search_path that it is meant for."""
        return SHOWN if self.where else PINNED

    def __post_init__(self) -> None:
        if self.k < 1:
            raise UsageError(f"k is {self.k}: it must be at least 1")
        if not 1 <= self.queries <= MOST_QUERIES:
            raise UsageError(f"{self.queries} queries: from 1 to {MOST_QUERIES}")
        if any(number < 1 for number in self.sweep):
            raise UsageError(f"a sweep of {', '.join(map(str, self.sweep))}: every value must be at least 1")
        if not 0 < self.target <= 1:
            raise UsageError(f"the target recall is {self.target}: from 0 to 1")


class MeasurementProgress(Struct, frozen=True):
    """How far it is: the phase ("embedding", "sampling", "exact", or the point's label) and queries done of all in it.
    """

    phase: str
    done: int
    total: int


class Truth(Struct, frozen=True):
    """The exact search's distances for each query, in rising order, and its times on one connection's clock."""

    distances: tuple[tuple[float, ...], ...]
    times_ms: tuple[float, ...]


class Measurement(Struct, frozen=True):
    """What was measured. `index` is the one that should be used; `points` in the order of the sweep."""

    plan: MeasurementPlan
    index: VectorIndex | None
    queries: int
    exact: Latency
    points: tuple[Point, ...]
    recommendation: Recommendation
    warnings: tuple[str, ...]
    is_truth_cached: bool


Tell = Callable[[MeasurementProgress], None]


class TruthCache(Struct):
    """Truths of this process, good while the table's write counters and size stay (pg_stat_all_tables)."""

    kept: dict[str, tuple[tuple[object, ...], Truth]] = field(default_factory=dict)

    def get(self, key: str, facts: VectorRelationFacts) -> Truth | None:
        found = self.kept.get(key)
        return found[1] if found and found[0] == _stamp(facts) else None

    def put(self, key: str, facts: VectorRelationFacts, truth: Truth) -> None:
        while len(self.kept) >= 16:
            self.kept.pop(next(iter(self.kept)))
        self.kept[key] = (_stamp(facts), truth)


async def measure(sessions: Sessions, plan: MeasurementPlan, tell: Tell = lambda progress: None,
                  cache: TruthCache | None = None) -> Measurement:
    """Measures the plan. Cancelling the task cancels what runs on the server. Raises ConsoleError, Acts where a
    person's condition, or the relation of the queries, acts."""
    column = plan.subject.column
    if column.relkind not in "rpm":
        raise UsageError(f"{column.table} is no table: recall is measured on tables and materialized views")
    index = fitting(plan.subject, plan.metric)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(sessions())
        settings = await read.settings(session)
        facts = await read.relation_facts(session, column.relation_oid, column.position)
        library = read.library(session)
        nearest = _nearest(plan, index)
        if plan.where:
            await effects.refuse(session, nearest.text("$1"), plan.allowed)
        if plan.held_out:
            await effects.refuse(session, table_vectors(*plan.held_out, plan.queries), plan.allowed)
        tell(MeasurementProgress("sampling", 0, plan.queries))
        lead = await stack.enter_async_context(reading(
            session, library=library, timeout_ms=plan.timeout_ms, pinned=plan.pinned))
        sample = await _sample(lead, plan)
        exact = replace(nearest, operand=identifier(column.name), vector_type=column.type_sql(),
                        columns=("tableoid", "ctid"))
        key = _key(session.target.label, exact, sample)
        truth = cache.get(key, facts) if cache else None
        is_cached = truth is not None
        if truth is None:
            helpers = [] if plan.connections < 2 else await _helpers(sessions, stack, lead, plan)
            truth = await _truth([lead, *helpers], exact, sample, plan, tell, plan.subject.index_names)
            if not any(truth.distances):
                raise Missing(f"{column.label}: the exact search finds no row at a distance to compare with, beside "
                              "the queries' own")
            if cache:
                cache.put(key, facts, truth)
        points = []
        for setting, mode in _points(plan, index):
            points.append(await _point(lead, nearest, sample, truth, plan, index, setting, mode, settings, tell))
        role, database = session.info.quoted_user, identifier(session.info.database)
    exactly = recall.latency(truth.times_ms)
    return Measurement(
        plan, index, len(sample), exactly, tuple(points),
        recall.recommend(points, plan.target, plan.k, exactly, role=role, database=database),
        tuple(_warnings(plan, index, sample, truth, points)), is_cached)


EMBEDDED_AT_ONCE = 4


async def of_texts(embedder: Embedder, texts: Sequence[str], column: VectorColumn, tell: Tell = lambda progress: None,
                   ) -> tuple[QueryVector, ...]:
    """The texts as vectors of the column's type, in their order, some embedded at once. Raises ConsoleError."""
    found: list[QueryVector | None] = [None] * len(texts)
    waiting = iter(enumerate(texts))
    done = 0

    async def work() -> None:
        nonlocal done
        for place, text in waiting:
            numbers = await embedders.embed(embedder, text, column.dimensions)
            found[place] = values.of_numbers(numbers, column.type_name)
            done += 1
            tell(MeasurementProgress("embedding", done, len(texts)))

    await together([work() for _ in range(min(EMBEDDED_AT_ONCE, len(texts)))])
    return tuple(vector for vector in found if vector is not None)


def default_sweep(index: VectorIndex | None) -> tuple[int, ...]:
    """The settings that are worth trying: of hnsw those of ann-benchmarks, of ivfflat 1, 2, 4... up to all lists."""
    if index is None:
        return ()
    if index.method == "ivfflat":
        lists = next((int(option[6:]) for option in index.options if option.startswith("lists=")), 100)
        found = [1 << power for power in range(16) if 1 << power < lists]
        return (*found, lists)
    return HNSW_SWEEP if index.method == "hnsw" else ()


def _points(plan: MeasurementPlan, index: VectorIndex | None) -> list[tuple[int | None, str | None]]:
    return [(setting, mode) for mode in plan.modes or (None,) for setting in plan.sweep or (None,)]


def _nearest(plan: MeasurementPlan, index: VectorIndex | None) -> Nearest:
    """The measured statement: place and distance alone, for a vector in the select list would be measured too."""
    column = plan.subject.column
    zero = values.of_bits("1" * (column.dimensions or 1)) if column.type_name == "bit" else \
        values.of_pairs({1: 1.0}, column.dimensions or 1, column.type_name)
    request = SearchRequest(plan.subject, zero, plan.metric, plan.k, where=plan.where, columns=(),
                            options=SearchOptions())
    found = compose(request).nearest
    places: tuple[str, ...] = ("tableoid", "ctid")
    if _is_narrowed(plan, found):
        # ordered by an index at half precision, but judged by the distances of the column itself
        places += (f"{identifier(column.name)} {found.operator} $2::{column.type_sql()}",)
    # One more row than asked for: the query's own.
    return replace(found, columns=places, limit=plan.k + (0 if _is_given(plan) else 1))


def _is_narrowed(plan: MeasurementPlan, nearest: Nearest) -> bool:
    return nearest.operand != identifier(plan.subject.column.name)


def _is_given(plan: MeasurementPlan) -> bool:
    return bool(plan.given) or plan.held_out is not None


async def _sample(lead: Reading, plan: MeasurementPlan) -> list[SampleQuery]:
    """The queries. Raises Missing where the table has no vector to ask for."""
    column = plan.subject.column
    if plan.given:
        for vector in plan.given:
            values.check(vector, column.dimensions, plan.metric, column.label)
        return [SampleQuery(query_vector) for query_vector in plan.given[:plan.queries]]
    if plan.held_out:
        statement = ReadStatement(table_vectors(*plan.held_out, plan.queries))
    else:
        statement = ReadStatement(sampled_vectors(column.schema, column.relation, column.name, plan.where,
                                                  plan.queries),
                              (str(plan.seed),))
    page, _ = await lead.fetch(statement)
    found = []
    for row in page.rows:
        vector = values.parse(row[-1] or "", column.type_name)
        if plan.metric.name == "cosine" and vector.norm == 0:
            continue
        values.check(vector, column.dimensions, plan.metric, column.label)
        found.append(SampleQuery(vector, (row[0], row[1]) if not plan.held_out else None))
    if not found:
        where = ".".join(plan.held_out) if plan.held_out else column.label
        raise Missing(f"{where} has no vector to ask for: the table is empty, or all are NULL or zero")
    return found


async def _helpers(sessions: Sessions, stack: AsyncExitStack, lead: Reading, plan: MeasurementPlan,
                   ) -> list[Reading]:
    """Further transactions on the first one's snapshot; fewer, or none, where connections are refused."""
    found: list[Reading] = []
    snapshot = await lead.export()
    try:
        for _ in range(plan.connections - 1):
            session = await stack.enter_async_context(sessions())
            found.append(await stack.enter_async_context(
                reading(session, snapshot=snapshot, library=read.library(session), timeout_ms=plan.timeout_ms,
                        pinned=plan.pinned)))
    except ConsoleError:
        return found
    return found


async def _truth(readings: Sequence[Reading], nearest: Nearest, sample: Sequence[SampleQuery], plan: MeasurementPlan,
                 tell: Tell,
                 names: frozenset[str]) -> Truth:
    """Every query by exact search, shared out over the connections. Raises ConsoleError."""
    distances: list[tuple[float, ...]] = [()] * len(sample)
    times = [0.0] * len(sample)
    text = nearest.text("$1")
    waiting = iter(range(len(sample)))
    done = 0
    off = {"enable_indexscan": "off"}

    async def work(reading: Reading) -> None:
        nonlocal done
        async with reading.under(off):
            page, _ = await reading.fetch(ReadStatement(explain(text), (Wire(sample[0].vector.wire),)))
            if used := plans.index_used(plans.document(page.rows[0][0]), names):
                raise ServerError(f"the exact search would use the index {used}: the truth can't be found")
            for place in waiting:
                found, times[place] = await reading.fetch(ReadStatement(text, (Wire(sample[place].vector.wire),)))
                distances[place] = _distances(found.rows, sample[place], plan.k)
                done += 1
                tell(MeasurementProgress("exact", done, len(sample)))

    tell(MeasurementProgress("exact", 0, len(sample)))
    await together([work(reading) for reading in readings])
    return Truth(tuple(distances), tuple(times))


async def _point(lead: Reading, nearest: Nearest, sample: Sequence[SampleQuery], truth: Truth, plan: MeasurementPlan,
                 index: VectorIndex | None, setting: int | None, mode: str | None, known: Mapping[str, object],
                 tell: Tell) -> Point:
    parameter = {"hnsw": "hnsw.ef_search", "ivfflat": "ivfflat.probes"}.get(index.method if index else "")
    settings: dict[str, str] = {}
    if setting is not None:
        if parameter is None:
            raise UsageError(f"{plan.subject.column.label} has no hnsw or ivfflat index whose settings could be swept")
        settings[parameter] = str(setting)
    if mode is not None and index is not None:
        name = f"{index.method}.iterative_scan"
        if name not in known:
            raise UsageError("iterative scans need pgvector 0.8", hint="ALTER EXTENSION vector UPDATE")
        settings[name] = mode
    if plan.force_index:
        settings["enable_seqscan"] = "off"
    text = nearest.text("$1")
    label = " ".join(filter(None, ["default" if setting is None else str(setting), mode]))
    params = [(Wire(values.parse(sample_query.vector.text, "halfvec").wire), Wire(sample_query.vector.wire))
              if _is_narrowed(plan, nearest) else (Wire(sample_query.vector.wire),) for sample_query in sample]
    recalls, rows, times = [], [], []
    async with lead.under(settings):
        page, _ = await lead.fetch(ReadStatement(explain(text), params[0]))
        used = plans.index_used(plans.document(page.rows[0][0]), plan.subject.index_names)
        if plan.warm_up and used:  # the exact searches have warmed the table up already
            for place, values_of in enumerate(params):
                await lead.fetch(ReadStatement(text, values_of))
                tell(MeasurementProgress(f"{label}, warming up", place + 1, len(sample)))
        for place, query in enumerate(sample):
            found, elapsed_ms = await lead.fetch(ReadStatement(text, params[place]))
            distances = _distances(found.rows, query, plan.k)
            share = recall.recall_at(distances, truth.distances[place], plan.k)
            times.append(elapsed_ms)
            rows.append(len(distances))
            if share is not None:
                recalls.append(share)
            tell(MeasurementProgress(label, place + 1, len(sample)))
    return recall.point(recalls, rows, times, setting=setting, parameter=parameter, mode=mode, index_used=used,
                        target=plan.target)


def _distances(rows: Sequence[Sequence[str | None]], query: SampleQuery, k: int) -> tuple[float, ...]:
    """The distances of at most k rows other than the query's own, in rising order."""
    found = sorted(float(row[2]) for row in rows
                   if row[2] is not None and row[2] != "NaN" and query.place != (row[0], row[1]))
    return tuple(found[:k])


def _warnings(plan: MeasurementPlan, index: VectorIndex | None, sample: Sequence[SampleQuery], truth: Truth,
              points: Sequence[Point]) -> list[str]:
    found = []
    if index is None:
        found.append(f"no valid index fits {plan.metric.title}: every search is exact")
    elif left := [point.label for point in points if point.is_exact]:
        found.append(f"the planner left the index at {', '.join(left)}: those points are the exact search")
    if not _is_given(plan):
        found.append("the queries are stored rows: real queries, from elsewhere, usually find a little less")
    if len(sample) < plan.queries:
        found.append(f"only {_queries(sample)} could be drawn")
    if len(sample) < 100:
        found.append(f"p99 of {_queries(sample)} says little: take at least 100")
    if short := [point for point in points
                 if point.rows_mean < min(plan.k, _mean(list(map(len, truth.distances)))) - 1e-9]:
        own = "" if _is_given(plan) else " (beside the query's own, which takes a place of the candidates)"
        found.append(f"fewer than k rows came back at {', '.join(point.label for point in short)}{own}")
    return found


def _queries(sample: Sequence[SampleQuery]) -> str:
    return "1 query" if len(sample) == 1 else f"{len(sample)} queries"


def _mean(counts: Sequence[int]) -> float:
    return sum(counts) / len(counts) if counts else 0.0


def _stamp(facts: VectorRelationFacts) -> tuple[object, ...]:
    return facts.oid, facts.inserted, facts.updated, facts.deleted, facts.heap_pages


def _key(label: str, nearest: Nearest, sample: Sequence[SampleQuery]) -> str:
    digest = hashlib.sha256(f"{label}\0{nearest.text('$1')}".encode())
    for query in sample:
        digest.update(query.vector.wire)
        digest.update(repr(query.place).encode())
    return digest.hexdigest()
