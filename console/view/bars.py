"""Bars in table cells, of signs that have a likeness in ASCII."""

from __future__ import annotations

from collections.abc import Sequence

_HEIGHTS = "▁▂▃▄▅▆▇█"


def bar(share: float, cells: int, rest: str = "·") -> str:
    """A part of a whole, 0 to 1, in `cells` cells; anything above nothing shows, and only all of it fills the bar."""
    full = min(cells, max(0, int(share * cells)))
    half = full < cells and share * cells - full >= 0.5
    drawn = "█" * full + ("▌" if half or (not full and share > 0) else "")
    return drawn + rest * (cells - len(drawn))


def sparkline(values: Sequence[float | None], most: float) -> str:
    """How a value went, a cell each, against `most`; blank where it wasn't known, a dot where it was nothing."""
    return "".join(" " if value is None else "·" if value <= 0 or most <= 0
                   else _HEIGHTS[min(7, int(value / most * 7.999))] for value in values)
