"""Sizes as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamedSize:
    """A database or tablespace; `total_bytes` is None where the role may not ask, `note` is what else is to be said."""

    name: str
    total_bytes: int | None
    owner: str
    note: str
