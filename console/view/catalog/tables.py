"""The Schemas screen's tables: an object's columns, indexes, keys, privileges... as rows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from console.catalog.records import (
    PERSISTENCE,
    TRIGGER_STATES,
    Constraint,
    Index,
    Policy,
    Privilege,
    Relation,
    RelationDetail,
    RelationHeader,
    RelationSize,
    RewriteRule,
    Trigger,
)
from console.catalog.records import RelationColumn as ColumnRecord
from console.text import format as fmt
from console.view.table import Cell, Column, Line, Row, Table, Tone, line

NOT_ANALYZED = "never analyzed"

_POLICY_NOTE = {
    (False, False): "row security is off: the policies have no effect",
    (True, False): "row security is on; the owner is exempt",
    (True, True): "row security is on and forced: it binds the owner too",
    (False, True): "row security is off: the policies have no effect",
}


def summary(detail: RelationDetail) -> Line:
    """The line on top of a relation's tabs: name, kind, rows, sizes, owner."""
    header, size = detail.header, detail.size
    pieces: list[str | tuple[str, Tone]] = [(f"{header.schema}.{header.name}", "strong"), f"  {described(header)}"]
    if header.relkind in "rpmf":
        rows = NOT_ANALYZED if header.row_estimate is None else f"about {fmt.count(header.row_estimate)} rows"
        pieces.append(f" · {rows}")
    if size is not None:
        pieces.append(f" · {fmt.size(size.total_bytes)} (heap {fmt.size(size.heap_bytes)}, "
                      f"index {fmt.size(size.index_bytes)}, toast {fmt.size(size.toast_bytes)})")
    pieces.append(f" · owner {header.owner}")
    if header.extension:
        pieces.append(f" · of extension {header.extension}")
    if not header.is_readable:
        pieces.append((" · not readable", "warning"))
    return line(*pieces)


def described(header: RelationHeader) -> str:
    """What a relation is in words: "unlogged partitioned table", "partition of s.t"."""
    words = [] if header.persistence == "p" else [PERSISTENCE.get(header.persistence, header.persistence)]
    if header.relkind == "p":
        words.append("partitioned")
    words.append(header.kind.value)
    if header.is_partition and header.parents:
        words.append("of " + ".".join(header.parents[0]))
    return " ".join(words)


def columns(detail: RelationDetail) -> Table:
    """Columns with their type, default and what pg_stats knows."""
    layout = (
        Column("name", "column", fixed=True, minimum=8), Column("type", "type", minimum=8),
        Column("null", "null"),
        Column("default", "default", flexible=True, minimum=10, maximum=200, priority=1),
        Column("comment", "comment", flexible=True, minimum=12, maximum=200, priority=2),
        Column("dimensions", "dim", "right", priority=4), Column("distinct", "distinct", "right", priority=3),
        Column("nulls", "nulls", "right", priority=3), Column("width", "width", "right", priority=5),
        Column("storage", "storage", priority=5), Column("compression", "compression", priority=6),
        Column("collation", "collation", priority=6),
    )
    rows = [
        _row(str(column.position), column, (
            column.name, column.type, _nullable(column), Cell(_default(column)), column.comment or "",
            Cell(fmt.count(column.dimensions) if column.dimensions else "", order=column.dimensions),
            Cell(_distinct(column.distinct_values), order=column.distinct_values),
            Cell(fmt.percent(None if column.null_fraction is None else column.null_fraction * 100),
                 order=column.null_fraction),
            Cell(fmt.size(column.average_bytes), order=column.average_bytes),
            Cell(column.storage, "" if column.is_default_storage else "accent"), column.compression or "",
            column.collation or ""))
        for column in detail.columns or ()
    ]
    return _without_empty(_table(layout, rows, detail, "columns", "a table without columns"), (
        "default", "comment", "dimensions", "compression", "collation"))


def _without_empty(table: Table, keys: Sequence[str]) -> Table:
    """The table without those of the columns `keys` that say nothing in any row."""
    kept = [index for index, column in enumerate(table.columns)
            if column.key not in keys or any(row.cells[index].text for row in table.rows)]
    return Table(tuple(table.columns[index] for index in kept), tuple(
        replace(row, cells=tuple(row.cells[index] for index in kept)) for row in table.rows), table.empty)


def indexes(detail: RelationDetail) -> Table:
    """Indexes with their state, size, use and definition; broken and unused ones stand out."""
    layout = (
        Column("name", "index", fixed=True, minimum=12), Column("method", "method"), Column("state", "state"),
        Column("size", "size", "right"), Column("scans", "scans", "right"),
        Column("kind", "kind", priority=1), Column("options", "options", priority=2),
        Column("predicate", "predicate", priority=3),
        Column("definition", "definition", flexible=True, minimum=20, maximum=400, priority=2),
    )
    rows = [
        _row(str(index.oid), index, (
            index.name, index.method, _index_state(index), Cell(fmt.size(index.size_bytes), order=index.size_bytes),
            Cell(fmt.count(index.scans), "warning" if _is_unused(index) else "", index.scans), _index_kind(index),
            ", ".join(index.options), index.predicate or "", index.definition), index.comment)
        for index in detail.indexes or ()
    ]
    return _table(layout, rows, detail, "indexes", "no index")


def constraints(detail: RelationDetail) -> Table:
    """Keys and checks, then the foreign keys of other tables that refer to this one."""
    layout = (
        Column("name", "constraint", fixed=True, minimum=12), Column("sort", "kind"),
        Column("direction", "from / to", minimum=8), Column("state", "state"),
        Column("definition", "definition", flexible=True, minimum=20, maximum=400),
        Column("comment", "comment", priority=2),
    )
    rows = [
        _row(str(constraint.oid), constraint, (
            constraint.name, constraint.sort, _direction(constraint), _constraint_state(constraint),
            constraint.definition, constraint.comment or ""))
        for constraint in detail.constraints or ()
    ]
    return _table(layout, rows, detail, "constraints", "no constraint, and no foreign key refers here")


def triggers(detail: RelationDetail) -> Table:
    """Triggers and rules, which both act by themselves."""
    layout = (
        Column("name", "trigger", fixed=True, minimum=12), Column("sort", "kind"), Column("state", "state"),
        Column("function", "function", priority=1),
        Column("definition", "definition", flexible=True, minimum=20, maximum=400),
        Column("comment", "comment", priority=2),
    )
    both: list[Trigger | RewriteRule] = [*(detail.triggers or ()), *(detail.rules or ())]
    rows = [
        _row(f"{type(trigger).__name__}:{trigger.oid}", trigger, (
            trigger.name, "trigger" if isinstance(trigger, Trigger) else "rule", _trigger_state(trigger.state),
            trigger.function if isinstance(trigger, Trigger) else "", trigger.definition, trigger.comment or ""))
        for trigger in both
    ]
    return _table(layout, rows, detail, "triggers", "no trigger and no rule")


def policies(detail: RelationDetail) -> Table:
    """Row-level security policies."""
    layout = (
        Column("name", "policy", fixed=True, minimum=12), Column("command", "command"), Column("sort", "kind"),
        Column("roles", "roles"), Column("using", "using", flexible=True, minimum=16, maximum=300),
        Column("check", "with check", minimum=12, maximum=300), Column("comment", "comment", priority=2),
    )
    rows = [_row(str(policy.oid), policy, _policy(policy)) for policy in detail.policies or ()]
    return _table(layout, rows, detail, "policies", "no policy")


def policies_note(header: RelationHeader, count: int) -> str:
    """What the policies are worth: whether row security is on, and whom it binds."""
    if header.row_security and not count:
        return "row security is on without a policy: only the owner sees rows" if not header.force_row_security \
            else "row security is forced without a policy: nobody sees rows"
    return _POLICY_NOTE[header.row_security, header.force_row_security] if count or header.row_security else \
        "row security is off"


def privileges(granted: Sequence[Privilege] | None, reason: str = "") -> Table:
    """Privileges per role, one row for a role and, apart, for each column that it has some on. * : may pass it on."""
    layout = (
        Column("grantee", "role", fixed=True, minimum=10), Column("column", "column"),
        Column("privileges", "privileges", flexible=True, minimum=20, maximum=200),
        Column("grantor", "granted by", priority=1), Column("default", "default", priority=2),
    )
    by_role: dict[tuple[str, str, str], list[Privilege]] = {}
    for privilege in granted or ():
        if privilege.is_granted:
            by_role.setdefault((privilege.grantee, privilege.column or "", privilege.grantor), []).append(privilege)
    rows = [
        _row(f"{grantee}\0{column}\0{grantor}", tuple(some), (
            grantee or "PUBLIC", column, ", ".join(f"{p.privilege}{'*' if p.is_grantable else ''}" for p in some),
            grantor, "yes" if all(p.is_default for p in some) else ""))
        for (grantee, column, grantor), some in by_role.items()
    ]
    return Table(layout, tuple(rows), reason or "nobody but the owner and superusers")


def relations(page: Sequence[Relation], sizes: Mapping[int, RelationSize]) -> Table:
    """Tables or partitions in a list, with their sizes as far as they are known."""
    bounded = any(relation.bound for relation in page)
    layout = (
        Column("name", "name", fixed=True, minimum=16), Column("rows", "rows", "right"),
        Column("size", "size", "right"), Column("heap", "heap", "right", priority=1),
        Column("index", "index", "right", priority=1), Column("toast", "toast", "right", priority=2),
        *((Column("bound", "bound", flexible=True, minimum=16, maximum=200),) if bounded else ()),
    )

    def cells(relation: Relation) -> Iterable[str | Cell]:
        size = sizes.get(relation.oid)
        yield relation.name
        yield Cell(fmt.count(relation.row_estimate), order=relation.row_estimate)
        for name in ("total_bytes", "heap_bytes", "index_bytes", "toast_bytes"):
            value = getattr(size, name) if size else None
            yield Cell(fmt.size(value), order=value)
        if bounded:
            yield (relation.bound or "") + (" (detaching)" if relation.is_detaching else "")

    return Table(layout, tuple(_row(str(relation.oid), relation, cells(relation)) for relation in page), "none")


TABS: Mapping[str, Callable[[RelationDetail], Table]] = {
    "Columns": columns, "Indexes": indexes, "Keys": constraints, "Triggers": triggers, "Policies": policies,
}
"""The tabs of a relation that are made of its detail alone."""

def _row(key: str, record: Any, cells: Iterable[str | Cell], search: str | None = None) -> Row:
    return Row(key, tuple(Cell(cell) if isinstance(cell, str) else cell for cell in cells), search=search or "",
               record=record)


def _table(layout: tuple[Column, ...], rows: Sequence[Row], detail: RelationDetail, part: str, empty: str) -> Table:
    return Table(layout, tuple(rows), detail.unavailable.get(f"catalog.{part}", empty))


def _nullable(column: ColumnRecord) -> str:
    return "no" if column.is_not_null else "yes"


def _default(column: ColumnRecord) -> str:
    if column.identity:
        return f"identity, {column.identity}"
    if column.generated:
        return f"{column.generated}: {column.default}"
    return column.default or ""


def _distinct(value: float | None) -> str:
    """pg_stats.n_distinct: negative is the share of the rows that differ."""
    if value is None or value >= 0:
        return fmt.count(value)
    return "unique" if value == -1 else f"{fmt.percent(-value * 100)} of rows"


def _index_state(index: Index) -> Cell:
    if not index.is_valid:
        return Cell("invalid", "critical")
    return Cell("ok") if index.is_ready else Cell("not ready", "warning")


def _index_kind(index: Index) -> str:
    words = ["primary key" if index.is_primary else "unique" if index.is_unique else ""]
    words += ["of constraint"] if index.constraint and not index.is_primary else []
    words += ["clustered"] if index.is_clustered else []
    words += ["replica identity"] if index.is_replica_identity else []
    return ", ".join(filter(None, words))


def _is_unused(index: Index) -> bool:
    """Never scanned though it holds no constraint: a cost without a known use."""
    return index.scans == 0 and not index.is_unique and index.constraint is None


def _direction(constraint: Constraint) -> str:
    if constraint.contype != "f":
        return ""
    if constraint.is_incoming:
        return f"from {constraint.schema}.{constraint.relation}"
    return f"to {constraint.referenced_schema}.{constraint.referenced_relation}"


def _constraint_state(constraint: Constraint) -> Cell:
    if not constraint.is_enforced:
        return Cell("not enforced", "warning")
    return Cell("ok") if constraint.is_validated else Cell("not valid", "warning")


def _trigger_state(state: str) -> Cell:
    return Cell(TRIGGER_STATES.get(state, state), "" if state == "O" else "warning")


def _policy(policy: Policy) -> Iterable[str]:
    return (policy.name, policy.command, "permissive" if policy.is_permissive else "restrictive",
            ", ".join(policy.roles) or "PUBLIC", policy.using or "", policy.with_check or "", policy.comment or "")
