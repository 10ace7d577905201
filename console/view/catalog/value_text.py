"""Vectors in a form that a person can read. Pure."""

from __future__ import annotations

import math

_SHOWN_COMPONENTS = 3


def vector(text: str | None, note: str) -> str:
    """`[0.12, -0.33, 0.051, …] 384 d, norm 1.00`; a sparse one keeps its indices: `{1:0.5, …} 5 d, norm 0.50`.

    `text` may be the value's beginning alone; `note` is `dimensions:norm` (console.server.paging).
    """
    dimensions, _, norm = note.partition(":")
    known = _number(norm)
    tail = f"{dimensions} d, norm {'unknown' if known is None else f'{known:.2f}' if known < 1e6 else f'{known:.3g}'}"
    if not text:
        return tail
    opening, closing = (text[0], "}" if text[0] == "{" else "]")
    inner = text[1:].partition(closing)[0]
    parts = inner.split(",") if inner else []
    is_whole = closing in text and len(parts) <= _SHOWN_COMPONENTS
    shown = [_component(part) for part in parts[:_SHOWN_COMPONENTS]]
    return f"{opening}{', '.join(shown)}{'' if is_whole else ', …'}{closing} {tail}"


def _component(text: str) -> str:
    """A number of a vector with three significant digits; `index:number` keeps its index."""
    index, separator, number = text.rpartition(":")
    known = _number(number)
    return index + separator + (number if known is None else f"{known:.3g}")


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
