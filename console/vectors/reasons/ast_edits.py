"""Statements as trees of PostgreSQL's own grammar, and single changes to them that may bring an index back. Pure.

Every edit works on a copy, and says whether there was anything to change. The tree is libpg_query's (postgast), which
knows pgvector's operators as it knows any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from console.errors import UsageError
from console.sql import grammar
from console.sql.elide import elided
from console.sql.grammar import Name, copy, enum_value, nodes
from console.sql.quoting import identifier, operator
from console.sql.tokens import SqlFault
from console.vectors.metrics import METRICS, metric_of_function, metric_of_operator

Node = grammar.Node
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
    columns: Sequence[str] = field(default=())

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
        tree = grammar.parse(text)
    except SqlFault as fault:
        raise UsageError(f"not SQL: {fault.summary}") from None
    if len(tree.stmts) != 1 or tree.stmts[0].stmt.WhichOneof("node") != "select_stmt":
        raise UsageError("one SELECT is looked at at a time")
    return tree


def parameters(tree: Node) -> int:
    """How many values the statement takes: the highest n of $n."""
    return max((node.param_ref.number for kind, node in nodes(tree) if kind == "param_ref"), default=0)


class Source(Struct, frozen=True):
    """A relation that a query reads, and the name by which it calls it."""

    alias: str
    relation: Name


def sources(search: Search) -> list[Source]:
    """The relations that the searched column may belong to: by its qualifier where it has one, else all of the FROM."""
    ctes = {node.common_table_expr.ctename: node.common_table_expr.ctequery.select_stmt
            for kind, node in nodes(search.tree) if kind == "common_table_expr"}
    found = list(_sources(search.select, ctes))
    *qualifier, _ = _path(search.sides[0]) or ("",)
    if not qualifier:
        return found
    schema = qualifier[-2] if len(qualifier) > 1 else None
    return [source for source in found if source.alias == qualifier[-1] and schema in (None, source.relation.schema)]


def _sources(select: Node, ctes: Mapping[str, Node]) -> Iterator[Source]:
    """The relations in the FROM of a query; those of a subquery or a WITH under its name."""
    waiting = list(select.from_clause)
    if select.HasField("larg"):
        yield from (source for arm in (select.larg, select.rarg) for source in _sources(arm, ctes))
    while waiting:
        item = waiting.pop(0)
        match item.WhichOneof("node"):
            case "range_var":
                relation = grammar.range_name(item.range_var)
                alias = item.range_var.alias.aliasname or relation.name
                if relation.schema is None and relation.name in ctes:
                    others = {name: query for name, query in ctes.items() if name != relation.name}
                    yield from (Source(alias, inner.relation) for inner in _sources(ctes[relation.name], others))
                else:
                    yield Source(alias, relation)
            case "join_expr":
                waiting[:0] = [item.join_expr.larg, item.join_expr.rarg]
            case "range_subselect":
                alias = item.range_subselect.alias.aliasname
                yield from (Source(alias, inner.relation)
                            for inner in _sources(item.range_subselect.subquery.select_stmt, ctes))


def find(tree: Node, columns: Sequence[str] = ()) -> Search | None:
    """The search in a statement: the innermost SELECT that orders by a distance, else one that filters by it."""
    selects = [node.select_stmt for kind, node in nodes(tree) if kind == "select_stmt"]
    # a CTE's query and a sublink's are Nodes as well; the arms of a UNION are not, and have no ORDER BY of their own
    targets = {node.res_target.name: node.res_target for kind, node in nodes(tree)
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
    fresh = copy(tree)
    changed = False
    for edit in edits:
        search = find(fresh, columns)
        if search is None:
            return None
        changed = edit.apply(search) or changed
    return fresh if changed else None


def ascending(search: Search) -> bool:
    if search.sort is None or search.sort.sortby_dir != enum_value("SORTBY_DESC"):
        return False
    search.sort.sortby_dir = enum_value("SORTBY_DEFAULT")
    return True


def nulls_last(search: Search) -> bool:
    if search.sort is None or search.sort.sortby_nulls != enum_value("SORTBY_NULLS_FIRST"):
        return False
    search.sort.sortby_nulls = enum_value("SORTBY_NULLS_DEFAULT")
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
    search.sort.node.CopyFrom(copy(search.distance))  # type: ignore[union-attr]
    return True


def as_operator(schema: str) -> Callable[[Search], bool]:
    """The operator instead of the function; `schema` is where pgvector is."""
    def apply(search: Search) -> bool:
        if search.distance.WhichOneof("node") != "func_call" or (sign := search.operator) is None:
            return False
        left, right = (copy(side) for side in _sides(search.distance))
        fresh = grammar.expression(f"1 {operator(schema, sign)} 2")
        fresh.a_expr.lexpr.CopyFrom(left)
        fresh.a_expr.rexpr.CopyFrom(right)
        search.distance.CopyFrom(fresh)
        return True
    return apply


def with_operator(sign: str) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        if search.distance.WhichOneof("node") != "a_expr" or search.operator == sign:
            return False
        search.distance.a_expr.name[-1].string.sval = sign
        return True
    return apply


def with_operand(operand: Node | None, vector_type: tuple[str, str]) -> Callable[[Search], bool]:
    """Compares `operand` (None: the bare column) with the query vector cast to the type of that schema and name."""
    def apply(search: Search) -> bool:
        side, other = search.sides
        name = search.column
        before = copy(side), copy(other)
        if operand is not None:
            side.CopyFrom(operand)
        elif name is not None and side.WhichOneof("node") != "column_ref":
            side.CopyFrom(next(copy(node) for kind, node in nodes(side) if kind == "column_ref"))
        if other.WhichOneof("node") == "type_cast" and _last(other.type_cast.type_name.names) != vector_type[1]:
            inner = copy(other.type_cast.arg)
            cast = grammar.expression(f"NULL::{identifier(*vector_type)}")
            cast.type_cast.arg.CopyFrom(inner)
            other.CopyFrom(cast)
        return bool(before[0] != side or before[1] != other)
    return apply


def with_predicate(predicate: Node) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        if search.select.HasField("where_clause"):
            fresh = grammar.expression("a AND b")
            fresh.bool_expr.args[0].CopyFrom(search.select.where_clause)
            fresh.bool_expr.args[1].CopyFrom(predicate)
            search.select.where_clause.CopyFrom(fresh)
        else:
            search.select.where_clause.CopyFrom(predicate)
        return True
    return apply


def with_predicate_alone(predicate: Node) -> Callable[[Search], bool]:
    def apply(search: Search) -> bool:
        search.select.where_clause.CopyFrom(predicate)
        return True
    return apply


def with_constant(dimensions: int) -> Callable[[Search], bool]:
    """A constant instead of a query vector that belongs to the row."""
    def apply(search: Search) -> bool:
        _, other = search.sides
        if _column(other) is None or other.WhichOneof("node") != "column_ref":
            return False
        other.CopyFrom(grammar.expression("'[" + ",".join(["1"] * dimensions) + "]'"))
        return True
    return apply


def ordered(search: Search) -> bool:
    """ORDER BY the distance and LIMIT 10, instead of filtering by it."""
    if search.sort is not None:
        return False
    model = parse("SELECT 1 ORDER BY 1 LIMIT 10").stmts[0].stmt.select_stmt
    model.sort_clause[0].sort_by.node.CopyFrom(copy(search.distance))
    search.select.sort_clause.add().CopyFrom(model.sort_clause[0])
    search.select.limit_count.CopyFrom(model.limit_count)
    search.select.limit_option = model.limit_option
    return True


def unfenced(search: Search) -> bool:
    """Without what keeps a subquery apart: MATERIALIZED, OFFSET 0, DISTINCT, GROUP BY, window functions."""
    changed = False
    for kind, node in list(nodes(search.tree)):
        if kind == "common_table_expr" and node.common_table_expr.ctematerialized == enum_value("CTEMaterializeAlways"):
            node.common_table_expr.ctematerialized = enum_value("CTEMaterializeNever")
            changed = True
        elif kind == "select_stmt" and node.select_stmt != search.select:
            inner = node.select_stmt
            for name in ("limit_offset", "distinct_clause", "group_clause", "having_clause"):
                if name in {item.name for item, _ in inner.ListFields()}:
                    inner.ClearField(name)
                    changed = True
        elif kind == "res_target" and any(k == "func_call" and n.func_call.HasField("over")
                                          for k, n in nodes(node.res_target.val)):
            node.res_target.val.CopyFrom(grammar.expression("0"))
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


def _distance(node: Node) -> Node | None:
    for kind, each in nodes(node):
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
    path = _path(node)
    return path[-1] or None if path else None


def _path(node: Node) -> tuple[str, ...]:
    """The first column below a node, with what qualifies it; () where there is none."""
    for kind, each in nodes(node):
        if kind == "column_ref" and each.column_ref.fields:
            return tuple(str(part.string.sval) for part in each.column_ref.fields)
    return ()


def _last(names: Any) -> str:
    return str(names[-1].string.sval) if names else ""


def expression_text(node: Node) -> str:
    """An expression as SQL, a long constant in it shortened."""
    text = elided(grammar.expression_text(node))
    return text if len(text) < 120 else text[:60] + "…" + text[-40:]
