"""Who blocks whom: from each waiter's blockers to a forest with the roots first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from console.activity.records import Backend, Blocked

Node = int | str
"""A session's pid, or a prepared transaction's gid."""


def blockers(backend: Backend) -> list[Node]:
    """Who blocks `backend` directly: pids, then gids of prepared transactions, each once."""
    pids = [pid for pid in backend.blocked_by or () if pid not in (0, backend.pid)]
    return list(dict.fromkeys([*pids, *(backend.prepared or ())]))


def forest(backends: Iterable[Backend]) -> list[Blocked]:
    """The blocking forest, line by line; the tree whose root blocks most comes first.

    A waiter is drawn once, as near to a root as it can be; its other blockers are named there. In a cycle, which has
    no root, the member that blocks most stands in for one, and comes before the trees that end by themselves.
    """
    backends = list(backends)
    return _Forest(backends).lines()


class _Forest:
    def __init__(self, backends: list[Backend]) -> None:
        self._behind: dict[Node, list[Node]] = {
            backend.pid: blockers(backend) for backend in backends if backend.lock_type is not None}
        self._waits = {backend.pid: backend.lock_wait_s or 0.0 for backend in backends}
        self._held: dict[Node, list[Node]] = {}
        for waiter, holders in self._behind.items():
            for holder in holders:
                self._held.setdefault(holder, []).append(waiter)
        for waiters in self._held.values():
            waiters.sort(key=self._wait, reverse=True)
        self._reach = {node: self._reached(node) for node in self._held}
        self._children: dict[Node, list[Node]] = {}

    def lines(self) -> list[Blocked]:
        free = [node for node in self._held if not self._behind.get(node)]
        # Nobody frees a member of a cycle but the deadlock check; the rest hangs below a member or a free root.
        circling = [node for node in self._held if node in self._reach[node]]
        # Waiters whose blockers nobody asked for, beyond the longest ones.
        unknown = [node for node, holders in self._behind.items() if not holders and node not in self._held]
        roots: list[Node] = []
        placed: set[Node] = set()
        for group in (circling, free, unknown):
            for node in sorted(group, key=self._importance):
                if node not in placed:
                    roots.append(node)
                    self._place_below(node, placed)
        return [line for root in roots for line in self._tree(root)]

    def _wait(self, node: Node) -> float:
        return self._waits.get(node, 0.0) if isinstance(node, int) else 0.0

    def _reached(self, node: Node) -> frozenset[Node]:
        """Everybody who waits for `node`, directly or not; itself where it is in a cycle."""
        found: set[Node] = set()
        todo = [node]
        while todo:
            new = [waiter for waiter in self._held.get(todo.pop(), ()) if waiter not in found]
            found.update(new)
            todo += new
        return frozenset(found)

    def _importance(self, node: Node) -> tuple[int, float, str]:
        reach = self._reach.get(node, frozenset())
        return -len(reach), -max(map(self._wait, reach), default=self._wait(node)), str(node)

    def _place_below(self, root: Node, placed: set[Node]) -> None:
        """Gives every waiter that `root` reaches, and that has no place yet, its parent: breadth first."""
        placed.add(root)
        level = [root]
        while level:
            below = []
            for node in level:
                new = [waiter for waiter in self._held.get(node, ()) if waiter not in placed]
                placed.update(new)
                self._children[node] = new
                below += new
            level = below

    def _tree(self, root: Node) -> Iterable[Blocked]:
        """Depth first, with a stack of its own: a queue of two hundred waiters is a chain as deep."""
        todo: list[tuple[Node, Node | None, tuple[bool, ...], bool]] = [(root, None, (), True)]
        while todo:
            node, parent, ancestry, is_last = todo.pop()
            reach = self._reach.get(node, frozenset())
            yield Blocked(
                key=str(node), pid=node if isinstance(node, int) else None, gid=node if isinstance(node, str) else None,
                ancestry=ancestry, is_last=is_last, is_root=parent is None, blocks=len(reach - {node}),
                also_behind=tuple(str(item) for item in self._behind.get(node, ()) if item != parent),
                closes_cycle=node in reach, longest_wait_s=max(map(self._wait, reach), default=None))
            below = ancestry if parent is None else (*ancestry, not is_last)
            children = self._children.get(node, [])
            todo += [(child, node, below, index == len(children) - 1) for index, child in enumerate(children)][::-1]
