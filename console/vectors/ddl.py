"""CREATE, REINDEX and DROP of vector indexes as statements, always CONCURRENTLY where the server can. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct, field

from console.errors import UsageError
from console.sql import grammar
from console.sql.quoting import identifier
from console.vectors.advice import INDEXED_MOST
from console.vectors.metrics import BY_NAME, Metric, metrics_of_type
from console.vectors.records import VectorColumn, VectorIndex

Action = Literal["create", "reindex", "drop"]
NAME_BYTES = 63
BOUNDS = {"m": (2, 100), "ef_construction": (4, 1000), "lists": (1, 32_768)}
DEFAULTS = {"m": 16, "ef_construction": 64}


class BuildSettings(Struct, frozen=True):
    """What holds on the build's connection alone; None leaves the server's. `maintenance_work_mem` as PostgreSQL
    writes it ("2GB"). `lock_timeout_ms` 0 waits for as long as it takes: such a wait blocks nobody else's rows."""

    maintenance_work_mem: str | None = None
    max_parallel_maintenance_workers: int | None = None
    lock_timeout_ms: int = 0

    def values(self) -> dict[str, str]:
        """The settings for SET."""
        found = {"statement_timeout": "0", "lock_timeout": str(self.lock_timeout_ms)}
        if self.maintenance_work_mem:
            found["maintenance_work_mem"] = self.maintenance_work_mem
        if self.max_parallel_maintenance_workers is not None:
            found["max_parallel_maintenance_workers"] = str(self.max_parallel_maintenance_workers)
        return found


class Order(Struct, frozen=True):
    """One statement on one index. `index` is its name, not quoted, and that of what a failure leaves behind."""

    action: Action
    sql: str
    relation_oid: int
    schema: str
    index: str
    settings: BuildSettings = field(default_factory=BuildSettings)

    @property
    def title(self) -> str:
        return f"{self.action} {identifier(self.schema, self.index)}"


class Design(Struct, frozen=True):
    """An index to be made. `half` indexes a cast to halfvec; `bits` the signs of the vector, to be searched by
    Hamming distance and ranked again. `options` are m and ef_construction, or lists; `where` makes it partial."""

    column: VectorColumn
    metric: Metric
    method: str = "hnsw"
    options: Mapping[str, int] = field(default_factory=dict)
    half: bool = False
    bits: bool = False
    where: str | None = None

    @property
    def kind(self) -> str:
        """The type that is indexed."""
        return "bit" if self.bits else "halfvec" if self.half else self.column.type_name

    @property
    def operand(self) -> str:
        """What is indexed: the column, or an expression in the parentheses that CREATE INDEX wants."""
        name, dimensions = identifier(self.column.name), self.column.dimensions
        if self.bits:
            return f"({identifier(self.column.extension_schema, 'binary_quantize')}({name})::bit({dimensions}))"
        if self.half and self.column.type_name != "halfvec":
            return f"({name}::{self.column.type_sql('halfvec')}({dimensions}))"
        return name

    @property
    def operator_class(self) -> str:
        name = "bit_hamming_ops" if self.bits else self.metric.operator_class(self.kind)
        return identifier(self.column.extension_schema, name)


def check(design: Design) -> None:
    """Raises UsageError for what the server would refuse, with what would do instead."""
    column, metric = design.column, design.metric
    if column.relkind == "p":
        raise UsageError(f"{column.table} is partitioned: an index can't be built on it concurrently",
                         hint="build one on each partition, then CREATE INDEX ... ON ONLY the table and ATTACH them")
    if column.relkind not in "rm":
        raise UsageError(f"{column.table} is no table: it can have no index")
    if design.bits and column.type_name not in ("vector", "halfvec"):
        raise UsageError(f"a {column.type_name} can't be quantized to bits")
    if design.half and column.type_name not in ("vector", "halfvec"):
        raise UsageError(f"a {column.type_name} can't be indexed as halfvec")
    if not design.bits and metric not in metrics_of_type(column.type_name):
        raise UsageError(f"{column.label} is a {column.type_name}: it has no metric {metric.name}")
    if design.method not in ("hnsw", "ivfflat"):
        raise UsageError(f"{design.method} is neither hnsw nor ivfflat")
    if design.method == "ivfflat" and ("ivfflat" not in metric.methods or design.kind == "sparsevec"):
        raise UsageError(f"ivfflat serves no {metric.title} of {design.kind}", hint="hnsw does")
    if column.dimensions is None and column.type_name != "sparsevec":
        raise UsageError(f"{column.label} has no dimensions, so it can have no index",
                         hint=f"ALTER TABLE {column.table} ALTER {identifier(column.name)} TYPE "
                         f"{column.type_sql()}(n)")
    most = INDEXED_MOST[design.kind]
    if design.kind != "sparsevec" and column.dimensions and column.dimensions > most:
        instead = "halfvec takes 4 000" if design.kind == "vector" and column.dimensions <= 4000 else \
            "bits take 64 000, with the rows found ranked again"
        raise UsageError(f"{column.dimensions} dimensions: an index of {design.kind} takes {most}", hint=instead)
    _check_options(design)


def _check_options(design: Design) -> None:
    """Raises UsageError for a build option that the method hasn't, or a value that it refuses."""
    wanted = {"hnsw": {"m", "ef_construction"}, "ivfflat": {"lists"}}[design.method]
    for name, value in design.options.items():
        if name not in wanted:
            raise UsageError(f"{design.method} has no option {name}")
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise UsageError(f"{name} is {value}: from {low} to {high}")
    m, breadth = (design.options.get(text, DEFAULTS[text]) for text in ("m", "ef_construction"))
    if design.method == "hnsw" and breadth < 2 * m:
        raise UsageError(f"ef_construction is {breadth}: at least twice m, {2 * m}")


def create(design: Design, taken: Collection[str] = (), settings: BuildSettings | None = None,
           name: str | None = None) -> Order:
    """CREATE INDEX CONCURRENTLY under a name that none of `taken` has. Raises UsageError."""
    check(design)
    chosen = name or free_name(design, taken)
    return Order("create", f"CREATE INDEX CONCURRENTLY {identifier(chosen)} ON {design.column.table} {clauses(design)}"
                 + (f" WHERE ({design.where}\n)" if design.where else ""),
                 design.column.relation_oid, design.column.schema, chosen, settings or BuildSettings())


def clauses(design: Design) -> str:
    """USING and what follows it, up to a partial index's condition."""
    pairs = ", ".join(f"{key} = {value:d}" for key, value in design.options.items())
    return f"USING {design.method} ({design.operand} {design.operator_class})" + (f" WITH ({pairs})" if pairs else "")


def free_name(design: Design, taken: Collection[str]) -> str:
    """table_column_metric_method."""
    kind = "bits" if design.bits else "half" if design.half and design.column.type_name != "halfvec" else ""
    words = [design.column.relation, design.column.name, kind or design.metric.name, design.method]
    return _free("_".join(words), taken)


def _free(base: str, taken: Collection[str]) -> str:
    """`base`, cut to what PostgreSQL keeps of a name, with a number where it is taken."""
    for number in range(1, len(taken) + 2):
        suffix = "" if number == 1 else f"_{number}"
        found = base.encode()[:NAME_BYTES - len(suffix)].decode("utf-8", "ignore") + suffix
        if found not in taken:
            return found
    return base


def reindex(index: VectorIndex, settings: BuildSettings | None = None) -> Order:
    """REINDEX INDEX CONCURRENTLY: the old index serves until the new one is ready."""
    return Order("reindex", f"REINDEX INDEX CONCURRENTLY {index.sql_name}", index.relation_oid, index.schema,
                 index.name, settings or BuildSettings())


def drop(index: VectorIndex, settings: BuildSettings | None = None) -> Order:
    """DROP INDEX CONCURRENTLY; of a partitioned index, which has no such way, DROP INDEX with a short lock timeout."""
    if index.is_partitioned:
        return Order("drop", f"DROP INDEX {index.sql_name}", index.relation_oid, index.schema, index.name,
                     BuildSettings(lock_timeout_ms=2000))
    return Order("drop", f"DROP INDEX CONCURRENTLY {index.sql_name}", index.relation_oid, index.schema, index.name,
                 settings or BuildSettings())


def reranked(column: VectorColumn, metric: Metric, k: int = 10, factor: int = 10) -> str:
    """The search by bits with the rows found ranked again by the whole vector; $1 is the query vector."""
    name, dimensions = identifier(column.name), column.dimensions
    quantize = identifier(column.extension_schema, "binary_quantize")
    hamming = column.operator(BY_NAME["hamming"])
    vector = f"$1::{column.type_sql()}"
    return (f"SELECT * FROM (\n    SELECT * FROM {column.table}\n"
            f"    ORDER BY {quantize}({name})::bit({dimensions}) {hamming} {quantize}({vector})::bit({dimensions})\n"
            f"    LIMIT {k * factor:d}\n) AS found\nORDER BY {name} {column.operator(metric)} {vector}\n"
            f"LIMIT {k:d}")


def as_migration(create_index: str, column: VectorColumn, taken: Collection[str]) -> tuple[str, str, str]:
    """A CREATE INDEX without a name as a migration: what the name of its files says, its way up and its way down.

    Raises ConsoleError where the text is no such statement.
    """
    tree = grammar.parse(create_index)
    statement = tree.stmts[0].stmt.index_stmt
    base = f"{column.relation}_{column.name}_{statement.access_method}"
    statement.idxname = _free(base, taken)
    statement.relation.schemaname = column.schema
    name = identifier(column.schema, statement.idxname)
    how = " CONCURRENTLY" if statement.concurrent else ""
    return f"add index {statement.idxname}", f"{grammar.deparse(tree)};\n", f"DROP INDEX{how} {name};\n"
