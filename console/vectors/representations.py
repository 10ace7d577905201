"""The searches that a column has: by the vector itself, by halves of it, its bits, its first dimensions... Pure.

Each is found from an index that there is. What an index holds is an expression of the column; a query vector goes the
same way, so that the expression with the vector in the column's place is the other side of the operator. What tells
less than the vector (bits, a prefix) finds candidates, which are ranked again by the vector itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from console.errors import UsageError
from console.sql import grammar
from console.sql.grammar import Node
from console.sql.quoting import identifier
from console.sql.tokens import significant
from console.vectors.metrics import Metric, metrics_of_type
from console.vectors.reasons.qualified import catalog_expression
from console.vectors.records import VectorColumn, VectorIndex

Kind = Literal["vector", "dimensions", "halfvec", "bits", "prefix", "expression"]

_ORDER: tuple[Kind, ...] = ("vector", "dimensions", "halfvec", "bits", "prefix", "expression")
"""What is preferred where a person names none."""

OVERSAMPLING: dict[Kind, int] = {"bits": 10, "prefix": 5, "expression": 5}
"""How many candidates for each row wanted are ranked again, where a person says nothing; of other kinds none."""

MOST_OVERSAMPLING = 1000


class Representation(Struct, frozen=True):
    """What of the column an index orders by; `name` is how a person names it.

    `operand` is SQL on the column, `query` the pieces of the same expression around the query vector. `metric` is that
    of the index, `type_name` that of the operand; `dimensions` how many a query vector must have, None for any.
    `condition` is what rows have to fulfil to be in the index, where the column's vectors are of several lengths.
    """

    name: str
    kind: Kind
    index: VectorIndex
    metric: Metric
    type_name: str
    operand: str
    query: tuple[str, ...]
    dimensions: int | None = None
    condition: str | None = None

    @property
    def is_coarse(self) -> bool:
        """Whether it tells less than the vector, so that what it finds has to be ranked again."""
        return self.kind in OVERSAMPLING

    @property
    def can_rerank(self) -> bool:
        """Whether its rows may be ranked again by the vector, which changes something."""
        return self.kind not in ("vector", "dimensions")

    @property
    def oversampling(self) -> int:
        return OVERSAMPLING.get(self.kind, 1)

    def serves(self, metric: Metric) -> bool:
        """Whether a search by `metric` can go this way; bits find candidates for any."""
        return self.metric is metric or self.kind == "bits"

    @property
    def words(self) -> str:
        """`its bits, by Hamming, ranked again by the vector`."""
        what = {"vector": "the vector itself", "dimensions": f"vectors of {self.dimensions} dimensions",
                "halfvec": "half precision", "bits": "its bits", "prefix": "its first dimensions",
                "expression": self.operand}[self.kind]
        return f"{what}, {self.metric.title}" + (", ranked again by the vector" if self.is_coarse else "")


def representations(column: VectorColumn, indexes: Iterable[VectorIndex]) -> tuple[Representation, ...]:
    """The column's searches, those that are preferred first; `indexes` are those that serve it."""
    found: list[Representation] = []
    usable = [index for index in indexes if index.is_usable]
    for index in sorted(usable, key=lambda each: (each.predicate is not None, each.name)):
        for metric in index.metrics:
            made = _of(column, index, metric)
            if made is not None and not any(
                    (made.operand, made.metric, made.condition) == (each.operand, each.metric, each.condition)
                    and (index.predicate is None) == (each.index.predicate is None) for each in found):
                found.append(made)
    names: set[str] = set()
    result = []
    for each in sorted(found, key=lambda each: (_ORDER.index(each.kind), each.index.predicate is not None)):
        name = next(name for name in (each.name, f"{each.name}-{each.metric.name}", each.index.name)
                    if name not in names or name == each.index.name)
        names.add(name)
        result.append(each if name == each.name else _renamed(each, name))
    return tuple(result)


def chosen(found: Sequence[Representation], metric: Metric, name: str | None, dimensions: int | None = None,
           ) -> Representation | None:
    """The search that is meant by `name` (or an index's name), else the first that serves `metric`; None without any.

    `dimensions` are the query vector's. Raises UsageError for a name that the column hasn't, or that can't serve.
    """
    if name is not None:
        named = [each for each in found if name in (each.name, each.index.name)]
        if not named:
            raise UsageError(f"the column has no search by {name!r}", hint="it has " + (
                ", ".join(each.name for each in found) or "no index, so that every search is exact"))
        serving = [each for each in named if each.serves(metric)]
        if not serving:
            raise UsageError(f"{named[0].name} ({named[0].index.name}) serves {named[0].metric.title}, "
                             f"not {metric.title}")
        return serving[0]
    return next((each for each in found if each.serves(metric) and (
        dimensions is None or each.dimensions is None or each.dimensions == dimensions)), None)


def _renamed(each: Representation, name: str) -> Representation:
    return Representation(name, each.kind, each.index, each.metric, each.type_name, each.operand, each.query,
                          each.dimensions, each.condition)


def _of(column: VectorColumn, index: VectorIndex, metric: Metric) -> Representation | None:
    if index.position is not None:
        return Representation(column.type_name, "vector", index, metric, column.type_name, identifier(column.name),
                              ("", ""), column.dimensions)
    taken = _expression(index.expression, column.name)
    if taken is None:
        return None
    operand, query, shape, size = taken
    type_name = index.operand_type.rpartition(".")[2].strip('"')
    kind: Kind = shape
    if shape == "expression" and type_name == column.type_name and _is_cast(operand, column):
        kind = "dimensions"
    name = {"dimensions": f"{column.type_name}-{size}", "prefix": f"prefix-{size}",
            "halfvec": "halfvec" if column.dimensions else f"halfvec-{size}"}.get(kind, kind)
    length = column.dimensions
    if kind in ("dimensions", "halfvec") and length is None:
        length = size
    condition = None
    if column.dimensions is None and index.predicate is not None:
        condition = _condition(index.predicate)
        if condition is None:
            return None
    return Representation(name, kind, index, metric, type_name, operand, query, length, condition)


def _is_cast(operand: str, column: VectorColumn) -> bool:
    return operand.lstrip("(").startswith((f"{identifier(column.name)}::", f"{identifier(column.name)})::"))


@lru_cache(maxsize=256)
def _expression(text: str, column: str) -> tuple[str, tuple[str, ...], Kind, int | None] | None:
    """An index's expression as SQL whatever the search_path, the pieces of it around the column, what it is, and the
    last number in it: its length. None where it isn't of this column alone, or can't be written so."""
    tree = catalog_expression(text)
    if tree is None:
        return None
    operand = grammar.expression_text(tree)
    parameter = grammar.expression("$1")
    functions = set()
    is_cast = False
    sizes: list[int] = []
    for kind, node in list(grammar.nodes(tree)):
        if kind == "column_ref":
            if grammar.strings(node.column_ref.fields) != [column]:
                return None
            node.CopyFrom(parameter)
        elif kind == "func_call":
            functions.add(grammar.strings(node.func_call.funcname)[-1])
        elif kind == "type_cast":
            is_cast = is_cast or grammar.strings(node.type_cast.type_name.names)[-1] == "halfvec"
            sizes += _numbers(node.type_cast.type_name.typmods)
    shape: Kind = "bits" if functions == {"binary_quantize"} else "prefix" if functions == {"subvector"} else \
        "halfvec" if is_cast and not functions else "expression"
    return operand, _around(grammar.expression_text(tree)), shape, sizes[0] if sizes else None


def _numbers(modifiers: Sequence[Node]) -> list[int]:
    return [node.a_const.ival.ival for node in modifiers if node.WhichOneof("node") == "a_const"]


def _around(text: str) -> tuple[str, ...]:
    """The pieces of an expression around its parameter."""
    pieces, begin = [], 0
    for token in significant(text):
        if token.kind == "parameter":
            pieces.append(text[begin:token.start])
            begin = token.end
    return (*pieces, text[begin:])


@lru_cache(maxsize=256)
def _condition(predicate: str) -> str | None:
    tree = catalog_expression(predicate)
    return None if tree is None else grammar.expression_text(tree)


def exact_condition(column: VectorColumn, dimensions: int) -> str | None:
    """What keeps an exact search of a column without dimensions to vectors that can be compared; None where it has."""
    if column.dimensions is not None or column.type_name not in ("vector", "halfvec"):
        return None
    function = identifier(column.extension_schema, "vector_dims")
    return f"{function}({identifier(column.name)}) OPERATOR(pg_catalog.=) {dimensions:d}"


def default_metric_of(column: VectorColumn, found: Sequence[Representation]) -> Metric | None:
    """The metric of the first search that orders by the column's own distance; None without any."""
    own = metrics_of_type(column.type_name)
    return next((each.metric for each in found if each.metric in own), None)
