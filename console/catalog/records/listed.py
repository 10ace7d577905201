"""What the tree shows: one record per object, as the catalog's lists bring them. The details are in detail.py."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What an object is, in PostgreSQL's own words. The order is that of the tree."""

    SCHEMA = "schema"
    TABLE = "table"
    PARTITION = "partition"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    FOREIGN_TABLE = "foreign table"
    SEQUENCE = "sequence"
    FUNCTION = "function"
    PROCEDURE = "procedure"
    AGGREGATE = "aggregate"
    TYPE = "type"
    INDEX = "index"
    EXTENSION_MEMBER = "extension member"
    EXTENSION = "extension"
    ROLE = "role"
    EVENT_TRIGGER = "event trigger"
    PUBLICATION = "publication"
    SUBSCRIPTION = "subscription"
    GRAPH = "graph"

    @property
    def plural(self) -> str:
        return "indexes" if self is Kind.INDEX else f"{self.value}s"


RELKINDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.TABLE: ("r", "p"), Kind.VIEW: ("v",), Kind.MATERIALIZED_VIEW: ("m",), Kind.FOREIGN_TABLE: ("f",),
    Kind.SEQUENCE: ("S",),
}
PROKINDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.FUNCTION: ("f", "w"), Kind.PROCEDURE: ("p",), Kind.AGGREGATE: ("a",),
}
TYPTYPES: Mapping[str, str] = {
    "b": "base type", "c": "composite", "d": "domain", "e": "enum", "r": "range", "p": "shell type",
}

_KIND_BY_RELKIND = {letter: kind for kind, letters in RELKINDS.items() for letter in letters}
_KIND_BY_PROKIND = {letter: kind for kind, letters in PROKINDS.items() for letter in letters}


def relation_kind(relkind: str, is_partition: bool) -> Kind:
    """The kind that a letter of pg_class.relkind stands for. Raises KeyError for indexes, TOAST and composites."""
    return Kind.PARTITION if is_partition else _KIND_BY_RELKIND[relkind]


def routine_kind(prokind: str) -> Kind:
    """The kind that a letter of pg_proc.prokind stands for; a window function is a function."""
    return _KIND_BY_PROKIND[prokind]


class Schema(Struct, frozen=True):
    """A schema and the number of its objects (sql/schemas.sql).

    `extension` is the extension that owns the schema itself; objects of extensions are counted in
    `extension_members` alone. `is_system`: pg_* and information_schema.
    """

    oid: int
    name: str
    owner: str
    comment: str | None
    extension: str | None
    is_system: bool
    tables: int
    partitions: int
    views: int
    materialized_views: int
    foreign_tables: int
    sequences: int
    functions: int
    procedures: int
    aggregates: int
    types: int
    extension_members: int

    @property
    def counts(self) -> dict[Kind, int]:
        """How many objects of each kind are listed under the schema, only kinds that it has, in the tree's order."""
        counts = {
            Kind.TABLE: self.tables, Kind.VIEW: self.views, Kind.MATERIALIZED_VIEW: self.materialized_views,
            Kind.FOREIGN_TABLE: self.foreign_tables, Kind.SEQUENCE: self.sequences, Kind.FUNCTION: self.functions,
            Kind.PROCEDURE: self.procedures, Kind.AGGREGATE: self.aggregates, Kind.TYPE: self.types,
            Kind.EXTENSION_MEMBER: self.extension_members,
        }
        return {kind: number for kind, number in counts.items() if number}


class Relation(Struct, frozen=True):
    """A table, view, sequence... in a list (sql/relations.sql, sql/partitions.sql).

    `row_estimate` is what VACUUM or ANALYZE last estimated, None if neither ever ran. `bound` is a partition's.
    """

    oid: int
    schema: str
    name: str
    relkind: str
    row_estimate: float | None
    is_partitioned: bool
    has_partitions: bool
    bound: str | None
    is_detaching: bool

    @property
    def kind(self) -> Kind:
        return relation_kind(self.relkind, self.bound is not None)


class RelationSize(Struct, frozen=True):
    """Bytes on disk of one relation (sql/relation_sizes.sql): heap alone, its indexes, its TOAST, and all together."""

    oid: int
    heap_bytes: int
    index_bytes: int
    toast_bytes: int
    total_bytes: int


class Routine(Struct, frozen=True):
    """A function, procedure or aggregate in a list (sql/routines.sql); a procedure without OUT has no `result`."""

    oid: int
    schema: str
    name: str
    prokind: str
    arguments: str
    result: str | None
    language: str

    @property
    def kind(self) -> Kind:
        return routine_kind(self.prokind)


class Type(Struct, frozen=True):
    """An enum, composite, domain, range or base type in a list (sql/types.sql)."""

    oid: int
    schema: str
    name: str
    typtype: str

    @property
    def kind(self) -> Kind:
        return Kind.TYPE

    @property
    def sort(self) -> str:
        """enum, composite, domain, range or base type."""
        return TYPTYPES.get(self.typtype, self.typtype)


class Member(Struct, frozen=True):
    """An object that belongs to an extension (sql/extension_members.sql); `name` is pg_identify_object's identity."""

    oid: int
    kind: str
    schema: str | None
    name: str
    extension: str


class InstalledExtension(Struct, frozen=True):
    """An installed extension (sql/extensions.sql); `available_version` is what the server's files offer.

    `has_own_comment`: somebody gave it another comment than its files do.
    """

    oid: int
    name: str
    version: str
    available_version: str | None
    schema: str
    owner: str
    is_relocatable: bool
    comment: str | None
    has_own_comment: bool
    members: int

    @property
    def is_outdated(self) -> bool:
        return self.available_version is not None and self.available_version != self.version


class Role(Struct, frozen=True):
    """A role of the cluster (sql/roles.sql). `valid_until` None: for ever; `connection_limit` None: none.

    `memberships` are the GRANTs that make it a member, as statements; `database_settings`
    the settings that hold in one database, as [database, setting].
    """

    oid: int
    name: str
    is_system: bool
    can_login: bool
    is_superuser: bool
    inherits: bool
    can_create_roles: bool
    can_create_databases: bool
    can_replicate: bool
    bypasses_policies: bool
    connection_limit: int | None
    valid_until: str | None
    settings: list[str]
    member_of: list[str]
    members: list[str]
    memberships: list[str]
    database_settings: list[list[str]]
    comment: str | None


class EventTrigger(Struct, frozen=True):
    """An event trigger (sql/event_triggers.sql); `state` is pg_event_trigger.evtenabled: O, D, R or A."""

    oid: int
    name: str
    extension: str | None
    event: str
    function: str
    state: str
    tags: list[str]
    owner: str
    comment: str | None


class Publication(Struct, frozen=True):
    """A publication of logical replication (sql/publications.sql). `excepted`: how many of all tables it leaves out."""

    oid: int
    name: str
    owner: str
    is_for_all_tables: bool
    operations: list[str]
    is_via_root: bool
    tables: int
    excepted: int
    is_for_all_sequences: bool


class Subscription(Struct, frozen=True):
    """A subscription of logical replication in this database (sql/subscriptions.sql)."""

    oid: int
    name: str
    owner: str
    is_enabled: bool
    slot: str | None
    publications: list[str]


class Graph(Struct, frozen=True):
    """A graph of Apache AGE (sql/graphs.sql); its labels are tables of the schema `schema_oid`."""

    oid: int
    name: str
    schema_oid: int
    vertex_labels: int
    edge_labels: int


class NameMatch(Struct, frozen=True):
    """What a search by name brought (sql/search.sql), best first.

    `parent_oid` is an index's table or a partition's parent; `rank` 0 the whole name, 1 its beginning, 2 a part.
    """

    kind: str
    oid: int
    schema_oid: int
    schema: str
    name: str
    arguments: str | None
    parent_oid: int | None
    rank: int
