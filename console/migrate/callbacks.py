"""Flyway's callbacks in SQL: what is run around migrations, whenever there are any to be run.

What stands around each migration is part of its transaction. What stands around a whole run is a transaction of its own
in the service's turn: before its first file, between its versions and its repeatable files, after its last one.
The ledger says nothing of either, so that they may be edited at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from console.migrate.faults import FileError
from console.migrate.prepare import Prepared, prepare
from console.migrate.records import Direction, MigrationFile, Step

_AROUND_EACH = {"up": ("beforeEachMigrate", "afterEachMigrate"), "down": ("beforeEachUndo", "afterEachUndo")}
_BEFORE_ALL = {"up": ("beforeMigrate",), "down": ("beforeUndo",)}
_AFTER_ALL = {"up": ("afterMigrateApplied", "afterMigrate"), "down": ("afterUndo",)}
_BEFORE_REPEATABLE = ("afterVersioned", "beforeRepeatables")

RUN = frozenset((*_AROUND_EACH["up"], *_AROUND_EACH["down"], *_BEFORE_ALL["up"], *_BEFORE_ALL["down"],
                 *_AFTER_ALL["up"], *_AFTER_ALL["down"], *_BEFORE_REPEATABLE))
"""The events whose callbacks are run."""


def around(step: Step) -> tuple[list[Prepared], list[Prepared]]:
    """What is run before and after a migration, in its transaction. Raises FileError."""
    before, after = _AROUND_EACH[step.direction]
    return [*_prepared(step.migration, (before,))], [*_prepared(step.migration, (after,))]


def before(step: Step, begun: Collection[str]) -> Sequence[Prepared]:
    """What is run before a step; `begun` are the events of its service that have been. Raises FileError."""
    return [*_prepared(step.migration, [event for event in begins(step) if event not in begun])]


def after(file: MigrationFile, direction: Direction, begun: Collection[str]) -> Sequence[Prepared]:
    """What is run once the last of a service's files is through. Raises FileError."""
    between = [event for event in _BEFORE_REPEATABLE if direction == "up" and event not in begun]
    return [*_prepared(file, (*between, *_AFTER_ALL[direction]))]


def check(step: Step, script: Prepared) -> None:
    """Keeps the texts of what would be run. Raises FileError for what can't be run in a transaction, and for a
    migration without one that something has to be in."""
    for event, scripts in step.migration.callbacks.items():
        for callback in scripts:
            callback.keep()
            if not prepare(callback).in_transaction:
                raise FileError(callback.path, "can't be run in one transaction, as callbacks are",
                                hint="put it into a repeatable file or a migration, or leave it out: ignore = "
                                     f'["{callback.path.name}"] in service.toml')
            if event in _AROUND_EACH[step.direction] and not script.in_transaction:
                raise FileError(script.script.path, f"is not one transaction, which {callback.path.name} would be in",
                                hint=f'leave the callback out: ignore = ["{callback.path.name}"] in service.toml')


def begins(step: Step) -> Collection[str]:
    """The events that have been once `before` of the step is done."""
    repeatable = _BEFORE_REPEATABLE if step.migration.is_repeatable and step.direction == "up" else ()
    return *_BEFORE_ALL[step.direction], *repeatable


def _prepared(file: MigrationFile, events: Collection[str]) -> Iterator[Prepared]:
    for event in events:
        for script in file.callbacks.get(event, ()):
            yield prepare(script)
