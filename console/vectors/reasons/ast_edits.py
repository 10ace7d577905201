"""Single changes to a statement that may bring an index back. Pure.

Every edit works on a copy, and says whether there was anything to change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from console.sql import grammar, selects
from console.sql.elide import elided
from console.sql.grammar import Node, copy, enum_value, nodes
from console.sql.quoting import identifier, operator
from console.vectors.reasons.statement import Search, StatementCatalog, last, searches, sides

USUAL_LIMIT = 10


class Edit(Struct, frozen=True):
    """A change of a statement: `rule` names the reason that it stands for. `apply` is False with nothing to change."""

    rule: str
    apply: Callable[[Search], bool]


class Edited(Struct, frozen=True):
    """A statement with one of its searches, to be changed: the `place`-th of those that `catalog` finds in it."""

    tree: Node
    catalog: StatementCatalog
    place: int = 0
    params: Sequence[object] = ()

    @property
    def search(self) -> Search:
        """The search, in this very tree."""
        return searches(self.tree, self.catalog, self.params)[self.place]

    def having(self, edits: Sequence[Edit]) -> Edited | None:
        """A copy with all `edits` made; None where one of them changed nothing."""
        fresh = Edited(copy(self.tree), self.catalog, self.place, self.params)
        changed = False
        for edit in edits:
            found = searches(fresh.tree, self.catalog, self.params)
            if len(found) <= self.place:
                return None
            changed = edit.apply(found[self.place]) or changed
        return fresh if changed else None

    @property
    def text(self) -> str:
        return grammar.deparse(self.tree)


def ascending(search: Search) -> bool:
    """ORDER BY ... ASC."""
    if search.sort is None or search.sort.sortby_dir != enum_value("SORTBY_DESC"):
        return False
    search.sort.sortby_dir = enum_value("SORTBY_DEFAULT")
    return True


def nulls_last(search: Search) -> bool:
    """Without NULLS FIRST."""
    if search.sort is None or search.sort.sortby_nulls != enum_value("SORTBY_NULLS_FIRST"):
        return False
    search.sort.sortby_nulls = enum_value("SORTBY_NULLS_DEFAULT")
    return True


def distance_alone(search: Search) -> bool:
    """Without the further keys of ORDER BY."""
    if search.form != "order" or len(search.select.sort_clause) < 2 or search.select.distinct_clause:
        return False
    del search.select.sort_clause[1:]
    return True


def bare_distance(search: Search) -> bool:
    """ORDER BY the distance itself, written out where an alias of the select list is what is computed of it alone."""
    if search.slot is None or search.sort is None or search.is_bare or search.is_computed_below \
            or not is_of_the_distance_alone(search):
        return False
    search.sort.node.CopyFrom(copy(search.distance))
    return True


def is_of_the_distance_alone(search: Search) -> bool:
    """Whether what is ordered by mentions nothing of the row but its distance, and aggregates nothing."""
    if search.slot is None:
        return False
    rest = copy(search.slot)
    selects.replace_all(rest, search.distance, grammar.expression("0.5"))
    if any(kind == "func_call" and last(node.func_call.funcname) in ("min", "max", "avg", "sum", "array_agg")
           for kind, node in nodes(rest)):
        return False
    return not selects.references(rest) and not any(kind == "sub_link" for kind, _ in nodes(rest))


def as_operator(schema: str) -> Callable[[Search], bool]:
    """The operator instead of the function; `schema` is where pgvector is."""
    def apply(search: Search) -> bool:
        if search.distance.WhichOneof("node") != "func_call" or (sign := search.operator) is None:
            return False
        left, right = (copy(side) for side in sides(search.distance))
        old, fresh = copy(search.distance), grammar.expression(f"1 {operator(schema, sign)} 2")
        fresh.a_expr.lexpr.CopyFrom(left)
        fresh.a_expr.rexpr.CopyFrom(right)
        selects.unplaced(fresh)
        search.distance.CopyFrom(fresh)
        selects.replace_all(search.home.select, old, fresh)
        return True
    return apply


def with_operator(sign: str) -> Callable[[Search], bool]:
    """Another distance, everywhere in the SELECT that computes it."""
    def apply(search: Search) -> bool:
        if search.distance.WhichOneof("node") != "a_expr" or search.operator == sign:
            return False
        old = copy(search.distance)
        search.distance.a_expr.name[-1].string.sval = sign
        selects.replace_all(search.home.select, old, copy(search.distance))
        return True
    return apply


def with_operand(operand: Node | None, vector_type: tuple[str, str]) -> Callable[[Search], bool]:
    """Compares `operand` (None: the bare column) with the query vector cast to the type of that schema and name."""
    def apply(search: Search) -> bool:
        old = copy(search.distance)
        side, other = search.sides
        reference = next((each for each in selects.references(side) if search.column is not None
                          and selects.path(each)[-1:] == (search.column.name,)), None)
        if operand is not None:
            qualified = copy(operand)
            if reference is not None:
                for each in selects.references(qualified):
                    each.CopyFrom(copy(reference))
            side.CopyFrom(qualified)
        elif reference is not None and side.WhichOneof("node") != "column_ref":
            side.CopyFrom(copy(reference))
        _cast(other, vector_type)
        if old == search.distance:
            return False
        selects.replace_all(search.home.select, old, copy(search.distance))
        return True
    return apply


def _cast(other: Node, vector_type: tuple[str, str]) -> None:
    """Casts the query vector to that type where it has a cast to another one, or is a column or a call."""
    if vector_type[1] == "bit":
        return
    kind = other.WhichOneof("node")
    if kind == "type_cast":
        if last(other.type_cast.type_name.names) == vector_type[1]:
            return
        inner = copy(other.type_cast.arg)
    elif kind in ("a_const", "param_ref"):
        return
    else:
        inner = copy(other)
    cast = grammar.expression(f"NULL::{identifier(*vector_type)}")
    cast.type_cast.arg.CopyFrom(inner)
    other.CopyFrom(selects.unplaced(cast))


def with_predicate(predicate: Node) -> Callable[[Search], bool]:
    """With a further condition."""
    def apply(search: Search) -> bool:
        select = search.base.select if search.base else search.home.select
        selects.set_where(select, [*selects.conjuncts(select.where_clause), predicate])
        return True
    return apply


def with_predicate_alone(predicate: Node) -> Callable[[Search], bool]:
    """With that condition and no other."""
    def apply(search: Search) -> bool:
        select = search.base.select if search.base else search.home.select
        selects.set_where(select, [predicate])
        return True
    return apply


def with_constant(dimensions: int) -> Callable[[Search], bool]:
    """A constant instead of a query vector that belongs to the row."""
    def apply(search: Search) -> bool:
        _, other = search.sides
        if not selects.references(other):
            return False
        old = copy(search.distance)
        other.CopyFrom(grammar.expression("'[" + ",".join(["1"] * dimensions) + "]'"))
        selects.unplaced(other)
        selects.replace_all(search.home.select, old, copy(search.distance))
        return True
    return apply


def ordered(search: Search) -> bool:
    """ORDER BY the distance, with a LIMIT, beside filtering by it."""
    if search.form != "filter" or search.select.sort_clause or search.select.group_clause:
        return False
    selects.set_order(search.select, copy(search.distance))
    if not search.has_limit:
        selects.set_limit(search.select, USUAL_LIMIT)
    return True


def with_limit(count: int) -> Callable[[Search], bool]:
    """With that LIMIT."""
    def apply(search: Search) -> bool:
        if search.limit == count and search.has_limit:
            return False
        selects.set_limit(search.select, count)
        return True
    return apply


def unfiltered(search: Search) -> bool:
    """Without a WHERE."""
    if not search.select.HasField("where_clause"):
        return False
    search.select.ClearField("where_clause")
    return True


def expression_text(node: Node) -> str:
    """An expression as SQL, a long constant in it shortened."""
    text = elided(grammar.expression_text(node))
    return text if len(text) < 120 else text[:60] + "…" + text[-40:]
