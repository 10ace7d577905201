"""Sizes as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from msgspec import Struct


class NamedSize(Struct, frozen=True):
    """A database or tablespace; `total_bytes` is None where the role may not ask, `note` is what else is to be said."""

    name: str
    total_bytes: int | None
    owner: str
    note: str
