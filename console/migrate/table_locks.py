"""Which lock a statement takes on which relation, and whether it rewrites or scans it.

From the statement's text alone, or sharper with the catalog: an index's table, the tables of a foreign key that is
dropped, the old type of a column. Each answer here is held against pg_locks by tests/live/test_locks.py.
Locks on what the statement itself creates are left out: nobody else can see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from console.migrate.alter_table_locks import alter_table, default_partition
from console.migrate.facts import Catalog
from console.migrate.footprint import Footprint, NewRelations, Taking
from console.migrate.lock_modes import LockMode
from console.sql.grammar import (
    Name,
    Node,
    ParsedStatement,
    enum_name,
    find,
    is_on,
    object_words,
    options,
    parts_name,
    range_name,
    strings,
)
from console.sql.repack import repack

_RELATION_KINDS = {"TABLE", "INDEX", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "FOREIGN TABLE"}


def locks_of(statement: ParsedStatement, catalog: Catalog | None = None) -> Footprint:
    """What `statement` locks; with `catalog` also on relations that it doesn't name."""
    taking = Taking(catalog)
    repacked = repack(statement.text) if statement.newer is not None else None
    if repacked is not None and repacked.table:
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE if repacked.concurrently else LockMode.ACCESS_EXCLUSIVE
        taking.take(parts_name([*repacked.table]), mode, rewrites=not repacked.concurrently)
    elif statement.newer is not None:
        taking.opaque = f"{statement.newer} is not known to the grammar here: it may take any lock"
    _collect(statement.node_kind, statement.body, taking)
    ordered = sorted(taking.locks.values(), key=lambda lock: (lock.is_indirect, -lock.mode, str(lock.relation)))
    ordered.sort(key=lambda lock: -lock.mode)
    return Footprint(tuple(ordered), taking.opaque)


def relations_of(statement: ParsedStatement) -> list[Name]:
    """Every relation that the statement names and would lock, and what it creates: what to ask the catalog for."""
    names = {lock.relation for lock in locks_of(statement).locks}
    names.update(range_name(node) for node in find(statement.body, "RangeVar"))
    if statement.node_kind == "index_stmt" and statement.body.idxname:
        names.add(index_name(statement.body))
    return sorted(names, key=str)


def made_by(statement: ParsedStatement, catalog: Catalog | None, created: NewRelations) -> Name | None:
    """The table or view that the statement makes, or that it gives a new name though it was made in this run
    (`created`); None for other statements, and where IF NOT EXISTS finds it there.
    """
    body = statement.body
    match statement.node_kind:
        case "create_stmt":
            name = range_name(body.relation)
        case "create_foreign_table_stmt":
            body = body.base_stmt
            name = range_name(body.relation)
        case "create_table_as_stmt":
            name = range_name(body.into.rel)
        case "view_stmt" if not body.replace:
            name = range_name(body.view)
        case "rename_stmt" if body.HasField("relation") and not body.subname:
            old = range_name(body.relation)
            return Name(old.schema, body.newname) if old in created else None
        case _:
            return None
    hidden = getattr(body, "if_not_exists", False) and catalog is not None and catalog.relation(name) is not None
    return None if hidden else name


def index_name(body: Node) -> Name:
    """The name of the index that an IndexStmt makes; it lies in its table's schema. Empty where the server names it."""
    return Name(body.relation.schemaname or None, body.idxname)


def functions_of(statement: ParsedStatement) -> set[str]:
    """The names of the functions that the statement calls, without schema."""
    return {strings(call.funcname)[-1] for call in find(statement.body, "FuncCall")}


def _collect(kind: str, body: Node, taking: Taking) -> None:
    handler = _HANDLERS.get(kind)
    if handler is not None:
        handler(body, taking)
    elif kind in _OPAQUE:
        taking.opaque = _OPAQUE[kind]


def _create_view(body: Node, taking: Taking) -> None:
    _query(body.query, taking)
    if body.replace:
        taking.take(range_name(body.view), LockMode.ACCESS_EXCLUSIVE)


def _index(body: Node, taking: Taking) -> None:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if body.concurrent else LockMode.SHARE
    there = taking.catalog is not None and taking.catalog.relation(index_name(body)) is not None
    taking.take(range_name(body.relation), mode, scans=not (body.if_not_exists and there))


def _trigger(body: Node, taking: Taking) -> None:
    taking.take(range_name(body.relation), LockMode.SHARE_ROW_EXCLUSIVE)
    if body.HasField("constrrel"):
        taking.take(range_name(body.constrrel), LockMode.ACCESS_SHARE)


def _policy(body: Node, taking: Taking) -> None:
    _query(body, taking)
    taking.take(range_name(body.table), LockMode.ACCESS_EXCLUSIVE)


def _statistics(body: Node, taking: Taking) -> None:
    for relation in body.relations:
        taking.take(range_name(relation.range_var), LockMode.SHARE_UPDATE_EXCLUSIVE)


def _sequence(body: Node, taking: Taking) -> None:
    """The table that a sequence comes to belong to."""
    owner = options(body.options).get("owned_by")
    if owner is not None and len(parts := strings(owner.list.items)) > 1:
        taking.take(parts_name(parts[:-1]), LockMode.ACCESS_SHARE)


def _alter_sequence(body: Node, taking: Taking) -> None:
    taking.take(range_name(body.sequence), LockMode.SHARE_ROW_EXCLUSIVE)
    _sequence(body, taking)


def _refresh(body: Node, taking: Taking) -> None:
    mode = LockMode.EXCLUSIVE if body.concurrent else LockMode.ACCESS_EXCLUSIVE
    taking.take(range_name(body.relation), mode, rewrites=not body.concurrent)


def _lock_table(body: Node, taking: Taking) -> None:
    for relation in body.relations:
        taking.take(range_name(relation.range_var), LockMode(body.mode))


def _copy(body: Node, taking: Taking) -> None:
    if body.HasField("relation"):
        taking.take(range_name(body.relation), LockMode.ROW_EXCLUSIVE if body.is_from else LockMode.ACCESS_SHARE)
    else:
        _query(body.query, taking)


def _publication(body: Node, taking: Taking) -> None:
    for table in find(body, "PublicationTable"):
        taking.take(range_name(table.relation), LockMode.SHARE_UPDATE_EXCLUSIVE)


def _create_schema(body: Node, taking: Taking) -> None:
    for element in body.schema_elts:
        inner = str(element.WhichOneof("node"))
        _collect(inner, getattr(element, inner), taking)


def _alter_domain(body: Node, taking: Taking) -> None:
    if body.subtype in ("C", "O", "V"):
        taking.opaque = "takes SHARE on every table with a column of the domain and scans it"


def _query(body: Node, taking: Taking) -> None:
    """What a query reads and writes: ACCESS SHARE, ROW SHARE with FOR UPDATE, ROW EXCLUSIVE for what it changes."""
    found = list(find(body, "RangeVar", "InsertStmt", "MergeStmt", "UpdateStmt", "DeleteStmt", "SelectStmt",
                      "CommonTableExpr", "IntoClause"))
    ctes = {cte.ctename for cte in found if cte.DESCRIPTOR.name == "CommonTableExpr"}
    for node in found:
        match node.DESCRIPTOR.name:
            case "RangeVar":
                if node.relname and (node.schemaname or node.relname not in ctes):
                    taking.take(range_name(node), LockMode.ACCESS_SHARE)
            case "InsertStmt" | "MergeStmt":
                taking.take(range_name(node.relation), LockMode.ROW_EXCLUSIVE)
            case "UpdateStmt" | "DeleteStmt":
                taking.take(range_name(node.relation), LockMode.ROW_EXCLUSIVE,
                            scans=not node.HasField("where_clause"))
            case "SelectStmt" if node.locking_clause:
                for item in node.from_clause:
                    for relation in find(item, "RangeVar"):
                        if relation.schemaname or relation.relname not in ctes:
                            taking.take(range_name(relation), LockMode.ROW_SHARE)
    for into in found:
        if into.DESCRIPTOR.name == "IntoClause":
            taking.locks.pop(range_name(into.rel), None)


def _create_table(body: Node, taking: Taking) -> None:
    for parent in body.inh_relations:
        mode = LockMode.ACCESS_EXCLUSIVE if body.HasField("partbound") else LockMode.SHARE_UPDATE_EXCLUSIVE
        taking.take(range_name(parent.range_var), mode)
        if body.HasField("partbound"):
            default_partition(range_name(parent.range_var), taking, scans=True)
    for like in find(body, "TableLikeClause"):
        taking.take(range_name(like.relation), LockMode.ACCESS_SHARE)
    for constraint in find(body, "Constraint"):
        if enum_name(constraint, "contype") == "CONSTR_FOREIGN":
            taking.take(range_name(constraint.pktable), LockMode.SHARE_ROW_EXCLUSIVE)
    taking.locks.pop(range_name(body.relation), None)


def _rename(body: Node, taking: Taking) -> None:
    words = object_words(body, "rename_type")
    if not body.HasField("relation"):
        return
    if words == "INDEX":
        taking.take(range_name(body.relation), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif words == "COLUMN" and object_words(body, "relation_type") not in _RELATION_KINDS:
        return  # an attribute of a type
    else:
        _alter(body, taking, words)


def _alter_object(body: Node, taking: Taking) -> None:
    if body.HasField("relation"):
        _alter(body, taking, object_words(body, "object_type"))


def _alter(body: Node, taking: Taking, words: str) -> None:
    if words in _RELATION_KINDS or words in ("COLUMN", "CONSTRAINT", "TRIGGER", "RULE", "POLICY", "ATTRIBUTE"):
        taking.take(range_name(body.relation), LockMode.ACCESS_EXCLUSIVE)


def dropped(body: Node) -> Iterator[list[str]]:
    """The qualified names that a DROP lists, as parts; of what belongs to a table, the table's parts come first."""
    for item in body.objects:
        which = item.WhichOneof("node")
        if which == "list":
            yield strings(item.list.items)
        elif which == "object_with_args":
            yield strings(item.object_with_args.objname)
        elif which == "type_name":
            yield strings(item.type_name.names)
        elif which == "string":
            yield [item.string.sval]


def _drop(body: Node, taking: Taking) -> None:
    words = object_words(body, "remove_type")
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if body.concurrent else LockMode.ACCESS_EXCLUSIVE
    cascades = enum_name(body, "behavior") == "DROP_CASCADE"
    for parts in dropped(body):
        if words == "INDEX":
            taking.take(parts_name(parts), mode)
            if (table := taking.table_of_index(parts_name(parts))) is not None:
                taking.take(table, mode, indirect=True)
        elif words in _RELATION_KINDS:
            name = parts_name(parts)
            taking.take(name, LockMode.ACCESS_EXCLUSIVE)
            _drop_keys(name, cascades, taking)
        elif words in ("TRIGGER", "RULE", "POLICY"):
            taking.take(parts_name(parts[:-1]), LockMode.ACCESS_EXCLUSIVE)
    if words == "STATISTICS":
        taking.opaque = "takes SHARE UPDATE EXCLUSIVE on the table of the statistics"
    if words == "SCHEMA" and cascades:
        taking.opaque = "locks everything in the schema away"
    elif cascades:
        taking.opaque = "CASCADE also locks and drops what depends on it"


def _drop_keys(table: Name, cascades: bool, taking: Taking) -> None:
    if taking.catalog is None:
        return
    for key in taking.catalog.constraints_of(table):
        if key.references is not None and key.references != key.table:
            taking.take(key.references, LockMode.ACCESS_EXCLUSIVE, indirect=True)
    if cascades:
        for key in taking.catalog.incoming_keys(table):
            taking.take(key.table, LockMode.ACCESS_EXCLUSIVE, indirect=True)
        for view in taking.catalog.dependents_of(table):
            taking.take(view, LockMode.ACCESS_EXCLUSIVE, indirect=True)


def _truncate(body: Node, taking: Taking) -> None:
    # A truncated table gets an empty file, at once: no rewrite in the sense of work.
    for relation in body.relations:
        name = range_name(relation.range_var)
        taking.take(name, LockMode.ACCESS_EXCLUSIVE)
        if enum_name(body, "behavior") == "DROP_CASCADE":
            if taking.catalog is None:
                taking.opaque = "CASCADE also empties every table that references it"
                continue
            for key in taking.catalog.incoming_keys(name):
                taking.take(key.table, LockMode.ACCESS_EXCLUSIVE, indirect=True)


def _whole_or_one(body: Node, taking: Taking, everything: str) -> None:
    if body.HasField("relation"):
        taking.take(range_name(body.relation), LockMode.ACCESS_EXCLUSIVE, rewrites=True)
    else:
        taking.opaque = f"locks {everything} away, one after the other"


def _vacuum(body: Node, taking: Taking) -> None:
    full = (option := options(body.options).get("full")) is not None and is_on(option)
    mode = LockMode.ACCESS_EXCLUSIVE if full else LockMode.SHARE_UPDATE_EXCLUSIVE
    for relation in body.rels:
        taking.take(range_name(relation.vacuum_relation.relation), mode, rewrites=full, scans=not full)
    if not body.rels:
        taking.opaque = f"takes {mode.label} on every table of the database, one after the other"


def _reindex(body: Node, taking: Taking) -> None:
    concurrently = (option := options(body.params).get("concurrently")) is not None and is_on(option)
    scope = enum_name(body, "kind").removeprefix("REINDEX_OBJECT_")
    on_table = LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.SHARE
    if scope == "TABLE":
        taking.take(range_name(body.relation), on_table, scans=True)
    elif scope == "INDEX":
        index = range_name(body.relation)
        # The index's file is new; the table's is not.
        taking.take(index, LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.ACCESS_EXCLUSIVE,
                    rewrites=True)
        if (table := taking.table_of_index(index)) is not None:
            taking.take(table, on_table, scans=True, indirect=True)
    else:
        taking.opaque = f"takes {on_table.label} on every table of the {scope.lower()}, one after the other"


def _comment(body: Node, taking: Taking) -> None:
    words = object_words(body, "objtype")
    if body.object.WhichOneof("node") != "list":
        return
    parts = strings(body.object.list.items)
    if words in _RELATION_KINDS:
        taking.take(parts_name(parts), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif words == "COLUMN":
        taking.take(parts_name(parts[:-1]), LockMode.SHARE_UPDATE_EXCLUSIVE)
    elif words in ("CONSTRAINT", "TRIGGER", "RULE", "POLICY") and len(parts) > 1:  # not a domain's constraint
        taking.take(parts_name(parts[:-1]), LockMode.ACCESS_SHARE)


_HANDLERS: Mapping[str, Callable[[Node, Taking], None]] = {
    **dict.fromkeys(("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "explain_stmt",
                     "declare_cursor_stmt", "prepare_stmt"), _query),
    "create_stmt": _create_table,
    "create_foreign_table_stmt": lambda body, taking: _create_table(body.base_stmt, taking),
    "create_table_as_stmt": lambda body, taking: _query(body.query, taking),
    "create_function_stmt": lambda body, taking: _query(body.sql_body, taking),
    "view_stmt": _create_view,
    "index_stmt": _index,
    "alter_table_stmt": alter_table,
    "rename_stmt": _rename,
    **dict.fromkeys(("alter_object_schema_stmt", "alter_owner_stmt", "alter_object_depends_stmt"), _alter_object),
    "drop_stmt": _drop,
    "truncate_stmt": _truncate,
    "create_trig_stmt": _trigger,
    "rule_stmt": lambda body, taking: taking.take(range_name(body.relation), LockMode.ACCESS_EXCLUSIVE),
    **dict.fromkeys(("create_policy_stmt", "alter_policy_stmt"), _policy),
    "create_stats_stmt": _statistics,
    "create_seq_stmt": _sequence,
    "alter_seq_stmt": _alter_sequence,
    "refresh_mat_view_stmt": _refresh,
    "cluster_stmt": lambda body, taking: _whole_or_one(body, taking, "every table that was clustered before"),
    "vacuum_stmt": _vacuum,
    "reindex_stmt": _reindex,
    "lock_stmt": _lock_table,
    "copy_stmt": _copy,
    **dict.fromkeys(("comment_stmt", "sec_label_stmt"), _comment),
    **dict.fromkeys(("create_publication_stmt", "alter_publication_stmt"), _publication),
    "create_schema_stmt": _create_schema,
    "alter_domain_stmt": _alter_domain,
}
"""What each kind of statement locks; a kind that isn't here locks no relation by name."""

_OPAQUE: Mapping[str, str] = {
    **dict.fromkeys(("do_stmt", "call_stmt", "execute_stmt"), "the code that it runs may take any lock"),
    **dict.fromkeys(("create_extension_stmt", "alter_extension_stmt"), "the extension's script may take any lock"),
    **dict.fromkeys(("drop_owned_stmt", "reassign_owned_stmt", "alter_table_move_all_stmt"),
                    "locks every object of the role or tablespace away"),
}
"""What kinds of statements that lock no relation by name may lock all the same."""
