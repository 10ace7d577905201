"""What a person chose for a search, remembered per column while the console is open."""

from __future__ import annotations

from msgspec import Struct, field

from console.vectors.filters import Filter
from console.vectors.metrics import Metric
from console.vectors.query_source import QuerySource
from console.vectors.search import SearchOptions


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


def filter_words(filter_: Filter) -> str:
    """`category in a, b`."""
    return f"{filter_.column} {filter_.operator} {', '.join(filter_.values)}".rstrip()
