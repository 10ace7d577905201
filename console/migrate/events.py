"""What happens during a run, as it happens. The headless command narrates these, the Migrations screen shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.records import MigrationState, Step
from console.sql.splitter import ScriptStatement


class Peer(Struct, frozen=True):
    """A session in our way, or behind us (sql/lock_holders.sql, sql/lock_waits.sql).

    `since` is when its transaction began, `role` is holder, blocker or queued. None: the server didn't say.
    """

    role: str
    pid: int
    user: str | None
    application: str | None
    state: str | None
    since: dt.datetime | None
    age_s: float | None
    query: str | None


class LockWaiting(Struct, frozen=True):
    """Another run holds dbconsole's lock in this database; `waited_s` of `limit_s` seconds are over."""

    holders: tuple[Peer, ...]
    waited_s: float
    limit_s: float


class RunStarted(Struct, frozen=True):
    """The lock is ours and the steps are chosen."""

    steps: tuple[Step, ...]
    held: tuple[MigrationState, ...]
    notes: tuple[str, ...]


class FileStarted(Struct, frozen=True):
    """`number` of `total` files; `statements` to run, of which `step.done` are done since an earlier run."""

    step: Step
    number: int
    total: int
    statements: int


class StatementStarted(Struct, frozen=True):
    """Statement `index` (from 0) of `total`."""

    step: Step
    statement: ScriptStatement
    index: int
    total: int


class StatementFinished(Struct, frozen=True):
    """`tag` is the server's command tag; `was_done` says that it was found done already."""

    step: Step
    statement: ScriptStatement
    index: int
    total: int
    tag: str
    rows_affected: int | None
    elapsed_ms: float
    was_done: bool = False


class Waiting(Struct, frozen=True):
    """The statement waits for locks: who holds them, and who queues behind us."""

    step: Step
    statement: ScriptStatement
    elapsed_s: float
    blockers: tuple[Peer, ...]
    queue: tuple[Peer, ...]


class StatementProgress(Struct, frozen=True):
    """A statement on its way: `done` of `total` `unit`s of this phase, by pg_stat_progress_create_index of an index
    build, by the engine's own count of a change in batches, whose `phase` tells about how long it still takes."""

    step: Step
    statement: ScriptStatement
    elapsed_s: float
    phase: str
    done: int
    total: int
    unit: str


class Retrying(Struct, frozen=True):
    """The file was rolled back for `reason` and is tried again after `delay_s`: attempt `attempt` of `attempts`."""

    step: Step
    reason: str
    attempt: int
    attempts: int
    delay_s: float


class Notice(Struct, frozen=True):
    """A message of the server's, or of the engine's own (`severity` NOTE)."""

    step: Step | None
    severity: str
    message: str


class FileFinished(Struct, frozen=True):
    """The file and its ledger row are committed."""

    step: Step
    number: int
    total: int
    duration_ms: float


class Held(Struct, frozen=True):
    """The file waits for what this database doesn't have."""

    step: Step
    reason: str


class Failed(Struct, frozen=True):
    """The run ends here; what was committed before stays, the rest is rolled back or recorded."""

    step: Step
    error: FileError


Event = (LockWaiting | RunStarted | FileStarted | StatementStarted | StatementFinished | Waiting | StatementProgress
         | Retrying | Notice | FileFinished | Held | Failed)
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """For those who only want the report."""
