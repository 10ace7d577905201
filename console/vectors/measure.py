"""Running a recall measurement: queries drawn, the truth by exact search, the index at each setting.

Truth and index see one snapshot: the first transaction exports it, those of further connections take it over. Nothing
is ever prepared, and each point's plan is checked: PostgreSQL would silently answer by a cached exact plan otherwise.
"""

from __future__ import annotations

import hashlib
from collections import Counter
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
from console.server.session import PgSession
from console.sql.quoting import identifier
from console.vectors import embedders, read, recall, values
from console.vectors import plan as plans
from console.vectors.embedders import Embedder
from console.vectors.metrics import Metric
from console.vectors.records import Latency, Point, Recommendation, VectorColumn, VectorIndex, VectorRelationFacts
from console.vectors.representations import MOST_OVERSAMPLING, Representation, exact_condition
from console.vectors.search import (
    ITERATIVE,
    Composed,
    SearchableColumn,
    SearchOptions,
    SearchRequest,
    both,
    compose,
    way,
)
from console.vectors.values import QueryVector
from console.waiting import together

POOR_RECALL = 0.9
"""Below it an answer looks whole and isn't: that is warned of."""

HNSW_SWEEP = (10, 20, 40, 80, 120, 200, 400, 800)
OVERSAMPLING_SWEEP = (1, 2, 5, 10, 20, 50)
QUERY_TIMEOUT_MS = 60_000
MOST_QUERIES = 10_000


class SampleQuery(Struct, frozen=True):
    """A query vector; `place` is the (tableoid, ctid) of the row that it was taken from, to be left out."""

    vector: QueryVector
    place: tuple[str | None, str | None] | None = None


class MeasurementPlan(Struct, frozen=True):
    """What to measure. `sweep` are the values of hnsw.ef_search or ivfflat.probes, empty for the server's own;
    `modes` iterative scan modes, empty for the server's own. `by` names one of the column's searches, and
    `oversampling` are the candidates for each row wanted that are ranked again there, empty for as many as usual.
    `connections` share the exact searches.

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
    by: str | None = None
    oversampling: tuple[int, ...] = ()

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
        if any(not 1 <= number <= MOST_OVERSAMPLING for number in self.oversampling):
            raise UsageError(f"oversampling {', '.join(map(str, self.oversampling))}: from 1 to {MOST_OVERSAMPLING}")
        if not 0 < self.target <= 1:
            raise UsageError(f"the target recall is {self.target}: from 0 to 1")


class MeasurementProgress(Struct, frozen=True):
    """How far it is: the phase ("embedding", "sampling", "exact", "warming up" or "sweep") and queries done of all in
    it."""

    phase: str
    done: int
    total: int


class Truth(Struct, frozen=True):
    """The exact search's distances for each query, in rising order, and its times on one connection's clock."""

    distances: tuple[tuple[float, ...], ...]
    times_ms: tuple[float, ...]


class Measurement(Struct, frozen=True):
    """What was measured. `index` is the one that should be used, `by` the search of the column that goes by it;
    `points` in the order of the sweep."""

    plan: MeasurementPlan
    index: VectorIndex | None
    queries: int
    exact: Latency
    points: tuple[Point, ...]
    recommendation: Recommendation
    warnings: tuple[str, ...]
    is_truth_cached: bool
    by: Representation | None = None


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
    by = way(plan.subject, plan.metric, SearchOptions(by=plan.by))
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(sessions())
        settings = await read.settings(session)
        facts = await read.relation_facts(session, column.relation_oid, column.position)
        library = read.library(session)
        await refuse_effects(session, plan, by)
        tell(MeasurementProgress("sampling", 0, plan.queries))
        lead = await stack.enter_async_context(reading(
            session, library=library, timeout_ms=plan.timeout_ms, pinned=plan.pinned))
        sample, others = await draw_queries(lead, plan, by)
        by = way(plan.subject, plan.metric, SearchOptions(by=plan.by), sample[0].vector.dimensions)
        index = by.index if by is not None else None
        variants = sweep_variants(plan, by, sample[0].vector, settings)
        exact = replace(variants[0].nearest, operand=identifier(column.name), query=("", ""), coarse=None,
                        columns=PLACE)
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
        points = await _sweep(lead, variants, sample, truth, plan, tell)
        role, database = session.info.quoted_user, identifier(session.info.database)
    exactly = recall.latency(truth.times_ms)
    return Measurement(
        plan, index, len(sample), exactly, tuple(points),
        recall.recommend(points, plan.target, plan.k, exactly, role=role, database=database),
        tuple(_warnings(plan, index, sample, truth, points, others)), is_cached, by)


async def refuse_effects(session: PgSession, plan: MeasurementPlan, by: Representation | None) -> None:
    """Raises Acts where the condition, or the relation of the queries, acts."""
    if plan.where:
        await effects.refuse(session, _drawn(plan, by), plan.allowed)
    if plan.held_out:
        await effects.refuse(session, table_vectors(*plan.held_out, plan.queries), plan.allowed)


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


def default_oversampling(by: Representation | None) -> tuple[int, ...]:
    """The numbers of candidates for each row that are worth trying; none where nothing has to be ranked again."""
    return OVERSAMPLING_SWEEP if by is not None and by.is_coarse else ()


def default_modes(by: Representation | None, known: Mapping[str, object]) -> tuple[str, ...]:
    """The iterative scans worth comparing under a condition; none where this search or pgvector has none."""
    method = by.index.method if by is not None else ""
    if f"{method}.iterative_scan" not in known:
        return ()
    return ITERATIVE if method == "hnsw" else ITERATIVE[:2]  # ivfflat knows no strict_order


def default_sweep(index: VectorIndex | None) -> tuple[int, ...]:
    """The settings that are worth trying: of hnsw those of ann-benchmarks, of ivfflat 1, 2, 4... up to all lists."""
    if index is None:
        return ()
    if index.method == "ivfflat":
        lists = next((int(option[6:]) for option in index.options if option.startswith("lists=")), 100)
        found = [1 << power for power in range(16) if 1 << power < lists]
        return (*found, lists)
    return HNSW_SWEEP if index.method == "hnsw" else ()


class SweepVariant(Struct, frozen=True):
    """A point to be measured: its statement, and what is set for it. `setting`, `parameter`, `mode` and `oversampling`
    as in Point."""

    nearest: Nearest
    settings: Mapping[str, str]
    setting: int | None
    parameter: str | None
    mode: str | None
    oversampling: int | None


def sweep_variants(plan: MeasurementPlan, by: Representation | None, vector: QueryVector, known: Mapping[str, object],
              ) -> list[SweepVariant]:
    """The points of the sweep. Raises UsageError for what can't be set for this search."""
    method = by.index.method if by is not None else ""
    parameter = {"hnsw": "hnsw.ef_search", "ivfflat": "ivfflat.probes"}.get(method)
    if plan.sweep and parameter is None:
        raise UsageError(f"{plan.subject.column.label} has no hnsw or ivfflat index whose settings could be swept")
    if plan.oversampling and (by is None or not by.can_rerank):
        raise UsageError(f"{plan.subject.column.label} is searched by the vector itself: nothing is ranked again")
    mode_name = f"{method}.iterative_scan"
    if by is not None and any(plan.modes) and mode_name not in known:
        raise UsageError("iterative scans need pgvector 0.8", hint="ALTER EXTENSION vector UPDATE")
    found = []
    for mode in plan.modes or (None,):
        for oversampling in plan.oversampling or (None,):
            for setting in plan.sweep or (None,):
                composed = compose(SearchRequest(
                    plan.subject, vector, plan.metric, plan.k + (0 if _is_given(plan) else 1), where=plan.where,
                    columns=(), options=SearchOptions(by=plan.by, oversampling=oversampling)))
                settings = dict(composed.settings)
                if setting is not None and parameter is not None:
                    settings[parameter] = str(setting)
                if mode is not None and by is not None:
                    settings[mode_name] = mode
                if plan.force_index:
                    settings["enable_seqscan"] = "off"
                found.append(SweepVariant(_measured(composed, plan), settings, setting, parameter, mode, oversampling))
    return found


PLACE = ("tableoid", "ctid")


def _measured(composed: Composed, plan: MeasurementPlan) -> Nearest:
    """The measured statement: place and distance alone, for a vector in the select list would be measured too."""
    nearest, column = composed.nearest, plan.subject.column
    columns: tuple[str, ...] = PLACE
    if composed.by is not None and composed.by.kind == "halfvec" and nearest.coarse is None:
        # ordered by an index at half precision, but judged by the distances of the column itself
        columns += (f"{identifier(column.name)} {nearest.operator} $1::{nearest.vector_type}",)
    return replace(nearest, columns=columns, shown=None)


def _is_given(plan: MeasurementPlan) -> bool:
    return bool(plan.given) or plan.held_out is not None


def _drawn(plan: MeasurementPlan, by: Representation | None) -> str:
    """The statement that draws the queries; of vectors of several lengths those that the search can take."""
    column = plan.subject.column
    own = by.condition or exact_condition(column, by.dimensions) if by is not None and by.dimensions else None
    return sampled_vectors(column.schema, column.relation, column.name, both(plan.where, own), plan.queries)


async def draw_queries(lead: Reading, plan: MeasurementPlan, by: Representation | None,
                       ) -> tuple[list[SampleQuery], int]:
    """The queries, all of one length, and how many of another were left out. Raises Missing where the table has no
    vector to ask for."""
    column = plan.subject.column
    if plan.given:
        for vector in plan.given:
            values.check(vector, column.dimensions, plan.metric, column.label)
        return _of_one_length([SampleQuery(vector) for vector in plan.given[:plan.queries]], by)
    if plan.held_out:
        statement = ReadStatement(table_vectors(*plan.held_out, plan.queries))
    else:
        statement = ReadStatement(_drawn(plan, by), (str(plan.seed),))
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
    return _of_one_length(found, by)


def _of_one_length(found: list[SampleQuery], by: Representation | None) -> tuple[list[SampleQuery], int]:
    lengths = Counter(query.vector.dimensions for query in found)
    length = by.dimensions if by is not None and by.dimensions in lengths else lengths.most_common(1)[0][0]
    kept = [query for query in found if query.vector.dimensions == length]
    return kept, len(found) - len(kept)


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

    async def work(reading: Reading) -> None:
        nonlocal done
        async with reading.under(plans.EXACT):
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


ROUNDS = 8
"""Every point is measured in so many pieces, in turn with the others: what else the machine does meanwhile hits all."""


async def _sweep(lead: Reading, variants: Sequence[SweepVariant], sample: Sequence[SampleQuery], truth: Truth,
                 plan: MeasurementPlan, tell: Tell) -> list[Point]:
    """Each query at each point, the points taking turns. Nothing is prepared, and each point's plan is looked at."""
    texts = [variant.nearest.text("$1") for variant in variants]
    params = [(Wire(query.vector.wire),) for query in sample]
    used = []
    for variant, text in zip(variants, texts, strict=True):
        async with lead.under(variant.settings):
            page, _ = await lead.fetch(ReadStatement(explain(text), params[0]))
            used.append(plans.index_used(plans.document(page.rows[0][0]), plan.subject.index_names))
    widest = max((place for place, name in enumerate(used) if name), default=None, key=lambda place: (
        variants[place].setting or 0, variants[place].oversampling or 0, place))
    if plan.warm_up and widest is not None:  # the exact searches have warmed the table up already
        async with lead.under(variants[widest].settings):
            for place, values_of in enumerate(params):
                await lead.fetch(ReadStatement(texts[widest], values_of))
                tell(MeasurementProgress("warming up", place + 1, len(sample)))
    recalls: list[list[float]] = [[] for _ in variants]
    rows: list[list[int]] = [[] for _ in variants]
    times: list[list[float]] = [[] for _ in variants]
    done = 0
    for turn, block in enumerate(_blocks(len(sample))):
        for step in range(len(variants)):
            which = (turn + step) % len(variants)
            async with lead.under(variants[which].settings):
                for place in block:
                    found, elapsed_ms = await lead.fetch(ReadStatement(texts[which], params[place]))
                    distances = _distances(found.rows, sample[place], plan.k)
                    share = recall.recall_at(distances, truth.distances[place], plan.k)
                    times[which].append(elapsed_ms)
                    rows[which].append(len(distances))
                    if share is not None:
                        recalls[which].append(share)
                    done += 1
                    tell(MeasurementProgress("sweep", done, len(variants) * len(sample)))
    return [recall.point(recalls[which], rows[which], times[which], setting=variant.setting,
                         parameter=variant.parameter, mode=variant.mode, index_used=used[which], target=plan.target,
                         oversampling=variant.oversampling) for which, variant in enumerate(variants)]


def _blocks(count: int) -> list[range]:
    """The numbers below `count`, in ROUNDS pieces."""
    size = -(-count // ROUNDS)
    return [range(begin, min(begin + size, count)) for begin in range(0, count, size)]


def _distances(rows: Sequence[Sequence[str | None]], query: SampleQuery, k: int) -> tuple[float, ...]:
    """The distances of at most k rows other than the query's own, in rising order."""
    found = sorted(float(row[2]) for row in rows
                   if row[2] is not None and row[2] != "NaN" and query.place != (row[0], row[1]))
    return tuple(found[:k])


def _warnings(plan: MeasurementPlan, index: VectorIndex | None, sample: Sequence[SampleQuery], truth: Truth,
              points: Sequence[Point], others: int) -> list[str]:
    found = []
    if others:
        found.append(f"{others} of the queries have another number of dimensions than the rest and were left out")
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
    wanted = min(plan.k, _mean(list(map(len, truth.distances))))
    for point in points:
        if not point.is_exact and point.rows_mean >= wanted - 1e-9 and point.recall_mean < POOR_RECALL:
            found.append(f"at {point.label} as many rows came as were wanted, but on average "
                         f"{point.recall_mean * wanted:.1f} of {wanted:g} are among the nearest")
    if short := [point for point in points
                 if point.rows_mean < wanted - 1e-9]:
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
