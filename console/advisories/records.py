"""What a known fault is, and the indexes that one may have spoilt."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Danger = Literal["data", "results", "intrusion", "failure"]
"""Lost or corrupt data; wrong answers; somebody who is let in or runs code; a server that ends or hangs."""

Product = Literal["PostgreSQL", "pgvector", "PgBouncer"]


class Spoilt(Struct, frozen=True, forbid_unknown_fields=True):
    """Which indexes: of an access method, with a column of a type, with an operator class whose name has this in it."""

    method: str | None = None
    type: str | None = None
    opclass: str | None = None


class Advisory(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault that a later version mends; known.toml says what its fields mean."""

    product: Product
    fixed: tuple[str, ...]
    since: tuple[str, ...] = ()
    danger: Danger
    what: str
    todo: str | None = None
    extension: str | None = None
    rebuild: tuple[Spoilt, ...] = ()


class SuspectIndex(Struct, frozen=True):
    """An index of a kind that some fault spoils (source: sql/suspect_indexes.sql); its name as SQL writes it.

    `types` and `opclasses` are those of its columns, by bare name.
    """

    name: str
    method: str
    types: list[str]
    opclasses: list[str]
    bytes: int
