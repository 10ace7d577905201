"""Where a statement searches by distance, and of which column: by its tree and the catalog. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

from msgspec import Struct, field

from console.errors import UsageError
from console.sql import grammar, selects
from console.sql.bodies import body_of
from console.sql.grammar import Name, Node, copy, enum_value, nodes
from console.sql.selects import FromItem, Meaning, SelectScope
from console.sql.tokens import SqlFault
from console.vectors.metrics import metric_of_function, metric_of_operator
from console.vectors.records import KnownRelation, SearchFunction, VectorColumn, VectorIndex

Form = Literal["order", "window", "filter"]
_INLINED_MOST = 5


class StatementCatalog(Struct, frozen=True):
    """What is known of the relations and functions that a statement names. `path` is the search_path's schemas."""

    columns: Sequence[VectorColumn]
    relations: Sequence[KnownRelation] = ()
    functions: Sequence[SearchFunction] = ()
    path: Sequence[str] = ()
    indexes: dict[int, list[VectorIndex]] = field(default_factory=dict)

    def relation(self, name: Name) -> KnownRelation | None:
        """The relation that a name means here; without a schema the first of the search_path's."""
        fitting = [relation for relation in self.relations if name.fits(relation.schema, relation.name)]
        if name.schema is not None:
            return next(iter(fitting), None)
        places = {schema: place for place, schema in enumerate(self.path)}
        return next(iter(sorted((relation for relation in fitting if relation.schema in places),
                                key=lambda relation: places[relation.schema])), None)

    def names_of(self, name: Name) -> frozenset[str] | None:
        """The columns of a relation by its name, None where it isn't known."""
        found = self.relation(name)
        return None if found is None else frozenset(found.columns)

    def vector_column(self, name: Name, column: str) -> VectorColumn | None:
        """That column, where it is a vector."""
        relation = self.relation(name)
        return next((known for known in self.columns if relation is not None and known.name == column
                     and known.relation_oid == relation.oid), None)

    def function(self, parts: Sequence[str], arguments: int) -> SearchFunction | None:
        """The function in SQL or PL/pgSQL that a call means."""
        *schema, name = parts
        fitting = [function for function in self.functions if function.name == name
                   and (not schema or function.schema == schema[-1])
                   and function.least <= arguments <= len(function.argument_types)]
        return next((function for schema_ in (schema[-1:] or self.path) for function in fitting
                     if function.schema == schema_), None)


class Search(Struct):
    """The nearest-neighbour part of a statement.

    `select` orders by the distance (its window functions do: `window`; it only filters by it: `filter`), and `home`
    computes it, which is another SELECT where the distance comes out of a subquery or WITH, and `base` reads the table
    of `column`, its `item`. `slot` is the node that holds the ordering expression, `distance` the operator or function
    call in it.
    """

    tree: Node
    form: Form
    select: Node
    home: SelectScope
    sort: Node | None
    slot: Node | None
    distance: Node
    column_side: int = 0
    base: SelectScope | None = None
    item: FromItem | None = None
    column: VectorColumn | None = None
    params: Sequence[object] = ()

    @property
    def is_bare(self) -> bool:
        """Whether the order is by the distance itself, and not by something computed from it."""
        return self.slot is not None and self.slot == self.distance

    @property
    def is_computed_below(self) -> bool:
        """Whether another SELECT computes the distance than the one that orders by it."""
        return self.home.select is not self.select

    @property
    def operator(self) -> str | None:
        """The distance's operator, also where its function is called."""
        if self.distance.WhichOneof("node") == "a_expr":
            return last(self.distance.a_expr.name)
        metric = metric_of_function(last(self.distance.func_call.funcname))
        return metric.operator if metric else None

    @property
    def sides(self) -> tuple[Node, Node]:
        """The side with the vector column and the query vector."""
        both = sides(self.distance)
        return both[self.column_side], both[1 - self.column_side]

    @property
    def limit(self) -> int | None:
        """The LIMIT, where its number is known."""
        return selects.integer(self.select.limit_count, self.params)

    @property
    def offset(self) -> int:
        return selects.integer(self.select.limit_offset, self.params) or 0

    @property
    def wanted(self) -> int | None:
        """LIMIT and OFFSET together; None without a LIMIT, or where its number isn't known."""
        return None if self.limit is None else self.limit + self.offset

    @property
    def has_limit(self) -> bool:
        return selects.has_limit(self.select)


def parse(text: str) -> Node:
    """The tree of one statement, without places. Raises UsageError for anything else."""
    try:
        tree = grammar.parse(text)
    except SqlFault as fault:
        raise UsageError(f"not SQL: {fault.summary}") from None
    if len(tree.stmts) != 1:
        raise UsageError("one SELECT is looked at at a time")
    return selects.unplaced(tree)


class InnerSelect(Struct):
    """The SELECT of a statement that searches: alone as `tree`, and as a part of the whole one."""

    tree: Node
    is_whole: bool
    put_back: Callable[[Node], Node]
    kind: str = ""


def inner_select(tree: Node) -> InnerSelect:
    """The SELECT that a statement of any kind runs: INSERT's, CREATE TABLE AS's, a cursor's, one in DELETE's or
    UPDATE's WHERE. Raises UsageError where there is none."""
    body = tree.stmts[0].stmt
    kind = body.WhichOneof("node")
    if kind == "select_stmt":
        return InnerSelect(tree, True, lambda changed: changed)
    queries = [node for sort, node in nodes(body) if sort == "select_stmt"]
    found = next((place for place, node in enumerate(queries) if any(_is_distance(each) for _, each in nodes(node))),
                 None)
    if found is None:
        raise UsageError("one SELECT is looked at at a time")
    alone = selects.statement(queries[found].select_stmt)
    select = alone.stmts[0].stmt.select_stmt
    own = getattr(body, str(kind))
    if "with_clause" in own.DESCRIPTOR.fields_by_name and own.HasField("with_clause") \
            and not select.HasField("with_clause"):
        select.with_clause.CopyFrom(own.with_clause)

    def put_back(changed: Node) -> Node:
        whole = copy(tree)
        places = [node for sort, node in nodes(whole.stmts[0].stmt) if sort == "select_stmt"]
        places[found].select_stmt.CopyFrom(changed.stmts[0].stmt.select_stmt)
        return whole

    return InnerSelect(alone, False, put_back, grammar.tag(body))


def parameters(tree: Node) -> int:
    """How many values the statement takes: the highest n of $n."""
    return max((node.param_ref.number for kind, node in nodes(tree) if kind == "param_ref"), default=0)


# what a statement names

def relation_names(tree: Node) -> list[str]:
    return list(dict.fromkeys(node.range_var.relname for kind, node in nodes(tree) if kind == "range_var"))


def function_names(tree: Node) -> list[str]:
    """The functions that stand in a FROM."""
    return list(dict.fromkeys(last(call.func_call.funcname) for call in _from_functions(tree)))


def _from_functions(tree: Node) -> Iterator[Node]:
    for kind, node in nodes(tree):
        if kind == "range_function":
            for function in node.range_function.functions:
                call = function.list.items[0]
                if call.WhichOneof("node") == "func_call":
                    yield call


def with_views(tree: Node, catalog: StatementCatalog) -> Node | None:
    """A copy with what the views ask in their places; None without a view whose definition is known."""
    fresh, changed = copy(tree), False
    for _ in range(_INLINED_MOST):
        places = [(scope, item) for scope in selects.scopes(fresh.stmts[0].stmt.select_stmt) for item in scope.items
                  if item.relation is not None and (view := catalog.relation(item.relation)) is not None
                  and view.definition]
        if not places:
            break
        _, item = places[0]
        assert item.relation is not None
        view = catalog.relation(item.relation)
        assert view is not None and view.definition is not None
        model = grammar.parse("SELECT 1 FROM (SELECT 1) AS q").stmts[0].stmt.select_stmt.from_clause[0]
        query = selects.unplaced(grammar.parse(view.definition.rstrip().rstrip(";")))
        model.range_subselect.subquery.select_stmt.CopyFrom(query.stmts[0].stmt.select_stmt)
        model.range_subselect.alias.aliasname = item.alias
        item.node.CopyFrom(model)
        changed = True
    return selects.unplaced(fresh) if changed else None


class SearchingCall(Struct):
    """A function in FROM that searches, and the statement in its body with the call's arguments in it."""

    function: SearchFunction
    tree: Node


def called(tree: Node, catalog: StatementCatalog) -> SearchingCall | None:
    """The first function in FROM whose body searches by distance."""
    for call in _from_functions(tree):
        found = catalog.function(grammar.strings(call.func_call.funcname), len(call.func_call.args))
        if found is None:
            continue
        for statement in body_of(found.body, found.language).statements:
            if statement.node_kind == "select_stmt" and any(_is_distance(node) for _, node in nodes(statement.node)):
                tree = selects.statement(selects.unplaced(copy(statement.body)))
                _fill(tree, found, list(call.func_call.args))
                return SearchingCall(found, tree)
    return None


def _fill(tree: Node, function: SearchFunction, arguments: Sequence[Node]) -> None:
    """Puts the arguments, each cast to its type, in the places of the parameters' names and numbers."""
    given: dict[str, Node] = {}
    values: list[Node] = []
    for place, kind in enumerate(function.argument_types):
        named = next((node.named_arg_expr.arg for node in arguments if node.WhichOneof("node") == "named_arg_expr"
                      and place < len(function.argument_names)
                      and node.named_arg_expr.name == function.argument_names[place]), None)
        value = named if named is not None else arguments[place] if place < len(arguments) \
            and arguments[place].WhichOneof("node") != "named_arg_expr" \
            else grammar.expression(function.argument_defaults[place] or "NULL")
        cast = grammar.expression(f"NULL::{kind}")
        cast.type_cast.arg.CopyFrom(value)
        values.append(selects.unplaced(cast))
        if place < len(function.argument_names) and function.argument_names[place]:
            given[function.argument_names[place]] = values[-1]
    for sort, node in list(nodes(tree)):
        if sort == "param_ref" and node.param_ref.number <= len(values):
            node.CopyFrom(values[node.param_ref.number - 1])
        elif sort == "column_ref":
            parts = selects.path(node)
            if parts and (len(parts) == 1 or parts[0] == function.name) and parts[-1] in given:
                node.CopyFrom(given[parts[-1]])


# where it searches

def searches(tree: Node, catalog: StatementCatalog, params: Sequence[object] = ()) -> list[Search]:
    """The searches of a statement: those that order first, of them those whose table is known."""
    found: list[Search] = []
    root = tree.stmts[0].stmt.select_stmt
    for scope in selects.scopes(root):
        found += _ordering(tree, scope, catalog)
        found += _windows(tree, scope, catalog)
    seen = {id(search.distance) for search in found}
    ordering = bool(found)
    for scope in selects.scopes(root):
        if scope.select.HasField("where_clause") and not ordering:
            for distance in _distances(scope.select.where_clause):
                if id(distance) not in seen:
                    found.append(Search(tree, "filter", scope.select, scope, None, None, distance))
                    break
    for search in found:
        search.params = params
        _resolve(search, catalog)
    # an order outside and one inside may be by the same distance: the inner one is what a scan serves
    inner = [search for place, search in enumerate(found)
             if not any(other.distance is search.distance and not other.is_computed_below
                        for other in found[:place] + found[place + 1:]) or not search.is_computed_below]
    return sorted(inner, key=lambda search: (search.column is None, search.form == "filter"))


def _ordering(tree: Node, scope: SelectScope, catalog: StatementCatalog) -> Iterator[Search]:
    for item in scope.select.sort_clause:
        sort = item.sort_by
        if (found := _slot(scope, sort.node, catalog)) is not None:
            home, slot, distance = found
            yield Search(tree, "order", scope.select, home, sort, slot, distance)
            return


def _windows(tree: Node, scope: SelectScope, catalog: StatementCatalog) -> Iterator[Search]:
    defined = {node.window_def.name: node.window_def for node in scope.select.window_clause}
    for target in scope.select.target_list:
        for kind, node in nodes(target):
            if kind == "func_call" and node.func_call.HasField("over"):
                over = node.func_call.over
                for item in (defined.get(over.name, over) if over.name else over).order_clause:
                    if (found := _slot(scope, item.sort_by.node, catalog)) is not None:
                        home, slot, distance = found
                        yield Search(tree, "window", scope.select, home, item.sort_by, slot, distance)
                        return


def _slot(scope: SelectScope, node: Node, catalog: StatementCatalog, hops: int = 0,
          ) -> tuple[SelectScope, Node, Node] | None:
    """Where what is ordered by is computed: the SELECT, the whole expression, and the distance in it."""
    if hops > selects.MOST_HOPS:
        return None
    aliased = alias(node, scope) if hops == 0 else None
    if aliased is not None:
        arm, slot = aliased
        node = slot
    else:
        arm, slot = scope, node
    for distance in _distances(node):
        return arm, slot, distance
    for kind, each in nodes(node):
        if kind == "select_stmt":
            break
        if kind == "column_ref" and (parts := selects.path(each)):
            found = selects.meaning(arm, parts, catalog.names_of)
            if found is not None and found.expression is not None and (
                    deeper := _slot(found.scope, found.expression, catalog, hops + 1)) is not None:
                home, inner, distance = deeper
                return (home, inner, distance) if each == node else (home, slot, distance)
    return None


def alias(node: Node, scope: SelectScope) -> tuple[SelectScope, Node] | None:
    """The select list's expression that ORDER BY means by an alias or by a number; of a UNION its first arm's."""
    arm = scope.arms[0]
    targets = arm.select.target_list
    if node.WhichOneof("node") == "a_const" and node.a_const.HasField("ival"):
        place = node.a_const.ival.ival - 1
        return (arm, targets[place].res_target.val) if 0 <= place < len(targets) else None
    parts = selects.path(node)
    if len(parts) == 1:
        return next(((arm, item.res_target.val) for item in targets if selects.output_name(item) == parts[0]
                     and selects.path(item.res_target.val) != parts), None)
    return None


def _distances(node: Node) -> Iterator[Node]:
    """The distances in an expression, but not in subqueries of it, nor what a window function orders by."""
    waiting = [node]
    while waiting:
        each = waiting.pop(0)
        if each.DESCRIPTOR.name == "Node":
            if each.WhichOneof("node") in ("sub_link", "select_stmt"):
                continue
            if _is_distance(each):
                yield each
        waiting[:0] = [child for member, value in each.ListFields()
                       if member.message_type is not None and member.name != "over"
                       for child in ((value,) if hasattr(value, "ListFields") else value)]


def _is_distance(node: Node) -> bool:
    match node.WhichOneof("node"):
        case "a_expr":
            return metric_of_operator(last(node.a_expr.name)) is not None and node.a_expr.HasField("lexpr")
        case "func_call":
            return metric_of_function(last(node.func_call.funcname)) is not None and len(node.func_call.args) == 2
    return False


def has_distance(tree: Node) -> bool:
    """Whether a distance stands anywhere in a tree."""
    return any(_is_distance(node) for _, node in nodes(tree))


def _resolve(search: Search, catalog: StatementCatalog) -> None:
    """Finds whose column is searched: one of a table right in the FROM before one that comes out of a query."""
    found: list[tuple[int, bool, float, Meaning, VectorColumn]] = []
    for place, side in enumerate(sides(search.distance)):
        for reference in selects.references(side):
            meant = _base(search.home, selects.path(reference), catalog)
            if meant is None or meant.item is None or meant.item.relation is None:
                continue
            column = catalog.vector_column(meant.item.relation, meant.column)
            if column is not None:
                is_usable = any(index.is_usable and search.operator in index.operators
                                for index in catalog.indexes.get(column.relation_oid, ()))
                found.append((place, meant.scope is not search.home, -is_usable - (column.row_estimate or 0) / 1e15,
                              meant, column))
    if not found:
        return
    place, _, _, meant, column = min(found, key=lambda each: each[1:3])
    search.column_side, search.column = place, column
    search.item, search.base = meant.item, meant.scope


def _base(scope: SelectScope, parts: Sequence[str], catalog: StatementCatalog, hops: int = 0) -> Meaning | None:
    """The table's column that a reference comes to, through subqueries that pass it on."""
    if not parts or hops > selects.MOST_HOPS:
        return None
    found = selects.meaning(scope, parts, catalog.names_of)
    if found is None or found.expression is None:
        return found
    node = found.expression
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    deeper = _base(found.scope, selects.path(node), catalog, hops + 1)
    return None if deeper is None else Meaning(deeper.scope, deeper.item, deeper.column)


def sides(distance: Node) -> tuple[Node, Node]:
    """Left and right of an operator, or a function's arguments."""
    if distance.WhichOneof("node") == "a_expr":
        return distance.a_expr.lexpr, distance.a_expr.rexpr
    return distance.func_call.args[0], distance.func_call.args[1]


def last(names: Sequence[Node]) -> str:
    """The last part of a qualified name."""
    return str(names[-1].string.sval) if names else ""


def null_vector(search: Search) -> bool:
    """Whether the query vector is the constant NULL."""
    node = _uncast(search.sides[1])
    return bool(node.WhichOneof("node") == "a_const" and node.a_const.isnull)


def named_column(search: Search, names: Collection[str]) -> tuple[str | None, list[Name]]:
    """The name of the searched column, one of `names` before others, and the relations that it may be of, as far as the
    statement's text tells."""
    paths = [selects.path(reference) for side in sides(search.distance) for reference in selects.references(side)]
    parts = next((path for path in paths if path and path[-1] in names), next((path for path in paths if path), ()))
    return (parts[-1] if parts else None), list(dict.fromkeys(_relations(search.home, parts[:-1])))


def _relations(scope: SelectScope, qualifier: Sequence[str], hops: int = 0) -> Iterator[Name]:
    for item in scope.items:
        if qualifier and item.alias != qualifier[-1]:
            continue
        if item.relation is not None and (len(qualifier) < 2 or item.relation.schema == qualifier[-2]):
            yield item.relation
        elif item.query is not None and hops < selects.MOST_HOPS:
            for arm in item.query.arms:
                yield from _relations(arm, (), hops + 1)


def vector_literal(search: Search, name: str | None = None) -> str | None:
    """The query vector's text, where it is a constant: the side that isn't the column, which may be given by name."""
    left, right = sides(search.distance)
    other = search.sides[1]
    if search.column is None and name is not None:
        other = left if any(selects.path(reference)[-1:] == (name,) for reference in selects.references(right)) \
            else right
    node = _uncast(other)
    if node.WhichOneof("node") == "a_const" and node.a_const.HasField("sval"):
        return str(node.a_const.sval.sval)
    return None


def _uncast(node: Node) -> Node:
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    return node


def is_descending(search: Search) -> bool:
    return search.sort is not None and search.sort.sortby_dir == enum_value("SORTBY_DESC")


def query_vector_is_alone(search: Search) -> bool:
    """Whether the query vector mentions no column of a FROM: it is a constant, a parameter or a subquery of its own."""
    scope = search.home
    other = search.sides[1]
    inside = [reference for kind, node in nodes(other) if kind == "select_stmt"
              for reference in selects.references(node)]
    return not any(not any(reference is each for each in inside) for reference in selects.references(other)) \
        and not scope.select.HasField("larg")


__all__ = [
    "InnerSelect",
    "Search",
    "SearchingCall",
    "StatementCatalog",
    "called",
    "has_distance",
    "inner_select",
    "parse",
    "searches",
    "with_views",
]
