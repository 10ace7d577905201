"""Repeatable files: views, functions and triggers whose text is run again, as a whole, whenever it has changed.

They are run after all versions, each after those that make what it uses. What a run replaces is read from the catalog
just before, and the SQL that puts it back is kept in the ledger beside the run (sql/ledger/repeated.sql), so that the
way down is known before it is needed and is what `verify` proves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter

import msgspec
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate import ledger, refusal
from console.migrate.directives import Directives
from console.migrate.faults import FileError, MigrationError
from console.migrate.prepare import Prepared, prepare
from console.migrate.records import LedgerRow, MigrationFile, MigrationState, RepeatableRow, RepeatableRun, Script, Step
from console.migrate.version import VersionKey
from console.server.preamble import SET_SAFE_PATH
from console.server.script import ScriptCommand, ScriptFault, ScriptSession
from console.sql.definitions import Defined, Definitions, definitions
from console.sql.grammar import Name

Node = tuple[str, VersionKey]
Before = tuple[str, str]
"""What there was before a run, as JSON: which definitions it concerns, and how these were."""


def prepared(step: Step) -> Prepared:
    """The script of any step, ready to run. Raises FileError where it can't be, for one that is run again also where
    it is more than one transaction."""
    script = prepare(step.script)
    if step.replaced:
        return replace(script, statements=(), blocks=(),
                       directives=replace(script.directives, no_transaction=False, batches=None))
    if step.migration.is_repeatable and not script.in_transaction:
        raise FileError(step.script.path, "is repeatable, and so one transaction: it can't run outside of one",
                        hint="put what can't run in a transaction into a migration with a version")
    return script


def needs(states: Sequence[MigrationState]) -> Mapping[Node, list[Node]]:
    """By repeatable file those of the others that make what it uses.

    What only the body of a function uses orders files too, unless they use each other.
    """
    if len(states) < 2:
        return {(state.service, state.key): [] for state in states}
    found = {(state.service, state.key): _definitions(state.file.up.text) for state in states if state.file is not None}
    makers: dict[str, list[tuple[Defined, Node]]] = {}
    for node, text in found.items():
        for made in text.created:
            makers.setdefault(made.name, []).append((made, node))
    hard = {node: _makers(text.names, node, makers) for node, text in found.items()}
    soft = {node: _makers(text.body_names, node, makers) for node, text in found.items()}
    every = {node: [*hard[node], *soft[node]] for node in found}
    return {node: [*hard[node], *(other for other in soft[node] if node not in _reached(other, every))]
            for node in found}


def in_order(states: Sequence[MigrationState]) -> list[MigrationFile]:
    """The files of repeatable migrations, each after those that make what it uses. Raises MigrationError."""
    files = {(state.service, state.key): state.file for state in states}
    try:
        order = list(TopologicalSorter(needs(states)).static_order())
    except CycleError as error:
        names = [file.label for node in error.args[1] if (file := files[node]) is not None]
        raise MigrationError("repeatable files use each other: " + " -> ".join(names),
                             hint="put what all of them use into one file") from None
    return [file for node in order if (file := files[node]) is not None]


def _makers(names: set[Name], node: Node, makers: Mapping[str, Sequence[tuple[Defined, Node]]]) -> list[Node]:
    return sorted({other for name in names for made, other in makers.get(name.name, ())
                   if other != node and (None in (name.schema, made.schema) or name.schema == made.schema)})


def _reached(node: Node, edges: Mapping[Node, Sequence[Node]]) -> set[Node]:
    """`node` and all that it stands on."""
    reached: set[Node] = set()
    ahead = [node]
    while ahead:
        if (current := ahead.pop()) not in reached:
            reached.add(current)
            ahead += edges[current]
    return reached


@lru_cache(maxsize=1024)
def _definitions(text: str) -> Definitions:
    return definitions(text)


def with_dependents(states: list[MigrationState]) -> list[MigrationState]:
    """The states with those repeatable files pending too that use what a pending one drops and makes anew."""
    again = [state for state in states if state.is_repeatable and state.file is not None]
    dropping = [state for state in again if state.state == "pending" and _drops(state)]
    if not dropping or len(dropping) == len(again):
        return states
    because = {state.key: f"uses what {pending.version} drops and makes anew" for pending in reversed(dropping)
               for state in dependents(pending, again)}
    return [replace(state, state="pending", detail=because[state.key])
            if state.state == "applied" and state.key in because else state for state in states]


def dependents(dropping: MigrationState, states: Sequence[MigrationState]) -> list[MigrationState]:
    """The repeatable files that use what `dropping` makes, directly or not; none where it only replaces."""
    if not _drops(dropping):
        return []
    again = [state for state in states if state.is_repeatable and state.file is not None]
    edges, node = needs(again), (dropping.service, dropping.key)
    return [state for state in again if state.key != dropping.key
            and node in _reached((state.service, state.key), edges)]


def _drops(state: MigrationState) -> bool:
    return state.file is not None and bool(_definitions(state.file.up.text).dropped)


def runs(state: MigrationState) -> Iterator[tuple[int, MigrationState]]:
    """What of a migration can be undone, with its place in the order of application: every run of a repeatable file."""
    row = state.row
    assert row is not None
    if not isinstance(row, RepeatableRow):
        yield row.rank, state
        return
    for number, run in enumerate(row.runs):
        yield run.rank, replace(state, row=replace(row, runs=row.runs[number:]))


def taken_back(state: MigrationState) -> Step:
    """The step that undoes the newest run. Raises FileError where there is no way back."""
    row = state.row
    assert row is not None
    file = state.file or ledger.file_of(row)
    file = with_way_back(file, row)
    if file.down is None:
        why = row.runs[0].reason if row.runs else "it was not run by dbconsole, which so doesn't know what was before"
        raise FileError(file.up.path, "has no way down", detail=why,
                        hint="go on from here: change the file back, or drop what it made in a new migration")
    is_newest = row.runs[0].rank == row.rank
    return Step(file, "down", row, 0, 0 if is_newest else row.runs[0].number)


def with_way_back(file: MigrationFile, row: LedgerRow) -> MigrationFile:
    """The file with what the ledger keeps as its way down, where it is known."""
    if not row.runs or row.runs[0].undo is None:
        return file
    return replace(file, down=Script(f"{os.fspath(file.up.location)} (what the ledger keeps)", row.runs[0].undo,
                                     given=Directives()))


def as_run(row: LedgerRow, run: RepeatableRun) -> MigrationFile:
    """The file as it was when it was run."""
    file = ledger.file_of(row)
    return replace(file, up=Script(f"{run.version}.sql (what the ledger keeps)", run.content))


async def look(session: ScriptSession, script: Prepared) -> Before:
    """How what the script defines is now. Raises FileError.

    What has no schema is meant to be in the first of the search_path, which the script itself may set.
    """
    found = _definitions(script.script.text)
    path = await _first_schema(session, script, found)
    keys = msgspec.json.encode([
        {"place": place, "kind": each.kind, "schema": each.schema or path, "name": each.name, "owner": each.table}
        for place, each in enumerate(found.concerned)]).decode()
    rows = await _answers(session, script, ScriptCommand(SET_SAFE_PATH), ledger.definitions(keys))
    return keys, rows[0][0] or "[]"


async def _first_schema(session: ScriptSession, script: Prepared, found: Definitions) -> str:
    if all(each.schema for each in found.concerned):
        return ""
    rows = await _answers(session, script, *map(ScriptCommand, found.settings),
                          ScriptCommand("SELECT pg_catalog.current_schema()"))
    return rows[0][0] or ""


async def _answers(session: ScriptSession, script: Prepared,
                   *commands: ScriptCommand) -> Sequence[Sequence[str | None]]:
    try:
        return await session.ask(*commands)
    except ScriptFault as fault:
        raise refusal.of_ours(script, fault, len(commands) + 1 - fault.index) from fault
    except ConsoleError as error:
        raise FileError(script.script.path, error.summary, detail=error.detail, hint=error.hint) from error


def record(step: Step, script: Prepared, before: Before, stale: Sequence[MigrationState] = ()) -> list[ScriptCommand]:
    """What a run leaves in the ledger, in its own transaction: the file's row, and the way back; `stale` are the files
    whose objects it may have dropped, which are to be run again whatever becomes of this run."""
    keys, was = before
    lasting = _definitions(script.script.text).lasting
    reason = f"line {lasting[1]}: {lasting[0]}: what it does can't be told from definitions" if lasting else None
    return [*(ledger.stale(state.row) for state in stale if state.row is not None),
            ScriptCommand(SET_SAFE_PATH), ledger.definitions(keys),
            ledger.repeated(step, len(script.statements), was, reason)]
