"""Statements as trees of PostgreSQL's own grammar, and single changes to them that may bring an index back. Pure.

Every edit works on a copy, and says whether there was anything to change. The tree is libpg_query's (postgast), which
knows pgvector's operators as it knows any.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from console.errors import UsageError
from console.vectors.metrics import METRICS, metric_of_function, metric_of_operator

Node = Any
VECTOR_TYPES = ("vector", "halfvec", "sparsevec")
_OPERATORS = {metric.operator for metric in METRICS}


class Search(Struct):
    """The nearest-neighbour part of a statement: `select` orders (or filters) by a distance.

    `slot` is the node that holds the ordering expression (the select list's, where ORDER BY names an alias),
    `distance` the operator or function call in it. `sort` is None where the distance only filters.
    """

    tree: Node
    select: Node
    sort: Node | None
    slot: Node | None
    distance: Node
    columns: Sequence[str] = ()

    @property
    def is_bare(self) -> bool:
        """Whether the order is by the distance itself, and not by something computed from it."""
        return self.slot is not None and self.slot == self.distance

    @property
    def operator(self) -> str | None:
        if self.distance.WhichOneof("node") == "a_expr":
            return _last(self.distance.a_expr.name)
        metric = metric_of_function(_last(self.distance.func_call.funcname))
        return metric.operator if metric else None

    @property
    def sides(self) -> tuple[Node, Node]:
        """The side with the vector column and the other one; as written where neither names a known column."""
        left, right = _sides(self.distance)
        if _column(left) not in self.columns and _column(right) in self.columns:
            return right, left
        return left, right

    @property
    def column(self) -> str | None:
        return _column(self.sides[0])

    @property
    def limit(self) -> int | None:
        """The LIMIT, where it is a number."""
        const = self.select.limit_count
        if const.WhichOneof("node") == "a_const" and const.a_const.HasField("ival"):
            return int(const.a_const.ival.ival)
        return None

    @property
    def offset(self) -> int:
        const = self.select.limit_offset
        if const.WhichOneof("node") == "a_const" and const.a_const.HasField("ival"):
            return int(const.a_const.ival.ival)
        return 0


def parse(text: str) -> Node:
    """The tree of one SELECT. Raises UsageError for anything else."""
    try:
        tree = _postgast().parse(text)
    except _postgast().PgQueryError as error:
        raise UsageError(f"not SQL: {error}") from None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") != "select_stmt":
        raise UsageError("one SELECT is looked at at a time")
    return tree


def deparse(tree: Node) -> str:
    return str(_postgast().deparse(tree))


def parameters(tree: Node) -> int:
    """How many values the statement takes: the highest n of $n."""
    return max((node.param_ref.number for kind, node in walk(tree) if kind == "param_ref"), default=0)


def walk(node: Node) -> Iterator[tuple[str, Node]]:
    """Every Node below `node` with its kind, itself first where it is one."""
    kind = node.WhichOneof("node") if node.DESCRIPTOR.name == "Node" else None
    if kind:
        yield kind, node
    for description, value in node.ListFields():
        if description.message_type is not None:
            for each in ([value] if hasattr(value, "ListFields") else list(value)):
                yield from walk(each)


def relations(tree: Node) -> set[str]:
    """The names, without schema, of the tables and views that a statement mentions."""
    return {str(node.range_var.relname) for kind, node in walk(tree) if kind == "range_var"}


def find(tree: Node, columns: Sequence[str] = ()) -> Search | None:
    """The search in a statement: the innermost SELECT that orders by a distance, else one that filters by it."""
    selects = [node.select_stmt for kind, node in walk(tree) if kind == "select_stmt"]
    # a CTE's query and a sublink's are Nodes as well; the arms of a UNION are not, and have no ORDER BY of their own
    targets = {node.res_target.name: node.res_target for kind, node in walk(tree)
               if kind == "res_target" and node.res_target.name}
    for select in reversed(selects):
        for item in select.sort_clause:
            sort = item.sort_by
            slot = sort.node
            if (alias := _alias(slot, select)) is not None:
                slot = alias
            elif (name := _column(slot)) in targets:
                slot = targets[name or ""].val
            if (distance := _distance(slot)) is not None:
                return Search(tree, select, sort, slot, distance, columns)
    for select in reversed(selects):
        if select.HasField("where_clause") and (distance := _distance(select.where_clause)) is not None:
            return Search(tree, select, None, None, distance, columns)
    return None


class Edit(Struct, frozen=True):
    """A change of a statement: `rule` names the reason that it stands for. `apply` is False with nothing to change."""

    rule: str
    apply: Callable[[Search], bool]


def edited(tree: Node, columns: Sequence[str], edits: Sequence[Edit]) -> Node | None:
    """A copy of `tree` with all `edits` made; None where none of them changed anything."""
    copy = type(tree)()
    copy.CopyFrom(tree)
    changed = False
    for edit in edits:
        search = find(copy, columns)
        if search is None:
            return None
        changed = edit.apply(search) or changed
    return copy if changed else None


def ascending(search: Search) -> bool:
    if search.sort is None or search.sort.sortby_dir != _enum("SORTBY_DESC"):
        return False
    search.sort.sortby_dir = _enum("SORTBY_DEFAULT")
    return True


def nulls_last(search: Search) -> bool:
    if search.sort is None or search.sort.sortby_nulls != _enum("SORTBY_NULLS_FIRST"):
        return False
    search.sort.sortby_nulls = _enum("SORTBY_NULLS_DEFAULT")
    return True


def distance_alone(search: Search) -> bool:
    """Without the further keys of ORDER BY."""
    if search.sort is None or len(search.select.sort_clause) < 2:
        return False
    del search.select.sort_clause[1:]
    return True


def bare_distance(search: Search) -> bool:
    """ORDER BY the distance itself; written out where an alias of the select list is what is computed."""
    if search.slot is None or search.is_bare:
        return False
    search.sort.node.CopyFrom(_copy(search.distance))  # type: ignore[union-attr]
    return True


def as_operator(search: Search) -> bool:
    if search.distance.WhichOneof("node") != "func_call" or (operator := search.operator) is None:
        return False
    left, right = (_copy(side) for side in _sides(search.distance))
    fresh = _expression(f"1 {operator} 2")
    fresh.a_expr.lexpr.CopyFrom(left)
    fresh.a_expr.rexpr.CopyFrom(right)
    search.distance.CopyFrom(fresh)
    return True


def with_operator(operator: str) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        if search.distance.WhichOneof("node") != "a_expr" or search.operator == operator:
            return False
        search.distance.a_expr.name[-1].string.sval = operator
        return True
    return apply


def with_operand(expression: str | None, vector_type: str) -> Callable[[Search], bool]:
    """Compares `expression` (None: the bare column) with the query vector cast to `vector_type`."""
    def apply(search: Search) -> bool:
        side, other = search.sides
        name = search.column
        before = _copy(side), _copy(other)
        if expression is not None:
            side.CopyFrom(_expression(expression))
        elif name is not None and side.WhichOneof("node") != "column_ref":
            side.CopyFrom(next(_copy(node) for kind, node in walk(side) if kind == "column_ref"))
        if other.WhichOneof("node") == "type_cast" and _last(other.type_cast.type_name.names) != vector_type:
            inner = _copy(other.type_cast.arg)
            cast = _expression(f"NULL::{vector_type}")
            cast.type_cast.arg.CopyFrom(inner)
            other.CopyFrom(cast)
        return bool(before[0] != side or before[1] != other)
    return apply


def with_predicate(predicate: str) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        fresh = _expression(f"(a) AND ({predicate})")
        if search.select.HasField("where_clause"):
            fresh.bool_expr.args[0].CopyFrom(search.select.where_clause)
            search.select.where_clause.CopyFrom(fresh)
        else:
            search.select.where_clause.CopyFrom(_expression(predicate))
        return True
    return apply


def with_predicate_alone(predicate: str) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        search.select.where_clause.CopyFrom(_expression(predicate))
        return True
    return apply


def with_constant(dimensions: int) -> Callable[[Search], bool]:
    """A constant instead of a query vector that belongs to the row."""
    def apply(search: Search) -> bool:
        _, other = search.sides
        if _column(other) is None or other.WhichOneof("node") != "column_ref":
            return False
        other.CopyFrom(_expression("'[" + ",".join(["1"] * dimensions) + "]'"))
        return True
    return apply


def ordered(search: Search) -> bool:
    """ORDER BY the distance and LIMIT 10, instead of filtering by it."""
    if search.sort is not None:
        return False
    model = parse("SELECT 1 ORDER BY 1 LIMIT 10").stmts[0].stmt.select_stmt
    model.sort_clause[0].sort_by.node.CopyFrom(_copy(search.distance))
    search.select.sort_clause.add().CopyFrom(model.sort_clause[0])
    search.select.limit_count.CopyFrom(model.limit_count)
    search.select.limit_option = model.limit_option
    return True


def unfenced(search: Search) -> bool:
    """Without what keeps a subquery apart: MATERIALIZED, OFFSET 0, DISTINCT, GROUP BY, window functions."""
    changed = False
    for kind, node in list(walk(search.tree)):
        if kind == "common_table_expr" and node.common_table_expr.ctematerialized == _enum("CTEMaterializeAlways"):
            node.common_table_expr.ctematerialized = _enum("CTEMaterializeNever")
            changed = True
        elif kind == "select_stmt" and node.select_stmt != search.select:
            inner = node.select_stmt
            for name in ("limit_offset", "distinct_clause", "group_clause", "having_clause"):
                if name in {item.name for item, _ in inner.ListFields()}:
                    inner.ClearField(name)
                    changed = True
        elif kind == "res_target" and any(k == "func_call" and n.func_call.HasField("over")
                                          for k, n in walk(node.res_target.val)):
            node.res_target.val.CopyFrom(_expression("0"))
            changed = True
    if search.select.group_clause or search.select.distinct_clause:
        search.select.ClearField("group_clause")
        search.select.ClearField("distinct_clause")
        changed = True
    return changed


def with_limit(count: int) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        if search.limit == count:
            return False
        model = parse(f"SELECT 1 LIMIT {count:d}").stmts[0].stmt.select_stmt
        search.select.limit_count.CopyFrom(model.limit_count)
        search.select.limit_option = model.limit_option
        return True
    return apply


def unfiltered(search: Search) -> bool:
    if not search.select.HasField("where_clause"):
        return False
    search.select.ClearField("where_clause")
    return True


def null_vector(search: Search) -> bool:
    """Whether the query vector is the constant NULL."""
    node = search.sides[1]
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    return bool(node.WhichOneof("node") == "a_const" and node.a_const.isnull)


def vector_literal(search: Search) -> str | None:
    """The query vector's text, where it is a constant."""
    node = search.sides[1]
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    if node.WhichOneof("node") == "a_const" and node.a_const.HasField("sval"):
        return str(node.a_const.sval.sval)
    return None


def _expression(text: str) -> Node:
    target = parse(f"SELECT {text}").stmts[0].stmt.select_stmt.target_list[0].res_target
    return _copy(target.val)


def _copy(node: Node) -> Node:
    fresh = type(node)()
    fresh.CopyFrom(node)
    return fresh


def _distance(node: Node) -> Node | None:
    for kind, each in walk(node):
        if kind == "a_expr" and _last(each.a_expr.name) in _OPERATORS and metric_of_operator(_last(each.a_expr.name)):
            return each
        if kind == "func_call" and metric_of_function(_last(each.func_call.funcname)) \
                and len(each.func_call.args) == 2:
            return each
    return None


def _sides(distance: Node) -> tuple[Node, Node]:
    if distance.WhichOneof("node") == "a_expr":
        return distance.a_expr.lexpr, distance.a_expr.rexpr
    return distance.func_call.args[0], distance.func_call.args[1]


def _alias(node: Node, select: Node) -> Node | None:
    """The select list's expression that ORDER BY means by an alias or by a number."""
    if node.WhichOneof("node") == "a_const" and node.a_const.HasField("ival"):
        place = node.a_const.ival.ival - 1
        return select.target_list[place].res_target.val if 0 <= place < len(select.target_list) else None
    if node.WhichOneof("node") == "column_ref" and len(node.column_ref.fields) == 1:
        name = node.column_ref.fields[0].string.sval
        return next((item.res_target.val for item in select.target_list if item.res_target.name == name), None)
    return None


def _column(node: Node) -> str | None:
    """The last name of the first column below a node."""
    for kind, each in walk(node):
        if kind == "column_ref" and each.column_ref.fields:
            return str(each.column_ref.fields[-1].string.sval) or None
    return None


def _last(names: Any) -> str:
    return str(names[-1].string.sval) if names else ""


def _postgast() -> Any:
    """Imported at the first use: its stubs are not valid to mypy, and a search alone needs none of it."""
    return importlib.import_module("postgast")


def _enum(name: str) -> int:
    return int(getattr(_postgast().pg_query_pb2, name))


def expression_text(node: Node) -> str:
    """An expression as SQL, a long constant in it shortened."""
    model = parse("SELECT 1")
    model.stmts[0].stmt.select_stmt.target_list[0].res_target.val.CopyFrom(node)
    text = deparse(model).removeprefix("SELECT ")
    return text if len(text) < 120 else text[:60] + "…" + text[-40:]
