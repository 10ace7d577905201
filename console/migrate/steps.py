"""Which scripts a run executes, in which order. Pure.

Up: services after those that they depend on, a service's migrations in order of version, each after what it requires.
Down: the exact reverse of the order in which the migrations were applied, so nothing is undone under what stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from console.migrate.faults import FileError, MigrationError
from console.migrate.records import LedgerRow, MigrationState, RunPlan, ServiceStatus, Step
from console.migrate.version import ZERO, VersionKey, version_key

Node = tuple[str, VersionKey]


def choose(statuses: Sequence[ServiceStatus], rows: Iterable[LedgerRow], plan: RunPlan) -> tuple[Step, ...]:
    """The steps that `plan` asks for. Raises MigrationError where the state of things forbids it."""
    if plan.to is not None:
        _check_version(statuses, plan.to)
    if plan.failed_only:
        failed = [one for one in _states(statuses) if one.state == "failed" and one.file is not None]
        return tuple(Step(one.file, one.row.direction, one.row, one.row.statements_done)
                     for one in failed if one.file is not None and one.row is not None)
    return _up(statuses, rows, plan) if plan.direction == "up" else _down(statuses, plan)


def _up(statuses: Sequence[ServiceStatus], rows: Iterable[LedgerRow], plan: RunPlan) -> tuple[Step, ...]:
    for one in _states(statuses):
        if one.state == "changed":
            raise MigrationError(
                f"{_label(one)} was changed after it was applied", detail=one.detail,
                hint=f"put the old text back, or: dbconsole migrate repair accept-checksum --service {one.service} "
                     f"--version {one.version}")
        if one.state == "failed" and one.row is not None and one.row.direction == "down":
            raise MigrationError(f"{_label(one)} is half undone: {one.detail}",
                                 hint="finish it with down, or see dbconsole migrate repair --help")
        if one.out_of_order and not plan.out_of_order:
            raise MigrationError(f"{_label(one)} is older than what is applied already",
                                 hint="if it doesn't matter to the later ones: --out-of-order")
    limit = None if plan.to is None else _limit(plan.to)
    wanted = [one for one in _states(statuses) if one.state in ("pending", "failed", "held") and one.file is not None
              and (limit is None or one.key <= limit)]
    ordered = _ordered(statuses, wanted, {(row.service, row.key) for row in rows if row.state == "applied"})
    steps: list[Step] = []
    ready = 0
    for one in ordered:
        assert one.file is not None
        if ready == plan.steps:
            break
        ready += one.state != "held"
        steps.append(Step(one.file, "up", one.row, one.row.statements_done if one.row else 0))
    return tuple(steps)


def _down(statuses: Sequence[ServiceStatus], plan: RunPlan) -> tuple[Step, ...]:
    there = [(one.row.rank, one) for one in _states(statuses) if one.row is not None]
    ordered = [one for _, one in sorted(there, key=lambda pair: pair[0], reverse=True)]
    if plan.to is not None:
        limit = _limit(plan.to)
        ordered = [one for one in ordered if limit is None or one.key > limit]
        if plan.steps is not None:
            ordered = ordered[: plan.steps]
    else:
        ordered = ordered[: 1 if plan.steps is None else plan.steps]
    _check_dependents(statuses, ordered)
    return tuple(_undo(one) for one in ordered)


def _check_dependents(statuses: Sequence[ServiceStatus], reverted: Sequence[MigrationState]) -> None:
    """Nothing that stays may require what goes. Raises MigrationError."""
    going = {(one.service, one.key) for one in reverted}
    for one in _states(statuses):
        if one.row is None or one.file is None or (one.service, one.key) in going:
            continue
        for needed in one.file.up.directives.requires:
            if (needed.service, version_key(needed.version)) in going:
                raise MigrationError(f"{_label(one)} is applied and requires {needed.service}/{needed.version}",
                                     hint=f"roll back {_label(one)} first")


def _undo(one: MigrationState) -> Step:
    row = one.row
    assert row is not None
    if one.file is None:
        raise MigrationError(f"{_label(one)} can't be undone: its files are not there",
                             hint="get them from the version control, or: dbconsole migrate repair mark-reverted")
    if row.state != "applied" and row.direction == "up":
        raise MigrationError(f"{_label(one)} is half done: {one.detail}",
                             hint="finish it with up, or see dbconsole migrate repair --help")
    scripts = [script for script in (one.file.up, one.file.down) if script is not None]
    if reason := next((script.directives.irreversible for script in scripts if script.directives.irreversible), None):
        raise FileError(one.file.up.path, f"is irreversible: {reason}",
                        hint="go on from here with a new migration")
    if one.file.down is None:
        raise FileError(one.file.up.path, "has no way down",
                        hint="write the .down.sql file beside it, or say in it: -- dbconsole: irreversible: reason")
    return Step(one.file, "down", row, row.statements_done if row.state != "applied" else 0)


def _ordered(statuses: Sequence[ServiceStatus], wanted: Sequence[MigrationState],
             applied: set[Node]) -> list[MigrationState]:
    """Depth first, without recursion: 5,000 migrations are a chain of 5,000. Raises MigrationError for a cycle."""
    nodes = {(one.service, one.key): one for one in wanted}
    needs = {node: list(_needs(node, one, statuses, nodes, applied)) for node, one in nodes.items()}
    by_service: dict[str, list[Node]] = {}
    for node in nodes:
        by_service.setdefault(node[0], []).append(node)
    for status in statuses:
        mine = by_service.get(status.service.name, [])
        for before, after in pairwise(mine):
            needs[after].append(before)
        if mine:
            needs[mine[0]] += [by_service[other][-1] for other in status.service.depends_on if other in by_service]
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
                names = [_label(nodes[one]) for one, _ in path]
                start = names.index(_label(nodes[following]))
                raise MigrationError("migrations require each other: " + " -> ".join([*names[start:], names[start]]),
                                     hint="take one of the requires directives or depends_on entries out")
            else:
                path.append((following, iter(needs[following])))
                on_path.add(following)
    return ordered


def _needs(node: Node, one: MigrationState, statuses: Sequence[ServiceStatus], nodes: dict[Node, MigrationState],
           applied: set[Node]) -> Iterator[Node]:
    assert one.file is not None
    for needed in one.file.up.directives.requires:
        other = (needed.service, version_key(needed.version))
        if other in nodes:
            yield other
        elif other not in applied:
            known = any(status.service.name == needed.service for status in statuses)
            raise MigrationError(
                f"{_label(one)} requires {needed.service}/{needed.version}, which is not applied"
                + ("" if known else ", and that service is not part of this run"),
                hint=f"run up for {needed.service} first, or for all services at once")


def _limit(version: str) -> VersionKey | None:
    """The key up to which, None for before the first."""
    return None if version == ZERO else version_key(version)


def _check_version(statuses: Sequence[ServiceStatus], version: str) -> None:
    if len(statuses) != 1:
        names = ", ".join(status.service.name for status in statuses)
        raise MigrationError(f"version {version} of which service?", hint=f"--service, one of: {names}")
    if version != ZERO and version_key(version) not in {one.key for one in statuses[0].migrations}:
        raise MigrationError(f"{statuses[0].service.name} has no version {version}",
                             hint="dbconsole migrate status shows the versions; 0 is before the first")


def _states(statuses: Sequence[ServiceStatus]) -> Iterator[MigrationState]:
    for status in statuses:
        yield from status.migrations


def _label(one: MigrationState) -> str:
    return f"{one.service}/{one.version}_{one.name}" if one.name else f"{one.service}/{one.version}"
