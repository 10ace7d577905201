"""Statements put in another way, so that an index can give the order: the nearest first, the rest above them. Pure.

What stands between the order and the table (DISTINCT ON, GROUP BY, a window, UNION, a score that a subquery computes)
wants all rows; a subquery with its own ORDER BY and LIMIT takes the nearest before. How many those have to be is for
the caller to try.
"""

from __future__ import annotations

from collections.abc import Callable

from console.sql import grammar, selects
from console.sql.grammar import Node, copy, enum_value, nodes
from console.sql.selects import FromItem, SelectScope
from console.vectors.reasons.statement import Search, StatementCatalog

DISTANCE = "vector_distance"
"""The column in which a subquery gives its distance."""


def fence(search: Search) -> str | None:
    """What stands between the order and the table, in PostgreSQL's words; None where nothing does."""
    home, base = search.home.select, search.base.select if search.base else search.home.select
    if search.select.HasField("larg"):
        return "UNION" if enum_value("SETOP_UNION") == search.select.op and not search.select.all else "a set operation"
    if search.form == "window":
        return "a window function"
    for select in (search.select, home):
        if (name := _fence_in(select, search)) is not None:
            return name
    if base is not home and (name := _fence_below(search)) is not None:
        return name
    if search.is_computed_below or base is not home:
        return "WITH ... AS MATERIALIZED" if any(
            node.common_table_expr.ctematerialized == enum_value("CTEMaterializeAlways")
            for kind, node in nodes(search.tree) if kind == "common_table_expr") else "a subquery"
    return None


def _fence_in(select: Node, search: Search) -> str | None:
    if select.distinct_clause:
        return "DISTINCT ON" if select.distinct_clause[0].WhichOneof("node") else "DISTINCT"
    aggregates = search.slot is not None and select is search.home.select and any(
        kind == "func_call" and node.func_call.funcname[-1].string.sval in ("min", "max", "avg")
        for kind, node in nodes(search.slot))
    if select.group_clause or aggregates:
        return "GROUP BY"
    if any(kind == "func_call" and node.func_call.HasField("over") for target in select.target_list
           for kind, node in nodes(target)):
        return "a window function"
    return None


def _fence_below(search: Search) -> str | None:
    base = search.base.select if search.base else search.home.select
    if base.limit_offset.WhichOneof("node") or base.limit_count.WhichOneof("node"):
        return "a LIMIT or OFFSET in a subquery"
    return _fence_in(base, search)


def nearest_first(catalog: StatementCatalog, count: int) -> Callable[[Search], bool]:
    """The `count` nearest rows by a subquery of their own, in the place of the table."""
    def apply(search: Search) -> bool:
        if search.select.HasField("larg"):
            return _each_arm(search, count)
        scope, item = search.base, search.item
        if scope is None or item is None or item.relation is None or item.is_outer \
                or item.node.WhichOneof("node") != "range_var":
            return False
        distance = _on_the_table(search, item)
        if distance is None or _mentions_others(distance, scope, item, catalog):
            return False
        if scope.select is not search.select and _is_plain(scope.select) and scope.select is search.home.select:
            selects.set_order(scope.select, copy(distance))
            selects.set_limit(scope.select, count)
            return True
        _put_subquery(search, scope, item, distance, count, catalog)
        return True
    return apply


def _on_the_table(search: Search, item: FromItem) -> Node | None:
    """The distance as the SELECT that reads the table would write it; None where it can't."""
    distance = copy(search.distance)
    if search.base is not None and search.base.select is search.home.select:
        return distance
    from console.vectors.reasons.statement import sides

    side, other = sides(distance)[search.column_side], sides(distance)[1 - search.column_side]
    if selects.references(other) and not any(kind == "sub_link" for kind, _ in nodes(other)):
        return None
    for reference in selects.references(side):
        reference.CopyFrom(selects.reference(item.alias, search.column.name if search.column else ""))
    return distance


def _mentions_others(distance: Node, scope: SelectScope, item: FromItem, catalog: StatementCatalog) -> bool:
    """Whether a distance is of more than one table: of the one in `item` and of others beside it."""
    inside = {id(reference) for kind, node in nodes(distance) if kind == "select_stmt"
              for reference in selects.references(node)}
    for reference in selects.references(distance):
        if id(reference) in inside:
            continue
        meant = selects.meaning(scope, selects.path(reference), catalog.names_of)
        if meant is None or meant.item is None or meant.item.node is not item.node:
            return True
    return False


def _is_plain(select: Node) -> bool:
    """Whether a SELECT just computes columns of rows, so that an order and a limit may be put to it."""
    return not (select.distinct_clause or select.group_clause or select.HasField("having_clause")
                or select.sort_clause or select.HasField("limit_count") or select.HasField("limit_offset")
                or select.HasField("larg") or any(
                    kind == "func_call" and (node.func_call.HasField("over") or node.func_call.funcname[-1].string.sval
                                             in ("min", "max", "count", "avg", "sum", "array_agg"))
                    for target in select.target_list for kind, node in nodes(target)))


def _put_subquery(search: Search, scope: SelectScope, item: FromItem, distance: Node, count: int,
                  catalog: StatementCatalog) -> None:
    select = scope.select
    inner = grammar.parse(f"SELECT q.*, 1 AS {DISTANCE} FROM q ORDER BY 2 LIMIT {count:d}").stmts[0].stmt.select_stmt
    inner.target_list[0].res_target.val.column_ref.fields[0].string.sval = item.alias
    inner.target_list[1].res_target.val.CopyFrom(distance)
    inner.from_clause[0].CopyFrom(item.node)
    selects.set_order(inner, distance)
    within: list[Node] = []
    without: list[Node] = []
    for part in selects.conjuncts(select.where_clause):
        is_own = not any(each == distance for _, each in nodes(part)) and not _mentions_others(
            part, scope, item, catalog)
        (within if is_own else without).append(part)
    selects.set_where(inner, within)
    selects.set_where(select, without)
    model = grammar.parse("SELECT 1 FROM (SELECT 1) AS q").stmts[0].stmt.select_stmt.from_clause[0]
    model.range_subselect.subquery.select_stmt.CopyFrom(inner)
    model.range_subselect.alias.aliasname = item.alias
    written = selects.reference(item.alias, DISTANCE)
    if select is search.home.select:
        old = copy(distance)
        selects.replace_all(select, old, written)
    item.node.CopyFrom(selects.unplaced(model))
    if select is not search.home.select:
        _materialize_nothing(search.tree)


def _materialize_nothing(tree: Node) -> None:
    for kind, node in nodes(tree):
        if kind == "common_table_expr":
            node.common_table_expr.ctematerialized = enum_value("CTEMaterializeDefault")


def not_materialized(search: Search) -> bool:
    """WITH queries that are planned together with the statement."""
    changed = False
    for kind, node in nodes(search.tree):
        if kind == "common_table_expr" and node.common_table_expr.ctematerialized == enum_value("CTEMaterializeAlways"):
            node.common_table_expr.ctematerialized = enum_value("CTEMaterializeNever")
            changed = True
    return changed


def unskipped(search: Search) -> bool:
    """Without OFFSET 0 in a subquery, which keeps it apart."""
    changed = False
    for kind, node in nodes(search.tree):
        if kind == "select_stmt" and node.select_stmt is not search.select \
                and selects.integer(node.select_stmt.limit_offset) == 0:
            node.select_stmt.ClearField("limit_offset")
            changed = True
    return changed


def _each_arm(search: Search, count: int) -> bool:
    """ORDER BY and LIMIT in each arm of a UNION that computes the distance at the same place."""
    arms = SelectScope(search.select, search.home.ctes).arms
    place = next((place for place, target in enumerate(arms[0].select.target_list)
                  if any(node == search.distance for _, node in nodes(target))), None)
    if place is None or any(not _is_plain(arm.select) or len(arm.select.target_list) <= place for arm in arms):
        return False
    for arm in arms:
        selects.set_order(arm.select, copy(arm.select.target_list[place].res_target.val))
        selects.set_limit(arm.select, count)
    return True


# a query vector that comes out of a row

def vector_by_subquery(catalog: StatementCatalog) -> Callable[[Search], bool]:
    """The query vector by a scalar subquery, where it is a column of a query or table that is one row."""
    def apply(search: Search) -> bool:
        _, other = search.sides
        scope = search.home
        meant = selects.meaning(scope, selects.path(other), catalog.names_of)
        source = next((item for item in scope.items if meant is not None and meant.item is not None
                       and item.alias == (selects.path(other)[-2:-1] or (meant.item.alias,))[0]), None)
        if meant is None or source is None or source.is_outer:
            return False
        query = grammar.parse("SELECT (SELECT v FROM q)")
        link = query.stmts[0].stmt.select_stmt.target_list[0].res_target.val
        inner = link.sub_link.subselect.select_stmt
        inner.target_list[0].res_target.val.CopyFrom(selects.reference(source.alias, selects.path(other)[-1]))
        inner.from_clause[0].CopyFrom(source.node)
        own = [part for part in _conditions(scope) if not _mentions_others(part, scope, source, catalog)]
        if source.relation is not None and not own:
            return False  # of all rows there is no one vector
        selects.set_where(inner, own)
        selects.unplaced(link)
        old = copy(search.distance)
        other.CopyFrom(link)
        selects.replace_all(scope.select, old, copy(search.distance))
        return True
    return apply


def _conditions(scope: SelectScope) -> list[Node]:
    """The conditions of WHERE and of the inner joins."""
    found = selects.conjuncts(scope.select.where_clause)
    for kind, node in nodes(scope.select):
        if kind == "join_expr" and node.join_expr.HasField("quals"):
            found += selects.conjuncts(node.join_expr.quals)
    return found


def lateral(catalog: StatementCatalog, default: int) -> Callable[[Search], bool]:
    """For each row of the others the nearest ones, by LATERAL with its own ORDER BY and LIMIT; of inner joins alone."""
    def apply(search: Search) -> bool:
        scope, item = search.home, search.item
        items = scope.items
        if item is None or scope.select is not search.select or search.form == "window" or len(items) < 2 \
                or any(each.is_outer or not each.alias for each in items) or scope.select.HasField("larg") \
                or any(kind == "join_expr" and (node.join_expr.using_clause or node.join_expr.is_natural)
                       for part in scope.select.from_clause for kind, node in nodes(part)):
            return False
        select = scope.select
        count = (search.wanted or default)
        conditions = _conditions(scope)
        compared = {meant.item.alias for reference in selects.references(search.distance) if (
            meant := selects.meaning(scope, selects.path(reference), catalog.names_of)) is not None and meant.item}
        # the one with fewer conditions of its own is searched, for each row of the other
        mine = min((each for each in items if each.alias in compared and each.relation is not None),
                   key=lambda each: sum(1 for part in conditions if not _mentions_others(part, scope, each, catalog)),
                   default=None)
        if mine is None:
            return False
        others = [each for each in items if each is not mine]
        about = [part for part in conditions if _is_about(part, scope, mine, catalog)]
        rest = [part for part in conditions if not any(part is each for each in about)]
        inner = grammar.parse(f"SELECT q.* FROM q ORDER BY 1 LIMIT {count:d}").stmts[0].stmt.select_stmt
        inner.target_list[0].res_target.val.column_ref.fields[0].string.sval = mine.alias
        inner.from_clause[0].CopyFrom(mine.node)
        selects.set_order(inner, copy(search.distance))
        selects.set_where(inner, about)
        model = grammar.parse("SELECT 1 FROM q CROSS JOIN LATERAL (SELECT 1) AS q").stmts[0].stmt.select_stmt
        join = model.from_clause[0]
        join.join_expr.rarg.range_subselect.subquery.select_stmt.CopyFrom(inner)
        join.join_expr.rarg.range_subselect.alias.aliasname = mine.alias
        driving = copy(others[0].node)
        for other in others[1:]:
            cross = grammar.parse("SELECT 1 FROM a CROSS JOIN b").stmts[0].stmt.select_stmt.from_clause[0]
            cross.join_expr.larg.CopyFrom(driving)
            cross.join_expr.rarg.CopyFrom(other.node)
            driving = cross
        join.join_expr.larg.CopyFrom(driving)
        del select.from_clause[:]
        select.from_clause.add().CopyFrom(selects.unplaced(join))
        selects.set_where(select, rest)
        return True
    return apply


def _is_about(part: Node, scope: SelectScope, item: FromItem, catalog: StatementCatalog) -> bool:
    """Whether a condition mentions that table."""
    for reference in selects.references(part):
        meant = selects.meaning(scope, selects.path(reference), catalog.names_of)
        if meant is not None and meant.item is not None and meant.item.alias == item.alias:
            return True
    return False
