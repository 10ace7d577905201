"""What a map of a column's vectors is made of."""

from __future__ import annotations

from msgspec import Struct

from console.vectors.records import VectorColumn


class MappedRow(Struct, frozen=True):
    """A row at its place (x, y); its key as text, and `values` of the columns that it may be coloured by."""

    place: tuple[float, float]
    key: str
    values: tuple[str | None, ...]


class VectorMap(Struct, frozen=True):
    """Rows in the plane of their two principal components, which hold `explained` (0 to 1) of the variance.

    `outliers` are (key, deviations from the centre), farthest first; `query` and `near` (rank, place) belong to a
    search.
    """

    column: VectorColumn
    rows: tuple[MappedRow, ...]
    columns: tuple[str, ...]
    explained: tuple[float, float]
    outliers: tuple[tuple[str, float], ...]
    query: tuple[float, float] | None
    near: tuple[tuple[int, tuple[float, float]], ...]
    is_sampled: bool
    row_estimate: float | None
