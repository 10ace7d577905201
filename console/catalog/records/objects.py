"""What the detail of a sequence, a routine or a type shows, and what its DDL is composed of."""

from __future__ import annotations

from msgspec import Struct

from console.catalog.records.listed import TYPTYPES, Kind, routine_kind
from console.server.keys import KeyColumn


class RelationColumn(Struct, frozen=True):
    """A column (sql/columns.sql).

    `inherited_default` and `inherits_not_null` are what it would have from its parents alone; `has_other_storage` and
    `has_other_compression` than one of those.
    `collation`, `statistics_target` and `compression` are None where they are the default's. `distinct_values` as
    pg_stats has it: negative is a share of the rows; `null_fraction` from 0 to 1; all three of pg_stats None where the
    role may not know or nobody analyzed.
    """

    position: int
    name: str
    type: str
    type_name: str
    type_schema: str
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
    has_other_storage: bool
    has_other_compression: bool
    collation: str | None
    statistics_target: int | None
    options: list[str]
    foreign_options: list[str]
    is_local: bool
    inherited_default: str | None
    inherits_not_null: bool
    is_inherited: bool
    is_readable: bool
    distinct_values: float | None
    null_fraction: float | None
    average_bytes: int | None


class Privilege(Struct, frozen=True):
    """One privilege of one grantee ("" is PUBLIC) on an object or one `column` of it (sql/privileges.sql).

    `is_default`: PostgreSQL grants it by itself. Not `is_granted`: such a default that was revoked.
    `position` is its place among those of the object, which were granted in that order.
    """

    grantee: str
    grantor: str
    is_by_owner: bool
    privilege: str
    is_grantable: bool
    column: str | None
    is_granted: bool
    is_default: bool
    position: int


class Sequence(Struct, frozen=True):
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


class RoutineDetail(Struct, frozen=True):
    """A function, procedure or aggregate (sql/routine.sql). The calls and times (ms) need track_functions."""

    oid: int
    schema: str
    name: str
    prokind: str
    identity_arguments: str
    argument_types: str
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
    needed_extensions: list[str]
    definition: str | None
    calls: int | None
    total_ms: float | None
    self_ms: float | None
    comment: str | None

    @property
    def kind(self) -> Kind:
        return routine_kind(self.prokind)


class Aggregate(Struct, frozen=True):
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


class TypeDetail(Struct, frozen=True):
    """A type (sql/type.sql): an enum's labels, a domain's base and checks, a range's subtype, what a base type is of.

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
    base_parts: list[str]
    check_names: list[str]
    checks: list[str]
    check_comments: list[str | None]
    not_null_name: str | None
    comment: str | None

    @property
    def sort(self) -> str:
        return TYPTYPES.get(self.typtype, self.typtype)


class SequenceDetail(Struct, frozen=True):
    """A sequence with its privileges."""

    sequence: Sequence
    privileges: list[Privilege]


class FunctionDetail(Struct, frozen=True):
    """A routine with its privileges, and what makes it an aggregate where it is one."""

    routine: RoutineDetail
    privileges: list[Privilege]
    aggregate: Aggregate | None


class FullType(Struct, frozen=True):
    """A type with its privileges, and a composite's attributes."""

    type: TypeDetail
    privileges: list[Privilege]
    attributes: list[RelationColumn]


class PageKey(Struct, frozen=True):
    """A unique, not null key by which a table can be paged (sql/page_key.sql).

    `types` are for casts, `operator_schemas` where the operators are that compare each column.
    """

    index: str
    columns: list[str]
    types: list[str]
    operator_schemas: list[str]

    @property
    def parts(self) -> tuple[KeyColumn, ...]:
        return tuple(map(KeyColumn, self.columns, self.types, self.operator_schemas))


class Dependency(Struct, frozen=True):
    """What an object needs before it can be made (sql/dependencies.sql), in pg_identify_object's words.

    `catalog` is where it stands ("pg_class"): an OID is unique in one catalog alone. `is_separable`: only parts need it
    that can be made afterwards, as defaults, checks, a view's query and a type's functions can.
    """

    catalog: str
    oid: int
    kind: str
    name: str
    is_separable: bool

    @property
    def address(self) -> tuple[str, int]:
        return self.catalog, self.oid


class DdlObject(Struct, frozen=True):
    """An object whose DDL is written by itself (sql/ddl_objects.sql); `kind` is a Kind's, `arguments` a routine's."""

    catalog: str
    oid: int
    kind: str
    schema: str
    name: str
    arguments: str | None


class Definition(Struct, frozen=True):
    """An object of a kind that the tree doesn't list, as the statements that make it (sql/defined_*.sql).

    `kind` and `name` are those of ALTER and COMMENT, `name` quoted and with its schema; `grant_clause` is the kind in
    GRANT, None where nothing is granted on it.
    """

    catalog: str
    oid: int
    kind: str
    schema: str | None
    name: str
    owner: str | None
    grant_clause: str | None
    statements: list[str]
    comment: str | None
