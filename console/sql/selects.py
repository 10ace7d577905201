"""Queries as trees: what each SELECT of a statement reads and gives, and what a name in it means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from console.sql import grammar
from console.sql.grammar import Name, Node, copy, nodes

Columns = Callable[[Name], frozenset[str] | None]
"""The columns of a relation as the catalog has them, None where it isn't known."""

MOST_HOPS = 8
"""Through so many subqueries a column is followed."""


class FromItem(Struct):
    """What a FROM clause reads: a relation, or a `query`. `node` is its Node, which may be replaced; `is_outer`:
    rows without a partner are kept, so that its conditions are none of the others'."""

    alias: str
    node: Node
    relation: Name | None = None
    query: SelectScope | None = None
    is_outer: bool = False


class SelectScope(Struct):
    """One SELECT, with the WITH queries that it sees and the SELECT around it."""

    select: Node
    ctes: Mapping[str, Node]
    outer: SelectScope | None = None

    @property
    def items(self) -> list[FromItem]:
        """What its FROM reads."""
        found: list[FromItem] = []
        _items(self, list(self.select.from_clause), found, is_outer=False)
        return found

    @property
    def arms(self) -> list[SelectScope]:
        """The queries that a UNION and the like put together; itself without one."""
        if not self.select.HasField("larg"):
            return [self]
        return [arm for part in (self.select.larg, self.select.rarg)
                for arm in SelectScope(part, self._seen(part), self.outer).arms]

    def _seen(self, select: Node) -> Mapping[str, Node]:
        return {**self.ctes, **_own_ctes(select)}


class Meaning(Struct):
    """What a column reference means: a column of `item`'s relation, or the `expression` that a query computes for it
    in `scope`, which is the scope of `item` otherwise."""

    scope: SelectScope
    item: FromItem | None
    column: str
    expression: Node | None = None


def statement(select: Node) -> Node:
    """A tree with that one SELECT."""
    tree = grammar.parse("SELECT 1")
    tree.stmts[0].stmt.select_stmt.CopyFrom(select)
    return tree


def unplaced(tree: Node) -> Node:
    """The tree without the places in its text, so that equal expressions are equal."""
    for message in grammar.walk(tree, constants=True):
        for name in ("location", "name_location", "rexpr_list_start", "rexpr_list_end"):
            if name in message.DESCRIPTOR.fields_by_name:
                message.ClearField(name)
    return tree


def scopes(select: Node, ctes: Mapping[str, Node] | None = None, outer: SelectScope | None = None,
           ) -> Iterator[SelectScope]:
    """Every SELECT in and below `select`, the outermost first."""
    seen = {**(ctes or {}), **_own_ctes(select)}
    own = SelectScope(select, seen, outer)
    yield own
    for query in _own_ctes(select).values():
        yield from scopes(query, {name: other for name, other in seen.items() if other is not query})
    if select.HasField("larg"):
        for arm in (select.larg, select.rarg):
            yield from scopes(arm, seen, outer)
    for inner in _below(select):
        yield from scopes(inner, seen, own)


def _own_ctes(select: Node) -> dict[str, Node]:
    return {node.common_table_expr.ctename: node.common_table_expr.ctequery.select_stmt
            for node in select.with_clause.ctes if node.common_table_expr.ctequery.HasField("select_stmt")}


def _below(message: Node) -> Iterator[Node]:
    """The SELECTs right below a message, without those of its WITH and of a UNION's arms."""
    for member, value in message.ListFields():
        if member.message_type is None or member.name in ("with_clause", "larg", "rarg"):
            continue
        for child in (value,) if hasattr(value, "ListFields") else value:
            if child.DESCRIPTOR.name == "Node" and child.WhichOneof("node") == "select_stmt":
                yield child.select_stmt
            else:
                yield from _below(child)


def _items(scope: SelectScope, waiting: Sequence[Node], found: list[FromItem], *, is_outer: bool) -> None:
    for node in waiting:
        match node.WhichOneof("node"):
            case "range_var":
                name = grammar.range_name(node.range_var)
                alias = node.range_var.alias.aliasname or name.name
                if name.schema is None and name.name in scope.ctes:
                    others = {cte: query for cte, query in scope.ctes.items() if cte != name.name}
                    inner = scope.ctes[name.name]
                    query = SelectScope(inner, {**others, **_own_ctes(inner)})
                    found.append(FromItem(alias, node, None, query, is_outer))
                else:
                    found.append(FromItem(alias, node, name, None, is_outer))
            case "range_subselect":
                inner = node.range_subselect.subquery.select_stmt
                outer = scope if node.range_subselect.lateral else scope.outer
                found.append(FromItem(node.range_subselect.alias.aliasname, node, None,
                                      SelectScope(inner, scope._seen(inner), outer), is_outer))
            case "range_function":
                found.append(FromItem(node.range_function.alias.aliasname, node, None, None, is_outer))
            case "join_expr":
                kept = grammar.enum_name(node.join_expr, "jointype") != "JOIN_INNER"
                _items(scope, [node.join_expr.larg, node.join_expr.rarg], found, is_outer=is_outer or kept)


def path(node: Node) -> tuple[str, ...]:
    """The parts of a column reference; () of anything else and of `*`."""
    if node.WhichOneof("node") != "column_ref":
        return ()
    parts = tuple(grammar.strings(node.column_ref.fields))
    return parts if len(parts) == len(node.column_ref.fields) else ()


def references(node: Node) -> list[Node]:
    """The column references in and below a node."""
    return [each for kind, each in nodes(node) if kind == "column_ref"]


def output_name(target: Node) -> str:
    """The name that a select-list item gives to its column, "" where only PostgreSQL knows."""
    item = target.res_target
    if item.name:
        return str(item.name)
    value = item.val
    while value.WhichOneof("node") == "type_cast":
        value = value.type_cast.arg
    if value.WhichOneof("node") == "func_call":
        return grammar.strings(value.func_call.funcname)[-1]
    return (path(value) or ("",))[-1]


def meaning(scope: SelectScope, parts: Sequence[str], columns: Columns) -> Meaning | None:
    """What the column reference `parts` means in `scope`; None where that can't be told."""
    if not parts:
        return None
    *qualifier, name = parts
    here: SelectScope | None = scope
    while here is not None:
        for item in here.items:
            if qualifier and not _is_called(item, qualifier):
                continue
            if item.query is not None:
                if (found := output(item.query, name, columns)) is not None:
                    return Meaning(found.scope, item, name, found.expression)
            elif item.relation is not None:
                known = columns(item.relation)
                if (qualifier and known is None) or (known is not None and name in known):
                    return Meaning(here, item, name)
        here = here.outer
    return None


def _is_called(item: FromItem, qualifier: Sequence[str]) -> bool:
    """Whether a qualifier, with a schema or without, may mean that item: one written without a schema may be of any."""
    if item.alias != qualifier[-1]:
        return False
    return len(qualifier) < 2 or item.relation is None or item.relation.schema in (None, qualifier[-2])


def output(scope: SelectScope, name: str, columns: Columns) -> Meaning | None:
    """What the column `name` of a query's result is computed by; of a UNION's that of its first arm."""
    if scope.select.HasField("larg"):
        return output(scope.arms[0], name, columns)
    for target in scope.select.target_list:
        if output_name(target) == name:
            return Meaning(scope, None, name, target.res_target.val)
    for target in scope.select.target_list:
        fields = target.res_target.val.column_ref.fields
        if len(fields) and fields[-1].WhichOneof("node") == "a_star":
            qualifier = grammar.strings(fields)
            if meaning(scope, (*qualifier, name), columns) is not None:
                return Meaning(scope, None, name, reference(*qualifier, name))
    return None


def conjuncts(node: Node | None) -> list[Node]:
    """The conditions that AND puts together, copied."""
    if node is None or node.WhichOneof("node") is None:
        return []
    if node.WhichOneof("node") == "bool_expr" and grammar.enum_name(node.bool_expr, "boolop") == "AND_EXPR":
        return [part for arg in node.bool_expr.args for part in conjuncts(arg)]
    return [copy(node)]


def conjoined(parts: Sequence[Node]) -> Node | None:
    """The conditions put together by AND; None without any."""
    if not parts:
        return None
    if len(parts) == 1:
        return copy(parts[0])
    found = grammar.expression("a AND b")
    del found.bool_expr.args[:]
    for part in parts:
        found.bool_expr.args.add().CopyFrom(part)
    return found


def set_where(select: Node, parts: Sequence[Node]) -> None:
    """Makes `parts`, put together, the condition of a SELECT."""
    if (condition := conjoined(parts)) is None:
        select.ClearField("where_clause")
    else:
        select.where_clause.CopyFrom(condition)


def integer(node: Node, params: Sequence[object] = ()) -> int | None:
    """The number that a LIMIT or OFFSET is: a constant, or a parameter whose value is given. None for another."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    match node.WhichOneof("node"):
        case "a_const":
            const = node.a_const
            text = const.sval.sval if const.HasField("sval") else str(const.ival.ival) if const.HasField("ival") else ""
        case "param_ref":
            place = node.param_ref.number - 1
            text = str(params[place]) if 0 <= place < len(params) else ""
        case _:
            return None
    return int(text) if text.isdigit() else None


def has_limit(select: Node) -> bool:
    """Whether a LIMIT cuts its rows: LIMIT ALL and LIMIT NULL don't."""
    count = select.limit_count
    return count.WhichOneof("node") is not None and not (
        count.WhichOneof("node") == "a_const" and count.a_const.isnull)


def set_limit(select: Node, count: int) -> None:
    """LIMIT `count` of a SELECT."""
    model = grammar.parse(f"SELECT 1 LIMIT {count:d}").stmts[0].stmt.select_stmt
    select.limit_count.CopyFrom(model.limit_count)
    select.limit_option = model.limit_option


def set_order(select: Node, by: Node) -> None:
    """ORDER BY that one expression, ascending."""
    model = grammar.parse("SELECT 1 ORDER BY 1").stmts[0].stmt.select_stmt
    del select.sort_clause[:]
    select.sort_clause.add().CopyFrom(model.sort_clause[0])
    select.sort_clause[0].sort_by.node.CopyFrom(by)


def replace_all(message: Node, old: Node, new: Node) -> int:
    """Puts `new` in the place of every expression below `message` that is equal to `old`; how many there were."""
    wanted, count = copy(old), 0
    for _, node in list(nodes(message)):
        if node == wanted:
            node.CopyFrom(new)
            count += 1
    return count


def reference(*parts: str) -> Node:
    """A column reference of those parts."""
    found = grammar.expression(".".join(["q"] * len(parts)))
    for place, part in enumerate(parts):
        found.column_ref.fields[place].string.sval = part
    return found
