"""The eight table-level lock modes of PostgreSQL, which conflict with which, and what that means to others."""

from __future__ import annotations

from enum import IntEnum


class LockMode(IntEnum):
    """Table-level lock modes, weakest first (PostgreSQL's own numbers)."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    @property
    def label(self) -> str:
        """As LOCK TABLE writes it: "SHARE UPDATE EXCLUSIVE"."""
        return self.name.replace("_", " ")

    @property
    def server_name(self) -> str:
        """As pg_locks.mode writes it: "ShareUpdateExclusiveLock"."""
        return self.name.title().replace("_", "") + "Lock"

    @property
    def blocks(self) -> str:
        """What others can't do on the relation while the lock is held or waited for."""
        return _BLOCKS[self]

    @property
    def blocks_writes(self) -> bool:
        return self >= LockMode.SHARE

    def conflicts_with(self, other: LockMode) -> bool:
        """Whether two transactions can't hold the two on one relation at once (the manual's table 13.2)."""
        return other in _CONFLICTS[self]


def mode_named(server_name: str) -> LockMode | None:
    """The mode that pg_locks calls "RowExclusiveLock"; None for another kind of lock."""
    return next((mode for mode in LockMode if mode.server_name == server_name), None)


_CONFLICTS: dict[LockMode, frozenset[LockMode]] = {
    mode: frozenset(LockMode(number) for number in numbers)
    for mode, numbers in {
        LockMode.ACCESS_SHARE: (8,),
        LockMode.ROW_SHARE: (7, 8),
        LockMode.ROW_EXCLUSIVE: (5, 6, 7, 8),
        LockMode.SHARE_UPDATE_EXCLUSIVE: (4, 5, 6, 7, 8),
        LockMode.SHARE: (3, 4, 6, 7, 8),
        LockMode.SHARE_ROW_EXCLUSIVE: (3, 4, 5, 6, 7, 8),
        LockMode.EXCLUSIVE: (2, 3, 4, 5, 6, 7, 8),
        LockMode.ACCESS_EXCLUSIVE: (1, 2, 3, 4, 5, 6, 7, 8),
    }.items()
}
_BLOCKS = {
    LockMode.ACCESS_SHARE: "nothing but statements that lock the whole table away (DROP, TRUNCATE, most ALTER TABLE)",
    LockMode.ROW_SHARE: "DDL that locks rows away; neither reads nor writes",
    LockMode.ROW_EXCLUSIVE: "DDL and index builds; neither reads nor other writes",
    LockMode.SHARE_UPDATE_EXCLUSIVE: "DDL, VACUUM and ANALYZE; neither reads nor writes",
    LockMode.SHARE: "writes, DDL and VACUUM; not reads",
    LockMode.SHARE_ROW_EXCLUSIVE: "writes, DDL and VACUUM; not reads",
    LockMode.EXCLUSIVE: "writes, SELECT FOR UPDATE, DDL and VACUUM; not plain reads",
    LockMode.ACCESS_EXCLUSIVE: "reads, writes and everything else",
}
