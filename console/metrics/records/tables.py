"""Tables, indexes and sequences as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class TableFreezeAge(Struct, frozen=True):
    """How many transactions and multixacts ago a table, or its TOAST, was frozen (pg_class).

    `percent_of_max` is the larger of both against the age at which autovacuum freezes whatever happens.
    """

    schema: str
    table: str
    is_toast: bool
    transaction_age: int
    multixact_age: int
    percent_of_max: float


class DeadRows(Struct, frozen=True):
    """A table with more dead rows than autovacuum's `threshold` for it; `tables` is the number of all such.

    `last_vacuum_age_s` is None where none was seen since the statistics began.
    """

    schema: str
    table: str
    dead_rows: int
    live_rows: int
    threshold: int
    dead_percent: float
    is_autovacuumed: bool
    last_vacuum_age_s: float | None
    tables: int


class SequenceUse(Struct, frozen=True):
    """How much of its values a sequence has given out.

    `last_possible` is the sequence's own limit or that of the smallest integer column that takes its values, by owning
    it or by its default (`is_column_smaller`).
    `last_value` is None before first use, and where the role may not read it. `examined` of all `sequences` that could
    be exhausted were looked at; of those the role may not read `unreadable`, one of them in `unreadable_schema`.
    """

    schema: str
    sequence: str
    table: str | None
    column: str | None
    is_column_smaller: bool
    last_value: int | None
    last_possible: int
    used_percent: float
    sequences: int
    examined: int
    unreadable: int = 0
    unreadable_schema: str | None = None


class DuplicateIndex(Struct, frozen=True):
    """An index that does nothing that `same_as` doesn't do; `duplicates` and `duplicate_bytes` are of all such."""

    schema: str
    table: str
    index: str
    same_as: str
    estimated_bytes: int
    duplicates: int
    duplicate_bytes: int


class UnusedIndex(Struct, frozen=True):
    """An index of 10 MiB or more that nobody has scanned; `unused` and `unused_bytes` are of all such."""

    schema: str
    table: str
    index: str
    estimated_bytes: int
    unused: int
    unused_bytes: int


class TableActivity(Struct, frozen=True):
    """What the statistics say of a table since they were reset (pg_stat_all_tables, pg_class); `tables` is the number
    of all that were asked for. Ages are None where nothing was seen since then. TOAST counts in `table_bytes`.
    """

    oid: int
    schema: str
    table: str
    sequential_scans: int
    sequential_rows: int
    index_scans: int
    inserted_rows: int
    updated_rows: int
    hot_updated_rows: int
    deleted_rows: int
    live_rows: int
    dead_rows: int
    is_due: bool
    transaction_age: int
    freeze_max_age: int
    last_vacuum_age_s: float | None
    last_analyze_age_s: float | None
    table_bytes: int
    index_bytes: int
    tables: int


class TableScans(Struct, frozen=True):
    """How often a large table was read by sequential scans, how many rows these read, and how often its indexes were
    scanned, since the statistics were reset (pg_stat_all_tables)."""

    oid: int
    schema: str
    table: str
    live_rows: int
    sequential_scans: int
    sequential_rows: int
    index_scans: int
    indexes: int | None = None
    """How many it has; None in a recording from before it was counted."""


class IndexActivity(Struct, frozen=True):
    """What the statistics say of an index since they were reset (pg_stat_all_indexes, pg_class); `indexes` and
    `all_bytes` are of all that were asked for.

    `made_superfluous_by` is an index that does all that this one does: the same (`is_duplicate`) or with more columns.
    """

    oid: int
    schema: str
    table: str
    index: str
    method: str
    scans: int
    rows_read: int
    estimated_bytes: int
    is_unique: bool
    is_primary: bool
    is_constraint: bool
    is_replica_identity: bool
    is_partition: bool
    is_valid: bool
    made_superfluous_by: str | None
    is_duplicate: bool
    indexes: int
    all_bytes: int

    @property
    def is_unused(self) -> bool:
        """Nobody scanned it, and nothing else needs it."""
        return self.scans == 0 and not (self.is_unique or self.is_constraint or self.is_replica_identity)


class BloatEstimate(Struct, frozen=True):
    """A relation's size and about what it would be when written anew with `fill_percent`; `packed_bytes` is None where
    the statistics don't tell. `analyzed_age_s` None: not analyzed since the statistics began.
    """

    total_bytes: int
    packed_bytes: int | None
    estimated_rows: int | None
    fill_percent: int
    analyzed_age_s: float | None

    @property
    def wasted_bytes(self) -> int | None:
        """What writing it anew would give back, about."""
        return None if self.packed_bytes is None else max(0, self.total_bytes - self.packed_bytes)


class TableTuples(Struct, frozen=True):
    """What pgstattuple found on a table's pages."""

    total_bytes: int
    live_rows: int
    live_bytes: int
    dead_rows: int
    dead_bytes: int
    free_bytes: int


class IndexLeaves(Struct, frozen=True):
    """What pgstatindex found in a B-tree; percentages are None where it has no leaf."""

    total_bytes: int
    leaf_pages: int
    empty_pages: int
    deleted_pages: int
    leaf_density_percent: float | None
    fragmentation_percent: float | None
