"""What a person chose for a search, remembered per column while the console is open."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from console.vectors.filters import Filter
from console.vectors.metrics import Metric
from console.vectors.search import SearchOptions
from console.vectors.values import QueryVector

Kind = Literal["row", "text", "vector", "other"]


class QuerySource(Struct, frozen=True):
    """What is looked for. `given` is a person's: a text, a vector, `@FILE` with one, or a row's key.

    `key` is that of a row (kind row and other); `column` the label of the other table's column, `embedder` the name of
    what makes a vector of a text; None takes the column's own.
    """

    kind: Kind
    given: str = ""
    key: tuple[str, ...] = ()
    column: str | None = None
    embedder: str | None = None


class SearchParams(Struct, frozen=True):
    """Everything but the column. `metric` None is the index's; `columns` None shows all but vectors."""

    question: QuerySource | None = None
    metric: Metric | None = None
    k: int = 10
    offset: int = 0
    where: str | None = None
    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] | None = None
    options: SearchOptions = field(default_factory=SearchOptions)


class Asked(Struct, frozen=True):
    """A question as a vector; `key` is the row that it came from, `words` say what it is."""

    vector: QueryVector
    key: tuple[str, ...] | None
    words: str


def filter_words(filter_: Filter) -> str:
    """`category in a, b`."""
    return f"{filter_.column} {filter_.operator} {', '.join(filter_.values)}".rstrip()
