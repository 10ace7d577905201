"""What makes an index impossible: facts of the catalog, and edits of the statement with what each stands for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from console.server.keys import BUILT_IN
from console.sql import grammar
from console.sql.quoting import identifier
from console.vectors.metrics import metric_of_operator
from console.vectors.reasons import ast_edits, rewrites
from console.vectors.reasons.ast_edits import USUAL_LIMIT, Edit
from console.vectors.reasons.qualified import catalog_expression
from console.vectors.reasons.records import Reason
from console.vectors.reasons.statement import Search, StatementCatalog
from console.vectors.records import VectorColumn, VectorIndex

INDEXED_MOST = {"vector": 2000, "halfvec": 4000, "bit": 64_000}


def of_catalog(search: Search, column: VectorColumn, indexes: Sequence[VectorIndex]) -> list[Reason]:
    """What the catalog alone says: no index, an invalid one, a column that can't have one. An index is proposed for the
    statement's own operator and the column's own type."""
    if column.relkind == "f":
        return [Reason("foreign-table", "ineligible", f"{column.table} is a foreign table: its server decides")]
    metric = metric_of_operator(search.operator or "")
    fitting = [index for index in indexes if metric is None or metric.operator in index.operators]
    if any(index.is_usable for index in fitting):
        return []
    if broken := [index for index in fitting if not index.is_usable]:
        name = broken[0].sql_name
        return [Reason("index-invalid", "ineligible", f"the index {broken[0].name} is invalid: its build failed, was "
                       "cancelled, or still runs", f"REINDEX INDEX CONCURRENTLY {name}; or DROP INDEX CONCURRENTLY "
                       f"{name}")]
    if any(index.is_usable for index in indexes):
        return []  # of another operator: that is told of the statement
    most = INDEXED_MOST.get(column.type_name)
    if column.dimensions is None and column.type_name in ("vector", "halfvec"):
        return [Reason("no-dimensions", "ineligible", f"{column.label} has no dimensions, so it can have no index",
                       f"ALTER TABLE {column.table} ALTER {identifier(column.name)} TYPE {column.type_name}(n)")]
    if most and column.dimensions and column.dimensions > most:
        return [Reason("too-many-dimensions", "ineligible", f"{column.dimensions} dimensions: an index of "
                       f"{column.type_name} has at most {most}", create_index(column, search.operator))]
    if column.domain is not None:
        return [Reason("domain", "ineligible", f"{column.label} is of the domain {column.domain}, of which an index "
                       "has no dimensions: it needs the type itself", create_index(column, search.operator))]
    return [Reason("no-index", "ineligible", f"{column.label} has no vector index",
                   create_index(column, search.operator))]


def indexed_expression(column: VectorColumn) -> str:
    """What an index of the column can be of: the column, or an expression where its type has no index."""
    name, most = identifier(column.name), INDEXED_MOST.get(column.type_name)
    dimensions = column.dimensions
    if most is None or dimensions is None or (dimensions <= most and column.domain is None):
        return name
    if dimensions <= most:
        return f"({name}::{column.type_sql()}({dimensions:d}))"
    if column.type_name == "vector" and dimensions <= INDEXED_MOST["halfvec"]:
        return f"({name}::{column.type_sql('halfvec')}({dimensions:d}))"
    quantised = f"{identifier(column.extension_schema, 'binary_quantize')}({name})"
    return f"({quantised}::bit({dimensions:d}))"


def create_index(column: VectorColumn, operator: str | None, where: str | None = None, method: str = "hnsw") -> str:
    """CREATE INDEX for that operator: its class follows from it and from the type of what is indexed."""
    expression = indexed_expression(column)
    metric = metric_of_operator(operator or "")
    kind = "bit" if "binary_quantize" in expression else "halfvec" if column.type_name == "vector" and \
        "halfvec" in expression else column.type_name
    suffix = "bit_hamming_ops" if kind == "bit" and column.type_name != "bit" else \
        metric.operator_class(kind) if metric else f"{kind}_cosine_ops"
    opclass = identifier(column.extension_schema, suffix)
    condition = f" WHERE {where}" if where else ""
    # of a partitioned table it can't be built concurrently
    create = "CREATE INDEX" if column.relkind == "p" else "CREATE INDEX CONCURRENTLY"
    return f"{create} ON {column.table} USING {method} ({expression} {opclass}){condition}"


def edits(search: Search, column: VectorColumn, indexes: Sequence[VectorIndex], catalog: StatementCatalog,
          ) -> list[Edit]:
    """The changes to try, likeliest culprits last: of several that are needed all are kept."""
    count = search.wanted if search.form == "window" and search.wanted else max(4 * (search.wanted or USUAL_LIMIT), 40)
    found = [
        Edit("descending", ast_edits.ascending),
        Edit("nulls-first", ast_edits.nulls_last),
        Edit("second-key", ast_edits.distance_alone),
        Edit("function-form", ast_edits.as_operator(column.extension_schema)),
        Edit("computed-order", ast_edits.bare_distance),
        Edit("not-ordered", ast_edits.ordered),
        Edit("fence", rewrites.not_materialized),
        Edit("fence", rewrites.unskipped),
        Edit("vector-of-the-row", rewrites.vector_by_subquery(catalog)),
        Edit("vector-of-the-row", rewrites.lateral(catalog, USUAL_LIMIT)),
    ]
    if rewrites.fence(search) is not None or not ast_edits.is_of_the_distance_alone(search):
        found.append(Edit("nearest-first", rewrites.nearest_first(catalog, count)))
    if column.dimensions:
        found.append(Edit("vector-of-the-row-alone", ast_edits.with_constant(column.dimensions)))
    index = likeliest(search, indexes)
    if index is None:
        return found
    kind = index.operand_type.split(".")[-1].strip('"')
    schema = BUILT_IN if kind == "bit" else column.extension_schema
    operand = None if index.position else catalog_expression(index.expression)
    if index.position or operand is not None:
        found.append(Edit("operand", ast_edits.with_operand(operand, (schema, kind))))
    if search.operator not in index.operators and index.operators:
        found.append(Edit("operator-class", ast_edits.with_operator(index.operators[0])))
    if index.predicate and (predicate := catalog_expression(index.predicate)) is not None:
        found.append(Edit("partial-index", ast_edits.with_predicate(predicate)))
        found.append(Edit("partial-index-other", ast_edits.with_predicate_alone(predicate)))
    return found


DIAGNOSTIC = frozenset(("vector-of-the-row-alone", "partial-index-other"))
"""Edits that prove what the matter is, and are no way out."""


def likeliest(search: Search, indexes: Sequence[VectorIndex]) -> VectorIndex | None:
    """The index that the statement was meant for: one of its operator, of the column itself, of all rows."""
    usable = [index for index in indexes if index.is_usable]
    fitting = [index for index in usable if search.operator in index.operators]
    by_fit = sorted(fitting or usable,
                    key=lambda vector_index: (vector_index.position is None, vector_index.predicate is not None))
    return by_fit[0] if by_fit else None


def told(rule: str, search: Search, column: VectorColumn, indexes: Sequence[VectorIndex], is_generic: bool,
         ) -> tuple[str, str, str]:
    """Rule, sentence and fix of an edit that brought the index back."""
    index = likeliest(search, indexes)
    if rule == "nearest-first" and (fence := rewrites.fence(search)) is not None:
        return "fence", f"{fence} stands between the order and the table: it wants every row before the nearest are "\
            "known", "take the nearest first, by a subquery with its own ORDER BY and LIMIT"
    return _told_of_the_order(rule, search.operator or "the operator", column) \
        or _told_of_the_index(rule, search.operator or "the operator", column, index, is_generic) \
        or _operand(search, column, index)


def _told_of_the_order(rule: str, operator: str, column: VectorColumn) -> tuple[str, str, str] | None:
    """The same for what the statement orders by; None for another rule."""
    match rule:
        case "descending":
            if operator == "<#>":
                return rule, "ORDER BY ... <#> DESC: <#> is already the negative inner product", "sort ascending"
            return rule, "the order is DESC: an index gives the nearest first, never the farthest", \
                "sort the distance ascending; compute a similarity in the select list"
        case "nulls-first":
            return rule, "NULLS FIRST: an index has no NULLs, and gives them last", "leave NULLS FIRST out"
        case "second-key":
            return rule, "ORDER BY has a further key: before PostgreSQL 17 an index by distance serves no part of an "\
                "order", "order by the distance alone, and by the rest outside: SELECT * FROM (...) ORDER BY ..."
        case "function-form":
            return rule, "the distance is computed by a function: only the operator is in the operator class", \
                f"write {operator}"
        case "computed-order":
            return rule, "the order is by something computed from the distance, not by the distance itself", \
                f"ORDER BY {identifier(column.name)} {operator} ...; compute the rest in the select list"
        case "not-ordered":
            return rule, "the distance only filters: without ORDER BY a vector index can't be scanned", \
                "add ORDER BY the distance and a LIMIT; filter by the distance outside of it"
        case "fence":
            return rule, "a subquery stands between the order and the table, and is computed whole: MATERIALIZED or "\
                "OFFSET 0", "move ORDER BY and LIMIT inside it"
        case "nearest-first":
            return "computed-order", "the order is computed of more than the distance, so that every row has to be "\
                "looked at", "take the nearest first, by a subquery with its own ORDER BY and LIMIT, and order these"
        case "vector-of-the-row" | "vector-of-the-row-alone":
            return rule, "the query vector belongs to a row of the join, so that there is no one order", \
                "LATERAL (SELECT ... ORDER BY ... LIMIT k), or a scalar subquery for the vector"
    return None


def _told_of_the_index(rule: str, operator: str, column: VectorColumn, index: VectorIndex | None, is_generic: bool
                       ) -> tuple[str, str, str] | None:
    """The same for what the index is for; None for another rule."""
    name, predicate = (index.name, index.predicate) if index else ("the index", "")
    match rule:
        case "operator-class":
            served = ", ".join(index.operators) if index else ""
            return rule, f"{name} is for {served} ({index.operator_class if index else ''}), the statement orders by "\
                f"{operator}", f"order by {served}, or {create_index(column, operator)}"
        case "partial-index":
            if is_generic:
                return "generic-plan", f"{name} is partial ({predicate}), and a generic plan doesn't know the "\
                    "parameter's value", "write the value as a literal, or SET plan_cache_mode = force_custom_plan"
            return rule, f"{name} is partial: it holds only rows with {predicate}, which the WHERE doesn't imply", \
                create_index(column, operator)
        case "partial-index-other":
            if is_generic:
                return "generic-plan", f"{name} is partial ({predicate}), and a generic plan doesn't know the "\
                    "parameter's value", "write the value as a literal, or SET plan_cache_mode = force_custom_plan"
            return "partial-index", f"{name} is partial: it holds only rows with {predicate}, the WHERE asks for "\
                "others", create_index(column, operator)
    return None


def _operand(search: Search, column: VectorColumn, index: VectorIndex | None) -> tuple[str, str, str]:
    side, (column_side, other) = ast_edits.expression_text(search.sides[0]), search.sides
    is_bare = column_side.WhichOneof("node") == "column_ref"
    if index is not None and index.position is None:
        if is_bare:
            return "expression-index", f"the only index that fits, {index.name}, is of {index.expression}, not of the "\
                "column", f"ORDER BY {index.expression} {search.operator} ..."
        return "expression-differs", f"the statement compares {side}, the index {index.name} is of {index.expression}",\
            f"repeat the index's expression exactly: {index.expression}"
    if not is_bare:
        return "column-cast", f"the column is cast: {side}", f"compare {identifier(column.name)} itself"
    kind = grammar.strings(other.type_cast.type_name.names)[-1:] or ["value of another type"]
    return "parameter-type", f"the query vector is a {kind[0]}, and the column a {column.type_name}: the column would "\
        "be cast, row by row", f"cast the parameter: ::{column.type_name}"
