"""What the detail of one object shows, and what its DDL is composed of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.catalog.records.listed import TYPTYPES, Kind, RelationSize, relation_kind, routine_kind

PERSISTENCE: Mapping[str, str] = {"p": "permanent", "u": "unlogged", "t": "temporary"}
TRIGGER_STATES: Mapping[str, str] = {"O": "enabled", "D": "disabled", "R": "replica", "A": "always"}
"""pg_trigger.tgenabled and pg_rewrite.ev_enabled: "enabled" fires on the origin, not while replicating."""

CONTYPES: Mapping[str, str] = {
    "p": "primary key", "u": "unique", "x": "exclusion", "c": "check", "f": "foreign key", "n": "not null",
}


@dataclass(frozen=True, slots=True)
class RelationHeader:
    """A relation itself: pg_class and what hangs on it (sql/relation.sql). `parents` are [schema, name] pairs."""

    oid: int
    schema_oid: int
    schema: str
    name: str
    relkind: str
    is_partition: bool
    owner: str
    comment: str | None
    extension: str | None
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
    view_definition: str | None
    foreign_server: str | None
    foreign_options: list[str]
    is_readable: bool

    @property
    def kind(self) -> Kind:
        return relation_kind(self.relkind, self.is_partition)


@dataclass(frozen=True, slots=True)
class Column:
    """A column (sql/columns.sql).

    `parameter_type` is the type without its modifier, for casts of parameters. `collation`, `statistics_target` and
    `compression` are None where they are the default's. `distinct_values` as pg_stats has it: negative is a share
    of the rows; `null_fraction` from 0 to 1; all three of pg_stats None where the role may not know or nobody
    analyzed.
    """

    position: int
    name: str
    type: str
    parameter_type: str
    type_name: str
    is_variable: bool
    dimensions: int | None
    is_not_null: bool
    default: str | None
    identity: str | None
    generated: str | None
    comment: str | None
    storage: str
    is_default_storage: bool
    compression: str | None
    collation: str | None
    statistics_target: int | None
    options: list[str]
    foreign_options: list[str]
    is_local: bool
    is_inherited: bool
    distinct_values: float | None
    null_fraction: float | None
    average_bytes: int | None


@dataclass(frozen=True, slots=True)
class Index:
    """An index (sql/indexes.sql). `scans` and `entries_read` count since the statistics were reset.

    `size_bytes` is None for a partitioned index and for one that is locked. `statistics_targets` are
    [position, target] pairs of its expressions.
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
    comment: str | None
    statistics_targets: list[list[int]]
    size_bytes: int | None
    scans: int | None
    entries_read: int | None


@dataclass(frozen=True, slots=True)
class Constraint:
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


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger (sql/triggers.sql); `is_inherited` from the partitioned table above."""

    oid: int
    name: str
    definition: str
    state: str
    is_inherited: bool
    function: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rewrite rule (sql/rules.sql)."""

    oid: int
    name: str
    definition: str
    state: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """A row-level security policy (sql/policies.sql); no `roles` means PUBLIC."""

    oid: int
    name: str
    command: str
    is_permissive: bool
    roles: list[str]
    using: str | None
    with_check: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege of one grantee ("" is PUBLIC) on an object or one `column` of it (sql/privileges.sql).

    `is_default`: PostgreSQL grants it by itself. Not `is_granted`: such a default that was revoked.
    """

    grantee: str
    grantor: str
    is_by_owner: bool
    privilege: str
    is_grantable: bool
    column: str | None
    is_granted: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
class TableStatistics:
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


@dataclass(frozen=True, slots=True)
class ExtendedStatistics:
    """CREATE STATISTICS (sql/extended_statistics.sql)."""

    oid: int
    schema: str
    name: str
    definition: str
    statistics_target: int | None
    owner: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence (sql/sequences.sql), and the column that it belongs to, if any.

    `last_value` is None while nothing was drawn from it, or where the role may not know.
    """

    oid: int
    schema: str
    name: str
    owner: str
    persistence: str
    type: str
    start: int
    increment: int
    minimum: int
    maximum: int
    cache: int
    cycles: bool
    last_value: int | None
    table_schema: str | None
    table: str | None
    column: str | None
    is_identity: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class RoutineDetail:
    """A function, procedure or aggregate (sql/routine.sql). The calls and times (ms) need track_functions."""

    oid: int
    schema: str
    name: str
    prokind: str
    identity_arguments: str
    arguments: str
    result: str | None
    language: str
    volatility: str
    parallel: str
    is_security_definer: bool
    is_leakproof: bool
    is_strict: bool
    cost: float
    rows: float
    settings: list[str]
    owner: str
    extension: str | None
    definition: str | None
    calls: int | None
    total_ms: float | None
    self_ms: float | None
    comment: str | None

    @property
    def kind(self) -> Kind:
        return routine_kind(self.prokind)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """What makes an aggregate (sql/aggregate.sql), as pg_aggregate has it."""

    oid: int
    aggkind: str
    transition_function: str
    transition_type: str
    transition_bytes: int | None
    final_function: str | None
    final_extra: bool
    final_modify: str
    combine_function: str | None
    serial_function: str | None
    deserial_function: str | None
    moving_transition_function: str | None
    moving_inverse_function: str | None
    moving_transition_type: str | None
    moving_transition_bytes: int | None
    moving_final_function: str | None
    moving_final_extra: bool
    moving_final_modify: str
    initial_value: str | None
    moving_initial_value: str | None
    sort_operator_schema: str | None
    sort_operator: str | None


@dataclass(frozen=True, slots=True)
class TypeDetail:
    """A type (sql/type.sql): an enum's labels, a domain's base and checks, a range's subtype.

    A composite's attributes are the columns of `relation_oid`.
    """

    oid: int
    schema: str
    name: str
    typtype: str
    relation_oid: int | None
    owner: str
    extension: str | None
    labels: list[str]
    base_type: str | None
    collation: str | None
    is_not_null: bool
    default: str | None
    subtype: str | None
    subtype_opclass: str | None
    subtype_collation: str | None
    canonical_function: str | None
    difference_function: str | None
    multirange: str | None
    check_names: list[str]
    checks: list[str]
    check_comments: list[str | None]
    not_null_name: str | None
    comment: str | None

    @property
    def sort(self) -> str:
        return TYPTYPES.get(self.typtype, self.typtype)


@dataclass(frozen=True, slots=True)
class RelationDetail:
    """All that the tabs of a relation show, read in one round trip.

    A part is None when the server didn't bring it; `unavailable` says why, by the part's name.
    """

    header: RelationHeader
    columns: list[Column] | None
    indexes: list[Index] | None
    constraints: list[Constraint] | None
    triggers: list[Trigger] | None
    rules: list[Rule] | None
    policies: list[Policy] | None
    privileges: list[Privilege] | None
    sequences: list[Sequence] | None
    extended_statistics: list[ExtendedStatistics] | None
    statistics: TableStatistics | None
    size: RelationSize | None
    unavailable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SequenceDetail:
    """A sequence with its privileges."""

    sequence: Sequence
    privileges: list[Privilege]


@dataclass(frozen=True, slots=True)
class FunctionDetail:
    """A routine with its privileges, and what makes it an aggregate where it is one."""

    routine: RoutineDetail
    privileges: list[Privilege]
    aggregate: Aggregate | None


@dataclass(frozen=True, slots=True)
class FullType:
    """A type with its privileges, and a composite's attributes."""

    type: TypeDetail
    privileges: list[Privilege]
    attributes: list[Column]
