"""Who waits behind whom for locks: root by root, and in circles."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from console.activity.blocking import Node, blockers
from console.activity.records import Backend


class Root(Struct, frozen=True):
    """Who waits for nobody, and all who wait for it, directly or not, the longest waiters first. `backend` is None for
    a prepared transaction, and for a session that was not listed."""

    node: Node
    backend: Backend | None
    waiters: tuple[Backend, ...]

    @property
    def waited_s(self) -> float:
        """How long all waiters together have waited."""
        return sum(waiter.lock_wait_s or 0.0 for waiter in self.waiters)

    @property
    def longest_s(self) -> float:
        return max((waiter.lock_wait_s or 0.0 for waiter in self.waiters), default=0.0)


def roots(backends: Iterable[Backend]) -> list[Root]:
    """The roots, those first behind whom most time is lost. A cycle has none: the server's deadlock check ends it."""
    by_pid = {backend.pid: backend for backend in backends}
    behind: dict[Node, list[Node]] = {}
    waiting = {pid for pid, backend in by_pid.items() if backend.lock_type is not None}
    for pid in waiting:
        for holder in blockers(by_pid[pid]):
            behind.setdefault(holder, []).append(pid)
    found = []
    for node in behind:
        if node not in waiting:
            reached = _reached(node, behind)
            waiters = sorted((by_pid[pid] for pid in reached if isinstance(pid, int) and pid in by_pid),
                             key=lambda waiter: -(waiter.lock_wait_s or 0.0))
            found.append(Root(node, by_pid.get(node) if isinstance(node, int) else None, tuple(waiters)))
    return sorted(found, key=lambda root: -root.waited_s)


def circles(backends: Iterable[Backend]) -> list[tuple[Backend, ...]]:
    """Those who wait for each other, each circle once: the server ends one of them after deadlock_timeout."""
    by_pid = {backend.pid: backend for backend in backends}
    behind: dict[Node, list[Node]] = {}
    for pid, backend in by_pid.items():
        for holder in blockers(backend) if backend.lock_type is not None else ():
            behind.setdefault(holder, []).append(pid)
    reached = {node: _reached(node, behind) for node in behind}
    found = {frozenset(pid for pid in reached[node] if isinstance(pid, int) and node in reached.get(pid, ()))
             for node in behind if node in reached[node]}
    return [tuple(by_pid[pid] for pid in sorted(circle)) for circle in sorted(found, key=sorted)]


def _reached(node: Node, behind: dict[Node, list[Node]]) -> set[Node]:
    found: set[Node] = set()
    todo = [node]
    while todo:
        new = [waiter for waiter in behind.get(todo.pop(), ()) if waiter not in found]
        found.update(new)
        todo += new
    return found
