"""What the catalog says of the relations that statements name: kind, size, columns, constraints, who is on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from console.migrate.lock_modes import LockMode, mode_named
from console.server.query import Read, load
from console.server.session import Session
from console.sql.grammar import Name
from console.text import format as fmt


class RelationFacts(Struct, frozen=True):
    """One relation (pg_class). `asked` is the name that was looked up.

    `rows` is the planner's estimate, None before the first ANALYZE; `total_bytes` holds indexes and TOAST and is an
    estimate while somebody has locked the relation away. Both hold the partitions of a partitioned table.
    `table_schema` and `table_name` name the table of an index, `default_schema` and `default_name` the default
    partition. `is_empty` says that no table of it has a single page, None for what holds no rows.
    """

    asked: str
    oid: int
    schema: str
    name: str
    kind: str
    rows: int | None
    total_bytes: int | None
    partitions: int
    table_schema: str | None
    table_name: str | None
    default_schema: str | None
    default_name: str | None
    is_empty: bool | None

    @property
    def default_partition(self) -> Name | None:
        return Name(self.default_schema, self.default_name) if self.default_name is not None else None

    @property
    def table(self) -> Name | None:
        return Name(self.table_schema, self.table_name) if self.table_name is not None else None

    @property
    def is_partitioned(self) -> bool:
        return self.kind == "p"

    @property
    def size_words(self) -> str:
        """For people: "1.2 GB, about 3.0 M rows", "" where neither is known."""
        words = []
        if self.total_bytes is not None:
            words.append(fmt.size(self.total_bytes))
        if self.rows is not None:
            words.append(f"about {fmt.count(self.rows)} rows")
        return ", ".join(words)


class ColumnFacts(Struct, frozen=True):
    """One column (pg_attribute): its type as format_type writes it, without schema; `generated` is "" where it isn't, s
    for stored, v for virtual."""

    asked: str
    name: str
    type: str
    not_null: bool
    generated: str = ""


class ConstraintFacts(Struct, frozen=True):
    """One constraint of a relation, or a foreign key of another that references it (pg_constraint).

    `is_incoming` marks the latter. `kind` is contype: c check, f foreign key, n not null, p, u, x, t.
    """

    asked: str
    name: str
    kind: str
    is_validated: bool
    is_incoming: bool
    columns: list[str]
    definition: str
    table_schema: str
    table_name: str
    references_schema: str | None
    references_name: str | None

    @property
    def table(self) -> Name:
        return Name(self.table_schema, self.table_name)

    @property
    def references(self) -> Name | None:
        return Name(self.references_schema, self.references_name) if self.references_name is not None else None


class RelationSession(Struct, frozen=True):
    """A session that holds or awaits a lock on a relation now (pg_locks, pg_stat_activity).

    `query` and `state` are None where the role may not see them; `transaction_s` is the age of its transaction.
    """

    asked: str
    pid: int
    user: str | None
    application: str | None
    state: str | None
    mode: str
    granted: bool
    transaction_s: float | None
    query: str | None

    @property
    def lock_mode(self) -> LockMode | None:
        return mode_named(self.mode)


class FunctionFacts(Struct, frozen=True):
    """Functions of one name: the most volatile provolatile among them."""

    name: str
    volatility: str


class DependentFacts(Struct, frozen=True):
    """A view or materialized view that reads a relation (pg_depend through pg_rewrite)."""

    asked: str
    schema: str
    name: str


class ZoneFacts(Struct, frozen=True):
    """The session's TimeZone: whether it is UTC by any name, at all times."""

    is_utc: bool


class Catalog(Struct, frozen=True):
    """The facts about everything that some statements name, at one moment; empty lookups mean "not there then".

    `is_utc`: TimeZone, as the database and the role have it, is UTC.
    """

    server_major: int
    relations: Mapping[str, RelationFacts] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, ColumnFacts]] = field(default_factory=dict)
    constraints: Mapping[str, Sequence[ConstraintFacts]] = field(default_factory=dict)
    sessions: Mapping[str, Sequence[RelationSession]] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    dependents: Mapping[str, Sequence[Name]] = field(default_factory=dict)
    is_utc: bool = False

    def relation(self, name: Name) -> RelationFacts | None:
        return self.relations.get(str(name))

    def column(self, table: Name, column: str) -> ColumnFacts | None:
        return self.columns.get(str(table), {}).get(column)

    def constraints_of(self, table: Name) -> list[ConstraintFacts]:
        """The table's own constraints."""
        return [constraint for constraint in self.constraints.get(str(table), ()) if not constraint.is_incoming]

    def incoming_keys(self, table: Name) -> list[ConstraintFacts]:
        """The foreign keys of other tables that reference it."""
        return [constraint for constraint in self.constraints.get(str(table), ()) if constraint.is_incoming]

    def constraint(self, table: Name, name: str) -> ConstraintFacts | None:
        return next((facts for facts in self.constraints_of(table) if facts.name == name), None)

    def sessions_on(self, name: Name) -> Sequence[RelationSession]:
        return self.sessions.get(str(name), ())

    def dependents_of(self, name: Name) -> Sequence[Name]:
        return self.dependents.get(str(name), ())

    def volatility_of(self, function: str) -> str | None:
        return self.functions.get(function)


RELATIONS = load("console.migrate", "plan_relations", RelationFacts)
COLUMNS = load("console.migrate", "plan_columns", ColumnFacts)
CONSTRAINTS = load("console.migrate", "plan_constraints", ConstraintFacts)
SESSIONS = load("console.migrate", "plan_sessions", RelationSession)
FUNCTIONS = load("console.migrate", "plan_functions", FunctionFacts)
DEPENDENTS = load("console.migrate", "plan_dependents", DependentFacts)
ZONE = load("console.migrate", "plan_zone", ZoneFacts)


async def read_catalog(session: Session, names: Sequence[Name], functions: Sequence[str] = (),
                       first: str | None = None) -> Catalog:
    """The facts about `names` (of relations) and `functions`, in one round trip. Raises ConsoleError.

    `first` is the schema in which names without one are looked for before the session's own.
    """
    wanted = sorted(set(names), key=str)
    asked = {"names": [str(name) for name in wanted], "schemas": [name.schema for name in wanted],
             "relations": [name.name for name in wanted], "path": [*([first] if first else []), *session.info.schemas]}
    readings = await session.refresh(
        Read(RELATIONS, asked), Read(COLUMNS, asked), Read(CONSTRAINTS, asked), Read(SESSIONS, asked),
        Read(FUNCTIONS, {"names": sorted(set(functions))}), Read(DEPENDENTS, asked), Read(ZONE))
    columns: dict[str, dict[str, ColumnFacts]] = {}
    for column in readings.rows(COLUMNS) or ():
        columns.setdefault(column.asked, {})[column.name] = column
    constraints: dict[str, list[ConstraintFacts]] = {}
    for constraint in readings.rows(CONSTRAINTS) or ():
        constraints.setdefault(constraint.asked, []).append(constraint)
    sessions: dict[str, list[RelationSession]] = {}
    for holder in readings.rows(SESSIONS) or ():
        sessions.setdefault(holder.asked, []).append(holder)
    dependents: dict[str, list[Name]] = {}
    for row in readings.rows(DEPENDENTS) or ():
        dependents.setdefault(row.asked, []).append(Name(row.schema, row.name))
    return Catalog(
        server_major=session.info.major,
        relations={relation.asked: relation for relation in readings.rows(RELATIONS) or ()},
        columns=columns, constraints=constraints, sessions=sessions,
        functions={function.name: function.volatility for function in readings.rows(FUNCTIONS) or ()},
        dependents=dependents, is_utc=any(zone.is_utc for zone in readings.rows(ZONE) or ()))
