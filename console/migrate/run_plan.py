"""One plan: it is shown, confirmed, and run.

A plan is made of frozen steps: service, version, what is done with it, the checksum of its text, the state in which it
was found. What runs a plan makes it once more under the lock of runs, and refuses where the two differ: another process
has applied or rolled back, a file was edited or is gone. PlanChanged says which, and brings the plan as it is now, to
be shown and confirmed in its turn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, ServerError
from console.migrate.faults import MigrationError
from console.migrate.history import EVENTS, LedgerEvent
from console.migrate.ledger import ROWS
from console.migrate.records import LedgerRow
from console.migrate.version import version_key
from console.server.session import Session


class FrozenStep(Struct, frozen=True):
    """One thing that a run does, or that it stands on, as it was shown.

    `action` is up, down, seed or a repair's name; `checksum` that of the text that is run or accepted, None where there
    is none that could be read. `state` is what the migration is, `done` how many statements of it an earlier run has
    done. `since` and `by` are of its row in the ledger, None where it has none or the ledger doesn't store it. `line`
    tells histories within one ledger apart: a Django app, a sqitch project.
    """

    service: str
    version: str
    name: str
    action: str
    checksum: str | None
    state: str
    done: int = 0
    since: dt.datetime | None = None
    by: str | None = None
    line: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.service, self.line, self.version

    @property
    def label(self) -> str:
        """`service/version_name`, for people."""
        place = "/".join(part for part in (self.service, self.line, self.version) if part)
        return f"{place}_{self.name}" if self.name else place

    @property
    def condition(self) -> str:
        """Its state in words, with how far it has come."""
        return f"{self.state} after {self.done} statements" if self.done and self.state == "failed" else self.state


class RunPlan(Protocol):
    """A plan of any kind of run. Two of them are the same when their `basis` and their `facts` are."""

    @property
    def basis(self) -> Sequence[FrozenStep]:
        """The steps in their order; with them whatever else must be as it was shown."""
        ...

    @property
    def facts(self) -> Mapping[str, str]:
        """What else it stands on, each with its condition in words."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        ...

    def fate(self, step: FrozenStep) -> FrozenStep | None:
        """How a step that is only in another plan stands by the ledger and the files of this one.

        None where neither knows it.
        """
        ...


P = TypeVar("P", bound=RunPlan)

ChangeKind = Literal["done", "gone", "new", "changed", "moved"]


class PlanChange(Struct, frozen=True):
    """One difference between two plans, in `words`.

    `done`: somebody else has done exactly what `step` would have. `step` is as it was when it was shown, `now` as the
    ledger and the files have it, None where they don't, or where an order or a fact is meant. `by` and `at` say who
    changed it and when, None: not known.
    """

    kind: ChangeKind
    words: str
    step: FrozenStep | None = None
    now: FrozenStep | None = None
    by: str | None = None
    at: dt.datetime | None = None

    @property
    def sentence(self) -> str:
        who = f", by {self.by}" if self.by else ""
        return f"{self.words}{who}" + (f" at {self.at.astimezone():%Y-%m-%d %H:%M:%S}" if self.at else "")


class PlanChanged(MigrationError):
    """The plan that was confirmed is not what would be run now, so nothing of it was run.

    `plan` is what it is now, None where none can be made: then the changes are the reason why.
    """

    def __init__(self, changes: Sequence[PlanChange], plan: RunPlan | None, *, hint: str | None = None) -> None:
        super().__init__(
            "the plan has changed since it was made: nothing of it was run",
            detail="\n".join(change.sentence for change in changes),
            hint=hint or "look at what would be done now (--dry-run, or migrate plan), then run it again")
        self.changes = tuple(changes)
        self.plan = plan

    @property
    def is_done_by_others(self) -> bool:
        """Whether all that is different is that others have done steps of it, and the rest is as it was confirmed."""
        return self.plan is not None and all(change.kind == "done" for change in self.changes)


async def confirmed(shown: P, making: Awaitable[P], session: Session | None = None) -> P:
    """The plan as it is made now, under the lock, if it is still the one that was `shown`. Raises PlanChanged.

    `session` asks the event log who has changed what.
    """
    try:
        now = await making
    except ServerError:
        raise
    except ConsoleError as error:
        changes = [] if session is None else await _with_authors(session, _by_rows(shown, await session.fetch(ROWS)))
        changes += [PlanChange("gone", line) for line in (error.summary, *(error.detail or "").splitlines())]
        raise PlanChanged(changes, None, hint=error.hint) from error
    if found := compare(shown, now):
        raise PlanChanged(found if session is None else await _with_authors(session, found), now)
    return now


def compare(shown: RunPlan, now: RunPlan) -> list[PlanChange]:
    """What is different: the facts they stand on, steps that are gone, changed or new, their order. Pure."""
    before = {step.key: step for step in shown.basis}
    after = {step.key: step for step in now.basis}
    facts = [(what, shown.facts.get(what, "not there"), now.facts.get(what, "gone"))
             for what in {**shown.facts, **now.facts}]
    changes = [PlanChange("changed", f"{what} was {then}, is {value}") for what, then, value in facts if then != value]
    for key, step in before.items():
        if key not in after:
            changes.append(_gone(step, now.fate(step)))
        elif after[key] != step:
            changes.append(_changed(step, after[key]))
    changes += [_new(step, shown.fate(step)) for key, step in after.items() if key not in before]
    order = [key for key in after if key in before]
    if order != [key for key in before if key in after]:
        changes.append(PlanChange("moved", "the order is another: " + ", ".join(after[key].label for key in order)))
    return changes


def _change(kind: ChangeKind, words: str, step: FrozenStep, now: FrozenStep | None) -> PlanChange:
    """With the author of the row, if it is another one than before: who wrote that one has changed nothing since."""
    is_written = now is not None and now.since != step.since
    return PlanChange(kind, words, step, now, now.by if now and is_written else None,
                      now.since if now and is_written else None)


def _new(now: FrozenStep, then: FrozenStep | None) -> PlanChange:
    if then is None:
        return _change("new", f"{now.label} is new: {now.condition}", replace(now, since=None), now)
    if then.condition != now.condition:
        return _change("new", f"{now.label} was {then.condition}, is {now.condition} now", then, now)
    return _change("new", f"{now.label} is among the steps now: {now.condition}", then, now)


def _gone(step: FrozenStep, now: FrozenStep | None) -> PlanChange:
    label = step.label
    if step.state in ("applied", "changed", "missing") and (now is None or now.state in ("pending", "held")):
        return _change("done" if step.action == "down" else "gone", f"{label} is rolled back already", step, now)
    if now is None:
        return _change("gone", f"{label}: its file is not there any more", step, now)
    if now.state == step.state:
        return PlanChange("gone", f"{label} is not among the steps any more", step)
    if step.action == "up" and now.state == "applied" and now.checksum == step.checksum:
        return _change("done", f"{label} is applied already", step, now)
    return _change("gone", f"{label} was {step.condition}, is {now.condition} now", step, now)


def _changed(step: FrozenStep, now: FrozenStep) -> PlanChange:
    label = step.label
    if step.action == "up" and (step.state, now.state) == ("pending", "applied"):
        return _change("done", f"{label} is applied already", step, now)
    if now.condition != step.condition:
        return _change("changed", f"{label} was {step.condition}, is {now.condition} now", step, now)
    if now.checksum != step.checksum:
        return PlanChange("changed", f"{label}: its file has changed", step)
    if step.action == "seed":
        return _change("changed", f"{label} was run meanwhile", step, now)
    if now.since != step.since:
        return _change("changed", f"{label} is {now.state} anew", step, now)
    return PlanChange("changed", f"{label} is not what it was", step)


_APPLIED = frozenset({"applied", "baseline", "marked applied", "squashed"})
_EVENTS: Mapping[str, frozenset[str]] = {
    "applied": _APPLIED, "changed": _APPLIED, "missing": _APPLIED,
    "failed": frozenset({"started", "failed", "interrupted"}),
    "pending": frozenset({"reverted", "marked reverted"}),
}
"""The events that bring a migration into a state."""


def _by_rows(shown: RunPlan, rows: Sequence[LedgerRow]) -> list[PlanChange]:
    """What the ledger alone says has become of the steps."""
    by_key = {(row.service, row.key): row for row in rows}
    changes = []
    for step in shown.basis:
        row = by_key.get((step.service, version_key(step.version)))
        if (row.applied_at if row is not None else None) != step.since:
            changes.append(_gone(step, None if row is None else replace(
                step, state=row.state, checksum=row.checksum_up, done=row.statements_done, since=row.applied_at,
                by=row.applied_by)))
    return changes


async def _with_authors(session: Session, changes: Sequence[PlanChange]) -> list[PlanChange]:
    return [await _with_author(session, change) for change in changes]


async def _with_author(session: Session, change: PlanChange) -> PlanChange:
    """The change with the account that made it, where the newest event about the migration tells."""
    step, now = change.step, change.now
    if step is None or step.since == (now.since if now is not None else None):
        return change
    events = await session.fetch(EVENTS, {"service": step.service, "version": step.version})
    newest = next(iter(events), None)
    if newest is None or newest.event not in _EVENTS.get(now.state if now is not None else "pending", ()):
        return change
    return replace(change, by=account(newest), at=newest.at)


def account(event: LedgerEvent) -> str:
    """Who wrote an event: the database's user, and the operating system's with the machine."""
    return f"{event.database_user} ({event.os_user}@{event.host})"


def sentences(changes: Sequence[PlanChange], most: int = 8) -> Iterator[str]:
    """The changes for people, `most` of them and how many more there are."""
    yield from (change.sentence for change in changes[:most])
    if len(changes) > most:
        yield f"and {len(changes) - most} more"
