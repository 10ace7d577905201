"""What one statement locks: a record for each relation, and how it is gathered."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from console.migrate.facts import Catalog
from console.migrate.lock_modes import LockMode
from console.sql.grammar import Name


class Lock(Struct, frozen=True):
    """A lock on one relation until the transaction's end; `rewrites` and `scans` say what is done under it.

    `is_indirect`: the statement doesn't name the relation (the catalog led to it).
    """

    relation: Name
    mode: LockMode
    rewrites: bool = False
    scans: bool = False
    is_indirect: bool = False


class Footprint(Struct, frozen=True):
    """Everything that one statement locks, strongest first.

    `opaque` says what the text doesn't tell (a DO block's own statements), None when it tells all.
    """

    locks: tuple[Lock, ...] = ()
    opaque: str | None = None

    @property
    def rewrites(self) -> bool:
        return any(lock.rewrites for lock in self.locks)

    @property
    def scans(self) -> bool:
        return any(lock.scans for lock in self.locks)

    def on(self, relation: Name) -> Lock | None:
        return next((lock for lock in self.locks if lock.relation == relation), None)


class NewRelations:
    """The relations that a run has made so far, by name; there may be thousands."""

    def __init__(self, names: Iterable[Name] = ()) -> None:
        self._schemas: dict[str, set[str | None]] = {}
        for name in names:
            self.add(name)

    def add(self, name: Name) -> None:
        self._schemas.setdefault(name.name, set()).add(name.schema)

    def __contains__(self, name: Name) -> bool:
        return name.schema in self._schemas.get(name.name, ())

    def may_hold(self, name: Name) -> bool:
        """Whether one of them may be meant: a name without a schema may be of any."""
        found = self._schemas.get(name.name, ())
        return bool(found) and (name.schema is None or name.schema in found or None in found)


class Taking(Struct):
    """A footprint in the making: several locks on one relation become the strongest."""

    catalog: Catalog | None
    locks: dict[Name, Lock] = field(default_factory=dict)
    opaque: str | None = None

    def take(self, relation: Name, mode: LockMode, *, rewrites: bool = False, scans: bool = False,
             indirect: bool = False) -> None:
        same = next((name for name in self.locks if self._resolved(name) == self._resolved(relation)), None)
        had = self.locks.pop(same) if same is not None else None
        if had is not None:
            relation = relation if had.is_indirect else had.relation
            mode, rewrites, scans = max(mode, had.mode), rewrites or had.rewrites, scans or had.scans
            indirect = indirect and had.is_indirect
        self.locks[relation] = Lock(relation, mode, rewrites, scans, indirect)

    def _resolved(self, name: Name) -> Name:
        """With its schema, where the catalog knows which one is meant."""
        facts = self.catalog.relation(name) if self.catalog and name.schema is None else None
        return name if facts is None else Name(facts.schema, facts.name)

    def table_of_index(self, index: Name) -> Name | None:
        """The table of an index, where the catalog knows it, written as far as the index was."""
        facts = self.catalog.relation(index) if self.catalog else None
        if facts is None or facts.table is None:
            return None
        return facts.table if index.schema else Name(None, facts.table.name)
