"""What is known of a vector column's health. None: it could not be found out, and something beside it says why."""

from __future__ import annotations

from msgspec import Struct

from console.text import format as fmt
from console.vectors.metrics import Metric
from console.vectors.records import VectorColumn, VectorIndex


class Share(Struct, frozen=True):
    """`count` of `rows` that were looked at; the share of all rows is from `low` to `high` (0 to 1) with 95 %."""

    count: int
    rows: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.count / self.rows if self.rows else 0.0

    @property
    def is_exact(self) -> bool:
        return self.low == self.high

    @property
    def words(self) -> str:
        """`12 (3.1 %)` where all was looked at, of a sample `3.1 % (2.4 % to 4.0 %)`."""
        if not self.rows:
            return "unknown"
        if not self.count:
            return "none" if self.is_exact else f"none of {fmt.count(self.rows)} (at most {fmt.share(self.high)})"
        if self.is_exact:
            return f"{fmt.count(self.count)} ({fmt.share(self.value)})"
        return f"{fmt.share(self.value)} ({fmt.share(self.low)} to {fmt.share(self.high)})"


class Norms(Struct, frozen=True):
    """The Euclidean norms of the vectors. `heights` counts those in equal steps from `lowest` to `highest`, both the
    first and the last percentile; what lies beyond is in the first and the last step. `not_unit` have no length of 1
    within `tolerance`."""

    lowest: float
    median: float
    highest: float
    least: float
    most: float
    heights: tuple[int, ...]
    not_unit: Share
    tolerance: float


class IndexSight(Struct, frozen=True):
    """Rows that an index doesn't hold, so that no search through it finds them, and why.

    They are NULL, zero vectors of a cosine index, or left out by its predicate. `unseen` is None where that couldn't be
    asked: `why_not` says why.
    """

    index: VectorIndex
    unseen: Share | None
    nulls: int = 0
    zeros: int = 0
    excluded: int = 0
    why_not: str | None = None


class Neighbours(Struct, frozen=True):
    """What the nearest other row is to rows drawn at random: the same vector, or nearly so (`near` includes the same).

    `threshold` is the distance by `metric` up to which one is nearly the same. Through an index (`index_used`) a few
    may have been missed: then the shares are at least what is said.
    """

    identical: Share
    near: Share
    metric: Metric
    threshold: float
    index_used: str | None


class IndexGraph(Struct, frozen=True):
    """What pages of an hnsw index hold, by pageinspect: `dead` are elements that VACUUM has taken out and whose place
    new ones fill."""

    index: str
    sql_name: str
    dead: Share
    pages: int
    all_pages: int


class ColumnHealth(Struct, frozen=True):
    """A column's health as one look found it. `is_sampled`: `pages` random pages of the table's `all_pages` were read.

    `dimensions` counts vectors by their dimensions; bytes are as stored, the header included. `dead_rows` waits for
    VACUUM, by the statistics. `notes` say what could not be found out, and why.
    """

    column: VectorColumn
    rows: int
    pages: int
    all_pages: int | None
    is_sampled: bool
    row_estimate: float | None
    nulls: Share
    zeros: Share
    not_comparable: Share
    not_finite: Share
    norms: Norms | None
    dimensions: tuple[tuple[int, int], ...]
    stored_bytes: float | None
    heap_pages: int
    toast_pages: int
    dead_rows: int | None
    live_rows: int | None
    indexes: tuple[IndexSight, ...]
    neighbours: Neighbours | None
    graphs: tuple[IndexGraph, ...]
    notes: tuple[str, ...]
    took_s: float

    @property
    def dead_share(self) -> float | None:
        if self.dead_rows is None or self.live_rows is None:
            return None
        # the live ones are counted since the statistics were reset, and then too few
        return self.dead_rows / max(1, self.dead_rows + self.live_rows, self.row_estimate or 0)


class HealthFinding(Struct, frozen=True):
    """Something about the column that a person should know; `fix` is what to do, as SQL or in words."""

    kind: str
    severity: str
    sentence: str
    fix: str | None = None
