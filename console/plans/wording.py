"""Words in the sentences of findings."""

from __future__ import annotations


def cut(text: str, width: int = 160) -> str:
    """`text` on one line, at most so many characters."""
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[:width - 3] + "..."
