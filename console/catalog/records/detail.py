"""What the detail of a relation shows, and what its DDL is composed of. Sequences, routines, types: objects.py."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct, field

from console.catalog.records.listed import Kind, RelationSize, relation_kind
from console.catalog.records.objects import Privilege, RelationColumn, Sequence

PERSISTENCE: Mapping[str, str] = {"p": "permanent", "u": "unlogged", "t": "temporary"}
TRIGGER_STATES: Mapping[str, str] = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}
"""pg_trigger.tgenabled and pg_rewrite.ev_enabled: "enabled" fires on the origin, not while replicating."""

CONTYPES: Mapping[str, str] = {
    "p": "primary key", "u": "unique", "x": "exclusion", "c": "check", "f": "foreign key", "n": "not null",
}


class RelationHeader(Struct, frozen=True):
    """A relation itself: pg_class and what hangs on it (sql/relation.sql). `parents` are [schema, name] pairs.

    `has_own_order`: all columns are its own, and in another order than INHERITS would give; it inherited afterwards.
    """

    oid: int
    schema_oid: int
    schema: str
    name: str
    relkind: str
    is_partition: bool
    owner: str
    comment: str | None
    extension: str | None
    needed_extensions: list[str]
    row_estimate: float | None
    persistence: str
    access_method: str | None
    tablespace: str | None
    options: list[str]
    toast_options: list[str]
    row_security: bool
    force_row_security: bool
    replica_identity: str
    is_populated: bool
    has_children: bool
    of_type: str | None
    partition_key: str | None
    bound: str | None
    parents: list[list[str]]
    has_own_order: bool
    view_definition: str | None
    foreign_server: str | None
    foreign_options: list[str]
    is_readable: bool

    @property
    def kind(self) -> Kind:
        return relation_kind(self.relkind, self.is_partition)


class Index(Struct, frozen=True):
    """An index (sql/indexes.sql). `scans` and `entries_read` count since the statistics were reset.

    `size_bytes` is None for a partitioned index and for one that is locked. `statistics_targets` are
    [position, target] pairs of its expressions; `parent` is the partitioned index above, as
    [schema, name], where attaching the table doesn't attach this to it.
    """

    oid: int
    schema: str
    name: str
    definition: str
    method: str
    is_primary: bool
    is_unique: bool
    is_valid: bool
    is_ready: bool
    is_clustered: bool
    is_replica_identity: bool
    predicate: str | None
    constraint: str | None
    options: list[str]
    tablespace: str | None
    needed_extensions: list[str]
    parent: list[str] | None
    comment: str | None
    statistics_targets: list[list[int]]
    size_bytes: int | None
    scans: int | None
    entries_read: int | None


class Constraint(Struct, frozen=True):
    """A constraint (sql/constraints.sql). `is_incoming`: a foreign key of `schema.relation` that refers to this one."""

    oid: int
    name: str
    contype: str
    definition: str
    is_incoming: bool
    schema: str
    relation: str
    referenced_schema: str | None
    referenced_relation: str | None
    columns: list[str]
    is_validated: bool
    is_enforced: bool
    is_deferrable: bool
    is_local: bool
    is_inherited: bool
    is_no_inherit: bool
    comment: str | None

    @property
    def sort(self) -> str:
        """primary key, unique, exclusion, check, foreign key or not null."""
        return CONTYPES.get(self.contype, self.contype)


class Trigger(Struct, frozen=True):
    """A trigger (sql/triggers.sql); `is_inherited` from the partitioned table above."""

    oid: int
    name: str
    definition: str
    state: str
    is_inherited: bool
    function: str
    needed_extensions: list[str]
    comment: str | None


class RewriteRule(Struct, frozen=True):
    """A rewrite rule (sql/rules.sql)."""

    oid: int
    name: str
    definition: str
    state: str
    comment: str | None


class Policy(Struct, frozen=True):
    """A row-level security policy (sql/policies.sql); no `roles` means PUBLIC."""

    oid: int
    name: str
    command: str
    is_permissive: bool
    roles: list[str]
    using: str | None
    with_check: str | None
    comment: str | None


class TableStatistics(Struct, frozen=True):
    """pg_stat_all_tables of one table (sql/table_statistics.sql), counted since the statistics were reset.

    `transaction_age` is age(relfrozenxid); for a partitioned table it says nothing.
    """

    oid: int
    live_rows: int
    dead_rows: int
    rows_since_analyze: int
    inserts_since_vacuum: int
    inserted: int
    updated: int
    hot_updated: int
    deleted: int
    seq_scans: int
    seq_rows_read: int
    index_scans: int | None
    index_rows_fetched: int | None
    last_vacuum: dt.datetime | None
    last_autovacuum: dt.datetime | None
    last_analyze: dt.datetime | None
    last_autoanalyze: dt.datetime | None
    vacuum_count: int
    autovacuum_count: int
    analyze_count: int
    autoanalyze_count: int
    transaction_age: int
    pages: int
    all_visible_pages: int


class ExtendedStatistics(Struct, frozen=True):
    """CREATE STATISTICS (sql/extended_statistics.sql)."""

    oid: int
    schema: str
    name: str
    definition: str
    statistics_target: int | None
    owner: str
    comment: str | None


class RelationDetail(Struct, frozen=True):
    """All that the tabs of a relation show, read in one round trip.

    A part is None when the server didn't bring it; `unavailable` says why, by the part's name.
    """

    header: RelationHeader
    columns: list[RelationColumn] | None
    indexes: list[Index] | None
    constraints: list[Constraint] | None
    triggers: list[Trigger] | None
    rules: list[RewriteRule] | None
    policies: list[Policy] | None
    privileges: list[Privilege] | None
    sequences: list[Sequence] | None
    extended_statistics: list[ExtendedStatistics] | None
    statistics: TableStatistics | None
    size: RelationSize | None
    unavailable: Mapping[str, str] = field(default_factory=dict)
