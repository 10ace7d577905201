"""Which scripts a run executes, in which order. Pure.

Up: services after those that they depend on, a service's migrations in order of version, each after what it requires,
then its repeatable files, each after those whose views and functions it uses.
Down: the exact reverse of the order in which the migrations were applied, so nothing is undone under what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from console.migrate import baseline, repeatable
from console.migrate.faults import FileError, MigrationError
from console.migrate.records import LedgerRow, MigrationState, RunRange, ServiceStatus, Step
from console.migrate.version import ZERO, VersionKey, version_key

Node = tuple[str, VersionKey]


def choose(statuses: Sequence[ServiceStatus], rows: Iterable[LedgerRow], asked: RunRange) -> tuple[Step, ...]:
    """The steps that `asked` asks for. Raises MigrationError where the state of things forbids it."""
    if asked.to is not None:
        _check_version(statuses, asked.to)
    if any(status.service.tenant is not None for status in statuses) and not asked.failed_only:
        return _by_tenant(statuses, [*rows], asked)
    if asked.failed_only:
        for state in _states(statuses):
            if state.file is None and not state.is_applied:
                raise MigrationError(f"{_label(state)}: {state.detail}", hint=_missing_hint(state))
        failed = [state for state in _states(statuses) if state.state == "failed" and state.file is not None]
        return tuple(Step(migration.file, migration.row.direction, migration.row, migration.row.statements_done)
                     for migration in failed if migration.file is not None and migration.row is not None)
    return _up(statuses, rows, asked) if asked.direction == "up" else _down(statuses, asked)


def _by_tenant(statuses: Sequence[ServiceStatus], rows: Sequence[LedgerRow], asked: RunRange) -> tuple[Step, ...]:
    """What all tenants share, then each tenant in turn, as far as `asked`; several services never go down together."""
    shared = [status for status in statuses if status.service.tenant is None]
    families = {status.service.family for status in statuses}
    if asked.direction == "down" and len(families) > 1:
        raise MigrationError("down of which service? what tenants have goes down by itself",
                             hint=f"--service, one of: {', '.join(sorted(families))}")
    found = list(_up(shared, rows, asked)) if shared else []
    for status in statuses:
        if status.service.tenant is not None:
            found += _up([status], rows, asked, found) if asked.direction == "up" else _down([status], asked)
    return tuple(found)


def _up(statuses: Sequence[ServiceStatus], rows: Iterable[LedgerRow], asked: RunRange,
        before: Sequence[Step] = ()) -> tuple[Step, ...]:
    """Of `statuses`, once the steps `before` are done."""
    for state in _states(statuses):
        if state.state == "changed":
            raise MigrationError(
                f"{_label(state)} was changed after it was applied", detail=state.detail,
                hint=state.advice or "put the old text back, or: dbconsole migrate repair accept-checksum --service "
                                     f"{state.service} --version {state.version}")
        if state.state == "missing" and not state.is_repeatable:
            raise MigrationError(f"{_label(state)}: {state.detail}", hint=_missing_hint(state))
        if state.state == "failed" and state.row is not None and state.row.direction == "down":
            raise MigrationError(f"{_label(state)} is half undone: {state.detail}",
                                 hint=f"finish it: dbconsole migrate repair retry --service {state.service}")
        if state.out_of_order and not asked.out_of_order:
            raise MigrationError(f"{_label(state)} is older than what is applied already",
                                 hint="if it doesn't matter to the later ones: --out-of-order")
    limit = None if asked.to is None else _limit(asked.to)
    wanted = [migration for migration in _states(statuses) if migration.state in ("pending", "failed", "held")
              and migration.file is not None
              and (limit is None or migration.key <= limit)]
    there = {(row.service, row.key) for row in rows if row.state == "applied"}
    there |= {(step.migration.service, step.migration.key) for step in before}
    ordered = _ordered(statuses, wanted, there)
    steps: list[Step] = []
    ready = 0
    for migration_state in ordered:
        assert migration_state.file is not None
        if ready == asked.steps:
            break
        ready += migration_state.state != "held"
        row = migration_state.row
        steps.append(Step(migration_state.file, "up", row, row.statements_done
                          if row is not None and migration_state.state == "failed" else 0,
                          replaced=migration_state.replaced))
    return tuple(steps)


def _down(statuses: Sequence[ServiceStatus], asked: RunRange) -> tuple[Step, ...]:
    there = [each for state in _states(statuses) if state.row is not None for each in repeatable.runs(state)]
    ordered = sorted(there, key=lambda pair: pair[0], reverse=True)
    if asked.to is not None:
        limit = _limit(asked.to)
        going = [(rank, state) for rank, state in ordered if not state.is_repeatable
                 and (limit is None or state.key > limit)]
        first = 0 if limit is None else min((rank for rank, _ in going), default=None)
        ordered = sorted((*going, *((rank, state) for rank, state in ordered if state.is_repeatable
                                    and first is not None and rank > first)), key=lambda pair: pair[0], reverse=True)
        if asked.steps is not None:
            ordered = ordered[: asked.steps]
    else:
        ordered = ordered[: 1 if asked.steps is None else asked.steps]
    _check_dependents(statuses, [migration for _, migration in ordered])
    return tuple(_undo(migration) for _, migration in ordered)


def _check_dependents(statuses: Sequence[ServiceStatus], reverted: Sequence[MigrationState]) -> None:
    """Nothing that stays may require what goes. Raises MigrationError."""
    going = {(migration.service, migration.key) for migration in reverted}
    for state in _states(statuses):
        if state.row is None or state.file is None or (state.service, state.key) in going:
            continue
        for needed in state.file.up.directives.requires:
            if (needed.service, version_key(needed.version)) in going:
                raise MigrationError(f"{_label(state)} is applied and requires {needed.service}/{needed.version}",
                                     hint=f"roll back {_label(state)} first")


def _undo(migration: MigrationState) -> Step:
    row = migration.row
    assert row is not None
    if migration.is_repeatable and migration.file is None and row.runs:
        return repeatable.taken_back(migration)
    if migration.file is None:
        raise MigrationError(f"{_label(migration)} can't be undone: its files are not there",
                             hint=_missing_hint(migration))
    if row.state != "applied" and row.direction == "up":
        raise MigrationError(f"{_label(migration)} is half done: {migration.detail}",
                             hint=f"finish it: dbconsole migrate repair retry --service {migration.service}")
    scripts = [script for script in (migration.file.up, migration.file.down) if script is not None]
    if reason := next((script.directives.irreversible for script in scripts if script.directives.irreversible), None):
        raise FileError(migration.file.up.path, f"is irreversible: {reason}",
                        hint="go on from here with a new migration")
    if migration.is_repeatable:
        return repeatable.taken_back(migration)
    if migration.file.down is None:
        where = "the file of its way down" if migration.file.up.section is None else "its section for the way down"
        raise FileError(migration.file.up.path, "has no way down",
                        hint=f"write {where}, or say in it: -- dbconsole: irreversible: reason")
    return Step(migration.file, "down", row, row.statements_done if row.state != "applied" else 0)


def _missing_hint(migration: MigrationState) -> str:
    return migration.advice or (
        "get it back from version control; if nothing of it is in the database any more: dbconsole migrate repair "
        f"mark-reverted --service {migration.service} --version {migration.version}")


def _ordered(statuses: Sequence[ServiceStatus], wanted: Sequence[MigrationState],
             applied: set[Node]) -> list[MigrationState]:
    """Depth first, without recursion: 5,000 migrations are a chain of 5,000. Raises MigrationError for a cycle."""
    nodes = {(migration.service, migration.key): migration for migration in wanted}
    places = baseline.places(statuses)
    needs = {node: list(_needs(migration, statuses, nodes, applied, places)) for node, migration in nodes.items()}
    by_service: dict[str, list[Node]] = {}
    for node in nodes:
        by_service.setdefault(node[0], []).append(node)
    for status in statuses:
        every = by_service.get(status.service.name, [])
        mine = [node for node in every if not nodes[node].is_repeatable]
        again = every[len(mine):]  # they come after all versions
        for before, after in pairwise(mine):
            needs[after].append(before)
        for node, used in repeatable.needs([nodes[node] for node in again]).items():
            needs[node] += [*used, *mine[-1:]]
        for node in mine[:1] or again:
            needs[node] += [last for other in status.service.depends_on for last in _ends(by_service.get(other, []),
                                                                                          nodes)]
    ordered: list[MigrationState] = []
    finished: set[Node] = set()
    for root in nodes:
        path: list[tuple[Node, Iterator[Node]]] = [(root, iter(needs[root]))] if root not in finished else []
        on_path = {root}
        while path:
            node, waiting = path[-1]
            following = next((other for other in waiting if other not in finished), None)
            if following is None:
                path.pop()
                on_path.discard(node)
                finished.add(node)
                ordered.append(nodes[node])
            elif following in on_path:
                names = [_label(nodes[pair]) for pair, _ in path]
                start = names.index(_label(nodes[following]))
                raise MigrationError("migrations require each other: " + " -> ".join([*names[start:], names[start]]),
                                     hint="take one of the requires directives or depends_on entries out")
            else:
                path.append((following, iter(needs[following])))
                on_path.add(following)
    return ordered


def _ends(nodes: Sequence[Node], states: Mapping[Node, MigrationState]) -> Sequence[Node]:
    """The last of a service's versions and all of its repeatable files."""
    versions = [node for node in nodes if not states[node].is_repeatable]
    return [*versions[-1:], *nodes[len(versions):]]


def _needs(migration: MigrationState, statuses: Sequence[ServiceStatus], nodes: dict[Node, MigrationState],
           applied: set[Node], places: Mapping[Node, Node]) -> Iterator[Node]:
    assert migration.file is not None
    for needed in migration.file.up.directives.requires:
        other = (needed.service, version_key(needed.version))
        other = places.get(other, other)
        if other in nodes:
            yield other
        elif other not in applied:
            known = any(status.service.name == needed.service for status in statuses)
            raise MigrationError(
                f"{_label(migration)} requires {needed.service}/{needed.version}, which is not applied"
                + ("" if known else ", and that service is not part of this run"),
                hint=f"run up for {needed.service} first, or for all services at once")


def _limit(version: str) -> VersionKey | None:
    """The key up to which, None for before the first."""
    return None if version == ZERO else version_key(version)


def _check_version(statuses: Sequence[ServiceStatus], version: str) -> None:
    families = {status.service.family: status for status in statuses}
    if len(families) != 1:
        names = ", ".join(families)
        raise MigrationError(f"version {version} of which service?", hint=f"--service, one of: {names}")
    if version != ZERO and version_key(version) not in {migration.key for migration in _states(statuses)}:
        raise MigrationError(f"{next(iter(families))} has no version {version}",
                             hint="dbconsole migrate status shows the versions; 0 is before the first")


def _states(statuses: Sequence[ServiceStatus]) -> Iterator[MigrationState]:
    for status in statuses:
        yield from status.migrations


def _label(migration: MigrationState) -> str:
    name = f"_{migration.name}" if migration.name else ""
    return f"{migration.service}/{migration.version}{name}"
