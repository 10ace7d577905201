"""What is read of vector columns, their indexes and their tables; what a search brings."""

from __future__ import annotations

import datetime as dt
import math

from msgspec import Struct

from console.activity.records import CommandProgress
from console.plans.records import Plan
from console.sql.quoting import identifier, operator
from console.vectors.metrics import Metric, metric_of_operator
from console.vectors.reasons.records import IndexVerdict, Reason


class VectorColumn(Struct, frozen=True):
    """A column of type vector, halfvec, sparsevec or bit(n) (sql/columns.sql).

    `dimensions` is None where the column has none (bits for bit); `domain` is the domain over that type that it is of.
    """

    relation_oid: int
    schema: str
    relation: str
    relkind: str
    is_partition: bool
    position: int
    name: str
    type_name: str
    type_schema: str
    dimensions: int | None
    storage: str
    is_not_null: bool
    row_estimate: float | None
    extension_schema: str
    is_readable: bool
    comment: str | None
    domain: str | None = None

    @property
    def label(self) -> str:
        """schema.table.column, in quotes where needed."""
        return identifier(self.schema, self.relation, self.name)

    @property
    def table(self) -> str:
        return identifier(self.schema, self.relation)

    def operator(self, metric: Metric) -> str:
        """The metric's operator as a statement writes it here, whatever the search_path is."""
        return operator(self.extension_schema, metric.operator)

    def type_sql(self, type_name: str | None = None) -> str:
        """A vector type as a statement casts to it. bit has its length, or quotes: `bit` alone means one bit."""
        wanted = type_name or self.type_name
        if wanted == "bit":
            return f"bit({self.dimensions})" if self.dimensions else 'pg_catalog."bit"'
        return identifier(self.extension_schema, wanted)


class VectorIndex(Struct, frozen=True):
    """An index that can serve ORDER BY with one of `operators` (sql/indexes.sql).

    `position` is the indexed column's, None of an expression; `options` are those of pg_class, which the built index
    needn't have (see IndexFacts). `scans` since the statistics were reset.
    """

    oid: int
    relation_oid: int
    schema: str
    relation: str
    name: str
    method: str
    operator_class: str
    operand_type: str
    operators: list[str]
    position: int | None
    expression: str
    predicate: str | None
    is_valid: bool
    is_ready: bool
    options: list[str]
    size_bytes: int | None
    tuples_per_page: float | None
    scans: int | None
    is_partitioned: bool
    definition: str

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return tuple(metric for operator in self.operators if (metric := metric_of_operator(operator)))

    @property
    def is_usable(self) -> bool:
        return self.is_valid and self.is_ready

    @property
    def sql_name(self) -> str:
        return identifier(self.schema, self.name)


class VectorRelationFacts(Struct, frozen=True):
    """What decides about plans of a table with vectors (sql/relation_facts.sql); pages of 8 KiB."""

    oid: int
    relkind: str
    row_estimate: float | None
    heap_pages: int
    toast_pages: int
    has_row_security: bool
    is_security_barrier: bool
    parallel_workers: int | None
    analyzed_at: dt.datetime | None
    modified_since_analyze: int | None
    live_rows: int | None
    dead_rows: int | None
    null_fraction: float | None
    average_bytes: int | None
    inserted: int | None
    updated: int | None
    deleted: int | None


class SearchSetting(Struct, frozen=True):
    """A setting as it holds now (pg_settings); `unit` as PostgreSQL has it ("kB", "8kB"), None without."""

    name: str
    setting: str
    default_setting: str | None
    source: str
    unit: str | None
    lowest: str | None
    highest: str | None

    @property
    def is_changed(self) -> bool:
        return self.setting != self.default_setting


class ShownColumn(Struct, frozen=True):
    """A column that a result may show (sql/shown_columns.sql); `sort` is fixed, text, bytea, vector or other.

    `type` is for people; `parameter_type` is the type, as SQL with its schema, of what is compared with it by the
    operators in `operator_schema`: of an extension's type both are the extension's. `average_bytes` is pg_stats', None
    where nobody analyzed.
    """

    name: str
    type: str
    sort: str
    parameter_type: str
    operator_schema: str
    average_bytes: int | None = None

    @property
    def is_builtin(self) -> bool:
        """Whether the type is PostgreSQL's own."""
        return self.parameter_type.startswith("pg_catalog.")


class TextSearch(Struct, frozen=True):
    """A tsvector that full text search can go by (sql/text_searches.sql): a column, or an index's expression.

    `index` None: no index of it. `position` is the column's, None of an expression; `config` the text search
    configuration that the expression names.
    """

    index: str | None
    position: int | None
    expression: str
    config: str | None


class Metapage(Struct, frozen=True):
    """The first 64 bytes of an index as hexadecimal digits (sql/metapage.sql, pageinspect)."""

    hex: str


class Cached(Struct, frozen=True):
    """Pages of an index in shared_buffers (sql/cached.sql, pg_buffercache)."""

    buffers: int


class IndexFacts(Struct, frozen=True):
    """What the built index says itself. None where it can't be asked; `why_not` says why.

    `built_with` are its options as built, e.g. {"m": 16, "ef_construction": 64}; `cached_share` from 0 to 1.
    """

    index: VectorIndex
    built_with: dict[str, int] | None
    cached_share: float | None
    why_not: str | None = None

    @property
    def stale_options(self) -> dict[str, tuple[int, int]]:
        """Options that ALTER INDEX has changed without a REINDEX: (as set, as built)."""
        if not self.built_with:
            return {}
        wanted = dict(option.partition("=")[::2] for option in self.index.options)
        return {name: (int(wanted[name]), built) for name, built in self.built_with.items()
                if wanted.get(name, "").isdigit() and int(wanted[name]) != built}


class Candidates(Struct, frozen=True):
    """What the vector index gave in an execution: rows kept and rows that a filter rejected, over all its scans."""

    index: str
    kept: int
    rejected: int

    @property
    def given(self) -> int:
        return self.kept + self.rejected


class Neighbor(Struct, frozen=True):
    """One row found. `distance` is the operator's value (for inner product its negative), None for a NULL vector.

    `key` are the texts of the key columns, or the ctid; `values` the shown columns' in their order.
    """

    rank: int
    distance: float | None
    key: tuple[str | None, ...]
    values: tuple[str | None, ...]


class SearchResult(Struct, frozen=True):
    """What a search brought. `columns` and their `type_oids` belong to every hit's values; times in milliseconds.

    `sql` is the statement with the vector in it, as one would paste it; `index_used` None where no vector index was,
    `plan` EXPLAIN's. `reasons` say why fewer than k rows came, `verdict` why the index was not used, and
    `candidates` what the index gave where that was counted. `by` names the column's search, None where no index fits;
    `oversampling` is 1 where nothing was ranked again, `dimensions` are the query vector's.
    """

    column: VectorColumn
    metric: Metric
    k: int
    hits: tuple[Neighbor, ...]
    columns: tuple[str, ...]
    type_oids: tuple[int, ...]
    key_columns: tuple[str, ...]
    sql: str
    settings: dict[str, str]
    index_used: str | None
    plan: Plan | None
    warnings: tuple[str, ...]
    server_ms: float
    total_ms: float
    reasons: tuple[Reason, ...] = ()
    verdict: IndexVerdict | None = None
    candidates: Candidates | None = None
    by: str | None = None
    oversampling: int = 1
    dimensions: int | None = None


class FusedRow(Struct, frozen=True):
    """A row of a hybrid search: its fused score, its rank and distance by the vector, its rank and score by the text.

    Ranks from 1; None where that leg didn't find it. `key` and `values` as in Neighbor.
    """

    rank: int
    score: float
    vector_rank: int | None
    distance: float | None
    text_rank: int | None
    text_score: float | None
    key: tuple[str | None, ...]
    values: tuple[str | None, ...]


class HybridResult(Struct, frozen=True):
    """What a hybrid search brought; `vector_index` and `text_index` are what its legs went by, None for neither.

    `sql` and `settings` as in SearchResult; times in milliseconds.
    """

    column: VectorColumn
    metric: Metric
    k: int
    rows: tuple[FusedRow, ...]
    columns: tuple[str, ...]
    type_oids: tuple[int, ...]
    key_columns: tuple[str, ...]
    sql: str
    settings: dict[str, str]
    vector_index: str | None
    text_index: str | None
    warnings: tuple[str, ...]
    server_ms: float
    total_ms: float


class Latency(Struct, frozen=True):
    """Wall times of one client's queries in milliseconds. p99 means little below 100 queries."""

    p50_ms: float
    p95_ms: float
    p99_ms: float
    mean_ms: float


class Point(Struct, frozen=True):
    """One setting measured. `setting` is the swept number, None for the server's own; `parameter` its name.

    `confidence` is half the width of the mean's 95 % interval; `below_target` the share of queries whose recall is
    under the target; `rows_mean` rows that came back, at most k. `index_used` None: the planner left the index, so
    that recall and latency are the exact search's. `oversampling` None: as usual for the search. `recalls` and
    `times_ms` are the queries' own, in one order at every point of a sweep; `p50_interval` the median's 95 % interval.
    """

    setting: int | None
    parameter: str | None
    mode: str | None
    recall_mean: float
    recall_min: float
    recall_sd: float
    confidence: float
    below_target: float
    rows_mean: float
    latency: Latency
    index_used: str | None
    recalls: tuple[float, ...] = ()
    times_ms: tuple[float, ...] = ()
    oversampling: int | None = None
    p50_interval: tuple[float, float] | None = None

    @property
    def is_exact(self) -> bool:
        return self.index_used is None

    @property
    def keeps_order(self) -> bool:
        """Whether rows come in the order of their distance whatever the mode: all but relaxed_order do."""
        return self.mode != "relaxed_order"

    @property
    def label(self) -> str:
        parts = [] if self.setting is None else [str(self.setting)]
        parts += [self.mode] if self.mode and self.mode != "off" else []
        parts += [f"{self.oversampling}x"] if self.oversampling is not None else []
        return " ".join(parts) if parts and (parts != [self.mode]) else " ".join(["default", *parts])


class ConcurrencyPoint(Struct, frozen=True):
    """So many clients for so many seconds, each asking again once it has its answer; wall times of each search."""

    clients: int
    seconds: float
    queries: int
    latency: Latency

    @property
    def per_second(self) -> float:
        return self.queries / self.seconds


class ConcurrencyMeasurement(Struct, frozen=True):
    """What was measured; `index_used` None: every search was exact. `warnings` also say why a point is missing."""

    points: tuple[ConcurrencyPoint, ...]
    index_used: str | None
    warnings: tuple[str, ...]


class GroupRecall(Struct, frozen=True):
    """What was measured of the rows of one value (text, None is NULL), among themselves; `rows` have it and a vector.
    `why` says why there is nothing."""

    value: str | None
    rows: int
    point: Point | None
    exact: Latency | None
    why: str | None = None

    @property
    def recall(self) -> float:
        """The mean recall; NaN where there is none."""
        return self.point.recall_mean if self.point is not None else math.nan


class Recommendation(Struct, frozen=True):
    """What to set for the target: a sentence, and the SQL by which it holds for a query, a role, or a database.

    `point` None: no setting that was measured reaches the target, or the exact search does better. `equal` are the
    points that are as quick within the measurement's noise.
    """

    point: Point | None
    sentence: str
    sql: tuple[str, ...] = ()
    equal: tuple[Point, ...] = ()


class Blocker(Struct, frozen=True):
    """Whom a build waits for (sql/build_blockers.sql); a prepared transaction has the pid 0 and nothing else."""

    pid: int
    user: str | None
    application: str | None
    state: str | None
    transaction_age_s: float | None
    query: str | None


class Building(Struct, frozen=True):
    """An index that a session builds now (sql/building.sql)."""

    index_oid: int
    relation_oid: int
    pid: int


class BuildStep(Struct, frozen=True):
    """How far a build is. `progress` None: the server reports none (a DROP), or none yet. `seconds_left` is of the
    phase, by its rate of the last minute."""

    progress: CommandProgress | None
    seconds_left: float | None
    blockers: tuple[Blocker, ...] = ()


class BuildNotice(Struct, frozen=True):
    """What the server said meanwhile, such as that an hnsw graph no longer fits into maintenance_work_mem."""

    severity: str
    message: str
    hint: str | None


class LeftOver(Struct, frozen=True):
    """An index that is not valid, left by a build that failed or was cancelled. `name` and `sql` (its DROP) as SQL;
    `obstacle` says why it was not dropped."""

    name: str
    is_dropped: bool
    sql: str
    obstacle: str | None


class BuildReport(Struct, frozen=True):
    """A build that is through: seconds, the index's size in bytes (None when dropped), and the notices."""

    took_s: float
    size_bytes: int | None
    notices: tuple[BuildNotice, ...]


class KnownRelation(Struct, frozen=True):
    """A table or view by its name (sql/named_relations.sql); `definition` is a view's query."""

    oid: int
    schema: str
    name: str
    relkind: str
    columns: list[str]
    definition: str | None
    is_security_barrier: bool


class SearchFunction(Struct, frozen=True):
    """A function in SQL or PL/pgSQL (sql/function_bodies.sql). Of its arguments the names are "" where they have none,
    and the defaults are SQL, "" without; `settings` are those of its SET clauses, NAME=VALUE. `runs_as_owner`: it is
    SECURITY DEFINER."""

    oid: int
    schema: str
    name: str
    language: str
    body: str
    argument_names: list[str]
    argument_types: list[str]
    argument_defaults: list[str]
    settings: list[str]
    runs_as_owner: bool

    @property
    def least(self) -> int:
        """How many arguments a call has to have."""
        return sum(1 for default in self.argument_defaults if not default)


class ListPage(Struct, frozen=True):
    """A page of an ivfflat index as hexadecimal digits (sql/list_page.sql, pageinspect)."""

    hex: str
