"""Figures in the sentences of findings."""

from __future__ import annotations

from console.plans.records import PlanNode


def ms(value: float) -> str:
    """`0.42 ms`, `12 ms`, `3.4 s`."""
    if value >= 60_000:
        return f"{value / 60_000:.1f} min"
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.2f} ms"


def count(value: float) -> str:
    """`12 480`; from a million on `12.5 M`."""
    for unit, size in (("T", 1e12), ("B", 1e9), ("M", 1e6)):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:,.0f}".replace(",", " ")


def size(value: float) -> str:
    """Bytes: `26 kB`, `3.1 MB`."""
    for unit, width in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if value >= width:
            scaled = value / width
            return f"{scaled:.0f} {unit}" if scaled >= 10 else f"{scaled:.1f} {unit}"
    return f"{value:.0f} B"


def percent(part: float) -> str:
    """0.985 as `98 %`; never rounded up to 100 nor down to 0."""
    if 0 < part < 0.01:
        return "under 1 %"
    return f"{min(99.0, part * 100) if part < 1 else 100:.0f} %"


def factor(value: float) -> str:
    """`3.2`, `17`, `1 200` of "3.2 times"."""
    return f"{value:.1f}" if value < 10 else count(value)


def plural(amount: float, singular: str) -> str:
    return f"{count(amount)} {singular}{'' if amount == 1 else 's'}"


def cut(text: str, width: int = 160) -> str:
    """`text` on one line, at most so many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[:width - 3] + "..."


def place(node: PlanNode) -> str:
    """A node in a sentence."""
    return node.label
