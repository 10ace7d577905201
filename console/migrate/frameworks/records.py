"""What another framework's ledger says, in terms that all of them share."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.migrate.records import State

RowState = Literal["applied", "failed", "running", "reverted", "baseline", "repeatable"]
"""`failed` and `running` make a ledger dirty; `reverted`, `baseline` and `repeatable` rows are not counted."""

PendingState = Literal["pending", "missing", "changed", "skipped"]
"""`skipped`: older than what was applied last, so that the framework itself will never run it."""


class ForeignLedgerRow(Struct, frozen=True):
    """One row of a ledger, in the order in which the framework applied them (sql/<framework>.sql).

    `line` tells several histories in one table apart: a Django app, a sqitch project, River's line. What a framework
    doesn't store is None.
    """

    version: str
    name: str | None = None
    line: str | None = None
    state: RowState = "applied"
    applied_at: dt.datetime | None = None
    applied_by: str | None = None
    duration_ms: float | None = None
    checksum: str | None = None
    detail: str | None = None


class LockRow(Struct, frozen=True):
    """The row of a framework's own lock table (sql/<framework>_lock.sql)."""

    is_held: bool
    holder: str | None = None
    since: dt.datetime | None = None


class AdvisoryLock(Struct, frozen=True):
    """An advisory lock of this database (pg_locks): `key` as pg_advisory_lock(bigint) takes it, signed."""

    key: int
    pid: int
    is_granted: bool
    application: str | None
    since: dt.datetime | None


class ForeignRun(Struct, frozen=True):
    """A run of a framework that is in progress now, and what gives it away.

    `pid` is None where a lock table names its holder in its own words (`detail`).
    """

    framework: str
    evidence: Literal["advisory lock", "table lock", "lock table"]
    pid: int | None
    application: str | None
    since: dt.datetime | None
    detail: str | None


class Head(Struct, frozen=True):
    """The last version of one line of a ledger, and how many are applied on it (None: not stored)."""

    line: str | None
    version: str
    applied_count: int | None


class PendingMigration(Struct, frozen=True):
    """A difference between the files and the ledger; `file` is None for an applied one whose file is missing."""

    version: str
    name: str | None
    line: str | None
    state: PendingState
    file: str | None
    reason: str | None = None


class ForeignLedger(Struct, frozen=True):
    """One ledger of another framework.

    `applied_count` is None where the framework doesn't store it, `last_version` None when nothing is applied or
    the ledger couldn't be read: then `unavailable` says why, with the GRANT that would help. `is_dirty` is None
    when unknown. `differences` is None unless the service's files were compared.
    """

    framework: str
    schema: str
    table: str
    last_version: str | None = None
    applied_count: int | None = None
    is_dirty: bool | None = None
    last_applied_at: dt.datetime | None = None
    heads: tuple[Head, ...] = ()
    rows: tuple[ForeignLedgerRow, ...] = ()
    detail: str | None = None
    run: ForeignRun | None = None
    unavailable: str | None = None
    differences: tuple[PendingMigration, ...] | None = None
    note: str | None = None

    @property
    def pending(self) -> tuple[PendingMigration, ...] | None:
        """What the framework would run next; None when the files were not compared."""
        if self.differences is None:
            return None
        return tuple(difference for difference in self.differences if difference.state == "pending")

    @property
    def is_position(self) -> bool:
        """Whether its rows tell how far it has come, and not all that is applied."""
        if self.framework == "alembic":
            return any(difference.state == "missing" for difference in self.differences or ()) or \
                self.differences is None
        return self.framework in ("golang-migrate", "tern")

    def with_differences(self, differences: tuple[PendingMigration, ...], note: str | None = None) -> ForeignLedger:
        return replace(self, differences=differences, note=note)


class LedgerEntry(Struct, frozen=True):
    """A foreign ledger and whose it is: a service's name, else its schema's."""

    service: str
    ledger: ForeignLedger


class ForeignMigration(Struct, frozen=True):
    """One migration of a foreign ledger or of its files; what the framework doesn't store is None.

    `held` are those that the framework itself passes over or has only begun; `detail` says why, "" nothing to say.
    """

    version: str
    name: str | None
    line: str | None
    state: State
    applied_at: dt.datetime | None = None
    applied_by: str | None = None
    duration_ms: float | None = None
    checksum_ok: bool | None = None
    detail: str = ""


class ForeignReading(Struct, frozen=True):
    """All ledgers of a database, and runs of frameworks whose ledger doesn't exist yet."""

    ledgers: tuple[ForeignLedger, ...]
    runs: tuple[ForeignRun, ...]
